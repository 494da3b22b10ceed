"""How alike two questions are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.rubric.lint.thresholds import REUSED
from trueup.rubric.similarity import likeness


def test_unrelated_questions_are_unlike_although_they_share_letters_and_frame() -> None:
    one = "Does the reply name the fee of the booking?"

    assert likeness(one, "Is the customer greeted by family name and title?") < REUSED


def test_a_reworded_question_is_alike() -> None:
    one = "Does the reply name the fee of the booking?"

    assert likeness(one, "Does the reply state the fee of the booking in euros?") >= REUSED


def test_case_punctuation_and_white_space_make_no_difference() -> None:
    assert likeness("Is the fee named?", "is the  fee\nnamed") == 1.0


def test_two_empty_texts_are_alike() -> None:
    assert likeness("", " ") == 1.0


@settings(deadline=None)
@given(st.text("ab c"), st.text("ab c"))
def test_likeness_is_symmetric_and_between_zero_and_one(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) == likeness(other, one) <= 1
