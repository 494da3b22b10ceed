"""Rows of signals: a row for every record, or a row for every unit with a column a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.fields import check_columns, field_map, guess_fields
from trueup.item.model import message_parts
from trueup.item.names import squash
from trueup.item.path import Place, place
from trueup.item.text import read_text
from trueup.label.tool.shape import filled
from trueup.signal.column import Column, complete, guess, timed
from trueup.signal.declare import field_as, signal_as
from trueup.signal.edit import edit_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row, Rows
    from trueup.signal.cells import Cells

# Of two names in one file the earlier one is meant.
UNITS: Mapping[str, tuple[str, ...]] = {
    "item_id": ("item_id", "unit_id", "id", "message_id", "response_id", "span_id", "run_id",
                "observation_id", "output_id"),
    "trace_id": ("trace_id",),
    "session_id": ("session_id", "conversation_id", "thread_id"),
    "group": ("group", "group_id", "user_id"),
}  # fmt: skip
"""The field that names a unit -> the columns that may hold it; the first that is there counts."""

KIND_OF = {"item_id": "item", "trace_id": "trace", "session_id": "session", "group": "group"}

ALIASES: Mapping[str, tuple[str, ...]] = {
    **UNITS,
    "unit_kind": ("unit_kind", "unit_type", "target_type"),
    "name": ("name", "signal", "metric", "key", "event_type", "event"),
    "value": ("value", "score", "rating"),
    "event_at": ("event_at", "event_time", "happened_at", "occurred_at", "timestamp", "created_at",
                 "time"),
    "known_at": ("known_at", "arrived_at", "received_at", "ingested_at", "recorded_at",
                 "server_upload_time", "inserted_at", "updated_at"),
    "exposed": ("exposed", "shown", "offered"),
    "revision": ("revision", "rev"),
}  # fmt: skip
"""Every field of a record that a column can fill -> the names that it goes by."""

LOGGED = "no column says when records arrived, so they count as known when they happened"
_MANY = 30


def signal_fields(declared: Mapping[str, str] | None, *, where: str) -> dict[str, str]:
    """Return what a caller declared about the columns of records, checked.

    `unit_id` and `id` are other names of `item_id`.

    Raises:
        DataError: A name is no field of a signal.
    """
    given = dict(declared or {})
    for other in ("unit_id", "id"):
        if other in given:
            given.setdefault("item_id", given.pop(other))
    return field_map(given, where=where, known=ALIASES, whose="a signal")


class LongRows:
    """Rows of one record each.

    Args:
        rows: The rows.
        own: Field -> column, as declared.
        only: The signal that all rows are of, where no column names it.
    """

    def __init__(self, rows: Rows, own: Mapping[str, str], *, only: str | None = None) -> None:
        check_columns(dict(own), rows.columns, where=rows.name, closed=rows.closed)
        self._places = _places(rows, own, only=only)
        self._units = _units(self._places, own, rows)
        if rows.columns and only is None and "name" not in self._places:
            alone = f"or where all are of one signal {signal_as()}"
            raise _missing(rows, "name", f"Say which: {field_as('name')}, {alone}")
        if rows.columns and "value" not in self._places:
            raise _missing(rows, "value", f"Say which: {field_as('value')}")
        timed = {"event_at", "known_at"} & self._places.keys()
        self.notes = (LOGGED,) if timed == {"event_at"} else ()
        self._only = only
        self._plain = [(name, at.column) for name, at in self._places.items() if not at.path]
        self._inside = [(name, at) for name, at in self._places.items() if at.path]
        self.columns: Mapping[str, str] = {}

    def found(self, row: Row) -> Iterator[Cells | str]:
        """Yield the cells of the record in a row."""
        get = row.get
        cells: dict[str, object] = {name: get(column) for name, column in self._plain}
        cells.update((name, at.of(row)) for name, at in self._inside)
        unit = next((field for field in self._units if filled(cells.get(field))), self._units[0])
        cells["unit_id"] = cells.get(unit)
        if not filled(cells.get("unit_kind")):
            cells["unit_kind"] = KIND_OF[unit]
        if self._only is not None:
            cells["name"] = self._only
        cells["logged"] = bool(self.notes)
        yield cells


class WideRows:
    """Rows of one unit each, with columns for every signal.

    Args:
        rows: The rows.
        own: Field -> column, as declared.
        signals: Signal -> its column or columns; where there are none, those whose names say it.
    """

    def __init__(
        self, rows: Rows, own: Mapping[str, str], signals: Mapping[str, str | Column]
    ) -> None:
        check_columns(dict(own), rows.columns, where=rows.name, closed=rows.closed)
        units = {field: source for field, source in own.items() if field in UNITS}
        places = _places(rows, units, only="")
        if not places and (source := guess_fields(rows.columns, rows.sample).get("id")):
            places["item_id"] = place(source, rows.columns)
        self._unit = _units(places, own, rows)[0]
        self._id = places[self._unit]
        common = {"unit_kind", "known_at", "exposed", "revision"} & own.keys()
        self._common = {field: place(own[field], rows.columns) for field in common}
        taken = [at.column for at in (*places.values(), *self._common.values())]
        found = {name: complete(name, column, rows) for name, column in signals.items()}
        found = found or guess(rows, taken)
        if not found:
            shown = ", ".join(rows.columns[:_MANY])
            what = f"no column says that it is a signal; the columns are: {shown}"
            mend = f"Say which: {signal_as()}, with the time it arrived beside it as thumbs_at"
            raise DataError(what, where=rows.name, mend=mend)
        self._signals = {
            name: (
                column,
                {part: place(source, rows.columns) for part, source in column.sources().items()},
            )
            for name, column in found.items()
        }
        self.notes = ()
        self.columns = {
            column.value or column.after or name: name for name, column in found.items()
        }
        """Column -> the signal in it, neither of which may be shown to a judge."""

    def found(self, row: Row) -> Iterator[Cells | str]:
        """Yield the cells of every signal in a row."""
        common = {field: at.of(row) for field, at in self._common.items()}
        unit = {"unit_id": self._id.of(row), "unit_kind": KIND_OF[self._unit], **common}
        for name, (column, places) in self._signals.items():
            own = {part: at.of(row) for part, at in places.items()}
            if "before" in own:
                before, after = own.pop("before"), own.pop("after")
                if not _text(before) and not _text(after):
                    continue
                if after is not None:
                    own["value"] = edit_rate(_text(before), _text(after), by=column.by)
            elif column.value is None:
                own["value"] = 1 if filled(own.get("known_at")) else None
            yield {**unit, **own, "name": name}


def is_wide(rows: Rows, own: Mapping[str, str]) -> bool:
    """Tell a table with a column for every signal.

    A column of values has its time of arrival beside it, or none names signals or holds values.
    """
    fields = {squash(name) for names in ALIASES.values() for name in names}
    if any(squash(column) not in fields for column in timed(rows.columns, own.values())):
        return True
    squashed = {squash(column) for column in rows.columns}
    return not all(
        field in own or squashed & {squash(name) for name in ALIASES[field]}
        for field in ("name", "value")
    )


def _text(cell: object) -> str:
    """Return a text, of messages what they say, without who says it."""
    found = read_text(cell, role="assistant", parse=True) or ""
    if isinstance(found, str):
        return found
    return "\n\n".join(message_parts(message)[0][1] for message in found)


def _places(rows: Rows, own: Mapping[str, str], *, only: str | None) -> dict[str, Place]:
    """Return where each field of a record stands; of a wide table, units alone."""
    found = {name: place(source, rows.columns) for name, source in own.items()}
    taken = {at.column for at in found.values()}
    free = {squash(column): column for column in reversed(rows.columns) if column not in taken}
    for field, names in (UNITS if only == "" else ALIASES).items():
        near = next((squash(name) for name in names if squash(name) in free), None)
        if near is not None and field not in found:
            found[field] = Place(free.pop(near))
    return found


def _units(places: Mapping[str, Place], own: Mapping[str, str], rows: Rows) -> list[str]:
    """Return the fields that name units: those declared, else all there are, the narrowest first.

    Raises:
        DataError: There is none.
    """
    declared = [field for field in UNITS if field in own]
    found = declared or [field for field in UNITS if field in places]
    if not found and rows.columns:
        mend = f"Say which: {field_as('item_id')}; or trace_id, session_id, group"
        raise DataError("no column names units", where=rows.name, mend=mend)
    return found or ["item_id"]


def _missing(rows: Rows, field: str, mend: str) -> DataError:
    shown = ", ".join(rows.columns[:_MANY])
    what = f"no column holds the {field}; the columns are: {shown}"
    return DataError(what, where=rows.name, mend=mend)
