"""Lane: one endpoint as a run uses it: its transport, its pace, and what it can do.

The ladder of rungs is climbed down here: an endpoint that refuses a JSON schema is asked for a
JSON object, then in words alone, and so is one that passes over it. What was found out stays for
the run and is recorded with every call.

When to end a run is decided here as well. A refused key, and a server that nothing ever reached,
end it soon. Content filters and requests that are too long are outcomes, however many. Any other
fault may be the endpoint's or the item's: a wrong model name rejects every call and a dead server
answers none, but odd texts can be rejected or bring a server down too, in the very same words, and
stand together in a file, where a run that ends for them would end there every time. So after twenty
calls in a row that were rejected, or that were tried until their deadline in vain, the endpoint is
asked something harmless: the same model, system message, schema and parameters, without an item.

- It is answered: the items are to blame, and each keeps its outcome. The next such question is due
  at twice as many, so that a file of nothing but odd items costs a handful of them.
- It fails in the same way: no item is to blame, and the run ends.
- It fails in another way: that says nothing, and the run goes on.

Rejections are counted over all calls, and for calls of one form (system message, schema,
parameters) alone: one criterion's schema may be refused while the others get through.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
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
    from trueup.errors import TrueupError
    from trueup.judge.transport.base import Call, Endpoint, Price, Reply, Rung, Transport

_IN_A_ROW = 20
"""So many failing calls in a row are no accident."""
_NEVER_REACHED = 3
"""Attempts before an endpoint that never answered counts as unreachable."""
_BLOCKS = 3
"""So many first answers in code blocks mean that the endpoint ignores the schema."""
_LATER = "Run again when the judge is back: what was answered is kept"
_HARMLESS = (
    "This message has no material and no question: it only asks whether requests like this one "
    "get through. Answer in the agreed shape, with any values."
)


class SteppedDown(TransportFault):
    """The endpoint lacks what was asked for, and will be asked without."""

    def __init__(self, message: str, *, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.reply = reply
        """What it answered all the same, and is paid for."""


class Probed(SteppedDown):
    """Something harmless was asked in the place of the call, which can be made now."""


@dataclass(slots=True)
class _Doubt:
    """Whether calls can get through at all."""

    rejected: int = 0
    """Calls that were rejected since one was answered."""
    due: int = _IN_A_ROW
    """At how many rejections to ask something harmless."""


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
        self._timeout = min(endpoint.limits.timeout, endpoint.limits.deadline)
        self._rung: Rung = "schema"
        self._dropped: frozenset[str] = frozenset()
        self._unanswered = 0
        self._patience = _IN_A_ROW
        self._in_blocks: int | None = 0
        self._accepted: set[bytes] = set()
        self._doubts: dict[bytes | None, _Doubt] = {}
        """By the form of calls; under None for all of them together."""
        self._asking = asyncio.Lock()
        self._ended: TrueupError | None = None

    @property
    def where(self) -> str:
        """The endpoint as messages name it, without credentials."""
        base = self.endpoint.api_base
        return f"{self.endpoint.model} at {bare(base)}" if base else self.endpoint.model

    async def send(self, call: Call) -> Reply:
        """Make one request.

        Raises:
            SteppedDown: The endpoint lacks what was asked for; the next request does without.
            Probed: The calls before failed, and something harmless was asked instead.
            TransportFault: No usable reply.
            CredentialsError: The endpoint refused the key.
            JudgeError: Even something harmless is rejected.
            JudgeUnavailable: The same, where calls of this form were answered before; or nothing
                gets through any more.
        """
        if self._unanswered >= self._patience or (self._doubts and self._due(call)):
            await self._probe(call)
        try:
            reply = await self._once(call)
        except Rejected:
            for form in (None, call.fixed):
                self._doubts.setdefault(form, _Doubt()).rejected += 1
            raise
        self.answered = True
        self._unanswered, self._patience = 0, _IN_A_ROW
        self._accepted.add(call.fixed)
        if self._doubts:
            self._doubts.pop(None, None)
            self._doubts.pop(call.fixed, None)
        return reply

    async def _once(self, call: Call) -> Reply:
        rung = self._rung if call.structured == "auto" else call.structured
        asked = call if rung == "schema" else in_words(call)
        drop = self._dropped
        try:
            reply = await self.transport.send(asked, rung=rung, drop=drop, timeout=self._timeout)
        except Unsupported as fault:
            self._step_down(fault, call, rung, drop)
            raise SteppedDown(fault.message) from fault
        except Forbidden as fault:
            raise self._forbidden(fault) from fault
        if rung == "schema" and call.structured == "auto" and self._ignores_schema(reply):
            ignored = Unsupported("it ignores the schema", parameter="response_format")
            self._step_down(ignored, call, rung, drop)
            raise SteppedDown(ignored.message, reply=reply)
        return reply

    def _ignores_schema(self, reply: Reply) -> bool:
        """Tell whether all first answers stand in code blocks, as none does that a schema binds.

        A single one may be an accident, and a lower rung asks more of a model than an answer.
        """
        if self._in_blocks is None:
            return False
        fenced = reply.text.lstrip().startswith("```")
        self._in_blocks = self._in_blocks + 1 if fenced else None
        return fenced and self._in_blocks is not None and self._in_blocks >= _BLOCKS

    def _due(self, call: Call) -> int:
        """Return after how many rejections something harmless is to be asked now; 0 for not yet."""
        doubts = (self._doubts.get(form) for form in (None, call.fixed))
        return max((d.rejected for d in doubts if d is not None and d.rejected >= d.due), default=0)

    async def _probe(self, call: Call) -> None:
        """Ask something harmless in the form of a call, and end the run where that fails alike."""
        async with self._asking:
            if self._ended is not None:
                raise self._ended
            rejected, unanswered = self._due(call), self._unanswered >= self._patience
            if not (rejected or unanswered):
                return  # another call has asked meanwhile
            reply = None
            try:
                reply = await self._once(harmless(call))
            except SteppedDown as step:
                reply = step.reply
            except TransportFault as fault:
                if rejected and isinstance(fault, Rejected):
                    self._ended = self._all_rejected(fault, call, rejected)
                elif unanswered and fault.retry:
                    self._ended = self._none_answered(fault)
                if self._ended is not None:
                    raise self._ended from fault
            for form in (None, call.fixed):
                if doubt := self._doubts.get(form):
                    doubt.due = max(doubt.due, 2 * doubt.rejected)
            if unanswered:
                self._patience = max(self._patience, 2 * self._unanswered)
        raise Probed("the calls before failed", reply=reply)

    def hopeless(self, fault: TransportFault, attempts: int) -> bool:
        """Tell whether another attempt is pointless because nothing was ever reached."""
        never = isinstance(fault, Unreachable) and not self.answered
        return never and attempts >= _NEVER_REACHED

    def gave_up(self, fault: TransportFault) -> None:
        """Count a call that ended in a fault, and end the run where nothing was ever reached.

        Raises:
            JudgeUnavailable: The endpoint cannot be reached.
        """
        if isinstance(fault, Unreachable) and not self.answered:
            what = f"the judge cannot be reached ({fault.message})"
            mend = "Check api_base and that the server is up, then run again: nothing is lost"
            raise JudgeUnavailable(what, where=self.where, mend=mend)
        self._unanswered += fault.retry

    def _none_answered(self, fault: TransportFault) -> JudgeUnavailable:
        what = (
            f"{self._unanswered} calls in a row failed, and so did one without an item "
            f"({fault.reason}: {fault.message})"
        )
        return JudgeUnavailable(what, where=self.where, mend=_LATER)

    def _all_rejected(self, fault: Rejected, call: Call, rejected: int) -> TrueupError:
        what = (
            f"{rejected} calls in a row were rejected, and so was one without an item "
            f"({fault.message})"
        )
        if call.fixed in self._accepted:
            return JudgeUnavailable(what, where=self.where, mend=_LATER)
        mend = "Check the judge's model name and parameters"
        return JudgeError(what, where=self.where, mend=mend)

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


def harmless(call: Call) -> Call:
    """Return a call of the same form that says nothing of any item."""
    last = {**call.messages[-1], "content": _HARMLESS}
    return replace(call, messages=(*call.messages[:-1], last))


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
