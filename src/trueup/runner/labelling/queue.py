"""Queue: what one person is to label, of a calibration's draw or of a file, in which order.

Questions whose wording has changed since the person answered them come first. The rest is in an
order that differs from person to person and stays: a random one, so that where people stop early
what they did is a sample too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueup.agreement.splits import ticket
from trueup.agreement.stream import Reservoir
from trueup.errors import ConfigError
from trueup.item.model import Item
from trueup.item.read import check_items
from trueup.label.model import DESIGNS
from trueup.runner.labelling.asking import Asking, item_of
from trueup.runner.labelling.parts import decide_parts
from trueup.runner.labelling.shown import runs_of, shown_findings
from trueup.runner.labelling.task import Task
from trueup.store.draws import draws, observed
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trueup.item.read import ItemSource
    from trueup.label.model import Label
    from trueup.rubric.model import Rubric
    from trueup.runner.labelling.asking import Asked
    from trueup.runner.labelling.task import Step
    from trueup.store.draws import Drawn
    from trueup.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What one person is to label."""

    source: str
    """The sitting, or the file."""
    tasks: tuple[Task, ...]
    history: tuple[Label, ...]
    """What this person has answered so far."""
    taken: Callable[[str], set[Step]]
    """Item id -> the questions about it that enough others have answered by now."""
    notes: tuple[str, ...] = ()
    """What was left out, in a sentence each."""


def last_draw(store: Store, rubric: Rubric) -> list[Drawn]:
    """Return what the last sitting of a rubric has drawn to be labelled."""
    runs = runs_of(store, rubric)
    every = [drawn for drawn in draws(store) if drawn.run in runs]
    return [drawn for drawn in every if drawn.sitting == every[-1].sitting]


def drawn_queue(asked: Asked) -> Queue:
    """Return what the last calibration has drawn, as far as it is this person's to label.

    Raises:
        ConfigError: Nothing was drawn, and no question has changed.
    """
    drawn = last_draw(asked.store, asked.rubric)
    asking = Asking(asked, {one.item_id: one.people for one in drawn})
    if not drawn and not asking.again:
        what = f"nothing was drawn to be labelled with rubric {asked.rubric.name}"
        mend = "Name a file: trueup label outputs.jsonl --sample 50; or run trueup calibrate"
        raise ConfigError(what, where=asked.store.where, mend=mend)
    items = _drawn_items(asked.store, drawn)
    tasks = [
        Task(
            item=items[one.item_id],
            criteria=(),
            design=next((design for design in DESIGNS if design == one.design), None),
            probability=one.probability,
        )
        for one in drawn
        if one.item_id in items
    ]
    run = drawn[-1].run if drawn else None
    source = drawn[-1].sitting if drawn else asked.rubric.name
    return _queue(asked, asking, tasks, source=source, run=run, lost=len(drawn) - len(items))


def file_queue(
    asked: Asked, items: ItemSource, *, sample: int | None = None, parts: bool | None = None
) -> Queue:
    """Return the items of a file, or a random sample of them, the same one every time.

    Args:
        asked: Who is asked what.
        items: The file.
        sample: How many to draw; None for all.
        parts: Whether labels get a part of the split; by default where nothing is drawn.

    Raises:
        DataError: The items cannot be read.
        StoreError: The split cannot be written.
    """
    check_items(items)
    asking = Asking(asked)
    again = {step.item_id for step in asking.again}
    kept: list[Item] = []
    log = None if sample is None else Reservoir[Item](sample, uniform=1, purpose="label")
    for found in items:
        if found.fault is None:
            item = replace(found, id=storable(found.id))
            if log is not None:
                log.add(item.id, item)
            if log is None or item.id in again:
                kept.append(item)
    if log is None:
        tasks = [Task(item=item, criteria=()) for item in kept]
    else:
        drawn = log.sample()
        tasks = [
            Task(item=item, criteria=(), design="random", probability=chance)
            for item, chance in zip(drawn.items, drawn.probabilities, strict=True)
        ]
    if parts or (parts is None and log is None):
        tasks = _in_parts(asked.store, tasks)
    return _queue(asked, asking, tasks, source=items.name, at_hand=kept)


def _drawn_items(store: Store, drawn: Iterable[Drawn]) -> dict[str, Item]:
    """Return the items that were drawn, without those that were forgotten."""
    by_run: dict[int, list[str]] = {}
    for one in drawn:
        by_run.setdefault(one.run, []).append(one.item_id)
    seen = (
        found for run, ids in by_run.items() for found in observed(store, ids, run=run).values()
    )
    return {found.item_id: item for found in seen if (item := item_of(found)) is not None}


def _in_parts(store: Store, tasks: list[Task]) -> list[Task]:
    groups = [storable(task.item.group or task.item.id) for task in tasks]
    parts = decide_parts(store, groups, strata=[task.item.segment for task in tasks])
    return [replace(task, split=parts[group]) for task, group in zip(tasks, groups, strict=True)]


def _queue(
    asked: Asked,
    asking: Asking,
    tasks: list[Task],
    *,
    source: str,
    run: int | None = None,
    lost: int = 0,
    at_hand: Iterable[Item] = (),
) -> Queue:
    """Return the queue of some tasks, and of what is to be asked again besides.

    What is at hand of that need not be in the store. The judge is shown as of a run, by default the
    rubric's last.
    """
    held = {task.item.id for task in tasks}
    others = {step.item_id for step in asking.again} - held
    again = {item.id: item for item in at_hand if item.id in others}
    rest = observed(asked.store, others - again.keys()).values()
    again |= {seen.item_id: item for seen in rest if (item := item_of(seen)) is not None}
    asked_about = [
        *(asking.task(task) for task in tasks),
        *(asking.once_more(item) for item in again.values()),
    ]
    open_ = [task for task in asked_about if task.criteria]
    open_.sort(key=lambda task: (not task.before, turn(task.item.id, asked.annotator)))
    if asked.show_judge:
        last = max(runs_of(asked.store, asked.rubric), default=None) if run is None else run
        found = shown_findings(asked.store, [t.item for t in open_], asked.rubric, run=last)
        open_ = [replace(task, verdicts=found.get(task.item.id, {})) for task in open_]
    lost += len(others) - len(again)
    gone = f"Left out, because their text was forgotten or is not in the store: {lost}"
    return Queue(
        source=source,
        tasks=tuple(open_),
        history=asking.history,
        taken=asking.taken,
        notes=(gone,) if lost else (),
    )


def turn(item_id: str, annotator: str) -> int:
    """Return an item's place in one person's order, as a number to sort by."""
    return ticket(f"{annotator}\0{item_id}", purpose="label order")
