"""calibrate: a judge beside people on a week's outputs, as a library call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.api import ascore, load_judge, load_rubric, run_sync
from trueup.errors import ConfigError, DataError, did_you_mean
from trueup.item.read import check_items, open_items
from trueup.label.check import SKEW
from trueup.label.model import DESIGNS
from trueup.label.naming import split_map
from trueup.runner.calibration.anchors import NO_ANCHORS, read_anchors
from trueup.runner.calibration.history import read_file
from trueup.runner.calibration.run import Comparison, Options, in_one_sitting
from trueup.runner.calibration.week import bounds, sample_split, sample_week, week_of
from trueup.runner.labelling.imports import import_labels
from trueup.runner.leaks import refuse_shown_examples
from trueup.store.splits import splits
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trueup.agreement.designs import Design
    from trueup.item.model import Item
    from trueup.item.read import ItemSource
    from trueup.rubric.model import Rubric
    from trueup.runner.budget import Budget
    from trueup.runner.calibration.result import Calibration
    from trueup.runner.progress import Progress

BARS = ("tpr", "tnr", "accuracy", "alpha")


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
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    seed: int = 0,
    by: str = "trueup.calibrate",
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
            concurrency=concurrency,
            budget=budget,
            field_map=field_map,
            timezone=timezone,
            seed=seed,
            by=by,
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
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    seed: int = 0,
    by: str = "trueup.calibrate",
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
        week: ISO week, as 2026-W47; the week of the newest item by default, today's without times.
        sample: How many items of the week are judged; None for all.
        label_next: How many items to draw for labelling, and how many people are to label each.
        criteria: Ids of those to compare; none for all that a judge decides or people labelled.
        split: `dev` or `test`: judge the items of that split, of whatever week, measure on their
            stored labels, and leave ledger and draws alone. Reading the test split is logged.
        bars: tpr, tnr, accuracy or alpha -> what every criterion has to reach.
        yearly_rate: Share of years in which an alarm may be raised although nothing has changed,
            over all criteria together.
        accepted: Weeks up to whose alarms are known and accepted.
        concurrency: Calls at once; the judge's own cap by default.
        budget: Dollars, or a mapping with caps on dollars, tokens and calls.
        field_map: Field of an item or a label -> column, where the names are not understood.
        timezone: The zone of times that name none.
        seed: Of the sample, the order of judging and the draw.
        by: Who asks, for the log of who read the test split.
        on_progress: Called with the run's progress a few times a second.

    Raises:
        ConfigError: Something that was given cannot be used; nothing was asked.
        TooFewLabels: No item is of that week.
        CredentialsError: A key is missing, or the endpoint refused it.
        JudgeUnavailable: The judge cannot be reached; what was answered is kept.
    """
    _check(label_design=label_design, split=split, bars=bars or {}, label_next=label_next)
    _check_numbers(yearly_rate=yearly_rate, sample=sample)
    for name in (*accepted, *([] if week is None else [week])):
        bounds(name)
    rubric_ = load_rubric(rubric)
    for name in criteria:
        if name not in rubric_.by_id:
            mend = did_you_mean(name, rubric_.by_id)
            raise ConfigError(f"there is no criterion '{name}'", where=rubric_.name, mend=mend)
    judge_ = None if judge is None else load_judge(judge)
    of_items, of_labels = split_map(field_map)
    given = list(items) if isinstance(items, Iterator) else items
    source = open_items(given, fields=of_items or None, timezone=timezone)
    known = _known(source)
    frozen = NO_ANCHORS if anchors is None else read_anchors(Path(anchors), rubric_)
    if ledger is not None:
        read_file(Path(ledger))  # what is wrong with it is said before anything is spent
    opened = store if isinstance(store, Store) else Store.open(store)
    try:
        imported = [
            import_labels(
                opened, one, rubric=rubric_, fields=of_labels or None, timezone=timezone, by=by,
                items=known, split="none" if label_design else "auto",
            )
            for one in _listed(labels)
        ]  # fmt: skip
        refuse_shown_examples(opened, rubric_, items=known, anchors=frozen.items)
        at = week or _newest(known)
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
            occasion=at if split is None else f"{at} {split}",
            on_progress=on_progress,
        )
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
            seed=seed,
            by=by,
        )
        comparison = Comparison(opened, scores, options, sample=chosen, anchors=frozen)
        return comparison.run(
            new_labels=sum(one.new for one in imported),
            notes=[note for one in imported for note in one.notes],
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


def _check(
    *,
    label_design: str | None,
    split: str | None,
    bars: Mapping[str, float],
    label_next: tuple[int, int],
) -> None:
    if label_design is not None and label_design not in DESIGNS:
        mend = did_you_mean(label_design, DESIGNS)
        raise ConfigError(f"'{label_design}' is no label design", mend=mend)
    if split not in {None, "dev", "test"}:
        mend = "Measure on dev or test; judges learn from train"
        raise ConfigError(f"'{split}' is no split to measure on", mend=mend)
    for name, bar in bars.items():
        if name not in BARS:
            raise ConfigError(f"there is no bar '{name}'", mend=did_you_mean(name, BARS))
        if not 0 <= bar <= 1:
            raise ConfigError(f"the bar of {name} is {bar:g}", mend="Write a number from 0 to 1")
    items, people = label_next
    if items < 0 or people < 1:
        raise ConfigError(
            f"label_next is {items} items by {people} people", mend="Write for example (20, 2)"
        )


def _check_numbers(*, yearly_rate: float, sample: int | None) -> None:
    if not 0 < yearly_rate < 1:
        mend = "Write a share of years between 0 and 1, for example 0.05"
        raise ConfigError(f"the yearly rate of false alarms is {yearly_rate:g}", mend=mend)
    if sample is not None and sample < 1:
        raise ConfigError(f"the sample is of {sample} items", mend="Judge at least one")


def _listed(labels: object) -> list[object]:
    """Return sources of labels; a list of rows is one source, a list of files several."""
    if labels is None:
        return []
    if isinstance(labels, list | tuple):
        rows = any(isinstance(one, Mapping) for one in labels)
        return [list(labels)] if rows else list(labels)
    return [labels]


def _newest(items: Iterable[Item]) -> str:
    times = [item.timestamp for item in items if item.timestamp is not None]
    newest = max(times, default=datetime.now(UTC))
    if newest > datetime.now(UTC) + SKEW:
        what = f"the newest item is from the future ({newest:%Y-%m-%d %H:%M} UTC)"
        raise DataError(what, mend="Set the clock that wrote it, or name the week with --week")
    return week_of(newest)
