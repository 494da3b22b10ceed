"""Table: the labelled items of one criterion as arrays, the judge's answer beside people's."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.runner.calibration.gather import Gathered, Labelled

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Table:
    """Items that have both a verdict with a value and an answer of somebody.

    Args:
        found: One criterion of a sitting.
        pairs: Its labelled items, each with a value and an answer.
    """

    def __init__(self, found: Gathered, pairs: Sequence[Labelled]) -> None:
        self._found = found
        self.pairs = pairs
        self.levels = tuple(found.criterion.values)
        self._worth = np.array([*found.criterion.values.values()])
        self.people = sorted({who for one in pairs for who in one.answers})

    @cached_property
    def values(self) -> Floats:
        """The judge's values in [0, 1]."""
        return np.array([one.finding.value for one in self.pairs], dtype=float)

    @cached_property
    def judged(self) -> Floats:
        """1 where the judge says met, else 0."""
        return np.array([self._found.met(value) for value in self.values], dtype=float)

    @cached_property
    def codes(self) -> Ints:
        """The judge's level as its place among the levels; the nearest one of a mean."""
        found: Ints = np.abs(self.values[:, None] - self._worth[None, :]).argmin(axis=1)
        return found

    @cached_property
    def ratings(self) -> Floats:
        """Places of the levels that people said, items x people; NaN where one said nothing."""
        place = {level: float(code) for code, level in enumerate(self.levels)}
        column = {who: at for at, who in enumerate(self.people)}
        found = np.full((len(self.pairs), len(self.people)), np.nan)
        for row, one in enumerate(self.pairs):
            for who, level in one.answers.items():
                found[row, column[who]] = place[level]
        return found

    @cached_property
    def truth(self) -> Floats:
        """Share of an item's people that say met, in [0, 1]."""
        met = np.array([self._found.met(worth) for worth in self._worth], dtype=float)
        said = np.where(np.isnan(self.ratings), 0, self.ratings).astype(int)
        found: Floats = np.nanmean(np.where(np.isnan(self.ratings), np.nan, met[said]), axis=1)
        return found

    @cached_property
    def majority(self) -> Floats:
        """Place of the level that most people said; NaN where as many said another."""
        found = np.full(len(self.pairs), np.nan)
        for row, one in enumerate(self.pairs):
            (first, most), *rest = Counter(one.answers.values()).most_common(2)
            if not rest or rest[0][1] < most:
                found[row] = self.levels.index(first)
        return found

    @cached_property
    def groups(self) -> list[str | None] | None:
        """Each item's group; None where no item has one."""
        groups = [self._found.production.items.groups[one.row] for one in self.pairs]
        return groups if any(group is not None for group in groups) else None

    @cached_property
    def chances(self) -> Floats | None:
        """Each item's probability of being labelled; None where one is unknown."""
        known = [one.probability for one in self.pairs]
        return None if None in known else np.array(known, dtype=float)

    @property
    def weights(self) -> Floats | None:
        """How many items each one stands for; None where all stand for as many, or unknown."""
        if self.chances is None or self.chances.min() == self.chances.max():
            return None
        return 1 / self.chances

    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Count items by the judge's level and the level that most people said."""
        size = len(self.levels)
        counts = np.zeros((size, size), dtype=int)
        clear = ~np.isnan(self.majority)
        np.add.at(counts, (self.codes[clear], self.majority[clear].astype(int)), 1)
        return tuple(tuple(int(n) for n in row) for row in counts)
