"""Which records take part: those with an instant, in the main run of time, known by then."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.errors import DataError
from trueup.goodhart.cells.query import micros_of, missing, quoted

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from trueup.goodhart.cells.query import Plan
    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FEW = 0.01
"""Records out of place are set aside where they are fewer than this part of all."""
APART = 52
"""Empty periods that part a stray from the rest, ..."""
APART_AT_LEAST = dt.timedelta(days=28)
"""... and the shortest such gap, where periods are hours."""


MOST_PERIODS = 10_000


@dataclass(frozen=True, slots=True)
class Extent:
    """The records that take part.

    Attributes:
        first: Instant of the first, microseconds since 1970; 0 without time.
        last: Instant of the last, None without time.
        where: SQL that picks them.
        count: How many they are.
        notes: What was set aside, a sentence each.
    """

    first: int
    last: int | None
    where: str
    count: int
    notes: tuple[str, ...] = ()


def instant(micros: int) -> dt.datetime:
    """Return microseconds since 1970 as an instant.

    Raises:
        DataError: It lies beyond the years 1 to 9999.
    """
    try:
        return EPOCH + dt.timedelta(microseconds=micros)
    except OverflowError as problem:
        message = f"there are instants beyond the year {1 if micros < 0 else 9999}"
        raise DataError(message, mend="Leave those records out.") from problem


def micros_at(when: dt.datetime, what: str) -> int:
    """Return an instant as microseconds since 1970.

    Raises:
        DataError: It has no zone.
    """
    if when.tzinfo is None:
        message = f"{what} is {when.isoformat()}, which has no zone"
        raise DataError(message, mend="Give it one, as with tzinfo=datetime.UTC.")
    return (when - EPOCH) // dt.timedelta(microseconds=1)


def compared(column: Column, sign: str, micros: int) -> str:
    """Return the SQL that compares a column with an instant.

    The bare column is compared with a constant, so that files skip what they know to lie outside.
    """
    name = quoted(column.sql)
    if column.kind == "text":
        return f"epoch_us(try_cast({name} as timestamptz)) {sign} {micros}"
    when = instant(micros).replace(tzinfo=None).isoformat(sep=" ")
    if column.zoneless:
        return f"{name} {sign} timestamp '{when}'"
    return f"{name} {sign} timestamptz '{when}+00'"


def there_by(spec: WatchSpec, plan: Plan) -> str:
    """Return the SQL of a table of the records that were there by `plan.until`, or tell no time."""
    if plan.until is None or spec.time is None:
        return plan.table
    column = plan.columns[spec.time]
    if column.kind not in ("instant", "text"):
        return plan.table
    known = f"coalesce({compared(column, '<', plan.until)}, true)"
    return f"(select * from {plan.table} where {known})"


def find_extent(
    database: duckdb.DuckDBPyConnection,
    spec: WatchSpec,
    plan: Plan,
    *,
    now: dt.datetime | None = None,
    origin: int | None = None,
) -> Extent:
    """Find the records that take part, and say what is set aside.

    Args:
        database: Where `plan.table` is.
        spec: Which column holds what.
        plan: The columns, and `until`.
        now: Instant after which a record is dated in the future; the clock's where left out.
        origin: Start of period 0, where it is known: nothing before takes part.

    Raises:
        DataError: There is none.
    """
    base = []
    if spec.anchor:
        column = plan.columns[spec.anchor]
        base.append(missing(column.sql, column.kind))
    if not spec.time:
        total = _one(database, plan, base, "count(*)")[0]
        if not total:
            raise DataError("there are no records")
        return Extent(0, None, " and ".join(base), total)
    column = plan.columns[spec.time]
    name = quoted(column.sql)
    if plan.until is not None:
        base.append(f"({compared(column, '<', plan.until)} or {name} is null)")
    total, known, first, last = _bounds(database, plan, spec.time, base)
    if not known:
        raise _none(spec.time, total, column, plan.until)
    notes = []
    if known < total:
        notes.append(f"{records(total - known, 'without an instant')} left out")
    time = plan.micros(spec.time)
    parts = [f"{time} is not null"] if known < total else []
    clock = micros_at(now or dt.datetime.now(tz=dt.UTC), "now")
    low, high = _usual(
        database, plan, spec, [*base, *parts], bounds=(first, last, known), clock=clock, notes=notes
    )
    parts += [compared(column, ">=", low)] if low is not None else []
    parts += [compared(column, "<=", high)] if high is not None else []
    if low is not None or high is not None:
        _, known, first, last = _bounds(database, plan, spec.time, [*base, *parts])
    if origin is not None and origin > first:
        parts.append(compared(column, ">=", origin))
        before = known
        _, known, first, last = _bounds(database, plan, spec.time, [*base, *parts])
        if not known:
            what = "all records lie before the first period"
            raise DataError(what, mend="Give an earlier origin.")
        notes.append(f"{records(before - known, 'before the first period')} left out")
    periods = (last - first) // micros_of(spec.step) + 1
    if periods > MOST_PERIODS:
        message = f"period is {spec.period}, which makes {periods:,} periods of these records"
        raise DataError(message, mend="Write a longer one, as 7d or 30d; m stands for minutes.")
    return Extent(first, last, " and ".join([*base, *parts]), known, tuple(notes))


def _one(
    database: duckdb.DuckDBPyConnection, plan: Plan, parts: list[str], wanted: str
) -> tuple[Any, ...]:
    where = f" where {' and '.join(parts)}" if parts else ""
    found: tuple[Any, ...] = database.execute(
        f"select {wanted} from {plan.table}{where}"
    ).fetchall()[0]
    return found


def _bounds(
    database: duckdb.DuckDBPyConnection, plan: Plan, name: str, parts: list[str]
) -> tuple[int, int, int, int]:
    """Return records, those with an instant, and the first and last instant."""
    column = plan.columns[name]
    if column.kind == "text":
        time = plan.micros(name)
        return _one(database, plan, parts, f"count(*), count({time}), min({time}), max({time})")
    time = quoted(column.sql)  # bare, because a Parquet file knows these without being read
    wanted = f"count(*), count({time}), epoch_us(min({time})), epoch_us(max({time}))"
    return _one(database, plan, parts, wanted)


def _none(name: str, total: int, column: Column, until: int | None) -> DataError:
    if total and until is None:
        kind = "text" if column.kind == "text" else "empty values"
        message = f"column '{name}' holds {kind}, and no instant"
        return DataError(message, mend="An instant is written like 2026-03-01T12:00:00Z.")
    when = "" if until is None else f" with an instant before {instant(until).isoformat()}"
    return DataError(f"there are no records{when}")


def _usual(
    database: duckdb.DuckDBPyConnection,
    plan: Plan,
    spec: WatchSpec,
    parts: list[str],
    *,
    bounds: tuple[int, int, int],
    clock: int,
    notes: list[str],
) -> tuple[int | None, int | None]:
    """Return the first and last instant of what is in place, None where all is."""
    assert spec.time is not None  # noqa: S101 - tells mypy what the caller has seen to
    first, last, known = bounds
    column, time = plan.columns[spec.time], plan.micros(spec.time)
    low = high = None
    if last > clock:
        later = _one(database, plan, [*parts, compared(column, ">", clock)], "count(*)")[0]
        if later < known * FEW:
            notes.append(f"{records(later, 'dated in the future')} left out")
            high = clock
            parts = [*parts, compared(column, "<=", clock)]
            _, known, first, last = _bounds(database, plan, spec.time, parts)
        else:
            which = "all records" if later == known else records(later, "of all", left=False)
            notes.append(f"{which} are dated in the future, and were taken as they are")
    step = micros_of(spec.step)
    apart = max(APART, micros_of(APART_AT_LEAST) // step)
    if (last - first) // step <= apart:
        return low, high
    where = f" where {' and '.join(parts)}" if parts else ""
    found = database.execute(
        f"select ({time} - {first}) // {step} as p, count(*) as n from {plan.table}{where} "
        "group by p order by p"
    ).fetchnumpy()
    periods, counts = np.ma.getdata(found["p"]), np.ma.getdata(found["n"])
    begin, end = main_run(periods, counts, apart)
    strays = int(counts[(periods < begin) | (periods > end)].sum())
    if not strays:
        return low, high
    notes.append(f"{records(strays, 'far from all others in time')} left out")
    if begin > periods[0]:
        low = first + begin * step
    return low, first + (end + 1) * step - 1 if end < periods[-1] else high


def main_run(periods: NDArray[np.int64], counts: NDArray[np.int64], apart: int) -> tuple[int, int]:
    """Return the first and last period of what is no stray.

    Periods fall into runs that more than `apart` empty ones separate. The largest run is kept, and
    what reaches to any other that is not small.

    Args:
        periods: Shape (n,), rising: those with records.
        counts: Shape (n,): how many each has.
        apart: Empty periods that separate runs.
    """
    run = np.concatenate([[0], np.cumsum(np.diff(periods) - 1 > apart)])
    size = np.bincount(run, counts)
    kept = np.flatnonzero((size >= FEW * size.sum()) | (size == size.max()))
    inside = periods[(run >= kept[0]) & (run <= kept[-1])]
    return int(inside[0]), int(inside[-1])


def records(count: int, which: str, *, left: bool = True) -> str:
    """Return '1 record ... was' or '2 records ... were'."""
    noun, verb = ("record", "was") if count == 1 else ("records", "were")
    return f"{count:,} {noun} {which}{' ' + verb if left else ''}"
