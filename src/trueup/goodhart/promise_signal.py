"""Where a signal will be over the next periods, and within what range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.noise import scatter_of
from trueup.goodhart.series import sampling, shares_of, standardised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.grid import Grid
    from trueup.goodhart.noise import Scatter
    from trueup.goodhart.series import Series

    Floats = NDArray[np.float64]

FEWEST_ROWS = 4
Z = 1.96
USUAL = 0.5
"""Standard deviation of the part of the gain due that a real improvement brings, about all of it.

The first look that says `improvement` is one at which chance helped: shocks of its periods that
raised the gain go, and the gain falls back. So what is promised is drawn from what was seen towards
what was due, the more so the less the periods tell; never above what was seen.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedSignal:
    """Where one signal will be; raw units, up is up.

    Attributes:
        name: Of the signal.
        said: How reports call it.
        better: Which direction is good.
        per: Outputs that it is told per.
        expected: Mean over the promised periods.
        low: Lower end of its 95 % range.
        high: Upper end.
        before: Mean before the change.
        shares: Mix of segments that all of these hold at.
        rows: Periods that the promise was made from.
        count: Values that it was made from.
    """

    name: str
    said: str
    better: str
    per: int
    expected: float
    low: float
    high: float
    before: float
    shares: Mapping[str, float]
    rows: int
    count: int


def promised_signal(
    window: Window, k: int, last: int, periods: int, *, due: float | None = None
) -> PromisedSignal | None:
    """Return where a signal will stay; None where too few periods tell how they scatter.

    Args:
        window: What the look compared.
        k: Number of the signal.
        last: Last period that the look saw.
        periods: How many to promise.
        due: Change that the judge's rise should have brought, in the signal's unit; None for
            unknown.
    """
    signal = window.spec.signals[k]
    before, after = window.sides(ripe=True)
    counts = before.by_bucket(f"m{k}")
    shares = shares_of(counts)
    sides = [level_of(grid, k, shares) for grid in (before, after)]
    mean, apart = sides[1].mean, sides[1].apart
    at = np.arange(len(mean))
    split = len(mean) // 2
    if not window.paired:
        mean = np.concatenate([sides[0].mean, mean])
        apart = np.concatenate([sides[0].apart, apart])
        split, at = before.rows, np.array(window.numbers[: len(mean)])
    here = np.isfinite(mean) & np.isfinite(apart).all(1)
    own = here if window.paired else here & (np.arange(len(mean)) >= split)
    if here.sum() < FEWEST_ROWS or not own.any():
        return None
    if not window.paired and own.sum() == here.sum():
        return None  # nothing before, which would tell how periods scatter
    split = int(here[:split].sum()) if not window.paired else int(here.sum()) // 2
    scatter = scatter_of(mean[here], sampling(apart[here]), before=split)
    half = _half_width(scatter, at[here], own[here], last, periods)
    level = float(mean[own].mean())
    if due and not window.paired:
        level -= _luck(scatter, mean[here], at[here], own[here], due)
    old = sides[0].mean
    return PromisedSignal(
        name=signal.name, said=signal.said, better=signal.better, per=signal.per or 100,
        expected=level, low=level - half, high=level + half,
        before=float(np.nanmean(old)) if np.isfinite(old).any() else level,
        shares={name: float(s) for name, s in zip(window.segments, shares, strict=True)},
        rows=int(own.sum()), count=int(after.total(f"m{k}").sum()),
    )  # fmt: skip


def level_of(grid: Grid, k: int, shares: Floats) -> Series:
    """Return a signal's means per row at fixed shares of segments, in its own unit."""
    return standardised(grid.by_bucket(f"m{k}"), grid.by_bucket(f"s{k}"), shares)


def _half_width(
    scatter: Scatter, at: NDArray[np.int64], own: NDArray[np.bool_], last: int, periods: int
) -> float:
    """Return the half-width of the 95 % range of a mean to come about the present one.

    Each error model gives the variance of the mean of the promised periods minus that of the
    periods since the step.
    """
    ahead = np.arange(last + 1, last + 1 + periods)
    contrast = np.concatenate([-own.astype(np.float64) / own.sum(), np.full(periods, 1 / periods)])
    return scatter.half_width(contrast, np.concatenate([at, ahead]))


def _luck(
    scatter: Scatter, mean: Floats, at: NDArray[np.int64], own: NDArray[np.bool_], due: float
) -> float:
    """Return the part of what was seen that is put down to chance; 0 where no more was seen."""
    gain = float(mean[own].mean() - mean[~own].mean())
    if gain / due <= 1:
        return 0.0
    error = scatter.half_width(own / own.sum() - ~own / (~own).sum(), at) / Z
    doubt = error**2 / (error**2 + (USUAL * due) ** 2)
    return float((gain - due) * doubt)


def told(value: float, one: PromisedSignal) -> str:
    """Return a mean as reports tell it."""
    return f"{value * one.per:.1f}" if one.per != 1 else f"{value:.3g}"
