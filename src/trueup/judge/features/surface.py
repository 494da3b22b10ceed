"""Turn one item's texts into a handful of numbers a person can read.

The features look at form (how long, how varied, how repetitive) and at overlap (how much of the
output can be found in the input, the context, the reference). None of them understands a text:
they are what the embedded judge learns from, and a warning when they predict another judge.

Every feature is finite for any text, grows far slower than the text, and takes linear time. Words
are runs of letters, digits and marks; scripts written without spaces (Chinese, Japanese, Thai,
Khmer and their like) count overlapping pairs of signs instead, as the CJK analyser of Apache
Lucene does. A share of nothing is 0, so an absent text gives constant features, which a head
ignores.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

VERSION = "1"
"""Changes whenever a feature changes its meaning: a head fitted under another version is void."""

FEATURES: tuple[str, ...] = (
    "log_words",
    "mean_word_length",
    "word_variety",
    "top_word_share",
    "repeated_bigrams",
    "log_sentences",
    "log_lines",
    "log_questions",
    "log_exclamations",
    "punctuation_share",
    "input_overlap",
    "input_copying",
    "context_overlap",
    "context_copying",
    "reference_overlap",
    "reference_recall",
    "log_unfound_numbers",
)
"""The features in the order of the vector.

- `log_words`, `log_sentences`, `log_lines` (not blank), `log_questions`, `log_exclamations`:
  log(1 + count).
- `mean_word_length`: characters per word, a word counting for at most 20.
- `word_variety`: distinct words over the square root of all words (Guiraud's index, which depends
  on length less than the type-token ratio does).
- `top_word_share`: share of the words that are the most frequent word.
- `repeated_bigrams`: share of the word pairs that occurred before in the output.
- `punctuation_share`: share of the characters, white space apart, that belong to no word.
- `*_overlap`: share of the output's distinct content words that occur in that text.
- `*_copying`: share of the output's distinct word pairs that occur in that text.
- `reference_recall`: share of the reference's distinct content words that occur in the output.
- `log_unfound_numbers`: log(1 + distinct numbers found in neither input, context nor reference).
"""

_LONGEST_WORD = 20
_CONTENT_LETTERS = 4
_SYLLABIC = "\u0e00"
"""From Thai on, most scripts write a syllable or more per sign, so two signs can carry content."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
_QUESTION_MARKS = "?\uff1f\u061f"
_EXCLAMATION_MARKS = "!\uff01"
# A full stop ends a sentence only before white space or a closing quote (not in 3.5 or a.b); the
# look-behind and the possessive quantifier keep a long run of dots linear. The full-width marks
# need no space after them.
_ENDS = "[.!?\u061f\u0964\u2026]"
_SENTENCE_END = re.compile(
    rf"(?<!{_ENDS}){_ENDS}++(?=[\"'\u201d\u2019)\]]?(?:\s|$))|[\u3002\uff01\uff1f\uff61]+"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class _Text:
    words: list[str]
    content: AbstractSet[str]
    bigrams: AbstractSet[tuple[str, str]]
    numbers: AbstractSet[str]


def surface(
    output: str,
    *,
    input: str = "",  # noqa: A002  (the field of an item has this name)
    context: str = "",
    reference: str = "",
) -> NDArray[np.float64]:
    """Measure one output against the texts it belongs to.

    Args:
        output: The text to be judged; any string, lone surrogates included.
        input: What the output answers, or "".
        context: What the output may draw on, or "".
        reference: A known good answer, or "".

    Returns:
        Shape (len(FEATURES),), finite, in the order of `FEATURES`.

    """
    folded = output.casefold()
    out, asked, given, known = _read(folded), *map(_read_folded, (input, context, reference))
    n = len(out.words)
    values = {
        "log_words": log1p(n),
        "mean_word_length": sum(min(len(word), _LONGEST_WORD) for word in out.words) / max(n, 1),
        "word_variety": len(set(out.words)) / sqrt(max(n, 1)),
        "top_word_share": max(Counter(out.words).values(), default=0) / max(n, 1),
        "repeated_bigrams": 1 - len(out.bigrams) / (n - 1) if n > 1 else 0.0,
        "log_sentences": log1p(sum(1 for _ in _SENTENCE_END.finditer(folded))),
        "log_lines": log1p(sum(1 for line in folded.splitlines() if line.strip())),
        "log_questions": log1p(_count(folded, _QUESTION_MARKS)),
        "log_exclamations": log1p(_count(folded, _EXCLAMATION_MARKS)),
        "punctuation_share": _punctuation_share(folded),
        "input_overlap": _share_found(out.content, asked.content),
        "input_copying": _share_found(out.bigrams, asked.bigrams),
        "context_overlap": _share_found(out.content, given.content),
        "context_copying": _share_found(out.bigrams, given.bigrams),
        "reference_overlap": _share_found(out.content, known.content),
        "reference_recall": _share_found(known.content, out.content),
        "log_unfound_numbers": log1p(
            len(out.numbers - asked.numbers - given.numbers - known.numbers)
        ),
    }
    return np.array([values[name] for name in FEATURES], dtype=np.float64)


def surface_matrix(rows: Iterable[Mapping[str, str]]) -> NDArray[np.float64]:
    """Measure many outputs, one row each.

    Args:
        rows: Each maps the argument names of `surface` to texts; `output` is required.

    Returns:
        Shape (n, len(FEATURES)), in the order of the rows; (0, len(FEATURES)) without rows.

    """
    vectors = [surface(**row) for row in rows]
    return np.array(vectors, dtype=np.float64).reshape(len(vectors), len(FEATURES))


def _read_folded(text: str) -> _Text:
    return _read(text.casefold())


def _read(folded: str) -> _Text:
    words = _words(folded)
    return _Text(
        words=words,
        content={word for word in words if _is_content(word)},
        bigrams=set(pairwise(words)),
        numbers={_digits(match) for match in _NUMBER.findall(folded)},
    )


def _words(folded: str) -> list[str]:
    if folded.isascii() or not _UNSPACED_RUN.search(folded):
        return _word_pattern().findall(folded)
    words: list[str] = []
    for run in _RUNS.findall(folded):
        if _UNSPACED_RUN.match(run):
            for part in _word_pattern().findall(run):
                words.extend(part[i : i + 2] for i in range(max(len(part) - 1, 1)))
        else:
            words.extend(_word_pattern().findall(run))
    return words


@cache
def _word_pattern() -> re.Pattern[str]:
    # The letters of Indic and South-East Asian scripts carry marks that \w does not match.
    signs = rf"\w{_marks()}"
    return re.compile(rf"[{signs}]+(?:['\u2019][{signs}]+)*")


def _marks() -> str:
    points = (p for p in range(0x10000) if unicodedata.category(chr(p)).startswith("M"))
    return "".join(map(chr, points))


def _is_content(word: str) -> bool:
    return len(word) >= (2 if word[0] >= _SYLLABIC else _CONTENT_LETTERS)


def _digits(number: str) -> str:
    plain = number.replace(",", "").replace(".", "")
    return plain if plain.isascii() else "".join(str(unicodedata.decimal(c)) for c in plain)


def _count(text: str, marks: str) -> int:
    return sum(text.count(mark) for mark in marks)


def _punctuation_share(folded: str) -> float:
    visible = sum(map(len, folded.split()))
    in_words = sum(map(len, _word_pattern().findall(folded)))
    return (visible - in_words) / visible if visible else 0.0


def _share_found(sought: Collection[object], found_in: AbstractSet[object]) -> float:
    return sum(1 for each in sought if each in found_in) / len(sought) if sought else 0.0
