"""Rules on the levels of a scale: what each one looks like, how many there are, in which order."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from trueup.rubric.lint.prose import jaccard, stem
from trueup.rubric.lint.thresholds import FEWEST_LEVELS, MOST_LEVELS, SAME_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.model import Criterion

# ----------------------------------------------------------------------------- scale-unanchored


def scale_unanchored(reading: Reading) -> Iterator[LintFinding]:
    """Find scales whose levels have no visible difference."""
    for question in reading.questions:
        if question.criterion.kind != "scale":
            continue
        flaw = _unanchored(question, reading)
        if flaw is None:
            continue
        key, why = flaw
        yield reading.finding(
            "scale-unanchored",
            "error" if question.criterion.gate is not None else "warn",
            question.criterion,
            field="scale",
            span=key,
            why=why,
            mend="Give each level a difference that a reader can see, or ask several binaries.",
        )


def _unanchored(question: Question, reading: Reading) -> tuple[str, str] | None:
    for key, text in question.levels:
        if not text:
            return key, f"Level '{key}' has no text, so its meaning is the judge's to invent."
        if len(text.words) < 2:  # noqa: PLR2004 - a word is no description
            return (
                key,
                f"Level '{key}' is a single word, which says how good, not what it looks like.",
            )
    if reading.words is None:
        return None
    for (low, lower), (high, higher) in pairwise(question.levels):
        if _only_degree_differs(lower, higher, reading):
            return f"{low}, {high}", f"Levels '{low}' and '{high}' differ only in words of degree."
    return None


def _only_degree_differs(one: Prose, other: Prose, reading: Reading) -> bool:
    """Compare two levels without words of degree; a swapped fact or number is a difference."""
    words = reading.lists
    left, right = _facts(one, reading), _facts(other, reading)
    if jaccard(left, right) < SAME_TEXT:
        return False
    swapped = left - right and right - left
    counted = any(word[0].isdigit() or word in words.of("numbers") for word in left ^ right)
    return not swapped and not counted


def _facts(prose: Prose, reading: Reading) -> frozenset[str]:
    """Return the words that are neither empty nor of degree; negation is a fact."""
    words = reading.lists
    text = re.sub(words.either("degree_words"), " ", prose.text)
    empty = words.stop - {"not", "no"} - words.of("numbers")
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text) if word not in empty)


# ---------------------------------------------------------------------------------- scale-shape


def scale_shape(reading: Reading) -> Iterator[LintFinding]:
    """Find scales of too many or too few levels, with gaps, in the wrong order, or mixed."""
    scales = [c for c in reading.rubric.judged if c.kind == "scale"]
    for criterion in scales:
        for why, mend in _shape(criterion):
            yield reading.finding(
                "scale-shape", "warn", criterion, field="scale", why=why, mend=mend
            )
    sizes = sorted({len(criterion.levels) for criterion in scales})
    if len(sizes) > 1:
        yield reading.finding(
            "scale-shape",
            "warn",
            None,
            span=", ".join(map(str, sizes)),
            why=f"The rubric mixes scales of {' and '.join(map(str, sizes))} levels.",
            mend="Give all scales the same number of levels, so that their steps mean the same.",
        )


def _shape(criterion: Criterion) -> Iterator[tuple[str, str]]:
    count = len(criterion.levels)
    if count > MOST_LEVELS:
        yield f"{count} levels are more than anyone keeps apart.", "Use three to five levels."
    if count < FEWEST_LEVELS:
        yield "A scale of two levels is a binary.", "Write `met` and `unmet` instead."
    keys = [level.key for level in criterion.levels]
    if all(re.fullmatch(r"-?\d+", key) for key in keys):
        numbers = [int(key) for key in keys]
        if numbers == sorted(numbers, reverse=True) and count > 1:
            yield "The levels run from best to worst.", "List the worst level first."
        elif numbers != list(range(numbers[0], numbers[0] + count)):
            yield f"The levels {', '.join(keys)} leave gaps.", "Number the levels without gaps."
    values = [level.value for level in criterion.levels]
    if any(low >= high for low, high in pairwise(values)):
        yield (
            "The values do not rise from level to level.",
            "List the worst level first, with rising values.",
        )
