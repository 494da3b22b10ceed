"""What is known about the worth of a judge point, and what follows for a test.

See `blend` for where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.ledger.realised import LEVEL, interval_of, part_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from trueup.goodhart.ledger.entries import Effect
    from trueup.goodhart.ledger.realised import Part

    Floats = NDArray[np.float64]

HALVINGS = 50
NEGLIGIBLE = 1e-9
FAR = 8.0
"""No quantile in use lies further out, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known about the worth of a judge point, in units of a composite of signals.

    Attributes:
        records: What records say it is.
        ratios: Worth over `records`, shape (points,).
        varies: Relative standard deviation of the worth from test to test, shape (points,).
        weights: Of each point, shape (alternatives, points), each row summing to 1. There are two
            alternatives where a past test's covariances had to be assumed.
        experiments: Past tests used.
        selected: Probability that losers were left out of the ledger.
    """

    records: float
    ratios: Floats
    varies: Floats
    weights: Floats
    experiments: int
    selected: float = 0.0

    def below(self, c: ArrayLike, new: Effect, *, freedom: float | None = None) -> Floats:
        """Return the probability that users got less than the share c of what they should have.

        Args:
            c: Shares of the gain to be expected; broadcast with the fields of `new`.
            new: The test in question, or several.
            freedom: Degrees of freedom of its standard errors; None for known ones.

        Returns:
            The lowest over alternatives, so that `gaming` may rest on it.
        """
        lowest: Floats = self._below(c, new, freedom).min(-1)
        return lowest

    def above(self, c: ArrayLike, new: Effect, *, freedom: float | None = None) -> Floats:
        """Return the probability of more than that share, the lowest over alternatives.

        `improvement` may rest on it; without alternatives it is 1 - `below`.
        """
        lowest: Floats = 1 - self._below(c, new, freedom).max(-1)
        return lowest

    def _below(self, c: ArrayLike, new: Effect, freedom: float | None) -> Floats:
        share = np.asarray(c, dtype=np.float64)
        rise, gain, rise_variance, gain_variance, covariance = (
            np.asarray(part, dtype=np.float64)[..., None]
            for part in (new.rise, new.gain, new.rise_variance, new.gain_variance, new.covariance)
        )
        due = share[..., None] * self.records * self.ratios
        variance = gain_variance - 2 * due * covariance + due**2 * rise_variance
        variance = np.maximum(variance, 0.0) + (self.varies * due * rise) ** 2
        score = (due * rise - gain) / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
        chance = special.ndtr(score) if freedom is None else special.stdtr(freedom, score)
        found: Floats = chance @ self.weights.T
        return found

    @property
    def overstatement(self) -> tuple[float, float, float]:
        """Factor by which records overstate the worth: its median, 5 % and 95 % points."""
        median, high, low = (1 / self._ratio(p) for p in (0.5, 0.05, 0.95))
        return median, low, high

    @property
    def worth(self) -> tuple[float, float, float]:
        """Worth of a judge point: its median and the ends of its 95 % interval."""
        median, low, high = (self.records * self._ratio(p) for p in (0.5, 0.025, 0.975))
        return median, low, high

    def _ratio(self, probability: float) -> float:
        """Return a quantile of worth over records, alternatives taken as equally likely."""
        ratios, place = np.unique(self.ratios, return_inverse=True)
        mass = np.bincount(place, self.weights.mean(0))
        middle = np.cumsum(mass) - mass / 2
        return float(np.exp(np.interp(probability, middle, np.log(ratios))))

    def phi_interval(
        self, new: Effect, *, level: float = LEVEL, freedom: float | None = None
    ) -> tuple[float | None, float | None]:
        """Return an interval of the part of the gain that users got; None where unbounded.

        Every share that neither `below` nor `above` rejects, as in Fieller's interval.
        """
        return interval_of(lambda shares: self._below(shares, new, freedom), level)

    def phi(self, new: Effect, *, freedom: float | None = None) -> Part:
        """Return the part of the gain that users got, and its 95 % interval.

        The share that `below` gives a chance of one half, so that it lies within `phi_interval`.
        """
        return part_of(lambda shares: self._below(shares, new, freedom))

    def ratio(self) -> tuple[float, float, float]:
        """Return a judge point's worth over what records say, for a single test.

        Its median and the ends of its 95 % range, with how it varies from test to test.
        """
        return self.promised(1.0, 1.0)

    def promised(
        self, rise: float, slope: float, *, rise_error: float = 0.0, slope_error: float = 0.0
    ) -> tuple[float, float, float]:
        """Return what a rise should bring a signal: median and ends of its 95 % range.

        Args:
            rise: The judge's, in points.
            slope: What records say a judge point is worth in that signal.
            rise_error: Standard error of `rise`.
            slope_error: Of `slope`, for this signal by itself.
        """
        due = self.ratios * slope * rise
        spread = np.hypot(self.varies * due, self.ratios * slope * rise_error)
        spread = np.hypot(spread, self.ratios * slope_error * rise)
        spread = np.maximum(spread, NEGLIGIBLE * max(float(np.abs(due).max()), NEGLIGIBLE))
        tail = (1 - LEVEL) / 2
        wanted = np.array([0.5, tail, 1 - tail])
        low = np.full(3, float((due - FAR * spread).min()))
        high = np.full(3, float((due + FAR * spread).max()))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            chance = special.ndtr((middle[:, None] - due) / spread) @ self.weights.T
            found = np.array([chance[0].mean(), chance[1].max(), chance[2].min()])
            low, high = (
                np.where(found < wanted, middle, low),
                np.where(found < wanted, high, middle),
            )
        median, least, most = ((low + high) / 2).tolist()
        return median, least, most

    def gain_below(
        self,
        gain: ArrayLike,
        rise: float,
        *,
        rise_variance: float = 0.0,
        seen_variance: float = 0.0,
    ) -> Floats:
        """Return the probability that a rise brings less than so much, for the worst alternative.

        Args:
            gain: In units of the composite.
            rise: The judge's, in points.
            rise_variance: Of its estimate; 0 for the true rise.
            seen_variance: Of the gain's estimate, for what a test will show; 0 for the true gain.
        """
        worth = self.records * self.ratios
        spread = (self.varies * worth * rise) ** 2 + worth**2 * rise_variance + seen_variance
        distance = np.asarray(gain, dtype=np.float64)[..., None] - worth * rise
        score = distance / np.sqrt(np.maximum(spread, np.finfo(float).tiny))
        found: Floats = (special.ndtr(score) @ self.weights.T).max(-1)
        return found

    def expected(
        self, rise: float, *, level: float = 0.95, seen_variance: float = 0.0
    ) -> tuple[float, float, float]:
        """Return the gain that a rise should bring: median and ends of its prediction interval."""
        tail = (1 - level) / 2
        median, low, high = (self._gain(rise, p, seen_variance) for p in (0.5, tail, 1 - tail))
        return median, low, high

    def _gain(self, rise: float, probability: float, seen_variance: float) -> float:
        """Return a quantile of the gain by bisection."""
        widest = self.records * self.ratios.max() * abs(rise) * 8 + 8 * np.sqrt(seen_variance)
        low, high = -widest, widest
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            chance = self.gain_below(middle, rise, seen_variance=seen_variance)
            low, high = (middle, high) if chance < probability else (low, middle)
        return float((low + high) / 2)

    def holds_to(self, c: float, new: Effect, *, quantile: float) -> float:
        """Return by what factor records may overstate the worth before `gaming` falls.

        As `breaking_slope`; below 1 where it takes a worth above what records say. Where the
        judge's rise is not clear by itself, the smallest worth thought possible that will do.
        """
        slope = breaking_slope(c, new, quantile=quantile)
        if slope is None:
            due = c * self.records * np.unique(self.ratios)
            variance = new.gain_variance - 2 * due * new.covariance + due**2 * new.rise_variance
            enough = due * new.rise - new.gain >= quantile * np.sqrt(np.maximum(variance, 0.0))
            return float(c * self.records / due[np.argmax(enough)]) if enough.any() else 0.0
        return self.records / slope if slope > 0 else np.inf


def breaking_slope(c: float, new: Effect, *, quantile: float) -> float | None:
    """Return the smallest worth of a judge point at which a test still says `gaming`.

    The larger root of the quadratic in which gain - c worth rise lies `quantile` standard errors
    below 0.

    Returns:
        0 where users are worse off, so that no worth is needed; None where no worth is enough.
    """
    rise, gain, q2 = float(new.rise), float(new.gain), quantile**2
    if gain + quantile * float(new.gain_variance) ** 0.5 < 0:
        return 0.0
    a = c**2 * (rise**2 - q2 * float(new.rise_variance))
    if a <= 0 or rise <= 0:
        return None
    b = -2 * c * (gain * rise - q2 * float(new.covariance))
    rest = gain**2 - q2 * float(new.gain_variance)
    root = (-b + max(b * b - 4 * a * rest, 0.0) ** 0.5) / (2 * a)
    return max(float(root), 0.0)
