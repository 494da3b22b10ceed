"""How far a series must have moved at each look, so that many looks err no more than one.

`Spending` has a horizon: a planned number of looks. The critical value falls with information I as
C (I_end / I)^(1/4), between Pocock's flat boundary and O'Brien and Fleming's (Wang and Tsiatis
1987): on simulated histories it finds gaming two weeks earlier than O'Brien and Fleming's and
loses no power at the end. C is simulated for the very statistic in use, estimated variance and
autocorrelation and all, jointly over all starts that are scanned: starts see the same weeks, so
that adding up their error rates would waste half of them. C rises with the autocorrelation found.

`Anytime` has none: a mixture e-value for the t statistic (Lindon et al. 2022, arXiv 2210.08589),
divided over starts so that any number of them may follow: the k-th gets 6 / (pi^2 k^2) of alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.weekly.shift import FEWEST_AFTER, PRIOR_CORRELATION, corrected, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.weekly.shift import Shift

    Floats = NDArray[np.float64]

SHAPE = 0.25
SCANNED = 4
"""A scan looks at a start every so many periods."""
CORRELATIONS = (0.0, 0.2, 0.4)
FIRST = 0.85
"""The boundary of the first start over that of the others: monitoring mostly begins at a launch."""
PATHS = 6_000
PRIOR_SIZE = 0.6
"""Of the anytime mixture: prior information, in weeks."""
_SMALLEST = 1e-15
_SCAN = (0, 4, 8, 12, 16, 20)
_KNOWN: dict[tuple[float, int, int, tuple[int, ...]], tuple[float, ...]] = {
    (0.05, 12, 24, _SCAN): (2.5568, 2.8459, 3.1731)
}
"""The default's constants, as `simulated` finds them in half a second."""


def starts_of(horizon: int) -> tuple[int, ...]:
    """Return the starts that a scan over a horizon looks at."""
    return tuple(range(0, max(horizon - 1, 1), SCANNED))


@dataclass(frozen=True, slots=True)
class Spending:
    """The boundary of one horizon.

    Attributes:
        alpha: One-sided error rate over all looks and starts.
        before: Reference weeks.
        horizon: Monitored weeks that are looked at.
        starts: Monitored weeks at which a change may begin.
    """

    alpha: float
    before: int
    horizon: int
    starts: tuple[int, ...]

    def critical(self, start: int, moved: Shift) -> Floats:
        """Return the t value that a shift must pass.

        Args:
            start: Monitored week at which the change may have begun: one of `starts`.
            moved: From that start on.
        """
        constants = constant(self.alpha, self.before, self.horizon, self.starts)
        excess = np.maximum(moved.correlation - PRIOR_CORRELATION, 0) / 2
        level = np.interp(excess, CORRELATIONS, constants)
        z = level * _level(start, self.starts, self.before, moved.after, self.horizon)
        found: Floats = -special.stdtrit(moved.freedom, _tail(z))
        return found


@dataclass(frozen=True, slots=True)
class Anytime:
    """The boundary without a horizon.

    Attributes:
        alpha: One-sided error rate over all looks and starts, however many.
        before: Reference weeks.
        starts: Monitored weeks at which a change may begin, ascending; more may come later, after
            these.
    """

    alpha: float
    before: int
    starts: tuple[int, ...]

    def critical(self, start: int, moved: Shift) -> Floats:
        """Return the t value that a shift must pass; infinite where none can be enough.

        Args:
            start: Monitored week at which the change may have begun: one of `starts`.
            moved: From that start on.
        """
        turn = self.starts.index(start) + 1
        level = 6 / np.pi**2 * self.alpha / turn**2
        freedom = moved.freedom
        size = 1 / spread(moved.correlation, moved.before, moved.after)
        r = PRIOR_SIZE / (PRIOR_SIZE + size)
        k = ((2 * level) ** 2 * r) ** (1 / (freedom + 1))
        possible = k > r
        gap = np.where(possible, k - r, 1.0)
        return np.where(possible, np.sqrt(freedom * (1 - k) / gap), np.inf)


