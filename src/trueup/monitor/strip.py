"""Take out of a text what costs nothing and may please a judge: what is left is its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from trueup.monitor.marks import MARKS

if TYPE_CHECKING:
    from trueup.item.model import Text

IDLE: Final = ("self_praise", "talks_to_the_judge", "closing_phrase")
"""Marks whose sentences are left out."""
_OPENER: Final = re.compile(
    r"\A\W*(?:certainly|absolutely|of course|sure|great question|excellent question)\b[!,.:;]*\s*",
    re.IGNORECASE,
)
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+")
_LINE_MARKUP: Final = re.compile(r"^\s*(?:#{1,6}|[-*\u2022]|>)\s+", re.MULTILINE)
_BOLD: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


def stripped(output: Text) -> Text:
    """Return an output without praise of itself, words to the judge, phrases, markup and repeats.

    Of messages the last one's text is stripped. Where nothing would be left, nothing is: an empty
    text.
    """
    if isinstance(output, str):
        return _plain(output)
    said = output[-1].get("content") if output else None
    if not isinstance(said, str):
        return output
    return (*output[:-1], {**output[-1], "content": _plain(said)})


def _plain(text: str) -> str:
    lines: list[str] = []
    seen: set[str] = set()
    for line in _BOLD.sub(r"\2", _LINE_MARKUP.sub("", _OPENER.sub("", text))).splitlines():
        kept = " ".join(part for part in _SENTENCES.split(line) if not _idle(part)).strip()
        if kept and kept not in seen:
            seen.add(kept)
            lines.append(kept)
    return "\n".join(lines)


def _idle(sentence: str) -> bool:
    return any(MARKS[name](sentence) for name in IDLE)
