"""Curve: gold over the whole run in at most 64 slots, and where it is highest.

A slot holds one reading at first; when all are full, neighbours are merged and slots hold twice as
many, so that memory is bounded however long the run is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.training.reading import Reading

    Floats = NDArray[np.float64]

SLOTS = 64
_WIDTHS = (3, 5, 8, 13, 21)
"""Half-widths, in slots, that the smoother may have."""
_FEW = 4
"""Slots below which nothing is smoothed."""


class Course(NamedTuple):
    """Gold slot by slot, with missing cells filled in."""

    gold: Floats
    """Shape (slots, prompts): means; a missing one is its prompt's mean plus the slot's shift."""
    means: Floats
    """Shape (slots,)."""
    seen: float
    """Share of cells that were measured."""


@dataclass(slots=True)
class Curve:
    """Sums of gold, slot by slot and prompt by prompt."""

    size: int
    """Readings that a slot holds."""
    steps: list[int]
    """A measured step near each slot's middle."""
    ends: list[int]
    """Each slot's last step."""
    readings: list[int]
    roots: list[float]
    """Sums of the square root of KL; NaN where any is not known."""
    gold: Floats
    """Shape (slots, prompts): sums."""
    present: Floats
    """The same of how many there are."""

    @classmethod
    def empty(cls, prompts: int) -> Self:
        """Return one without slots."""
        return cls(1, [], [], [], [], np.zeros((0, prompts)), np.zeros((0, prompts)))

    def add(self, new: Reading) -> None:
        """Count a reading."""
        if not self.steps or self.readings[-1] == self.size:
            if len(self.steps) == SLOTS:
                self._merge()
            self.steps.append(new.step)
            self.ends.append(new.step)
            self.readings.append(0)
            self.roots.append(0.0)
            row = np.zeros((1, self.gold.shape[1]))
            self.gold, self.present = np.vstack([self.gold, row]), np.vstack([self.present, row])
        self.readings[-1] += 1
        self.ends[-1] = new.step
        if 2 * self.readings[-1] <= self.size + 1:
            self.steps[-1] = new.step
        self.roots[-1] += new.root_kl
        present = ~np.isnan(new.gold)
        self.gold[-1, present] += new.gold[present]
        self.present[-1] += present

    def _merge(self) -> None:
        self.size *= 2
        self.steps = self.ends[::2]
        self.ends = self.ends[1::2]
        self.readings = [
            a + b for a, b in zip(self.readings[::2], self.readings[1::2], strict=True)
        ]
        self.roots = [a + b for a, b in zip(self.roots[::2], self.roots[1::2], strict=True)]
        self.gold = self.gold[::2] + self.gold[1::2]
        self.present = self.present[::2] + self.present[1::2]

    def course(self) -> Course:
        """Return gold slot by slot, over the prompts that were measured in half of the slots.

        Where prompts are drawn anew each time, half of the most that any has.
        """
        slots = (self.present > 0).sum(axis=0)
        kept = 2 * slots >= slots.max()
        present, sums = self.present[:, kept], self.gold[:, kept]
        there = present > 0
        cells = np.divide(sums, present, out=np.zeros_like(sums), where=there)
        if there.all():
            return Course(cells, cells.mean(axis=1), 1.0)
        own = cells.sum(axis=0) / there.sum(axis=0)
        shift = np.where(there, cells - own, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        cells = np.where(there, cells, own + shift[:, None])
        return Course(cells, cells.mean(axis=1), float(there.mean()))

    def best(self, means: Floats) -> int:
        """Return the slot where smoothed gold, less its standard error, is highest.

        Local lines with tricube weights over slots, their half-width by generalised
        cross-validation (Craven and Wahba, 1979). The error is highest at the ends, so that a
        single lucky last reading is not taken for the best; a last slot that is not half full has
        more noise than others and waits.
        """
        if 2 * self.readings[-1] < self.size:
            means = means[:-1]
        count = len(means)
        if count < _FEW:
            return int(means.argmax())
        found: tuple[float, Floats] | None = None
        for width in _WIDTHS:
            if width > max(count // 2, _WIDTHS[0]):
                break
            hat, spread, free = _smoother(count, width)
            smooth = hat @ means
            rest = float(((means - smooth) ** 2).sum())
            score = count * rest / free**2
            if found is None or score < found[0]:
                found = score, smooth - np.sqrt(rest / free * spread)
        assert found is not None  # noqa: S101 - the first width is always tried
        return int(found[1].argmax())


class _Smoother(NamedTuple):
    """Local lines over so many slots."""

    hat: Floats
    """Shape (slots, slots): smoothed values are this times the values."""
    spread: Floats
    """Shape (slots,): variance of a smoothed value over that of a value."""
    free: float
    """Degrees of freedom that are left."""


@lru_cache(maxsize=512)
def _smoother(count: int, width: int) -> _Smoother:
    at = np.arange(count, dtype=np.float64)
    hat = np.zeros((count, count))
    for row in range(count):
        x = at - row
        weight = np.clip(1 - np.abs(x / width) ** 3, 0, None) ** 3
        s0, s1, s2 = weight.sum(), weight @ x, weight @ x**2
        hat[row] = weight * (s2 - s1 * x) / (s0 * s2 - s1**2)
    return _Smoother(hat, (hat**2).sum(axis=1), count - float(np.trace(hat)))
