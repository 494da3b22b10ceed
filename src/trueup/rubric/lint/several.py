"""Rules on criteria beside each other, and on a criterion beside its earlier self."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from trueup.rubric.lint.prose import jaccard
from trueup.rubric.lint.thresholds import CONTAINED, CONTAINED_WORDS, OVERLAP, REUSED, TYPO
from trueup.rubric.similarity import likeness, same_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words

# -------------------------------------------------------------------------------------- overlap


def overlap(reading: Reading) -> Iterator[LintFinding]:
    """Find two criteria of the same sign that ask the same."""
    for one, other in combinations(reading.questions, 2):
        if one.criterion.penalty != other.criterion.penalty or _degree_pair(one, other, reading):
            continue
        if not _overlap(one, other, reading):
            continue
        yield reading.finding(
            "overlap",
            "warn",
            other.criterion,
            field="ask",
            span=other.ask.raw,
            why=f"It asks nearly the same as '{one.criterion.id}', so one thing counts twice.",
            mend="Merge the two, or state the difference in both questions.",
        )


def _overlap(one: Question, other: Question, reading: Reading) -> bool:
    left, right = reading.content(one.ask), reading.content(other.ask)
    if not left or not right or _one_word_swapped(one, other):
        return False
    if jaccard(left, right) >= OVERLAP:
        return True
    shorter = min(left, right, key=len)
    return len(shorter) >= CONTAINED_WORDS and len(left & right) >= CONTAINED * len(shorter)


def _one_word_swapped(one: Question, other: Question) -> bool:
    """Tell whether two questions share their frame and differ in one word: fee, date."""
    left, right = one.ask.words, other.ask.words
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) == 1


# ------------------------------------------------------------------------------- exclusive-pair


def exclusive_pair(reading: Reading) -> Iterator[LintFinding]:
    """Find two binaries that are two levels of one scale."""
    for one, other in combinations(reading.questions, 2):
        if one.criterion.kind == other.criterion.kind == "binary" and _degree_pair(
            one, other, reading
        ):
            yield reading.finding(
                "exclusive-pair",
                "warn",
                other.criterion,
                field="ask",
                span=other.ask.raw,
                why=f"It differs from '{one.criterion.id}' only in degree; people say met to one, "
                "judges to both.",
                mend="Make one criterion with a `scale`.",
            )


def _degree_pair(one: Question, other: Question, reading: Reading) -> bool:
    words = reading.lists
    (left, left_degrees), (right, right_degrees) = (
        _without_degrees(one, reading, words),
        _without_degrees(other, reading, words),
    )
    return bool(left) and left == right and left_degrees != right_degrees


def _without_degrees(
    question: Question, reading: Reading, words: Words
) -> tuple[frozenset[str], frozenset[str]]:
    degree = re.compile(words.either("degree_words"))
    degrees = frozenset(degree.findall(question.ask.text))
    rest = reading.read(degree.sub(" ", question.ask.raw.lower()))
    return reading.content(rest), degrees


# ------------------------------------------------------------------------------ cross-reference


def cross_reference(reading: Reading) -> Iterator[LintFinding]:
    """Find criteria that lean on another one, which a judge may not be shown."""
    order = reading.lists.either("other_criteria")
    noun = r"(?:criterion|criteria|rubric items?|rubric entry|check|question in this rubric)"
    reference = re.compile(
        rf"{order}\s+{noun}(?!\w)|(?<![\w-])(?:criterion|criteria)\s+(?:\d+|[a-z]\b)"
        r"|(?<![\w-])same as (?:above|before)\b"
        r"|(?<![\w-])(?:the|see|as|listed|mentioned|described|stated|given|defined|named)\s+above"
        r"(?=\s*(?:[,;:.?)]|$))|(?<![\w-])the above\b"
    )
    field_above = re.compile(rf"{reading.lists.either('field_words')}\s+above(?=\s*(?:[,;:.?)]|$))")
    ids = {criterion.id for criterion in reading.rubric.criteria}
    for question in reading.questions:
        for field, prose in question.fields():
            match = reference.search(prose.text) or field_above.search(prose.text)
            span = (
                prose.span(match) if match else _quoted_id(prose.raw, ids - {question.criterion.id})
            )
            if not span:
                continue
            yield reading.finding(
                "cross-reference",
                "error",
                question.criterion,
                field=field,
                span=span,
                why="A criterion may be asked in a call of its own, where nothing stands above it.",
                mend="Make it self-contained, and name the field that it speaks of.",
            )
            break


def _quoted_id(raw: str, ids: set[str]) -> str:
    return next((m.group() for m in re.finditer(r"`([^`]+)`", raw) if m[1] in ids), "")


# ------------------------------------------------------------------------------------- id-reuse


def id_reuse(reading: Reading) -> Iterator[LintFinding]:
    """Find ids whose question became another one since the previous version."""
    if reading.previous is None:
        return
    for criterion in reading.rubric.criteria:
        before = reading.previous.by_id.get(criterion.id)
        if before is None or before.question == criterion.question:
            continue
        like = likeness(before.ask, criterion.ask)
        if like < REUSED:
            yield reading.finding(
                "id-reuse",
                "error",
                criterion,
                field="id",
                span=criterion.id,
                why="The id stands for another question, and old labels would seem to be its own.",
                mend="Give the new question a new id.",
            )
        elif before.ask != criterion.ask and same_letters(before, criterion) >= TYPO:
            yield reading.finding(
                "id-reuse",
                "info",
                criterion,
                field="ask",
                span=criterion.ask,
                why="The question changed a little, which ends its labels and agreement figures.",
                mend="If only the wording changed, weigh whether the change is worth new labels.",
            )
