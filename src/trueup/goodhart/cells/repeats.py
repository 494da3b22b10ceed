"""Records that are there twice: the same output, version, arm and instant.

The same at another instant may be a task that was run again, or an output that was written down
twice. Each counts, and where they are few enough to be a slip it is told.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Repeats:
    """What is there more than once.

    Attributes:
        left_out: Period and number of the records of one instant that were left out; None, and
            there is no view, where each is there once.
        again: Records of a unit, version and arm that were there before at another instant.
    """

    left_out: Mapping[str, NDArray[Any]] | None = None
    again: int = 0

    def note(self, spec: WatchSpec, count: int) -> tuple[str, ...]:
        """Return what is to be told; nothing where units come again as a rule, as tasks do.

        Args:
            spec: Which column holds what.
            count: How many records take part.
        """
        if not 0 < self.again <= count / 2:
            return ()
        names = " and ".join(name for name in ("version", "arm") if getattr(spec, name))
        same = f" of the same {names}" if names else ""
        which = "1 record repeats" if self.again == 1 else f"{self.again:,} records repeat"
        verb = "was" if self.again == 1 else "were"
        text = (
            f"{which} the {spec.unit} of another one{same} at another time, and {verb} counted: "
            f"where {spec.unit} names an output, the log holds it more than once"
        )
        return (text,)


def count_once(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, count: int
) -> Repeats:
    """Make `ONCE`, a view of the records that take part, each counted once.

    Of records that say the same of an output's identity the fullest counts, and of equally full
    ones any, but always the same. Without time nothing tells a repeated record from a task that was
    run again.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, and which records take part.
        count: How many take part.
    """
    if not spec.unit or not spec.time:
        return Repeats()
    names = [spec.unit, spec.version, spec.arm]
    ids = ", ".join(quoted(plan.columns[name].sql) for name in names if name)
    unit, time = (quoted(plan.columns[name].sql) for name in (spec.unit, spec.time))
    same = f"{ids}, {time}"
    where = f"{plan.where} and {unit} is not null" if plan.where else f"{unit} is not null"
    table = f"{plan.table} where {where}"
    several = _twice(database, f"hash({ids})", table, count)
    if not len(several):
        return Repeats()
    _registered(database, "several", several)
    some = f"{table} and hash({ids}) in (select h from several)"
    repeated = int(
        database.execute(f"select count(*) - count(distinct hash({ids})) from {some}").fetchall()[
            0
        ][0]
    )
    twice = _twice(database, f"hash({same})", some, count)
    if not len(twice):
        return Repeats(again=repeated)
    _registered(database, "twice", twice)
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
    left_out = {name: np.ma.getdata(values) for name, values in found.items()}
    return Repeats(left_out, repeated - int(left_out["n"].sum()))


def _registered(database: duckdb.DuckDBPyConnection, name: str, hashes: NDArray[np.uint64]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and rarely needed

    database.register(name, pa.table({"h": pa.array(hashes)}))


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
