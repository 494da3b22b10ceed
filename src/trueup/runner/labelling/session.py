"""Session: one person answers questions about items, key by key; a state machine without I/O.

    session = Session(tasks, rubric, annotator="ana", history=labels)
    label = session.press("1", at=now)      # the label to record, where the key made one

What was answered follows from labels alone (`Answers`): written down at once, they are all that
has to be kept to go on later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from trueup.runner.labelling.answers import Answers
from trueup.runner.labelling.line import Line
from trueup.runner.labelling.task import (
    CANNOT_TELL,
    DEFER,
    NOT_APPLICABLE,
    Answer,
    Step,
    answer_of,
    level_keys,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion, Rubric
    from trueup.runner.labelling.task import Task

Mode: TypeAlias = Literal["asking", "note", "help"]

PASTED = "paste:"
"""What the key begins with that stands for pasted text."""
AT_OUTPUT = -1
"""The first line of the output, as `Session.top` says it before anybody has counted lines."""
_TICK = timedelta(microseconds=1)
_OUTSIDE = {"a": NOT_APPLICABLE, "c": CANNOT_TELL}


class Progress(NamedTuple):
    """How far a session has come."""

    item: int
    """The number of the item at hand, from 1."""
    items: int
    question: int
    """The number of the question about this item, from 1."""
    questions: int
    answered: int
    """Questions, over all items."""
    deferred: int
    steps: int


class Session:
    """What one person is asked, and where they are.

    Args:
        tasks: The items in the order in which they are shown.
        rubric: The rubric that asks.
        annotator: Who answers.
        history: This person's labels so far, in the order of recording.

    Raises:
        ValueError: There is no task.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        rubric: Rubric,
        *,
        annotator: str,
        history: Iterable[Label] = (),
    ) -> None:
        self.rubric = rubric
        self.annotator = annotator
        self.tasks = {task.item.id: task for task in tasks}
        self.steps = [
            Step(id_, criterion) for id_, task in self.tasks.items() for criterion in task.criteria
        ]
        if not self.steps:
            raise ValueError("there is nothing to label; make a session of one task or more")
        mine = set(self.steps)
        self.answers = Answers(
            label for label in history if Step(label.item_id, label.criterion) in mine
        )
        self._count()
        self.before = self.answered
        """Questions that were answered when the session began."""
        self.place = self._next(-1)
        self.mode: Mode = "asking"
        self.line = Line()
        self.top = 0
        """The first line of the item's text, or of the help, that is shown.

        It may be past the end: whoever shows it knows how long the text is, and puts it right.
        """
        self._top = 0
        self.message = ""
        """What the last key did, where the screen does not show it."""
        self.over = False
        self.overtaken = False
        """Whether others have answered all of it before this person began."""

    # --- what is shown ---------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether the person is past the last question."""
        return self.place == len(self.steps)

    @property
    def step(self) -> Step:
        """The step at hand; the last one, past the end."""
        return self.steps[min(self.place, len(self.steps) - 1)]

    @property
    def task(self) -> Task:
        """The item at hand."""
        return self.tasks[self.step.item_id]

    @property
    def criterion(self) -> Criterion:
        """The question at hand."""
        return self.rubric.by_id[self.step.criterion]

    @property
    def answer(self) -> Answer:
        """What was answered to it so far."""
        return self.answers[self.step]

    @property
    def progress(self) -> Progress:
        """How far the session has come."""
        here = self._of_item[self.step.item_id]
        return Progress(
            item=self._number[self.step.item_id],
            items=len(self._of_item),
            question=here.index(self.step.criterion) + 1,
            questions=len(here),
            answered=self.answered,
            deferred=self.deferred,
            steps=len(self.steps),
        )

    def is_deferred(self, step: Step) -> bool:
        """Tell whether a question was put off."""
        value = self.answers[step].value
        return value == DEFER and DEFER not in self.rubric.by_id[step.criterion].values

    def is_open(self, step: Step) -> bool:
        """Tell whether a question is still to be answered, put off or not."""
        return self.answers[step].value is None or self.is_deferred(step)

    def _count(self) -> None:
        self._of_item: dict[str, list[str]] = {}
        for step in self.steps:
            self._of_item.setdefault(step.item_id, []).append(step.criterion)
        self._number = {id_: number for number, id_ in enumerate(self._of_item, 1)}
        self.answered = sum(not self.is_open(step) for step in self.steps)
        self.deferred = sum(map(self.is_deferred, self.steps))

    # --- what keys do ----------------------------------------------------------------------

    def press(self, key: str, *, at: datetime, page: int = 10) -> Label | None:
        """Take a key; return the label that it makes, to be recorded before anything else.

        Args:
            key: A character, or the name of a key: left, enter, pgdn, ...
            at: This moment.
            page: How many lines of text are shown at once.
        """
        self.message = ""
        if self.mode == "note" and key != "eof":
            return self._edit(key, at)
        if self._look(key, page):
            return None
        if key in {"u", "U"}:
            return self._undo(at)
        return None if self.done else self._answer(key, at)

    def drop(self, taken: Collection[Step]) -> None:
        """Take questions out that enough others have answered, unless this person has begun."""
        gone = {step for step in taken if step not in self.answers}
        left = [step for step in self.steps if step not in gone]
        if len(left) == len(self.steps):
            return
        if not left:
            self.over = self.overtaken = True
            return
        here = self.steps[self.place :]
        after = next((step for step in here if step not in gone), None)
        moved = bool(here) and here[0] in gone
        self.steps = left
        self._count()
        self.place = len(left) if after is None else left.index(after)
        if moved:
            self.place, self.top = self._next(self.place - 1), 0

    def _look(self, key: str, page: int) -> bool:
        """Take a key that answers nothing; tell whether it was one."""
        scrolled = _SCROLL.get(key)
        if key == "eof":
            self.over = True
        elif scrolled is not None:
            self.top = max(scrolled(self.top, page), 0)
        elif self.mode == "help":
            self.mode, self.top = "asking", self._top
        elif key == "?":
            self._top = self.top
            self.mode, self.top = "help", 0
        elif key in {"o", "O"}:
            self.top = AT_OUTPUT
        elif key in {"left", "right"}:
            self._move(-1 if key == "left" else 1)
        elif key in {"q", "Q"} or (self.done and key == "enter"):
            self.over = True
        elif key.startswith(PASTED):
            self.message = "Pasted text is taken for a note alone: n"
        else:
            return False
        return True

    def _answer(self, key: str, at: datetime) -> Label | None:
        if key in {"n", "N"}:
            self.mode, self.line = "note", Line.of(self.answer.note or "")
            return None
        if key in {"d", "D"} and DEFER not in self.criterion.values:
            return self._defer(at)
        level = level_keys(self.criterion).get(key)
        value = _OUTSIDE.get(key.lower()) if level is None else answer_of(level)
        if value is None:
            self.message = "This key answers nothing here; ? lists the keys" if key else ""
            return None
        return self._give(self.answer._replace(value=value), at)

    def _defer(self, at: datetime) -> Label | None:
        if not self.is_deferred(self.step):
            return self._give(self.answer._replace(value=DEFER), at)
        here = self.place
        self._go(self._next(here))
        if self.place == here:
            self.message = "Nothing else is left; q keeps it deferred"
        return None

    def _give(self, answer: Answer, at: datetime) -> Label | None:
        """Record an answer and go on to what is to be answered next."""
        label = self._record(self.step, answer, at) if answer != self.answer else None
        self._go(self._next(self.place))
        return label

    def _edit(self, key: str, at: datetime) -> Label | None:
        if key.startswith(PASTED):
            self.line.insert(key.removeprefix(PASTED))
        elif key == "esc":
            self.mode = "asking"
        elif key == "enter":
            self.mode = "asking"
            note = self.line.text.strip() or None
            if note != self.answer.note:
                return self._record(self.step, self.answer._replace(note=note), at)
        else:
            self.line.press(key)
        return None

    def _undo(self, at: datetime) -> Label | None:
        change = self.answers.last
        if change is None:
            self.message = "There is nothing to undo"
            return None
        label = self._record(change.step, change.before, at)
        self._go(self.steps.index(change.step))
        self.message = f"Undone: {change.step.criterion} of {change.step.item_id}"
        return label

    def _record(self, step: Step, answer: Answer, at: datetime) -> Label:
        latest = self.answers.latest
        moment = at if latest is None else max(at, latest + _TICK)  # clocks are set back
        criterion = self.rubric.by_id[step.criterion]
        label = self.tasks[step.item_id].label(
            criterion, answer, annotator=self.annotator, at=moment
        )
        saw, filled = self.answers.influenced(step)
        if saw or filled:
            label = replace(label, saw_judge=saw or label.saw_judge, prelabelled=filled)
        self.answered += self.is_open(step)
        self.deferred -= self.is_deferred(step)
        self.answers.take(label)
        self.answered -= self.is_open(step)
        self.deferred += self.is_deferred(step)
        return label

    def _move(self, by: int) -> None:
        to = self.place + by
        if to < 0:
            self.message = "This is the first question"
        elif to >= len(self.steps) and not self.done and self._next(self.place) != len(self.steps):
            self.message = "This is the last question; some before it are open"
        else:
            self._go(min(to, len(self.steps)))

    def _go(self, place: int) -> None:
        item = None if self.done else self.step.item_id
        self.place = place
        if self.done or self.step.item_id != item:
            self.top = 0

    def _next(self, here: int) -> int:
        """Return the next open place, deferred ones last; past the end where there is none."""
        behind, ahead = range(here + 1), range(here + 1, len(self.steps))
        for place in chain(ahead, behind):
            if self.answers[self.steps[place]].value is None:
                return place
        put_off = (n for n in chain(ahead, behind) if self.is_deferred(self.steps[n]))
        return next(put_off, len(self.steps)) if self.deferred else len(self.steps)


_SCROLL: dict[str, Callable[[int, int], int]] = {
    "j": lambda top, _: top + 1,
    "down": lambda top, _: top + 1,
    "k": lambda top, _: top - 1,
    "up": lambda top, _: top - 1,
    " ": lambda top, page: top + page,
    "pgdn": lambda top, page: top + page,
    "b": lambda top, page: top - page,
    "pgup": lambda top, page: top - page,
    "g": lambda _top, _page: 0,
    "home": lambda _top, _page: 0,
    "G": lambda top, _: top + 10**9,
    "end": lambda top, _: top + 10**9,
}
