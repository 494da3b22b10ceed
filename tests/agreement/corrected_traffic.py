"""Simulated traffic with a judge of known errors, for the tests of corrected rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from trueup.agreement.corrected import Rate, corrected_rate

Draw = tuple[np.ndarray, np.ndarray]


def traffic(n: int = 2000, rate: float = 0.8, seed: int = 0) -> Draw:
    """Simulate truth and verdicts of a judge with TPR 0.9 and TNR 0.8."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < rate
    return truth * 1.0, np.where(truth, rng.random(n) < 0.9, rng.random(n) < 0.2) * 1.0


def half_by(key: np.ndarray, each: int = 50, seed: int = 1) -> np.ndarray:
    """Choose as many rows of 0 as of 1."""
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(key == value), each, replace=False) for value in (0, 1)]
    return np.concatenate(rows)


def rate_of(truth: np.ndarray, verdicts: np.ndarray, rows: np.ndarray, **more: Any) -> Rate:
    return corrected_rate(
        judged=verdicts, labels=truth[rows], judged_at_labels=verdicts[rows], **more
    )


def some(n: int = 100) -> np.ndarray:
    return np.random.default_rng(2).choice(2000, n, replace=False)
