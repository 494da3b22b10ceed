"""Asking: which questions about which items a person is asked, given what is known already."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, did_you_mean
from trueup.item.model import Item
from trueup.label.model import standing
from trueup.runner.labelling.own import own_labels
from trueup.runner.labelling.task import DEFER, MOST_LEVELS, Step, Task
from trueup.runner.triage import Triage
from trueup.store.draws import answered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trueup.rubric.model import Criterion, Rubric
    from trueup.store.draws import Observed
    from trueup.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked what."""

    store: Store
    rubric: Rubric
    criteria: tuple[Criterion, ...]
    annotator: str
    again: bool = True
    """Whether to ask again where the wording has changed."""
    show_judge: bool = False


def named_criteria(rubric: Rubric, ids: Sequence[str] | None = None) -> tuple[Criterion, ...]:
    """Return the criteria of these ids, or all of a rubric's.

    Raises:
        ConfigError: The rubric has no such criterion.
    """
    for id_ in ids or ():
        if id_ not in rubric.by_id:
            hint = did_you_mean(id_, rubric.by_id)
            raise ConfigError(f"there is no criterion '{id_}'", where=rubric.name, mend=hint)
    return tuple(c for c in rubric.criteria if not ids or c.id in ids)


def asked_criteria(rubric: Rubric, ids: Sequence[str] | None = None) -> tuple[Criterion, ...]:
    """Return the criteria that people can be asked: those named, or all that a judge decides.

    Raises:
        ConfigError: The rubric has no such criterion, or code decides what is named.
    """
    found = tuple(c for c in named_criteria(rubric, ids) if c.check is None)
    if not found:
        what = "code decides " + (", ".join(ids) if ids else "every criterion")
        mend = "Name a criterion, or a rubric, that a judge decides"
        raise ConfigError(what, where=rubric.name, mend=mend)
    return found


def refuse_many_levels(criteria: Iterable[Criterion]) -> None:
    """Refuse a criterion with more levels than there are keys.

    Raises:
        ConfigError: There is one.
    """
    for criterion in criteria:
        if len(criterion.levels) > MOST_LEVELS:
            what = f"'{criterion.id}' has {len(criterion.levels)} levels, more than there are keys"
            mend = "Label it elsewhere, and: trueup label --import FILE; or leave it out with -c"
            raise ConfigError(what, mend=mend)


class Asking:
    """What a person is asked.

    Args:
        asked: Who is asked what.
        people: Item id -> how many people are to answer; items that are not in it, everybody.
    """

    def __init__(self, asked: Asked, people: Mapping[str, int] | None = None) -> None:
        self._asked = asked
        self._people = people or {}
        self._triage = Triage(asked.rubric, None)
        own = own_labels(asked.store, asked.criteria, annotator=asked.annotator)
        self.history = own.now
        """This person's labels of today's questions."""
        self._begun = {Step(label.item_id, label.criterion) for label in own.now}
        done = {Step(lb.item_id, lb.criterion) for lb in standing(own.now) if lb.value != DEFER}
        self._before = own.before if asked.again else {}
        self.again = self._before.keys() - done
        """Questions that were answered in an earlier wording, and not since."""
        self._full = self._taken(self._people)

    def task(self, task: Task) -> Task:
        """Return a task with all that is asked about its item; nothing where code decides it."""
        wanted = [
            step for step in self._steps(task.item) if step in self._begun or step not in self._full
        ]
        return self._with(task, wanted)

    def once_more(self, item: Item) -> Task:
        """Return the task to answer what has changed, and nothing else."""
        wanted = [step for step in self._steps(item) if step in self.again]
        return self._with(Task(item=item, criteria=()), wanted)

    def taken(self, item_id: str) -> set[Step]:
        """Return the questions about an item that enough others have answered by now."""
        return self._taken([item_id] if item_id in self._people else ())

    def _taken(self, ids: Collection[str]) -> set[Step]:
        questions = {criterion.question: criterion.id for criterion in self._asked.criteria}
        counts = answered(self._asked.store, questions, items=ids, but=self._asked.annotator)
        steps = {
            Step(item_id, questions[question])
            for (item_id, question), count in counts.items()
            if count >= self._people[item_id]
        }
        return steps - self._before.keys()

    def _steps(self, item: Item) -> list[Step]:
        settled = self._triage.sort(item).decided
        return [Step(item.id, c.id) for c in self._asked.criteria if c.id not in settled]

    def _with(self, task: Task, steps: Iterable[Step]) -> Task:
        names = tuple(step.criterion for step in steps)
        before = {
            name: self._before[step]
            for name in names
            if (step := Step(task.item.id, name)) in self._before
        }
        return replace(task, criteria=names, before=before)


def item_of(seen: Observed) -> Item | None:
    """Return an item as a run saw it; None where its text was forgotten."""
    if seen.body is None:
        return None
    body = json.loads(seen.body)
    given, output, context, reference, metadata, fault = body
    return Item(
        id=seen.item_id,
        input=given if isinstance(given, str) else tuple(given),
        output=output if isinstance(output, str) else tuple(output),
        context=context,
        reference=reference,
        metadata=metadata,
        fault=fault,
        group=seen.known.get("group"),
        segment=seen.known.get("segment"),
    )
