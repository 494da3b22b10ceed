"""Text from outside, made harmless for where it is shown."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_WIDE = 0x10000


def visible(text: str) -> str:
    """Return text whose control characters are written out, so that a terminal obeys none."""
    return _CONTROL.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number < _WIDE else f"\\U{number:08x}"


def one_line(text: str, width: int = 80) -> str:
    """Return text on one line, visible, and cut to a width."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= width else f"{line[: width - 1]}\u2026"
