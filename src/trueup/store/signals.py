"""Signals in a store: what production recorded, only ever added to.

The same record twice is one record, so that a file may be imported again. How they are read, and by
whom alone, is in `signal_table`.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from trueup.errors import DataError
from trueup.item.names import squash
from trueup.signal.model import UNIT_KINDS
from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from trueup.signal.model import SignalRecord
    from trueup.signal.read import SignalSource
    from trueup.store.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHUNK = 20_000
"""Records that are written at once: other writers wait no longer than these take."""
_MARK_BITS = 63


class ImportedSignals(NamedTuple):
    """What an import did."""

    source: str
    source_format: str
    n: int
    """Records in the source."""
    new: int
    """Those that the store did not have."""
    by_name: Mapping[str, int]
    left_out: Mapping[str, int]
    """Why something is no record -> how often."""
    first: Mapping[str, str]
    """Why something is no record -> where that is so first."""
    notes: tuple[str, ...]


def import_signals(store: Store, source: SignalSource, *, by: str) -> ImportedSignals:
    """Record the signals of a source: of one that can be read twice, all of them or none.

    Such a source is read through before anything is written. Memory does not grow with it. A
    program that is killed leaves a part, and the same import again adds the rest.

    Args:
        store: Where they are kept.
        source: What `open_signals` returns.
        by: What asked for the import.

    Raises:
        DataError: There is no record in it, or a cell cannot be read.
        StoreError: The store cannot be written.
    """
    records: Iterable[SignalRecord] = source
    if source.rereadable:
        source.check()
    else:
        records = list(source)
        if not records:
            raise source.empty()
    new = add_signals(store, records, source=f"{source.name} ({by})", columns=source.columns)
    survey = source.survey
    return ImportedSignals(
        source=source.name,
        source_format=source.source_format,
        n=survey.records,
        new=new,
        by_name=dict(survey.by_name),
        left_out=dict(survey.left_out),
        first=dict(survey.first),
        notes=tuple(survey.notes),
    )


def add_signals(
    store: Store,
    records: Iterable[SignalRecord],
    *,
    source: str,
    columns: Mapping[str, str] | None = None,
) -> int:
    """Record signals, and hold out their names from judges; return how many records are new.

    Args:
        store: Where they are kept.
        records: In the order in which they were given: of two that say different things of one
            instant and revision, the later counts.
        source: Where they are from: a file's name, or the command that asked for them.
        columns: Column -> signal, of the columns in which they came: these are held out, too.

    Raises:
        DataError: A record's time names no zone, or its value is no finite number.
        StoreError: The store cannot be written; what was written before is kept.
    """
    stream = iter(records)
    place = time.time_ns() // 1000
    statement = store.insert(schema.signal)
    named: set[str] = set()
    new = 0
    while chunk := list(islice(stream, _CHUNK)):
        rows = [_row(record, place + n) for n, record in enumerate(chunk)]
        place += len(chunk)
        names = {record.name for record in chunk} - named
        if names:
            # before the records, so that nothing is ever there that is not held out
            hold_out(store, names, columns=columns, source=source)
            named |= names
        with store.transaction() as connection:
            # a driver that does not count says -1
            new += max(0, connection.execute(statement, rows).rowcount)
    return new


def hold_out(
    store: Store,
    signals: Iterable[str],
    *,
    columns: Mapping[str, str] | None = None,
    source: str = "",
) -> None:
    """Declare signals, and columns that hold some, so that no judge is shown what is named so.

    What is recorded is held out by itself. Declare what is used without being recorded, as the
    columns of a frame.
    """
    at = now()
    pairs = {(name, name) for name in signals}
    pairs |= {(column, name) for column, name in (columns or {}).items()}
    rows = [
        {"column": storable(column), "signal": storable(name), "source": storable(source), "at": at}
        for column, name in sorted(pairs)
    ]
    if rows:
        with store.transaction() as connection:
            connection.execute(store.insert(schema.held_out), rows)


def held_out(store: Store) -> dict[str, str]:
    """Return squashed name of a column or signal -> the signal that must not be seen in it."""
    table = schema.held_out
    with store.reading() as connection:
        found = connection.execute(sa.select(table.c.column, table.c.signal).order_by(table.c.at))
        return {squash(row[0]): row[1] for row in found}


def signal_names(store: Store) -> list[str]:
    """Return the names of all signals that were recorded or declared; values are not read."""
    with store.reading() as connection:
        found = sa.select(schema.held_out.c.signal).distinct()
        return sorted(connection.execute(found).scalars())


def delete_signals(connection: Connection, item_id: str) -> int:
    """Delete what was recorded of an item, and of traces and sessions that have no other item."""
    table, seen = schema.signal, schema.observation
    units = {("item", item_id)}
    known = sa.select(seen.c.known).where(seen.c.item_id == item_id).distinct()
    for (body,) in connection.execute(known).all():
        facts = json.loads(body) if body else {}
        for kind, field in (("trace", "trace_id"), ("session", "session_id")):
            unit = facts.get(field)
            if unit is not None and not connection.scalar(sa.select(_others(field, unit, item_id))):
                units.add((kind, storable(str(unit))))
    if not connection.scalar(sa.select(_others("trace_id", item_id, item_id))):
        units.add(("trace", item_id))  # where items are traces, their id names both
    names = list(connection.execute(sa.select(schema.held_out.c.signal).distinct()).scalars())
    deleted = 0
    for kind, unit in sorted(units):
        mine = (table.c.unit_kind == kind) & (table.c.unit_id == unit)
        deleted += connection.execute(
            sa.delete(table).where(table.c.name.in_(names), mine)
        ).rowcount
    return deleted


def _others(field: str, unit: object, item_id: str) -> sa.Exists:
    """Whether another item of the same trace or session was seen."""
    seen = schema.observation
    said = f"{json.dumps(field)}: {json.dumps(unit)}"
    return sa.exists().where(
        seen.c.known.contains(said, autoescape=True), seen.c.item_id != item_id
    )


def microseconds(at: datetime) -> int:
    """Return an instant as whole microseconds since 1970, UTC, as rows keep them.

    Raises:
        DataError: It names no time zone.
    """
    if at.tzinfo is None:
        mend = "Give datetimes a zone: datetime(..., tzinfo=UTC)"
        raise DataError(f"the time {at.isoformat()} of a signal names no time zone", mend=mend)
    return (at - _EPOCH) // _MICROSECOND


def _row(record: SignalRecord, place: int) -> dict[str, Any]:
    value = record.value
    if value is not None and not math.isfinite(value):
        where = f"{record.unit_kind} {record.unit_id}"
        mend = "Leave it None where there is none"
        raise DataError(f"{record.name} is no finite number", where=where, mend=mend)
    if record.unit_kind not in UNIT_KINDS:
        raise DataError(f"'{record.unit_kind}' is no kind of unit", mend=", ".join(UNIT_KINDS))
    event_at = microseconds(record.event_at)
    said = f"{value!r} {event_at} {record.exposed}".encode("ascii")
    digest = hashlib.blake2b(said, digest_size=8).digest()
    return {
        "name": storable(record.name),
        "unit_kind": record.unit_kind,
        "unit_id": storable(record.unit_id),
        "revision": record.revision,
        "known_at": microseconds(record.known_at),
        "mark": int.from_bytes(digest, "big") >> (64 - _MARK_BITS),
        "event_at": event_at,
        "value": value,
        "exposed": record.exposed,
        "place": place,
    }
