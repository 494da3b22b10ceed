"""All signals as one, in judge points: what each says, weighted by what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.series import jackknife
from trueup.goodhart.slope import Z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.slope import Slope

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Composite:
    """Weights a_k with sum of a_k times slope_k = 1: users' gain in judge points.

    Attributes:
        used: Numbers of the signals in it.
        weights: One per signal used.
        parts: Each signal's part in it, summing to 1.
        error: Relative standard error of its slope.
    """

    used: tuple[int, ...]
    weights: Floats
    parts: Floats
    error: float

    @property
    def low(self) -> float:
        """Lowest plausible slope, where the estimate is 1."""
        return max(1 - Z * self.error, 0.0)

    @property
    def high(self) -> float:
        """Highest plausible slope."""
        return 1 + Z * self.error

    def of(self, series: Sequence[Floats]) -> Floats:
        """Return the composite of all signals' series."""
        found: Floats = np.sum(
            [a * series[k] for a, k in zip(self.weights, self.used, strict=True)], 0
        )
        return found


def combine(slopes: Sequence[Slope], variances: Floats, used: Sequence[int]) -> Composite | None:
    """Weigh signals by slope over variance, best for independent errors.

    Args:
        slopes: Of every signal.
        variances: Of every signal's mean per period.
        used: Signals to take.

    Returns:
        None where no signal is left.
    """
    chosen = [k for k in used if slopes[k].value > 0 and variances[k] > 0]
    if not chosen:
        return None
    slope = np.array([slopes[k].value for k in chosen])
    raw = slope / variances[chosen]
    weights = raw / (raw * slope).sum()
    without = np.sum([a * slopes[k].without for a, k in zip(weights, chosen, strict=True)], 0)
    error = float(np.sqrt(jackknife(without)))
    return Composite(tuple(chosen), weights, weights * slope, error)
