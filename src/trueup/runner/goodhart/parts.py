"""A table split by product or segment, so that each can be watched by itself.

Only the columns that are watched are taken, and they are written to files beside each other: a log
that does not fit into memory is split as well as a frame.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, DataError, did_you_mean
from trueup.goodhart.cells.query import literal, micros, quoted
from trueup.goodhart.cells.source import connect, guessed, named, open_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

MOST = 200
"""Products in one run; more than that is rather the column of something else."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BETWEEN = " / "


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a table.

    Attributes:
        sources: Name of a part -> what `read_cells` reads.
        first: Name of a part -> instant of its first output, None without time.
        notes: What was left out, a sentence each.
    """

    sources: Mapping[str, object]
    first: Mapping[str, dt.datetime | None]
    notes: tuple[str, ...] = ()


def split(
    table: object,
    by: Sequence[str],
    spec: WatchSpec,
    *,
    folder: Path,
    declared: Sequence[str] = (),
) -> Parts:
    """Split a table by the values of columns.

    Args:
        table: A frame or a path; a path may hold `*`.
        by: The columns; several name a part together, as `chat / de`.
        spec: Whose columns are kept.
        folder: An empty one for the files.
        declared: The parts to take; all there are where left out.

    Raises:
        DataError: The table cannot be read, lacks a column, or holds none of the parts.
        ConfigError: There are too many parts.
    """
    import duckdb  # noqa: PLC0415 - slow to load, and only needed here

    wanted = {**spec.columns, **{f"by {name}": name for name in by}}
    with connect() as database:
        for as_text in (False, True):
            try:
                columns = open_source(database, table, wanted, as_text=as_text)
                return _split(database, columns, by, spec, folder, declared)
            except duckdb.Error as problem:
                if as_text or not guessed(table):
                    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
                    what = f"it cannot be read: {lines[0] if lines else problem}"
                    raise DataError(what, where=named(table)) from problem
    raise AssertionError


def _split(  # noqa: PLR0917 - what its one caller has at hand
    database: duckdb.DuckDBPyConnection,
    columns: Mapping[str, Column],
    by: Sequence[str],
    spec: WatchSpec,
    folder: Path,
    declared: Sequence[str],
) -> Parts:
    name = f" || {literal(BETWEEN)} || ".join(
        f"nullif(trim({quoted(columns[column].sql)}::varchar), '')" for column in by
    )
    when = "null"
    if spec.time is not None:
        when = f"min({micros(columns[spec.time].sql, columns[spec.time].kind)})"
    found = database.execute(
        f"select {name} as part, {when} as first, count(*) as n from source "  # noqa: S608 - quoted
        f"group by part order by first nulls last, part limit {MOST + 2}"
    ).fetchall()
    there = {str(part): first for part, first, _ in found if part is not None}
    notes = _notes(found, declared, by)
    if not there:
        raise DataError(f"{', '.join(by)} is empty in every record", mend="Name another column")
    absent = next((part for part in declared if part not in there), None)
    if absent is not None:
        notes.append(f"there is no record of '{absent}' yet")
    if len(there) > MOST:
        what = f"{', '.join(by)} splits the records into more than {MOST} parts"
        raise ConfigError(what, mend="Name a column of products or segments, or declare `parts`")
    if declared and not any(part in there for part in declared):
        mend = did_you_mean(declared[0], there)
        raise DataError(f"there is no record of '{declared[0]}'", mend=mend)
    chosen = [part for part in (declared or there) if part in there]
    _write(database, columns, name, chosen, folder)
    return Parts(
        sources={part: str(folder / f"p={k}" / "*.parquet") for k, part in enumerate(chosen)},
        first={part: _instant(there[part]) for part in chosen},
        notes=tuple(notes),
    )


def _instant(micros_: int | None) -> dt.datetime | None:
    return None if micros_ is None else _EPOCH + dt.timedelta(microseconds=micros_)


def _notes(
    found: Sequence[tuple[object, object, int]], declared: Sequence[str], by: Sequence[str]
) -> list[str]:
    """Return what is left out."""
    notes = []
    without = sum(count for part, _, count in found if part is None)
    if without:
        verb = "is" if without == 1 else "are"
        records = "1 record" if without == 1 else f"{without:,} records"
        notes.append(f"{records} without {', '.join(by)} {verb} in no part")
    others = [str(part) for part, *_ in found if part is not None and part not in declared]
    if declared and others:
        shown = ", ".join(f"'{name}'" for name in others[:5])
        more = ", ..." if len(others) > 5 else ""  # noqa: PLR2004 - as many as were shown
        notes.append(f"not declared, and not watched: {shown}{more}")
    return notes


def _write(
    database: duckdb.DuckDBPyConnection,
    columns: Mapping[str, Column],
    name: str,
    chosen: Sequence[str],
    folder: Path,
) -> None:
    """Write every part to a folder of its own, by number: a name may hold anything."""
    kept = ", ".join(f"{quoted(column.sql)} as {quoted(own)}" for own, column in columns.items())
    order = f"list_position([{', '.join(map(literal, chosen))}], {name}) - 1"
    database.execute(
        f"copy (select {kept}, {order} as p from source where {order} is not null) "  # noqa: S608 - quoted
        f"to {literal(str(folder))} (format parquet, partition_by (p), overwrite_or_ignore)"
    )
