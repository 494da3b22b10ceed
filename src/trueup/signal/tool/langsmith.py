"""LangSmith: feedback on runs, of which that of users is a signal.

`feedback_source.type` is `model` and `auto_eval` for judges, whose feedback is never taken. It is
`api` for whatever a program sent and `app` for people in LangSmith itself, who may be reviewers:
there the key decides. Feedback that names the run of an evaluator is that evaluator's, whatever the
type says.

Checked against LangSmith's page on the format of feedback, its reference of `Feedback`, and the
types of its JavaScript client (`api`, `app`, `model`) as of November 2026. An export was not run.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.tool.feedback import by_other, metadata
from trueup.label.tool.langsmith import feedback_source, recognises
from trueup.label.tool.shape import BY_MODEL, filled, first
from trueup.signal.tool.shape import BY_PERSON, BY_PROGRAM, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.item.rows import Row
    from trueup.signal.tool.shape import Found, Names

_UNSURE = {"api": BY_PROGRAM, "app": BY_PERSON}
_EVALUATOR_RUN = "__run"


def _found(row: Row, names: Names) -> Iterator[Found]:
    key = str(row.get("key") or "")
    source = feedback_source(row)
    kind = str(source.get("type") or "").casefold()
    if _EVALUATOR_RUN in metadata(source.get("metadata")):
        yield BY_MODEL
    elif kind not in _UNSURE:
        yield by_other(kind)
    elif first(row, "comparative_experiment_id", "feedback_group_id") is not None:
        yield "a preference between runs, not about one"
    elif not names.admits(key):
        yield _UNSURE[kind]
    else:
        value = row["score"] if filled(row.get("score")) else row.get("value")
        if isinstance(value, (dict, list)):
            yield "a structured value, which is no number"
            return
        yield {
            **unit(item=first(row, "run_id"), trace=first(row, "trace_id")),
            "name": names(key),
            "value": value,
            "event_at": row.get("created_at"),
            "known_at": first(row, "modified_at", "created_at"),
        }


LANGSMITH = Export(name="LangSmith", recognises=recognises, found=_found, zone=UTC)
