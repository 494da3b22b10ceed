"""Fit: gold as a curve of KL, and whether it still rises where the policy is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtrc, fdtrc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.training.curve import Course, Curve

    Floats = NDArray[np.float64]

LEAST = 8
"""Slots that a fit takes."""
FALLS = 2.5
"""Standard errors by which the slope has to be below 0 for a stop."""
REJECTED = 0.01
PROMPTS = 10
"""Prompts from which on their scatter, and not the curve's, gives the errors."""
_FLOOR = 1e-12


class Fitted(NamedTuple):
    """Gold as g0 + d (a - b log d), d the square root of KL."""

    best: int
    """Slot with the highest fitted gold."""
    slope: float
    """Of gold over d where the policy is now."""
    se: float
    holds: bool
    """Lack of fit is not rejected."""
    peak_kl: float
    """KL where the curve peaks; NaN where it has no peak."""

    @property
    def falls(self) -> bool:
        """The curve is past its peak."""
        return self.holds and self.slope < -FALLS * self.se


def fitted(curve: Curve, course: Course, *, noise: float) -> Fitted | None:
    """Fit the form of reward over KL that Gao et al. found for reinforcement learning.

    Least squares over slots, weighted by their readings, with a constant for gold at d = 0. With
    ten prompts or more each prompt has its own fit through the same KL values; coefficients are
    their means and errors the scatter of prompts, so that what is easy or hard in a prompt cancels.
    Lack of fit: the squared mean residual of each slot over its variance, added up, against
    chi-square with three degrees of freedom less than slots; without prompts, the residual variance
    against that of successive readings, by F. Wrong where checkpoints differ in ways that all
    prompts share: lack of fit is then rejected, and the other rules decide.

    Source: Gao, Schulman and Hilton (2023), "Scaling laws for reward model overoptimization".

    Args:
        curve: Holds KL and readings of each slot.
        course: Its gold.
        noise: Variance of one reading's mean about its level, used where there are few prompts.

    Returns:
        None where KL is missing or hardly differs, or there are too few slots.
    """
    readings = np.array(curve.readings, dtype=np.float64)
    d = np.array(curve.roots) / readings
    count = len(d)
    if count < LEAST or np.isnan(d).any() or d.max() < 2 * d.min() or d.max() <= 0:
        return None
    x = np.column_stack([np.ones(count), d, d * np.log(np.maximum(d, _FLOOR))])
    weighted = x * readings[:, None]
    normal = weighted.T @ x
    if np.linalg.cond(normal) > 1 / _FLOOR:
        return None
    take = np.linalg.solve(normal, weighted.T)
    each = take @ course.gold
    coefficients = each.mean(axis=1)
    rest = course.means - x @ coefficients
    prompts = course.gold.shape[1]
    if prompts >= PROMPTS:
        covariance = np.cov(each) / prompts / course.seen**2
        scatter = (course.gold - x @ each).var(axis=1, ddof=1) / prompts / course.seen**2
        q = float((rest**2 / np.maximum(scatter, _FLOOR)).sum()) * (prompts - 3) / (prompts - 1)
        chance = chdtrc(count - 3, q * (count - 3) / count)
    else:
        residual = float(readings @ rest**2) / (count - 3)
        covariance = np.linalg.inv(normal) * max(residual, noise)
        own = max(float(readings.sum()) * 2 / 3, 1)
        chance = fdtrc(count - 3, own, residual / max(noise, _FLOOR))
    now = max(float(d[-1]), _FLOOR)
    turn = np.array([0.0, 1.0, 1 + math.log(now)])
    return Fitted(
        best=int((x @ coefficients).argmax()),
        slope=float(turn @ coefficients),
        se=math.sqrt(max(float(turn @ covariance @ turn), 0.0)),
        holds=bool(chance >= REJECTED),
        peak_kl=_peak(*coefficients[1:]),
    )


def _peak(a: float, minus_b: float) -> float:
    """Return KL at the peak of d (a - b log d)."""
    if minus_b >= 0 or a / -minus_b > 300:  # noqa: PLR2004 - exp overflows
        return math.nan
    return math.exp(2 * (a / -minus_b - 1))
