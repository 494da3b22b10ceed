"""Langfuse: scores, of which only those that people gave in its interface are labels.

The API's and the interface's exports name fields in camel case, those to blob storage in snake
case. `source` is ANNOTATION for people, EVAL for its own judges, and API for whatever a program
sent: users' thumbs and home-made judges alike, so that none of these is taken.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.mark import KEY, mark_of, marked
from trueup.label.tool.feedback import by_other, metadata, record_id, unsourced
from trueup.label.tool.shape import Tool, answered, first, numeral, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.item.rows import Row, Rows
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body, Found

_PEOPLE = "ANNOTATION"
_SOURCES = frozenset({_PEOPLE, "EVAL", "API"})
TEXT_KINDS = frozenset({"TEXT", "CORRECTION"})
_HELD = frozenset({"item_id", "criterion", "note"})

_UNIT = frozenset({"traceId", "trace_id", "observationId", "sessionId", "subject"})
_TYPED = frozenset({"dataType", "data_type", "stringValue", "string_value"})


def recognises(rows: Rows) -> bool:
    """Tell an export of scores by its columns."""
    columns = set(rows.columns)
    if "name" not in columns or not _UNIT & columns:
        return False
    sources = {str(row.get("source")) for row in rows.sample if row.get("source")}
    return bool(_TYPED & columns) or bool(sources and sources <= _SOURCES)


def _sourced(rows: Rows) -> bool:
    return "source" in rows.columns or any(
        KEY in metadata(row.get("metadata")) for row in rows.sample
    )


def _found(row: Row) -> Iterator[Found]:
    kind = str(first(row, "dataType", "data_type") or "").upper()
    value = _value(row, kind)
    mark = metadata(row.get("metadata"))
    ours = marked(mark, value) is not None
    if not ours and "source" not in row:
        raise unsourced("source")
    source = str(row.get("source") or "").upper()
    unit = _unit(row)
    if not ours and source != _PEOPLE:
        yield by_other(source)
    elif kind in TEXT_KINDS:
        yield "a text, not an answer to a criterion"
    elif value is not None and unit is None:
        yield "about a whole run of a dataset, not an item"
    else:
        at = first(row, "timestamp", "createdAt", "created_at")
        yield answered(
            value,
            mark=mark,
            **(unit or {}),
            criterion=row.get("name"),
            annotator=first(
                row, "authorUserId", "author_user_id", "authorUserName", "author_user_name"
            ),
            # ours was sent by a program, at a time that says nothing of the answer
            labelled_at=None if ours else at,
            note=row.get("comment"),
        )


def _value(row: Row, kind: str) -> object:
    text = first(row, "stringValue", "string_value")
    if kind == "BOOLEAN" and isinstance(row.get("value"), (int, float)):
        return bool(row["value"])
    return text if text is not None else row.get("value")


def _unit(row: Row) -> Body | None:
    subject = parsed(row.get("subject"), of="subject")
    if isinstance(subject, dict):
        units = {"trace": "item", "observation": "item", "session": "session"}
        unit = units.get(str(subject.get("kind")))
        return None if unit is None else {"item_id": subject.get("id"), "unit_kind": unit}
    item_id = first(row, "observationId", "observation_id") or first(row, "traceId", "trace_id")
    if item_id is not None:
        return {"item_id": item_id}
    session = first(row, "sessionId", "session_id")
    return None if session is None else {"item_id": session, "unit_kind": "session"}


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


LANGFUSE = Tool(
    name="Langfuse",
    form="langfuse",
    recognises=recognises,
    found=_found,
    bodies=lambda labels, _: [_body(label, place) for place, label in enumerate(labels)],
    given=frozenset(),
    zone=UTC,
    sourced=_sourced,
)