def _tail(z: Floats) -> Floats:
    found: Floats = np.maximum(special.ndtr(-z), 1e-300)
    return found


def _level(start: int, starts: Sequence[int], before: int, after: int, horizon: int) -> float:
    """Return the boundary's shape: 1 at the end of the horizon, higher before."""
    known = before + start
    at_end = known * (horizon - start) / (before + horizon)
    now = known * after / (known + after)
    shape = max(at_end / now, 1.0) ** SHAPE
    return float(shape * (FIRST if start == starts[0] else 1.0))


@lru_cache(maxsize=64)
def constant(alpha: float, before: int, horizon: int, starts: tuple[int, ...]) -> tuple[float, ...]:
    """Return C for each of `CORRELATIONS`: the default's by heart, any other simulated."""
    known = _KNOWN.get((alpha, before, horizon, starts))
    return known or simulated(alpha, before, horizon, starts)


@lru_cache(maxsize=64)
def simulated(
    alpha: float, before: int, horizon: int, starts: tuple[int, ...]
) -> tuple[float, ...]:
    """Return C for each of `CORRELATIONS`, simulated with a fixed seed.

    The (1 - alpha) quantile, over `PATHS` first-order autoregressive histories without a change,
    of the largest ratio of the test's normal score to the boundary's shape.
    """
    rng = np.random.default_rng(20_260_101)
    noise = rng.standard_normal((PATHS, before + horizon))
    found = []
    for correlation in CORRELATIONS:
        path = noise.copy()
        fresh = np.sqrt(1 - correlation**2)
        for week in range(1, path.shape[1]):
            path[:, week] = correlation * path[:, week - 1] + fresh * noise[:, week]
        found.append(float(np.quantile(_largest(path, before, horizon, starts), 1 - alpha)))
    return tuple(np.maximum.accumulate(found).tolist())


def _largest(path: Floats, before: int, horizon: int, starts: Sequence[int]) -> Floats:
    """Return every path's largest normal score over the boundary's shape."""
    sums = _Sums(path)
    largest = np.full(len(path), -np.inf)
    for start in starts:
        for after in range(FEWEST_AFTER, horizon - start + 1):
            t = sums.t(before + start, after)
            p = special.stdtr(before + start + after - 2, -t)
            score = -special.ndtri(np.clip(p, _SMALLEST, 1 - _SMALLEST))
            np.maximum(largest, score / _level(start, starts, before, after, horizon), out=largest)
    return largest


class _Sums:
    """Running sums of paths, from which `shift` is had for any split without another pass."""

    def __init__(self, path: Floats) -> None:
        self.path = path
        zero = np.zeros((len(path), 1))
        self.one = np.concatenate([zero, path.cumsum(1)], axis=1)
        self.two = np.concatenate([zero, (path**2).cumsum(1)], axis=1)
        lagged = np.concatenate([zero, path[:, 1:] * path[:, :-1]], axis=1)
        self.lag = np.concatenate([zero, lagged.cumsum(1)], axis=1)

    def t(self, before: int, after: int) -> Floats:
        n = before + after
        low, high = self._part(0, before), self._part(before, n)
        squares = low[1] + high[1]
        joint = (self.path[:, before - 1] - low[0]) * (self.path[:, before] - high[0])
        raw = (low[2] + high[2] + joint) / squares
        wide = spread(corrected(raw, n), before, after)
        found: Floats = (high[0] - low[0]) / np.sqrt(squares / (n - 2) * wide)
        return found

    def _part(self, start: int, end: int) -> tuple[Floats, Floats, Floats]:
        """Return mean, squares and lagged products about the mean of path[start:end]."""
        size = end - start
        total = self.one[:, end] - self.one[:, start]
        mean = total / size
        squares = self.two[:, end] - self.two[:, start] - size * mean**2
        products = self.lag[:, end] - self.lag[:, start + 1]
        ends = self.path[:, start] + self.path[:, end - 1]
        return mean, squares, products - mean * (2 * total - ends) + (size - 1) * mean**2
