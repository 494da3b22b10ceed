"""How old an output must be before a signal of it counts, where only what was known then may.

A thumb that was given is known when it was given. That nobody asked again is known only when nobody
will: taken at once, it would make young outputs better than old ones, and say less of what a judge
point is worth than records do that have had all their time.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.goodhart.cells.extent import FEW
from trueup.goodhart.cells.query import SKEW, micros_of

if TYPE_CHECKING:
    import duckdb

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import Signal, WatchSpec

NEARLY_ALL = 0.995
"""Where a missing value stands for one, an output waits as long as so many values took, ..."""
FEWEST = 100
"""... if outputs that have had all their time show so many; else until the window closes."""


def find_waiting(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan
) -> dict[int, int]:
    """Return the signals that wait: place -> microseconds that an output must be old.

    Signals of whose values some, and not just a few, say no arrival wait for their window. So do
    those with `absent`, unless outputs that have had all their time say that values come sooner.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, which records take part, and `until`.
    """
    found = {}
    for k, signal in enumerate(spec.signals):
        if not signal.arrived:
            continue  # waits in any case
        window = micros_of(signal.window)
        every, timed = database.execute(
            f"select count(*), count({plan.micros(signal.arrived)}) from {plan.table} "
            f"where {plan.where or 'true'} and {_says(signal, plan)}"
        ).fetchall()[0]
        if every - timed > FEW * every:
            found[k] = window
        elif signal.absent is not None:
            found[k] = _took(database, spec, plan, signal, window)
    return found


def _says(signal: Signal, plan: Plan) -> str:
    """Return the SQL of the records with a value that is not the one of having none."""
    value = plan.number(signal.name)
    if signal.absent is None:
        return f"{value} is not null"
    return f"{value} <> {float(signal.absent)!r}"


def _took(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, signal: Signal, window: int
) -> int:
    """Return how long nearly all values took, of outputs whose window has closed."""
    assert spec.time is not None  # noqa: S101 - without time nothing is known as of an instant
    assert signal.arrived is not None  # noqa: S101 - the caller has seen to it
    took = f"{plan.micros(signal.arrived)} - {plan.micros(spec.time)}"
    count, longest = database.execute(
        f"select count(*), quantile_disc({took}, {NEARLY_ALL}) from {plan.table} "
        f"where {plan.where or 'true'} and {_says(signal, plan)} "
        f"and {plan.micros(spec.time)} + {window} <= {plan.until} "
        f"and {took} between {-SKEW} and {window}"
    ).fetchall()[0]
    return window if count < FEWEST else min(max(int(longest), 0), window)
