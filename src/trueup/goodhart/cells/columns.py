"""Checks that columns hold what they are named for, and reads text that stands for it."""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.goodhart.cells.query import (
    LARGEST,
    literal,
    micros,
    missing,
    number,
    quoted,
    sized,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

_WORDS = {"time", "segment", "group", "version", "arm", "unit", "instrument", "anchor", "output"}
_EMPTY = ("", "nan", "none", "null", "na", "n/a", "nat", "inf", "+inf", "-inf", "infinity")
_APART = 1e5
"""Times their spread that values may lie from 0: of a variance, sums then keep five digits."""
_FINE = 1e-5
"""Spread of scores that is not told from that of a constant one."""
_SAMPLE = 10_000
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
    notes += _summable(database, numbers, columns, table)
    notes += _weight_notes(database, spec, columns, table)
    if zoneless:
        told_names = ", ".join(zoneless)
        notes.append(f"instants without a zone were taken as UTC ({told_names})")
    return notes


def _summable(
    database: duckdb.DuckDBPyConnection,
    numbers: Mapping[str, str],
    columns: Mapping[str, Column],
    table: str,
) -> list[str]:
    """Refuse values that differ by next to nothing beside their size; tell of a tiny scale.

    Sums of squares hold 16 digits: of scores around 1e8 those of their differences are lost.

    Raises:
        DataError: A column holds such values.
    """
    values = {name: number(columns[name].sql, columns[name].kind) for name in numbers}
    wanted = ", ".join(f"{sql} as v{i}" for i, sql in enumerate(values.values()))
    known = ", ".join(f"avg(v{i}), stddev_pop(v{i})" for i in range(len(values)))
    found = database.execute(
        f"select {known} from (select {wanted} from {table} limit {_SAMPLE})"
    ).fetchall()[0]
    notes = []
    for i, (name, role) in enumerate(numbers.items()):
        mean, spread = found[2 * i : 2 * i + 2]
        if not spread:
            continue
        if abs(mean) > _APART * spread:
            message = (
                f"column '{name}' ({role}) holds values around {mean:.3g} that differ by about "
                f"{spread:.2g}, too little beside their size to be summed"
            )
            raise DataError(message, mend=f"Subtract the same number from all, as {mean:.3g}.")
        if role == "judge" and spread < _FINE:
            notes.append(
                f"scores in '{name}' differ by about {spread:.2g}, which is taken for none: "
                "multiply them"
            )
    return notes


def _weight_notes(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, columns: Mapping[str, Column], table: str
) -> list[str]:
    """Return how many scores have a weight that cannot be one, or that all look like chances."""
    if spec.judge_weight is None:
        return []
    weight, judge = (
        number(columns[n].sql, columns[n].kind) for n in (spec.judge_weight, spec.judge)
    )
    traffic = "true"
    if spec.anchor is not None:  # anchors are judged without being drawn
        traffic = missing(columns[spec.anchor].sql, columns[spec.anchor].kind)
    lost, least, most = database.execute(
        f"select count(*) filter (w is null or w <= 0), min(w) filter (w > 0), max(w) from "
        f"(select {weight} as w from {table} where {judge} is not null and {traffic})"
    ).fetchall()[0]
    notes = []
    if lost:
        scores = "1 score has" if lost == 1 else f"{lost:,} scores have"
        notes.append(
            f"{scores} no weight above 0 in '{spec.judge_weight}' (judge_weight), and "
            f"{'was' if lost == 1 else 'were'} left out"
        )
    if least is not None and least < 1 and most <= 1:
        notes.append(
            f"no weight in '{spec.judge_weight}' (judge_weight) is above 1: it is 1 / the chance "
            "of having been judged, not that chance"
        )
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
