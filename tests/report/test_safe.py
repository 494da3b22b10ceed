"""Text from outside is made harmless, and stays readable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.report.safe import one_line, visible

ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31m", "\\u001b[31m"),
        ("a\rb", "a\\u000db"),
        ("\u202ex", "\\u202ex"),
        ("\x9b", "\\u009b"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\u061c", "\\u061c"),
        ("\U000e0041", "\\U000e0041"),
        ("line\n\ttab", "line\n\ttab"),
        ("gr\u00fc\u00df dich \u2603", "gr\u00fc\u00df dich \u2603"),
    ],
)
def test_control_characters_are_written_out_and_all_else_stays(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(ANY)
def test_nothing_that_is_left_controls_anything(text: str) -> None:
    left = visible(text)

    assert not [c for c in left if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"]
    assert not [c for c in left if unicodedata.bidirectional(c) in {"RLO", "LRO", "RLI", "PDI"}]
    assert visible(left) == left


@given(ANY, st.integers(2, 30))
def test_a_line_is_one_and_no_longer_than_asked(text: str, width: int) -> None:
    line = one_line(text, width)

    assert len(line) <= width
    assert "\n" not in line
