"""Krippendorff's alpha of a scale, as a function of sums over units.

alpha = 1 - (n - 1) sum_u d_u / sum_ck n_c n_k d(c, k), where n_c is how often level c was given, n
their sum, and d_u the sum of d over the ordered pairs of ratings of unit u, divided by its ratings
less one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints
    from trueup.agreement.ratings import Patterns

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: Final = ("nominal", "ordinal", "interval", "ratio")


def distance(level: Level, one: Floats, other: Floats) -> Floats:
    """Return the squared difference d of values, for every level but ordinal."""
    if level == "nominal":
        return np.asarray(one != other, dtype=np.float64)
    if level == "interval":
        return np.asarray((one - other) ** 2)
    total = one + other
    share = np.divide(one - other, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(share**2)


def from_sums(observed: Floats, expected: Floats, n: Floats) -> Floats:
    """Return 1 - (n - 1) observed / expected; NaN where nothing is expected."""
    share = np.full(len(n), np.nan)
    np.divide((n - 1) * observed, expected, out=share, where=expected > 0)
    return np.asarray(1 - share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Alpha where differences are fixed: sums of d_u and of the times each level was given."""

    distances: Floats
    """Shape (levels, levels)."""
    least: int = 2

    def rows(self, patterns: Patterns) -> Floats:
        """Return d_u and the counts of each pattern."""
        counts = patterns.counts(len(self.distances))
        own = ((counts @ self.distances) * counts).sum(axis=1) / (patterns.rated - 1)
        return np.column_stack([own, counts])

    def __call__(self, sums: Floats) -> Floats:
        """Return alpha."""
        given = sums[:, 1:]
        expected = ((given @ self.distances) * given).sum(axis=1)
        return from_sums(sums[:, 0], expected, given.sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Alpha of ordinal levels: sums over each pair of levels, and the times each was given.

    The difference of two levels is that of their mid-ranks among all ratings, so every resample
    has its own.
    """

    levels: int
    least: int = 2

    def rows(self, patterns: Patterns) -> Floats:
        """Return the pairs of each two levels and the counts of each pattern."""
        counts = patterns.counts(self.levels)
        low, high = _pairs(self.levels)
        pairs = 2 * counts[:, low] * counts[:, high] / (patterns.rated - 1)[:, None]
        return np.column_stack([pairs, counts])

    def __call__(self, sums: Floats) -> Floats:
        """Return alpha."""
        given, pairs = sums[:, -self.levels :], sums[:, : -self.levels]
        low, high = _pairs(self.levels)
        ranks = np.cumsum(given, axis=1) - given / 2
        apart = (ranks[:, low] - ranks[:, high]) ** 2
        expected = 2 * (given[:, low] * given[:, high] * apart).sum(axis=1)
        return from_sums((pairs * apart).sum(axis=1), expected, given.sum(axis=1))


@cache
def _pairs(levels: int) -> tuple[Ints, Ints]:
    """Return the lower and the higher place of each two levels."""
    return np.triu_indices(levels, 1)
