"""Lines of a width, out of any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from trueup.report.safe import visible
from trueup.report.wrap import limited, wrapped

TEXTS = st.text(st.sampled_from("ab -\t\n漢é\x1b\u202e\U0001f600"), max_size=80) | st.text()


def test_lines_break_between_words() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("one   ", 3) == ["one"]


def test_own_breaks_blank_lines_and_indentation_stay() -> None:
    assert wrapped("if x:\r\n\n    return  1", 20) == ["if x:", "", "    return  1"]


def test_a_word_longer_than_the_line_is_cut() -> None:
    assert wrapped("ab abcdefgh", 4) == ["ab", "abcd", "efgh"]


def test_indentation_is_no_place_to_break() -> None:
    assert wrapped("    abcdef", 6) == ["    ab", "cdef"]


def test_wide_characters_take_two_cells() -> None:
    assert wrapped("漢字漢字", 5) == ["漢字", "漢字"]
    assert wrapped("漢", 1) == ["漢"]


@pytest.mark.parametrize("text", ["\x1b[2J", "a\rb", "\x9b31m", "\u202egnp", "\x07"])
def test_no_control_character_is_left(text: str) -> None:
    assert "".join(wrapped(text, 80)) == visible(text).replace("\n", "")
    assert all(char.isprintable() for line in wrapped(text, 80) for char in line)


@given(TEXTS, st.integers(2, 12))
def test_no_line_is_too_wide_and_no_word_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)

    assert all(cell_len(line) <= width for line in lines)
    squeezed = "".join("".join(lines).split())
    assert squeezed == "".join(visible(text.replace("\r\n", "\n")).split())


def test_lines_that_are_too_many_end_in_a_mark() -> None:
    assert limited(["one", "two"], 2) == ["one", "two"]
    assert limited(["one", "two", "three"], 2) == ["one", "tw…"]
    assert limited(["", "x"], 1) == ["…"]
