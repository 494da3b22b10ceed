"""Own: what a person has answered before, to today's questions and to earlier wordings of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.model import standing
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


def answering(labels: Iterable[Label], criteria: Iterable[Criterion]) -> list[Label]:
    """Return the labels that answer today's questions, under the ids that criteria have today."""
    asked = {criterion.question: criterion.id for criterion in criteria}
    own = {(criterion.question, criterion.id) for criterion in criteria}
    return [
        label
        if (label.question, label.criterion) in own
        else replace(label, criterion=asked[label.question])
        for label in labels
        if label.question in asked
    ]


def earlier(labels: Iterable[Label], criteria: Iterable[Criterion]) -> dict[Step, Label]:
    """Return the last standing answer of one person to an earlier wording, by step."""
    asked = {criterion.id: criterion.question for criterion in criteria}
    old = [lb for lb in labels if lb.criterion in asked and lb.question != asked[lb.criterion]]
    held = sorted(standing(old), key=lambda label: label.labelled_at or _EVER)
    return {Step(lb.item_id, lb.criterion): lb for lb in held if lb.value != DEFER}
