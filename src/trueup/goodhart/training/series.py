"""Series: what is kept of all readings so far to compare a new one with.

Over a fixed set of prompts the mean of a step is paired with that of every other step, as long as
no prompt is missing. Where some are, the mean is taken of each prompt's distance from its own
earlier mean, so that a judge that fails on hard prompts moves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.training.reading import Reading

    Floats = NDArray[np.float64]

_LAGS = 2
_ENOUGH = 5
"""Differences before their autocorrelation is believed at all."""
_MOST = 0.9
_CAP, _CAPPED_FROM = 9.0, 8
"""A squared difference counts for at most 9 times the mean of those before, from the ninth on."""


class Point(NamedTuple):
    """A reading's means over prompts."""

    proxy: float
    gold: float
    weight: float
    """Prompts that are present, of those at the first reading."""


@dataclass(slots=True)
class Levels:
    """Each prompt's own mean so far."""

    usual: int
    """Prompts present at the first reading."""
    count: Floats
    """Shape (prompts,), as the other two."""
    proxy: Floats
    """Sums."""
    gold: Floats

    @classmethod
    def of(cls, first: Reading) -> Self:
        """Begin with the prompts of a first reading, and nothing in the sums."""
        none = np.zeros(first.gold.size)
        present = int(np.count_nonzero(~np.isnan(first.gold)))
        return cls(present, none, none.copy(), none.copy())

    def point(self, new: Reading) -> Point:
        """Return the means of a reading and count it."""
        present = ~np.isnan(new.gold)
        known = self.count > 0
        both = present & known
        means = (
            self._mean(self.proxy, new.proxy, present, both),
            self._mean(self.gold, new.gold, present, both),
        )
        self.count += present
        self.proxy[present] += new.proxy[present]
        self.gold[present] += new.gold[present]
        return Point(*means, weight=np.count_nonzero(present) / self.usual)

    def _mean(
        self,
        sums: Floats,
        values: Floats,
        present: NDArray[np.bool_],
        both: NDArray[np.bool_],
    ) -> float:
        if present.all() or not both.any():
            return float(values[present].mean())
        own = sums[both] / self.count[both]
        known = self.count > 0
        return float((values[both] - own).mean() + (sums[known] / self.count[known]).mean())


@dataclass(slots=True)
class Noise:
    """How much successive readings differ, which slow changes hardly touch.

    The mean square of differences over two readings, of that over one, is 1 + rho where noise is
    autoregressive of order one; variances are then wider by (1 + rho) / (1 - rho). A gap that opens
    within few readings would look like memory, so a large difference is capped; and of rho one
    standard error, sqrt(2 / count), is taken off, as few readings show some by chance.
    """

    recent: list[float]
    """The last two values."""
    count: int = 0
    total: float = 0.0
    """Sum of squared differences from the reading before."""
    ones: float = 0.0
    """The same, capped."""
    twos: float = 0.0
    """Of differences over two readings, capped."""

    def add(self, value: float) -> None:
        """Count a value."""
        if len(self.recent) == _LAGS:
            square = (value - self.recent[0]) ** 2
            self.twos += _capped(square, self.twos, self.count - 1)
        if self.recent:
            square = (value - self.recent[-1]) ** 2
            self.ones += _capped(square, self.ones, self.count)
            self.total += square
            self.count += 1
        self.recent = [*self.recent[-1:], value]

    @property
    def autocorrelation(self) -> float:
        """Estimate of rho less its standard error, 0 at least."""
        if self.count < _ENOUGH or self.ones <= 0:
            return 0.0
        ratio = (self.twos / (self.count - 1)) / (self.ones / self.count)
        return min(max(ratio - 1 - math.sqrt(2 / self.count), 0.0), _MOST)

    @property
    def inflation(self) -> float:
        """By how much autocorrelation widens the variance of a mean; 1 at least."""
        rho = self.autocorrelation
        return (1 + rho) / (1 - rho)

    @property
    def variance(self) -> float:
        """Of a single reading about its level."""
        return self.total / self.count / 2 / (1 - self.autocorrelation) if self.count else 0.0


def _capped(square: float, total: float, count: int) -> float:
    return min(square, _CAP * total / count) if count >= _CAPPED_FROM and total > 0 else square
