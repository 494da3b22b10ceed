"""Edit rate: how much of a text its user changed before using it.

The rate is the Indel distance over the length of both texts together, by rapidfuzz: the characters
(or words) that were deleted and inserted, as a share of all that there are. It is taken rather than
the Levenshtein distance over the longer length because people delete and insert; a character typed
over is both. It is symmetric, 0 for equal texts alone and 1 where nothing is shared. Unrelated
texts share letters by chance, and have rates of about 0.6 by characters; by words, of about 0.9.

Source: the longest-common-subsequence distance in bit-parallel form, as rapidfuzz implements it
(Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Literal

from rapidfuzz.distance import Indel

from trueup.item.plain import mended

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 50_000
"""Characters, or words, up to which texts are compared in their order; some 50 ms at worst."""
_WORD = re.compile(r"\w+|[^\w\s]")


def edit_rate(
    before: str, after: str, *, by: Literal["characters", "words"] = "characters"
) -> float:
    """Return the share of two texts that was edited, in [0, 1]; 0 where they are equal.

    Texts are compared in Unicode's composed form (NFC). Two empty texts are equal; against an empty
    one any other is wholly edited. What two texts begin and end with alike costs next to nothing.
    Where what is left of them is longer than `LONGEST` characters, its words are compared in place
    of its characters; where it is longer than `LONGEST` words, without regard to their order,
    which can only make the rate smaller.

    Args:
        before: What the user was given.
        after: What the user made of it.
        by: Whether characters are compared, or words and signs of punctuation; white space then
            counts for nothing.

    Examples:
        >>> edit_rate("Your refund is due.", "Your refund is due.")
        0.0
        >>> round(edit_rate("It takes 14 days.", "It takes 30 days."), 3)
        0.118
        >>> edit_rate("", "Written by hand.")
        1.0
    """
    if before == after:
        return 0.0
    old, new = _normal(before), _normal(after)
    if by == "words":
        return _of_words(_WORD.findall(old), _WORD.findall(new))
    whole = len(old) + len(new)
    old, new = _unlike(old, new)
    if not old and not new:
        return 0.0
    if max(len(old), len(new)) <= LONGEST:
        return Indel.distance(old, new) / whole
    share = (len(old) + len(new)) / whole
    return share * _of_words(_WORD.findall(old), _WORD.findall(new))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", mended(text).replace("\r\n", "\n"))


def _of_words(old: list[str], new: list[str]) -> float:
    whole = len(old) + len(new)
    if old == new:
        return 0.0
    if max(len(old), len(new)) <= LONGEST:
        return Indel.distance(old, new) / whole
    return _unordered(old, new) / whole


def _unlike(old: str, new: str) -> tuple[str, str]:
    """Return texts without what they begin and end with alike."""
    start = _common(old, new)
    old, new = old[start:], new[start:]
    end = _common(old[::-1], new[::-1])
    return old[: len(old) - end], new[: len(new) - end]


def _common(old: str, new: str) -> int:
    """Return how many characters two texts share at their start, by halving."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _unordered(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words one text has and the other lacks."""
    first, second = Counter(old), Counter(new)
    return (first - second).total() + (second - first).total()
