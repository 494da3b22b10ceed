"""Argilla: records with responses, flattened to columns or nested, and those of its version 1.

Flattened, as `to_datasets` and the hub have it, a question's answers are three lists of equal
length: `Q.responses`, `Q.responses.users`, `Q.responses.status`, beside `Q.suggestion`. Nested, as
`to_json` writes and `from_json` reads, they are a list under `responses`, which does not say the
status. In version 1 a column named after the question holds values, users and statuses.

What is written has the marks of its answers beside the record, as Argilla takes no more within it;
it does not give them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from trueup.errors import DataError
from trueup.item.plain import excerpt, name_text
from trueup.label.mark import KEY, mark_of
from trueup.label.tool.shape import (
    UNFINISHED,
    Tool,
    answered,
    filled,
    first,
    numeral,
    part,
    parts,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trueup.item.model import Item
    from trueup.item.rows import Row, Rows
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body, Found

_FLAT = ".responses"
_FIRST_VERSION = frozenset({"user_id", "value", "status"})
_SUBMITTED = "submitted"
_HELD = frozenset({"item_id", "criterion"})


class _Response(NamedTuple):
    """What one person answered to one question, in whichever form it was exported."""

    question: str
    body: Body
    """`value`, `user_id`, and where the export says it `status`."""
    prelabelled: bool | None


def _recognises(rows: Rows) -> bool:
    if any(column.endswith(_FLAT) for column in rows.columns):
        return True
    if {"responses", "fields"} <= set(rows.columns):
        return any(isinstance(row.get("responses"), dict) for row in rows.sample)
    return any(_is_first_version(cell) for row in rows.sample for cell in row.values())


def _doubt(rows: Rows) -> tuple[str, str] | None:
    if all("status" in one.body for row in rows.sample for one in _nested(row)):
        return None
    what = "this form of export does not say which answers were submitted, so drafts are in it"
    return what, "Export with to_datasets, or to_list(flatten=True), which say it"


def _found(row: Row) -> Iterator[Found]:
    item_id = first(row, "id", "external_id")
    marks = row.get(KEY) if isinstance(row.get("responses"), dict) else None
    for responses in (_flat(row), _of_first_version(row), _nested(row)):
        for question, body, prelabelled in responses:
            user = name_text(body.get("user_id"))
            if name_text(body.get("status")) not in {None, _SUBMITTED}:
                yield UNFINISHED
            else:
                yield answered(
                    body.get("value"),
                    mark=_mark(marks, question, user),
                    item_id=item_id,
                    criterion=question,
                    annotator=None if user == "None" else user,
                    prelabelled=prelabelled,
                )


def _mark(marks: object, question: str, user: str | None) -> Body | None:
    """Return what holds the mark of a person's answer, None where nothing does."""
    of = marks.get(question) if isinstance(marks, dict) else None
    return {KEY: of[user]} if isinstance(of, dict) and user in of else None


def _flat(row: Row) -> Iterator[_Response]:
    for column in row:
        if column.endswith(_FLAT):
            values = part(row[column], list, of=column)
            users = part(row.get(f"{column}.users"), list, of=f"{column}.users")
            status = part(row.get(f"{column}.status"), list, of=f"{column}.status")
            nothing: list[object] = [None] * len(values)
            lists = {"value": values, "user_id": users or nothing, "status": status or nothing}
            question = column.removesuffix(_FLAT)
            prelabelled = _suggested(row, question, values)
            for body in _zipped(lists, of=column):
                yield _Response(question, body, prelabelled)


def _of_first_version(row: Row) -> Iterator[_Response]:
    for column, cell in row.items():
        if _is_first_version(cell):
            hint = row.get(f"{column}-suggestion") is not None
            bodies = cell
            if isinstance(cell, dict):
                lists = {key: part(many, list, of=column) for key, many in cell.items()}
                bodies = _zipped(lists, of=column)
            for body in parts(bodies, of=column):
                yield _Response(column, body, hint)


def _nested(row: Row) -> Iterator[_Response]:
    if not isinstance(row.get("responses"), dict):
        return
    suggestions = part(row.get("suggestions"), dict, of="suggestions")
    for question, responses in row["responses"].items():
        hint = part(suggestions.get(question), dict, of="suggestions").get("value") is not None
        for body in parts(responses, of="responses"):
            yield _Response(question, body, hint)


def _is_first_version(cell: object) -> bool:
    if isinstance(cell, list) and cell:
        cell = cell[0]
    return isinstance(cell, dict) and cell.keys() >= _FIRST_VERSION


def _zipped(lists: Mapping[str, list[object]], *, of: str) -> list[Body]:
    """Return responses of which an export makes lists of values, of users and of statuses."""
    if len({len(many) for many in lists.values()}) > 1:
        what = f"'{of}' and its users and status are of different lengths"
        raise DataError(what, mend="Export the dataset again")
    return [dict(zip(lists, one, strict=True)) for one in zip(*lists.values(), strict=True)]


def _suggested(row: Row, question: str, values: list[object]) -> bool | None:
    """Tell whether a suggestion was shown; None where its number may stand for there being none.

    Suggestions of a choice are exported as numbers of classes, and no suggestion is a class, too.
    """
    given = row.get(f"{question}.suggestion")
    if row.get(f"{question}.suggestion.agent"):
        return True
    if isinstance(given, int) and any(isinstance(value, str) for value in values):
        return None
    return filled(given)


def _bodies(labels: Iterable[Label], items: Iterable[Item]) -> list[Body]:
    records: dict[str, Body] = {item.id: _record(item.id, shown(item)) for item in items}
    for label in labels:
        if label.unit_kind != "item" or label.annotator is None:
            what = "this label names no annotator"
            if label.unit_kind != "item":
                what = f"this is a label of a {label.unit_kind}"
            where = f"item {excerpt(label.item_id)}, criterion {excerpt(label.criterion)}"
            mend = "Argilla takes signed labels of items only: leave it out, or write jsonl"
            raise DataError(what, where=where, mend=mend)
        record = records.setdefault(label.item_id, _record(label.item_id, {}))
        response = {
            "value": numeral(label.value),
            "user_id": user_id(label.annotator),
            "status": _SUBMITTED,
        }
        record["responses"].setdefault(label.criterion, []).append(response)
        marks = record.setdefault(KEY, {}).setdefault(label.criterion, {})
        marks[response["user_id"]] = mark_of(label, held=_HELD)
    return list(records.values())


def user_id(annotator: str) -> str:
    """Return the UUID that stands for a person: the name itself where it is one."""
    try:
        return str(UUID(annotator))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"trueup:annotator:{annotator}"))


def _record(id_: str, fields: dict[str, str]) -> Body:
    empty: Body = {"metadata": {}, "suggestions": {}, "vectors": {}}
    return {"id": id_, "fields": fields, "responses": {}, **empty}


ARGILLA = Tool(
    name="Argilla",
    form="argilla",
    recognises=_recognises,
    found=_found,
    bodies=_bodies,
    doubt=_doubt,
)
