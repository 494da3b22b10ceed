"""A table of ratings: its levels numbered, and its units merged into the patterns they share."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from trueup.agreement import column
from trueup.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.agreement.column import Floats, Ints

Axis = Literal["units", "raters"]

_KEY_BITS = 62
_DENSE = 1 << 20
_NARROW = 1 << 12
_MOST_LEVELS = 256


class Ratings(NamedTuple):
    """Who gave which level to which unit."""

    codes: Ints
    """Place of each rating in `levels`, -1 where there is none; shape (units, raters)."""
    levels: tuple[Any, ...]
    """The scale in its order: as declared, else the values that occur, sorted."""
    numeric: bool
    """Whether all levels are numbers."""
    ordered: bool = True
    """Whether the order of levels means anything: they are numbers, or were declared."""

    @property
    def values(self) -> Floats:
        """The number of each level; its place on the scale where levels are texts."""
        return np.asarray(self.levels if self.numeric else range(len(self.levels)), np.float64)


class Patterns(NamedTuple):
    """Distinct ratings of a unit; every coefficient depends on a unit through these alone."""

    codes: Ints
    """Shape (patterns, raters), -1 where there is none."""
    weight: Ints
    """Units of each pattern."""
    of_unit: Ints
    """Pattern of each unit."""
    rated: Ints
    """Ratings in each pattern."""

    def rated_by(self, least: int) -> Patterns:
        """Keep the patterns of at least so many ratings; `of_unit` still counts all."""
        kept = self.rated >= least
        return self._replace(
            codes=self.codes[kept], weight=self.weight[kept], rated=self.rated[kept]
        )

    def units(self, least: int) -> tuple[Ints, Ints]:
        """Return the units of at least so many ratings, and their places in `rated_by` that."""
        kept = self.rated >= least
        units = np.flatnonzero(kept[self.of_unit])
        return units, (np.cumsum(kept) - 1)[self.of_unit[units]]

    def counts(self, levels: int) -> Floats:
        """Return how often each level occurs in each pattern; shape (patterns, levels)."""
        found = np.zeros((len(self.codes), levels))
        for rater in self.codes.T:
            given = np.flatnonzero(rater >= 0)
            found[given, rater[given]] += 1
        return found


def read(
    ratings: Iterable[object], *, axis: Axis, levels: Sequence[object] | None = None
) -> Ratings:
    """Read a table of numbers or texts; None, NaN and pandas' missing values are missing.

    Raises:
        TypeError: A rating cannot be compared, as a list.
        ValueError: It is no table of at least one unit and one rater, holds an infinite number or
            a value that is not among the declared levels.
    """
    if axis not in {"units", "raters"}:
        raise ValueError(f"axis is {axis!r}; it is 'units' (a unit a row) or 'raters'")
    raw = _plain(ratings)
    table = _number_codes(raw) if raw is not None else _label_codes(ratings)
    if axis == "raters":
        table = table._replace(codes=table.codes.T)
    units, raters = table.codes.shape
    if not units or not raters:
        raise ValueError(f"ratings is {units} x {raters}: it has no units or no raters")
    if axis == "units" and raters > units:
        warnings.warn(
            f"ratings has {units:,} rows and {raters:,} columns, and rows are units: it looks "
            "transposed; pass axis='raters' if rows are raters",
            UserWarning,
            stacklevel=3,
        )
    return table if levels is None else _declared(table, levels)


def merge(table: Ratings, *, ordered: bool = False) -> Patterns:
    """Merge the units that were rated alike.

    Args:
        table: The ratings.
        ordered: Whether it matters which rater gave which level, as for Cohen's kappa.
    """
    codes, levels = table.codes, len(table.levels)
    raters = codes.shape[1]
    if ordered and raters * math.log2(levels + 1) <= _KEY_BITS:
        powers = np.power(levels + 1, np.arange(raters), dtype=np.int64)
        first, index, weight = _distinct((codes + 1) @ powers, (levels + 1) ** raters)
    elif not ordered and levels * math.log2(raters + 1) <= _KEY_BITS:
        # Counts are digits to the base raters + 1; a missing rating, -1, finds the last: nothing.
        digits = np.append(np.power(raters + 1, np.arange(levels), dtype=np.int64), 0)
        key = np.zeros(len(codes), dtype=np.int64)
        for rater in codes.T:
            key += digits[rater]
        first, index, weight = _distinct(key, (raters + 1) ** levels)
    else:
        index = np.zeros(len(codes), dtype=np.int64)
        for rater in (codes if ordered else np.sort(codes, axis=1)).T:
            first, index, weight = _distinct(index * (levels + 1) + rater + 1)
    found = codes[first].astype(np.int64)
    return Patterns(found, weight, index, (found >= 0).sum(axis=1))


def few_levels(table: Ratings, name: str) -> None:
    """Refuse values too many to be the levels of a scale.

    Raises:
        ValueError: They are.
    """
    if len(table.levels) > _MOST_LEVELS:
        raise ValueError(
            f"ratings has {len(table.levels):,} distinct values and {name} counts levels; round "
            "them, or use alpha(..., level='interval')"
        )


def _plain(ratings: Iterable[object]) -> Floats | None:
    """Return numbers as they are; None where the table holds anything else."""
    if isinstance(ratings, np.ma.MaskedArray):
        ratings = np.where(np.ma.getmaskarray(ratings), None, np.asarray(ratings, dtype=object))  # type: ignore[call-overload] # None is an object
    try:
        raw = np.asarray(ratings)
    except ValueError:
        return None
    if raw.dtype.kind == "O":
        try:
            return column.numbers(raw, "ratings", ndim=2)
        except TypeError:
            return None
    return column.numbers(raw, "ratings", ndim=2) if raw.dtype.kind in "biuf" else None


def _number_codes(raw: Floats) -> Ratings:
    given = ~np.isnan(raw)
    if not given.any():
        return Ratings(np.full(raw.shape, -1, dtype=np.int64), (), numeric=True)
    low, high = np.fmin.reduce(raw, axis=None), np.fmax.reduce(raw, axis=None)
    if high - low < _NARROW:  # whole numbers in a short range need no sorting
        codes = np.where(given, raw - low, -1).astype(np.int64)
        if ((codes + low == raw) | ~given).all():
            used = np.bincount((codes + 1).ravel(), minlength=2)[1:] > 0
            place = np.append(np.cumsum(used) - 1, -1)
            return Ratings(place[codes], tuple((np.flatnonzero(used) + low).tolist()), numeric=True)
    found, inverse = np.unique(raw[given], return_inverse=True)
    codes = np.full(raw.shape, -1, dtype=np.int64)
    codes[given] = inverse
    return Ratings(codes, tuple(found.tolist()), numeric=True)


def _label_codes(ratings: Iterable[object]) -> Ratings:
    if isinstance(ratings, np.ndarray) and ratings.dtype.kind == "U":
        ratings = np.where(ratings == "nan", None, ratings.astype(object))  # type: ignore[call-overload] # None is an object
    (codes,), levels = column.codes((ratings, "ratings", 2))
    numeric = all(isinstance(level, int | float | np.number) for level in levels)
    return Ratings(codes, levels, numeric=numeric, ordered=numeric)


def _declared(table: Ratings, levels: Sequence[object]) -> Ratings:
    """Number the ratings by a declared scale."""
    declared = tuple(levels)
    place = {level: n for n, level in enumerate(declared)}
    if len(place) < len(declared):
        raise ValueError("levels names a level twice; name each once, in the order of the scale")
    for level in table.levels:
        if level not in place:
            hint = did_you_mean(str(level), map(str, declared))
            raise ValueError(f"ratings holds {level!r}, which is not among levels. {hint}")
    moved = np.append(np.array([place[level] for level in table.levels], dtype=np.int64), -1)
    numeric = all(isinstance(level, int | float | np.number) for level in declared)
    return Ratings(moved[table.codes], declared, numeric=numeric)


def _distinct(key: Ints, bound: int | None = None) -> tuple[Ints, Ints, Ints]:
    """Return where each distinct key occurs first, which one each is, and how often."""
    if bound is None or bound > _DENSE:
        _, first, index, weight = np.unique(
            key, return_index=True, return_inverse=True, return_counts=True
        )
        return first, index, weight
    weight = np.bincount(key)
    used = np.flatnonzero(weight)
    where = np.empty(len(weight), dtype=np.int64)
    where[key[::-1]] = np.arange(len(key))[::-1]  # the last one written is the first unit
    place = np.empty(len(weight), dtype=np.int64)
    place[used] = np.arange(len(used))
    return where[used], place[key], weight[used]
