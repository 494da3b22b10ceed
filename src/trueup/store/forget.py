"""Forgetting an item: its text, and all that judges, code and people said of it, is deleted.

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
from trueup.store.labels import delete_labels
from trueup.store.signals import delete_signals

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
    labels: int
    """People's answers about it, with their notes."""
    signals: int = 0
    """What production recorded about it, or about a trace or session that was its alone."""


def forget(store: Store, item_id: str) -> Forgotten:
    """Delete an item's text, the replies it was judged by, and all that was said of it.

    That is what judges and people said, and what production recorded.

    Where another item has the same text, it keeps all of that. An item that comes back is new:
    it is judged again.

    Raises:
        StoreError: The store cannot be written.
    """
    with store.transaction() as connection:
        contents = _contents(connection, item_id)
        signals = delete_signals(connection, item_id)
        seen, content = schema.observation, schema.content
        renamed = connection.execute(
            sa.update(seen)
            .where(seen.c.item_id == item_id)
            .values(item_id=sa.literal("forgotten-") + sa.cast(seen.c.seq, sa.String), known=_MARK)
        )
        labels = delete_labels(connection, item_id)
        texts = verdicts = replies = shared = 0
        for number in contents:
            body = connection.scalar(sa.select(content.c.body).where(content.c.id == number))
            if body is None or connection.scalar(sa.select(_others(number))):
                shared += body is not None
                continue
            if _others_say(connection, body, number):
                shared += 1
            else:
                replies += _empty_calls(connection, _about(body))
            unknown = {"hash": secrets.token_bytes(_KEY_BYTES), "body": None}
            connection.execute(sa.update(content).where(content.c.id == number).values(unknown))
            texts += 1
            verdicts += _silence(connection, number)
    store.compact()
    return Forgotten(renamed.rowcount, texts, verdicts, replies, shared, labels, signals)


def _contents(connection: Connection, item_id: str) -> list[int]:
    seen = schema.observation
    found = connection.execute(
        sa.select(seen.c.content).where(seen.c.item_id == item_id).distinct()
    )
    return [row[0] for row in found]


def _others(number: int) -> sa.Exists:
    """Whether an item that is not forgotten has this content."""
    seen = schema.observation
    kept = seen.c.known.is_distinct_from(_MARK)
    return sa.exists().where(seen.c.content == number, kept)


def _others_say(connection: Connection, body: str, number: int) -> bool:
    """Whether an item that is not forgotten has the same words under other metadata.

    Calls are found by the words alone, and would be taken from it.
    """
    content, about = schema.content, _about(body)
    start = _bare(body).body().rpartition("{}")[0]
    found = connection.execute(
        sa.select(content.c.id, content.c.body).where(
            sa.func.substr(content.c.body, 1, len(start)) == start, content.c.id != number
        )
    )
    return any(
        _about(row.body) == about and connection.scalar(sa.select(_others(row.id)))
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


def _silence(connection: Connection, number: int) -> int:
    """Take from the verdicts about a content what they say; return how many there are."""
    verdict = schema.verdict
    mine = verdict.c.content == number
    found = connection.execute(sa.select(*verdict.primary_key, verdict.c.detail).where(mine)).all()
    connection.execute(sa.update(verdict).where(mine).values(explanation="", detail=None))
    for *key, detail in found:
        figures = _figures(detail)
        if figures is not None:
            row = (a == b for a, b in zip(verdict.primary_key, key, strict=True))
            connection.execute(sa.update(verdict).where(*row).values(detail=figures))
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
