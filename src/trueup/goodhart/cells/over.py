"""Up to when the records are all there: a period is decided once, from all that it will hold.

A look at a part of a period, and another one when it is over, would be two looks where the error
rate counts one: a look more at four fifths of each of an A/B's four periods makes 6 % of 5 %.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, DataError
from trueup.goodhart.cells.query import micros_of

if TYPE_CHECKING:
    import duckdb

    from trueup.goodhart.cells.extent import Extent
    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.spec import WatchSpec

SPACINGS = 8
"""Usual distances between outputs that records may end before a period does: by chance they end
earlier once in 3,000 times, ..."""
FULL = 0.8
"""The last period of records that were exported long ago counts if they reach this far into it."""
QUIET = 0.9
"""... after the quiet time that so many earlier periods ended with: nights, a weekend."""


def moment_of(given: object, what: str = "now") -> dt.datetime | None:
    """Return an instant as callers give it: None, a datetime with a zone, or its ISO text.

    Raises:
        ConfigError: It is none, or has no zone.
    """
    if given is None:
        return None
    found = given
    if isinstance(given, str):
        try:
            found = dt.datetime.fromisoformat(given.strip())
        except ValueError:
            found = None
    if not isinstance(found, dt.datetime) or found != found:  # noqa: PLR0124 - NaT is not itself
        message = f"{what} is {given!r}, which is no instant"
        raise ConfigError(message, mend="Give a datetime with a zone, or 2026-03-01T12:00:00Z.")
    if found.utcoffset() is None:
        message = f"{what} is {found.isoformat()}, which has no zone"
        raise DataError(message, mend="Give it one, as with tzinfo=datetime.UTC.")
    return found


def clock() -> dt.datetime:
    """Return the clock's time."""
    return dt.datetime.now(tz=dt.UTC)


def find_over(
    database: duckdb.DuckDBPyConnection,
    spec: WatchSpec,
    plan: Plan,
    extent: Extent,
    *,
    given: int | None,
    clock: int,
) -> int | None:
    """Return where the first period begins that is not over, microseconds since 1970.

    The last period with records is over once a later instant was told, and the records reach its
    end but for a pause that is usual there. Where they stop earlier, more of them may be on their
    way, unless nothing has come for a whole period: then all that will come is there. By the clock
    alone that may also be an export of old records, whose last period counts if it is nearly full.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, the origin, and which records take part.
        extent: The records that take part.
        given: Instant up to which the caller says that all is there.
        clock: The clock's; means nothing where records are later.
    """
    if spec.time is None or extent.last is None:
        return None
    step = micros_of(spec.step)
    number = (extent.last - plan.origin) // step
    begin = plan.origin + number * step
    end = begin + step
    known = clock if given is None and clock >= extent.last else given
    if known is not None and known < end:
        return begin
    pause = end - 1 - extent.last
    few = SPACINGS * (extent.last - extent.first) // max(extent.count - 1, 1)
    if pause <= few or pause <= few + _quiet(database, spec, plan, extent.where, begin):
        return end
    if known is None or known - extent.last >= step:
        whole = FULL * step if given is None else 0.0  # an export of long ago, or a silence
        return end if extent.last - begin >= whole else begin
    return begin


def _quiet(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, plan: Plan, where: str, begin: int
) -> int:
    """Return how long the periods before an instant were without records at their end."""
    assert spec.time is not None  # noqa: S101 - the caller has seen to it
    time, step = plan.micros(spec.time), micros_of(spec.step)
    before = f"{where} and {time} < {begin}" if where else f"{time} < {begin}"
    quiet = database.execute(
        f"select quantile_disc({step} - 1 - (latest - {plan.origin}) % {step}, {QUIET}) from "
        f"(select max({time}) as latest from {plan.table} where {before} "
        f"group by ({time} - {plan.origin}) // {step})"
    ).fetchall()[0][0]
    return 0 if quiet is None else int(quiet)
