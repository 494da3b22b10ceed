"""Migrations: how a store written by an older trueup becomes today's.

A step is a function that gets a connection inside one transaction. Steps are only ever added;
`VERSION` is the number of the last one. A store that is newer than this trueup is refused.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trueup.errors import StoreError
from trueup.judge.observed import model_name
from trueup.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


def _first(connection: Connection) -> None:
    """Create every table of the first release, and the secret that fences are keyed under."""
    schema.metadata.create_all(connection, checkfirst=True)
    connection.execute(
        sa.insert(schema.heading), [{"name": "secret", "value": secrets.token_hex(16)}]
    )


def _answerers(connection: Connection) -> None:
    """Keep by run which models answered; of earlier runs, those that calls tell."""
    schema.answerer.create(connection, checkfirst=True)  # a new store has it from the first step
    call = schema.call
    told = sa.select(call.c.run, call.c.model, call.c.fingerprint).where(call.c.model != "")
    found = {(run, model_name(*who)) for run, *who in connection.execute(told.distinct())}
    if found:
        rows = [{"run": run, "model": model} for run, model in sorted(found)]
        connection.execute(sa.insert(schema.answerer), rows)


def _signals(connection: Connection) -> None:
    """Keep what production recorded, and the names under which no judge may see it."""
    schema.signal.create(connection, checkfirst=True)
    schema.held_out.create(connection, checkfirst=True)


def _watches(connection: Connection) -> None:
    """Keep the alarms of watches over judge and users, and what was forecast."""
    schema.watch.create(connection, checkfirst=True)


STEPS: tuple[Callable[[Connection], None], ...] = (_first, _answerers, _signals, _watches)
VERSION = len(STEPS)


def version(connection: Connection) -> int:
    """Return the store's schema version; 0 for an empty database."""
    if not sa.inspect(connection).has_table("heading"):
        return 0
    value = connection.scalar(
        sa.select(schema.heading.c.value).where(schema.heading.c.name == "schema")
    )
    return int(value or 0)


def _taken(connection: Connection) -> bool:
    """Whether tables are there that would be mixed with ours; a file is ours alone."""
    names = set(sa.inspect(connection).get_table_names())
    if connection.dialect.name != "sqlite":
        names &= schema.metadata.tables.keys()
    return bool(names)


def migrate(connection: Connection, where: str) -> None:
    """Bring the store to today's version, one step after the other.

    Raises:
        StoreError: The store was written by a newer trueup, or is another program's database.
    """
    found = version(connection)
    if not found and _taken(connection):
        what = "this database holds another program's tables"
        raise StoreError(what, where=where, mend="Name another: trueup keeps to its own")
    if found > VERSION:
        what = f"this store has schema {found} and this trueup knows {VERSION}"
        raise StoreError(what, where=where, mend="Upgrade trueup, or name another store")
    if found == VERSION:
        return
    for step in STEPS[found:]:
        step(connection)
    connection.execute(sa.delete(schema.heading).where(schema.heading.c.name == "schema"))
    connection.execute(sa.insert(schema.heading), [{"name": "schema", "value": str(VERSION)}])
