"""The Brier score of probabilities against yes and no, and the parts it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.estimate import Estimate
from trueup.agreement.grouped import spread
from trueup.agreement.shares import score_interval

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints


def losses(p: Floats, t: Floats) -> Floats:
    """Return (p - y)^2, on average over the people who give y, of whom a share t says 1."""
    return np.asarray(t * (1 - p) ** 2 + (1 - t) * p**2)


def brier(p: Floats, t: Floats, group: Ints | None, *, ci: float) -> Estimate:
    """Return the Brier score with Wilson's interval on the effective number of units.

    The variance is at least that of a calibrated judge with these probabilities, whose rare
    mistakes a small sample may not show.
    """
    lost = losses(p, t)
    score, n = float(lost.mean()), len(p)
    found = spread(lost - score, np.ones(n), group)
    if found.n_groups == 1:
        return Estimate(score, 0.0, 1.0, n, 1, "single group")
    expected = p * (1 - p)
    model = (expected * (1 - 2 * p) ** 2).mean() + expected.var()
    variance = max(found.variance, float(model) / n)
    method = "brier, wilson on effective n" + ("" if group is None else ", clustered")
    if score * (1 - score) == 0 or variance > 0:
        size = found.effective if score in {0.0, 1.0} else score * (1 - score) / variance
        low, high = score_interval(score, size, found.times(ci))
    else:
        low = high = score
    return Estimate(score, low, high, n, found.n_groups, method)


def parts(p: Floats, t: Floats, place: Ints) -> dict[str, float]:
    """Return Murphy's parts of the Brier score, unbiased, and what bins leave over.

    Args:
        p: Probabilities; shape (n,).
        t: Shares of people who say met; shape (n,).
        place: Bin of each unit, numbered without gaps; shape (n,).
    """
    n, rate = len(p), float(t.mean())
    size = np.bincount(place)
    seen, said = np.bincount(place, t) / size, np.bincount(place, p) / size
    weight = size / n
    folded = float(weight @ (seen * (1 - seen) / np.maximum(size - 1, 1)))
    whole = rate * (1 - rate) / (n - 1)
    reliability = float(weight @ (seen - said) ** 2) - folded
    resolution = float(weight @ (seen - rate) ** 2) - folded + whole
    uncertainty = rate * (1 - rate) + whole
    return {
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within": float(losses(p, t).mean()) - (reliability - resolution + uncertainty),
    }
