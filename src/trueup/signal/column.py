"""Column: where one signal stands in a table that has one row for every unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trueup.errors import DataError, did_you_mean
from trueup.item.names import recognise, squash
from trueup.item.path import place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from trueup.item.rows import Rows

ARRIVED = ("_at", "_arrived_at", "_known_at", "_timestamp", "_time")
SHOWN = ("_exposed", "_shown", "_offered")
"""What follows a signal's name in the name of the column that goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The columns of one signal. At least one of `value`, `before` with `after`, `known_at`."""

    value: str | None = None
    """None where that it arrived says all, as `copied_at`: its value is then 1."""
    known_at: str | None = None
    """When it arrived; None for the column named like the value's with `_at` after it."""
    event_at: str | None = None
    """When it happened; None where it is when it arrived."""
    exposed: str | None = None
    """Whether the user was able to give it."""
    before: str | None = None
    """The text that the user was given, from which with `after` an edit rate is computed."""
    after: str | None = None
    """What the user made of it."""
    by: Literal["characters", "words"] = "characters"
    """What of the two texts is compared."""

    def sources(self) -> dict[str, str]:
        """Return what of this is declared, part -> column."""
        named = {
            "value": self.value, "known_at": self.known_at, "event_at": self.event_at,
            "exposed": self.exposed, "before": self.before, "after": self.after,
        }  # fmt: skip
        return {part: column for part, column in named.items() if column is not None}


def complete(name: str, declared: str | Column, rows: Rows) -> Column:
    """Return a signal's columns with those that go with it by their names, checked.

    Args:
        name: The signal.
        declared: The value's column, or all of them.
        rows: The table.

    Raises:
        DataError: A declared column is not there, or too little is declared.
    """
    column = Column(value=declared) if isinstance(declared, str) else declared
    for part, source in column.sources().items():
        if rows.columns and place(source, rows.columns).column not in rows.columns:
            among = "" if rows.closed else " in the first rows"
            what = f"there is no column '{source}'{among}, which {part} of signal '{name}' is in"
            raise DataError(what, where=rows.name, mend=did_you_mean(source, rows.columns))
    if (column.before is None) != (column.after is None):
        lacks = "after" if column.after is None else "before"
        mend = "An edit rate needs the text before and the text after"
        raise DataError(f"signal '{name}' has no column {lacks}", where=rows.name, mend=mend)
    if column.value is None and column.before is None and column.known_at is None:
        mend = "Name the column of its value, or of the time when it arrived"
        raise DataError(f"signal '{name}' has no column", where=rows.name, mend=mend)
    stems = [stem for stem in (name, column.value) if stem]
    return Column(
        value=column.value,
        known_at=column.known_at or _beside(stems, ARRIVED, rows.columns),
        event_at=column.event_at,
        exposed=column.exposed or _beside(stems, SHOWN, rows.columns),
        before=column.before,
        after=column.after,
        by=column.by,
    )


def guess(rows: Rows, taken: Collection[str]) -> dict[str, Column]:
    """Return the signals that a table says by its columns' names that it has.

    These are the columns beside which stands another of the same name with `_at`; where there are
    none, those whose names say that a user's reaction is in them.

    Args:
        rows: The table.
        taken: Columns that are something else.
    """
    found = (
        timed(rows.columns, taken) or recognise(c for c in rows.columns if c not in taken).signals
    )
    beside = {squash(column + end) for column in found for end in (*ARRIVED, *SHOWN)}
    return {
        column: complete(column, column, rows) for column in found if squash(column) not in beside
    }


def timed(columns: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Return the columns beside which stands another of the same name with `_at`."""
    return tuple(
        column
        for column in columns
        if column not in taken and _beside([column], ARRIVED[:3], columns) is not None
    )


def _beside(stems: Sequence[str], endings: Sequence[str], columns: Sequence[str]) -> str | None:
    by_name: Mapping[str, str] = {squash(column): column for column in reversed(columns)}
    names = (squash(stem + ending) for stem in stems for ending in endings)
    return next((by_name[name] for name in names if name in by_name), None)
