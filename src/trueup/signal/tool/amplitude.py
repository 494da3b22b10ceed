"""Amplitude: exported events, of which users' scores and what users did to answers are signals.

`[Agent] Score` carries `[Agent] Evaluation Source`: `user` is taken, `ai`, `code`, `llm_judge` and
`reviewer` never are. `[Agent] Evaluator Result` and the signals of `[Agent] Session Record` are
Amplitude's own judging, in which a user's thumb may have overruled the judge, and never are either.
Of what its SDK records by itself, copies of answers are taken as `copied`; the rest where it is
named, as a product's own events are: `[Agent] Session End.[Agent] Abandonment Turn`.

Checked against the schema of the Export API (one event a line; times in UTC without a zone), the
pages on collecting user feedback and on the taxonomy of Agent Analytics, and the constants and
readme of its SDK, as of November 2026. An export was not run.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trueup.label.tool.shape import BY_MODEL, first, part
from trueup.signal.tool.events import OTHER_EVENT, item_id, named_values
from trueup.signal.tool.shape import BY_PERSON, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row, Rows
    from trueup.signal.cells import Cells
    from trueup.signal.tool.shape import Found, Names

_SCORE, _ANSWER, _END = "[Agent] Score", "[Agent] AI Response", "[Agent] Session End"
_JUDGED = frozenset({"[Agent] Evaluator Result", "[Agent] Session Record",
                     "[Agent] Session Enrichment"})  # fmt: skip
_COPIED, _COPIED_NAME = "[Agent] Was Copied", "copied"
_TARGETS = {"message": "item", "session": "session", "turn": "item"}
OVERRULED = "of the platform's own judging, in which users may have overruled the judge"


def _recognises(rows: Rows) -> bool:
    return {"event_type", "event_properties"} <= set(rows.columns)


def _found(row: Row, names: Names) -> Iterator[Found]:
    event = str(row.get("event_type") or "")
    properties = part(row.get("event_properties"), dict, of="event_properties")
    times = {
        "event_at": first(row, "event_time", "client_event_time"),
        "known_at": first(row, "server_upload_time", "server_received_time", "processed_time"),
    }
    if event in _JUDGED:
        yield OVERRULED
        return
    if event == _SCORE:
        yield _score(properties, times, names)
        return
    session = unit(session=properties.get("[Agent] Session ID"))
    about = session if event == _END else _unit(row, properties)
    found = list(named_values(event, properties, names))
    if event == _ANSWER and _COPIED in properties and _COPIED not in names:
        found.append((_COPIED_NAME, properties[_COPIED]))
    for signal, value in found:
        yield {**about, **times, "name": signal, "value": value, "exposed": True}
    if not found:
        yield OTHER_EVENT


def _score(properties: Mapping[str, object], times: Cells, names: Names) -> Found:
    # the SDK writes `user` where nothing else is said, so that an event without one is not its
    source = str(properties.get("[Agent] Evaluation Source") or "").casefold()
    name = str(properties.get("[Agent] Score Name") or "")
    if source == "reviewer":
        return BY_PERSON
    if source != "user":
        return BY_MODEL if source else "without a source, so that it may be a judge's"
    kind = str(properties.get("[Agent] Target Type") or "message").casefold()
    about = unit(**{_TARGETS.get(kind, "item"): properties.get("[Agent] Target ID")})
    about = about or unit(session=properties.get("[Agent] Session ID"))
    value = properties.get("[Agent] Score Value")
    return {**about, **times, "name": names(name), "value": value, "exposed": True}


def _unit(row: Row, properties: Mapping[str, object]) -> Cells:
    return unit(
        item=first(properties, "[Agent] Message ID") or item_id(properties),
        trace=first(properties, "[Agent] Trace ID", "trace_id"),
        session=first(properties, "[Agent] Session ID", "conversation_id"),
        group=first(row, "user_id"),
    )


AMPLITUDE = Export(name="Amplitude", recognises=_recognises, found=_found, zone=UTC)
