"""Text from outside, made harmless for where it is shown."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    """Return text whose control characters are written out, so that a terminal obeys none."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str, width: int = 80) -> str:
    """Return text on one line, visible, and cut to a width."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= width else f"{line[: width - 1]}\u2026"


def cell(value: object) -> object:
    """Return a CSV cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
