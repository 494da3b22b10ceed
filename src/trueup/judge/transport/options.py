"""Options: which optional parameters a request carries once its endpoint has refused some.

The cap on an answer has two names: newer models refuse `max_tokens` and take
`max_completion_tokens`, older servers the other way round. A judge says `max_tokens`; where that is
refused the cap goes out under the other name, and is lost only where that is refused too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.transport.base import Call, Rung

_CAP = "max_tokens"
_OTHER_CAP = "max_completion_tokens"


def options_of(call: Call, drop: frozenset[str]) -> Mapping[str, Any]:
    """Return the sampling parameters that a call is sent with, by the names they go out under.

    Args:
        call: What is asked.
        drop: What the endpoint has refused so far.
    """
    if not drop:
        return call.sampling
    sent = {name: value for name, value in call.sampling.items() if name not in drop}
    if _renamed(call, drop) and _OTHER_CAP not in drop:
        sent[_OTHER_CAP] = call.sampling[_CAP]
    return sent


def sent_with(call: Call, *, rung: Rung, drop: frozenset[str]) -> frozenset[str]:
    """Return the names of the optional parameters that a request carries."""
    names = set(options_of(call, drop))
    if call.logprobs > 0 and "logprobs" not in drop:
        names |= {"logprobs", "top_logprobs"}
    if rung != "text":
        names.add("response_format")
    return frozenset(names)


def dropped_from(call: Call, drop: frozenset[str]) -> tuple[str, ...]:
    """Return the parameters that were refused and are left out, in alphabetical order."""
    if not drop:
        return ()
    tried = set(call.sampling)
    if call.logprobs > 0:
        tried.add("logprobs")
    if _renamed(call, drop):
        tried.add(_OTHER_CAP)
    return tuple(sorted(drop & tried))


def _renamed(call: Call, drop: frozenset[str]) -> bool:
    return _CAP in drop and _CAP in call.sampling and _OTHER_CAP not in call.sampling
