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


_MARK = json.dumps({"forgotten": True})
"""What is known about a forgotten item; its new id could be anybody's."""
_FIGURES = ("continuous", "distribution")
"""What a value rests on; numbers and level keys, nothing of the text."""


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
            .values(item_id=sa.literal("forgotten-") + sa.cast(seen.c.seq, sa.String), known=_MARK)
        )
        texts = verdicts = replies = shared = 0
        for content in contents:
            if connection.scalar(sa.select(_others(content))):
                shared += 1
                continue
            deleted = _delete(connection, content)
            texts += deleted[0]
            verdicts += deleted[1]
            replies += deleted[2]
    store.compact()
    return Forgotten(renamed.rowcount, texts, verdicts, replies, shared)


def _contents(connection: Connection, item_id: str) -> list[bytes]:
    seen = schema.observation
    found = connection.execute(
        sa.select(seen.c.content).where(seen.c.item_id == item_id).distinct()
    )
    return [row[0] for row in found]


def _others(content: bytes) -> sa.Exists:
    """Whether an item that is not forgotten has this content."""
    seen = schema.observation
    kept = seen.c.known.is_distinct_from(_MARK)
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
    found = connection.execute(
        sa.select(verdict.c.id, verdict.c.detail).where(verdict.c.content == content)
    ).all()
    for row in found:
        connection.execute(
            sa.update(verdict)
            .where(verdict.c.id == row.id)
            .values(explanation="", detail=_figures(row.detail))
        )
    return texts, len(found), replies


def _figures(detail: str | None) -> str | None:
    """Return what of a verdict's details its value rests on, without which figures would change."""
    extras = json.loads(detail) if detail else {}
    kept = {name: extras[name] for name in _FIGURES if name in extras}
    return json.dumps(kept) if kept else None


def _about(body: str) -> bytes:
    """Return the hash under which calls about this text are found."""
    given, output, context, reference, _, fault = json.loads(body)
    return Item(
        id="", input=given, output=output, context=context, reference=reference, fault=fault
    ).content()
