"""Flips: whose answers changed with the wording of a question, also called criteria drift."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueup.label.model import standing
from trueup.runner.labelling.own import answering, earlier
from trueup.runner.labelling.task import DEFER, Step, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion
    from trueup.runner.labelling.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One answer that changed."""

    item_id: str
    annotator: str | None
    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reworded:
    """What the new wording of one criterion did to its labels."""

    criterion: str
    n: int
    """Answers that the same person has given to both wordings."""
    flips: tuple[Flip, ...]


def flips(labels: Iterable[Label], criteria: Sequence[Criterion]) -> list[Reworded]:
    """Return what changed, for every criterion that somebody answered in two wordings.

    Args:
        labels: People's labels of these criteria, in whatever wording, in the order of recording.
        criteria: The criteria as they are asked now.
    """
    by_person: dict[str | None, list[Label]] = defaultdict(list)
    for label in labels:
        if label.unit_kind == "item":
            by_person[label.annotator].append(label)
    by_person.pop(None, None)  # nobody knows whether these are one person's
    pairs = [
        (old, new)
        for own in by_person.values()
        for old, new in _pairs(earlier(own, criteria), answering(own, criteria))
    ]
    return _reworded(pairs, criteria)


def flips_in(session: Session) -> list[Reworded]:
    """Return what has changed among the questions that a session asks again."""
    pairs = [
        (old, replace(old, value=session.answers[step].value))
        for task in session.tasks.values()
        for criterion, old in task.before.items()
        if not session.is_open(step := Step(task.item.id, criterion))
    ]
    return _reworded(pairs, session.rubric.criteria)


def _pairs(before: Mapping[Step, Label], now: Iterable[Label]) -> Iterator[tuple[Label, Label]]:
    for label in standing(now):
        old = before.get(Step(label.item_id, label.criterion))
        if old is not None and label.value != DEFER:
            yield old, label


def _reworded(
    pairs: Iterable[tuple[Label, Label]], criteria: Iterable[Criterion]
) -> list[Reworded]:
    of: dict[str, list[tuple[Label, Label]]] = defaultdict(list)
    for old, new in pairs:
        of[new.criterion].append((old, new))
    return [
        Reworded(
            criterion=criterion.id,
            n=len(of[criterion.id]),
            flips=tuple(
                Flip(item_id=new.item_id, annotator=new.annotator, before=before, now=now)
                for old, new in of[criterion.id]
                if (before := said(old.value, criterion)) != (now := said(new.value, criterion))
            ),
        )
        for criterion in criteria
        if criterion.id in of
    ]
