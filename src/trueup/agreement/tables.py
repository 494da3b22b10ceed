"""Alpha of many small tables at once, as of each criterion and week, with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trueup.agreement import column
from trueup.agreement.coefficient import pseudo_unit
from trueup.agreement.krippendorff import check_level, model_of
from trueup.agreement.many_values import Linear
from trueup.agreement.ratings import merge, read
from trueup.agreement.resample import add_up, influence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.agreement.coefficient import Model
    from trueup.agreement.column import Floats, Ints
    from trueup.agreement.disagreement import Level
    from trueup.agreement.ratings import Axis, Patterns

_PAIR = 2
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTable:
    """Alpha of each table in which it is defined."""

    tables: tuple[Any, ...]
    """Labels of the tables, sorted; as long as the arrays below."""
    estimate: Floats
    error: Floats
    """Standard error."""
    n_units: Ints
    """Units with two ratings or more."""
    undefined: tuple[Any, ...]
    """Tables with fewer than two such units, or whose ratings are all the same."""


def alphas(
    ratings: Iterable[object],
    tables: Iterable[object],
    *,
    level: Level,
    axis: Axis = "units",
    levels: Sequence[object] | None = None,
) -> ByTable:
    """Measure agreement in each of many tables of units, in one pass over all.

    The estimates are those of `alpha`. The standard error is the infinitesimal jackknife's (Jaeckel
    1972; Efron 1981, Biometrika 68, 589-599), sqrt(n / (n - 1) sum_u psi_u^2) / n, of each table
    and one pseudo-unit, so that it is never 0. There is no interval: these are series to compare,
    and `alpha` gives the interval of any one of them.

    Args:
        ratings: Units x raters, as for `alpha`.
        tables: Which table each unit belongs to; shape (units,). Units without one are left out.
        level: Of measurement. A nominal, interval or ratio scale may have 64 levels and an ordinal
            one 16; interval data may have any values.
        axis: Whether rows are units or raters.
        levels: The scale in its order, needed for ordinal texts.

    Raises:
        TypeError: Texts at a level that needs numbers or an order.
        ValueError: There is not one table label a unit, or too many levels for sums.

    Three people on four outputs in each of two weeks (simulated):

    >>> first = [[1, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0]]
    >>> second = [[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 0]]
    >>> found = alphas(first + second, ["week 1"] * 4 + ["week 2"] * 4, level="nominal")
    >>> found.tables, found.estimate.round(3).tolist()
    (('week 1', 'week 2'), [0.686, 0.057])
    """
    table = read(ratings, axis=axis, levels=levels)
    check_level(level, table)
    (group,), names = column.codes((tables, "tables", 1))
    column.same_length("tables", len(group), len(table.codes))
    patterns = merge(table)
    pairable = patterns.rated >= _PAIR
    units = np.flatnonzero(pairable[patterns.of_unit] & (group >= 0))
    n = np.bincount(group[units], minlength=len(names))
    if not len(units):
        none = np.zeros(0)
        return ByTable(tables=(), estimate=none, error=none, n_units=n[:0], undefined=names)
    used = patterns.rated_by(_PAIR)
    model = _summed(level, used, table.values)
    rows, pseudo = model.rows(used), pseudo_unit(used, model, len(table.levels))
    pattern = (np.cumsum(pairable) - 1)[patterns.of_unit[units]]
    sums = add_up(rows, pattern, group[units], len(names))
    estimate = model(sums)
    pair, times = np.unique(group[units] * len(rows) + pattern, return_counts=True)
    where, row = np.divmod(pair, len(rows))
    defined = ~np.isnan(estimate) & (n >= _PAIR)
    every = np.arange(len(names))
    items = _Items(
        np.append(where, np.repeat(every, len(pseudo.weight))),
        np.append(row, len(rows) + np.tile(np.arange(len(pseudo.weight)), len(names))),
        np.append(times, np.tile(pseudo.weight, len(names))),
    )
    error = _errors(model, sums + pseudo.total(), np.vstack([rows, pseudo.sums]), items)
    return ByTable(
        tables=tuple(name for name, kept in zip(names, defined, strict=True) if kept),
        estimate=estimate[defined],
        error=error[defined],
        n_units=n[defined],
        undefined=tuple(name for name, kept in zip(names, defined, strict=True) if not kept),
    )


class _Items(NamedTuple):
    """Which row occurs in which table, and how often."""

    table: Ints
    row: Ints
    weight: Floats


def _errors(model: Model, total: Floats, rows: Floats, items: _Items) -> Floats:
    """Return the standard error of each table."""
    moved = np.empty(len(items.row))
    step = max(1, _CELLS // rows.shape[1])
    for k in range(0, len(moved), step):
        some = slice(k, k + step)
        moved[some] = influence(model, total[items.table[some]], rows[items.row[some]])
    units = np.bincount(items.table, weights=items.weight)
    mean = np.bincount(items.table, weights=items.weight * moved) / units
    around = items.weight * (moved - mean[items.table]) ** 2
    return np.asarray(np.sqrt(np.bincount(items.table, weights=around) * units / (units - 1)))


def _summed(level: Level, used: Patterns, values: Floats) -> Model:
    model = model_of(level, used, values)
    if isinstance(model, Linear):
        raise ValueError(  # noqa: TRY004 - the values are at fault, not their type
            f"ratings has {len(values):,} distinct values at the {level} level, too many to add up "
            "by table; round them, or call alpha for each table"
        )
    return model
