"""Pass rates from verdicts and labels of the same traffic: prediction-powered inference (PPI++).

With verdicts of yes and no, PPI++ at its best slope is the sum over verdicts of share x labels'
mean, so the traffic is taken apart by verdict. A judge that gives numbers gets a power-tuned slope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from trueup.agreement.posterior import (
    HALF,
    matched,
)

if TYPE_CHECKING:
    from trueup.agreement.column import Floats


_TINY = 1e-300


class Tuned(NamedTuple):
    """A power-tuned mean; arrays of the leading shape."""

    estimate: Floats
    within: Floats
    """Sum of squares of what each label adds to the estimate's error."""
    between: Floats
    """Variance that remains because the traffic itself is a sample."""
    slope: Floats
    """Weight of the judge; 0 is labels only."""
    alone: tuple[Floats, Floats]
    """Mean of the labels without the judge, and its `within`."""


def tuned(
    labels: Floats,
    verdicts: Floats,
    weights: Floats,
    *,
    traffic: tuple[Floats, Floats, Floats],
) -> Tuned:
    """Return the power-tuned prediction-powered mean (PPI++) with the parts of its variance.

    estimate = mean(labels) + slope (mean verdict of the traffic - mean verdict of the labelled),
    slope = cov(labels, verdicts) / var(verdicts of the traffic), not below 0. The traffic counts
    the labelled items in; so written it is the estimator of `ppi_py`, whose `lam` is
    slope / (1 + n / N) with N the items without label, and which holds `lam` at 1 at most; here
    a judge that gives 0.4 and 0.6 is worth as much as one that gives 0 and 1.

    Source: Angelopoulos, Duchi & Zrnic (2023), "PPI++: Efficient Prediction-Powered Inference",
    arXiv 2311.01453; with unequal chances Zrnic & Candes (2024), "Active Statistical Inference",
    arXiv 2403.03208.

    Args:
        labels: Shape (..., n).
        verdicts: The judge's values at the same items, shape (..., n).
        weights: Inverse inclusion probabilities of any scale, shape (..., n).
        traffic: Mean and variance (divisor count - 1) of all verdicts and their count, each of
            shape (...).
    """
    mean, variance, count = traffic
    share = weights / weights.sum(-1, keepdims=True)
    label_mean = (share * labels).sum(-1)
    verdict_mean = (share * verdicts).sum(-1)
    off_label = labels - label_mean[..., None]
    off_verdict = verdicts - verdict_mean[..., None]
    shared = (share * off_label * off_verdict).sum(-1)
    slope = np.where(variance > 0, np.maximum(shared, 0) / np.maximum(variance, _TINY), 0.0)
    parts = share * (off_label - slope[..., None] * off_verdict)
    between = np.maximum(slope * (2 * shared - slope * variance), 0) / count
    estimate = label_mean + slope * (mean - verdict_mean)
    alone = label_mean, ((share * off_label) ** 2).sum(-1)
    return Tuned(estimate, (parts**2).sum(-1), between, slope, alone)


def worth_it(found: Tuned, n: Floats, *, ci: float) -> Tuned:
    """Return the labels' own mean where the judge does not pay for its slope.

    The slope costs a degree of freedom; where what it explains is less, it is set to 0, so that
    no judge makes the interval wider than the labels' own.

    Args:
        found: What `tuned` returned.
        n: Labels by Kish's count, shape (...).
        ci: Level of the interval to be read off.
    """
    mean, within = found.alone
    gains = _variance(found, n, ci=ci) < _variance(_without(found), n, ci=ci)
    keep = np.logical_and(gains, found.slope > 0)
    return Tuned(
        np.where(keep, found.estimate, mean),
        np.where(keep, found.within, within),
        np.where(keep, found.between, 0.0),
        np.where(keep, found.slope, 0.0),
        found.alone,
    )


def _without(found: Tuned) -> Tuned:
    mean, within = found.alone
    nothing = np.zeros_like(mean)
    return Tuned(mean, within, nothing, nothing, found.alone)


def _variance(found: Tuned, n: Floats, *, ci: float, inflate: float = 1.0) -> Floats:
    """Return the variance of the Beta; the labels' own is Jeffreys' without Student's t."""
    rate = np.clip(found.estimate, 0, 1)
    used = found.slope > 0
    free = np.maximum(n - 2, 1)
    widen = np.where(used, (stdtrit(free, (1 + ci) / 2) / ndtri((1 + ci) / 2)) ** 2, 1.0)
    spread = found.within * n**2 * np.where(used, n / free, 1.0)
    spread = spread + HALF * (rate**2 + (1 - rate) ** 2)
    both: Floats = (spread * inflate / ((n + 1) * (n + 2)) + found.between) * widen
    return both


def tuned_posterior(
    found: Tuned, n: Floats, *, ci: float, inflate: float = 1.0
) -> tuple[Floats, Floats]:
    """Return both parameters of the Beta that stands for a power-tuned mean.

    Half a 0 and half a 1 join the labels, as Jeffreys' prior does where verdicts are yes and no.
    The variance is widened by the square of Student's t with n - 2 degrees over the normal
    quantile.

    Args:
        found: What `tuned` returned.
        n: Labels by Kish's count (sum w)^2 / sum w^2, shape (...).
        ci: Level of the interval to be read off.
        inflate: Design effect of groups.
    """
    rate = np.clip(found.estimate, 0, 1)
    variance = _variance(found, n, ci=ci, inflate=inflate)
    return matched((n * rate + HALF) / (n + 1), variance)
