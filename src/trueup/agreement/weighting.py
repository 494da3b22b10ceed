"""How much two levels count as the same: weights of agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from trueup.agreement.column import Floats
    from trueup.agreement.ratings import Ratings

Weights = Literal["linear", "quadratic"]


def agreement_weights(weights: Weights | Floats | None, table: Ratings) -> Floats:
    """Return the weight of each pair of levels, 1 for full and 0 for no agreement.

    Args:
        weights: None for 1 on the diagonal and 0 elsewhere. "linear" is 1 - |a - b| / range,
            "quadratic" 1 - (a - b)^2 / range^2, of the values of levels that are numbers and of
            the places of others. Or a table of weights, levels x levels.
        table: The ratings.

    Raises:
        TypeError: Levels are texts whose order is not declared.
        ValueError: The table of weights is not symmetric, with 1 on its diagonal, within 0 and 1.
    """
    size = len(table.levels)
    if weights is None:
        return np.eye(size)
    if not isinstance(weights, str):
        return _checked(np.asarray(weights, dtype=np.float64), size)
    if weights not in {"linear", "quadratic"}:
        raise ValueError(f"weights is {weights!r}; it is 'linear', 'quadratic', a table or None")
    if not table.ordered:
        raise TypeError(
            f"ratings holds {table.levels[0]!r} and weights is {weights!r}, which needs an order; "
            "name the scale from its lowest to its highest in `levels`"
        )
    apart = np.abs(table.values[:, None] - table.values)
    share = apart / max(float(apart.max()), np.finfo(float).tiny)
    return np.asarray(1 - (share if weights == "linear" else share**2))


def _checked(weights: Floats, size: int) -> Floats:
    if weights.shape != (size, size):
        shape = " x ".join(map(str, weights.shape))
        raise ValueError(
            f"weights is {shape} for {size} levels; give {size} x {size}, in the order of `levels`"
        )
    if not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError("weights has a value outside 0 and 1; divide by the largest, none below 0")
    if (np.diagonal(weights) != 1).any():
        raise ValueError(
            "weights is not 1 on its diagonal, where raters agree; it weighs agreement"
        )
    if (weights != weights.T).any():
        raise ValueError(
            "weights is not symmetric; give a pair of levels one weight in both orders"
        )
    return weights
