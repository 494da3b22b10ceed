"""Checks that columns hold what they are named for, and reads text that stands for it."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.goodhart.cells.query import LARGEST, literal, micros, number, quoted, sized

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

_WORDS = {"time", "segment", "group", "version", "arm", "unit", "instrument", "anchor", "output"}
_EMPTY = ("", "nan", "none", "null", "na", "n/a", "nat", "inf", "+inf", "-inf", "infinity")
_ZONE = r"([Zz]|UTC|\d:\d.*[+-]\d\d(:?\d\d)?)\s*$"
"""A text's end that says in which zone it is; a date's last day is none."""


def column_notes(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, columns: Mapping[str, Column], table: str
) -> list[str]:
    """Check that columns hold what they are named for; return what is read in a way of its own.

    Raises:
        DataError: One holds no such thing at all.
    """
    times = {spec.time: "time"} if spec.time else {}
    times |= {s.arrived: f"signal '{s.name}': arrived" for s in spec.signals if s.arrived}
    numbers = {
        name: role
        for role, name in spec.columns.items()
        if role not in _WORDS and not role.endswith(": arrived")
    }
    for name, role in times.items():
        if columns[name].kind not in ("instant", "text"):
            message = f"column '{name}' ({role}) holds {columns[name].type}, no instants"
            raise DataError(message, mend="Convert it, as with pandas.to_datetime.")
    for name, role in numbers.items():
        if columns[name].kind not in ("float", "exact", "text"):
            message = f"column '{name}' ({role}) holds {columns[name].type}, no numbers"
            raise DataError(message, mend="Convert it to a number.")
    zoneless = [name for name in times if columns[name].zoneless]
    notes = []
    for name in dict.fromkeys([*times, *numbers]):
        if columns[name].kind != "text":
            continue
        told, bare = _text_notes(database, name, columns[name], table, role=numbers.get(name))
        notes += told
        zoneless += [name] if bare else []
    notes += _infinite(database, [n for n in numbers if columns[n].kind == "float"], columns, table)
    if zoneless:
        told_names = ", ".join(zoneless)
        notes.append(f"instants without a zone were taken as UTC ({told_names})")
    return notes


def _infinite(
    database: duckdb.DuckDBPyConnection,
    names: list[str],
    columns: Mapping[str, Column],
    table: str,
) -> list[str]:
    """Return how many values of each column are too large to be any; they are taken as missing."""
    if not names:
        return []
    wanted = ", ".join(f"max(abs({quoted(columns[n].sql)}))" for n in names)
    largest = database.execute(f"select {wanted} from {table}").fetchall()[0]
    notes = []
    for name, size in zip(names, largest, strict=True):
        if size is None or size <= LARGEST:
            continue
        value = quoted(columns[name].sql)
        found = f"count(*) filter (not {sized(value)} and not isnan({value}))"
        count, infinite = database.execute(
            f"select {found}, count(*) filter (isinf({value})) from {table}"
        ).fetchall()[0]
        if not count:
            continue  # what is no number at all is above all to DuckDB
        values = "1 value" if count == 1 else f"{count:,} values"
        what = "infinite" if infinite == count else f"infinite or beyond {LARGEST:g}"
        verb = "is" if count == 1 else "are"
        notes.append(f"{values} of '{name}' {verb} {what}, and taken as missing")
    return notes


def _text_notes(
    database: duckdb.DuckDBPyConnection,
    name: str,
    column: Column,
    table: str,
    *,
    role: str | None,
) -> tuple[list[str], bool]:
    """Return what is said of a column of text, and whether it holds instants without a zone."""
    text = quoted(column.sql)
    value = number(column.sql, "text") if role else micros(column.sql, "text")
    empty = ", ".join(literal(word) for word in _EMPTY)
    filled = f"lower(trim({text}::varchar)) not in ({empty})"
    bare = (
        "0" if role else f"count({value}) filter (not regexp_matches({text}::varchar, '{_ZONE}'))"
    )
    full, read, zoneless = database.execute(
        f"select count(*) filter ({filled}), count({value}), {bare} from {table}"
    ).fetchall()[0]
    if read >= full:
        return [], zoneless > 0
    what = "number" if role else "instant"
    if not read and role:
        message = f"column '{name}' ({role}) holds text, and no {what}"
        raise DataError(message, mend="Convert it to a number.")
    values = "1 value" if full - read == 1 else f"{full - read:,} values"
    verb = "is" if full - read == 1 else "are"
    return [f"{values} of '{name}' {verb} no {what}, and taken as missing"], zoneless > 0
