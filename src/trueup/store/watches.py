"""Watches in a store: alarms, who accepted them, forecasts and places; only ever added to.

A row is known by its kind and key, and the first that says something of it holds: two runs that
raise the same alarm raise one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.store.store import Store

Kind = Literal["alarm", "acceptance", "forecast", "place"]
"""A place is that of a table whose watch is called by its file."""


class Entry(NamedTuple):
    """One row."""

    kind: str
    key: str
    """Of an alarm its id; of an acceptance that of its alarm; of a table where it lies."""
    name: str
    """The watch."""
    part: str
    """The product or segment; empty where all is watched as one."""
    at: str
    """When it was written, UTC."""
    body: Mapping[str, Any]


def add(
    store: Store, kind: Kind, key: str, *, name: str, part: str, body: Mapping[str, Any]
) -> bool:
    """Write a row down, unless there is one of this kind and key; return whether it is new.

    Args:
        store: Where it is kept.
        kind: What it is.
        key: By which it is known.
        name: The watch.
        part: The product or segment, empty for all.
        body: Plain data; what JSON has no form for is written as text.

    Raises:
        StoreError: The store cannot be written.
    """
    row = {
        "kind": kind,
        "key": storable(key),
        "name": storable(name),
        "part": storable(part),
        "at": now(),
        "body": json.dumps(body, sort_keys=True, default=str),
    }
    there = sa.select(schema.watch.c.id).where(
        schema.watch.c.kind == kind, schema.watch.c.key == row["key"]
    )
    with store.transaction() as connection:
        if connection.scalar(there) is not None:
            return False
        # of two that write at once, the second finds the first's row
        connection.execute(store.insert(schema.watch), [row])
    return True


def entries(store: Store, kind: Kind, *, name: str | None = None) -> list[Entry]:
    """Return the rows of a kind, oldest first.

    Args:
        store: Where they are kept.
        kind: Which.
        name: Only those of this watch.
    """
    table = schema.watch
    wanted = sa.select(
        table.c.kind, table.c.key, table.c.name, table.c.part, table.c.at, table.c.body
    ).where(table.c.kind == kind)
    if name is not None:
        wanted = wanted.where(table.c.name == storable(name))
    with store.reading() as connection:
        found = connection.execute(wanted.order_by(table.c.id)).all()
    return [Entry(*row[:-1], body=json.loads(row[-1])) for row in found]
