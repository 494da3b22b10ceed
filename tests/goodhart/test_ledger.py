from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trueup.errors import DataError
from trueup.goodhart.ledger import Release
from trueup.goodhart.ledger.entries import stacked
from trueup.goodhart.ledger.past import past_effects

WEIGHTS = {"thumbs": 2.0, "retries": 3.0}
BETTER = {"thumbs": "higher", "retries": "lower"}
COVARIANCE = ((0.0004, 0.0001, -0.0002), (0.0001, 0.0009, -0.0003), (-0.0002, -0.0003, 0.0016))


def release(name: str = "one", **fields: Any) -> Release:
    given: dict[str, Any] = {
        "id": name,
        "rise": 0.2,
        "signals": {"thumbs": 0.03, "retries": -0.02},
        "better": BETTER,
        "covariance": COVARIANCE,
        "instrument": "a",
    }
    return Release(**{**given, **fields})


def test_a_composite_takes_each_signal_in_its_good_direction() -> None:
    effect = release().effect(WEIGHTS)
    assert effect.gain == pytest.approx(2 * 0.03 + 3 * 0.02)
    assert effect.covariance == pytest.approx(2 * 0.0001 + 3 * 0.0002)
    assert effect.gain_variance == pytest.approx(4 * 0.0009 + 9 * 0.0016 + 2 * 2 * 3 * 0.0003)
    assert (effect.rise, effect.rise_variance) == (0.2, 0.0004)


def test_a_composite_may_leave_signals_out() -> None:
    assert release().effect({"thumbs": 1.0}).gain_variance == pytest.approx(0.0009)


def test_errors_alone_correlate_in_the_good_direction() -> None:
    errors = {"rise": 0.02, "thumbs": 0.03, "retries": 0.04}
    row = release(covariance=None, errors=errors)
    assert np.diag(row.matrix()).tolist() == pytest.approx([0.0004, 0.0009, 0.0016])
    assert row.matrix(0.5)[0, 1] == pytest.approx(0.5 * 0.02 * 0.03)
    assert row.matrix(0.5)[0, 2] == pytest.approx(-0.5 * 0.02 * 0.04)
    assert row.effect(WEIGHTS, correlation=0.5).covariance > 0
    apart, joined = row.effect(WEIGHTS), row.effect(WEIGHTS, correlation=0.5)
    assert joined.gain_variance > apart.gain_variance


