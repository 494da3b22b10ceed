"""calibrate: a judge beside people on a week's outputs, as a library call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.api import ascore, load_judge, load_rubric, run_sync
from trueup.item.read import check_items, open_items
from trueup.label.naming import split_map
from trueup.runner.calibration.anchors import NO_ANCHORS, read_anchors, refuse_edited
from trueup.runner.calibration.arguments import (
    check_choices,
    check_criteria,
    check_numbers,
    label_sources,
)
from trueup.runner.calibration.history import read_file
from trueup.runner.calibration.run import Comparison, Options, in_one_sitting
from trueup.runner.calibration.unmeasured import Sought
from trueup.runner.calibration.week import sample_split, sample_week, week_to_measure
from trueup.runner.heldout import refuse_fields
from trueup.runner.labelling.imports import import_labels
from trueup.runner.leaks import refuse_shown_examples
from trueup.store.signals import held_out
from trueup.store.splits import splits
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trueup.agreement.designs import Design
    from trueup.item.model import Item
    from trueup.item.read import ItemSource
    from trueup.rubric.model import Rubric
    from trueup.runner.budget import Budget
    from trueup.runner.calibration.result import Calibration
    from trueup.runner.progress import Progress

TRIED = "tried"
"""How a run has ended that is no sitting: its verdicts are kept, and no later week counts it."""

_NOT_RECORDED = "Nothing was recorded: the ledger and what is drawn are as they were."


def calibrate(
    items: object,
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    labels: object | Sequence[object] = (),
    label_design: Design | None = None,
    anchors: str | Path | None = None,
    store: str | Path | Store | None = None,
    ledger: str | Path | None = None,
    week: str | None = None,
    sample: int | None = None,
    label_next: tuple[int, int] = (20, 2),
    criteria: Sequence[str] = (),
    split: str | None = None,
    bars: Mapping[str, float] | None = None,
    yearly_rate: float = 0.05,
    accepted: Sequence[str] = (),
    record: bool = True,
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    seed: int = 0,
    by: str = "trueup.calibrate",
    on_start: Callable[[Sought], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Calibration:
    """Compare a judge with people on a week's outputs, as `acalibrate` does, and wait for it.

    Works inside a running event loop too, as in a notebook.
    """
    return run_sync(
        acalibrate(
            items,
            rubric=rubric,
            judge=judge,
            labels=labels,
            label_design=label_design,
            anchors=anchors,
            store=store,
            ledger=ledger,
            week=week,
            sample=sample,
            label_next=label_next,
            criteria=criteria,
            split=split,
            bars=bars,
            yearly_rate=yearly_rate,
            accepted=accepted,
            record=record,
            concurrency=concurrency,
            budget=budget,
            field_map=field_map,
            timezone=timezone,
            seed=seed,
            by=by,
            on_start=on_start,
            on_progress=on_progress,
        )
    )


async def acalibrate(
    items: object,
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    labels: object | Sequence[object] = (),
    label_design: Design | None = None,
    anchors: str | Path | None = None,
    store: str | Path | Store | None = None,
    ledger: str | Path | None = None,
    week: str | None = None,
    sample: int | None = None,
    label_next: tuple[int, int] = (20, 2),
    criteria: Sequence[str] = (),
    split: str | None = None,
    bars: Mapping[str, float] | None = None,
    yearly_rate: float = 0.05,
    accepted: Sequence[str] = (),
    record: bool = True,
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    seed: int = 0,
    by: str = "trueup.calibrate",
    on_start: Callable[[Sought], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Calibration:
    """Judge a sample of a week's outputs with the anchors among them, and compare with people.

    Args:
        items: The log: what `trueup.score` takes. Where items have times, those of the week count.
        rubric: A rubric, its name, or its path.
        judge: A judge, its name, or its path; None where code checks decide every criterion.
        labels: Files or frames of labels to import first, or none. The same ones may come again.
        label_design: How the items of those labels were chosen: `random`, `stratified`,
            `case_control` or `other_period`. Labels of drawn items need none.
        anchors: A file of anchors, judged anew in every sitting.
        store: Where everything is kept; None for memory.
        ledger: A text file that gets a line a criterion and week, beside the store's own.
        week: ISO week, as 2026-W47; by default the last one with items that has ended, that of the
            newest item where none has, today's without times.
        sample: How many items of the week are judged; None for all.
        label_next: How many items to draw for labelling, and how many people are to label each.
        criteria: Ids of those to compare; none for all that a judge decides or people labelled.
        split: `dev` or `test`: judge the items of that split, of whatever week, measure on their
            stored labels, and leave ledger and draws alone. Reading the test split is logged.
        bars: tpr, tnr, accuracy or alpha -> what every criterion has to reach.
        yearly_rate: Share of years in which an alarm may be raised although nothing has changed,
            over all criteria together.
        accepted: Weeks up to whose alarms are known and accepted.
        record: Whether to add to the ledger and to draw what to label; False to try a judge out.
            What it says is kept in the store all the same, as it is paid for.
        concurrency: Calls at once; the judge's own cap by default.
        budget: Dollars, or a mapping with caps on dollars, tokens and calls.
        field_map: Field of an item or a label -> column, where the names are not understood.
        timezone: The zone of times that name none.
        seed: Of the sample, the order of judging and the draw.
        by: Who asks, for the log of who read the test split.
        on_start: Called once with what is about to be measured, before labels are read and
            anything is asked.
        on_progress: Called with the run's progress a few times a second.

    Raises:
        ConfigError: Something that was given cannot be used; nothing was asked.
        TooFewLabels: No item is of that week.
        CredentialsError: A key is missing, or the endpoint refused it.
        JudgeUnavailable: The judge cannot be reached; what was answered is kept.
    """
    named = [*accepted, *([] if week is None else [week])]
    check_choices(
        label_design=label_design, split=split, bars=bars or {}, label_next=label_next, weeks=named
    )
    check_numbers(yearly_rate=yearly_rate, sample=sample)
    rubric_ = load_rubric(rubric)
    check_criteria(rubric_, criteria)
    judge_ = None if judge is None else load_judge(judge)
    of_items, of_labels = split_map(field_map)
    given = list(items) if isinstance(items, Iterator) else items
    source = open_items(given, fields=of_items or None, timezone=timezone)
    known = _known(source)
    at, why = (week, "") if week else week_to_measure(known, now=datetime.now(UTC))
    occasion = at if split is None else f"{at} {split}"
    notes = [*([why] if why and split is None else []), *([] if record else [_NOT_RECORDED])]
    if on_start is not None:
        on_start(
            Sought(
                sitting=occasion,
                rubric=rubric_.name,
                rubric_version=rubric_.version,
                judge="code" if judge_ is None else judge_.name,
                source=source.name,
                store=str(store.where if isinstance(store, Store) else store or "memory"),
                ledger=None if ledger is None else str(ledger),
                split=split,
                yearly_rate=yearly_rate,
            )
        )
    frozen = NO_ANCHORS if anchors is None else read_anchors(Path(anchors), rubric_)
    if ledger is not None:
        read_file(Path(ledger))  # what is wrong with it is said before anything is spent
    opened = store if isinstance(store, Store) else Store.open(store)
    try:
        refuse_fields(source.fields, held_out(opened), where=source.name)
        if anchors is not None:
            refuse_edited(opened, frozen, rubric_, path=Path(anchors))
        imported = [
            import_labels(
                opened, one, rubric=rubric_, fields=of_labels or None, timezone=timezone, by=by,
                items=known, split="none" if label_design else "auto",
            )
            for one in label_sources(labels)
        ]  # fmt: skip
        refuse_shown_examples(opened, rubric_, items=known, anchors=frozen.items)
        ids = {item.id for item in frozen.items}
        chosen = (
            sample_week(known, week=at, n=sample, but=ids, seed=seed)
            if split is None
            else sample_split(known, split=split, parts=splits(opened), but=ids)
        )
        scores = await ascore(
            in_one_sitting(chosen, frozen, seed=seed),
            rubric=rubric_,
            judge=judge_,
            store=opened,
            concurrency=concurrency,
            budget=budget,
            occasion=occasion,
            on_progress=on_progress,
        )
        if not record and scores.row["status"] == "done":
            opened.end_run(scores.run, status=TRIED)  # later weeks do not look back on it
        options = Options(
            week=at,
            source=source.name,
            label_design=label_design,
            criteria=criteria,
            split=split,
            ledger=None if ledger is None else Path(ledger),
            label_next=label_next,
            bars=bars or {},
            yearly_rate=yearly_rate,
            accepted=accepted,
            record=record,
            seed=seed,
            by=by,
        )
        comparison = Comparison(opened, scores, options, sample=chosen, anchors=frozen)
        return comparison.run(
            new_labels=sum(one.new for one in imported),
            notes=[*notes, *(note for one in imported for note in one.notes)],
        )
    finally:
        if opened is not store:
            opened.close()


def _known(source: ItemSource) -> list[Item]:
    """Return the items of a source; reads it again only to say what is wrong with it."""
    items = list(source) if source.rereadable else []
    if not items or len({item.id for item in items}) < len(items):
        check_items(source)
    return items
