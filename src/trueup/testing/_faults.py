"""The faults by name, and which of them a request gets: the same one in every run and order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from trueup.testing._replies import JsonObject


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


FaultRule = Callable[[JsonObject, int], Fault | None]
"""From the parsed request, and how often its text was asked before, to a fault or None."""
Odds = Mapping[Fault, float] | Mapping[str, float]
"""A fault, or its value, -> its probability."""

MODEL_PREFIX = "fault-"

_MAX_TEXTS = 1 << 18
_ROUNDING = 1e-9
_MOST = 1e6

_Shares = tuple[tuple[Fault, float], ...]


class UnknownFault(ValueError):
    """A fault was asked for by a name that no fault has."""


def fault_named(name: str) -> Fault:
    """Return the fault of this name.

    Raises:
        UnknownFault: no fault has it; the message lists those there are.
    """
    try:
        return Fault(name)
    except ValueError:
        raise UnknownFault(f"There is no fault {name!r}; take one of {', '.join(Fault)}.") from None


class AskedBefore:
    """Count how often each text was asked, for the last quarter of a million texts or so."""

    def __init__(self) -> None:
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    def ask(self, key: bytes) -> int:
        """Return how often this text was asked before, and count it."""
        before = self._counts.get(key, 0)
        self._counts[key] = before + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _MAX_TEXTS:
            self._counts.popitem(last=False)
        return before


@dataclass(slots=True, kw_only=True)
class FaultPlan:
    """The options of a fault server that may change while it runs; `FaultServer` explains them.

    Probabilities are met by a hash of the seed, the request's text and the number of times it was
    asked before: a retry draws anew, and neither order nor concurrency changes anything.

    Raises:
        UnknownFault: a name is no fault's.
        ValueError: a number is out of its range, probabilities sum to more than 1, or `sticky`
            names what is not drawn.
        TypeError: `faults` is neither a mapping nor a function, or the seed no whole number.
    """

    faults: Odds | FaultRule | None = field(default=None, kw_only=False)
    latency: float = 0.0
    seed: int = 0
    sticky: Collection[str] = ()
    lacks: Collection[str] = ()
    retry_after: float = 1.0
    drip_seconds: float = 5.0
    huge_megabytes: float = 32.0
    prefix_cache: bool = False
    _lacking: tuple[Fault, ...] = field(init=False)
    _lasting: _Shares = field(init=False)
    _drawn_anew: _Shares = field(init=False)

    def __post_init__(self) -> None:
        for name in ("latency", "retry_after", "drip_seconds", "huge_megabytes"):
            value = getattr(self, name)
            if not 0 <= value <= _MOST:
                raise ValueError(f"FaultServer: {name} is {value!r}; give a number from 0 to 1e6.")
        if not isinstance(self.seed, int):
            raise TypeError(f"FaultServer: seed is {self.seed!r}; give a whole number.")
        self._lacking = tuple(fault_named(name) for name in self.lacks)
        odds = _odds(self.faults)
        kept = {fault_named(name) for name in self.sticky}
        if kept - odds.keys():
            names = ", ".join(sorted(kept - odds.keys()))
            raise ValueError(
                f"Sticky faults without a probability: {names}; give each one in `faults`."
            )
        self._lasting = tuple((fault, odds.pop(fault)) for fault in sorted(kept))
        # A text that drew no sticky fault draws again, so what is left is scaled to the rest.
        rest = 1 - sum(odd for _, odd in self._lasting)
        self._drawn_anew = tuple((f, odd / rest if rest > 0 else 0.0) for f, odd in odds.items())

    def fate(self, request: JsonObject, key: bytes, before: int) -> Fault | None:
        """Return the request's fault, or None where it is to be answered.

        Args:
            request: the parsed body.
            key: a hash of the request's model and text.
            before: how often this text was asked before.

        Raises:
            UnknownFault: the model's name asks for a fault there is none of.
        """
        model = request.get("model")
        name = model.rpartition("/")[2] if isinstance(model, str) else ""
        if name.startswith(MODEL_PREFIX):
            fault: Fault | None = fault_named(name.removeprefix(MODEL_PREFIX))
        else:
            lacking = (fault for fault in self._lacking if _applies(fault, request))
            fault = next(lacking, None) or self._chosen(request, key, before)
        return fault if fault is not None and _applies(fault, request) else None

    def _chosen(self, request: JsonObject, key: bytes, before: int) -> Fault | None:
        if callable(self.faults):
            fault = self.faults(request, before)
            return None if fault is None else Fault(fault)
        return self._drawn(self._lasting, key, -1) or self._drawn(self._drawn_anew, key, before)

    def _drawn(self, odds: _Shares, key: bytes, nth: int) -> Fault | None:
        if not odds:
            return None
        text = b"%d|%d|" % (self.seed, nth)
        draw = int.from_bytes(blake2b(text + key, digest_size=8).digest(), "big") / 2**64
        reached = 0.0
        for fault, odd in odds:
            reached += odd
            if draw < reached:
                return fault
        return None


def _odds(faults: Odds | FaultRule | None) -> dict[Fault, float]:
    """Return the probabilities of faults that are drawn, none where a rule decides."""
    if faults is None or callable(faults):
        return {}
    if not isinstance(faults, Mapping):
        raise TypeError(
            f"FaultServer: faults is {type(faults).__name__}; give a mapping or a function."
        )
    for name, odd in faults.items():
        if not 0 <= odd <= 1:
            raise ValueError(
                f"The probability of fault {name} is {odd!r}; give a number from 0 to 1."
            )
    odds = {fault_named(name): odd for name, odd in faults.items()}
    if sum(odds.values()) > 1 + _ROUNDING:
        raise ValueError(
            f"The probabilities of all faults sum to {sum(odds.values()):g}; 1 is the most."
        )
    return odds


def _applies(fault: Fault, request: JsonObject) -> bool:
    """Say whether a request asks for what the fault rejects; other faults apply to all."""
    if fault is Fault.NO_TEMPERATURE:
        return request.get("temperature") is not None
    if fault in {Fault.NO_JSON_SCHEMA, Fault.NO_JSON_MODE}:
        form = request.get("response_format")
        kind = form.get("type") if isinstance(form, dict) else None
        return kind == "json_schema" or (fault is Fault.NO_JSON_MODE and kind == "json_object")
    return True
