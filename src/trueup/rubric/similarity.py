"""How alike two questions are: the same one reworded, or another one under an old name."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.rubric.model import Criterion

_WORD = re.compile(r"[^\W_]+")


def likeness(one: str, other: str) -> float:
    """Return the share of words that two texts have in common, in order, in [0, 1].

    Twice the matched words over all words (Ratcliff and Obershelp's ratio, as in difflib). Words,
    not letters: two unrelated English sentences share half their letters. Symmetric.
    """
    left, right = _words(one), _words(other)
    if not left and not right:
        return 1.0
    first, second = sorted((left, right))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def same_letters(one: Criterion, other: Criterion) -> float:
    """Return how much of everything that is asked stayed the same, letter by letter, in [0, 1]."""
    first, second = sorted((whole(one), whole(other)))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def whole(criterion: Criterion) -> str:
    """Return the question and its answers as one text, white space made one blank."""
    parts = [criterion.ask, *(level.text for level in criterion.levels), criterion.when or ""]
    return " ".join(" ".join(parts).split())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
