"""The ledger in a store: agreement by question, judge, instrument and week; only ever added to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trueup.store import schema
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.store.store import Store

KEY = ("criterion", "question", "judge", "instrument", "week")
"""What an entry is about; of several about the same, the latest holds."""


def append(store: Store, entries: Sequence[Mapping[str, Any]]) -> int:
    """Add the entries that say something new; return how many did.

    Args:
        store: Where they are kept.
        entries: Plain data, each with the names of `KEY`.
    """
    held = {_key(entry): _body(entry) for entry in read(store)}
    new = [entry for entry in entries if held.get(_key(entry)) != _body(entry)]
    at = now()
    rows = [{**{n: entry[n] for n in KEY}, "at": at, "body": _body(entry)} for entry in new]
    if rows:
        with store.transaction() as connection:
            connection.execute(sa.insert(schema.ledger), rows)
    return len(rows)


def read(store: Store) -> list[dict[str, Any]]:
    """Return every entry, oldest first."""
    with store.reading() as connection:
        found = connection.execute(sa.select(schema.ledger.c.body).order_by(schema.ledger.c.id))
        return [json.loads(body) for body in found.scalars()]


def _key(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[name] for name in KEY)


def _body(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True)
