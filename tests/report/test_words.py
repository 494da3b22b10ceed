"""Counts and durations read as a person would say them."""

from __future__ import annotations

import pytest

from trueup.report.words import counted, duration


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [(0, "item", "0 items"), (1, "item", "1 item"), (2, "item", "2 items"),
     (1234567, "call", "1,234,567 calls")],
)  # fmt: skip
def test_one_has_no_s(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words


def test_an_irregular_plural_is_given() -> None:
    assert counted(2, "reply", plural="replies") == "2 replies"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"),
     (3600, "1 h 0 min"), (90061, "25 h 1 min"), (3_600_000, "1,000 h 0 min")],
)  # fmt: skip
def test_durations_have_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words
