"""A line of text, edited key by key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.runner.labelling.line import LONGEST, Line

KEYS = ["a", " ", "é", "漢", "left", "right", "home", "end", "backspace", "delete", "ctrl-u",
        "ctrl-k", "ctrl-w", "tab", "\x1b[15~", "\x07"]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "text", "at"),
    [
        (["left", "left", "x"], "one txwo", 6),
        (["backspace"], "one tw", 6),
        (["home", "delete", "right", "x"], "nxe two", 2),
        (["ctrl-w", "x"], "one x", 5),
        (["ctrl-w", "ctrl-w", "ctrl-w"], "", 0),
        (["left", "ctrl-k"], "one tw", 6),
        (["left", "ctrl-u"], "o", 0),
        (["home", "left", "end", "right"], "one two", 7),
        (["tab", "\x07"], "one two", 7),
    ],
)
def test_keys_edit(keys: list[str], text: str, at: int) -> None:
    line = Line.of("one two")
    for key in keys:
        line.press(key)

    assert (line.text, line.at) == (text, at)


def test_what_is_pasted_is_one_line_and_not_endless() -> None:
    line = Line.of("ab")
    line.press("left")
    line.insert("x\n\ty")
    assert (line.text, line.at) == ("ax yb", 4)
    line.insert("long " * LONGEST)

    assert len(line.text) == LONGEST


@given(st.lists(st.sampled_from(KEYS), max_size=60))
def test_the_cursor_stays_in_the_text(keys: list[str]) -> None:
    line = Line()
    for key in keys:
        line.press(key)

        assert 0 <= line.at <= len(line.text)
    assert line.text.isprintable()
