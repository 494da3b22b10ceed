"""How far an estimate is off, from each row's influence on it, rows of one group taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints


class Spread(NamedTuple):
    """Sampling variance of an estimate, and how much independent data is behind it."""

    variance: float
    n_groups: int
    effective: float
    """Groups, counted as if all were of one size (Kish): (sum of sizes)^2 / sum of sizes^2."""

    def times(self, ci: float) -> float:
        """Return how many standard errors a two-sided interval reaches (Student's t)."""
        return student(ci, self.effective - 1)


def spread(influence: Floats, weights: Floats, group: Ints | None) -> Spread:
    """Return the variance of an estimate that is off by the weighted mean of `influence`.

    With shares h_g of the total weight and U_g = sum of w psi / W over group g, it is the sum of
    U_g^2 / (1 - h_g), the bias-reduced sandwich of Bell and McCaffrey (2002), "Bias reduction in
    standard errors for linear regression with multi-stage samples", here for a mean. Without
    groups every row is one, and equal weights give the usual s^2 / n.

    Wrong for fewer than about ten groups, and where one group is most of the data.

    Args:
        influence: How much each row moves the estimate, times the number of rows; shape (n,).
        weights: Positive weights of the rows; shape (n,).
        group: Group of each row, numbered; shape (n,).
    """
    total = weights.sum()
    if group is None:
        sums, sizes = influence * weights / total, weights / total
    else:
        place = np.unique(group, return_inverse=True)[1]
        sums = np.bincount(place, influence * weights) / total
        sizes = np.bincount(place, weights) / total
    if len(sizes) == 1:
        return Spread(0.0, 1, 1.0)
    return Spread(float((sums**2 / (1 - sizes)).sum()), len(sizes), float(1 / (sizes @ sizes)))


def student(ci: float, degrees: float) -> float:
    """Return the two-sided quantile of Student's t; degrees may be a fraction."""
    return float(stdtrit(max(degrees, 0.5), (1 + ci) / 2))
