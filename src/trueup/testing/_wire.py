"""What each fault, and the ordinary answer, puts on the wire."""

from __future__ import annotations

import math
from dataclasses import replace
from email.utils import formatdate
from enum import StrEnum
from itertools import chain, repeat
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.testing._faults import Fault
from trueup.testing._replies import JsonObject, Reply, completion_body, error_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trueup.testing._faults import FaultPlan

_MEGABYTE = 1_000_000
_DRIPS = 40


class Delivery(StrEnum):
    """How a body leaves the server."""

    WHOLE = "whole"
    HALF = "half"
    NOTHING = "nothing"
    NEVER = "never"
    PIECES = "pieces"


class Wire(NamedTuple):
    """One answer, ready to be sent."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] | None = None
    label: str = "ok"
    """The name it is counted under: `ok`, a fault's value, another status."""
    delivery: Delivery = Delivery.WHOLE
    pieces: Iterable[bytes] = ()
    """What to send in place of the body, piece by piece."""
    length: int = 0
    """Bytes in all pieces."""
    pause: float = 0.0
    """Seconds between two pieces."""


class Exchange(NamedTuple):
    """A request with the answer it would get without a fault."""

    request: JsonObject
    text: str
    reply: Reply
    cached: int | None = None

    def body(self, *, choices: bool = True, **changes: Any) -> bytes:  # noqa: ANN401 - checked by Reply
        """Render the reply's body with some of its fields changed."""
        reply = replace(self.reply, **changes) if changes else self.reply
        return completion_body(self.request, self.text, reply, cached=self.cached, choices=choices)


def ordinary(exchange: Exchange) -> Wire:
    """Return the answer that has no fault, whatever status the test gave it."""
    reply = exchange.reply
    label = "ok" if reply.status == 200 else str(reply.status)  # noqa: PLR2004 - the HTTP status
    if reply.raw is not None:
        body = reply.raw
    elif reply.status >= 400:  # noqa: PLR2004 - errors begin there
        body = error_body(reply.content or "", "api_error")
    else:
        body = exchange.body()
    return Wire(body, reply.status, reply.headers, label)


def faulty(fault: Fault, exchange: Exchange, plan: FaultPlan) -> Wire:
    """Return what the fault puts on the wire in place of the ordinary answer."""
    if fault in _ERRORS:
        wire = _ERRORS[fault]._replace(headers=_retry_after(fault, plan.retry_after))
    elif fault in _CONTENTS:
        wire = Wire(exchange.body(**_CONTENTS[fault](exchange.reply.content or "")))
    else:
        wire = _BODIES[fault](exchange, plan)
    return wire._replace(label=fault.value)


def _error(status: int, message: str, kind: str, code: str = "", param: str = "") -> Wire:
    return Wire(error_body(message, kind, code=code or None, param=param or None), status)


_INVALID = "invalid_request_error"
_BUSY = _error(
    429, "rate limit reached, ask again later", "rate_limit_error", "rate_limit_exceeded"
)
_LONG = "the prompt is longer than the model's maximum context length of 8192 tokens"
_SCHEMA = "response_format of type 'json_schema' is not supported by this model"
_JSON = "response_format of type 'json_schema' or 'json_object' is not supported by this model"
_TEMPERATURE = "unsupported parameter 'temperature': this model takes its default only"
_FILTERED = "the prompt was stopped by the content filter"

_ERRORS: dict[Fault, Wire] = {
    Fault.RATE_LIMIT: _BUSY,
    Fault.RATE_LIMIT_DATE: _BUSY,
    Fault.RATE_LIMIT_BARE: _BUSY,
    Fault.SERVER_ERROR: _error(500, "the server failed inside", "server_error"),
    Fault.UNAUTHORIZED: _error(401, "the API key is not known", _INVALID, "invalid_api_key"),
    Fault.FORBIDDEN: _error(403, "the key may not use this model", "permission_error"),
    Fault.NOT_FOUND: _error(404, "there is no such model", _INVALID, "model_not_found", "model"),
    Fault.BAD_PROMPT: _error(400, _FILTERED, _INVALID, "content_filter", "prompt"),
    Fault.CONTEXT_LENGTH: _error(400, _LONG, _INVALID, "context_length_exceeded", "messages"),
    Fault.NO_JSON_SCHEMA: _error(400, _SCHEMA, _INVALID, param="response_format"),
    Fault.NO_JSON_MODE: _error(400, _JSON, _INVALID, param="response_format"),
    Fault.NO_TEMPERATURE: _error(
        400, _TEMPERATURE, _INVALID, "unsupported_parameter", "temperature"
    ),
}


