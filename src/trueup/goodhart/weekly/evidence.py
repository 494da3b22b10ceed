"""Does D(c) = users' gain minus c times what the judge's rise should have brought differ from 0?

One contrast decides everything, and no ratio has to be estimated: D(c) far below 0 says gaming,
far above 0 says improvement. Both use the slope at the end of its range that makes it harder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy import special

from trueup.goodhart import noise
from trueup.goodhart.ledger.realised import Part
from trueup.goodhart.weekly.shift import Shift, shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GRID = np.linspace(-6.0, 7.0, 521)
FACTORS = np.geomspace(1.0, 100.0, 139)


class Boundary(Protocol):
    """How far is far enough at this look."""

    def critical(self, start: int, moved: Shift) -> Floats:
        """Return the t value that a shift must pass."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A judge series and a composite of signals in judge units, compared at one start.

    Attributes:
        judge: Weeks.
        composite: Weeks; what the signals did, in judge points: 1 where they followed fully.
        before: Weeks before the start.
        start: Monitored week of the start.
        low: Slope's lowest plausible value over its estimate.
        high: Its highest.
        error: Its relative standard error.
        floor_judge: Least variance of a week of the judge.
        floor_composite: Of the composite.
        floor_both: Their covariance.
        bias_up: Judge points of the rise that a guard says may not be quality.
        bias_down: Judge points that a guard says may hide a rise.
        boundary: How far is far enough.
    """

    judge: Floats
    composite: Floats
    before: int
    start: int
    low: float
    high: float
    error: float
    floor_judge: float
    floor_composite: float
    floor_both: float
    bias_up: float
    bias_down: float
    boundary: Boundary

    def contrast(self, shares: Floats | float) -> Shift:
        """Return the shift of D for one or more shares c, each times the slope's part."""
        c = np.asarray(shares, dtype=np.float64)[..., None]
        floor = self.floor_composite + c[..., 0] ** 2 * self.floor_judge
        floor = np.maximum(floor - 2 * c[..., 0] * self.floor_both, 0.0)
        return shift(self.composite - c * self.judge, self.before, floor=floor)

    def rise(self) -> Shift:
        """Return the judge's shift."""
        return shift(self.judge, self.before, floor=self.floor_judge)

    def up(self, *, bias: bool = True) -> float:
        """Return how far the judge is up, 1 at the boundary."""
        moved = self.rise()
        taken = self.bias_up if bias else 0.0
        return self._over(moved, float(moved.delta) - taken)

    def gamed(self, c: float, *, overstate: float = 1.0, bias: bool = True) -> float:
        """Return how far below 0 D is, 1 at the boundary, with the slope at its lowest."""
        share = c * self.low / overstate
        moved = self.contrast(share)
        taken = share * self.bias_up if bias else 0.0
        return self._over(moved, -float(moved.delta) - taken)

    def real(self, c: float, *, overstate: float = 1.0) -> float:
        """Return how far above 0 D is, 1 at the boundary, with the slope at its highest."""
        share = c * self.high / overstate
        moved = self.contrast(share)
        return self._over(moved, float(moved.delta) - share * self.bias_down)

    def harmed(self) -> float:
        """Return how far the signals themselves are below 0, 1 at the boundary."""
        moved = self.contrast(0.0)
        return self._over(moved, -float(moved.delta))

    def _over(self, moved: Shift, distance: float) -> float:
        error = float(moved.error)
        if error <= 0:
            return 0.0
        return distance / error / float(self.boundary.critical(self.start, moved))

    def breaks_at(self, c: float) -> float:
        """Return up to which overstatement of the slope `gamed` holds; 0 where it never does."""
        if self.harmed() >= 1:
            return np.inf
        shares = c * self.low / FACTORS
        moved = self.contrast(shares)
        distance = -moved.delta - shares * self.bias_up
        critical = self.boundary.critical(self.start, moved)
        holds = distance >= critical * moved.error
        return _crossing(holds)

    def turns_at(self, c: float) -> float:
        """Return at which overstatement of the slope the gain counts as real; inf for none."""
        shares = c * self.high / FACTORS
        moved = self.contrast(shares)
        distance = moved.delta - shares * self.bias_down
        holds = distance >= self.boundary.critical(self.start, moved) * moved.error
        return float(FACTORS[np.argmax(holds)]) if holds.any() else np.inf

    def phi(self) -> Part:
        """Return the realised part and its 95 % interval at this look; None where unbounded.

        Fieller's interval by inversion: every share c that D(c) does not reject by the error
        models of `noise`, with the slope's error added.
        """
        seen = self._by_models(GRID)
        spread = seen.spread * seen.variance[:, None]
        error = np.sqrt(spread + (GRID[:, None] * seen.rise * self.error) ** 2)
        distance = seen.gain - GRID * seen.rise
        tail = (seen.weight * special.ndtr(-np.abs(distance)[:, None] / error)).sum(1)
        rise, gain = seen.rise, seen.gain
        value = gain / rise if rise else 0.0
        score = -special.ndtri(np.clip(tail, 1e-300, 0.5)) * np.sign(distance)
        quantile = -special.ndtri(noise.TAIL)
        low, high = _ends(tail >= noise.TAIL, score, quantile)
        return Part(value, low, high)

    def below(self, shares: Floats, varies: Floats) -> Floats:
        """Return the chance of less than a share of what records promise, by the same models.

        Args:
            shares: Of the rise in judge points, were records' slope true but for how it varies.
            varies: Relative standard deviations of that.

        Returns:
            Shape (varies, shares).
        """
        seen = self._by_models(shares)
        own = (shares * seen.rise * varies[:, None]) ** 2
        error = np.sqrt(seen.spread * seen.variance[:, None] + own[..., None])
        score = (shares * seen.rise - seen.gain)[:, None] / error
        found: Floats = (seen.weight * special.ndtr(score)).sum(-1)
        return found

    def _by_models(self, shares: Floats) -> _Seen:
        known = noise.models(self.before, len(self.judge) - self.before)
        rise, gain = float(known.contrast @ self.judge), float(known.contrast @ self.composite)
        variance = self.floor_composite - 2 * shares * self.floor_both
        variance = variance + shares**2 * self.floor_judge
        variance = np.maximum(variance, 1e-12 * max(self.floor_composite, 1e-12))
        pairs = (
            (self.composite, self.composite), (self.composite, self.judge), (self.judge, self.judge)
        )  # fmt: skip
        own, both, judge = (np.einsum("i,gij,j->g", a, known.left, b) for a, b in pairs)
        c = shares[:, None]
        squares = (own - 2 * c * both + c**2 * judge) / variance[:, None]
        return _Seen(rise, gain, variance, noise.weights(squares, known), known.spread)


