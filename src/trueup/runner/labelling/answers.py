"""Answers: what a person's labels say now, and what each of them took the place of.

Labels are only ever added, so everything here follows from their order: a session that starts
again from the store has the same answers as the one that wrote them, and undoes the same.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from trueup.runner.labelling.task import Answer, Step

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trueup.label.model import Label

NOTHING = Answer()


class Change(NamedTuple):
    """One answer that took the place of another."""

    step: Step
    before: Answer


class Answers:
    """A person's answers to today's questions.

    Args:
        history: The person's labels, in the order in which they were recorded, with the criteria
            as they are called today.
    """

    def __init__(self, history: Iterable[Label] = ()) -> None:
        self._now: dict[Step, Answer] = {}
        self._times: dict[Step, datetime | None] = {}
        self._changes: list[Change] = []
        self._influenced: dict[Step, tuple[bool, bool]] = {}
        self.latest: datetime | None = None
        """When the last of them was given."""
        for label in history:
            self.take(label)

    def __getitem__(self, step: Step) -> Answer:
        return self._now.get(step, NOTHING)

    def __contains__(self, step: object) -> bool:
        """Tell whether anything was ever recorded of a step, be it undone by now."""
        return step in self._times

    @property
    def last(self) -> Change | None:
        """What undoing takes back; None where there is nothing."""
        return self._changes[-1] if self._changes else None

    @property
    def depth(self) -> int:
        """How often one can undo."""
        return len(self._changes)

    def influenced(self, step: Step) -> tuple[bool, bool]:
        """Tell whether the judge's answer was ever seen at a step, and whether one was filled in.

        Nobody unsees it: later answers to the same question are no blind ones either.
        """
        return self._influenced.get(step, (False, False))

    def take(self, label: Label) -> None:
        """Add a label; one that is older than what stands changes nothing.

        A label that says what stood before the last change, of the same step, undoes that change.
        """
        step = Step(label.item_id, label.criterion)
        saw, filled = self.influenced(step)
        self._influenced[step] = (saw or bool(label.saw_judge), filled or bool(label.prelabelled))
        if self._is_late(step, label.labelled_at):
            return
        now, before = Answer(label.value, label.note), self[step]
        if now == before:
            return
        if self.last == Change(step, now):
            self._changes.pop()
        else:
            self._changes.append(Change(step, before))
        self._now[step] = now

    def _is_late(self, step: Step, at: datetime | None) -> bool:
        known = self._times.get(step)
        if at is not None and at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        if at is not None and known is not None and at < known:
            return True
        self._times[step] = at
        if at is not None:
            self.latest = at if self.latest is None else max(at, self.latest)
        return False
