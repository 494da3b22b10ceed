"""Label: a person's answer, and which of a person's answers stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

UnitKind: TypeAlias = Literal["item", "pair", "session", "turn"]
Design: TypeAlias = Literal["random", "stratified", "case_control", "other_period"]

UNIT_KINDS: tuple[UnitKind, ...] = ("item", "pair", "session", "turn")
DESIGNS: tuple[Design, ...] = ("random", "stratified", "case_control", "other_period")
SPLITS = ("train", "dev", "test")

WITHOUT_VALUE = {
    "notapplicable": "not_applicable",
    "n/a": "not_applicable",
    "cannottell": "cannot_tell",
    "defer": "defer",
    "deferred": "defer",
}
"""Answers that say why there is no value, squashed -> as labels hold them; unless a criterion has
such a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A person's answer to one criterion for one unit."""

    item_id: str
    """The unit's id; of what kind of unit, `unit_kind` says."""
    criterion: str
    value: str | float | None
    """Numbers, also those written as text, are floats; anything else is text. None withdraws what
    the same person answered before."""
    annotator: str | None = None
    labelled_at: datetime | None = None
    """UTC."""
    question: str | None = None
    """The question hash that was answered; None for whatever the rubric asks."""
    unit_kind: UnitKind = "item"
    split: str | None = None
    design: Design | None = None
    """How the unit was chosen to be labelled."""
    probability: float | None = None
    """Probability in (0, 1] with which the unit was chosen to be labelled."""
    saw_judge: bool | None = None
    """Whether the person saw the judge's answer first."""
    prelabelled: bool | None = None
    """Whether the answer was filled in before the person came to it."""
    note: str | None = None
    group: str | None = None
    """Labels of one group are not independent."""


def standing(labels: Iterable[Label], *, questions: Mapping[str, str] | None = None) -> list[Label]:
    """Return the labels that no later label of the same person supersedes, none of them withdrawn.

    Labels answer the same where unit and question hash are the same; where no hash is known, the
    criterion's id stands for it. Of two labels of which one has no time, the one that comes later
    supersedes. Labels without an annotator may be of different people, so that none supersedes
    another.

    Args:
        labels: In the order in which they were recorded.
        questions: Criterion -> the question hash of labels that carry none.
    """
    known = questions or {}
    latest: dict[object, Label] = {}
    for number, label in enumerate(labels):
        key: object = number
        if label.annotator is not None:
            asked = label.question or known.get(label.criterion)
            what = ("question", asked) if asked else ("criterion", label.criterion)
            key = (label.unit_kind, label.item_id, label.annotator, *what)
        before = latest.get(key)
        if before is None or not _older(label, before):
            latest[key] = label
    return [label for label in latest.values() if label.value is not None]


def _older(label: Label, other: Label) -> bool:
    if label.labelled_at is None or other.labelled_at is None:
        return False
    return _aware(label.labelled_at) < _aware(other.labelled_at)


def _aware(at: datetime) -> datetime:
    """Return a time that can be compared; `validate` refuses those that name no zone."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
