"""Mean size of gaps that are only seen with noise: an estimate and interval that know it folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.agreement.column import Floats

_DRAWS = 2000
_STEPS = 18
_SURE = 1.5
_LUCKY = 1 / 6
_NO_GAP = 1e-12
_EVEN = ndtri((np.arange(_DRAWS) + 0.5) / _DRAWS)


def folded_interval(
    gaps: Floats, weights: Floats, noise: Floats, *, ci: float
) -> tuple[float, float, float]:
    """Return estimate, low and high of theta = sum w |d| from gaps D = d + noise.

    The seen T = sum w |D| is too large by what the noise folds over, the more the more gaps are
    near 0. The estimate is the theta under which T is what one expects, with gaps in the ratios
    seen. The ends are those under which T is just not unusual: the lower with few gaps, those past
    1.5 standard errors drawn in by these, as much folds over; the upper with gaps of one size, as
    least does. A test inversion, made for this purpose; how it covers is said where it is used. A T
    below what five in six samples without any gap show counts as that much for the upper end, as
    in the power-constrained limits of Cowan, Cranmer, Gross and Vitells (2011), arXiv 1105.3166:
    luck is no evidence, and an interval from 0 to 0 would claim it is.

    Args:
        gaps: Seen gaps; shape (b,).
        weights: Positive, of sum 1; shape (b,).
        noise: Draws of the noise; shape (draws, b).
        ci: Two-sided level in (0, 1).
    """
    seen = float(weights @ np.abs(gaps))
    spread = noise.std(axis=0)
    least = seen * (1 + 1e-9)  # what is equal stays so whatever the order of sums
    most = max(least, float(np.quantile(np.abs(noise) @ weights, _LUCKY)))
    reach = seen + 8 * float(spread.max()) + 1e-12
    sign = np.where(gaps + _NO_GAP < 0, -1.0, 1.0)  # rounding turns no gap round
    few = sign * np.maximum(np.abs(gaps) - _SURE * spread, 0)

    def unusual(shape: Floats, at: float, shown: float) -> Callable[[float], bool]:
        def past(theta: float) -> bool:
            return bool((np.abs(theta * shape + noise) @ weights <= shown).mean() < at)

        return past

    def expected(shape: Floats) -> Callable[[float], bool]:
        return lambda theta: float(weights @ _folded_mean(theta * shape, spread)) > seen

    ends = [
        _first(judge(_unit(shape, weights)), reach) if shape.any() else 0.0
        for shape, judge in (
            (gaps, expected),
            (few, lambda shape: unusual(shape, (1 + ci) / 2, least)),
            (sign, lambda shape: unusual(shape, (1 - ci) / 2, most)),
        )
    ]
    estimate = min(ends[0], 1.0)
    return estimate, min(ends[1], estimate), min(max(ends[2], estimate), 1.0)


def noise_of(spread: Floats, factor: Floats, seed: int | np.random.Generator) -> Floats:
    """Draw normal noise, evenly spaced in each direction and shuffled; shape (2000, b).

    Args:
        spread: Standard deviations; shape (b,).
        factor: A matrix F with F F' the correlations; shape (b, k).
        seed: For the shuffles.
    """
    rng = np.random.default_rng(seed)
    shuffled = np.stack([rng.permutation(_EVEN) for _ in range(factor.shape[1])], axis=1)
    return np.asarray(shuffled @ factor.T * spread)


def _folded_mean(gaps: Floats, spread: Floats) -> Floats:
    """Return E |d + e| for normal e of these standard deviations."""
    z = np.abs(gaps) / np.where(spread > 0, spread, 1.0)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-z * z / 2)
    inside = np.where(spread > 0, 1 - 2 * ndtr(-z), 1.0)
    return np.asarray(folded + np.abs(gaps) * inside)


def _unit(shape: Floats, weights: Floats) -> Floats:
    return np.asarray(shape / (weights @ np.abs(shape)))


def _first(past: Callable[[float], bool], reach: float) -> float:
    """Return the smallest theta in [0, reach] that is past something, by halving."""
    if past(0.0):
        return 0.0
    low, high = 0.0, reach
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if past(middle) else (middle, high)
    return (low + high) / 2
