"""Were the versions run on the same tasks? Then each task is compared with itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.goodhart.cells.extent import compared, micros_at
from trueup.goodhart.cells.source import VIEW, connect, open_source

if TYPE_CHECKING:
    import datetime as dt

    from trueup.goodhart.spec import WatchSpec

MOST = 0.5
"""A version is paired if it ran at least this part of all tasks, ..."""
ONCE = 1.5
"""... each about once."""
LARGEST = 2_000_000
"""Records above which nobody ran the same tasks; users come back, and that is something else."""


def paired(source: object, spec: WatchSpec, *, until: dt.datetime | None = None) -> bool:
    """Say whether every version ran nearly the same units, each about once.

    Units are the spec's `unit`, or `group` where there is none and each version holds each of its
    groups exactly once.

    Args:
        source: As of `read_cells`.
        spec: Which columns hold what.
        until: Only records before this instant count.
    """
    owner = spec.unit or spec.group
    if spec.version is None or owner is None:
        return False
    with connect() as database:
        wanted = {"version": spec.version, "unit": owner}
        when = ""
        if until is not None and spec.time is not None:
            wanted["time"] = spec.time
        columns = open_source(database, source, wanted)
        if until is not None and spec.time is not None:
            when = f" where {compared(columns[spec.time], '<', micros_at(until, 'until'))}"
        names = columns[spec.version].sql, columns[owner].sql
        table = f"select {names[0]} v, {names[1]} u from {VIEW}{when}"  # noqa: S608 - names made by us
        rows = database.execute(
            f"select v, count(*), count(distinct u) from ({table}) where v is not null group by v"  # noqa: S608 - same
        ).fetchall()
        if len(rows) < 2 or sum(row[1] for row in rows) > LARGEST:  # noqa: PLR2004 - a pair
            return False
        whole = database.execute(f"select count(distinct u) from ({table})").fetchone()  # noqa: S608 - same
    units = int(whole[0]) if whole else 0
    most = 1.0 if spec.unit is None else ONCE
    return units > 0 and all(
        distinct >= MOST * units and count <= most * distinct for _, count, distinct in rows
    )
