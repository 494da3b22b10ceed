"""A mean before and after, and by how much it moved: what every explanation is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.noise import interval
from trueup.goodhart.series import jackknife, sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z = 1.96
FEWEST_ROWS = 5
"""With fewer rows nothing can be said of shocks, and users alone tell the error."""
FEWEST_SIDE = 2
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much a mean moved, with its 95 % interval.

    Attributes:
        value: After minus before.
        low: Lower end.
        high: Upper end.
        before: Mean before.
        error: Standard error, shocks of periods included.
        without: Shape (buckets,): the value with one bucket of users left out.
    """

    value: float
    low: float
    high: float
    before: float
    error: float
    without: Floats

    def with_(self, other: Moved) -> float:
        """Return the covariance that users bring."""
        return float(jackknife(self.without, other.without))


@dataclass(frozen=True, slots=True)
class Path:
    """Means of rows, those before a change first; linear in whatever they are of.

    Attributes:
        mean: Shape (rows,); NaN where nothing was seen.
        without: Shape (rows, buckets): with one bucket of users left out.
        split: Rows before.
        shocks: Whether rows may differ by shocks of their own. Arms of one test share them.
    """

    mean: Floats
    without: Floats
    split: int
    shocks: bool

    def __add__(self, other: Path) -> Path:
        """Add up over the rows that both have at their end."""
        rows = min(len(self.mean), len(other.mean))
        return Path(
            self.mean[:rows] + other.mean[:rows],
            self.without[:rows] + other.without[:rows],
            self.split,
            self.shocks,
        )

    def __mul__(self, factor: float) -> Path:
        """Scale."""
        return Path(self.mean * factor, self.without * factor, self.split, self.shocks)

    def moved(self) -> Moved | None:
        """Return by how much the mean moved; None where a side is empty."""
        here = np.isfinite(self.mean) & np.isfinite(self.without).all(1)
        split = int(here[: self.split].sum())
        rows = int(here.sum())
        if split < 1 or rows - split < 1:
            return None
        mean, without = self.mean[here], self.without[here]
        value = float(mean[split:].mean() - mean[:split].mean())
        left_out = without[split:].mean(0) - without[:split].mean(0)
        before = float(mean[:split].mean())
        if self.shocks and rows >= FEWEST_ROWS and FEWEST_SIDE <= split <= rows - FEWEST_SIDE:
            buckets = without.shape[1]
            apart = (without - without.mean(1, keepdims=True)) * np.sqrt((buckets - 1) / buckets)
            _, low, high = interval(mean, split, sampling(apart))
            return Moved(value, low, high, before, (high - low) / (2 * Z), left_out)
        error = float(np.sqrt(jackknife(left_out)))
        wide = float(special.stdtrit(len(left_out) - 1, 0.975)) * error
        return Moved(value, value - wide, value + wide, before, error, left_out)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One change over another, with its 95 % interval; None where unbounded."""

    value: float
    low: float | None
    high: float | None


def ratio(top: Moved, bottom: Moved) -> Ratio | None:
    """Return top over bottom by Fieller's theorem (1954).

    Returns:
        None where the bottom is not clearly away from 0, so that any ratio is possible.
    """
    both, q2 = top.with_(bottom), Z * Z
    a = bottom.value**2 - q2 * bottom.error**2
    if a <= SMALLEST * bottom.value**2 or bottom.value == 0:
        return None
    b = top.value * bottom.value - q2 * both
    rest = max(b * b - a * (top.value**2 - q2 * top.error**2), 0.0)
    wide = float(np.sqrt(rest))
    return Ratio(top.value / bottom.value, (b - wide) / a, (b + wide) / a)


def holm(chances: list[float]) -> list[float]:
    """Return p values adjusted by Holm (1979): each is below alpha where it stands at alpha."""
    order = np.argsort(chances, kind="stable")
    count, found, worst = len(chances), [1.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, (count - rank) * chances[place]))
        found[int(place)] = worst
    return found


def discoveries(chances: list[float]) -> list[float]:
    """Return p values adjusted by Benjamini and Hochberg (1995), for a false discovery rate."""
    order = np.argsort(chances, kind="stable")[::-1]
    count, found, best = len(chances), [1.0] * len(chances), 1.0
    for back, place in enumerate(order):
        best = min(best, chances[place] * count / (count - back))
        found[int(place)] = best
    return found


def percent(share: float) -> str:
    """Return a share in whole percent, without a minus before a zero."""
    return f"{round(share, 2) + 0.0:.0%}"
