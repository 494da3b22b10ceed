"""One look at a history, or every look that could have been had at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import ConfigError
from trueup.goodhart.cells import Cells, read_cells
from trueup.goodhart.cells.over import moment_of
from trueup.goodhart.cells.source import held
from trueup.goodhart.concurrent.looks import planned_looks
from trueup.goodhart.design import stretches
from trueup.goodhart.look import Look
from trueup.goodhart.pairing import paired
from trueup.goodhart.replay import replay
from trueup.goodhart.sentence import tell
from trueup.goodhart.spec import WatchSpec
from trueup.goodhart.units import with_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.concurrent import Snapshots
    from trueup.goodhart.design import Stretch


def watch(frame: object, spec: WatchSpec, *, now: dt.datetime | str | None = None) -> Look:
    """Return what everything that has arrived says today.

    It is the look at the last period that is over: however often it is asked for, a period is
    decided once, from all of its records.

    Args:
        frame: A pandas frame, an Arrow table, or the path of a Parquet, CSV or JSONL file: one
            row per output.
        spec: Which columns hold what, and how a decision is made.
        now: Nothing that came later is seen, neither outputs nor signals: a datetime with a zone,
            or its ISO text. The clock's time where left out; records dated after that are set aside
            where they are few, and else taken as they are, with a note.

    Raises:
        DataError: The records cannot be read, or a named column is absent.
        ConfigError: `now` is no instant, or `spec` no `WatchSpec`.
    """
    return backtest(frame, spec, now=now)[-1]


def backtest(frame: object, spec: WatchSpec, *, now: dt.datetime | str | None = None) -> list[Look]:
    """Return a look per monitored period, each from what had arrived by its end.

    A period counts as monitored once the `reference` is over. In `concurrent` every period since
    the versions stand side by side is one, in `releases` every version from the eighth on. Where
    there is none yet, the only look says so.

    Args:
        frame: As for `watch`.
        spec: Which columns hold what, and how a decision is made.
        now: Nothing that came later is seen, neither outputs nor signals: a datetime with a zone,
            or its ISO text. The clock's time where left out; records dated after that are set aside
            where they are few, and else taken as they are, with a note.

    Raises:
        DataError: The records cannot be read, or a named column is absent.
        ConfigError: `now` is no instant, or `spec` no `WatchSpec`.
    """
    if not isinstance(spec, WatchSpec):
        message = f"spec is of type {type(spec).__name__}, which is no WatchSpec"
        raise ConfigError(message, mend="Write WatchSpec(time=..., judge=..., signals=[...]).")
    frame, now = held(frame), moment_of(now)
    until = now if spec.time else None
    return looks_at(frame, read_cells(frame, spec, now=now, until=until), spec, now=now)


def looks_at(
    source: object,
    cells: Cells,
    spec: WatchSpec,
    *,
    now: dt.datetime | None = None,
    latch: bool = True,
) -> list[Look]:
    """Return the same looks where the cells of a source are at hand.

    Args:
        source: What the cells are from: an A/B is read again as of each look.
        cells: From `read_cells`.
        spec: What is watched.
        now: As for `backtest`.
        latch: As of `backtest_cells`.
    """
    now = moment_of(now)
    as_of = snapshots(source, cells, spec, now=now)
    pairs = bool(spec.version) and bool(len(cells)) and paired(source, spec, until=now)
    looks = backtest_cells(cells, spec, as_of=as_of, on_same_tasks=pairs, latch=False)
    tested = looks[-1].design == "concurrent" and looks[-1].period + 1 >= planned_looks(spec)
    if not (pairs or tested) and (ended := _ended(cells, spec, now)):  # a test may be over
        looks[-1] = tell(replace(looks[-1], missing=(*looks[-1].missing, ended)))
    return latched(looks) if latch else looks


def _ended(cells: Cells, spec: WatchSpec, now: dt.datetime | None) -> str:
    """Return that the records stop long before `now`; empty where they go on, or no `now` is given.

    Periods without any record are no evidence: nobody was seen to gain or to lose in them.
    """
    if now is None or spec.time is None or cells.last is None:
        return ""
    there = np.unique(cells.keys["period"].astype(np.int64))
    pause = int(np.diff(there).max(initial=1))  # empty periods come in other histories, too
    if now - cells.last <= pause * spec.step:
        return ""
    return (
        f"no records since {cells.last:%Y-%m-%d %H:%M} (UTC), so that this says nothing of the "
        f"time from then to {now.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
    )


def snapshots(
    source: object, cells: Cells, spec: WatchSpec, *, now: dt.datetime | None = None
) -> Snapshots:
    """Return what reads a source as it was known at an instant; arguments as of `looks_at`."""

    def as_of(end: dt.datetime, /) -> Cells:
        until = end if now is None else min(end, now)
        return read_cells(
            source, spec, origin=cells.origin, edges=cells.edges, now=now, until=until
        )

    return as_of


def backtest_cells(
    cells: Cells,
    spec: WatchSpec,
    *,
    as_of: Snapshots | None = None,
    on_same_tasks: bool = False,
    latch: bool = True,
) -> list[Look]:
    """Return the same looks from cells that were read before.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        as_of: Cells of what was known at an instant; without it an A/B waits for its signals.
        on_same_tasks: Every version ran the same tasks.
        latch: Keep `gaming` standing once it was said; False where alarms are kept elsewhere.
    """
    if not spec.signals:
        return [_nothing(cells, spec, "no signal is named: without one nothing can be tested")]
    periods = whole_periods(cells, spec)
    if not periods:
        return [_nothing(cells, spec, "there are no records")]
    spec = with_units(cells, spec)
    due = stretches(cells, spec, periods, paired=on_same_tasks)
    found: list[Look] = []
    for stretch in due:
        alone, last = len(due) == 1, stretch.periods[-1] + 1
        records = cells if alone else cells.first(last)
        looks = replay(records, spec, stretch.choice, last, as_of=as_of)
        latest = stretch is due[-1]
        kept = [look for look in looks if alone or _of(look, stretch, cells, spec, latest=latest)]
        if latest:
            kept = kept or looks[-1:]
        elif all(look.verdict == "unidentified" for look in kept):
            continue
        found += [_told(look, stretch, cells) for look in kept]
    if len(due) > 1:  # a stream is gone on with where an A/B is over
        found.sort(key=lambda look: cells.origin if look.end is None else look.end)
    return latched(found) if latch else found


def _of(look: Look, stretch: Stretch, cells: Cells, spec: WatchSpec, *, latest: bool) -> bool:
    """Say whether a look was had at the end of one of a stretch's periods."""
    if look.end is None:
        return False
    ended = -(-(look.end - cells.origin) // spec.step) - 1
    return ended in stretch.periods or (latest and ended > stretch.periods[-1])


def _told(look: Look, stretch: Stretch, cells: Cells) -> Look:
    why = "; ".join(part for part in (stretch.choice.why, look.why) if part)
    return tell(replace(look, why=why, notes=(*cells.notes, *look.notes)))


def latched(looks: Sequence[Look]) -> list[Look]:
    """Keep a `gaming` verdict standing from the look that first said so.

    An alarm ends when a person has accepted it, not when the next week is unclear.
    """
    first: Look | None = None
    found = []
    for look in looks:
        if look.verdict == "gaming" and first is None:
            first = look
        if first is None:
            found.append(look)
            continue
        open_alarm = replace(look, alarm=first.period)
        if look.verdict != "gaming":
            open_alarm = replace(
                open_alarm,
                verdict="gaming",
                backfire=first.backfire,
                holds_to=first.holds_to,
                message=f"The alarm of {first.called} is open. {look.message}",
            )
        found.append(open_alarm)
    return found


def whole_periods(cells: Cells, spec: WatchSpec) -> int:
    """Return how many periods there are, without a last one that is not over; at least one."""
    period = cells.keys["period"].astype(np.int64)
    if not len(period):
        return 0
    count = int(period.max()) + 1
    if spec.time is None or cells.over is None:
        return count
    return min(count, max((cells.over - cells.origin) // spec.step, 1))


def _nothing(cells: Cells, spec: WatchSpec, reason: str) -> Look:
    design = "weekly" if spec.design == "auto" else spec.design
    look = Look(
        verdict="unidentified", design=design, period=0, missing=(reason,), notes=cells.notes
    )
    return tell(look)
