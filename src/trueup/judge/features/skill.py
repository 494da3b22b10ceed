"""How well a head orders items of groups it has not seen, with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.estimate import Estimate
from trueup.judge.features.ridge import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.judge.features.ridge import Fit, Floats, Labelled

METHOD = "Spearman, group bootstrap in the manner of .632+, Fisher z with design effect"

_REPLICATES = 100
_SMALLEST_TEST = 3
_Z95 = 1.959963984540054


def agreement(data: Labelled, fit: Fit, rng: np.random.Generator) -> Estimate:
    """Estimate the skill on new groups, with a 95 % interval.

    Point: each replicate of a bootstrap of whole groups fits on the groups drawn, penalty included,
    and correlates prediction and label in those left out. That average, h, is low, for a replicate
    sees 63 % of the groups. As the .632+ estimator does (Efron and Tibshirani 1997, JASA 92,
    548-560; the error is 1 - rho, no information is rho = 0), it is moved towards the fit's own
    correlation o, the less the more the fit has overfitted, R = (o - h) / o. A ranking keeps its
    overfit under any penalty, so the paper's weight is multiplied by 1 - R once more; a negative
    h, where the paper stops at 0, is kept.

    Interval: Fisher's z, with the error of a Spearman correlation of Bonett and Wright (2000,
    Psychometrika 65, 23-28) and two widenings. Without signal a correlation between labels and
    predictions learnt from one another has up to twice the variance (each pair of labels counts
    both ways): a factor 1 + R**3, whose power was chosen by simulation. And the number of items is
    the effective one: Kish's for the weights over Moulton's design effect for the groups (1986,
    J. Econometrics 32, 385-397), 1 + (m - 1) a b, with m the group size as an item sees it and a, b
    the intraclass correlations of the ranks of held-out predictions and of what these leave over.
    """
    n = len(data.y)
    held_out, unseen = _held_out(data, rng)
    own = _spearman(fit.fitted, data.y, data.weights)
    overfit = (own - max(held_out, 0.0)) / own if own > max(held_out, 0.0) else 0.0
    share = 0.632 / (1 - 0.368 * overfit)
    estimate = held_out + (1 - share) * (1 - overfit) * (own - held_out)

    sizes = np.bincount(data.group).astype(np.float64)
    p, q = _ranks(unseen, data.weights), _ranks(data.y, data.weights)
    p, q = p - p.mean(), q - q.mean()
    left_over = q - p * (p @ q) / (p @ p) if p.any() else q
    clustering = _intraclass(p, data.group, sizes) * _intraclass(left_over, data.group, sizes)
    design_effect = 1 + (sizes @ sizes / n - 1) * clustering
    effective = n**2 / (data.weights @ data.weights) / design_effect
    widening = (1 + estimate**2 / 2) * (1 + overfit**3)
    error = np.sqrt(widening / max(float(effective) - 3, 1.0))
    z = np.arctanh(np.clip(estimate, -1 + 1e-9, 1 - 1e-9))
    return Estimate(
        estimate=float(estimate),
        low=float(min(np.tanh(z - _Z95 * error), estimate)),
        high=float(max(np.tanh(z + _Z95 * error), estimate)),
        n=n,
        n_groups=len(sizes),
        method=METHOD,
    )


def _held_out(data: Labelled, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return the mean correlation in groups left out, and each row's mean prediction there."""
    n_groups = int(data.group[-1]) + 1
    found, summed, times = [], np.zeros(len(data.y)), np.zeros(len(data.y))
    for _ in range(_REPLICATES):
        draws = rng.integers(n_groups, size=n_groups)
        drawn = np.bincount(draws, minlength=n_groups)[data.group]
        out = drawn == 0
        if out.sum() < _SMALLEST_TEST or np.ptp(data.y[out]) == 0:
            continue
        predicted = solve(data, data.weights * drawn).fitted[out]
        found.append(_spearman(predicted, data.y[out], data.weights[out]))
        summed[out] += predicted
        times[out] += 1
    return float(np.mean(found)), summed / np.maximum(times, 1)


def _spearman(a: Floats, b: Floats, w: Floats) -> float:
    p, q = _ranks(a, w), _ranks(b, w)
    total = w.sum()
    p, q = p - w @ p / total, q - w @ q / total
    spread = np.sqrt((w @ p**2) * (w @ q**2))
    return float(np.clip(w @ (p * q) / spread, -1, 1)) if spread > 0 else 0.0


def _ranks(values: Floats, w: Floats) -> Floats:
    """Rank by the weight below plus half of the tied weight: mid-ranks where all weigh the same."""
    distinct, place = np.unique(values, return_inverse=True)
    weight = np.bincount(place, weights=w, minlength=len(distinct))
    return (np.cumsum(weight) - weight / 2)[place]


def _intraclass(values: Floats, group: NDArray[np.int64], sizes: Floats) -> float:
    """Return the one-way analysis-of-variance estimate, clipped to [0, 1]."""
    n, k = len(values), len(sizes)
    if n == k:
        return 0.0
    means = np.bincount(group, weights=values) / sizes
    between = sizes @ (means - values.mean()) ** 2 / (k - 1)
    within = ((values - means[group]) ** 2).sum() / (n - k)
    usual_size = (n - sizes @ sizes / n) / (k - 1)
    spread = between + (usual_size - 1) * within
    return float(np.clip((between - within) / spread, 0, 1)) if spread > 0 else 0.0
