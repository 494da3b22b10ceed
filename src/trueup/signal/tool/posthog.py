"""PostHog: exported events, of which users' feedback on traces is signals.

`$ai_metric` is a named value on a trace that a program sent, of users and of judges alike, so that
its name decides; `$ai_feedback` is a text. `$ai_evaluation` is PostHog's own judging and never
taken. Thumbs come as answers to a survey (`survey sent`), where 1 is up and 2 is down, the other
way round than numbers say: a survey has to be named by its id or name, and its `values` declared.
That it was seen (`survey shown`) says that the user was able to answer. Of a product's own events
those that are named are taken.

Checked against PostHog's pages on collecting user feedback and on manual capture, its SDKs'
`captureTraceMetric`, `captureTraceFeedback` and thumb survey, its own example of manual capture,
and the schema of batch exports (JSON lines, and Parquet with `properties` as JSON text), as of
November 2026. An export was not run.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.tool.shape import BY_MODEL, first, part
from trueup.signal.declare import words_as
from trueup.signal.tool.events import OTHER_EVENT, item_id, named_values
from trueup.signal.tool.shape import BY_PROGRAM, TEXT, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row, Rows
    from trueup.signal.cells import Cells
    from trueup.signal.tool.shape import Found, Names

_SURVEYS = {"survey sent": False, "survey shown": True, "survey dismissed": True}
"""Event -> whether it says only that the survey was seen."""
_JUDGED = frozenset({"$ai_evaluation", "$ai_evaluation_report", "$ai_sentiment"})
UNNAMED_SURVEY = (
    "an answer to a survey that is not named; name it by its id, and declare what answers mean "
    f"(of thumbs: {words_as(good='1', bad='2')})"
)


def _recognises(rows: Rows) -> bool:
    columns = set(rows.columns)
    return {"event", "properties"} <= columns and bool({"distinct_id", "uuid"} & columns)


def _found(row: Row, names: Names) -> Iterator[Found]:
    event = str(row.get("event") or "")
    properties = part(row.get("properties"), dict, of="properties")
    common = {
        **_unit(row, properties),
        "event_at": row.get("timestamp"),
        "known_at": first(row, "inserted_at", "_inserted_at", "created_at", "timestamp"),
    }
    if event in _JUDGED:
        yield BY_MODEL
    elif event == "$ai_metric":
        name = str(properties.get("$ai_metric_name") or "")
        if names.admits(name):
            value = properties.get("$ai_metric_value")
            yield {**common, "name": names(name), "value": value, "exposed": True}
        else:
            yield BY_PROGRAM
    elif event == "$ai_feedback":
        yield TEXT
    elif event in _SURVEYS:
        yield _survey(properties, common, names, seen_only=_SURVEYS[event])
    else:
        found = list(named_values(event, properties, names))
        for signal, value in found:
            yield {**common, "name": signal, "value": value, "exposed": True}
        if not found:
            yield OTHER_EVENT


def _survey(
    properties: Mapping[str, object], common: Cells, names: Names, *, seen_only: bool
) -> Found:
    survey = next(
        (
            str(properties[key])
            for key in ("$survey_id", "$survey_name")
            if str(properties.get(key)) in names
        ),
        None,
    )
    if survey is None:
        return UNNAMED_SURVEY
    if seen_only:
        # known before any answer, and superseded by it
        return {**common, "name": names(survey), "value": None, "exposed": True}
    value = properties.get("$survey_response")
    if value is None:
        return "an answer to a further question of a survey"
    return {**common, "name": names(survey), "value": value, "exposed": True, "revision": 1}


def _unit(row: Row, properties: Mapping[str, object]) -> Cells:
    return unit(
        item=item_id(properties),
        trace=first(properties, "$ai_trace_id"),
        session=first(properties, "$ai_session_id"),
        group=first(row, "distinct_id"),
    )


POSTHOG = Export(name="PostHog", recognises=_recognises, found=_found, zone=UTC)
