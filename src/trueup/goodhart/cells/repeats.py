"""Records that are there twice: the same output, version, arm and instant."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.goodhart.cells.query import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    from numpy.typing import NDArray

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import WatchSpec

AT_ONCE = 20_000_000
"""Records whose hashes are held in memory at once, 8 bytes each."""
ONCE = "once"


def count_once(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, count: int
) -> Mapping[str, NDArray[Any]] | None:
    """Make `ONCE`, a view of the records that take part, each counted once.

    Of records that say the same of an output's identity the fullest counts, and of equally full
    ones any, but always the same. Without time nothing tells a repeated record from a task that was
    run again.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, and which records take part.
        count: How many take part.

    Returns:
        Period and number of the records that were left out; None, without a view, where each is
        there once.
    """
    if not spec.unit or not spec.time:
        return None
    names = [spec.unit, spec.version, spec.arm, spec.time]
    same = ", ".join(quoted(plan.columns[name].sql) for name in names if name)
    unit = quoted(plan.columns[spec.unit].sql)
    where = f"{plan.where} and {unit} is not null" if plan.where else f"{unit} is not null"
    twice = _twice(database, f"hash({same})", f"{plan.table} where {where}", count)
    if not len(twice):
        return None
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and rarely needed

    database.register("twice", pa.table({"h": pa.array(twice)}))
    here = f"hash({same}) in (select h from twice)"
    found = database.execute(
        f"select {plan.period(spec)} as period, count(*) - count(distinct hash({same})) as n "
        f"from {plan.table} where {where} and {here} group by period order by period"
    ).fetchnumpy()
    every = [quoted(column.sql) for column in plan.columns.values()]
    full = " + ".join(f"({name} is not null)::int" for name in every)
    order = f"{full} desc, hash({', '.join(every)})"
    rest = plan.where or "true"
    database.execute(
        f"create or replace temp view {ONCE} as select * from {plan.table} "
        f"where ({rest}) and ({unit} is null or not ({here})) "
        f"union all by name select * from {plan.table} where {where} and {here} "
        f"qualify row_number() over (partition by {same} order by {order}) = 1"
    )
    return {name: np.ma.getdata(values) for name, values in found.items()}


def _twice(
    database: duckdb.DuckDBPyConnection, key: str, table: str, count: int
) -> NDArray[np.uint64]:
    """Return the hashes that are there twice.

    Sorting hashes costs half of what grouping by them costs, and a third of its memory. Hashes of
    different records that are alike by chance (1 in 100,000 at 20 million) cost time alone.
    """
    parts = -(-count // AT_ONCE)
    found = []
    for part in range(parts):
        only = f" and {key} % {parts} = {part}" if parts > 1 else ""
        hashes = np.ma.getdata(
            database.execute(f"select {key} as h from {table}{only}").fetchnumpy()["h"]
        )
        hashes.sort()
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)
