"""Cells as dense arrays: periods x segments, and the same by user bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.cells.query import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MOST_SEGMENTS = 40
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class Grid:
    """Some cells laid out over rows x segments x buckets.

    Attributes:
        cells: Where the sums come from.
        rows: How many rows there are: periods, or versions.
        segments: Name of every segment; rare ones share the last place.
        place: For every cell its place in the flattened rows x segments x buckets; -1 leaves
            it out.
    """

    cells: Cells
    rows: int
    segments: tuple[str, ...]
    place: NDArray[np.int64]

    def by_bucket(self, name: str) -> Floats:
        """Return a sum, rows x segments x buckets."""
        shape = (self.rows, len(self.segments), BUCKETS)
        here = self.place >= 0
        values = self.cells.sums[name][here].astype(np.float64)
        found: Floats = np.bincount(self.place[here], values, minlength=int(np.prod(shape))).astype(
            np.float64, copy=False
        )
        return found.reshape(shape)

    def total(self, name: str) -> Floats:
        """Return a sum, rows x segments."""
        found: Floats = self.by_bucket(name).sum(2)
        return found


def segments_of(cells: Cells, where: Bools | None = None) -> tuple[str, ...]:
    """Return the segments to hold apart: all where few, else the largest and one for the rest."""
    names, codes = np.unique(cells.keys["segment"], return_inverse=True)
    weight = cells.sums["n"] if where is None else cells.sums["n"] * where
    size = np.bincount(codes, weight, minlength=len(names))
    order = np.argsort(-size, kind="stable")
    if len(names) <= MOST_SEGMENTS:
        return tuple(str(name) for name in names)
    kept = sorted(str(names[i]) for i in order[: MOST_SEGMENTS - 1])
    return (*kept, OTHER)


def lay_out(
    cells: Cells, rows: NDArray[np.int64], count: int, segments: Sequence[str], keep: Bools
) -> Grid:
    """Return a grid.

    Args:
        cells: What to lay out.
        rows: Each cell's row; cells outside 0..count-1 are left out.
        count: How many rows there are.
        segments: From `segments_of`.
        keep: Cells to lay out.
    """
    names, codes = np.unique(cells.keys["segment"], return_inverse=True)
    known = {name: i for i, name in enumerate(segments)}
    rest = known.get(OTHER, -1)
    column = np.array([known.get(str(name), rest) for name in names], dtype=np.int64)[codes]
    inside = keep & (rows >= 0) & (rows < count) & (column >= 0)
    place = (rows * len(segments) + column) * BUCKETS + cells.keys["bucket"].astype(np.int64)
    return Grid(cells, count, tuple(segments), np.where(inside, place, -1))


def left_out(sums: Floats, buckets: Bools | None = None) -> Floats:
    """Return sums over all buckets, and without each: rows x segments x (1 + buckets).

    Args:
        sums: Rows x segments x buckets.
        buckets: Which are left out, one at a time; all where left out.
    """
    whole = sums.sum(2, keepdims=True)
    each = sums if buckets is None else sums[..., buckets]
    found: Floats = np.concatenate([whole, whole - each], axis=2)
    return found
