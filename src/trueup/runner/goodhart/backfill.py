"""backfill: judge a sample of past logs in one sitting, so that history is there on day one.

Some items of each period are drawn, and all of them judged in one sitting: in an order that hangs
on nothing, by a judge that is not told when an output was made. Whatever the judge is like that
day, it is like that for all periods: no drift of the judge can look like a change of the system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.api import load_judge, load_rubric, price_finder, run_sync
from trueup.errors import ConfigError
from trueup.goodhart.spec import span
from trueup.item.read import check_items, open_items
from trueup.runner.budget import Budget
from trueup.runner.calibration.anchors import read_anchors, refuse_edited
from trueup.runner.goodhart.backfill_run import Asked, Work
from trueup.runner.goodhart.backfill_window import moment
from trueup.runner.goodhart.blind import Blind
from trueup.runner.goodhart.sitting import stored_anchors
from trueup.runner.heldout import refuse_fields
from trueup.runner.require import require_judge, require_keys, require_prices
from trueup.store.signals import held_out
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, timedelta

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.runner.goodhart.backfill_result import BackfillResult
    from trueup.runner.progress import Progress

Caps = float | Mapping[str, float] | Budget | None


def backfill(items: object, **options: Any) -> BackfillResult:  # noqa: ANN401 - as abackfill's
    """Judge a sample of each period of a log in one sitting, as `abackfill` does, and wait for it.

    Works inside a running event loop too, as in a notebook.
    """
    return run_sync(abackfill(items, **options))


async def abackfill(
    items: object,
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    store: str | Path | Store | None = None,
    per_period: int | None = None,
    period: str | timedelta = "7d",
    since: str | date | None = None,
    until: str | date | None = None,
    repeat: float = 0.5,
    anchors: str | Path | bool = True,
    by_segment: bool = False,
    extend: str | None = None,
    sitting: str | None = None,
    seed: int = 0,
    plan: bool = False,
    concurrency: int | None = None,
    budget: Caps = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> BackfillResult:
    """Judge a sample of each period of a log in one sitting.

    The draw is in the store before the first question: the same call goes on with it after a
    budget, a failure or a kill, and asks nothing twice.

    Args:
        items: The log: what `trueup.score` takes, with timestamps.
        rubric: A rubric, its name, or its path.
        judge: A judge, its name, or its path; None where code checks decide every criterion.
        store: Where everything is kept; None for memory.
        per_period: Items drawn of each period; 200 where left out, half as many as that sitting
            had with `extend`.
        period: Length of a period, as '7d'; that of the watch.
        since: Start of the first period; midnight (UTC) of the first item's day where left out.
        until: End of the last period; the last whole one of the log where left out.
        repeat: Share of the drawn items that is judged twice, which tells how much of a score is
            noise.
        anchors: A file of anchors to judge among the items; True for those that the rubric's last
            sitting in the store had, if any; False for none.
        by_segment: Whether rare segments get more than their part.
        extend: Name of an earlier sitting to do again, over its periods and those since: its
            window's start, period, repeat, seed and segments are taken over.
        sitting: Its name; made of window and judge where left out. An existing one is gone on with.
        seed: Another seed draws other items.
        plan: Only say what it would ask and cost; nothing is asked or written.
        concurrency: Calls at once; the judge's own cap by default.
        budget: Dollars, or a mapping with caps on dollars, tokens and calls.
        field_map: Field of an item -> column, where the names are not understood.
        timezone: The zone of timestamps that carry none.
        on_progress: Called with the progress of first, then of second answers.

    Raises:
        ConfigError: Something that was given cannot be used, or the sitting was begun with another
            judge; nothing was asked.
        TooFewLabels: There is no whole period.
        CredentialsError: A key is missing, or the endpoint refused it.
        JudgeUnavailable: The judge cannot be reached; what was answered is kept.
    """
    _check(per_period=per_period, repeat=repeat)
    rubric_ = load_rubric(rubric)
    judge_ = None if judge is None else Blind(load_judge(judge))
    require_judge(rubric_, judge_)
    caps = Budget.of(budget)
    if not plan:  # what is lacking is said before the draw is fixed
        require_keys(rubric_, judge_)
        if caps.dollars is not None:
            require_prices(judge_, price_finder())
    given = list(items) if isinstance(items, Iterator) else items
    source = open_items(given, fields=field_map, timezone=timezone)
    check_items(source)
    opened = store if isinstance(store, Store) else Store.open(_place(store, plan=plan))
    try:
        refuse_fields(source.fields, held_out(opened), where=source.name)
        work = Work(opened, source, rubric_, judge_, _anchors(opened, rubric_, anchors))
        asked = Asked(
            per_period=per_period,
            period=span(period, "period"),
            since=moment(since, "since"),
            until=moment(until, "until"),
            repeat=repeat,
            by_segment=by_segment,
            seed=seed,
        )
        work.draw(asked, sitting=sitting, extend=extend)
        if plan:
            where = store if isinstance(store, str | Path) else opened.where
            return work.result(plan=work.plan(where, caps))
        return await work.judge_all(caps, concurrency=concurrency, on_progress=on_progress)
    finally:
        if opened is not store:
            opened.close()


def _check(*, per_period: int | None, repeat: float) -> None:
    if per_period is not None and per_period < 1:
        what = f"{per_period} items a period are too few"
        raise ConfigError(what, mend="Judge at least one; 200 find what all would")
    if not 0 <= repeat <= 1:
        what = f"the share of items judged twice is {repeat:g}"
        raise ConfigError(what, mend="Write a number from 0 to 1")


def _place(store: str | Path | None, *, plan: bool) -> str | Path | None:
    """Return a store's place; a plan makes none."""
    there = store is None or "://" in str(store) or Path(store).exists()
    return store if there or not plan else None


def _anchors(store: Store, rubric: Rubric, given: str | Path | bool) -> Sequence[Item]:  # noqa: FBT001 - a path or a wish
    if isinstance(given, bool):
        return stored_anchors(store, rubric.name) if given else ()
    frozen = read_anchors(Path(given), rubric)
    refuse_edited(store, frozen, rubric, path=Path(given))
    return frozen.items
