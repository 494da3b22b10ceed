"""Lane: one endpoint as a run uses it: its transport, its pace, and what it can do.

The ladder of rungs is climbed down here: an endpoint that refuses a JSON schema is asked for a
JSON object, then in words alone. What was found out stays for the run and is recorded with every
call. Whether an endpoint is dead is decided here as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.errors import CredentialsError, JudgeError, JudgeUnavailable
from trueup.judge.transport.base import (
    RUNGS,
    Forbidden,
    Rejected,
    TransportFault,
    Unreachable,
    Unsupported,
)
from trueup.runner.pace import Pace
from trueup.store.engine import bare

if TYPE_CHECKING:
    from trueup.judge.transport.base import Call, Endpoint, Price, Reply, Rung, Transport

_SAME_FAULT = 20
"""So many calls in a row that end in the same kind of fault mean it is not the items."""
_NEVER_REACHED = 3
"""Attempts before an endpoint that never answered counts as unreachable."""


class SteppedDown(TransportFault):
    """The endpoint lacks what was asked for, and will be asked without."""


class Lane:
    """One endpoint during one run.

    Args:
        endpoint: Where the model is reached.
        concurrency: Overrides the endpoint's cap on calls at once.
    """

    def __init__(self, endpoint: Endpoint, *, concurrency: int | None = None) -> None:
        self.endpoint = endpoint
        self.pace = Pace(endpoint.limits, concurrency=concurrency)
        self.price: Price | None = endpoint.price
        self.transport: Transport = open_transport(endpoint, int(self.pace.cap))
        self.answered = False
        self._rung: Rung = "schema"
        self._dropped: frozenset[str] = frozenset()
        self._in_a_row = 0

    @property
    def where(self) -> str:
        """The endpoint as messages name it, without credentials."""
        base = self.endpoint.api_base
        return f"{self.endpoint.model} at {bare(base)}" if base else self.endpoint.model

    async def send(self, call: Call) -> Reply:
        """Make one request.

        Raises:
            SteppedDown: The endpoint lacks what was asked for; the next request does without.
            TransportFault: No usable reply.
            CredentialsError: The endpoint refused the key.
        """
        rung = self._rung if call.structured == "auto" else call.structured
        asked = call if rung == "schema" else in_words(call)
        drop = self._dropped
        try:
            reply = await self.transport.send(
                asked, rung=rung, drop=drop, timeout=self.endpoint.limits.timeout
            )
        except Unsupported as fault:
            self._step_down(fault, call, rung, drop)
            raise SteppedDown(fault.message) from fault
        except Forbidden as fault:
            raise self._forbidden(fault) from fault
        self.answered = True
        self._in_a_row = 0
        return reply

    def hopeless(self, fault: TransportFault, attempts: int) -> bool:
        """Tell whether another attempt is pointless because nothing was ever reached."""
        never = isinstance(fault, Unreachable) and not self.answered
        return never and attempts >= _NEVER_REACHED

    def gave_up(self, fault: TransportFault) -> None:
        """Count a call that ended in a fault, and end the run where the endpoint is dead.

        Raises:
            JudgeUnavailable: Nothing gets through any more.
            JudgeError: Every request is rejected.
        """
        if isinstance(fault, Unreachable) and not self.answered:
            what = f"the judge cannot be reached ({fault.message})"
            mend = "Check api_base and that the server is up, then run again: nothing is lost"
            raise JudgeUnavailable(what, where=self.where, mend=mend)
        if not (fault.retry or isinstance(fault, Rejected)):
            return
        self._in_a_row += 1
        if self._in_a_row < _SAME_FAULT:
            return
        what = f"{_SAME_FAULT} calls in a row failed ({fault.reason}: {fault.message})"
        if isinstance(fault, Rejected) and not self.answered:
            mend = "Check the judge's model name and parameters"
            raise JudgeError(what, where=self.where, mend=mend)
        mend = "Run again when the judge is back: what was answered is kept"
        raise JudgeUnavailable(what, where=self.where, mend=mend)

    def _step_down(self, fault: Unsupported, call: Call, rung: Rung, drop: frozenset[str]) -> None:
        # others may have stepped down while this call was under way: what counts is how it was sent
        if fault.parameter != "response_format":
            if fault.parameter in drop:
                raise Rejected(fault.message) from fault
            self._dropped |= {fault.parameter}
            return
        if call.structured != "auto" or rung == RUNGS[-1]:
            raise Rejected(fault.message) from fault
        self._rung = max(self._rung, RUNGS[RUNGS.index(rung) + 1], key=RUNGS.index)

    def _forbidden(self, fault: Forbidden) -> CredentialsError:
        env = self.endpoint.api_key_env
        mend = (
            f"Check the key in the environment variable {env}"
            if env
            else "Name the environment variable that holds the key: api_key_env: NAME"
        )
        what = f"the endpoint refused the key ({fault.message})"
        return CredentialsError(what, where=self.where, mend=mend)


def open_transport(endpoint: Endpoint, connections: int) -> Transport:
    """Return the transport that an endpoint asks for."""
    if endpoint.transport == "direct":
        from trueup.judge.transport.direct import DirectTransport  # noqa: PLC0415 - one is used

        return DirectTransport(endpoint, connections=connections)
    from trueup.judge.transport.providers import LitellmTransport  # noqa: PLC0415 - heavy

    return LitellmTransport(endpoint, connections=connections)


def in_words(call: Call) -> Call:
    """Return the call as it is asked where no schema binds the answer, and words must.

    The nonce stands after the hostile text and must come back: a quoted forgery cannot know it.
    """
    names = ", ".join(call.schema["properties"])
    demand = (
        f"Answer with exactly one JSON object with the fields {names}, and last a field nonce "
        f"with the text of the next line.\nnonce: {call.nonce}"
    )
    last = call.messages[-1]
    messages = (*call.messages[:-1], {**last, "content": f"{last['content']}\n{demand}"})
    return replace(call, messages=messages)
