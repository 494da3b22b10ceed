"""The form of one output as numbers: columns for `WatchSpec.features` where logs hold texts."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FEATURES = ("log_length", "markup", "hedges", "list_density", "rubric_echo")
"""Names that `surface` gives, in order."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_MARKUP = re.compile(
    r"^\s{0,3}#{1,6}\s|\*\*(?=\S)|__(?=\S)|`+|^\s*[-*+]\s+(?=\S)|^\s*\d{1,3}[.)]\s+(?=\S)"
    r"|^\s*\|.*\|\s*$|\]\(",
    re.MULTILINE,
)
_ITEM = re.compile(r"\s*(?:[-*+\u2022]|\d{1,3}[.)])\s+\S")
_HEDGES = (
    "about", "almost", "apparently", "appears", "approximately", "arguably", "can be", "could",
    "generally", "i believe", "i think", "in general", "in most cases", "it depends", "it seems",
    "kind of", "likely", "mainly", "may", "maybe", "might", "mostly", "not certain", "not sure",
    "often", "perhaps", "possibly", "potentially", "presumably", "probably", "roughly", "seems",
    "somewhat", "sort of", "sometimes", "suggests", "tends to", "typically", "unclear", "usually",
)  # fmt: skip
_HEDGE = re.compile(rf"\b(?:{'|'.join(sorted(_HEDGES, key=len, reverse=True))})\b")


def surface(text: str, rubric_terms: Iterable[str] = ()) -> dict[str, float]:
    r"""Return an output's length, markup, hedging, lists and echo of the rubric.

    Every number is finite for any text and is worked out in linear time.

    Args:
        text: The output.
        rubric_terms: Words and phrases of the rubric that an output may repeat to please the judge,
            such as 'accurate' or 'well structured'.

    Returns:
        `log_length`: log(1 + words), or characters in scripts without spaces. `markup`: headings,
        emphasis, code marks, list marks, table rows and links. `hedges`: English hedging words.
        `list_density`: share of the lines that are list items. `rubric_echo`: times a rubric term
        occurs, per 100 words.

    >>> surface("**Perhaps** this:\n- one\n- two", ["this"])["markup"]
    3.0
    """
    folded = text.casefold()
    words = _WORD.findall(folded)
    lines = [line for line in text.splitlines() if line.strip()]
    length = len(words)
    if length and sum(map(len, words)) > 20 * length:
        length = sum(map(len, words))
    terms = [" ".join(_WORD.findall(term.casefold())) for term in rubric_terms]
    spaced = f" {' '.join(words)} "
    echoes = sum(spaced.count(f" {term} ") for term in dict.fromkeys(terms) if term)
    return {
        "log_length": math.log1p(length),
        "markup": float(len(_MARKUP.findall(text))),
        "hedges": float(len(_HEDGE.findall(folded))),
        "list_density": sum(bool(_ITEM.match(line)) for line in lines) / max(len(lines), 1),
        "rubric_echo": 100 * echoes / max(length, 1),
    }
