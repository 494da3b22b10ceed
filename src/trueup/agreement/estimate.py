"""Estimate: a figure that carries its error bar, and says how both were found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval."""

    estimate: float
    low: float
    high: float
    n: int
    """Rows that went in."""
    n_groups: int
    """Independent groups among them; equal to `n` where every row stands for itself."""
    method: str
    """Name of the estimator and of the interval."""
