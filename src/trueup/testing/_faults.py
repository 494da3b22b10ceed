"""The faults by name, the sizes some of them have, and the requests they concern."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 1e6


class Fault(StrEnum):
    """What can go wrong with one request. A model named `fault-<value>` always gets that fault."""

    RATE_LIMIT = "429"
    """429 with Retry-After in seconds."""
    RATE_LIMIT_DATE = "429-date"
    """429 with Retry-After as an HTTP date."""
    RATE_LIMIT_BARE = "429-bare"
    """429 without Retry-After."""
    SERVER_ERROR = "500"
    """500 with a JSON error."""
    UNAVAILABLE = "503"
    """503 with an HTML body, as gateways send."""
    UNAUTHORIZED = "401"
    """401: the key is not known."""
    FORBIDDEN = "403"
    """403: the key may not use this model."""
    NOT_FOUND = "404"
    """404: there is no such model."""
    BAD_PROMPT = "400-content-filter"
    """400 with code `content_filter`: the prompt was filtered."""
    CONTEXT_LENGTH = "400-context-length"
    """400 with code `context_length_exceeded`."""
    NO_JSON_SCHEMA = "400-json-schema"
    """400 for a `response_format` of type `json_schema`; other requests are answered."""
    NO_JSON_MODE = "400-json-mode"
    """400 for any `response_format` but plain text; other requests are answered."""
    NO_TEMPERATURE = "400-temperature"
    """400 for a request that sets `temperature`; other requests are answered."""
    CUT_BODY = "cut-body"
    """The connection ends half-way through the body."""
    CUT_EARLY = "cut-early"
    """The connection ends before any byte."""
    HANG = "hang"
    """No byte comes until the client goes or the server closes."""
    DRIP = "drip"
    """The right answer, a few bytes at a time with pauses."""
    TRUNCATED = "truncated"
    """Half of the content, `finish_reason` length."""
    WRONG_SCHEMA = "wrong-schema"
    """Content that is valid JSON with other keys."""
    PROSE = "prose"
    """Prose before and after the content."""
    FENCED = "fenced"
    """The content inside a Markdown code fence."""
    MALFORMED = "malformed"
    """An HTTP body that is no JSON: cut, yet as long as its Content-Length."""
    REFUSAL = "refusal"
    """`message.refusal` set, content null."""
    CONTENT_FILTER = "content-filter"
    """`finish_reason` content_filter, content empty."""
    NO_CHOICES = "no-choices"
    """An empty list of choices."""
    EMPTY_CONTENT = "empty-content"
    """Content that is an empty string."""
    NULL_CONTENT = "null-content"
    """Content null, and no refusal."""
    WRONG_TYPE = "wrong-type"
    """The right body under the content type text/html."""
    INVALID_UTF8 = "invalid-utf8"
    """Bytes inside the content that are no UTF-8."""
    HUGE = "huge"
    """A valid body that is enormous."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSettings:
    """The times and sizes of answers and of those faults that have one."""

    latency: float = 0.0
    """Seconds before each answer."""
    retry_after: float = 1.0
    """Seconds that Retry-After asks for."""
    drip_seconds: float = 5.0
    """Seconds a dripping body takes in all."""
    huge_megabytes: float = 32.0
    """Megabytes of an enormous body."""

    def __post_init__(self) -> None:
        """Refuse numbers that no timer, date or body can follow."""
        for name in ("latency", "retry_after", "drip_seconds", "huge_megabytes"):
            value = getattr(self, name)
            if not 0 <= value <= _MOST:
                raise ValueError(f"FaultServer: {name} is {value!r}; give a number from 0 to 1e6.")


def applies(fault: Fault, request: Mapping[str, Any]) -> bool:
    """Say whether a request asks for what the fault rejects; other faults apply to all."""
    if fault is Fault.NO_TEMPERATURE:
        return request.get("temperature") is not None
    if fault in {Fault.NO_JSON_SCHEMA, Fault.NO_JSON_MODE}:
        form = request.get("response_format")
        kind = form.get("type") if isinstance(form, dict) else None
        return kind == "json_schema" or (fault is Fault.NO_JSON_MODE and kind == "json_object")
    return True
