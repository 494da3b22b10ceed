"""What an answer in a plain form means for a criterion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.judge.reading import finding_of, nearest_level
from trueup.judge.verdict import scored, unscored
from trueup.rubric.model import Criterion, Level

BINARY = Criterion("b", "Is it?", (Level("unmet", "", 0.0), Level("met", "", 1.0)))
SCALE = Criterion(
    "s",
    "How?",
    (Level("1", "", 0.0), Level("2", "", 0.3), Level("3", "", 1.0)),
    kind="scale",
)
CHOICES = Criterion("c", "What?", (Level("done", "", 1.0), Level("not", "", 0.0)), kind="choices")


@pytest.mark.parametrize(
    ("answer", "criterion", "value", "level"),
    [
        (True, BINARY, 1.0, "met"),
        (False, BINARY, 0.0, "unmet"),
        (np.bool_(True), BINARY, 1.0, "met"),  # noqa: FBT003 - the answer under test
        ("met", BINARY, 1.0, "met"),
        (" unmet\n", BINARY, 0.0, "unmet"),
        (0.8, BINARY, 0.8, "met"),
        (1, BINARY, 1.0, "met"),
        (np.float32(0.25), BINARY, 0.25, "unmet"),
        ("2", SCALE, 0.3, "2"),
        (2, SCALE, 0.3, "2"),
        (np.int64(3), SCALE, 1.0, "3"),
        (1.0, SCALE, 1.0, "3"),
        (0, SCALE, 0.0, "1"),
        ("done", CHOICES, 1.0, "done"),
    ],
)
def test_an_answer_becomes_its_value_and_level(
    answer: object, criterion: Criterion, value: float, level: str
) -> None:
    found = finding_of(answer, criterion)

    assert (found.outcome, found.value, found.level) == ("scored", value, level)
    assert type(found.value) is float


def test_a_whole_number_names_a_level_and_a_float_is_a_value() -> None:
    assert finding_of(1, SCALE).value == 0.0
    assert finding_of(1.0, SCALE).value == 1.0


@pytest.mark.parametrize(
    ("answer", "criterion", "reason"),
    [
        (math.nan, BINARY, "value_out_of_range"),
        (math.inf, BINARY, "value_out_of_range"),
        (1.01, BINARY, "value_out_of_range"),
        (-1, BINARY, "value_out_of_range"),
        (4, SCALE, "value_out_of_range"),
        pytest.param(10**5000, BINARY, "value_out_of_range", id="long"),
        ("yes", BINARY, "unknown_level"),
        ("", BINARY, "unknown_level"),
        (True, SCALE, "unknown_level"),
        (True, CHOICES, "unknown_level"),
        ([1], BINARY, "wrong_type"),
        ({"value": 1}, BINARY, "wrong_type"),
        (np.array([0.5]), BINARY, "wrong_type"),
    ],
)
def test_what_an_answer_cannot_mean_is_unparsable(
    answer: object, criterion: Criterion, reason: str
) -> None:
    found = finding_of(answer, criterion)

    assert (found.outcome, found.value, found.reason) == ("unparsable", None, reason)
    assert found.explanation


def test_an_unknown_level_is_told_with_control_characters_escaped() -> None:
    found = finding_of("\x1b[31m" + "x" * 500, BINARY)

    assert "\x1b" not in found.explanation
    assert "unmet, met" in found.explanation
    assert len(found.explanation) < 200


def test_none_is_an_abstention() -> None:
    assert finding_of(None, BINARY) == unscored("abstained", "no_answer")


def test_a_text_beside_an_answer_is_its_explanation() -> None:
    assert finding_of((False, "no clause"), BINARY) == scored(False, explanation="no clause")  # noqa: FBT003 - as above
    assert finding_of((None, "too short"), BINARY).explanation == "too short"
    assert finding_of((True, ""), BINARY).explanation == ""


def test_a_finding_stands_for_itself_and_says_who_decided() -> None:
    given = unscored("not_applicable", "no order", "why")

    assert finding_of(given, BINARY) is given
    assert finding_of(given, BINARY, by="rule").decided_by == "rule"


def test_of_two_levels_as_near_the_first_declared_is_taken() -> None:
    assert nearest_level(BINARY, 0.5) == "unmet"
    assert nearest_level(SCALE, 0.64) == "2"
    assert nearest_level(SCALE, 0.66) == "3"


ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
)


@given(ANYTHING, st.sampled_from([BINARY, SCALE, CHOICES]))
def test_any_answer_becomes_a_finding_that_fits_the_criterion(
    answer: object, criterion: Criterion
) -> None:
    found = finding_of(answer, criterion)

    assert (found.value is None) == (found.outcome != "scored")
    assert found.level is None or found.level in criterion.values
    assert found.explanation.isprintable()
