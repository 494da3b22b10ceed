"""Counting what a reader would count: words, sentences, bullets and the like of a text.

Rules of thumb, not linguistics: the table of units says what counts as one. All are linear in the
text's length. Fenced code is left out where its lines would pass for headings, bullets or
sentences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Counter: TypeAlias = Callable[[str], int]

# Scripts written without blanks: every sign is taken for a word, as text processors do.
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}][^\s{_UNSPACED}]*")
_HAS_WORD = re.compile(r"[^\W_]")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_BULLET = re.compile(r"[ \t]*(?:[-*+\u2022\u2023\u25e6\u2043]|\d{1,3}[.)])[ \t]+(?=\S)")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+\S")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:={3,}|-{3,})[ \t]*")
_LINK = re.compile(
    r"\[[^\[\]\n]{0,500}\]\([^()\s]{1,2000}[^()\n]{0,200}\)"
    r"|(?:https?://|(?<![\w./])www\.)[^\s<>()\[\]]+",
    re.IGNORECASE,
)
_EMOJI = regex.compile(
    r"\p{Regional_Indicator}{2}"
    r"|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F"
    r"|[\u2600-\u27BF\U0001F000-\U0001FAFF--[^\p{Extended_Pictographic}]])"
    r"[\uFE0F\p{Emoji_Modifier}]*"
    r"(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*)*",
    regex.VERSION1,
)
_CLOSING = "\"'\u201d\u2019\u00bb)\\]*_"
_STOP = re.compile(rf"[.!?\u2026\u061f]+(?=[{_CLOSING}]*(?:\s|$))|[\u3002\uff01\uff1f]+")
_LAST_WORD = re.compile(r"[\w.]{1,12}$")
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "dept", "vs", "e.g", "i.e", "cf"}
)
"""Words whose full stop seldom ends a sentence."""
_BEFORE_NUMBERS = frozenset(
    {"no", "nos", "fig", "figs", "eq", "art", "sec", "ch", "p", "pp", "vol", "approx", "jan", "feb",
     "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
)  # fmt: skip
"""Words whose full stop ends no sentence before a number."""
_NUMBER_NEXT = re.compile(r"\s+\d")


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it belongs to fenced code."""
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            yield line, True
            closes = mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence)
            if closes and line.strip() == line.strip()[0] * len(line.strip()):
                fence = ""
        else:
            fence = mark[1] if mark else ""
            yield line, bool(mark)


def _prose(text: str) -> Iterator[str]:
    return (line for line, code in _lines(text) if not code)


def _is_bullet(line: str) -> bool:
    return bool(_BULLET.match(line)) and bool(_HAS_WORD.search(line))


def _blocks(text: str) -> Iterator[str]:
    """Yield paragraphs, bullets and headings, their marks removed."""
    block: list[str] = []
    for line in _prose(text):
        rules_off = not line.strip() or _UNDERLINE.fullmatch(line)
        if block and (rules_off or _is_bullet(line) or _HEADING.match(line)):
            yield "\n".join(block)
            block = []
        if _HEADING.match(line):
            yield line
        elif not rules_off:
            block.append(_BULLET.sub("", line, count=1) if _is_bullet(line) else line)
    if block:
        yield "\n".join(block)


def _sentences_of(block: str) -> int:
    count, begin = 0, 0
    for stop in _STOP.finditer(block):
        if stop[0] == "." and _abbreviates(block, begin, stop):
            continue
        count += bool(_HAS_WORD.search(block, begin, stop.start()))
        begin = stop.end()
    return count + bool(_HAS_WORD.search(block, begin))


def _abbreviates(block: str, begin: int, stop: re.Match[str]) -> bool:
    """Tell whether a full stop belongs to an abbreviation or an initial."""
    last = _LAST_WORD.search(block[max(begin, stop.start() - 12) : stop.start()])
    if last is None or block[stop.end() : stop.end() + 1].strip():  # such as a closing quote
        return False
    word = last[0].lower()
    if word in _BEFORE_NUMBERS and _NUMBER_NEXT.match(block, stop.end()):
        return True
    return word in _ABBREVIATIONS or (len(word) == 1 and last[0].isupper() and word != "i")


def _sentences(text: str) -> int:
    return sum(_sentences_of(block) for block in _blocks(text))


def _paragraphs(text: str) -> int:
    count, inside = 0, False
    for line, code in _lines(text):
        if code or (line.strip() and not _HEADING.match(line)):
            count += not inside and bool(_HAS_WORD.search(line))
            inside = inside or bool(_HAS_WORD.search(line))
        else:
            inside = False
    return count


def _headings(text: str) -> int:
    count, above = 0, ""
    for line in _prose(text):
        underlines = _UNDERLINE.fullmatch(line) and _HAS_WORD.search(above)
        count += bool(_HEADING.match(line)) or bool(underlines and not _is_bullet(above))
        above = line
    return count


def _matches(pattern: re.Pattern[str] | regex.Pattern[str]) -> Counter:
    return lambda text: sum(1 for _ in pattern.finditer(text))


def _stops(marks: str) -> Counter:
    return lambda text: sum(
        any(mark in stop[0] for mark in marks) for stop in _STOP.finditer("\n".join(_prose(text)))
    )


UNITS: Mapping[str, Counter] = {
    # runs without white space that hold a letter or digit; each Han or kana sign
    "words": _matches(_WORD),
    # the ends of sentences, and of bullets, headings and paragraphs that lack one
    "sentences": _sentences,
    # runs of lines between blank lines or headings; blank lines in fenced code separate nothing
    "paragraphs": _paragraphs,
    # list items, with a bullet or a number, outside fenced code
    "bullets": lambda text: sum(map(_is_bullet, _prose(text))),
    # code points, white space inside included, around the text not
    "characters": lambda text: len(text.strip()),
    # lines that are not blank
    "lines": lambda text: sum(1 for line in text.splitlines() if line.strip()),
    # Markdown headings outside fenced code: #, or underlined with === or ---
    "headings": _headings,
    # Markdown links and images, and the bare URLs beside them
    "links": _matches(_LINK),
    # emoji as they are seen: a flag, a family or a skin tone is one
    "emoji": _matches(_EMOJI),
    # runs of end marks with such a mark; those inside URLs and code do not count
    "questions": _stops("?\uff1f\u061f"),
    "exclamations": _stops("!\uff01"),
}
"""What a check can count, by the name in `count: {unit: ...}`."""