def _retry_after(fault: Fault, seconds: float) -> dict[str, str] | None:
    if fault is Fault.RATE_LIMIT:
        return {"Retry-After": f"{seconds:.3f}".rstrip("0").rstrip(".")}
    if fault is Fault.RATE_LIMIT_DATE:
        # Rounded up: an HTTP date has whole seconds, and an early retry would be turned away.
        return {"Retry-After": formatdate(math.ceil(time() + seconds), usegmt=True)}
    return None


_CONTENTS: dict[Fault, Callable[[str], dict[str, Any]]] = {
    Fault.TRUNCATED: lambda text: {"content": text[: len(text) // 2], "finish_reason": "length"},
    Fault.WRONG_SCHEMA: lambda _: {"content": '{"unexpected_field":"unexpected value"}'},
    Fault.PROSE: lambda text: {"content": f"This is what I found:\n\n{text}\n\nAnything else?"},
    Fault.FENCED: lambda text: {"content": f"```json\n{text}\n```"},
    Fault.REFUSAL: lambda _: {"content": None, "refusal": "I will not help with this request."},
    Fault.CONTENT_FILTER: lambda _: {"content": "", "finish_reason": "content_filter"},
    Fault.EMPTY_CONTENT: lambda _: {"content": ""},
    Fault.NULL_CONTENT: lambda _: {"content": None},
}


def _malformed(exchange: Exchange, _plan: FaultPlan) -> Wire:
    body = exchange.body()
    return Wire(body[: len(body) // 2])


def _invalid_utf8(exchange: Exchange, _plan: FaultPlan) -> Wire:
    body = exchange.body(content=exchange.reply.content or "")
    return Wire(body.replace(b'"content":"', b'"content":"\xff\xfe\xc3', 1))


def _drip(exchange: Exchange, plan: FaultPlan) -> Wire:
    body = exchange.body()
    step = max(1, -(-len(body) // _DRIPS))
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    pause = plan.drip_seconds / max(1, len(pieces) - 1)
    return Wire(delivery=Delivery.PIECES, pieces=pieces, length=len(body), pause=pause)


def _huge(exchange: Exchange, plan: FaultPlan) -> Wire:
    before, mark, after = exchange.body(content="").partition(b'"content":"')
    block = b"a" * 65_536
    blocks = math.ceil(plan.huge_megabytes * _MEGABYTE / len(block))
    pieces = chain((before + mark,), repeat(block, blocks), (after,))
    length = len(before) + len(mark) + len(after) + blocks * len(block)
    return Wire(delivery=Delivery.PIECES, pieces=pieces, length=length)


_PAGE = b"<html><head><title>503</title></head><body><h1>No backend is up</h1></body></html>\n"
_HTML = {"Content-Type": "text/html"}

_BODIES: dict[Fault, Callable[[Exchange, FaultPlan], Wire]] = {
    Fault.UNAVAILABLE: lambda *_: Wire(_PAGE, 503, _HTML),
    Fault.MALFORMED: _malformed,
    Fault.INVALID_UTF8: _invalid_utf8,
    Fault.DRIP: _drip,
    Fault.HUGE: _huge,
    Fault.NO_CHOICES: lambda exchange, _: Wire(exchange.body(choices=False)),
    Fault.WRONG_TYPE: lambda exchange, _: Wire(exchange.body(), headers=_HTML),
    Fault.CUT_BODY: lambda exchange, _: Wire(exchange.body(), delivery=Delivery.HALF),
    Fault.CUT_EARLY: lambda *_: Wire(delivery=Delivery.NOTHING),
    Fault.HANG: lambda *_: Wire(delivery=Delivery.NEVER),
}

ANSWERLESS = frozenset({*_ERRORS, Fault.UNAVAILABLE, Fault.CUT_EARLY, Fault.HANG})
"""The faults that need no answer to spoil."""
