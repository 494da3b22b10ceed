"""Which records a look compared with which, laid out for explanations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart import instruments
from trueup.goodhart.arms import Sides, arms_of, sides_of
from trueup.goodhart.cells.query import BUCKETS
from trueup.goodhart.concurrent.difference import difference
from trueup.goodhart.concurrent.looks import pair_of
from trueup.goodhart.design import control_of
from trueup.goodhart.explain.path import FEWEST_SIDE, Path
from trueup.goodhart.grid import Grid, lay_out, segments_of
from trueup.goodhart.history import lag_of
from trueup.goodhart.releases.looks import frozen_arm, sequence_of
from trueup.goodhart.series import shares_of, standardised

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look
    from trueup.goodhart.releases.looks import Versions
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Two sides of a comparison: periods or versions before and after, or two arms.

    Attributes:
        spec: What is watched.
        before: Rows x segments x buckets: earlier rows, or the control.
        after: Later rows, or the treatment.
        paired: Whether both sides are of the same rows, as two arms of one test.
        ripe: Rows of `after` (of both where paired) whose signals have had their time.
        numbers: Periods of the rows before and after; empty where rows are versions.
        notes: What the comparison leaves out.
    """

    spec: WatchSpec
    before: Grid
    after: Grid
    paired: bool
    ripe: int
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def segments(self) -> tuple[str, ...]:
        """Names of the segments."""
        return self.before.segments

    @property
    def cells(self) -> Cells:
        """Where the sums come from."""
        return self.before.cells

    def shares(self, count: str = "n") -> Floats:
        """Return each segment's share before."""
        return shares_of(self.before.by_bucket(count))

    def only(self, mask: Bools) -> Window:
        """Return the window of some cells alone."""
        before, after = (
            replace(side, place=np.where(mask, side.place, -1))
            for side in (self.before, self.after)
        )
        return replace(self, before=before, after=after)

    def start(self, row: int) -> dt.datetime:
        """Return when a row of `numbers` begins."""
        return self.cells.origin + self.numbers[row] * self.spec.step

    def path(
        self,
        count: str,
        total: str,
        *,
        factor: float = 1.0,
        ripe: bool = False,
        segment: int | None = None,
        raw: bool = False,
        like: str = "n",
    ) -> Path:
        """Return the means of what two sums are count and total of.

        Args:
            count: Name of the sum that counts.
            total: Name of the sum of values.
            factor: Of the values.
            ripe: Take only rows whose signals have had their time.
            segment: Number of one segment to take alone; all at the mix before where left out.
            raw: Take the mix of segments as it comes.
            like: Name of the sum whose mix before is held fixed.
        """
        sides = [(g.by_bucket(count), g.by_bucket(total) * factor) for g in self.sides(ripe)]
        if segment is not None:
            sides = [(n[:, [segment]], t[:, [segment]]) for n, t in sides]
        elif raw:
            sides = [(n.sum(1, keepdims=True), t.sum(1, keepdims=True)) for n, t in sides]
        if self.paired:
            return _between_arms(sides)
        single = segment is not None or raw
        shares = np.ones(1) if single else self.shares(like)
        n, t = (np.concatenate([sides[0][i], sides[1][i]]) for i in (0, 1))
        series = standardised(n, t, shares, reference=self.before.rows)
        return Path(series.mean, series.without, self.before.rows, shocks=True)

    def sides(self, ripe: bool = False) -> tuple[Grid, Grid]:  # noqa: FBT001, FBT002 - one of two views
        """Return both sides, without rows whose signals may still come where asked."""
        if not ripe:
            return self.before, self.after
        sides = _first(self.before, self.ripe) if self.paired else self.before
        return sides, _first(self.after, self.ripe)


def _first(grid: Grid, rows: int) -> Grid:
    each = len(grid.segments) * BUCKETS
    inside = (grid.place >= 0) & (grid.place < rows * each)
    return replace(grid, rows=min(rows, grid.rows), place=np.where(inside, grid.place, -1))


def _between_arms(sides: list[tuple[Floats, Floats]]) -> Path:
    """Return two rows, control and treatment, that differ as the arms do within period."""
    control, treated = sides
    buckets = (control[0].sum((0, 1)) > 0) | (treated[0].sum((0, 1)) > 0)
    if not buckets.any() or not len(control[0]):
        return Path(np.full(2, np.nan), np.full((2, BUCKETS), np.nan), 1, shocks=False)
    apart, before = difference(treated, control, buckets=buckets)
    without = np.full(BUCKETS, apart.value)
    without[buckets] = apart.without
    means = np.array([before, before + apart.value])
    return Path(means, np.array([np.full(BUCKETS, before), before + without]), 1, shocks=False)


def window_of(cells: Cells, spec: WatchSpec, look: Look) -> Window | str:
    """Return what a look compared, or why there is nothing to compare.

    Args:
        cells: From `read_cells`, with the look's spec.
        spec: What is watched.
        look: One of `backtest_cells`.
    """
    if look.design == "concurrent":
        return _arms(cells, spec, look)
    if look.design == "releases":
        return _versions(cells, spec, look)
    return _periods(cells, spec, look)


