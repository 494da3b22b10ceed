"""Do two series rise together over releases? A trend whose error knows of shocks.

A release's mean is its truth, sampling noise whose size the user buckets tell, a shock that all of
its records share and that lingers into the next, and what the release brought for reasons of its
own, which stays. Users kept on the first version see the same shocks and no release. A dozen
releases cannot tell how large shocks are and how long they linger, nor whether users drift with the
season: the trend is averaged over all of that by its restricted likelihood (Harville 1974), with a
wide prior, as in `noise`. So users kept back count for as much as their noise allows: beside small
shocks their means add little, beside large ones nothing else is believed.

The trend over the releases' numbers is the instrument: neither the noise in the judge's means nor
its shocks are part of it, so that gain over rise is not pulled towards 0 as a regression of one
estimate on the other is (errors in variables; Wald 1940).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

SHOCKS = (0.0, 0.15, 0.4, 1.0, 2.5, 6.0, 16.0, 60.0)
"""Variance of shocks, in sampling variances."""
NO_SHOCKS = 0.3
"""Prior probability that there are none."""
SCALE = 1.5
"""Else their standard deviation is half-Cauchy with this scale, in those of sampling."""
LINGERING = {0.3: 0.25, 0.6: 0.5, 0.8: 0.25}
"""Autocorrelation of shocks from release to release, and its prior probability."""
DRIFTS = {0.2: 0.5, 3.0: 0.25, 100.0: 0.25}
"""Variance over releases of a steady drift that comes to all users, in sampling variances, and its
prior probability. Only users who are kept back can tell it from what releases do."""
WANDER = 0.02
"""Variance of what a release brings for reasons of its own, in sampling variances."""
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Models:
    """Error models for so many releases: shocks of several sizes that linger for so long.

    Attributes:
        contrast: models x rows: weights that give the trend.
        left: models x rows x rows: quadratic forms of the residual sum of squares.
        score: models: log prior and the likelihood's determinants.
        spread: models: variance of the trend per sampling variance.
    """

    contrast: Floats
    left: Floats
    score: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """Users who were kept on the first version.

    Attributes:
        rows: Which means are theirs.
        apart: Variance of how they differ from others at all times, in sampling variances.
    """

    rows: Bools
    apart: float


def models(
    relative: Floats,
    path: Floats,
    *,
    number: Floats | None = None,
    own: float = WANDER,
    frozen: Frozen | None = None,
) -> Models:
    """Return every error model of the grid.

    Args:
        relative: Sampling variance of each mean over that of the releases' means.
        path: How the change grows over releases, up to a factor; 0 for users kept back.
        number: Each mean's release, which says what shock it shares; in order where left out.
        own: Variance of what a release brings for reasons of its own, in sampling variances.
        frozen: Who was kept back, None for nobody.
    """
    n = len(relative)
    at = np.arange(n, dtype=np.float64) if number is None else number
    moving = np.ones(n) if frozen is None else (~frozen.rows).astype(np.float64)
    design = np.c_[np.ones(n), path]
    apart = np.abs(np.subtract.outer(at, at))
    steps = (at - at.min()) * moving
    known = np.diag(relative) + own * np.minimum.outer(steps, steps)
    if frozen is not None:
        known += frozen.apart * np.outer(frozen.rows, frozen.rows)
    line = at - at.mean()
    line /= max(float(np.sqrt((line**2).mean())), 1.0 / n)
    grid, prior = _prior(frozen=frozen is not None)
    covariance = np.array(
        [
            known + size * linger**apart + drift * np.outer(line, line)
            for size, linger, drift in grid
        ]
    )
    inverse = np.linalg.inv(covariance)
    inner = design.T @ inverse @ design
    solved = np.linalg.solve(inner, design.T @ inverse)
    score = prior - (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(inner)[1]) / 2
    spread = np.linalg.inv(inner)[:, 1, 1]
    return Models(solved[:, 1], inverse - inverse @ design @ solved, score, spread)


def _prior(*, frozen: bool) -> tuple[list[tuple[float, float, float]], Floats]:
    """Return shocks' variance, their lingering and the drift of every model, and its log prior."""
    root = np.sqrt(SHOCKS)
    edges = np.concatenate([[0.0], (root[1:] + root[:-1]) / 2, [1.5 * root[-1]]])
    mass = np.diff(np.arctan(edges / SCALE))
    mass *= (1 - NO_SHOCKS) / mass.sum()
    mass[0] += NO_SHOCKS
    shocks = [(0.0, 0.0, float(mass[0]))]
    for size, part in zip(SHOCKS[1:], mass[1:], strict=True):
        shocks += [(size, linger, part * share) for linger, share in LINGERING.items()]
    drifts = DRIFTS if frozen else {0.0: 1.0}
    both = list(product(shocks, drifts.items()))
    grid = [(size, linger, drift) for (size, linger, _), (drift, _) in both]
    return grid, np.log([part * share for (_, _, part), (_, share) in both])


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
        value, error, _ = trend(self.gain - c * self.judge, self.variance(c), self.known)
        return value, float(np.hypot(error, c * self.slope_error * self.rise()))

    def variance(self, c: float) -> float:
        """Return the sampling variance of gain less a share of the judge's mean."""
        return self.gain_variance - 2 * c * self.both + c * c * self.judge_variance

    def above(self, shares: Floats | float) -> Floats:
        """Return the probability that the gain is above a share of the judge's rise."""
        c = np.atleast_1d(np.asarray(shares, dtype=np.float64))
        variance = self.gain_variance - 2 * c * self.both + c * c * self.judge_variance
        variance = np.maximum(variance, SMALLEST)[:, None]
        squares = _form(self.gain, self.gain, self.known)
        squares = squares - 2 * c[:, None] * _form(self.gain, self.judge, self.known)
        squares = squares + c[:, None] ** 2 * _form(self.judge, self.judge, self.known)
        due = c[:, None] * (self.known.contrast @ self.judge)
        gap = self.known.contrast @ self.gain - due
        error = np.sqrt(self.known.spread * variance + (due * self.slope_error) ** 2)
        found: Floats = (_weights(squares / variance, self.known) * special.ndtr(gap / error)).sum(
            -1
        )
        return found


def trend(
    series: Floats, variance: float, known: Models, *, less: float = 0.0
) -> tuple[float, float, float]:
    """Return a series' trend per release, its error, and the chance that it is not upward.

    Args:
        series: One mean per row.
        variance: Their mean sampling variance.
        known: The error models.
        less: Trend that is to be taken off before the chance is worked out.
    """
    size = max(variance, SMALLEST)
    weight = _weights(_form(series, series, known) / size, known)
    each = known.contrast @ series
    value = float(weight @ each)
    error = float(np.sqrt(weight @ (known.spread * size + (each - value) ** 2)))
    chance = float(weight @ special.ndtr((less - each) / np.sqrt(known.spread * size)))
    return value, error, chance


def _form(one: Floats, other: Floats, known: Models) -> Floats:
    """Return the residual sum of products of two series under each model."""
    found: Floats = (known.left @ other) @ one
    return found


def _weights(squares: Floats, known: Models) -> Floats:
    """Return each model's posterior probability, from residual sums over sampling variances."""
    log = known.score - squares / 2
    raw = np.exp(log - log.max(-1, keepdims=True))
    found: Floats = raw / raw.sum(-1, keepdims=True)
    return found
