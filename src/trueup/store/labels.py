"""Labels in a store: people's answers, only ever added to.

A correction is a later label, a withdrawal one without a value; `standing` says which hold. The
same label recorded twice is one label, so that a file may be imported again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trueup.label.model import Label
from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.splits import note_reading
from trueup.store.store import now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, RowMapping

    from trueup.store.store import Store

_KEY_BYTES = 16
_CHUNK = 400
_SAME = ("unit_kind", "item_id", "question", "value", "annotator", "labelled_at")
"""What two records must have in common to be one label; unsigned ones may still be several."""


def add_labels(store: Store, labels: Iterable[Label], *, source: str) -> int:
    """Record labels, each with the hash of the question it answers; return how many are new.

    Args:
        store: Where they are kept.
        labels: In the order in which they were given.
        source: Where they are from: a file's name, or the command that asked for them.

    Raises:
        ValueError: A label names no question.
        StoreError: The store cannot be written.
    """
    table, at = schema.label, now()
    rows = list(_rows(labels, source=storable(source), at=at))
    count = sa.select(sa.func.count()).select_from(table)
    with store.transaction() as connection:
        before = connection.scalar(count) or 0
        if rows:
            connection.execute(store.insert(table, unless="key"), rows)
        return (connection.scalar(count) or 0) - before


def labels_for(store: Store, questions: Iterable[str]) -> list[Label]:
    """Return the labels of these questions in the order of recording, but the test split's."""
    return list(_found(store, schema.label.c.question.in_(list(questions)), test=False))


def labels_of_criterion(store: Store, criterion: str, *, but: str) -> list[Label]:
    """Return the labels of a criterion that answer another question than `but`."""
    table = schema.label
    return list(_found(store, (table.c.criterion == criterion) & (table.c.question != but)))


def open_test_labels(store: Store, questions: Iterable[str], *, by: str) -> list[Label]:
    """Return the labels of the test split, after noting that they were read, and by what."""
    found = list(_found(store, schema.label.c.question.in_(list(questions)), test=True))
    note_reading(store, "test split", by=by, n=len(found))
    return found


def notes_of(store: Store, item_ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """Return (item id, criterion) -> what people noted, in the order of recording."""
    table = schema.label
    found: dict[tuple[str, str], list[str]] = {}
    with store.reading() as connection:
        for start in range(0, len(item_ids), _CHUNK):
            chunk = item_ids[start : start + _CHUNK]
            rows = connection.execute(
                sa.select(table.c.item_id, table.c.criterion, table.c.note)
                .where(table.c.item_id.in_(chunk), table.c.note.is_not(None))
                .order_by(table.c.id)
            )
            for item_id, criterion, note in rows:
                found.setdefault((item_id, criterion), []).append(note)
    return found


def labelled_texts(store: Store, questions: Iterable[str]) -> Iterator[tuple[str, str | None, str]]:
    """Yield item id, split and JSON text of every labelled item whose text the store has."""
    table, seen, content = schema.label, schema.observation, schema.content
    select = (
        sa.select(table.c.item_id, table.c.split, content.c.body)
        .join(seen, seen.c.item_id == table.c.item_id)
        .join(content, content.c.id == seen.c.content)
        .where(table.c.question.in_(list(questions)), content.c.body.is_not(None))
        .distinct()
    )
    with store.reading() as connection:
        for row in connection.execute(select):
            yield row[0], row[1], row[2]


def groups_of(store: Store, item_ids: Collection[str]) -> dict[str, str]:
    """Return item id -> the group that an earlier label of it names."""
    table = schema.label
    select = sa.select(table.c.item_id, table.c.group).where(table.c.group.is_not(None)).distinct()
    with store.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(select) if row[0] in item_ids}


def annotators_of(store: Store) -> list[str]:
    """Return the names of everybody who has labelled anything."""
    who = schema.label.c.annotator
    with store.reading() as connection:
        return list(connection.execute(sa.select(who).where(who.is_not(None)).distinct()).scalars())


def all_of_people(store: Store, annotators: Iterable[str]) -> list[Label]:
    """Return every label of these people, to be held against what comes in and shown to nobody."""
    return list(_found(store, schema.label.c.annotator.in_(list(annotators))))


def measuring_ids(store: Store, question: str) -> set[str]:
    """Return the items whose labels of a question measure judges: all but those of train."""
    table = schema.label
    kept = sa.not_(table.c.split.is_not_distinct_from("train"))
    select = sa.select(table.c.item_id).where(table.c.question == question, kept).distinct()
    with store.reading() as connection:
        return set(connection.execute(select).scalars())


def delete_labels(connection: Connection, item_id: str) -> int:
    """Delete an item's labels with their notes, and its place in every draw; return how many."""
    connection.execute(sa.delete(schema.draw).where(schema.draw.c.item_id == item_id))
    mine = schema.label.c.item_id == item_id
    return connection.execute(sa.delete(schema.label).where(mine)).rowcount


def _found(
    store: Store, where: sa.ColumnElement[bool], *, test: bool | None = None
) -> Iterator[Label]:
    table = schema.label
    if test is not None:
        is_test = table.c.split.is_not_distinct_from("test")
        where &= is_test if test else sa.not_(is_test)
    with store.reading() as connection:
        rows = connection.execute(sa.select(table).where(where).order_by(table.c.id))
        for row in rows.mappings():
            yield _label(row)


def _rows(labels: Iterable[Label], *, source: str, at: str) -> Iterator[dict[str, Any]]:
    """Yield rows with their keys; what nobody has signed may be of several people."""
    copies: Counter[str] = Counter()
    for label in labels:
        row = _row(label, source=source, at=at)
        same = json.dumps([row[name] for name in _SAME])
        if label.annotator is None:
            copies[same] += 1
            same += f" {copies[same]}" * (copies[same] > 1)
        yield {**row, "key": hashlib.sha256(same.encode()).digest()[:_KEY_BYTES]}


def _row(label: Label, *, source: str, at: str) -> dict[str, Any]:
    if label.question is None:
        msg = f"the label of {label.item_id} names no question; fill in its criterion's hash"
        raise ValueError(msg)
    return {
        "unit_kind": label.unit_kind,
        "item_id": storable(label.item_id),
        "criterion": label.criterion,
        "question": label.question,
        "value": None if label.value is None else json.dumps(label.value),
        "annotator": None if label.annotator is None else storable(label.annotator),
        "labelled_at": None if label.labelled_at is None else label.labelled_at.isoformat(),
        "split": label.split,
        "design": label.design,
        "probability": label.probability,
        "saw_judge": label.saw_judge,
        "prelabelled": label.prelabelled,
        "note": None if label.note is None else storable(label.note),
        "group": None if label.group is None else storable(label.group),
        "source": source,
        "recorded_at": at,
    }


def _label(row: RowMapping) -> Label:
    at = row["labelled_at"]
    return Label(
        item_id=row["item_id"],
        criterion=row["criterion"],
        value=None if row["value"] is None else json.loads(row["value"]),
        annotator=row["annotator"],
        labelled_at=None if at is None else datetime.fromisoformat(at),
        question=row["question"],
        unit_kind=row["unit_kind"],
        split=row["split"],
        design=row["design"],
        probability=row["probability"],
        saw_judge=row["saw_judge"],
        prelabelled=row["prelabelled"],
        note=row["note"],
        group=row["group"],
    )
