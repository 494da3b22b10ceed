"""Has a weekly series moved? A t test of two means whose error bar knows that weeks hang together.

The variance is that of the weeks themselves, never that of records: weeks share shocks that no
number of records averages out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PRIOR_CORRELATION = 0.2
PRIOR_WEIGHT = 8
"""Lag-1 autocorrelation is drawn towards this, as by so many weeks: a quarter of data cannot tell
0 from .4."""
HIGHEST_CORRELATION = 0.85
FEWEST_AFTER = 2


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much the mean after differs from the mean before; arrays over any leading axes.

    Attributes:
        delta: Mean after minus mean before.
        error: Standard error of delta.
        correlation: Lag-1 autocorrelation of what is left, bias-corrected and drawn to a prior.
        freedom: Degrees of freedom.
        before: Weeks before.
        after: Weeks after.
    """

    delta: Floats
    error: Floats
    correlation: Floats
    freedom: int
    before: int
    after: int

    @property
    def t(self) -> Floats:
        """Delta in standard errors."""
        return self.delta / self.error

    @property
    def information(self) -> float:
        """Weeks' worth of information: before x after / (before + after)."""
        return self.before * self.after / (self.before + self.after)


def shift(series: Floats, before: int, *, floor: Floats | float = 0.0) -> Shift:
    """Compare the weeks from `before` on with those before.

    Args:
        series: (..., weeks), without gaps.
        before: Weeks that come before; at least 2, with at least one after.
        floor: Least variance of a week, as its sampling variance.
    """
    n = series.shape[-1]
    after = n - before
    mean_before = series[..., :before].mean(-1, keepdims=True)
    mean_after = series[..., before:].mean(-1, keepdims=True)
    left = np.concatenate(
        [series[..., :before] - mean_before, series[..., before:] - mean_after], axis=-1
    )
    squares = (left * left).sum(-1)
    lagged = (left[..., 1:] * left[..., :-1]).sum(-1)
    freedom = n - 2
    variance = np.maximum(squares / freedom, floor)
    raw = np.divide(lagged, squares, out=np.zeros_like(squares), where=squares > 0)
    correlation = corrected(raw, n)
    error = np.sqrt(variance * spread(correlation, before, after))
    delta = (mean_after - mean_before)[..., 0]
    return Shift(delta, error, correlation, freedom, before, after)


def corrected(raw: Floats, weeks: int) -> Floats:
    """Return an autocorrelation corrected for two fitted means and drawn to the prior.

    The lag-1 correlation of residuals is low by about (2 + 4 rho)/n with two means fitted (the
    one-mean case is Kendall's 1954 (1 + 3 rho)/n, here with one more mean's 1 + rho).
    """
    unbiased = raw + (2 + 4 * raw) / weeks
    drawn = (unbiased * weeks + PRIOR_CORRELATION * PRIOR_WEIGHT) / (weeks + PRIOR_WEIGHT)
    return np.clip(drawn, 0.0, HIGHEST_CORRELATION)


def spread(correlation: Floats, before: int, after: int) -> Floats:
    """Return the variance of the difference of two means, per variance of a week."""
    inflation = 1 + ((1 + correlation) / (1 - correlation) - 1) * after / (after + 1)
    return inflation * (before + after) / (before * after)
