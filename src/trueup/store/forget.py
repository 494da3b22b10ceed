"""Forgetting an item: its text, and everything that judges and code said about it, is deleted.

Hashes, outcomes and values stay, so that counts and figures of past runs still hold; nothing
that is left can be turned back into the text.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from trueup.item.model import Item
from trueup.store import schema
from trueup.store.key import verdict_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.store.store import Store


_MARK = json.dumps({"forgotten": True})
"""What is known about a forgotten item; its new id could be anybody's."""
_KEY_BYTES = 16
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
    """Texts whose words stay, because another item has the very same."""


def forget(store: Store, item_id: str) -> Forgotten:
    """Delete an item's text, the explanations about it, and the replies it was judged by.

    Where another item has the same text, it keeps all of that. An item that comes back is new:
    it is judged again.

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
            body = connection.scalar(
                sa.select(schema.text.c.body).where(schema.text.c.content == content)
            )
            if body is not None and _others_say(connection, body, content):
                shared += 1
            elif body is not None:
                replies += _empty_calls(connection, _about(body))
            texts += connection.execute(
                sa.delete(schema.text).where(schema.text.c.content == content)
            ).rowcount
            verdicts += _unlink(connection, content)
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


def _others_say(connection: Connection, body: str, content: bytes) -> bool:
    """Whether an item that is not forgotten has the same words under other metadata.

    Calls are found by the words alone, and would be taken from it.
    """
    text, about = schema.text, _about(body)
    start = _bare(body).body().rpartition("{}")[0]
    found = connection.execute(
        sa.select(text.c.content, text.c.body).where(
            sa.func.substr(text.c.body, 1, len(start)) == start, text.c.content != content
        )
    )
    return any(
        _about(row.body) == about and connection.scalar(sa.select(_others(row.content)))
        for row in found.all()
    )


def _empty_calls(connection: Connection, about: bytes) -> int:
    """Take from calls all that tells what was asked; return how many had a reply."""
    call = schema.call
    found = connection.execute(sa.select(call.c.id, call.c.reply).where(call.c.about == about))
    rows = found.all()
    for row in rows:
        connection.execute(
            sa.update(call)
            .where(call.c.id == row.id)
            .values(reply=None, about=None, key=secrets.token_bytes(_KEY_BYTES))
        )
    return sum(row.reply is not None for row in rows)


def _unlink(connection: Connection, content: bytes) -> int:
    """Put a random number in the place of a content; return how many verdicts hang on it."""
    seen, verdict, instrument = schema.observation, schema.verdict, schema.instrument
    number = secrets.token_bytes(_KEY_BYTES)
    connection.execute(sa.update(seen).where(seen.c.content == content).values(content=number))
    measured = sa.outerjoin(verdict, instrument, verdict.c.instrument == instrument.c.id)
    columns = (verdict.c.id, verdict.c.replicate, verdict.c.occasion, verdict.c.detail)
    found = connection.execute(
        sa.select(*columns, instrument.c.key.label("measure"))
        .select_from(measured)
        .where(verdict.c.content == content)
    ).all()
    for row in found:
        measure = row.measure or b""
        connection.execute(
            sa.update(verdict)
            .where(verdict.c.id == row.id)
            .values(
                key=verdict_key(measure, number, row.replicate, row.occasion),
                content=number,
                explanation="",
                detail=_figures(row.detail),
            )
        )
    return len(found)


def _figures(detail: str | None) -> str | None:
    """Return what of a verdict's details its value rests on, without which figures would change."""
    extras = json.loads(detail) if detail else {}
    kept = {name: extras[name] for name in _FIGURES if name in extras}
    return json.dumps(kept) if kept else None


def _about(body: str) -> bytes:
    """Return the hash under which calls about this text are found."""
    return _bare(body).content()


def _bare(body: str) -> Item:
    """Return the words of a body as an item, without id and metadata."""
    given, output, context, reference, _, fault = json.loads(body)
    return Item(
        id="", input=given, output=output, context=context, reference=reference, fault=fault
    )
