"""A stream of periods, ready to be looked at: every series once, for all looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.grid import Grid, lay_out, segments_of
from trueup.goodhart.series import TINY, shares_of, standardised
from trueup.goodhart.slope import Reliability, Slope, record_slope, reliability

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.series import Series
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


FAINT = 0.1


@dataclass(frozen=True)
class History:
    """The series of one stream, a row per period. Signals are signed so that up is good.

    Attributes:
        spec: What is watched.
        grid: Cells of the stream: rows x segments x buckets.
        numbers: Number of every row's period.
        reference: Rows before monitoring.
        origin: Start of period 0.
    """

    spec: WatchSpec
    grid: Grid
    numbers: tuple[int, ...]
    reference: int
    origin: dt.datetime

    @property
    def rows(self) -> int:
        """How many periods there are."""
        return self.grid.rows

    @property
    def lag(self) -> int:
        """Periods until all signals of a period have had their time."""
        return lag_of(self.spec)

    @cached_property
    def items(self) -> Floats:
        """Outputs per row and segment."""
        return self.grid.total("n")

    @cached_property
    def judge(self) -> Series:
        """The judge's mean per row, at the reference's mix."""
        count, total = self.grid.by_bucket("w"), self.grid.by_bucket("wj")
        shares = shares_of(self.grid.by_bucket("n")[: self.reference])
        judged = self.grid.by_bucket("nj")
        return standardised(count, total, shares, judged, reference=self.reference)

    @cached_property
    def judge_spread(self) -> float:
        """Standard deviation of the judge's score within row and segment, in the reference."""
        w, wj, wjj = (self.grid.total(k)[: self.reference] for k in ("w", "wj", "wjj"))
        if w.sum() < TINY:
            return 0.0
        between = np.divide(wj**2, w, out=np.zeros_like(w), where=w > TINY)
        return float(np.sqrt(max((wjj - between).sum() / w.sum(), 0.0)))

    @cached_property
    def responders(self) -> list[Floats]:
        """Per signal its counts: rows x segments."""
        return [self.grid.total(f"m{k}") for k in range(len(self.spec.signals))]

    @cached_property
    def signals(self) -> list[Series]:
        """Per signal its mean per row, at the mix of the reference's responders."""
        found = []
        for k, signal in enumerate(self.spec.signals):
            count, total = self.grid.by_bucket(f"m{k}"), self.grid.by_bucket(f"s{k}")
            shares = shares_of(count[: self.reference])
            found.append(standardised(count, total * signal.sign, shares, reference=self.reference))
        return found

    @cached_property
    def trust(self) -> Reliability:
        """The judge's reliability in the reference."""
        return reliability(self.grid, slice(0, self.reference), declared=self.spec.reliability)

    @cached_property
    def slopes(self) -> list[Slope]:
        """Per signal what a judge point was worth in the reference."""
        window = slice(0, self.reference)
        return [
            record_slope(self.grid, window, k, signal.sign, self.trust)
            for k, signal in enumerate(self.spec.signals)
        ]

    def never_followed(self, k: int) -> bool:
        """Say whether a signal demonstrably does not follow the judge, however many came.

        A slope that may be 0 says little where few answered; one that is at most `FAINT`, in
        standard deviations of the signal per one of the judge's, says that it does not follow.
        """
        parts = (self.grid.total(f"{part}{k}")[: self.reference] for part in "msq")
        count, total, squares = (part.sum() for part in parts)
        if count < TINY:
            return True
        spread = np.sqrt(max(squares / count - (total / count) ** 2, 0.0))
        slope = self.slopes[k]
        return bool(not slope.informs and slope.high * self.judge_spread <= FAINT * spread)

    def span(self, number: int) -> tuple[dt.datetime, dt.datetime]:
        """Return when a period begins and ends."""
        begin = self.origin + number * self.spec.step
        return begin, begin + self.spec.step


def lag_of(spec: WatchSpec) -> int:
    """Return the periods until all signals of a period have had their time."""
    return max((math.ceil(signal.window / spec.step) for signal in spec.signals), default=0)


def stream(
    cells: Cells,
    spec: WatchSpec,
    *,
    numbers: Sequence[int],
    reference: int,
    keep: Bools | None = None,
) -> History:
    """Lay a stream of periods out.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        numbers: Periods to take, in order: those of the reference, then the monitored ones.
        reference: How many of them are the reference.
        keep: Cells that belong to the stream; all where left out.
    """
    period = cells.keys["period"].astype(np.int64)
    here = np.ones(len(period), dtype=np.bool_) if keep is None else keep
    lowest = min((*numbers, 0))
    row_of = np.full(max((*numbers, int(period.max(initial=0)))) - lowest + 1, -1, dtype=np.int64)
    row_of[np.array(numbers, dtype=np.int64) - lowest] = np.arange(len(numbers))
    inside = (period >= lowest) & (period - lowest < len(row_of))
    rows = np.where(inside, row_of[np.where(inside, period - lowest, 0)], -1)
    here = here & (rows >= 0)
    grid = lay_out(cells, rows, len(numbers), segments_of(cells, here), here)
    return History(spec, grid, tuple(numbers), reference, cells.origin)
