"""What a judge point is worth by past tests alone: a line through the origin, both sides noisy.

The moment slope of estimated effects with the noise of both and what they share taken off (total
covariance; Bibaut et al. 2024, arXiv 2402.17637), weighted, with an additive variance between tests
(Paule and Mandel 1982). Beside it the set of slopes that the likelihood without that variance
allows (limited information), which shows when past tests say next to nothing. For reports and as a
check of `blend`: with few tests it has nearly no power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.ledger.entries import Past

    Floats = NDArray[np.float64]

LEAST_STRENGTH = 10.0
"""Mean of (rise / its standard error)^2 below which tests have moved the judge too little."""
ROUNDS = 50
CLOSE = 1e-9
WITHIN = 3.84
"""95 % point of chi-squared with one degree of freedom."""
ANGLES = np.linspace(-np.pi / 2, np.pi / 2, 2001)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSlope:
    """Worth of a judge point in units of the composite, by past tests alone.

    Attributes:
        value: The slope.
        error: Its standard error; t with `freedom` degrees of freedom.
        between: Variance of gains between tests that neither rise nor noise explain.
        freedom: Tests less one.
        low: Lowest slope that the likelihood without `between` allows; None where unbounded.
        high: Highest.
        notes: What the set from `low` to `high` says against the slope.
    """

    value: float
    error: float
    between: float
    freedom: int
    low: float | None
    high: float | None
    notes: tuple[str, ...] = ()


def too_weak(past: Past) -> str | None:
    """Return why past tests say no slope, None where they do."""
    if len(past) <= 1:
        known = "one past test" if len(past) else "no past test"
        return f"{known} cannot say how much the worth of a judge point varies"
    strength = float((past.rise**2 / past.rise_variance).sum())
    if strength < LEAST_STRENGTH * len(past):
        return "past tests moved the judge too little"
    return None


def errors_in_variables(past: Past) -> PastSlope | None:
    """Return the slope by past tests alone, None where `too_weak` says why there is none.

    Where covariances had to be assumed, that of the alternatives which says less.
    """
    found = [_slope(one) for one in (past, *past.others)]
    whole = [slope for slope in found if slope is not None]
    if len(whole) < len(found):
        return None
    return min(whole, key=lambda slope: abs(slope.value) / slope.error)


def _slope(past: Past) -> PastSlope | None:
    if too_weak(past) is not None:
        return None
    between = 0.0
    value = _line(past, between)
    for _ in range(ROUNDS):
        if value is None:
            return None
        between = _paule_mandel(past, value)
        after = _line(past, between, start=value)
        done = after is not None and abs(after - value) <= CLOSE * abs(value)
        value = after
        if done:
            break
    if value is None:
        return None
    low, high = likelihood_set(past)
    notes = []
    if low is None or high is None:
        notes.append("past tests put no bound on what a judge point is worth")
    elif low <= 0 <= high:
        notes.append("past tests cannot rule out that a judge point is worth nothing")
    error = _error(past, value, between)
    return PastSlope(
        value=value, error=error, between=between, freedom=len(past) - 1, low=low, high=high,
        notes=tuple(notes),
    )  # fmt: skip


def _noise(past: Past, slope: Floats | float) -> Floats:
    """Return the variance of gain - slope x rise by noise alone."""
    found = past.gain_variance - 2 * slope * past.covariance + slope**2 * past.rise_variance
    return np.maximum(found, 1e-12 * past.gain_variance)


def _line(past: Past, between: float, *, start: float = 0.0) -> float | None:
    """Return the slope at a variance between tests; None where noise explains all rises."""
    slope = start
    for _ in range(ROUNDS):
        weight = 1 / (_noise(past, slope) + between)
        moved = float((weight * (past.rise**2 - past.rise_variance)).sum())
        if moved <= 0:
            return None
        after = float((weight * (past.rise * past.gain - past.covariance)).sum()) / moved
        if abs(after - slope) <= CLOSE * max(abs(after), CLOSE):
            return after
        slope = after
    return slope


def _paule_mandel(past: Past, slope: float) -> float:
    """Return the variance between tests at which residuals are as large as they should be."""
    squares, noise = (past.gain - slope * past.rise) ** 2, _noise(past, slope)
    freedom = len(past) - 1

    def excess(between: float) -> float:
        return float((squares / (noise + between)).sum()) - freedom

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(squares.sum())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _error(past: Past, slope: float, between: float) -> float:
    """Return the standard error, robust to unequal variances, never below that of the model."""
    weight = 1 / (_noise(past, slope) + between)
    moved = float((weight * (past.rise**2 - past.rise_variance)).sum())
    left = (past.gain - slope * past.rise) * past.rise
    parts = weight * (left + slope * past.rise_variance - past.covariance)
    inflation = len(past) / (len(past) - 1)
    robust = float(np.sqrt(inflation * (parts**2).sum())) / moved
    return float(max(robust, moved**-0.5))


def likelihood_set(past: Past) -> tuple[float | None, float | None]:
    """Return the lowest and highest slope that the tests allow; None where unbounded.

    Slopes b with Q(b) - min Q <= 3.84 for Q(b) the sum of (gain - b rise)^2 over its noise,
    searched over angles, so that an infinite slope is one of them.
    """
    scale = np.sqrt((past.gain**2).sum() / (past.rise**2).sum()) or 1.0
    up, along = np.sin(ANGLES) * scale, np.cos(ANGLES)
    left = along[:, None] * past.gain - up[:, None] * past.rise
    noise = (
        along[:, None] ** 2 * past.gain_variance
        - 2 * (along * up)[:, None] * past.covariance
        + up[:, None] ** 2 * past.rise_variance
    )
    misfit = (left**2 / np.maximum(noise, np.finfo(float).tiny)).sum(1)
    inside = np.flatnonzero(misfit - misfit.min() <= WITHIN)
    first, last = int(inside[0]), int(inside[-1])
    ends = [scale * float(np.tan(ANGLES[at])) for at in (first, last)]
    unbounded = first == 0 or last == len(ANGLES) - 1
    return (None, None) if unbounded else (ends[0], ends[1])


def predicted(
    slope: PastSlope, rise: float, *, rise_variance: float = 0.0, seen_variance: float = 0.0,
    level: float = 0.95,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the gain that a rise should bring, and the ends of its prediction interval.

    Too narrow for rises much above past ones, where what is between tests grows with the rise;
    the interval of `blend` is not.

    Args:
        slope: By past tests.
        rise: The judge's, in points.
        rise_variance: Of its estimate; 0 for the true rise.
        seen_variance: Of the gain's estimate, for what a test will show; 0 for the true gain.
        level: Of the interval.
    """
    spread = slope.between + (rise * slope.error) ** 2
    spread += slope.value**2 * rise_variance + seen_variance
    wide = float(special.stdtrit(slope.freedom, (1 + level) / 2)) * spread**0.5
    return slope.value * rise, slope.value * rise - wide, slope.value * rise + wide