def _periods(cells: Cells, spec: WatchSpec, look: Look) -> Window | str:
    """Return the window of a look of design `weekly`: the periods that it compared."""
    last = look.period + spec.reference
    main = [name for name in instruments.main_instruments(cells, last + 1) if name is not None]
    if not main:
        return "nothing was judged"
    earlier, start = _compared(look, spec)
    if start > last:
        return "there is nothing yet to compare with the reference"
    lag = lag_of(spec)
    if last + 1 - start - lag >= FEWEST_SIDE:
        last -= lag  # as the look did, so that judge and signals are of the same periods
        lag = 0
    later = range(start, last + 1)
    cells = instruments.only(cells, main[-1])
    keep, notes = np.ones(len(cells), dtype=np.bool_), []
    names = [str(name) for name in np.unique(cells.keys["arm"])] if spec.arm else []
    control = control_of(names, spec) if len(names) > 1 else None
    if control is not None:
        keep = cells.keys["arm"] != control
        notes.append(f"explanations compare periods, without the users held back in '{control}'")
    rows = [_rows(cells, numbers) for numbers in (earlier, later)]
    segments = segments_of(cells, keep & ((rows[0] >= 0) | (rows[1] >= 0)))
    before = lay_out(cells, rows[0], len(earlier), segments, keep)
    after = lay_out(cells, rows[1], len(later), segments, keep)
    return Window(
        spec=spec, before=before, after=after, paired=False, ripe=max(len(later) - lag, 0),
        numbers=(*earlier, *later), notes=tuple(notes),
    )  # fmt: skip


def _compared(look: Look, spec: WatchSpec) -> tuple[list[int], int]:
    """Return the periods before, and the first after, counted from the first record's."""
    first, against = look.horizon[0] if look.horizon else 0, look.against
    since = look.since
    if look.verdict == "judge_flat" or since is None:  # flat from any start
        since = first
        against = tuple(number for number in against if number < first)
    known = against or range(first - spec.reference, first)
    return [number + spec.reference for number in known], since + spec.reference


def _rows(cells: Cells, numbers: Sequence[int]) -> NDArray[np.int64]:
    """Return each cell's place among some periods, -1 where it is in none."""
    row = {number: place for place, number in enumerate(numbers)}
    periods, codes = np.unique(cells.keys["period"], return_inverse=True)
    places = np.array([row.get(int(period), -1) for period in periods], dtype=np.int64)
    return places[codes]


def _arms(cells: Cells, spec: WatchSpec, look: Look) -> Window | str:
    arms = arms_of(cells, spec)
    if look.label not in arms.treatments:
        return f"there is no arm '{look.label}'"
    sides = sides_of(cells, arms, look.label)
    pair = pair_of(cells, spec, sides)
    done = sides.start + look.period + 1
    lag = lag_of(spec) if spec.time is not None else 0
    return Window(
        spec=spec, before=_first(pair.control, done), after=_first(pair.treated, done),
        paired=True, ripe=max(done - lag, 0), notes=pair.notes,
    )  # fmt: skip


def _versions(cells: Cells, spec: WatchSpec, look: Look) -> Window | str:
    """Return the earlier half of the versions against the later half.

    Against users who were kept on one version, it is the later half of the periods.
    """
    control = frozen_arm(cells, spec)
    moving = np.ones(len(cells), dtype=np.bool_)
    if control is not None:
        moving = cells.keys["arm"] != control
    known = sequence_of(cells, moving, None)
    count = min(look.period + 1, len(known.names))
    if count < 2:  # noqa: PLR2004 - a comparison needs two
        return "there is no version before"
    half = count // 2
    inside = moving & (known.row >= 0) & (known.row < count)
    if control is not None:
        return _frozen(cells, spec, known, control, inside & (known.row >= half))
    segments = segments_of(cells, inside)
    early, late = inside & (known.row < half), inside & (known.row >= half)
    return Window(
        spec=spec, paired=False, ripe=count - half,
        before=lay_out(cells, known.row, half, segments, early),
        after=lay_out(cells, known.row - half, count - half, segments, late),
        notes=("explanations compare the later half of the versions with the earlier half",),
    )  # fmt: skip


def _frozen(cells: Cells, spec: WatchSpec, known: Versions, control: str, treated: Bools) -> Window:
    period = cells.keys["period"].astype(np.int64)
    start, stop = int(period[treated].min()), int(period[treated].max()) + 1
    held = (cells.keys["arm"] == control) & (period >= start) & (period < stop)
    sides = Sides(treated=treated, control=held, records=held, start=start, periods=stop)
    pair = pair_of(cells, spec, sides)
    note = f"explanations compare '{control}' with {known.names[-1]} and what led to it"
    return Window(
        spec=spec, before=pair.control, after=pair.treated, paired=True, ripe=stop,
        notes=(*pair.notes, note),
    )  # fmt: skip
