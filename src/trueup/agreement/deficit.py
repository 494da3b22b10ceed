"""One-sided tests that one side wins not less often than another, by a margin, on paired units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtr

from trueup.agreement.grouped import spread

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints


def t_test(deficit: Floats, margin: float, group: Ints) -> float:
    """Return the p-value of a mean deficit of `margin` or more, by Student's t.

    Args:
        deficit: 1 where only the other side wins, -1 where only this one does, else 0.
        margin: Deficit that is not allowed.
        group: Group of each unit, numbered.
    """
    mean = float(deficit.mean())
    found = spread(deficit - mean, np.ones(len(deficit)), group)
    if found.n_groups == 1 or found.variance == 0:
        return 1.0
    return float(stdtr(found.effective - 1, (mean - margin) / np.sqrt(found.variance)))


def score_test(deficit: Floats, margin: float, group: Ints) -> float:
    """Return the same p-value by the score test of Tango (1998), Statistics in Medicine 17.

    With b and c units that only the other side or only this one wins, z = (b - c - n margin) /
    sqrt(n (2 q + margin - margin^2)), where q is the likeliest share of c if b's is q + margin.
    Groups divide b, c and n by the design effect. Holds its level down to ten units.
    """
    n, rows = float(len(deficit)), np.ones(len(deficit))
    found = spread(deficit - deficit.mean(), rows, group)
    if found.n_groups == 1:
        return 1.0
    alone = spread(deficit - deficit.mean(), rows, None).variance
    effect = max(found.variance / alone, 1.0) if alone > 0 else n / found.effective
    b, c = ((deficit == side).sum() / effect for side in (1, -1))
    n /= effect
    slope = (2 * n - b + c) * margin - b - c
    constant = -c * margin * (1 - margin)
    q = (np.sqrt(max(slope**2 - 8 * n * constant, 0.0)) - slope) / (4 * n)
    variance = n * (2 * q + margin - margin**2)
    return float(ndtr((b - c - n * margin) / np.sqrt(variance))) if variance > 0 else 1.0
