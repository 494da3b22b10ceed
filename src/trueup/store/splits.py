"""Splits and readings: the part that a group is in for good, and who looked at closed parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.store.store import Store


class Reading(NamedTuple):
    """One reading of something that is kept closed."""

    at: str
    by: str
    n: int
    """Labels or records of signals that were read."""


def splits(store: Store) -> dict[str, str]:
    """Return group -> train, dev or test, for every group that was ever put into one."""
    table = schema.split
    with store.reading() as connection:
        found = connection.execute(sa.select(table.c.group, table.c.part))
        return {row[0]: row[1] for row in found}


def add_splits(store: Store, parts: Mapping[str, str]) -> None:
    """Put groups into parts; a group that is in one stays there."""
    at = now()
    rows = [{"group": storable(g), "part": part, "decided_at": at} for g, part in parts.items()]
    if rows:
        with store.transaction() as connection:
            connection.execute(store.insert(schema.split), rows)


def note_reading(store: Store, what: str, *, by: str, n: int) -> None:
    """Write down that something closed was read."""
    row = {"at": now(), "what": what, "by": storable(by), "n": n}
    with store.transaction() as connection:
        connection.execute(sa.insert(schema.reading), [row])


def readings(store: Store, what: str) -> list[Reading]:
    """Return every reading of something closed, oldest first."""
    table = schema.reading
    with store.reading() as connection:
        found = connection.execute(
            sa.select(table.c.at, table.c.by, table.c.n)
            .where(table.c.what == what)
            .order_by(table.c.id)
        )
        return [Reading(*row) for row in found]
