"""Forgetting an item: its text, and everything that judges and code said about it, is deleted.

Hashes, outcomes and values stay, so that counts and figures of past runs still hold; nothing
that is left can be turned back into the text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from trueup.item.model import Item
from trueup.store import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.store.store import Store


class Forgotten(NamedTuple):
    """What was deleted."""

    observations: int
    """How often the item had been scored; its id is replaced in all of them."""
    texts: int
    verdicts: int
    replies: int
    shared: int
    """Texts that stay, because another item has the very same."""


def forget(store: Store, item_id: str) -> Forgotten:
    """Delete an item's text, the explanations about it, and the replies it was judged by.

    Raises:
        StoreError: The store cannot be written.
    """
    with store.transaction() as connection:
        contents = _contents(connection, item_id)
        seen = schema.observation
        renamed = connection.execute(
            sa.update(seen)
            .where(seen.c.item_id == item_id)
            .values(item_id=sa.literal("forgotten-") + sa.cast(seen.c.seq, sa.String), known=None)
        )
        shared = 0
        counts = [0, 0, 0]
        for content in contents:
            if connection.scalar(sa.select(_others(content))):
                shared += 1
                continue
            for place, count in enumerate(_delete(connection, content)):
                counts[place] += count
    store.compact()
    return Forgotten(renamed.rowcount, *counts, shared)


def _contents(connection: Connection, item_id: str) -> list[bytes]:
    seen = schema.observation
    found = connection.execute(
        sa.select(seen.c.content).where(seen.c.item_id == item_id).distinct()
    )
    return [row[0] for row in found]


def _others(content: bytes) -> sa.Exists:
    """Whether an item that is not forgotten has this content."""
    seen = schema.observation
    kept = ~seen.c.item_id.startswith("forgotten-")
    return sa.exists().where(seen.c.content == content, kept)


def _delete(connection: Connection, content: bytes) -> tuple[int, int, int]:
    text, verdict, call = schema.text, schema.verdict, schema.call
    body = connection.scalar(sa.select(text.c.body).where(text.c.content == content))
    replies = 0
    if body is not None:
        about = _about(body)
        emptied = connection.execute(
            sa.update(call)
            .where(call.c.about == about, call.c.reply.is_not(None))
            .values(reply=None)
        )
        replies = emptied.rowcount
    texts = connection.execute(sa.delete(text).where(text.c.content == content)).rowcount
    verdicts = connection.execute(
        sa.update(verdict).where(verdict.c.content == content).values(explanation="", detail=None)
    ).rowcount
    return texts, verdicts, replies


def _about(body: str) -> bytes:
    """Return the hash under which calls about this text are found."""
    given, output, context, reference, _, fault = json.loads(body)
    return Item(
        id="", input=given, output=output, context=context, reference=reference, fault=fault
    ).content()
