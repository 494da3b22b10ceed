"""Own: what a person has answered before, to today's questions and to earlier wordings of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.model import standing
from trueup.label.naming import asked_today
from trueup.runner.labelling.task import DEFER, Step
from trueup.store.draws import labels_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion
    from trueup.store.store import Store

_EVER = datetime.min.replace(tzinfo=UTC)


class Own(NamedTuple):
    """One person's labels of some criteria."""

    now: tuple[Label, ...]
    """Those that answer today's questions, in the order of recording, withdrawn ones too."""
    before: Mapping[Step, Label]
    """The last answer to an earlier wording, where one stands."""


def own_labels(store: Store, criteria: Sequence[Criterion], *, annotator: str) -> Own:
    """Return what a person has answered, in the test split too: it is told to nobody else."""
    mine = labels_by(
        store,
        annotator,
        criteria=[criterion.id for criterion in criteria],
        questions=[criterion.question for criterion in criteria],
    )
    return Own(tuple(answering(mine, criteria)), earlier(mine, criteria))


def answering(labels: Iterable[Label], criteria: Sequence[Criterion]) -> list[Label]:
    """Return the labels that answer today's questions, under the ids that criteria have today."""
    asked = {criterion.question for criterion in criteria}
    return [label for label in asked_today(labels, criteria) if label.question in asked]


def earlier(labels: Iterable[Label], criteria: Sequence[Criterion]) -> dict[Step, Label]:
    """Return the last standing answer of one person to an earlier wording, by step.

    Where a wording comes back, what was answered to it before counts, and another one is no
    earlier wording any more.
    """
    today = {criterion.id: criterion.question for criterion in criteria}
    named = [label for label in asked_today(labels, criteria) if label.criterion in today]
    before: dict[Step, Label] = {}
    answered: set[Step] = set()
    for label in sorted(
        standing(named), key=lambda lb: (_when(lb), lb.question == today[lb.criterion])
    ):
        step = Step(label.item_id, label.criterion)
        if label.value == DEFER:
            continue
        if label.question == today[label.criterion]:
            answered.add(step)
        elif step not in answered:
            before[step] = label
    return before


def _when(label: Label) -> datetime:
    return label.labelled_at or _EVER
