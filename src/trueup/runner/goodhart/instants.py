"""A table's column of times that holds numbers: what they count, and how they become instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.instant import instant
from trueup.item.plain import plain

if TYPE_CHECKING:
    from trueup.item.rows import Rows

# Up to the bound a number counts these since 1970: pandas' name of the unit, DuckDB's function.
_UNITS = (
    (1e11, "s", "seconds", "to_timestamp({})"),
    (1e14, "ms", "milliseconds", "to_timestamp({} / 1e3)"),
    (1e17, "us", "microseconds", "to_timestamp({} / 1e6)"),
    (1e20, "ns", "nanoseconds", "to_timestamp({} / 1e9)"),
)


def check_instants(column: str, rows: Rows) -> None:
    """Refuse a column of times that holds numbers, and say what they are likely to count.

    Args:
        column: Its name.
        rows: The table, of which the first rows are looked at.

    Raises:
        DataError: It holds numbers.
    """
    cell = next((row[column] for row in rows.sample if row.get(column) not in (None, "")), None)
    value = _number(cell)
    if value is None:
        return
    what = f"column '{column}' (time) holds numbers, as {cell}, and no instants"
    try:
        day = instant(value)
    except DataError:
        day = None
    if day is None:
        raise DataError(what, where=rows.name, mend="Write them like 2026-01-05T09:30:00+01:00")
    unit, said, sql = next(rest for bound, *rest in _UNITS if abs(value) < bound)
    quoted = '"' + column.replace('"', '""') + '"'
    mend = (
        f"They look like {said} since 1970 ({day.date()}): convert them, as with "
        f"pandas.to_datetime(frame[{column!r}], unit='{unit}', utc=True) or in SQL "
        f"{sql.format(quoted)}"
    )
    raise DataError(what, where=rows.name, mend=mend)


def _number(cell: object) -> float | None:
    """Return the number that a cell is, a text of one included; None for all else."""
    value = plain(cell)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, (int, float)) and value == value else None  # noqa: PLR0124 - NaN
