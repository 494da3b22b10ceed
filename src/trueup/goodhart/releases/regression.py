"""Do two series rise together over releases? A trend whose error knows of shocks.

A release's mean is its truth, sampling noise whose size the user buckets tell, and a shock that all
of its records share and that lingers into the next. A dozen releases cannot tell how large shocks
are and how long they linger: the trend is averaged over both by their restricted likelihood
(Harville 1974), with a wide prior, as in `noise`.

The trend over the releases' numbers is the instrument: neither the noise in the judge's means nor
its shocks are part of it, so that gain over rise is not pulled towards 0 as a regression of one
estimate on the other is (errors in variables; Wald 1940).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHOCKS = (0.0, 0.15, 0.4, 1.0, 2.5, 6.0, 16.0)
"""Variance of shocks, in sampling variances."""
LINGERING = (0.0, 0.3, 0.6, 0.85)
"""Autocorrelation of shocks from release to release."""
LINGERING_PRIOR = (0.15, 0.25, 0.35, 0.25)
NO_SHOCKS = 0.25
"""Prior probability that there are none."""
SCALE = 1.0
"""Else their standard deviation is half-Cauchy with this scale, in those of sampling."""
WANDER = 0.01
"""Variance of what each release adds to users for reasons of its own, in sampling variances; it
stays, so that it grows into a trend by chance."""
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Models:
    """Error models for so many releases: shocks of several sizes that linger for so long.

    Attributes:
        contrast: models x releases: weights that give the trend.
        left: models x releases x releases: quadratic forms of the residual sum of squares.
        score: models: log prior and the likelihood's determinants.
        spread: models: variance of the trend per sampling variance.
    """

    contrast: Floats
    left: Floats
    score: Floats
    spread: Floats


def models(relative: Floats, path: Floats) -> Models:
    """Return every error model of the grid.

    Args:
        relative: Sampling variance of each release over their mean.
        path: How the change grows over releases, up to a factor.
    """
    n = len(relative)
    design = np.c_[np.ones(n), path]
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    grid, prior = _prior()
    own = np.diag(relative) + WANDER * np.minimum.outer(np.arange(n), np.arange(n))
    covariance = np.array([own + size * linger**apart for size, linger in grid])
    inverse = np.linalg.inv(covariance)
    inner = design.T @ inverse @ design
    solved = np.linalg.solve(inner, design.T @ inverse)
    score = prior - (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(inner)[1]) / 2
    spread = np.linalg.inv(inner)[:, 1, 1]
    return Models(solved[:, 1], inverse - inverse @ design @ solved, score, spread)


def _prior() -> tuple[list[tuple[float, float]], Floats]:
    root = np.sqrt(SHOCKS)
    edges = np.concatenate([[0.0], (root[1:] + root[:-1]) / 2, [1.5 * root[-1]]])
    mass = np.diff(np.arctan(edges / SCALE))
    mass *= (1 - NO_SHOCKS) / mass.sum()
    mass[0] += NO_SHOCKS
    grid, prior = [(0.0, 0.0)], [mass[0]]
    for size, part in zip(SHOCKS[1:], mass[1:], strict=True):
        for linger, share in zip(LINGERING, LINGERING_PRIOR, strict=True):
            grid.append((size, linger))
            prior.append(part * share)
    return grid, np.log(prior)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """What the signals gained over releases, against the judge's rise.

    Attributes:
        judge: Mean of each release.
        gain: The signals as one, in judge points.
        judge_variance: Mean sampling variance of `judge`.
        gain_variance: Of `gain`.
        both: Their mean sampling covariance.
        slope_error: Relative standard error of what a judge point is worth.
        known: The error models.
    """

    judge: Floats
    gain: Floats
    judge_variance: float
    gain_variance: float
    both: float
    slope_error: float
    known: Models

    def rise(self) -> float:
        """Return the judge's trend."""
        return trend(self.judge, self.judge_variance, self.known)[0]

    def trend(self, c: float) -> tuple[float, float]:
        """Return the trend of the gain less a share of the judge's rise, and its error."""
        variance = self.gain_variance - 2 * c * self.both + c * c * self.judge_variance
        value, error, _ = trend(self.gain - c * self.judge, variance, self.known)
        return value, float(np.hypot(error, c * self.slope_error * self.rise()))

    def above(self, shares: Floats | float) -> Floats:
        """Return the probability that the gain is above a share of the judge's rise."""
        c = np.atleast_1d(np.asarray(shares, dtype=np.float64))
        series = self.gain[None, :] - c[:, None] * self.judge[None, :]
        variance = self.gain_variance - 2 * c * self.both + c * c * self.judge_variance
        weight = self._weights(series, np.maximum(variance, SMALLEST))
        trend = series @ self.known.contrast.T
        due = c[:, None] * (self.known.contrast @ self.judge)[None, :]
        spread = self.known.spread * variance[:, None] + (due * self.slope_error) ** 2
        error = np.sqrt(np.maximum(spread, SMALLEST))
        found: Floats = (weight * special.ndtr(trend / error)).sum(-1)
        return found

    def _weights(self, series: Floats, variance: Floats) -> Floats:
        return _weights(series, variance, self.known)


def trend(
    series: Floats, variance: float, known: Models, *, less: float = 0.0
) -> tuple[float, float, float]:
    """Return a series' trend per release, its error, and the chance that it is not upward.

    Args:
        series: One mean per release.
        variance: Their mean sampling variance.
        known: The error models.
        less: Trend that is to be taken off before the chance is worked out.
    """
    size = max(variance, SMALLEST)
    weight = _weights(series, np.asarray(size), known)
    each = known.contrast @ series
    value = float(weight @ each)
    error = float(np.sqrt(weight @ (known.spread * size + (each - value) ** 2)))
    chance = float(weight @ special.ndtr((less - each) / np.sqrt(known.spread * size)))
    return value, error, chance


def _weights(series: Floats, variance: Floats, known: Models) -> Floats:
    """Return each model's posterior probability: (..., models)."""
    squares = np.einsum("...i,gij,...j->...g", series, known.left, series, optimize=True)
    log = known.score - squares / np.maximum(variance, SMALLEST)[..., None] / 2
    raw = np.exp(log - log.max(-1, keepdims=True))
    found: Floats = raw / raw.sum(-1, keepdims=True)
    return found
