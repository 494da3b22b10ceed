"""Ridge regression whose penalty is chosen by cross-validation over groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH = 3.0
"""A feature farther than this many standard deviations from its mean counts as that far."""

_PENALTIES = np.logspace(-2, 1.5, 11)
"""Candidates per unit of label weight: from hardly any shrinkage to each feature on its own."""
_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled items, in an order that depends on their content and the seed alone."""

    x: Floats
    y: Floats
    weights: Floats
    group: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression on standardised features."""

    means: Floats
    scales: Floats
    coefficients: Floats
    intercept: float
    penalty: float
    """On the squared coefficients, for weights with mean 1."""
    fitted: Floats
    """What it predicts for the rows it was given, clipped to [0, 1]."""


def solve(data: Labelled, w: Floats) -> Fit:
    """Fit a ridge regression whose penalty is chosen by cross-validation over groups.

    Of the candidates whose held-out squared error exceeds the smallest by no more than one standard
    error of the difference over folds, the heaviest is taken (the one-standard-error rule; Breiman,
    Friedman, Olshen and Stone 1984, section 3.4.3; here with the error of the paired difference).
    Rows of weight 0 take no part, standardisation included; `fitted` holds their prediction.
    """
    total = w.sum()
    means = w @ data.x / total
    spread = np.sqrt(w @ (data.x - means) ** 2 / total)
    flat = spread <= 1e-9 * np.maximum(1.0, np.abs(means))
    scales = np.where(flat, 1.0, spread)
    z = np.where(flat, 0.0, np.clip((data.x - means) / scales, -REACH, REACH))
    design = np.column_stack([np.ones(len(z)), z, data.y])
    folds = [data.group % _FOLDS == k for k in range(_FOLDS)]
    moments = np.stack([(design[fold].T * w[fold]) @ design[fold] for fold in folds])
    penalty = _choose_penalty(moments[moments[:, 0, 0] > 0])
    solution = _ridge(moments.sum(axis=0), np.array([penalty]))[0]
    fitted = np.clip(design[:, :-1] @ solution, 0.0, 1.0)
    return Fit(means, scales, solution[1:], float(solution[0]), float(penalty * total), fitted)


def _ridge(moments: Floats, penalties: Floats) -> Floats:
    """Return intercept and coefficients, shape (..., p, d + 1), for p penalties per unit of weight.

    `moments` are the cross products of (1, features, label), shape (..., d + 2, d + 2).
    """
    gram, target = moments[..., :-1, :-1], moments[..., :-1, -1]
    free_intercept = np.diag(np.r_[0.0, np.ones(gram.shape[-1] - 1)])
    amount = moments[..., :1, :1] * penalties[:, None]
    systems = gram[..., None, :, :] + amount[..., None] * free_intercept
    targets = np.broadcast_to(target[..., None, :, None], (*systems.shape[:-1], 1))
    return np.linalg.solve(systems, targets)[..., 0]


def _choose_penalty(moments: Floats) -> float:
    folds = len(moments)
    if folds == 1:
        return float(_PENALTIES[-1])
    solutions = _ridge(moments.sum(axis=0) - moments, _PENALTIES)
    residual = np.concatenate([solutions, -np.ones((*solutions.shape[:-1], 1))], axis=-1)
    loss = np.einsum("kpi,kij,kpj->kp", residual, moments, residual)
    excess = loss - loss[:, [loss.sum(axis=0).argmin()]]
    error = excess.std(axis=0, ddof=1) * np.sqrt(folds)
    return float(_PENALTIES[excess.sum(axis=0) <= error].max())
