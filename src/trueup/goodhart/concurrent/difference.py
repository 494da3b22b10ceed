"""By how much two arms differ, in judge and signals, and what one says of the other.

Differences are taken within period and segment (Mantel and Haenszel's weights over periods, the
common shares over segments), so that neither a shock of a week nor another mix enters them, also
where the arms' sizes change. Every figure is estimated once more without each bucket of users,
slopes and reliability too: the delete-one jackknife then knows of everything that one user brings
to several of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.composite import combine
from trueup.goodhart.grid import left_out
from trueup.goodhart.ledger.realised import Part
from trueup.goodhart.series import TINY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.composite import Composite
    from trueup.goodhart.guards import Bias
    from trueup.goodhart.slope import Reliability, Slope

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

TWO_SIDED = 0.975
SLIGHT = 0.01
"""Least error of a signal, in that of what the judge's rise should have brought it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what it is without each bucket of users.

    Attributes:
        value: From everything.
        without: One per bucket that holds anything.
    """

    value: float
    without: Floats

    @property
    def freedom(self) -> int:
        """Degrees of freedom of its error."""
        return len(self.without) - 1

    def with_(self, other: Estimate) -> float:
        """Return the jackknife covariance with another (Efron and Stein 1981)."""
        count = len(self.without)
        apart = self.without - self.without.mean()
        return float((count - 1) / count * (apart @ (other.without - other.without.mean())))

    @property
    def variance(self) -> float:
        """Jackknife variance."""
        return self.with_(self)

    @property
    def error(self) -> float:
        """Standard error."""
        return float(np.sqrt(self.variance))

    def bounds(self) -> tuple[float, float]:
        """Return the 95 % interval."""
        wide = float(special.stdtrit(self.freedom, TWO_SIDED)) * self.error
        return self.value - wide, self.value + wide


def difference(
    treated: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
    *,
    buckets: Bools,
) -> tuple[Estimate, float]:
    """Return the mean of one arm minus that of the other, and the control's mean.

    Args:
        treated: Counts and sums, periods x segments x buckets.
        control: The same of the other arm.
        buckets: Those that hold anything.

    Returns:
        NaN where no segment was seen in both arms in the same period.
    """
    (n1, t1), (n0, t0) = (tuple(left_out(x, buckets) for x in arm) for arm in (treated, control))
    both = (n1 > TINY) & (n0 > TINY)
    safe1, safe0 = np.where(both, n1, 1.0), np.where(both, n0, 1.0)
    weight = np.where(both, safe1 * safe0 / (safe1 + safe0), 0.0)
    each = np.where(both, t1 / safe1 - t0 / safe0, 0.0)
    size = weight.sum(0)
    held = np.where(size > TINY, size, 1.0)
    apart = (weight * each).sum(0) / held
    before = (weight * np.where(both, t0 / safe0, 0.0)).sum(0) / held
    share = (n1[..., 0] + n0[..., 0]).sum(0)[:, None] * (size > TINY)
    total = share.sum(0)
    if total[0] <= TINY:
        return Estimate(float("nan"), np.full(n1.shape[-1] - 1, np.nan)), float("nan")
    total = np.where(total > TINY, total, 1.0)
    found = (share * apart).sum(0) / total
    return Estimate(float(found[0]), found[1:]), float((share * before).sum(0)[0] / total[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What one A/B test found, for the ledger of releases; raw units, up is up.

    Attributes:
        names: Of the signals.
        judge: The judge's change.
        signals: Every signal's; NaN where nothing was seen.
        covariance: Of judge and signals, (1 + signals) x (1 + signals), by jackknife.
        slopes: What records of the old version say a judge point is worth, per signal.
        reliability: The judge's, None where unknown.
        count: Outputs behind it, of both arms.
    """

    names: tuple[str, ...]
    judge: float
    signals: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    slopes: tuple[float, ...]
    reliability: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two arms compared. Signals are signed so that up is good.

    Attributes:
        judge: The judge's difference.
        signals: Every signal's; NaN where nothing was seen.
        before: Means of judge and signals in the control.
        slopes: What a judge point is worth, per signal.
        trust: The judge's reliability.
        composite: The signals as one, in judge points; None where none informs.
        dropped: Number of a signal -> why it has no part in the decision.
        bias: What the guards say may not be quality.
        buckets: User buckets that hold anything.
        counts: Outputs in both arms, judged outputs, and values of every signal.
    """

    judge: Estimate
    signals: tuple[Estimate, ...]
    before: tuple[float, ...]
    slopes: tuple[Slope, ...]
    trust: Reliability
    composite: Composite | None
    dropped: Mapping[int, str]
    bias: Bias
    buckets: Bools
    counts: tuple[int, ...]

    @property
    def gain(self) -> Estimate:
        """What the signals did, in judge points."""
        return self._of([(a, self.signals[k]) for a, k in self._pairs()])

    @property
    def due(self) -> Estimate:
        """What the judge's rise should have brought, in judge points: its size."""
        slope = self._of([(a, self.slope(k)) for a, k in self._pairs()])
        return Estimate(slope.value * self.judge.value, slope.without * self.judge.without)

    def slope(self, signal: int) -> Estimate:
        """Return what a judge point is worth in a signal."""
        found = self.slopes[signal]
        return Estimate(found.value, found.without[self.buckets])

    def expected(self, signal: int) -> Estimate:
        """Return what the judge's rise should have brought a signal."""
        slope = self.slope(signal)
        return Estimate(slope.value * self.judge.value, slope.without * self.judge.without)

    def _pairs(self) -> list[tuple[float, int]]:
        if self.composite is None:
            return []
        return [
            (float(a), k) for a, k in zip(self.composite.weights, self.composite.used, strict=True)
        ]

    def _of(self, parts: Sequence[tuple[float, Estimate]]) -> Estimate:
        value = sum(a * one.value for a, one in parts)
        without = np.zeros(int(self.buckets.sum()))
        for a, one in parts:
            without = without + a * one.without
        return Estimate(float(value), without)

    def contrast(self) -> Contrast:
        """Return gain against what was due."""
        gain, due = self.gain, self.due
        return Contrast(
            gain=gain.value,
            due=due.value,
            gain_variance=gain.variance,
            due_variance=due.variance,
            both=gain.with_(due),
            freedom=gain.freedom,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """T(c) = gain - c due, for any c.

    Attributes:
        gain: What the signals did, in judge points.
        due: What the judge's rise should have brought.
        gain_variance: Of `gain`.
        due_variance: Of `due`.
        both: Their covariance.
        freedom: Degrees of freedom.
    """

    gain: float
    due: float
    gain_variance: float
    due_variance: float
    both: float
    freedom: int

    def error(self, c: float) -> float:
        """Return the standard error of T(c)."""
        found = self.gain_variance - 2 * c * self.both + c * c * self.due_variance
        return float(np.sqrt(max(found, 0.0)))

    def t(self, c: float, *, bias: float = 0.0) -> float:
        """Return T(c) over its error, with `bias` judge points taken off what was due."""
        error = self.error(c)
        return (self.gain - c * (self.due - bias)) / error if error > 0 else 0.0

    def roots(self, critical: float, *, bias: float = 0.0) -> tuple[float, float] | None:
        """Return the two shares c at which T(c) lies `critical` errors from 0 (Fieller 1954).

        Between them T(c) is nearer to 0. None where what was due is not that far from 0 itself.
        """
        due, q2 = self.due - bias, critical * critical
        a = due * due - q2 * self.due_variance
        b = self.gain * due - q2 * self.both
        rest = b * b - a * (self.gain**2 - q2 * self.gain_variance)
        if a <= 0 or rest < 0:
            return None
        wide = float(np.sqrt(rest))
        return (b - wide) / a, (b + wide) / a

    def phi(self) -> Part:
        """Return the realised part and its 95 % interval; None where unbounded."""
        value = self.gain / self.due if self.due else None
        low, high = self.roots(float(special.stdtrit(self.freedom, TWO_SIDED))) or (None, None)
        return Part(value, low, high)

    def breaks_at(self, c: float, critical: float, *, bias: float = 0.0) -> float:
        """Return up to which overstatement of the slopes T(c) stays below 0.

        Below 1 it is not even where records are right; 0 where it never is.
        """
        if self.t(0.0) <= -critical:
            return float("inf")
        found = self.roots(critical, bias=bias)
        if found is None:
            return 0.0
        return c / found[1] if found[1] > 0 else float("inf")

    def turns_at(self, c: float, critical: float) -> float:
        """Return from which overstatement on the gain counts as real; infinite for none."""
        if self.t(0.0) < critical:
            return float("inf")
        found = self.roots(critical)
        share = c if found is None else found[0]
        return max(c / share, 1.0) if share > 0 else 1.0


def weigh(
    slopes: Sequence[Slope],
    signals: Sequence[Estimate],
    dropped: Mapping[int, str],
    judge: Estimate,
) -> Composite | None:
    """Return the signals that are left as one.

    Outcomes that are the same in both arms, task by task, have no error; the judge's then sets the
    scale, so that they can be weighed at all.
    """
    least = [(SLIGHT * slope.value * judge.error) ** 2 for slope in slopes]
    seen = [one.variance if np.isfinite(one.value) else 0.0 for one in signals]
    used = [k for k in range(len(signals)) if k not in dropped]
    return combine(slopes, np.maximum(seen, least), used) if used else None
