"""Prose: a text of a rubric as the wording rules read it, and what it is compared by.

Quoted spans hold literals and parentheses that begin with "e.g." hold examples: neither is the
author's own wording, so both are masked. Masking keeps the length, so that a match in the masked
text is a span of the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LITERAL = "\u00a4"
"""Stands for each character of a masked literal."""
PHRASE = "\u00b7"
"""Stands for each character of a fixed phrase."""

_QUOTED = re.compile(
    r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u00ab[^\u00bb]*\u00bb|\u201e[^\u201c\u201d]*[\u201c\u201d]"
    r"|`[^`]*`|(?<!\w)'[^'\n]{1,80}'(?!\w)"
)
_ASIDE = re.compile(r"\((?:e\.\s?g\.|for example|for instance)[^)]*\)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_CLAUSE_END = re.compile(r"[,;:.?!]|\b(?:and|or|but)\b")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z\u00a4])")


@dataclass(frozen=True)
class Prose:
    """One text with its masked form; offsets agree between the two."""

    raw: str
    """The text, Unicode-normalised, with straight apostrophes."""
    text: str
    """Lower case, with literals, asides and fixed phrases masked."""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the masked text."""
        return tuple(match.group() for match in _WORD.finditer(self.text))

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the original."""
        return tuple(part.strip() for part in _SENTENCE_END.split(self.raw) if part.strip())

    def span(self, match: re.Match[str]) -> str:
        """Return the original text under a match in the masked text."""
        return self.raw[match.start() : match.end()].strip()

    def clauses(self) -> Iterator[tuple[str, str]]:
        """Yield each clause of the masked text with the original under it."""
        start = 0
        for end, after in (*(m.span() for m in _CLAUSE_END.finditer(self.text)), (None, None)):
            if self.text[start:end].strip():
                yield self.text[start:end], self.raw[start:end].strip()
            start = after or start

    def __bool__(self) -> bool:
        return bool(self.raw.strip())


def read(text: str | None, fixed: re.Pattern[str]) -> Prose:
    """Return a text as the rules read it.

    Args:
        text: What the author wrote.
        fixed: Phrases to mask as well.
    """
    raw = unicodedata.normalize("NFKC", text or "").replace("\u2019", "'")
    masked = "".join(low if len(low := char.lower()) == 1 else char for char in raw)
    masked = _QUOTED.sub(lambda m: LITERAL * len(m.group()), masked)
    masked = _ASIDE.sub(lambda m: LITERAL * len(m.group()), masked)
    masked = fixed.sub(lambda m: PHRASE * len(m.group()), masked)
    return Prose(raw, masked)


def stem(word: str) -> str:
    """Return a word without the endings that change nothing about what it is about."""
    word = word.removesuffix("'s").removesuffix("'")
    if word.endswith("ies") and len(word) > 4:  # noqa: PLR2004 - "dies" and "lies" are other words
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:  # noqa: PLR2004 - "its", "was"
        return word[:-1]
    return word


def content(prose: Prose, stop: Collection[str]) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return frozenset(stem(word) for word in prose.words if word not in stop and len(word) > 1)


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index of two sets; 1 where both are empty."""
    union = one | other
    return len(one & other) / len(union) if union else 1.0
