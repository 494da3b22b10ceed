"""Rules on criteria beside each other, and on a criterion beside its earlier self."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from trueup.rubric.lint.prose import jaccard
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import CONTAINED, CONTAINED_WORDS, OVERLAP, REUSED, TYPO
from trueup.rubric.similarity import likeness, same_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.reading import Question, Reading


@Rule(
    "overlap",
    "warn",
    detects="Two criteria of the same sign that ask nearly the same.",
    mend="Merge the two, or state the difference in both questions.",
)
def overlap(reading: Reading) -> Iterator[Remark]:
    """Find two criteria of the same sign that ask the same."""
    for one, other in combinations(reading.questions, 2):
        same_sign = one.criterion.penalty == other.criterion.penalty
        if same_sign and _overlap(one, other, reading) and not _degree_pair(one, other, reading):
            why = f"It asks nearly the same as '{one.criterion.id}', so one thing counts twice."
            yield Remark(other.criterion, Hit("ask", other.ask.raw), why)


def _overlap(one: Question, other: Question, reading: Reading) -> bool:
    left, right = reading.content(one.ask), reading.content(other.ask)
    if not left or not right or _one_word_swapped(one.ask.words, other.ask.words):
        return False
    shorter = min(left, right, key=len)
    contained = len(left & right) >= CONTAINED * len(shorter)
    return jaccard(left, right) >= OVERLAP or (len(shorter) >= CONTAINED_WORDS and contained)


def _one_word_swapped(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether two questions share their frame and differ in one word: fee, date."""
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) == 1


@Rule(
    "exclusive-pair",
    "warn",
    detects="Two binaries that differ only in degree: fully and partly, always and sometimes.",
    mend="Make one criterion with a `scale`.",
)
def exclusive_pair(reading: Reading) -> Iterator[Remark]:
    """Find two binaries that are two levels of one scale."""
    binaries = [question for question in reading.questions if question.criterion.kind == "binary"]
    for one, other in combinations(binaries, 2):
        if _degree_pair(one, other, reading):
            name = one.criterion.id
            why = f"It differs from '{name}' only in degree; people say met to one, judges to both."
            yield Remark(other.criterion, Hit("ask", other.ask.raw), why)


def _degree_pair(one: Question, other: Question, reading: Reading) -> bool:
    degree = reading.words.pattern("degree_words")
    left, right = (
        reading.content(reading.read(degree.sub(" ", question.ask.raw.lower())))
        for question in (one, other)
    )
    degrees = {frozenset(degree.findall(question.ask.text)) for question in (one, other)}
    return bool(left) and left == right and len(degrees) > 1


@Rule(
    "cross-reference",
    "error",
    detects="'As above', 'the previous criterion', another criterion's id.",
    mend="Make it self-contained, and name the field that it speaks of.",
)
def cross_reference(reading: Reading) -> Iterator[Remark]:
    """Find criteria that lean on another one, which a judge may not be shown."""
    words = reading.words
    noun = r"(?:criterion|criteria|rubric items?|rubric entry|check|question in this rubric)"
    end = r"(?=\s*(?:[,;:.?)]|$))"
    reference = re.compile(
        rf"{words.either('other_criteria')}\s+{noun}(?!\w)"
        r"|(?<![\w-])(?:criterion|criteria)\s+(?:\d+|[a-z]\b)"
        r"|(?<![\w-])same as (?:above|before)\b|(?<![\w-])the above\b"
        r"|(?<![\w-])(?:the|see|as|listed|mentioned|described|stated|given|defined|named)\s+above"
        rf"{end}|{words.either('field_words')}\s+above{end}"
    )
    for question in reading.questions:
        hit = question.find(reference) or _quoted_id(question, {*reading.rubric.by_id})
        if hit:
            why = "A criterion may be asked in a call of its own, where nothing stands above it."
            yield Remark(question.criterion, hit, why)


def _quoted_id(question: Question, ids: set[str]) -> Hit | None:
    others = ids - {question.criterion.id}
    for field, prose in question.fields():
        for match in re.finditer(r"`([^`]+)`", prose.raw):
            if match[1] in others:
                return Hit(field, match.group())
    return None


@Rule(
    "id-reuse",
    "error",
    otherwise="info where only a few letters changed",
    detects="An id that stands for another question than in the previous version.",
    mend="Give the new question a new id.",
    words=False,
)
def id_reuse(reading: Reading) -> Iterator[Remark]:
    """Find ids whose question became another one since the previous version."""
    earlier = reading.previous.by_id if reading.previous else {}
    for criterion in reading.rubric.criteria:
        before = earlier.get(criterion.id)
        if before is None or before.question == criterion.question:
            continue
        if likeness(before.ask, criterion.ask) < REUSED:
            why = "The id stands for another question, and old labels would seem to be its own."
            yield Remark(criterion, Hit("id", criterion.id), why)
        elif before.ask != criterion.ask and same_letters(before, criterion) >= TYPO:
            why = "The question changed a little, which ends its labels and agreement figures."
            mend = "If only the wording changed, weigh whether the change is worth new labels."
            yield Remark(criterion, Hit("ask", criterion.ask), why, mend, "info")
