"""The simulated judge's scale: from latent quality to points, with its moments in closed form.

A judge call is latent quality plus call noise, cut into 1 to 5. The cuts were solved for: mean 3.3,
a rise of .23 points by a gain of .3 in quality, and a correlation of .55 between two calls.
The correlation of two cut normals is Mehler's series in Hermite polynomials.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CUTS = -0.384 + 1.207 * np.array([-1.5, -0.5, 0.5, 1.5])
MEAN = 3.3
POINTS = 0.768
"""Points per unit of quality, at no gain: the slope of the continuous scale."""
_TERMS = 30


def to_points(latent: Floats, *, levels: bool) -> Floats:
    """Return what the judge says: whole points from 1 to 5, or a continuous score."""
    if not levels:
        return MEAN + POINTS * latent
    said = np.ones(latent.size)
    for cut in CUTS:
        said += latent > cut
    return said


def mean_points(shift: float, variance: float, *, levels: bool) -> float:
    """Return the mean score where the latent score is normal with this mean and variance."""
    if not levels:
        return MEAN + POINTS * shift
    return float(1 + ndtr((shift - CUTS) / math.sqrt(variance)).sum())


def repeat_correlation(lasting: float, noise: float, *, levels: bool) -> float:
    """Return the correlation of two calls on a reply.

    Args:
        lasting: Variance of what both calls share.
        noise: Variance of one call's noise.
        levels: Whether the calls are cut into points.
    """
    rho = lasting / (lasting + noise)
    if not levels:
        return rho
    at = CUTS / math.sqrt(lasting + noise)
    return step_covariance(at, at, rho) / step_covariance(at, at, 1.0)


def step_covariance(one: Floats, other: Floats, rho: float) -> float:
    """Return the covariance of two step functions of standard normals that correlate by rho.

    Each function rises by 1 at each of its thresholds. Mehler (1866): the sum over n of
    rho^n c_n d_n / n!, where c_n = sum phi(t) He_(n-1)(t) over the thresholds; at rho = 1 the
    series converges slowly and the overlap of the steps is exact.
    """
    if rho >= 1:
        above, over = ndtr(-one), ndtr(-other)
        both = ndtr(-np.maximum(one[:, None], other[None, :]))
        return float(both.sum() - above.sum() * over.sum())
    terms = [_density(one) * 1.0, _density(other) * 1.0]
    here, before = [np.ones_like(one), np.ones_like(other)], [0 * one, 0 * other]
    total = 0.0
    for n in range(1, _TERMS):
        total += (
            rho**n
            / math.factorial(n)
            * math.prod(
                float((density * poly).sum()) for density, poly in zip(terms, here, strict=True)
            )
        )
        later = [t * h - (n - 1) * b for t, h, b in zip((one, other), here, before, strict=True)]
        before, here = here, later
    return total


def _density(at: Floats) -> Floats:
    return np.exp(-0.5 * at * at) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=256)
def call_noise(reliability: float, *, levels: bool) -> float:
    """Return the standard deviation of call noise that gives two calls this correlation."""
    if not levels:
        return math.sqrt((1 - reliability) / reliability)
    low, high = 1e-4, 100.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        if repeat_correlation(1.0, middle**2, levels=True) > reliability:
            low = middle
        else:
            high = middle
    return middle


@lru_cache(maxsize=256)
def latent_of(points: float, variance: float, *, levels: bool) -> float:
    """Return the latent shift that adds so many points to the mean."""
    if not levels or points == 0:
        return points / POINTS
    base = mean_points(0.0, variance, levels=True)
    low, high = -5.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        if mean_points(middle, variance, levels=True) - base < points:
            low = middle
        else:
            high = middle
    return middle
