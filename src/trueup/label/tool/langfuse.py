"""Langfuse: scores, of which only those that people gave in its interface are labels.

The API's and the interface's exports name fields in camel case, those to blob storage in snake
case. `source` is ANNOTATION for people, EVAL for its own judges, and API for whatever a program
sent: users' thumbs and home-made judges alike, so that none of these is taken.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from trueup.errors import DataError
from trueup.item.declare import mapping
from trueup.label.mark import KEY, mark_of, marked
from trueup.label.tool.shape import BY_MODEL, NO_ANSWER, Tool, first, numeral, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.item.model import Item
    from trueup.item.rows import Row, Rows
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body, Found

BY_PROGRAM = "sent by a program, which may be a judge or a user's click"
_PEOPLE = "ANNOTATION"
_SOURCES = {"EVAL": BY_MODEL, "API": BY_PROGRAM}
_TEXT = frozenset({"TEXT", "CORRECTION"})
_HELD = frozenset({"item_id", "criterion", "note"})

_UNIT = frozenset({"traceId", "trace_id", "observationId", "sessionId", "subject"})
_TYPED = frozenset({"dataType", "data_type", "stringValue", "string_value"})


def _recognises(rows: Rows) -> bool:
    columns = set(rows.columns)
    if "name" not in columns or not _UNIT & columns:
        return False
    sources = {str(row.get("source")) for row in rows.sample if row.get("source")}
    return bool(_TYPED & columns) or bool(sources and sources <= {_PEOPLE, *_SOURCES})


def _sourced(rows: Rows) -> bool:
    return "source" in rows.columns or any(_carries_mark(row) for row in rows.sample)


def _carries_mark(row: Row) -> bool:
    return KEY in (parsed(row.get("metadata"), of="metadata") or {})


def _found(row: Row) -> Iterator[Found]:
    kind = str(first(row, "dataType", "data_type") or "").upper()
    value = _value(row, kind)
    cells = marked(parsed(row.get("metadata"), of="metadata"), value)
    if cells is None and "source" not in row:
        raise unsourced("source")
    source = str(row.get("source") or "").upper()
    if cells is None and source != _PEOPLE:
        yield _SOURCES.get(source, f"of source '{source}'")
    elif kind in _TEXT:
        yield "a text, not an answer to a criterion"
    elif value is None:
        yield NO_ANSWER
    else:
        unit = _unit(row)
        if unit is None:
            yield "about a whole run of a dataset, not an item"
        else:
            yield {
                **unit,
                "criterion": row.get("name"),
                "value": value,
                "annotator": first(
                    row, "authorUserId", "author_user_id", "authorUserName", "author_user_name"
                ),
                "labelled_at": first(row, "timestamp", "createdAt", "created_at"),
                "note": row.get("comment"),
                # a marked one was sent by a program, at a time that says nothing of the answer
                **({} if cells is None else {"labelled_at": None, **cells}),
            }


def _value(row: Row, kind: str) -> object:
    text = first(row, "stringValue", "string_value")
    if kind == "BOOLEAN" and isinstance(row.get("value"), (int, float)):
        return bool(row["value"])
    return text if text is not None else row.get("value")


def _unit(row: Row) -> dict[str, Any] | None:
    subject = parsed(row.get("subject"), of="subject")
    if isinstance(subject, dict):
        if subject.get("kind") in {"trace", "observation"}:
            return {"item_id": subject.get("id")}
        if subject.get("kind") == "session":
            return {"item_id": subject.get("id"), "unit_kind": "session"}
        return None
    item_id = first(row, "observationId", "observation_id") or first(row, "traceId", "trace_id")
    if item_id is not None:
        return {"item_id": item_id}
    session = first(row, "sessionId", "session_id")
    return None if session is None else {"item_id": session, "unit_kind": "session"}


def unsourced(column: str) -> DataError:
    """Return the error for scores that do not say whether a person or a judge gave them."""
    what = f"these scores do not say who gave them (there is no '{column}')"
    columns = ", ".join(mapping(field) for field in ("item_id", "criterion", "value"))
    mend = f"Export them with it; or, if people gave all of them, name the columns: {columns}"
    return DataError(what, mend=mend)


def _bodies(labels: Iterable[Label], items: Iterable[Item]) -> list[Body]:
    del items  # traces are there before they are scored
    return [_body(label, number) for number, label in enumerate(labels)]


def _body(label: Label, place: int) -> Body:
    number = isinstance(label.value, float)
    unit = "sessionId" if label.unit_kind == "session" else "traceId"
    body: Body = {
        "id": record_id(label, place),
        unit: label.item_id,
        "name": label.criterion,
        "value": numeral(label.value),
        "dataType": "NUMERIC" if number else "CATEGORICAL",
        "metadata": {KEY: mark_of(label, held=_HELD)},
    }
    return body if label.note is None else {**body, "comment": label.note}


def record_id(label: Label, place: int) -> str:
    """Return a UUID that is the same whenever the same person's answer is sent again.

    Args:
        label: The answer.
        place: Where it stands among all; tells those apart that nobody signed.
    """
    who = place if label.annotator is None else label.annotator
    parts = (label.unit_kind, label.item_id, label.question or label.criterion, who)
    return str(uuid5(NAMESPACE_URL, f"trueup:label:{parts!r}"))


LANGFUSE = Tool(
    name="Langfuse",
    form="langfuse",
    recognises=_recognises,
    found=_found,
    bodies=_bodies,
    given=frozenset(),
    zone=UTC,
    sourced=_sourced,
)
