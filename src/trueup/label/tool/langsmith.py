"""LangSmith: feedback on runs, of which only what people gave in its interface is a label.

`feedback_source.type` is `app` for people in its interface, `model` and `auto_eval` for judges, and
`api` for whatever a program sent.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.mark import KEY, mark_of, plain_fields
from trueup.label.tool.feedback import by_other, metadata, record_id, unsourced
from trueup.label.tool.shape import Tool, answered, first, numeral, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.item.rows import Row, Rows
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body, Found

_SOURCE = "feedback_source"
_PEOPLE = "app"
_SCORES = {"met": 1, "unmet": 0}
_HELD = frozenset({"item_id", "criterion", "labelled_at", "note"})


def recognises(rows: Rows) -> bool:
    """Tell an export of feedback by its columns."""
    columns = set(rows.columns)
    return {"run_id", "key"} <= columns and bool({"score", "value"} & columns)


def _sourced(rows: Rows) -> bool:
    return any(column.partition(".")[0] == _SOURCE for column in rows.columns)


def _found(row: Row) -> Iterator[Found]:
    source = feedback_source(row)
    kind = str(source.get("type") or "").casefold()
    value = first(row, "value", "score")  # the category that was chosen goes before its score
    if kind != _PEOPLE:
        yield by_other(kind)
    elif first(row, "comparative_experiment_id", "feedback_group_id") is not None:
        yield "a preference between runs, not an answer about one"
    elif first(row, "run_id") is None:
        yield "about a whole project, not a run"
    elif isinstance(value, dict):
        yield "a structured value, not an answer to a criterion"
    else:
        yield answered(
            value,
            mark=metadata(source.get("metadata")),
            item_id=row["run_id"],
            criterion=row.get("key"),
            annotator=first(source, "user_id", "ls_user_id", "user_name"),
            labelled_at=row.get("created_at"),
            note=row.get("comment"),
        )


def feedback_source(row: Row) -> Body:
    """Return who gave the feedback, also where a table has a column for each part of it.

    Raises:
        DataError: It does not say.
    """
    if _SOURCE in row:
        whole = parsed(row[_SOURCE], of=_SOURCE)
        return whole if isinstance(whole, dict) else {}
    parts = {
        name.removeprefix(f"{_SOURCE}."): cell
        for name, cell in row.items()
        if name.startswith(f"{_SOURCE}.")
    }
    if not parts:
        raise unsourced(_SOURCE)
    return parts


def _body(label: Label, place: int) -> Body:
    body: Body = {"id": record_id(label, place), "run_id": label.item_id, "key": label.criterion}
    if isinstance(label.value, float):
        body["score"] = numeral(label.value)
    else:
        body["value"] = label.value
        if label.value in _SCORES:
            body["score"] = _SCORES[label.value]
    if label.note is not None:
        body["comment"] = label.note
    if label.labelled_at is not None:
        body["created_at"] = plain_fields(label)["labelled_at"]
    mark = {KEY: mark_of(label, held=_HELD)}
    return {**body, _SOURCE: {"type": _PEOPLE, "metadata": mark}}


LANGSMITH = Tool(
    name="LangSmith",
    form="langsmith",
    recognises=recognises,
    found=_found,
    bodies=lambda labels, _: [_body(label, place) for place, label in enumerate(labels)],
    given=frozenset(),
    zone=UTC,
    sourced=_sourced,
)