def test_instants_without_zone_are_taken_as_utc() -> None:
    row = release(registered_at=dt.datetime(2026, 3, 1, 9))  # noqa: DTZ001 - the point of the test
    assert row.registered_at == dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": ""}, "no id"),
        ({"rise": float("nan")}, "rise is nan"),
        ({"kind": "test"}, "Write 'experiment' or 'release'"),
        ({"n": 0}, "n is 0"),
        ({"reliability": 1.2}, "reliability is 1.2"),
        ({"started": dt.date(2026, 3, 2), "ended": dt.date(2026, 3, 1)}, "before it started"),
        ({"signals": {}, "covariance": ((1.0,),)}, "no signals"),
        ({"signals": {"rise": 0.1}}, "Call the signal something else"),
        ({"signals": {"thumbs": 0.1, "retries": float("inf")}}, "change of 'retries' is inf"),
        ({"better": {"thumbs": "higher", "retrys": "lower"}}, "Did you mean 'retrys'?"),
        ({"better": {**BETTER, "retries": "down"}}, "Write 'higher' or 'lower'"),
        ({"covariance": None}, "neither a covariance nor standard errors"),
        ({"covariance": None, "errors": {"rise": 0.1, "thumbs": 0.1}}, "'retries' is missing"),
        (
            {"covariance": None, "errors": {"rise": 0.0, "thumbs": 0.1, "retries": 0.1}},
            "must be above 0",
        ),
        ({"errors": {"rise": 0.1}}, "both a covariance and standard errors"),
        ({"covariance": COVARIANCE[:2]}, "not 3 by 3"),
        ({"covariance": ((1.0,), (1.0, 2.0), (1.0, 2.0, 3.0))}, "not 3 by 3"),
        ({"covariance": ((1, 0, 0), (0, -1, 0), (0, 0, 1))}, "a variance not above 0"),
        ({"covariance": ((1, 0.5, 0), (0, 1, 0), (0, 0, 1))}, "not symmetric"),
        ({"covariance": ((1, 2, 0), (2, 1, 0), (0, 0, 1))}, "not positive semi-definite"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_a_sentence(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        release(**fields)


def test_past_effects_are_arrays_in_the_order_of_the_ledger() -> None:
    past = past_effects([release("one"), release("two", rise=0.1)], WEIGHTS)
    assert past.ids == ("one", "two")
    assert past.rise.tolist() == [0.2, 0.1]
    assert past.others == ()
    assert len(past) == 2


def test_an_empty_ledger_gives_no_past_tests() -> None:
    past = past_effects([], WEIGHTS)
    assert len(past) == 0
    assert past.notes == ()


def test_the_test_to_be_decided_is_never_in_its_own_slope() -> None:
    assert past_effects([release("one"), release("two")], WEIGHTS, under_test="two").ids == ("one",)


def test_scores_of_another_instrument_are_not_mixed() -> None:
    rows = [release("one", instrument="b"), release("two"), release("three", instrument=None)]
    past = past_effects(rows, WEIGHTS, instrument="a")
    assert past.ids == ("two", "three")
    assert "1 past test (one) left out: scores of another instrument than a" in past.notes
    assert "1 past test (three) without instrument: taken as measured by a" in past.notes
    assert past_effects(rows, WEIGHTS).ids == ("two", "three")


def test_rows_without_randomisation_count_only_where_asked_for() -> None:
    rows = [release("one", kind="release"), release("two")]
    assert past_effects(rows, WEIGHTS).ids == ("two",)
    assert past_effects(rows, WEIGHTS, kinds=("experiment", "release")).ids == ("one", "two")


def test_a_row_that_lacks_a_signal_of_the_composite_is_left_out() -> None:
    less = release("one", signals={"thumbs": 0.03}, covariance=((0.0004, 0.0), (0.0, 0.0009)))
    rows = [less, release("two")]
    past = past_effects(rows, WEIGHTS)
    assert past.ids == ("two",)
    assert "1 past test (one) left out: nothing about retries" in past.notes
    assert past_effects(rows, {"thumbs": 2.0}).ids == ("one", "two")


def test_a_row_with_the_other_direction_is_left_out() -> None:
    rows = [release("one", better={**BETTER, "thumbs": "lower"}), release("two")]
    past = past_effects(rows, WEIGHTS, better=BETTER)
    assert past.ids == ("two",)
    assert "1 past test (one) left out: there lower thumbs is better" in past.notes


def test_of_arms_with_one_control_the_first_is_kept_whatever_it_showed() -> None:
    rows = [release("one", experiment="x"), release("two", experiment="x", rise=0.9)]
    past = past_effects(rows, WEIGHTS)
    assert past.ids == ("one",)
    assert "1 past test (two) left out: the same control as a row that is used" in past.notes
    began = dt.date(2026, 3, 2)
    dated = [release(k, arms=(k, "control"), started=began) for k in ("one", "two")]
    assert past_effects(dated, WEIGHTS).ids == ("one",)
    later = [dated[0], replace(dated[1], started=dt.date(2026, 5, 4))]
    assert past_effects(later, WEIGHTS).ids == ("one", "two")


def test_missing_covariances_are_bounded_from_both_sides() -> None:
    errors = {"rise": 0.02, "thumbs": 0.03, "retries": 0.04}
    past = past_effects([release("one", covariance=None, errors=errors), release("two")], WEIGHTS)
    assert past.covariance[0] == 0
    assert past.others[0].covariance[0] > 0
    assert past.others[0].covariance[1] == past.covariance[1]
    assert any("1 past test (one) without covariances" in note for note in past.notes)


def test_rows_registered_after_their_result_are_named() -> None:
    late = release(
        registered_at=dt.datetime(2026, 4, 2, tzinfo=dt.UTC),
        result_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
    )
    notes = past_effects([late], WEIGHTS).notes
    assert notes == ("1 past test (one) registered after the result was known",)


def test_a_ledger_of_winners_only_is_told() -> None:
    won = [release(str(k), signals={"thumbs": 0.3, "retries": -0.2}) for k in range(3)]
    assert any("all 3 past tests are winners" in note for note in past_effects(won, WEIGHTS).notes)
    assert past_effects([*won, release("lost")], WEIGHTS).notes == ()


def test_stacked_effects_keep_their_values() -> None:
    effect = release().effect(WEIGHTS)
    assert stacked([effect, effect], ["a", "b"]).gain.tolist() == [effect.gain] * 2
