"""Up to when signals are seen, and how long they take to come."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from trueup.goodhart.cells.query import micros_of

if TYPE_CHECKING:
    import duckdb

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import WatchSpec

MOST = 0.9
"""A signal that says when it arrived is as good as complete with this part of its values: those
that are still to come are missing, which is no sign of anything."""
ALL = 0.995
"""Where a missing value stands for one, those to come are taken for it."""


def find_reach(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, last: int | None
) -> tuple[int | None, dt.timedelta]:
    """Return up to when signals are seen, and how long after an output they are complete.

    A signal that says when its values arrived is complete after the time that nearly all of them
    took; another one after the whole time that it has. Only a comparison of versions asks for it.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, and which records take part.
        last: Instant of the last output, microseconds since 1970.
    """
    if last is None or spec.time is None or spec.version is None or not spec.signals:
        return None, dt.timedelta(0)
    seen, delay = max(last, plan.until or last), dt.timedelta(0)
    time = plan.micros(spec.time)
    for signal in spec.signals:
        window = micros_of(signal.window)
        took = None
        if signal.arrived:
            arrived = plan.micros(signal.arrived)
            inside = f"{arrived} - {time} between 0 and {window}"
            known = "" if plan.until is None else f" and {arrived} < {plan.until}"
            part = MOST if signal.absent is None else ALL
            latest, took = database.execute(
                f"select max({arrived}), approx_quantile({arrived} - {time}, {part}) "
                f"from {plan.table} where {plan.where or 'true'} and {inside}{known}"
            ).fetchall()[0]
            seen = seen if latest is None else max(seen, int(latest))
        micros = window if took is None else min(int(took), window)
        delay = max(delay, dt.timedelta(microseconds=micros))
    return seen, delay
