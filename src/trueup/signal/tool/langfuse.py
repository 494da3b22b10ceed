"""Langfuse: scores, of which those that a program sent for a user are signals.

`source` is EVAL for Langfuse's own judges and ANNOTATION for people in its interface, neither of
which is a user's doing. It is API for whatever a program sent: users' thumbs and home-made judges
alike, so that the score's name decides there.

Checked against Langfuse's documentation as of November 2026: the field reference of exports to blob
storage (`scores/`, snake case, times in UTC without a zone), the scores API (camel case; version 3
has a `subject`), and the page on user feedback. An export was not run.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.tool.feedback import by_other
from trueup.label.tool.langfuse import TEXT_KINDS, recognises
from trueup.label.tool.shape import BY_MODEL, filled, first, parsed
from trueup.signal.tool.shape import BY_PERSON, BY_PROGRAM, TEXT, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row
    from trueup.signal.tool.shape import Found, Names

_USERS = "API"
_EVALUATOR = ("evaluatorId", "evaluator_id", "evaluationRuleId", "evaluation_rule_id",
              "executionTraceId", "execution_trace_id")  # fmt: skip
"""What says which judge gave a score, whatever its source."""
NO_SOURCE = "without a source, so that it may be a judge's"


def _found(row: Row, names: Names) -> Iterator[Found]:
    name = str(row.get("name") or "")
    source = str(row.get("source") or "").upper()
    kind = str(first(row, "dataType", "data_type") or "").upper()
    if first(row, *_EVALUATOR) is not None:
        yield BY_MODEL
    elif source == "ANNOTATION":
        yield BY_PERSON
    elif not source and name not in names:
        yield NO_SOURCE
    elif source and source != _USERS:
        yield by_other(source)
    elif not names.admits(name):
        yield BY_PROGRAM
    elif kind in TEXT_KINDS:
        yield TEXT
    else:
        yield {
            **_unit(row),
            "name": names(name),
            "value": _value(row, kind),
            "event_at": first(row, "timestamp", "createdAt", "created_at"),
            # a score that was changed is known as it is now only since then
            "known_at": first(
                row, "updatedAt", "updated_at", "createdAt", "created_at", "timestamp"
            ),
        }


def _value(row: Row, kind: str) -> object:
    value, text = row.get("value"), first(row, "stringValue", "string_value")
    if kind == "CATEGORICAL" or not filled(value):
        return text if text is not None else value
    return value


def _unit(row: Row) -> Mapping[str, object]:
    """Return the observation a score is about, else the trace, else the session."""
    subject = parsed(row.get("subject"), of="subject")
    if isinstance(subject, dict):
        kinds = {"observation": "item", "trace": "trace", "session": "session"}
        kind = kinds.get(str(subject.get("kind")))
        return {} if kind is None else {"unit_kind": kind, "unit_id": subject.get("id")}
    return unit(
        item=first(row, "observationId", "observation_id"),
        trace=first(row, "traceId", "trace_id"),
        session=first(row, "sessionId", "session_id"),
    )


LANGFUSE = Export(name="Langfuse", recognises=recognises, found=_found, zone=UTC)