class _Seen(NamedTuple):
    """What D is by every error model of `noise`, for some shares."""

    rise: float
    gain: float
    variance: Floats
    """Sampling variance of a week of D: shares."""
    weight: Floats
    """Of each model: shares x models."""
    spread: Floats
    """Variance of the shift per sampling variance: models."""


def _crossing(holds: NDArray[np.bool_]) -> float:
    if not holds[0]:
        return 0.0
    broken = np.flatnonzero(~holds)
    return float(FACTORS[broken[0] - 1]) if len(broken) else float(FACTORS[-1])


def _ends(
    inside: NDArray[np.bool_], score: Floats, quantile: float
) -> tuple[float | None, float | None]:
    """Return where an interval on the grid begins and ends, by interpolation."""
    found = np.flatnonzero(inside)
    if not len(found):
        return None, None
    first, last = int(found[0]), int(found[-1])
    low = None if first == 0 else _between(first - 1, first, score, quantile)
    high = None if last == len(GRID) - 1 else _between(last, last + 1, score, -quantile)
    return low, high


def _between(left: int, right: int, score: Floats, at: float) -> float:
    rise = score[right] - score[left]
    part = (at - score[left]) / rise if rise else 0.5
    return float(GRID[left] + np.clip(part, 0, 1) * (GRID[right] - GRID[left]))
