"""Argilla: records with responses, flattened to columns or nested, and those of its version 1.

Flattened, as `to_datasets` and the hub have it, a question's answers are three lists of equal
length: `Q.responses`, `Q.responses.users`, `Q.responses.status`, beside `Q.suggestion`. Nested, as
`to_json` writes and `from_json` reads, they are a list under `responses`, which does not say the
status. In version 1 a column named after the question holds values, users and statuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from trueup.errors import DataError
from trueup.item.plain import excerpt
from trueup.label.tool.shape import (
    NO_ANSWER,
    SEVERAL,
    UNFINISHED,
    Tool,
    filled,
    first,
    numeral,
    parsed,
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


def _recognises(rows: Rows) -> bool:
    if any(column.endswith(_FLAT) for column in rows.columns):
        return True
    if {"responses", "fields"} <= set(rows.columns):
        return any(isinstance(row.get("responses"), dict) for row in rows.sample)
    return any(_is_first_version(cell) for row in rows.sample for cell in row.values())


def _doubt(rows: Rows) -> tuple[str, str] | None:
    nested = [row["responses"] for row in rows.sample if isinstance(row.get("responses"), dict)]
    every = [one for record in nested for many in record.values() for one in many or ()]
    if all("status" in one for one in every):
        return None
    what = "this form of export does not say which answers were submitted, so drafts are in it"
    return what, "Export with to_datasets, or to_list(flatten=True), which say it"


def _is_first_version(cell: object) -> bool:
    if isinstance(cell, list) and cell:
        cell = cell[0]
    return isinstance(cell, dict) and cell.keys() >= _FIRST_VERSION


def _found(row: Row) -> Iterator[Found]:
    common = {"item_id": first(row, "id", "external_id")}
    for column, cell in row.items():
        if column.endswith(_FLAT):
            yield from _flat(row, column, common)
        elif _is_first_version(cell):
            hint = row.get(f"{column}-suggestion") is not None
            for response in _listed(cell):
                yield from _answer(common, column, response, prelabelled=hint)
    nested = row.get("responses")
    if isinstance(nested, dict):
        suggestions = row.get("suggestions") or {}
        for question, responses in nested.items():
            hint = (suggestions.get(question) or {}).get("value") is not None
            for response in responses or ():
                yield from _answer(common, question, response, prelabelled=hint)


def _flat(row: Row, column: str, common: Mapping[str, object]) -> Iterator[Found]:
    values = parsed(row.get(column), of=column) or []
    users = parsed(row.get(f"{column}.users"), of=f"{column}.users") or [None] * len(values)
    status = parsed(row.get(f"{column}.status"), of=f"{column}.status") or [None] * len(values)
    if not len(values) == len(users) == len(status):
        what = f"'{column}' and its users and status are of different lengths"
        raise DataError(what, mend="Export the dataset again")
    question = column.removesuffix(_FLAT)
    prelabelled = _suggested(row, question, values)
    for value, user, state in zip(values, users, status, strict=True):
        response = {"value": value, "user_id": user, "status": state}
        yield from _answer(common, question, response, prelabelled=prelabelled)


def _suggested(row: Row, question: str, values: list[Any]) -> bool | None:
    """Tell whether a suggestion was shown; None where its number may stand for there being none.

    Suggestions of a choice are exported as numbers of classes, and no suggestion is a class, too.
    """
    given = row.get(f"{question}.suggestion")
    if row.get(f"{question}.suggestion.agent"):
        return True
    if isinstance(given, int) and any(isinstance(value, str) for value in values):
        return None
    return filled(given)


def _listed(cell: Any) -> list[Body]:  # noqa: ANN401 - a JSON value
    """Return responses as a list of mappings, of which some files make a mapping of lists."""
    if isinstance(cell, list):
        return cell
    keys = list(cell)
    return [dict(zip(keys, values, strict=True)) for values in zip(*cell.values(), strict=True)]


def _answer(
    common: Mapping[str, object], question: str, response: Body, *, prelabelled: bool | None
) -> Iterator[Found]:
    status, value, user = (response.get(key) for key in ("status", "value", "user_id"))
    if status not in {None, _SUBMITTED}:
        yield UNFINISHED
    elif value is None:
        yield NO_ANSWER
    elif isinstance(value, list) and len(value) != 1:
        yield SEVERAL if value else NO_ANSWER
    else:
        person = None if user in {None, "None"} else user
        yield {
            **common,
            "criterion": question,
            "value": value,
            "annotator": person,
            "prelabelled": prelabelled,
        }


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
