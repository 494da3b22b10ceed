"""What a judge point has been worth: the slope of a signal on the judge's score over records.

Within cells of period and segment, so that neither weeks nor easy segments enter it, and divided
by the judge's reliability, without which noise in the score halves the slope (errors in variables;
Fuller 1987). What records cannot rule out is that easy prompts please users and judge alike: the
slope then overstates what a gain should bring. See `blend` for slopes from experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.series import TINY, jackknife

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.grid import Grid

    Floats = NDArray[np.float64]

FEWEST_REPEATS = 20
LOWEST_RELIABILITY = 0.05
UNKNOWN = (
    "the judge's reliability is unknown, so that what its rise should have brought is understated: "
    "let it answer some outputs twice (judge_repeat), or declare its reliability"
)
Z = 1.96
"""A slope's lowest and highest plausible value lie so many standard errors away."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Correlation of two answers of the judge on the same output, within segment.

    Attributes:
        value: None where unknown.
        error: Standard error; 0 where it was declared.
        repeats: Outputs answered twice.
        without: One per user bucket left out.
    """

    value: float | None
    error: float
    repeats: int
    without: Floats


@dataclass(frozen=True, slots=True)
class Slope:
    """What one judge point is worth in a signal's own unit, signed so that up is good.

    Attributes:
        value: Per judge point.
        error: Standard error, by leaving out one user bucket at a time.
        records: Outputs with both.
        without: One per user bucket left out.
    """

    value: float
    error: float
    records: float
    without: Floats

    @property
    def low(self) -> float:
        """Lowest plausible value."""
        return self.value - Z * self.error

    @property
    def high(self) -> float:
        """Highest plausible value."""
        return self.value + Z * self.error

    @property
    def informs(self) -> bool:
        """Whether the signal has followed this judge at all."""
        return bool(self.error > 0 and self.low > 0)


def reliability(grid: Grid, rows: slice, *, declared: float | None = None) -> Reliability:
    """Return the judge's reliability over some rows of a grid."""
    names = ("rn", "ra", "rb", "raa", "rbb", "rab")
    parts = {name: grid.by_bucket(name)[rows] for name in names}
    repeats = int(parts["rn"].sum())
    if declared is not None:
        return Reliability(declared, 0.0, repeats, np.full(parts["rn"].shape[-1], declared))
    whole = {k: v.sum(2, keepdims=True) for k, v in parts.items()}
    value = float(_correlation(whole)[0])
    without = _correlation({k: whole[k] - v for k, v in parts.items()})
    if repeats < FEWEST_REPEATS or not np.isfinite(value) or not np.isfinite(without).all():
        return Reliability(None, 0.0, repeats, np.ones(parts["rn"].shape[-1]))
    error = float(np.sqrt(jackknife(without)))
    if value - 2 * error < LOWEST_RELIABILITY:
        return Reliability(None, error, repeats, np.ones(parts["rn"].shape[-1]))
    return Reliability(min(value, 1.0), error, repeats, np.minimum(without, 1.0))


def _correlation(part: dict[str, Floats]) -> Floats:
    n = part["rn"]
    here = n > TINY
    safe = np.where(here, n, 1.0)
    both = np.where(here, part["rab"] - part["ra"] * part["rb"] / safe, 0.0).sum((0, 1))
    first = np.where(here, part["raa"] - part["ra"] ** 2 / safe, 0.0).sum((0, 1))
    second = np.where(here, part["rbb"] - part["rb"] ** 2 / safe, 0.0).sum((0, 1))
    scale = np.sqrt(np.maximum(first, 0) * np.maximum(second, 0))
    found: Floats = np.divide(both, scale, out=np.full_like(both, np.nan), where=scale > TINY)
    return found


def record_slope(grid: Grid, rows: slice, signal: int, sign: int, trust: Reliability) -> Slope:
    """Return the slope of a signal on the judge's score over some rows of a grid."""
    names = ("g", "gj", "gjj", "gp", "gjp")
    parts = {name: grid.by_bucket(f"{name}{signal}")[rows] for name in names}
    whole = {k: v.sum(2, keepdims=True) for k, v in parts.items()}
    value = float(_regression(whole)[0]) * sign
    without = _regression({k: whole[k] - v for k, v in parts.items()}) * sign
    if not np.isfinite(value) or not np.isfinite(without).all():
        return Slope(0.0, 0.0, float(whole["g"].sum()), np.zeros(len(without)))
    value /= trust.value or 1.0
    without = without / trust.without
    return Slope(value, float(np.sqrt(jackknife(without))), float(whole["g"].sum()), without)


def _regression(part: dict[str, Floats]) -> Floats:
    n = part["g"]
    here = n > TINY
    safe = np.where(here, n, 1.0)
    both = np.where(here, part["gjp"] - part["gj"] * part["gp"] / safe, 0.0).sum((0, 1))
    own = np.where(here, part["gjj"] - part["gj"] ** 2 / safe, 0.0).sum((0, 1))
    found: Floats = np.divide(both, own, out=np.full_like(both, np.nan), where=own > TINY)
    return found
