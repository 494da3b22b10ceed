"""Weeks: what is refused, what is put in order, and how labels are counted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.agreement.drift import Count, Labelled, Week, labelled_from, watch
from trueup.agreement.drift.week import in_order, ordinal
from trueup.errors import DataError

WEEK = Week(week="2026-W07", question="q", instrument="i", judged={"all": Count(3, 4)})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"week": "2026-07"}, "no ISO week"),
        ({"week": "2026-W54"}, "no ISO week"),
        ({"judged": {"all": (5, 4)}}, r"judged\['all'\] is \(5, 4\)"),
        ({"judged": {"all": (1.5, 4)}}, "0 <= hits <= of"),
        ({"overlap": (-1, 4)}, "overlap"),
        ({"checks": (3, 2)}, "checks"),
        ({"labelled": (1, 2, -1, 0)}, "labelled"),
        ({"labelled": (1, 2, float("nan"), 0)}, "labelled"),
        ({"labelled": (1, 2, 3)}, "labelled"),
    ],
)
def test_counts_that_contradict_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        replace(WEEK, **wrong)


def test_a_refusal_names_the_week() -> None:
    with pytest.raises(DataError, match="week 2026-W07"):
        replace(WEEK, overlap=Count(2, 1))


def test_weeks_are_put_in_order_over_the_turn_of_a_year() -> None:
    names = ["2026-W02", "2025-W52", "2026-W53", "2026-W01"]
    weeks = [replace(WEEK, week=name) for name in names]

    assert [w.week for w in in_order("c", weeks)] == sorted(names, key=ordinal)
    assert sorted(names, key=ordinal) == sorted(names)


def test_a_week_that_comes_twice_is_refused_and_named() -> None:
    with pytest.raises(DataError, match=r"grounded: week 2026-W07 comes twice"):
        watch({"grounded": [WEEK, WEEK]})


def test_a_week_cannot_be_changed_from_outside() -> None:
    judged = {"all": Count(1, 2)}
    week = replace(WEEK, judged=judged)
    judged["all"] = Count(2, 2)

    assert week.judged["all"] == (1, 2)
    with pytest.raises(TypeError):
        cast("dict[str, Count]", week.judged)["all"] = Count(0, 0)


def test_a_weeks_fields_survive_json() -> None:
    week = replace(WEEK, anchors={"a": True}, labelled=Labelled(1, 2, 3, 4))
    line = json.dumps({"judged": dict(week.judged), "anchors": dict(week.anchors),
                       "labelled": week.labelled})  # fmt: skip

    assert replace(WEEK, **json.loads(line)) == week


pairs = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


@given(pairs)
def test_equal_probabilities_count_each_item_once(items: list[tuple[bool, bool]]) -> None:
    verdicts, labels = [v for v, _ in items], [label for _, label in items]
    plain = labelled_from(verdicts, labels)

    assert sum(plain) == pytest.approx(len(items))
    assert plain.met_unmet == sum(v and not label for v, label in items)
    assert labelled_from(verdicts, labels, probabilities=[0.25] * len(items)) == pytest.approx(
        plain
    )


def test_unequal_probabilities_give_back_the_rates_of_all_items() -> None:
    rng = np.random.default_rng(1)
    met = rng.random(20_000) < 0.8
    label = met ^ (rng.random(met.size) < 0.1)
    probability = np.where(met, 0.05, 0.4)
    drawn = rng.random(met.size) < probability
    found = labelled_from(met[drawn], label[drawn], probabilities=probability[drawn])

    assert found.met_met / (found.met_met + found.unmet_met) == pytest.approx(
        (met & label).sum() / label.sum(), abs=0.02
    )
    assert sum(found) < drawn.sum()


@pytest.mark.parametrize("probability", [0.0, 1.5, float("nan")])
def test_a_probability_outside_its_range_is_refused(probability: float) -> None:
    with pytest.raises(DataError, match="probability"):
        labelled_from([1], [1], probabilities=[probability])


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(DataError, match="shapes"):
        labelled_from([1, 0], [1])


def test_no_labels_are_no_counts() -> None:
    assert labelled_from([], []) == Labelled()
