"""Runs the aggregation and lays out what it gives: cells, anchors, outputs, the judge's bins."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.goodhart.cells import query
from trueup.goodhart.cells.rows import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb
    from numpy.typing import NDArray

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import WatchSpec

    Arrays = dict[str, NDArray[Any]]

_SAMPLE = 10_000
_FEW_VALUES = 12
_LONGEST = 200
"""Characters of a name; longer ones are cut, and told apart by a number."""


def sample_scores(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan
) -> NDArray[np.float64]:
    """Return the first of the judge's scores."""
    judge = plan.number(spec.judge)
    where = f"{plan.where} and {judge} is not null" if plan.where else f"{judge} is not null"
    found = database.execute(
        f"select {judge} as j from {plan.table} where {where} limit {_SAMPLE}"
    ).fetchnumpy()["j"]
    scores: NDArray[np.float64] = np.ma.getdata(found)
    return scores


def edges_of(scores: NDArray[np.float64]) -> tuple[float, ...]:
    """Return bins: one per value where there are few, else of about equal size."""
    values = np.unique(scores)
    if len(values) <= 1:
        return ()
    if len(values) <= _FEW_VALUES:
        middle = (values[1:] + values[:-1]) / 2
        return tuple(float(edge) for edge in middle)
    cuts = np.quantile(scores, np.arange(1, query.BINS) / query.BINS)
    return tuple(float(edge) for edge in np.unique(cuts))


def aggregate(
    database: duckdb.DuckDBPyConnection,
    spec: WatchSpec,
    plan: Plan,
    scores: NDArray[np.float64],
) -> tuple[Arrays, Arrays]:
    """Return the cells' keys and sums, in the order of the keys.

    Args:
        database: Where the source is.
        spec: Which column holds what.
        plan: What is read.
        scores: Some of the judge's scores.
    """
    arrivals = tuple(k for k, s in enumerate(spec.signals) if s.arrived and spec.time)
    figures = query.sums(
        len(spec.signals), len(spec.features), len(spec.criteria),
        weighted=spec.judge_weight is not None, arrivals=arrivals,
    )  # fmt: skip
    values = np.unique(scores)
    found: Arrays | None = None
    if len(np.unique(np.searchsorted(plan.edges, values))) == len(values):
        found = _by_value(database, spec, plan, figures)
    if found is None:
        found = _fetched(database, spec, plan, figures)
    keys, order = _keys(found, query.keys_of(spec))
    return keys, {name: found[name][order] for name in figures}


def _fetched(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, figures: Mapping[str, str]
) -> Arrays:
    sql = query.cells(rows(spec, plan), figures, query.keys_of(spec))
    return {k: np.ma.getdata(v) for k, v in database.execute(sql).fetchnumpy().items()}


def _by_value(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, figures: Mapping[str, str]
) -> Arrays | None:
    """Return the cells where each bin is one value of the judge; None where it is not.

    Then a third of the sums are another one times that value, and need not be added up.
    """
    known = query.by_value(len(spec.signals), len(spec.features))
    wanted = {name: sql for name, sql in figures.items() if name not in known}
    wanted |= {"low": "min(j)", "high": "max(j)"}
    found = _fetched(database, spec, plan, wanted)
    if not np.array_equal(found["low"], found["high"]):
        return None
    for name, (base, power) in known.items():
        if name in figures:
            found[name] = found[base] * found["low"] ** power
    return found


def _keys(found: Arrays, present: Iterable[str]) -> tuple[Arrays, NDArray[np.int64]]:
    """Return the keys in their order, and that order."""
    count = len(found["period"])
    keys: Arrays = {}
    code = np.zeros(count, dtype=np.int64)
    for key in query.KEYS:
        if key not in present:
            keys[key] = np.full(count, "")
            continue
        values = found[key]
        if values.dtype == object:
            names, places = _coded(values)
            keys[key] = names[places]
            code = code * len(names) + places
        else:
            keys[key] = values
            code = code * (int(values.max(initial=0)) + 1) + values
    order = np.argsort(code, kind="stable")
    return {key: values[order] for key, values in keys.items()}, order


def _coded(values: Iterable[str]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return distinct texts in their order, and each value's place among them."""
    names = sorted(set(values))
    place = {name: i for i, name in enumerate(names)}
    places = np.array([place[value] for value in values], dtype=np.int64)
    short = [
        name if len(name) <= _LONGEST else f"{name[:_LONGEST]}... ({i})"
        for i, name in enumerate(names)
    ]
    return np.array(short, dtype=str), places


def read_anchors(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, where: str
) -> Arrays | None:
    """Return period, instrument, anchor, and count and sum of the judge's scores on anchors.

    Args:
        database: Where the source is.
        spec: Which column holds what.
        plan: The columns.
        where: SQL of the time to look at.
    """
    if not spec.anchor or not spec.time:
        return None
    column = plan.columns[spec.anchor]
    judge = plan.number(spec.judge)
    return _table(
        database,
        f"select {plan.period(spec)} as period, {plan.word(spec.instrument)} as instrument, "
        f"{plan.word(spec.anchor)} as anchor, count({judge})::bigint as n, "
        f"coalesce(sum({judge}), 0)::double as s from source "
        f"where not {query.missing(column.sql, column.kind)} and {where} "
        "group by all order by all",
    )


def read_texts(database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan) -> Arrays | None:
    """Return version, arm, period and how many outputs there are, and how many distinct ones."""
    if not spec.output:
        return None
    output = query.quoted(plan.columns[spec.output].sql)
    return _table(
        database,
        f"select {plan.word(spec.version)} as version, {plan.word(spec.arm)} as arm, "
        f"{plan.period(spec)} as period, count(*) as n, "
        f"approx_count_distinct(hash({output})) as distinct_outputs "
        f"from {plan.table} where {plan.where or 'true'} and {output} is not null "
        "group by all order by all",
    )


def _table(database: duckdb.DuckDBPyConnection, sql: str) -> Arrays:
    found = {}
    for name, column in database.execute(sql).fetchnumpy().items():
        values = np.ma.getdata(column)
        if values.dtype == object:
            names, places = _coded(values)
            values = names[places]
        found[name] = values
    return found
