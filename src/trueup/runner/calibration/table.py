"""Table: the labelled items of one criterion as arrays, the judge's answer beside people's."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.runner.calibration.gather import counts_as_met

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.gather import Labelled

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Answers(NamedTuple):
    """People's answers, an item as often as it has one."""

    judge: Ints
    """Places of the judge's levels, shape (n,)."""
    people: Ints
    """Places of the people's levels, shape (n,)."""
    groups: list[str]
    """What each belongs to: a group of items, else its item. Shape (n,)."""


class Table:
    """Items that have both a verdict with a value and an answer of somebody.

    Args:
        criterion: What was asked.
        pairs: Its labelled items, each with a value and an answer.
    """

    def __init__(self, criterion: Criterion, pairs: Sequence[Labelled]) -> None:
        self._criterion = criterion
        self.pairs = pairs
        self.levels = tuple(criterion.values)
        self._worth = np.array([*criterion.values.values()])
        self.people = sorted({who for one in pairs for who in one.answers})

    @cached_property
    def values(self) -> Floats:
        """The judge's values in [0, 1]."""
        return np.array([one.finding.value for one in self.pairs], dtype=float)

    @cached_property
    def judged(self) -> Floats:
        """1 where the judge says met, else 0."""
        return np.array([self._met(value) for value in self.values], dtype=float)

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
        met = np.array([self._met(worth) for worth in self._worth], dtype=float)
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
        groups = [one.group for one in self.pairs]
        return groups if any(group is not None for group in groups) else None

    @cached_property
    def chances(self) -> Floats | None:
        """Each item's probability of being labelled; None where one is unknown."""
        known = [one.probability for one in self.pairs]
        return None if None in known else np.array(known, dtype=float)

    @cached_property
    def answers(self) -> Answers:
        """Every answer of a person, with the judge's level of its item beside it."""
        rows, columns = np.nonzero(~np.isnan(self.ratings))
        groups = [one.item_id if one.group is None else f"group {one.group}" for one in self.pairs]
        return Answers(
            judge=self.codes[rows],
            people=self.ratings[rows, columns].astype(int),
            groups=[groups[row] for row in rows],
        )

    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Count people's answers by the judge's level and theirs."""
        size = len(self.levels)
        counts = np.zeros((size, size), dtype=int)
        np.add.at(counts, (self.answers.judge, self.answers.people), 1)
        return tuple(tuple(int(n) for n in row) for row in counts)

    def _met(self, value: float) -> bool:
        return counts_as_met(self._criterion, value)
