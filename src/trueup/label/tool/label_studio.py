"""Label Studio: tasks with annotations, as its JSON export writes and its import takes them.

A task holds `data` and `annotations`; an annotation is one person's, and its `result` lists what
was filled in, each with the name of the control, `from_name`, and a `value` keyed by its kind.
The smaller exports, JSON-MIN and CSV, are rows with a column a control, so that those columns are
to be declared or known. JSON-MIN puts the task's number in the place of an `id` in the data:
`item_id` is the better name there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from trueup.item.names import squash
from trueup.item.plain import excerpt, name_text
from trueup.label.mark import KEY, mark_of, plain_fields
from trueup.label.tool.shape import (
    BY_MODEL,
    NO_ANSWER,
    UNFINISHED,
    Tool,
    answered,
    first,
    numeral,
    part,
    parts,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trueup.item.model import Item
    from trueup.item.rows import Row, Rows
    from trueup.label.cells import Cells
    from trueup.label.model import Label
    from trueup.label.tool.shape import Body, Found

SKIPPED = "skipped by the annotator"
_PART = frozenset({"start", "end", "x", "y", "ranges", "globalOffsets"})
_KINDS = ("choices", "rating", "number")
_HELD = frozenset({"item_id", "criterion"})
_MINIMAL = frozenset({"annotator", "annotation_id", "lead_time"})
_OUTPUT = "output"


def is_minimal(rows: Rows) -> bool:
    """Tell a JSON-MIN or CSV export, whose rows have a column for every control."""
    return set(rows.columns) >= _MINIMAL


def _recognises(rows: Rows) -> bool:
    if "data" not in rows.columns or not {"annotations", "completions"} & set(rows.columns):
        return False
    return any(
        isinstance(row.get("data"), dict) and isinstance(_annotations(row), list)
        for row in rows.sample
    )


def _annotations(task: Row) -> Any:  # noqa: ANN401 - a JSON value
    return first(task, "annotations", "completions")


def _found(task: Row) -> Iterator[Found]:
    data = part(task.get("data"), dict, of="data")
    item_id = first({squash(str(key)): value for key, value in data.items()}, "itemid", "id")
    common = {"item_id": task.get("id") if item_id is None else item_id}
    predictions = part(task.get("predictions"), list, of="predictions")
    yield from [BY_MODEL] * len(predictions)
    yield from [UNFINISHED] * len(part(task.get("drafts"), list, of="drafts"))
    for annotation in parts(_annotations(task), of="annotations"):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            yield SKIPPED
        else:
            blank = "parent_prediction" in annotation and not predictions
            yield from _of_annotation(annotation, common, blank=blank)


def _of_annotation(annotation: Body, common: Cells, *, blank: bool) -> Iterator[Found]:
    results = [_Result.of(body) for body in parts(annotation.get("result"), of="result")]
    answers = [result for result in results if result.kind != "textarea"]
    notes = _notes(results, [squash(result.name) for result in answers])
    if not answers:
        yield NO_ANSWER
    for result in answers:
        if result.kind not in _KINDS or _PART & set(result.value):
            yield f"a result of type {excerpt(result.kind)}, not about the whole item"
            continue
        yield answered(
            result.value.get(result.kind),
            mark=result.body.get("meta"),
            **common,
            criterion=result.name,
            annotator=_person(annotation.get("completed_by")),
            labelled_at=first(annotation, "created_at", "updated_at"),
            prelabelled=_prelabelled(annotation, result.body, blank=blank),
            note=notes.get(squash(result.name)) or notes.get(None),
        )


class _Result(NamedTuple):
    """What one control of an annotation was filled with."""

    body: Body
    name: str
    kind: str
    value: Body

    @classmethod
    def of(cls, body: Body) -> Self:
        """Return a result as an annotation lists it."""
        kind = str(body.get("type") or "unknown").casefold()
        name = str(body.get("from_name") or "")
        return cls(body, name, kind, part(body.get("value"), dict, of="value"))

    @property
    def text(self) -> str | None:
        """What was written, where it is a box of text."""
        text = self.value.get("text")
        lines = text if isinstance(text, list) else [text]
        return "\n".join(str(line) for line in lines if line) or None


def _notes(results: Iterable[_Result], names: Sequence[str]) -> dict[str | None, str]:
    """Return what was written: by the name of the control it belongs to, None for all of them.

    A text belongs to the control that its own name begins with, `grounded-note` to `grounded`.
    """
    found: dict[str | None, list[str]] = defaultdict(list)
    for result in results:
        if result.kind == "textarea" and result.text:
            own = squash(result.name)
            fitting = [name for name in names if name and own.startswith(name)]
            found[max(fitting, key=len, default=None)].append(result.text)
    return {name: "\n".join(texts) for name, texts in found.items()}


def _person(completed_by: object) -> str | None:
    if isinstance(completed_by, dict):
        completed_by = first(completed_by, "email", "id")
    return name_text(completed_by)


def _prelabelled(annotation: Body, result: Body, *, blank: bool) -> bool | None:
    """Tell whether a model's prediction was there first; None where the export does not say."""
    if annotation.get("parent_prediction") or str(result.get("origin")).startswith("prediction"):
        return True
    return False if blank else None


def _bodies(labels: Iterable[Label], items: Iterable[Item]) -> list[Body]:
    tasks: dict[str, Body] = {
        item.id: {"data": {"id": item.id, **shown(item)}, "annotations": []} for item in items
    }
    sittings: dict[tuple[object, ...], list[Label]] = defaultdict(list)
    for number, label in enumerate(labels):
        who: object = number if label.annotator is None else label.annotator
        sittings[label.unit_kind, label.item_id, who].append(label)
    for (_, item_id, _), sitting in sittings.items():
        task = tasks.setdefault(str(item_id), {"data": {"id": item_id}, "annotations": []})
        task["annotations"].append(_annotation(sitting))
    return list(tasks.values())


def _annotation(sitting: Sequence[Label]) -> Body:
    # ground_truth is true by default where annotations are imported
    body: Body = {"ground_truth": False, "was_cancelled": False}
    who = sitting[0].annotator
    if who and "@" in who:
        body["completed_by"] = {"email": who}
    elif who and who.isascii() and who.isdecimal():
        body["completed_by"] = int(who)
    body["result"] = [_result(label) for label in sitting]
    times = [label.labelled_at for label in sitting if label.labelled_at]
    if times:
        latest = next(label for label in sitting if label.labelled_at == max(times))
        body["created_at"] = plain_fields(latest)["labelled_at"]
    return body


def _result(label: Label) -> Body:
    kind = "number" if isinstance(label.value, float) else "choices"
    value = numeral(label.value)
    return {
        "from_name": label.criterion,
        "to_name": _OUTPUT,
        "type": kind,
        "value": {kind: value if kind == "number" else [value]},
        "meta": {KEY: mark_of(label, held=_HELD)},
    }


LABEL_STUDIO = Tool(
    name="Label Studio",
    form="label-studio",
    recognises=_recognises,
    found=_found,
    bodies=_bodies,
)
