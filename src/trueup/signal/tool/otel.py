"""OpenTelemetry: spans and log records in OTLP's JSON form, with users' feedback on or beside them.

Read are, of spans, their events, and log records:

- `gen_ai.evaluation.result`, which by its convention is an evaluator's result, so that only names
  are taken that say that users gave it, or that are declared;
- annotations of OpenInference in a span's attributes (`annotations.N.annotation.name`, with
  `trace.` or `session.` before it for those units), by the rules for Phoenix; on a span with one
  link they are about the span that it links to;
- attributes and events that are named as signals.

Checked against the specification of OTLP file exporters, the semantic conventions for GenAI events
(`model/gen-ai/events.yaml`) and OpenInference's annotation attributes, as of November 2026. A
collector was not run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from trueup.label.tool.shape import first, part, parts
from trueup.signal.tool.phoenix import annotation
from trueup.signal.tool.shape import BY_PROGRAM, Export, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.rows import Row, Rows
    from trueup.label.tool.shape import Body
    from trueup.signal.cells import Cells
    from trueup.signal.tool.shape import Found, Names

OTLP = frozenset({"resourceSpans", "resourceLogs"})
"""What one object of OTLP's JSON form has."""

_RESULT = "gen_ai.evaluation.result"
_ANNOTATION = re.compile(
    r"(?:(trace|session)\.)?(?:annotations|evaluations)\.(\d+)\.(?:annotation|evaluation)\.(.+)"
)
_SESSION = ("session.id", "gen_ai.conversation.id")
NO_FEEDBACK = "a span or log record without feedback"
_KINDS = {"stringValue": str, "boolValue": bool, "intValue": int, "doubleValue": float}


def _recognises(rows: Rows) -> bool:
    return bool(OTLP & set(rows.columns))


def _found(row: Row, names: Names) -> Iterator[Found]:
    for resource in parts(row.get("resourceSpans"), of="resourceSpans"):
        for scope in parts(_either(resource, "scopeSpans"), of="scopeSpans"):
            for span in parts(scope.get("spans"), of="spans"):
                yield from _or_nothing(_of_span(span, names))
    for resource in parts(row.get("resourceLogs"), of="resourceLogs"):
        for scope in parts(_either(resource, "scopeLogs"), of="scopeLogs"):
            for record in parts(scope.get("logRecords"), of="logRecords"):
                yield from _or_nothing(_of_log(record, names))


def _either(resource: Body, name: str) -> object:
    """Return what stands under a name, or under the one that it had in OTLP before 1.0."""
    return first(resource, name, name.replace("scope", "instrumentationLibrary"))


def _or_nothing(found: Iterator[Found]) -> Iterator[Found]:
    nothing = True
    for one in found:
        nothing = False
        yield one
    if nothing:
        yield NO_FEEDBACK


def _of_span(span: Body, names: Names) -> Iterator[Found]:
    attributes = _attributes(span)
    times = {"event_at": _nano(span.get("endTimeUnixNano")),
             "known_at": _nano(span.get("endTimeUnixNano"))}  # fmt: skip
    links = parts(span.get("links"), of="links")
    target = links[0] if len(links) == 1 else span
    for scope, body in _annotations(attributes):
        about = _unit(target, attributes, scope=scope)
        found = annotation({**body, "created_at": times["event_at"]}, names, about=about)
        yield found
    for name in names:
        if name in attributes:
            about = _unit(span, attributes)
            yield {**about, **times, "name": names(name), "value": attributes[name]}
    for event in parts(span.get("events"), of="events"):
        at = _nano(event.get("timeUnixNano"))
        moment = {"event_at": at, "known_at": at}
        of_event = _attributes(event)
        about = _unit(span, {**attributes, **of_event})
        yield from _of_event(str(event.get("name") or ""), of_event, {**about, **moment}, names)


def _of_log(record: Body, names: Names) -> Iterator[Found]:
    attributes = _attributes(record)
    event = str(first(record, "eventName") or attributes.get("event.name") or "")
    at = _nano(first(record, "timeUnixNano", "observedTimeUnixNano"))
    known = _nano(first(record, "observedTimeUnixNano", "timeUnixNano"))
    about = _unit(record, attributes)
    yield from _of_event(event, attributes, {**about, "event_at": at, "known_at": known}, names)


def _of_event(event: str, attributes: Body, common: Cells, names: Names) -> Iterator[Found]:
    if event == _RESULT:
        name = str(attributes.get("gen_ai.evaluation.name") or "")
        score = attributes.get("gen_ai.evaluation.score.value")
        value = attributes.get("gen_ai.evaluation.score.label") if score is None else score
        admitted = names.admits(name)
        yield {**common, "name": names(name), "value": value} if admitted else BY_PROGRAM
        return
    if event in names:
        value = first(attributes, "value", "score", "rating")
        yield {**common, "name": names(event), "value": 1 if value is None else value}
    for name in names:
        if name in attributes:
            yield {**common, "name": names(name), "value": attributes[name]}


def _annotations(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Body]]:
    """Yield every annotation of OpenInference, after the unit in its name, empty for none."""
    found: dict[tuple[str, str], Body] = defaultdict(dict)
    for key, value in attributes.items():
        match = _ANNOTATION.fullmatch(key)
        if match:
            scope, number, field = match[1] or "", match[2], match[3]
            found[scope, number][field] = value
    for (scope, _), body in found.items():
        yield scope, body


def _unit(owner: Body, attributes: Mapping[str, Any], *, scope: str = "") -> Cells:
    trace, session = _hex(owner.get("traceId")), first(attributes, *_SESSION)
    if scope == "trace":
        return unit(trace=trace)
    if scope == "session":
        return unit(session=session)
    response = attributes.get("gen_ai.response.id")
    return unit(item=_hex(owner.get("spanId")) or response, trace=trace, session=session)


def _hex(id_: object) -> str | None:
    text = str(id_ or "").removeprefix("0x")
    return text if text.strip("0") else None


def _nano(value: object) -> object:
    """Return an instant in nanoseconds, which OTLP writes as text."""
    return None if str(value or "0").strip("0") == "" else value


def _attributes(owner: Body) -> Body:
    """Return a span's or record's attributes as a mapping: OTLP lists keys and typed values."""
    found: Body = {}
    listed = owner.get("attributes")
    if isinstance(listed, dict):
        return listed
    for one in parts(listed, of="attributes"):
        typed = part(one.get("value"), dict, of="value")
        for kind, read in _KINDS.items():
            if kind in typed:
                found[str(one.get("key"))] = read(typed[kind])
    return found


OPENTELEMETRY = Export(name="OpenTelemetry", recognises=_recognises, found=_found, zone=UTC)
