"""Posteriors of rates from counts: Beta for a level of the verdict, mixed over a traffic's levels.

Functions take any leading axes, so that thousands of data sets go through at once; those on single
labels (`sums`, `group_effect`) take one data set.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints


HALF = 0.5
"""Jeffreys' prior: half a 0 and half a 1."""


class Found(NamedTuple):
    """What an estimator came to for one data set."""

    estimate: float
    low: float
    high: float
    estimator: str
    """Its name."""
    interval: str
    """Name of the interval."""
    warnings: tuple[str, ...]
    """Sentences."""


class Level(NamedTuple):
    """Sums over the labels of each level; arrays of shape (..., levels)."""

    n: Floats
    """Labels, divided by their design effect, so not always whole."""
    total: Floats
    """Sum of their values in [0, 1], divided likewise."""
    squares: Floats
    """Sum of squared values; equal to `total` where values are 0 and 1."""


class Interval(NamedTuple):
    """Bounds, each of the leading shape."""

    low: Floats
    high: Floats


def matched(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return both parameters of the Beta distribution with this mean and variance.

    Variances that would give it less strength than one observation are lowered to that.
    """
    room = mean * (1 - mean)
    strength = room / np.clip(variance, 1e-12, room / 2) - 1
    return mean * strength, (1 - mean) * strength


def posterior(of: Level) -> tuple[Floats, Floats]:
    """Return both Beta parameters for the mean of each level.

    Values of 0 and 1 give Jeffreys' posterior, Beta(k + 1/2, n - k + 1/2). Values between, as
    means of several people, give the Beta that has the mean and the variance of this sample with
    half a 0 and half a 1 added.

    >>> a, b = posterior(Level(np.array(20.0), np.array(18.0), np.array(18.0)))
    >>> round(float(a), 9), round(float(b), 9)
    (18.5, 2.5)
    """
    mean = (of.total + HALF) / (of.n + 1)
    spread = (of.squares + HALF) / (of.n + 1) - mean**2
    return matched(mean, spread / (of.n + 2))


def exact(alpha: Floats, beta: Floats, *, ci: float) -> Interval:
    """Return the equal-tailed interval of Beta distributions, of their shape."""
    low, high = (betaincinv(alpha, beta, (1 + side * ci) / 2) for side in (-1, 1))
    return Interval(np.asarray(low, np.float64), np.asarray(high, np.float64))


def mixture(
    counts: Floats,
    parameters: tuple[Floats, Floats],
    *,
    ci: float,
    draws: int,
    rng: np.random.Generator,
) -> Interval:
    """Draw the interval of a mean over levels, weighted by their shares of the traffic.

    Shares have Jeffreys' Dirichlet posterior, levels' means their Beta posteriors, all
    independent: which labels fell into a level says nothing of their values. With one level the
    quantiles are exact and nothing is drawn.

    Args:
        counts: Items of the traffic by level, shape (..., levels).
        parameters: Both Beta parameters of each level's mean, same shape.
        ci: Two-sided level.
        draws: Draws of all of it for each data set.
        rng: Source of the draws.
    """
    tail = (1 - ci) / 2
    alpha, beta = parameters
    if counts.shape[-1] == 1:
        a, b = alpha[..., 0], beta[..., 0]
        return exact(a, b, ci=ci)
    shape = (*counts.shape, draws)
    shares = rng.standard_gamma((counts + HALF)[..., None], shape)
    shares /= shares.sum(axis=-2, keepdims=True)
    means = rng.beta(alpha[..., None], beta[..., None], shape)
    rates = np.einsum("...ld,...ld->...d", shares, means)
    low, high = np.quantile(rates, [tail, 1 - tail], axis=-1, method="weibull")
    return Interval(low, high)


def level(n: float, mean: float, square: float) -> Level:
    """Return the sums of n values with this mean and mean square."""
    return Level(np.asarray(n), np.asarray(n * mean), np.asarray(n * square))


def sums(values: Floats, weights: Floats, inflate: float = 1.0) -> Level:
    """Add up the labels of a level, as so many as would tell as much drawn with equal chances.

    The design effect is sum(w^2 e^2) / sum(w e^2), where w are inverse inclusion probabilities
    with mean 1 and e = value - weighted mean. Half an observation of e^2 = 1 with a heavy weight
    joins it, because a level without errors among few labels is not one without errors. Nothing
    here uses that strata had fixed numbers, so it holds for independent draws too.

    Source: Kish (1965), "Survey Sampling"; effective counts in a Beta interval after Korn &
    Graubard (1998), Survey Methodology 24.

    Args:
        values: Labels, shape (..., n).
        weights: Inverse inclusion probabilities of any scale, 0 for labels of other levels, shape
            (..., n).
        inflate: Design effect of groups, on top.

    >>> [float(part) for part in sums(np.array([1.0, 1, 1, 0]), np.full(4, 50.0))]
    [4.0, 3.0, 3.0]
    """
    count = (weights > 0).sum(-1)
    total = np.maximum(weights.sum(-1), np.finfo(float).tiny)
    mean = (weights * values).sum(-1) / total
    square = (weights * values**2).sum(-1) / total
    scaled = weights * (count / total)[..., None]
    off = (values - mean[..., None]) ** 2
    some = np.maximum(count, 1)
    kish = (scaled**2).sum(-1) / some
    heavy = (kish + (scaled**3).sum(-1) / some) / 2
    effect = ((scaled**2 * off).sum(-1) + HALF * heavy) / ((scaled * off).sum(-1) + HALF)
    n = np.where(count > 0, count / (np.where(count > 0, effect, 1.0) * inflate), 0.0)
    return Level(n, n * mean, n * square)


def group_effect(scale: Floats, off: Floats, groups: Ints, *, ci: float) -> float:
    """Return by how much groups of labels widen a variance, at least 1.

    effect = G / (G - 1) sum over groups (sum scale x off)^2 / sum (scale x off)^2, times the
    square of Student's t with G - 1 degrees over the normal quantile. Half an observation that
    its whole group shares joins it, as labels without errors say nothing of how errors cluster.

    Source: the linearised variance of ratio means with whole groups as units, as in Cochran
    (1977), "Sampling Techniques".

    Args:
        scale: What an error of 1 in each label adds to the estimate's error, shape (n,).
        off: Each label's distance from what was expected of it, shape (n,).
        groups: Group of each label as a code from 0, shape (n,).
        ci: Level of the interval to be read off.
    """
    sizes = np.bincount(groups)
    count = len(sizes)
    if count == len(groups):
        return 1.0
    prior = HALF * float((scale**2).mean())
    alone = float(((scale * off) ** 2).sum()) + prior
    together = float((np.bincount(groups, scale * off) ** 2).sum())
    together += prior * float((sizes**2).sum()) / len(groups)
    widen = (float(stdtrit(count - 1, (1 + ci) / 2)) / float(ndtri((1 + ci) / 2))) ** 2
    return max(together / alone * count / (count - 1), 1.0) * widen


def labels_worth(rate: float, width: float, *, ci: float) -> float:
    """Return how many labels drawn alike give a Wilson interval of this width at this rate.

    >>> from trueup.agreement.shares import wilson
    >>> low, high = wilson(54, 60)
    >>> round(labels_worth(0.9, high - low, ci=0.95), 6)
    60.0
    """
    z = float(ndtri((1 + ci) / 2))
    half2 = (width / 2) ** 2
    a, b = half2 - 0.25, 2 * half2 - rate * (1 - rate)
    if a >= 0 or half2 == 0:
        return 0.0 if half2 else math.inf
    u = (-b - math.sqrt(b * b - 4 * a * half2)) / (2 * a)
    return z * z / u
