"""Draws: which items of a sitting are to be labelled, and with what probability each was drawn.

And what whoever labels them needs beside: the items' texts, and who has answered what already.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from trueup.label.model import Label, standing
from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from trueup.store.store import Store

_CHUNK = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One item that was drawn to be labelled."""

    sitting: str
    item_id: str
    place: int
    """Order of labelling, from 0."""
    run: int
    """The run that judged it."""
    design: str
    probability: float
    """Probability with which it was drawn from the items that were judged."""
    people: int
    """How many people are to label it, blind to each other."""
    why: str


def add_draw(store: Store, drawn: Sequence[Drawn]) -> None:
    """Record a draw; an item that was drawn in a sitting stays drawn as it was."""
    at = now()
    rows = [
        {
            "sitting": storable(one.sitting),
            "item_id": storable(one.item_id),
            "place": one.place,
            "run": one.run,
            "design": one.design,
            "probability": one.probability,
            "people": one.people,
            "why": one.why,
            "drawn_at": at,
        }
        for one in drawn
    ]
    if rows:
        with store.transaction() as connection:
            connection.execute(store.insert(schema.draw), rows)


def draws(store: Store, sitting: str | None = None) -> list[Drawn]:
    """Return what was drawn in a sitting, or in all of them, in the order of labelling."""
    table = schema.draw
    columns = [column for column in table.c if column.name != "drawn_at"]
    select = sa.select(*columns).order_by(table.c.drawn_at, table.c.sitting, table.c.place)
    if sitting is not None:
        select = select.where(table.c.sitting == sitting)
    with store.reading() as connection:
        return [Drawn(**row) for row in connection.execute(select).mappings()]


class Observed(NamedTuple):
    """What a run saw of an item."""

    item_id: str
    content: int
    body: str | None
    """The text as JSON; None where it was forgotten."""
    known: Mapping[str, Any]
    """What is known about the item besides its text: group, segment, version, ..."""


def observed(
    store: Store, item_ids: Collection[str], *, run: int | None = None
) -> dict[str, Observed]:
    """Return item id -> what that run, or else the last of all, saw of it.

    Reads every observation of the run, or of the store: for a few calls, not for one an item.
    """
    seen, content = schema.observation, schema.content
    select = (
        sa.select(seen.c.item_id, seen.c.content, content.c.body, seen.c.known)
        .join(content, content.c.id == seen.c.content)
        .order_by(seen.c.run, seen.c.seq)
    )
    if run is not None:
        select = select.where(seen.c.run == run)
    found = {}
    with store.reading() as connection:
        for ids in _chunks(item_ids):
            for row in connection.execute(select.where(seen.c.item_id.in_(ids))):
                known = json.loads(row.known) if row.known else {}
                found[row.item_id] = Observed(row.item_id, row.content, row.body, known)
    return found


def labels_by(
    store: Store, annotator: str, *, criteria: Collection[str], questions: Collection[str]
) -> list[Label]:
    """Return one person's labels of items, in the order of recording.

    Those of the test split are among them: they are for nobody but the person who gave them.

    Args:
        store: Where labels are kept.
        annotator: The person.
        criteria: Ids of criteria, in whatever wording.
        questions: Hashes of questions, under whatever id.
    """
    table = schema.label
    about = table.c.criterion.in_(list(criteria)) | table.c.question.in_(list(questions))
    select = (
        sa.select(*(table.c[field.name] for field in fields(Label)))
        .where(table.c.annotator == storable(annotator), table.c.unit_kind == "item", about)
        .order_by(table.c.id)
    )
    with store.reading() as connection:
        return [_whole(dict(row)) for row in connection.execute(select).mappings()]


def _whole(row: dict[str, Any]) -> Label:
    value, at = row.pop("value"), row.pop("labelled_at")
    return Label(
        value=None if value is None else json.loads(value),
        labelled_at=None if at is None else datetime.fromisoformat(at),
        **row,
    )


def some_items(store: Store, n: int) -> list[str]:
    """Return the ids of a few items that were scored; none where nothing was."""
    with store.reading() as connection:
        found = connection.execute(sa.select(schema.observation.c.item_id).limit(n))
        return list(found.scalars())


def answered(
    store: Store, questions: Collection[str], *, items: Collection[str], but: str
) -> Counter[tuple[str, str]]:
    """Count the people who have answered: (item id, question) -> how many, deferrals apart.

    What they answered is not read, so that this opens no split and tells nobody anything.

    Args:
        store: Where labels are kept.
        questions: Hashes of the questions.
        items: The items.
        but: The person who is not counted.
    """
    table = schema.label
    gone = table.c.value.is_(None) | (table.c.value == json.dumps("defer"))
    select = (
        sa.select(
            table.c.item_id,
            table.c.criterion,
            table.c.question,
            table.c.annotator,
            table.c.labelled_at,
            gone.label("gone"),
        )
        .where(table.c.unit_kind == "item", table.c.question.in_(list(questions)))
        .order_by(table.c.id)
    )
    found: Counter[tuple[str, str]] = Counter()
    with store.reading() as connection:
        for ids in _chunks(items):
            rows = connection.execute(select.where(table.c.item_id.in_(ids)))
            for label in standing(map(_masked, rows)):
                if label.annotator != but:
                    found[label.item_id, label.question or ""] += 1
    return found


def _masked(row: sa.Row[Any]) -> Label:
    return Label(
        item_id=row.item_id,
        criterion=row.criterion,
        question=row.question,
        annotator=row.annotator,
        labelled_at=datetime.fromisoformat(row.labelled_at) if row.labelled_at else None,
        value=None if row.gone else "answered",
    )


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    every = [storable(one) for one in ids]
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
