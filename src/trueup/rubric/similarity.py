"""How alike two questions are: the same one reworded, or another one under an old name."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from trueup.rubric.model import squeeze

if TYPE_CHECKING:
    from trueup.rubric.model import Criterion

_WORD = re.compile(r"[^\W_]+")


def likeness(one: str, other: str) -> float:
    """Return the share of words that two texts have in common, in order, in [0, 1].

    Twice the matched words over all words (Ratcliff and Obershelp's ratio, as in difflib). Words,
    not letters: two unrelated English sentences share half their letters. Symmetric.
    """
    return _ratio(_WORD.findall(one.lower()), _WORD.findall(other.lower()))


def same_letters(one: Criterion, other: Criterion) -> float:
    """Return how much of everything that is asked stayed the same, letter by letter, in [0, 1]."""
    return _ratio(_whole(one), _whole(other))


def _whole(criterion: Criterion) -> str:
    parts = [criterion.ask, *(level.text for level in criterion.levels), criterion.when or ""]
    return squeeze(" ".join(parts)) or ""


def _ratio(one: str | list[str], other: str | list[str]) -> float:
    first, second = sorted((one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
