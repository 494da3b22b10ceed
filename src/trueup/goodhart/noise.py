"""Intervals for a shift between weeks, where sampling noise is known and weekly shocks are not.

A week's mean is its truth, plus sampling noise whose variance the user buckets tell, plus a shock
shared by all records of the week that lingers into the next. How large shocks are and how long
they linger, some dozens of weeks cannot pin down; so the interval averages over both, by the
restricted likelihood (Harville 1974) of a grid of them and a wide prior, rather than plugging one
estimate in. On simulated weeks a nominal 95 % covers 96 % without shocks, 95 to 98 % where their
variance is 4 and 16 times that of sampling at autocorrelation .5 and .6, and 88 to 94 % where it
is as large as that or smaller, which so few weeks cannot tell from none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHOCKS = (0.0, 0.15, 0.4, 1.0, 2.5, 6.0, 16.0, 50.0)
"""Variance of shocks, in sampling variances."""
LINGERING = (0.0, 0.3, 0.6, 0.85)
"""Autocorrelation of shocks from week to week."""
NO_SHOCKS = 0.7
"""Prior probability that there are none."""
SCALE = 2.0
"""Else their standard deviation is half-Cauchy with this scale, in those of sampling."""
LINGERING_PRIOR = (0.1, 0.2, 0.4, 0.3)
TAIL = 0.025
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Models:
    """Every error model of the grid for so many weeks before and after.

    Attributes:
        contrast: weeks: weights that give mean after minus mean before.
        left: models x weeks x weeks: quadratic forms of the residual sum of squares.
        score: models: log prior and the likelihood's determinants.
        spread: models: variance of the contrast per sampling variance.
    """

    contrast: Floats
    left: Floats
    score: Floats
    spread: Floats


def _prior() -> tuple[list[tuple[float, float]], Floats]:
    root = np.sqrt(SHOCKS)
    edges = np.concatenate([[0.0], (root[1:] + root[:-1]) / 2, [1.5 * root[-1]]])
    mass = np.diff(np.arctan(edges / SCALE))
    mass *= (1 - NO_SHOCKS) / mass.sum()
    mass[0] += NO_SHOCKS
    models, prior = [(0.0, 0.0)], [mass[0]]
    for size, part in zip(SHOCKS[1:], mass[1:], strict=True):
        for linger, share in zip(LINGERING, LINGERING_PRIOR, strict=True):
            models.append((size, linger))
            prior.append(part * share)
    return models, np.log(prior)


@lru_cache(maxsize=256)
def models(before: int, after: int) -> Models:
    """Return the grid's error models, worked out once for each number of weeks."""
    n = before + after
    step = np.r_[np.zeros(before), np.ones(after)]
    design = np.c_[np.ones(n), step]
    contrast = step / after - (1 - step) / before
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    grid, prior = _prior()
    covariance = np.array([np.eye(n) + size * linger**apart for size, linger in grid])
    inverse = np.linalg.inv(covariance)
    inner = design.T @ inverse @ design
    left = inverse - inverse @ design @ np.linalg.solve(inner, design.T @ inverse)
    score = prior - (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(inner)[1]) / 2
    return Models(contrast, left, score, contrast @ covariance @ contrast)


def weights(squares: Floats, known: Models) -> Floats:
    """Return each model's posterior weight.

    Args:
        squares: (..., models): residual sums of squares over the sampling variance.
        known: From `models`.
    """
    log = known.score - squares / 2
    log = log - log.max(-1, keepdims=True)
    raw = np.exp(log)
    found: Floats = raw / raw.sum(-1, keepdims=True)
    return found


def interval(series: Floats, before: int, variance: float) -> tuple[float, float, float]:
    """Return by how much the mean moved, and its 95 % interval.

    Args:
        series: Weeks, without gaps.
        before: Weeks before.
        variance: Sampling variance of a week's mean.
    """
    known = models(before, len(series) - before)
    delta = float(known.contrast @ series)
    if variance <= 0:
        variance = max(float(series.var()) * 1e-6, 1e-300)
    squares = np.einsum("i,gij,j->g", series, known.left, series) / variance
    half = half_width(weights(squares, known), np.sqrt(known.spread * variance))
    return delta, delta - half, delta + half


def half_width(weight: Floats, error: Floats) -> float:
    """Return the half-width of a symmetric mixture of normals that leaves `TAIL` on each side."""
    low, high = 0.0, float(error.max()) * 4
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if float(weight @ special.ndtr(-middle / error)) > TAIL:
            low = middle
        else:
            high = middle
    return high
