"""Task: one item that a person is to label, and the words for what there is to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.cells import answer as read_answer
from trueup.label.model import Label
from trueup.label.target import level_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trueup.item.model import Item
    from trueup.judge.verdict import Finding
    from trueup.label.model import Design
    from trueup.rubric.model import Criterion

NOT_APPLICABLE = "not_applicable"
CANNOT_TELL = "cannot_tell"
DEFER = "defer"
_KEYS = "1234567890"
MOST_LEVELS = len(_KEYS)


class Step(NamedTuple):
    """One question about one item."""

    item_id: str
    criterion: str


class Answer(NamedTuple):
    """What a person has said in one step; a note may stand alone."""

    value: str | float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One item that a person is to label."""

    item: Item
    criteria: tuple[str, ...]
    """What is asked about it, in the order of the rubric."""
    design: Design | None = None
    """How the item was chosen to be labelled."""
    probability: float | None = None
    split: str | None = None
    before: Mapping[str, Label] = field(default_factory=dict)
    """Criterion -> what the same person answered before its question changed."""
    verdicts: Mapping[str, Finding] | None = None
    """Criterion -> what the judge found; None where the person is not to know."""

    def label(self, criterion: Criterion, answer: Answer, *, annotator: str, at: datetime) -> Label:
        """Return the label that records an answer."""
        design, probability, split = self.design, self.probability, self.split
        old = self.before.get(criterion.id)
        if old is not None and design is None and split is None:
            design, probability, split = old.design, old.probability, old.split
        return Label(
            item_id=self.item.id,
            criterion=criterion.id,
            value=answer.value,
            annotator=annotator,
            labelled_at=at,
            question=criterion.question,
            split=split,
            design=design,
            probability=probability,
            saw_judge=self.verdicts is not None and criterion.id in self.verdicts,
            prelabelled=False,
            note=answer.note,
            group=self.item.group,
        )


def level_keys(criterion: Criterion) -> dict[str, str]:
    """Return key to press -> the level that it stands for.

    Levels that are digits are their own keys. Binaries ask for `met` first.
    """
    levels = [level.key for level in criterion.levels]
    if criterion.kind == "binary":
        levels.reverse()
    if all(len(key) == 1 and key.isdecimal() and key.isascii() for key in levels):
        return {key: key for key in levels}
    return dict(zip(_KEYS, levels, strict=False))


def answer_of(level: str) -> str | float:
    """Return a level's key as labels hold it: numbers are floats."""
    found = read_answer(level)
    return level if found is None else found


def said(value: str | float | None, criterion: Criterion) -> str:
    """Return an answer in words: a level's key, or what else was said."""
    level = level_of(value, criterion)
    if level is not None:
        return level
    return f"{value:g}" if isinstance(value, float) else str(value or "").replace("_", " ")
