"""Edit rate: bounded, symmetric, 0 for equal texts alone, and cheap for texts of any length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from trueup.signal import edit
from trueup.signal.edit import edit_rate

TEXTS = st.text(max_size=60)


@given(TEXTS, TEXTS)
def test_a_rate_is_in_bounds_and_the_same_both_ways(one: str, other: str) -> None:
    rate = edit_rate(one, other)

    assert 0 <= rate <= 1
    assert rate == edit_rate(other, one)


@given(TEXTS)
def test_equal_texts_have_rate_0(text: str) -> None:
    assert edit_rate(text, text) == 0
    assert edit_rate(text, text, by="words") == 0


@given(TEXTS.filter(bool))
def test_a_text_against_nothing_is_wholly_edited(text: str) -> None:
    assert edit_rate(text, "") == 1


@given(TEXTS, TEXTS, TEXTS)
def test_trimming_what_is_alike_changes_no_rate(start: str, one: str, other: str) -> None:
    end = start[::-1]
    whole = len(start + one + end) + len(start + other + end)
    edited = Indel.distance(start + one + end, start + other + end)
    if start.isascii() and one.isascii() and other.isascii() and "\r" not in start + one + other:
        assert edit_rate(start + one + end, start + other + end) == pytest.approx(
            edited / whole if whole else 0
        )


def test_a_word_replaced_counts_as_deleted_and_inserted() -> None:
    assert edit_rate("a b c", "a x c", by="words") == pytest.approx(2 / 6)


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert edit_rate("caf\u00e9", "cafe\u0301") == 0


def test_white_space_counts_by_characters_and_not_by_words() -> None:
    assert edit_rate("a  b", "a b") > 0
    assert edit_rate("a  b", "a b", by="words") == 0


def test_line_ends_of_windows_are_no_edit() -> None:
    assert edit_rate("one\r\ntwo", "one\ntwo") == 0


def test_lone_surrogates_are_compared_and_raise_nothing() -> None:
    assert 0 < edit_rate("a\udce9", "ab") <= 1


def test_an_edit_in_a_long_text_costs_what_the_edit_is() -> None:
    long = "word " * 400_000

    assert edit_rate(long + "yes", long + "no") == pytest.approx(5 / (2 * len(long) + 5))


def test_longer_texts_are_compared_by_words_and_then_without_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edit, "LONGEST", 8)
    by_words = edit_rate("one two three", "six two four")
    unordered = edit_rate("a b c d e f g h i j", "j i h g f e d c b a", by="words")

    assert by_words == pytest.approx(4 / 6, abs=0.05)
    assert unordered == 0
    assert edit_rate("a " * 9, "b " * 9, by="words") == 1
