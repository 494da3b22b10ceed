"""Phoenix: annotations of spans, traces and sessions, of which those of users are signals.

`annotator_kind` is LLM for judges, whose annotations are never taken; HUMAN for people, and CODE
for programs. What people sent through the API are users' doings; what they entered in Phoenix
itself (`source` APP) may be reviewers', and what code says may be a check's result: there the name
decides.

Read are annotations as the REST API and the clients give them (`span_id`, `name`, `annotator_kind`,
`result`), as the client's frame has them (`annotation_name`, `result.score`), and inside a frame of
spans (`annotations`, a list). Checked against the Python client's source (the frame's columns), the
REST API's schema `SpanAnnotation` and the page on capturing feedback, as of November 2026. An
export was not run.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from trueup.label.tool.shape import BY_MODEL, filled, first, parsed, parts
from trueup.signal.tool.shape import BY_PERSON, BY_PROGRAM, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row, Rows
    from trueup.signal.tool.shape import Found, Names

_NAMES = ("annotation_name", "name")
_SPAN = ("span_id", "context.span_id")
_LIST = "annotations"
UNKIND = "without a kind of annotator, so that it may be a judge's"


def _recognises(rows: Rows) -> bool:
    columns = set(rows.columns)
    if "annotator_kind" in columns:
        return bool(columns & {"result", "result.score", "result.label", "score", "label"})
    return _LIST in columns and any(_is_list(row.get(_LIST)) for row in rows.sample)


def _is_list(cell: Any) -> bool:  # noqa: ANN401 - a cell
    if isinstance(cell, str):
        return '"annotator_kind"' in cell
    cell = cell.tolist() if hasattr(cell, "tolist") else cell
    return isinstance(cell, list) and any(
        isinstance(one, dict) and "annotator_kind" in one for one in cell
    )


def _found(row: Row, names: Names) -> Iterator[Found]:
    if "annotator_kind" in row:
        yield annotation(row, names, about=_unit(row))
    else:
        for one in parts(row.get(_LIST), of=_LIST):
            yield annotation(one, names, about=_unit(row))


def annotation(one: Row, names: Names, *, about: Mapping[str, object]) -> Found:
    """Return the cells of an annotation of a user, or why it is none.

    Args:
        one: The annotation, flat or with a `result` inside.
        names: Which names are users'.
        about: The unit's cells.
    """
    kind = str(one.get("annotator_kind") or "").upper()
    name = str(first(one, *_NAMES) or "")
    if kind == "LLM":
        return BY_MODEL
    if not kind and name not in names:
        return UNKIND
    reviewed = kind == "HUMAN" and str(one.get("source") or "").upper() == "APP"
    if (reviewed or kind != "HUMAN") and not names.admits(name):
        return BY_PERSON if reviewed else BY_PROGRAM
    result = parsed(one.get("result"), of="result")
    result = result if isinstance(result, dict) else {}
    score = first(one, "result.score", "score")
    score = result.get("score") if score is None else score
    label = first(one, "result.label", "label")
    label = result.get("label") if label is None else label
    return {
        **about,
        "name": names(name),
        "value": score if filled(score) else label,
        "event_at": first(one, "created_at", "updated_at"),
        "known_at": first(one, "updated_at", "created_at"),
    }


def _unit(row: Row) -> Mapping[str, object]:
    """Return the span an annotation is about, else the trace, else the session."""
    return unit(
        item=first(row, *_SPAN),
        trace=first(row, "trace_id", "context.trace_id"),
        session=row.get("session_id"),
    )


PHOENIX = Export(name="Phoenix", recognises=_recognises, found=_found, zone=UTC)
