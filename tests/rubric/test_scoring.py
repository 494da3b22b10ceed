"""What a rubric makes of the values of its criteria, case by case."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from trueup.rubric.model import Criterion, Level, Rubric
from trueup.rubric.scoring import Score, Tally, score

BINARY = (Level("unmet", "", 0.0), Level("met", "", 1.0))
TONE = (Level("1", "curt", 0.0), Level("2", "fine", 0.5), Level("3", "right", 1.0))


def criterion(name: str, **given: object) -> Criterion:
    fields = {"levels": BINARY, **given}
    return Criterion(id=name, ask="Does it?", **fields)  # type: ignore[arg-type]  # as the test says


def rubric(*criteria: Criterion, **given: object) -> Rubric:
    return Rubric(name="r", task="Replies.", criteria=criteria, **given)  # type: ignore[arg-type]  # as above


BILLING = rubric(
    criterion("grounded", weight=3.0, gate="met"),
    criterion("next-step", weight=2.0, when="The customer asked."),
    criterion("padding", weight=-1.0),
    criterion("tone", levels=TONE, kind="scale"),
)


def test_values_are_weighed_and_penalties_deducted() -> None:
    actual = score(BILLING, {"grounded": 1, "next-step": 0.0, "padding": 1.0, "tone": 0.5})

    assert actual == Score(2.5 / 6, 2.5 / 6, 2.5 / 6, "scored")


def test_a_penalty_cannot_push_the_score_below_zero() -> None:
    only = rubric(criterion("a"), criterion("b", weight=-5.0))

    assert score(only, {"a": 1.0, "b": 1.0}).value == 0.0


def test_an_unmet_gate_makes_the_score_zero_whatever_is_missing() -> None:
    assert score(BILLING, {"grounded": 0.0}) == Score(0.0, 0.0, 0.0, "scored")


@pytest.mark.parametrize(("value", "passes"), [(0.1, False), (0.5, False), (0.6, True)])
def test_a_value_between_two_levels_passes_a_gate_by_the_nearer_one(
    value: float,
    passes: bool,  # noqa: FBT001 - one of two expectations
) -> None:
    known = {"next-step": 1.0, "padding": 0.0, "tone": 1.0}

    assert bool(score(BILLING, {"grounded": value, **known}).value) is passes


@pytest.mark.parametrize(("value", "expected"), [(0.0, 0.0), (0.5, 0.75), (1.0, 1.0)])
def test_a_gate_on_a_scale_passes_from_its_level_on(value: float, expected: float) -> None:
    gated = rubric(criterion("tone", levels=TONE, kind="scale", gate="2"), criterion("b"))

    assert score(gated, {"tone": value, "b": 1.0}).value == expected


def test_a_missing_gate_may_fail_so_that_the_low_bound_is_zero() -> None:
    actual = score(BILLING, {"next-step": 1.0, "padding": 0.0, "tone": 1.0})

    assert actual == Score(None, 0.0, 1.0, "incomplete")


def test_a_missing_penalty_takes_its_worst_and_best_value() -> None:
    actual = score(BILLING, {"grounded": 1.0, "next-step": 1.0, "padding": None, "tone": 1.0})

    assert actual == Score(None, 5 / 6, 1.0, "incomplete")


def test_a_missing_criterion_takes_only_the_values_that_its_levels_have() -> None:
    levels = (Level("a", "", 0.4), Level("b", "", 0.6))
    actual = score(rubric(criterion("x", levels=levels, kind="choices"), criterion("y")), {"y": 1})

    assert actual == Score(None, 1.4 / 2, 1.6 / 2, "incomplete")


def test_a_missing_condition_widens_the_bounds_to_where_it_does_not_apply() -> None:
    levels = (Level("a", "", 0.4), Level("b", "", 0.6))
    conditional = criterion("x", levels=levels, kind="choices", when="The customer asked.")
    actual = score(rubric(conditional, criterion("y")), {"y": 1.0})

    assert (actual.low, actual.high) == (0.5, 1.0)


def test_missing_values_that_cannot_move_the_score_leave_it_scored() -> None:
    drowned = rubric(criterion("a"), criterion("b", weight=-1.0), criterion("c", weight=-3.0))

    assert score(drowned, {"a": 1.0, "c": 1.0}) == Score(0.0, 0.0, 0.0, "scored")


def test_what_does_not_apply_takes_its_weight_along() -> None:
    known = {"grounded": 1.0, "padding": 0.0, "tone": 0.5}

    assert score(BILLING, known, not_applicable={"next-step"}).value == 3.5 / 4


def test_a_value_beside_not_applicable_counts_for_nothing() -> None:
    known = {"grounded": 1.0, "padding": 0.0, "tone": 0.5}
    actual = score(BILLING, {**known, "next-step": 0.0}, not_applicable=["next-step"])

    assert actual == score(BILLING, known, not_applicable=["next-step"])


def test_a_gate_that_does_not_apply_does_not_fail() -> None:
    known = {"grounded": 0.0, "next-step": 1.0, "padding": 0.0, "tone": 1.0}

    assert score(BILLING, known, not_applicable={"grounded"}).value == 1.0


def test_without_an_applicable_positive_weight_there_is_no_score() -> None:
    actual = score(BILLING, {"padding": 1.0}, not_applicable={"grounded", "next-step", "tone"})

    assert actual == Score(None, None, None, "not_applicable")


def test_a_gate_without_weight_fails_even_where_nothing_else_applies() -> None:
    safe = rubric(criterion("safe", weight=0.0, gate="met"), criterion("b"))

    assert score(safe, {"safe": 0.0}, not_applicable={"b"}).value == 0.0
    assert score(safe, {"safe": 1.0}, not_applicable={"b"}).status == "not_applicable"


def test_renormalise_leaves_missing_weights_out() -> None:
    lenient = replace(BILLING, missing="renormalise")

    assert score(lenient, {"grounded": 1.0, "tone": 0.5}).value == 3.5 / 4


def test_renormalise_never_leaves_a_gate_out() -> None:
    lenient = replace(BILLING, missing="renormalise")
    actual = score(lenient, {"tone": 0.5})

    assert actual == Score(None, 0.0, 3.5 / 4, "incomplete")


def test_renormalise_makes_no_score_of_nothing() -> None:
    lenient = rubric(criterion("a"), criterion("b", weight=-1.0), missing="renormalise")

    assert score(lenient, {"b": 0.0}) == Score(None, 0.0, 1.0, "incomplete")


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_value_outside_zero_to_one_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"'tone' lies in \[0, 1\]"):
        score(BILLING, {"grounded": 1.0, "tone": value})


def test_ids_that_the_rubric_does_not_know_are_passed_over() -> None:
    assert score(rubric(criterion("a")), {"a": 1.0, "gone": 0.0}).value == 1.0


def test_a_rubric_that_was_scored_equals_one_that_was_not_and_can_be_pickled() -> None:
    fresh = replace(BILLING)
    score(BILLING, {})

    assert fresh == BILLING
    assert score(pickle.loads(pickle.dumps(BILLING)), {"grounded": 0.0}).value == 0.0  # noqa: S301 - made here


def test_a_scorer_says_what_score_says() -> None:
    known = {"grounded": 1.0, "tone": 0.5}

    assert Tally(BILLING).score(known) == score(BILLING, known)


def test_a_score_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        score(BILLING, {}).value = 1.0  # type: ignore[misc]  # what is tested
