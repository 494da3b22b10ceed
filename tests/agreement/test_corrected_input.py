"""Corrected pass rates: what is refused, and what holds for any input."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agreement.corrected_traffic import rate_of, traffic
from trueup.agreement.corrected import Rate, corrected_rate
from trueup.errors import TooFewLabels, Undefined

BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"label_design": "randomly"}, ValueError, "Did you mean 'random'"),
    ({"ci": 95}, ValueError, "write 0.95"),
    ({"labels": [1, 0, 2]}, ValueError, "labels holds 2"),
    ({"labels": ["yes", "no", "no"]}, TypeError, "not a number"),
    ({"labels": [1, 0]}, ValueError, "judged_at_labels has 3"),
    ({"labels": [[1, 0, 1]]}, ValueError, "2 dimensions"),
    ({"judged": [1, math.inf]}, ValueError, "infinite"),
    ({"labels": [None] * 3}, TooFewLabels, "No item has a label"),
    ({"labels": [], "judged_at_labels": []}, TooFewLabels, "No item has a label"),
    ({"judged": [None, None]}, Undefined, "No judged item has a verdict"),
    ({"cluster": ["a"] * 3}, TooFewLabels, "one group"),
    ({"cluster": ["a"]}, ValueError, "cluster has 1"),
    ({"weights": [0.1, 0.2, 0.1]}, ValueError, "declare 'stratified'"),
    ({"weights": [10, 20, 0.5], "label_design": "stratified"}, ValueError, "0.5 and 20"),
    ({"weights": [0.1], "label_design": "stratified"}, ValueError, "weights has 1"),
    ({"weights": [0.1, None, 0.1], "label_design": "stratified"}, ValueError, "above 0"),
    ({"judged": [0.2, 0.4, 1, 1], "label_design": "stratified"}, ValueError, "needs weights"),
    ({"labels": [1, 1, 1], "label_design": "case_control"}, Undefined, "never seen"),
    ({"labels": [0.5, 1, 0], "label_design": "case_control"}, ValueError, "majority"),
    ({"labels": [0, 1, 1], "label_design": "case_control"}, Undefined, "tell nothing"),
    ({"judged_at_labels": [None] * 3}, TooFewLabels, "No labelled item has a verdict"),
]


@pytest.mark.parametrize(("change", "kind", "says"), BAD)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    change: dict[str, Any], kind: type[Exception], says: str
) -> None:
    good: dict[str, Any] = {
        "judged": [1, 1, 1, 0],
        "labels": [1, 0, 1],
        "judged_at_labels": [1, 0, 1],
        "label_design": "random",
    }

    with pytest.raises(kind) as caught:
        corrected_rate(**(good | change))

    assert says in str(caught.value)


tables = st.lists(st.integers(0, 12), min_size=4, max_size=4).filter(lambda t: sum(t) > 0)


def from_table(table: list[int], spare: int, *, flip: bool = False, **more: Any) -> Rate:
    """Build arrays of tp, fp, fn, tn and some unlabelled traffic; `flip` swaps yes and no."""
    tp, fp, fn, tn = table
    labels = np.repeat([1.0, 0, 1, 0], [tp, fp, fn, tn])
    verdicts = np.repeat([1.0, 1, 0, 0], [tp, fp, fn, tn])
    judged = np.concatenate([verdicts, np.arange(spare) % 3 > 0])
    if flip:
        labels, verdicts, judged = 1 - labels, 1 - verdicts, 1 - judged
    return corrected_rate(judged=judged, labels=labels, judged_at_labels=verdicts, **more)


@given(tables, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_every_field_is_a_number_and_in_order(table: list[int], spare: int) -> None:
    rate = from_table(table, spare, label_design="random", draws=200)

    numbers = [v for v in asdict(rate).values() if isinstance(v, int | float)]
    assert all(math.isfinite(v) for v in numbers)
    assert 0 <= rate.low <= rate.estimate <= rate.high <= 1
    assert rate.low < rate.high


@given(tables, st.integers(0, 60))
@settings(max_examples=25, deadline=None)
def test_swapping_yes_and_no_mirrors_the_rate(table: list[int], spare: int) -> None:
    more: dict[str, Any] = {"label_design": "random", "recognise_design": False}
    one, other = (from_table(table, spare, flip=flip, **more) for flip in (False, True))

    assert one.estimate == pytest.approx(1 - other.estimate, abs=1e-12)
    assert one.low == pytest.approx(1 - other.high, abs=0.02)


@given(st.permutations(range(40)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_items_does_not_matter(order: list[int]) -> None:
    truth, verdicts = traffic(200)
    rows = np.array(order)
    more: dict[str, Any] = {"label_design": "random", "draws": 500}

    shuffled, plain = (
        corrected_rate(judged=j, labels=truth[r], judged_at_labels=verdicts[r], **more)
        for j, r in ((verdicts[::-1], rows), (verdicts, np.arange(40)))
    )

    assert shuffled.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert (shuffled.low, shuffled.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


@given(st.floats(0.05, 1), st.floats(0, 0.5))
@settings(max_examples=25, deadline=None)
def test_a_judge_is_worth_the_same_on_any_scale(scale: float, shift: float) -> None:
    truth, verdicts = traffic(400)
    values = np.clip(0.4 * verdicts + 0.1 * np.sin(np.arange(400)) + 0.1, 0, 1)
    moved = values * scale * 0.5 + shift

    one, other = (
        rate_of(truth, v, np.arange(80), label_design="random", recognise_design=False)
        for v in (values, moved)
    )

    assert (one.estimate, one.low, one.high) == pytest.approx(
        (other.estimate, other.low, other.high), abs=1e-9
    )


@given(tables.filter(lambda t: min(t[0], t[3]) > 0 and t[0] * t[3] > t[1] * t[2]))
@settings(max_examples=40, deadline=None)
def test_rogan_gladen_stays_within_its_bounds(table: list[int]) -> None:
    rate = from_table(table, 90, label_design="case_control", draws=200, recognise_design=False)

    assert 0 <= rate.low <= rate.estimate <= rate.high <= 1
    assert rate.low < rate.high


def test_verdicts_that_no_rate_explains_are_refused() -> None:
    with pytest.raises(Undefined, match="no rate explains"):
        corrected_rate(
            judged=[1] * 990 + [0] * 10,
            labels=[1] * 500 + [0] * 500,
            judged_at_labels=[1] * 450 + [0] * 50 + [1] * 100 + [0] * 400,
            label_design="other_period",
        )
