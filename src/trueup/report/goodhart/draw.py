"""Figures of the picture, from the cells of a stream or of releases, or from looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart import instruments
from trueup.goodhart.concurrent.looks import one_instrument
from trueup.goodhart.design import control_of
from trueup.goodhart.grid import lay_out, segments_of
from trueup.goodhart.guards import FEWEST_REFERENCE
from trueup.goodhart.history import History, stream
from trueup.goodhart.releases.looks import frozen_arm, sequence_of
from trueup.goodhart.units import with_units
from trueup.goodhart.watching import whole_periods
from trueup.goodhart.weekly import Weekly
from trueup.report.goodhart import series
from trueup.report.goodhart.draw_looks import picture_of_looks
from trueup.report.goodhart.picture import Level, Picture, SignalLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec
    from trueup.report.goodhart.picture import Line
    from trueup.report.goodhart.series import Series


def picture_of(cells: Cells, spec: WatchSpec, looks: Sequence[Look] = ()) -> Picture | None:
    """Return the picture of a history, None where there is nothing to draw.

    A stream is drawn period by period and releases one by one, from the cells. Of versions side by
    side the looks say all there is to see.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        looks: From `backtest`: where the change begins, and which signals have a part in it.
    """
    if not len(cells) or not spec.signals:
        return None
    spec = with_units(cells, spec)
    design = looks[-1].design if looks else spec.design
    looks = [look for look in looks if look.design == design]  # an A/B may follow a stream
    if design == "concurrent":
        return picture_of_looks(looks) if looks else None
    if design == "releases":
        return _of_releases(cells, spec, looks)
    found = _stream(cells, spec)
    return None if found is None else _of_stream(*found, looks=looks)


def _stream(cells: Cells, spec: WatchSpec) -> tuple[Weekly, int, str] | None:
    """Return the stream of today's instrument, the period it begins with, and who is held back."""
    periods = whole_periods(cells, spec)
    mains = [name for name in instruments.main_instruments(cells, periods) if name is not None]
    if not mains:
        return None
    first = instruments.since(cells, mains[-1], periods)
    first = first if first > spec.reference - FEWEST_REFERENCE else 0
    here = instruments.only(cells, mains[-1])
    numbers = range(first, periods)
    reference = min(spec.reference, len(numbers))
    names = [str(name) for name in np.unique(here.keys["arm"])] if spec.arm else []
    control = control_of(names, spec) if len(names) > 1 else None
    if control is None:
        own = stream(here, spec, numbers=numbers, reference=reference)
        return Weekly(own, spec.alpha), first, ""
    held = here.keys["arm"] == control
    own, baseline = (
        stream(here, spec, numbers=numbers, reference=reference, keep=keep)
        for keep in (~held, held)
    )
    return Weekly(own, spec.alpha, None, baseline), first, control


def _of_stream(weekly: Weekly, first: int, beside: str, *, looks: Sequence[Look]) -> Picture:
    """Return a stream period by period, in which the latest signals are still arriving."""
    history, look = weekly.history, looks[-1] if looks else None
    rows, reference = history.rows, history.reference
    waiting = min(history.lag, rows)
    judge = series.judge_of(weekly).since(reference)
    users, slope_error = series.users_of(weekly, _dropped(look))
    worth = series.worth_of(look)
    users = users.until(rows - waiting).since(reference).over(worth)
    since = _since(history, look, first)
    since = since if since is not None and since < rows - waiting else None
    alarm = next((one for one in looks if one.verdict == "gaming"), None)
    alarmed = None if alarm is None else alarm.period + history.spec.reference - first
    starts = tuple(history.span(number)[0] for number in history.numbers)
    return Picture(
        kind="stream",
        labels=tuple(start.date().isoformat() for start in starts),
        starts=starts,
        reference=reference,
        judge=judge.line(),
        expected=_expected(judge, worth, slope_error),
        users=users.line(),
        judge_after=_level(judge, since, rows - waiting, _rise(look)),
        after=_level(users, since, rows - waiting, _gain(look)),
        signals=tuple(
            _signal(weekly, k, judge, (reference, rows - waiting), look)
            for k in range(len(history.spec.signals))
        ),
        since=since,
        alarm=alarmed if alarmed is not None and 0 <= alarmed < rows else None,
        waiting=waiting,
        beside=beside,
    )


