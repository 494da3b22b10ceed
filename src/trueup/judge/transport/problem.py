"""Say which fault an endpoint's error amounts to, whatever envelope and words it comes in.

Shared by all transports, so that the same words of a provider mean the same to each of them.
Whatever a server says is foreign text: it is shortened, its control characters are escaped and
keys are taken out before it enters a message.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from trueup.judge.transport.base import (
    Filtered,
    Forbidden,
    RateLimited,
    Rejected,
    ServerFault,
    TimedOut,
    TooLong,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.judge.transport.base import TransportFault
    from trueup.judge.transport.reply import Json

_SHOWN = 300
_SECRET = 4  # shorter words are no secret, and taking them out would garble the message
_SEARCHED = 2_000  # servers may echo a whole prompt in an error; the reason comes first

_FILTERED_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "data_inspection_failed",
        "moderation_blocked",
    }
)
_TOO_LONG_CODES = frozenset(
    {
        "context_length_exceeded",
        "exceed_context_size_error",
        "string_above_max_length",
        "request_too_large",
    }
)
_SPENT_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}
)
_FILTERED = re.compile(
    r"content[ _-]?(?:filter|management policy|policy|moderation)|safety (?:system|filter)"
    r"|flagged|moderation",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum (?:model|sequence|input|prompt) length"
    r"|(?:prompt|input|request) is too (?:long|large)|too many (?:input |prompt )?tokens"
    r"|token count .{0,40}exceeds|exceeds? .{0,40}(?:token limit|tokens allowed)",
    re.IGNORECASE,
)
_LACKING = re.compile(
    r"unsupported|(?:not|n't|no) (?:\w+ )?(?:support|permitted|allowed|available|enabled)"
    r"|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|deprecated|cannot both"
    r"|only the default|use '?max_completion",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"response[ _-]?format|json[ _-]?(?:schema|object|mode)|guided|structured[ _-]?output|grammar",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"\b(?:sk|gsk)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|\b(?:Bearer|Basic)\s+[\w+/=.*-]{6,}"
)
_TAGS = re.compile(
    r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?>|<![^<>]*>|<[\w.]+ object at 0x[0-9a-f]+>"
)
_USERINFO = re.compile(r"(?<=://)[^\s/@]+@")


class Problem(NamedTuple):
    """What an error said, whoever said it."""

    status: int
    message: str
    codes: frozenset[str] = frozenset()
    """Codes, types and states in lower case."""
    parameter: str = ""
    """The request's parameter that the error blames."""
    retry_after: float | None = None


def error_inside(body: Json) -> Problem | None:
    """Return the error that some gateways send under the status 200, or None.

    The status is then the error's own code, or 500 where it has none.
    """
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if not error:
        choices = body.get("choices")
        first = choices[0] if choices and isinstance(choices, list) else None
        error = first.get("error") if isinstance(first, dict) else None
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code <= 599 else 500  # noqa: PLR2004 - HTTP errors
    return problem_from(status, {"error": error})


def problem_from(
    status: int, body: Json, *, headers: Mapping[str, str] | None = None, text: str = ""
) -> Problem:
    """Read an error's body, in any of the envelopes that providers use.

    Args:
        status: The HTTP status.
        body: The parsed JSON, or None where there is none.
        headers: The response's headers; their names in lower case or compared so.
        text: What to show where the body says nothing.
    """
    envelope = body[0] if isinstance(body, list) and body else body
    error = envelope.get("error", envelope) if isinstance(envelope, dict) else envelope
    message, codes, parameter = text, [], ""
    if isinstance(error, str):
        message = error or text
    elif isinstance(error, dict):
        message = _said(error.get("message") or error.get("detail")) or text
        inner = error.get("innererror")
        codes = [error.get("code"), error.get("type"), error.get("status")]
        codes.append(inner.get("code") if isinstance(inner, dict) else None)
        parameter = _blamed(error)
    return Problem(
        status,
        message,
        frozenset(code.lower() for code in codes if isinstance(code, str)),
        parameter,
        retry_after(headers) if headers else None,
    )


