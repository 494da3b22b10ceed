"""A rubric with criteria of every kind, items, and sessions that keep what they record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trueup.item.model import Item
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.runner.labelling.session import Session
from trueup.runner.labelling.task import Step, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.label.model import Label
    from trueup.runner.labelling.task import Answer

START = datetime(2026, 11, 16, 9, tzinfo=UTC)


def levels(*keys: str) -> tuple[Level, ...]:
    return tuple(
        Level(key, f"It is {key}.", place / (len(keys) - 1)) for place, key in enumerate(keys)
    )


SOUND = Criterion("sound", "Is it sound?", levels("unmet", "met"))
TONE = Criterion("tone", "How fitting is it?", levels("0", "1", "2"), kind="scale")
END = Criterion("end", "What became of it?", levels("refused", "moved", "done"), kind="choices")
LONG = Criterion("long", "Is it longer than a page?", (), check={"max_words": 400})
RUBRIC = Rubric(name="reply", task="Reply.", criteria=(SOUND, TONE, END))


def item(name: str, **others: Any) -> Item:
    return Item(id=name, input=f"Question {name}?", output=f"Reply to {name}.", **others)


def task(name: str, *criteria: str, **others: Any) -> Task:
    return Task(item=item(name), criteria=criteria or ("sound", "tone", "end"), **others)


TASKS = (task("i1"), task("i2", "sound"), task("i3", "tone", "end"))
STEPS = tuple(Step(one.item.id, criterion) for one in TASKS for criterion in one.criteria)


@dataclass
class Desk:
    """A session whose clock ticks a second a key, and what it has recorded."""

    tasks: Sequence[Task] = TASKS
    rubric: Rubric = RUBRIC
    history: Sequence[Label] = ()
    at: datetime = START
    labels: list[Label] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = Session(self.tasks, self.rubric, annotator="ana", history=self.history)

    def press(self, *keys: str) -> Label | None:
        """Press keys; return what the last of them recorded."""
        label = None
        for key in keys:
            self.at += timedelta(seconds=1)
            label = self.session.press(key, at=self.at)
            if label is not None:
                self.labels.append(label)
        return label

    def answers(self, steps: Iterable[Step] = STEPS) -> dict[Step, Answer]:
        """Return what is visible."""
        return {step: self.session.answers[step] for step in steps}