def _of_releases(cells: Cells, spec: WatchSpec, looks: Sequence[Look]) -> Picture | None:
    """Return releases one by one, as the difference from the first."""
    control = frozen_arm(cells, spec)
    moving = np.ones(len(cells), dtype=np.bool_) if control is None else (
        cells.keys["arm"] != control
    )  # fmt: skip
    known = sequence_of(cells, moving, None)
    count = len(known.names)
    if not count:
        return None
    inside = moving & (known.row >= 0)
    scored, _ = one_instrument(cells, (inside,))
    grid = lay_out(scored, known.row, count, segments_of(scored, inside), inside)
    history = History(spec, grid, tuple(range(count)), count, cells.origin)
    weekly, look = Weekly(history, spec.alpha), looks[-1] if looks else None
    judge = series.judge_of(weekly).since(1)
    users, slope_error = series.users_of(weekly, _dropped(look))
    worth = series.worth_of(look)
    alarm = next((one for one in looks if one.verdict == "gaming"), None)
    return Picture(
        kind="releases",
        labels=known.names,
        starts=(None,) * count,
        reference=0,
        judge=judge.line(),
        expected=_expected(judge, worth, slope_error),
        users=users.since(1).over(worth).line(),
        judge_after=_level(judge, 0, count, _rise(look), before=0.0),
        after=_level(users, 0, count, _gain(look), before=0.0),
        signals=tuple(_signal(weekly, k, judge, (1, count), look)
                      for k in range(len(spec.signals))),
        alarm=None if alarm is None or alarm.period >= count else alarm.period,
    )  # fmt: skip


def _dropped(look: Look | None) -> set[str]:
    return {one.name for one in look.signals if one.dropped} if look else set()


def _signal(
    weekly: Weekly, number: int, judge: Series, rows: tuple[int, int], look: Look | None
) -> SignalLine:
    """Return a signal with what the judge's movement should have brought it.

    Args:
        weekly: Where it comes from.
        number: Which one it is.
        judge: The judge's index.
        rows: How many rows are the reference, and how many have had their time.
        look: The latest.
    """
    signal = weekly.history.spec.signals[number]
    slope = weekly.history.slopes[number]
    reference, arrived = rows
    found = series.signal_of(weekly, number).until(arrived)
    worth, records = series.worth_of(look), slope.value * signal.sign
    base = series.base_of(found.mean, reference) if slope.informs else np.nan
    if worth is None:
        owed = judge.owed(records, slope.error)
        expected = series.Series(owed.mean + base, owed.error).line()
    else:
        expected = judge.owed_by(worth, records, slope.error, base=base)
    said = {one.name: one for one in look.signals}.get(signal.name) if look else None
    return SignalLine(
        name=signal.name,
        said=signal.said,
        better=signal.better,
        per=signal.per or 100,
        realised=found.line(),
        expected=expected,
        dropped=said.dropped if said else None,
    )


def _expected(judge: Series, worth: series.Worth | None, slope_error: float) -> Line:
    """Return what users should have gained, in judge points as the look counts them."""
    if worth is None:
        return judge.owed(1.0, slope_error).line()
    share = series.Worth(1.0, worth.low / worth.value, worth.high / worth.value)
    return judge.owed_by(share, 1.0, 0.0)


def _since(history: History, look: Look | None, first: int) -> int | None:
    """Return the row from which on the change is counted, None where there is no change."""
    if look is None or look.since is None or look.rise is None or look.rise.low <= 0:
        return None
    row = look.since + history.spec.reference - first
    return row if row >= 0 else None


def _rise(look: Look | None) -> series.Triple:
    """Return the judge's rise, as the look found it."""
    if look is None or look.rise is None:
        return None
    return look.rise.value, look.rise.low, look.rise.high


def _gain(look: Look | None) -> series.Triple:
    """Return the users' gain in judge points, as the look found it."""
    if look is None or look.rise is None or look.phi is None:
        return None
    if look.phi_low is None or look.phi_high is None:
        return None
    rise = look.rise.value
    return look.phi * rise, look.phi_low * rise, look.phi_high * rise


def _level(
    found: Series, since: int | None, end: int, change: series.Triple, *,
    before: float | None = None,
) -> Level | None:  # fmt: skip
    """Return the mean since the change, None where there is none."""
    if since is None or change is None:
        return None
    base = series.base_of(found.mean, since) if before is None else before
    value, low, high = (float(part + base) for part in change)
    if not np.isfinite([value, low, high]).all():
        return None
    return Level(first=since, last=end - 1, value=value, low=low, high=high)
