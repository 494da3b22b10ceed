"""Whether the numbers, URLs, e-mail addresses or quotations of a text occur in its sources.

A source counts as holding a claim where some reading of the two is the same: `$1,200.50` and
`1 200,5`, `https://WWW.example.org/` and `example.org`. Numbers in words are not read.
"""

from __future__ import annotations

import re
import time
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

SECONDS = 0.5
"""How long many quotations may be looked for in long sources."""

_NUMBER = re.compile(
    r"\d{1,3}(?:[ \u00a0\u202f\u2009'\u2019]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
)
_LIST_MARK = re.compile(r"^[ \t]*\d{1,3}[.)](?=[ \t])", re.MULTILINE)
_GROUPS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_BLANKS = re.compile(r"[ \u00a0\u202f\u2009'\u2019]")
_URL = re.compile(r"(?:https?://|(?<![\w./@])www\.)[^\s<>()\[\]{}\"'`\u201c\u201d]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
_QUOTE = re.compile(
    r'(?<!\w)"(?=\S)((?:[^"\n]|\n(?!\n)){1,2000})(?<=\S)"(?!\w)'
    r"|[\u201c\u201e]((?:[^\u201c\u201d\u201e\n]|\n(?!\n)){1,2000})[\u201c\u201d]"
    r"|\u00ab((?:[^\u00ab\u00bb\n]|\n(?!\n)){1,2000})\u00bb"
    r"|\u00bb((?:[^\u00ab\u00bb\n]|\n(?!\n)){1,2000})\u00ab"
    r"|\u300c((?:[^\u300c\u300d\n]|\n(?!\n)){1,2000})\u300d"
)
_GAP = re.compile(r"\[?(?:\.\.\.|\u2026)\]?")
_EDGES = " \t\n.,;:!?"


def ungrounded(kind: str, text: str, sources: Sequence[str]) -> list[str]:
    """Return the claims of a text that no source holds, in their order.

    Args:
        kind: One of `KINDS`.
        text: The text that makes the claims.
        sources: The texts it should rest on.

    Raises:
        TimeoutError: There are too many quotations to look for in sources this long.
    """
    if kind == "quotes":
        return _missing_quotes(text, "\n".join(_plain(source) for source in sources))
    if kind == "numbers":
        text = _LIST_MARK.sub("", text)
    claims = [_claims(kind, source) for source in sources]
    held = {
        reading for found in claims for ways in found.values() for way in ways for reading in way
    }
    return [
        claim for claim, ways in _claims(kind, text).items() if not any(way <= held for way in ways)
    ]


def _claims(kind: str, text: str) -> dict[str, list[frozenset[str]]]:
    """Return each claim as it stands in a text, with the ways to read it.

    It is grounded where the sources hold every reading of one of the ways.
    """
    pattern, ways = _READERS[kind]
    return {token: list(ways(token)) for token in dict.fromkeys(pattern.findall(text))}


def _missing_quotes(text: str, source: str) -> list[str]:
    deadline = time.monotonic() + SECONDS
    missing = []
    for quote in dict.fromkeys(match[match.lastindex or 0] for match in _QUOTE.finditer(text)):
        if time.monotonic() > deadline:
            msg = "too many quotations to look for"
            raise TimeoutError(msg)
        if not all(_plain(part) in source for part in _GAP.split(quote)):
            missing.append(quote)
    return missing


def _number(token: str) -> Iterator[frozenset[str]]:
    """Yield the ways to read a number: with blanks as separators, and as several numbers."""
    parts = _BLANKS.split(_ascii(token))
    if len(parts) > 1:
        head, mark, fraction = re.fullmatch(r"(\d+)([.,]?)(\d*)", parts[-1]).groups()  # type: ignore[union-attr]  # as _NUMBER matched
        yield frozenset({_value("".join(parts[:-1]) + head, fraction if mark else "")})
        yield frozenset(reading for part in parts for reading in _written(part)[:1])
    else:
        yield from (frozenset({reading}) for reading in _written(parts[0]))


def _written(token: str) -> list[str]:
    """Return the readings of digits with points and commas, such as 1,200 and 1.200,50."""
    marks = [sign for sign in token if sign in ".,"]
    if not marks:
        return [_value(token, "")]
    whole, last, fraction = token.rpartition(marks[-1])
    digits = re.sub(r"[.,]", "", whole)
    if len(marks) == 1:
        readings = [_value(digits, fraction)]
        if _GROUPS.fullmatch(token) and not token.startswith("0"):
            readings.append(_value(digits + fraction, ""))
        return readings
    if marks.count(last) == 1 and len(set(marks)) == 2:  # noqa: PLR2004 - point and comma
        return [_value(digits, fraction)]
    if len(set(marks)) == 1 and _GROUPS.fullmatch(token):
        return [_value(digits + fraction, "")]
    return [token]  # a date, a version, a clause


def _value(whole: str, fraction: str) -> str:
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _ascii(token: str) -> str:
    if token.isascii():
        return token
    return "".join(str(unicodedata.digit(sign, sign)) for sign in token)


def _url(token: str) -> str:
    bare = re.sub(r"^https?://", "", token.casefold()).removeprefix("www.")
    return bare.rstrip(".,;:!?*_").rstrip("/")


def _plain(text: str) -> str:
    """Return text without case, runs of white space, curly apostrophes and edge punctuation."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("\u2019", "'")
    return " ".join(folded.split()).strip(_EDGES)


_READERS: Mapping[str, tuple[re.Pattern[str], Callable[[str], Iterable[frozenset[str]]]]] = {
    "numbers": (_NUMBER, _number),
    "urls": (_URL, lambda token: [frozenset({_url(token)})]),
    "emails": (_EMAIL, lambda token: [frozenset({token.casefold()})]),
}
KINDS = (*_READERS, "quotes")
