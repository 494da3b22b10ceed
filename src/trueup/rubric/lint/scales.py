"""Rules on the levels of a scale: what each one looks like, how many there are, in which order."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from trueup.rubric.lint.prose import stem
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import FEWEST_LEVELS, MOST_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion


@Rule(
    "scale-unanchored",
    "warn",
    otherwise="error on a gate",
    detects="Levels without text, of one word, or that differ only in words of degree.",
    mend="Give each level a difference that a reader can see, or ask several binaries.",
    words=False,
)
def scale_unanchored(reading: Reading) -> Iterator[Remark]:
    """Find scales whose levels have no visible difference."""
    for question in reading.questions:
        scale = question.criterion.kind == "scale"
        flaw = _unanchored(question, reading.words) if scale else None
        if flaw:
            key, why = flaw
            yield Remark(question.criterion, Hit("scale", key), why, severity=question.severity)


def _unanchored(question: Question, words: Words) -> tuple[str, str] | None:
    for key, text in question.levels:
        if not text:
            return key, f"Level '{key}' has no text, so its meaning is the judge's to invent."
        if len(text.words) < 2:  # noqa: PLR2004 - a word is no description
            why = f"Level '{key}' is a single word, which says how good, not what it looks like."
            return key, why
    for (low, lower), (high, higher) in pairwise(question.levels):
        if _only_degree_differs(lower, higher, words):
            return f"{low}, {high}", f"Levels '{low}' and '{high}' differ only in words of degree."
    return None


def _only_degree_differs(one: Prose, other: Prose, words: Words) -> bool:
    """Compare two levels without words that only grade; any other word makes a difference."""
    return _facts(one, words) == _facts(other, words)


_GRADING = ("degree_words", "vague_adjectives", "empty_adverbs", "length_words", "manners")


def _facts(prose: Prose, words: Words) -> frozenset[str]:
    """Return the words that are neither empty nor grading; negation is a fact, and so is "when"."""
    text = words.pattern(*_GRADING).sub(" ", prose.text)
    empty = words.stop - {"not", "no"} - words.of("numbers", "told_things")
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text) if word not in empty)


@Rule(
    "scale-shape",
    "warn",
    detects="More than five or fewer than three levels, gaps, best level first, values that "
    "do not rise, scales of different size in one rubric.",
    mend="Use three to five levels, the worst first.",
    words=False,
)
def scale_shape(reading: Reading) -> Iterator[Remark]:
    """Find scales of too many or too few levels, with gaps, in the wrong order, or mixed."""
    scales = [c for c in reading.rubric.judged if c.kind == "scale"]
    for criterion in scales:
        for why, mend in _shape(criterion):
            yield Remark(criterion, Hit("scale"), why, mend)
    sizes = [str(size) for size in sorted({len(criterion.levels) for criterion in scales})]
    if len(sizes) > 1:
        why = f"The rubric mixes scales of {' and '.join(sizes)} levels."
        mend = "Give all scales the same number of levels, so that their steps mean the same."
        yield Remark(None, Hit("", ", ".join(sizes)), why, mend)


def _shape(criterion: Criterion) -> Iterator[tuple[str, str]]:
    """Yield why and mend of each flaw."""
    keys, count = [level.key for level in criterion.levels], len(criterion.levels)
    if count > MOST_LEVELS:
        yield f"{count} levels are more than anyone keeps apart.", "Use three to five levels."
    if count < FEWEST_LEVELS:
        yield "A scale of two levels is a binary.", "Write `met` and `unmet` instead."
    if all(re.fullmatch(r"-?\d+", key) for key in keys):
        numbers = [int(key) for key in keys]
        if numbers == sorted(numbers, reverse=True) and count > 1:
            yield "The levels run from best to worst.", "List the worst level first."
        elif numbers != list(range(numbers[0], numbers[0] + count)):
            yield f"The levels {', '.join(keys)} leave gaps.", "Number the levels without gaps."
    if any(low.value >= high.value for low, high in pairwise(criterion.levels)):
        mend = "List the worst level first, with rising values."
        yield "The values do not rise from level to level.", mend