def fault_from(
    problem: Problem,
    *,
    where: str = "the endpoint",
    sent: Collection[str] = (),
    secrets: Collection[str] = (),
) -> TransportFault:
    """Return the fault that an error amounts to.

    Args:
        problem: What the endpoint said.
        where: The endpoint as messages name it.
        sent: The parameters that the request had, `response_format` among them; no other is
            ever reported as unsupported, so that leaving it out always changes the request.
        secrets: Words that must not appear in the message.
    """
    status = problem.status
    said = clean(problem.message, secrets=secrets)
    msg = f"{where} answered {status}: {said}" if said else f"{where} answered {status}"
    wait = problem.retry_after
    fault: TransportFault
    if status == 402 or (status == 429 and problem.codes & _SPENT_CODES):  # noqa: PLR2004 - HTTP: payment required
        fault = Forbidden(f"{msg}; the account's quota is used up")
    elif status == 429:  # noqa: PLR2004 - HTTP: too many requests
        # OpenAI's words for a request beyond a whole minute's tokens: waiting never helps.
        hopeless = "request too large" in problem.message.lower()
        fault = TooLong(msg) if hopeless else RateLimited(msg, retry_after=wait)
    elif status in {408, 504}:
        fault = TimedOut(msg, retry_after=wait)
    elif status >= 500 or status in {409, 425} or status < 300:  # noqa: PLR2004 - HTTP: the server failed
        fault = ServerFault(msg, retry_after=wait)
    elif status < 400:  # noqa: PLR2004 - HTTP: it points elsewhere
        fault = Rejected(f"{msg}; give the address that it points to as api_base")
    else:
        fault = _client_fault(problem, msg, sent)
    return fault


def _client_fault(problem: Problem, msg: str, sent: Collection[str]) -> TransportFault:
    text = problem.message[:_SEARCHED]
    fault: TransportFault
    if problem.codes & _FILTERED_CODES:
        fault = Filtered(msg)
    elif problem.codes & _TOO_LONG_CODES or problem.status == 413:  # noqa: PLR2004 - body too large
        fault = TooLong(msg)
    elif problem.status == 401:  # noqa: PLR2004 - the key is unknown
        fault = Forbidden(msg)
    elif problem.status == 403:  # noqa: PLR2004 - the key may not, or a gateway's moderation
        fault = Filtered(msg) if _FILTERED.search(text) else Forbidden(msg)
    elif parameter := _unsupported(problem, text, sent):
        fault = Unsupported(msg, parameter=parameter)
    elif _TOO_LONG.search(text):
        fault = TooLong(msg)
    else:
        fault = Filtered(msg) if _FILTERED.search(text) else Rejected(msg)
    return fault


def _unsupported(problem: Problem, text: str, sent: Collection[str]) -> str:
    """Return the parameter that the endpoint lacks, or nothing.

    An endpoint that cannot use the asked shape says so in many ways, and asking for less never
    hurts; a sampling parameter is only given up where the endpoint says that it has none.
    """
    blamed = problem.parameter
    lacking = "unsupported" in " ".join(problem.codes) or _LACKING.search(text)
    if blamed in sent and (lacking or blamed == "response_format"):
        return _family(blamed)
    if _TOO_LONG.search(text):
        return ""
    if "response_format" in sent and (blamed.startswith("response_format") or _SHAPE.search(text)):
        return "response_format"
    places = {
        found.start(): name
        for name in sent
        if lacking and (found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))
    }
    return _family(places[min(places)]) if places else ""


def _family(name: str) -> str:
    """Return the name that the request's owner knows: the two of logprobs go together."""
    return "logprobs" if name == "top_logprobs" else name


def _said(detail: Json) -> str:
    """Return an error's words; a validation error also carries the input, which is left out."""
    if isinstance(detail, list):
        parts = [part for part in detail if isinstance(part, dict)]
        return "; ".join(f"{part.get('loc', '')} {part.get('msg', '')}".strip() for part in parts)
    return detail if isinstance(detail, str) else json.dumps(detail) if detail else ""


def _blamed(error: Mapping[str, Json]) -> str:
    """Return the parameter an error names: OpenAI's `param`, or the `loc` of a validation error."""
    blamed = error.get("param")
    detail = error.get("detail")
    if not blamed and isinstance(detail, list) and detail and isinstance(detail[0], dict):
        place = detail[0].get("loc")
        parts = [part for part in place if part != "body"] if isinstance(place, list) else []
        blamed = parts[0] if parts else None
    return blamed if isinstance(blamed, str) else ""


def clean(text: str, *, secrets: Collection[str] = ()) -> str:
    """Return foreign text as one short line without control characters and without keys."""
    text = " ".join(_TAGS.sub(" ", text[: 4 * _SEARCHED]).split())
    for secret in secrets:
        if len(secret) >= _SECRET:
            text = text.replace(secret, "***")
    text = _KEYS.sub("***", _USERINFO.sub("***@", text))
    if not text.isprintable():
        text = "".join(
            letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
            for letter in text
        )
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, given as a number or as an HTTP date."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None or not value:
        return seconds
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
