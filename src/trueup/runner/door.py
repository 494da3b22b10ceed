"""Door: how judges ask models: from memory where it is known, else once.

One call at a time stands for all that ask the same. A reply counts as answered when it is
committed, and its turn is given back only then: a killed run loses no more than the calls under
way. Retries are tenacity's, and nobody else's.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying, retry_if_exception

from trueup.errors import ConfigError, TrueupError
from trueup.judge.protocol import Answered
from trueup.judge.transport.base import RateLimited, TimedOut, TransportFault
from trueup.judge.verdict import Usage, unscored
from trueup.runner.lane import Lane, SteppedDown
from trueup.runner.tries import Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.judge.transport.base import Call, Endpoint, Price, Reply
    from trueup.judge.verdict import Finding
    from trueup.runner.budget import Held, Purse
    from trueup.runner.memory import Memory


class NotAttempted(TransportFault):
    """The budget does not cover another call."""

    outcome = "not_attempted"
    reason = "budget"


class Door:
    """`Calls` for one run.

    Args:
        memory: Where replies are looked up, and new ones go.
        purse: What may be spent.
        concurrency: Overrides every endpoint's cap on calls at once.
        price_of: Finds the price of a model where the endpoint declares none.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        purse: Purse,
        concurrency: int | None = None,
        price_of: Callable[[str], Price | None] | None = None,
    ) -> None:
        self._memory = memory
        self._purse = purse
        self._concurrency = concurrency
        self._price_of = price_of
        self._lanes: dict[tuple[object, ...], Lane] = {}
        self._flying: dict[bytes, asyncio.Future[tuple[Reply, Usage]]] = {}
        self._wanted: dict[bytes, asyncio.Future[Reply | None]] = {}
        self.usage = Usage()
        """What this run has spent so far."""

    @property
    def secret(self) -> bytes:
        """What fences are keyed under."""
        return self._memory.secret

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return sum(lane.pace.in_flight for lane in self._lanes.values())

    async def ask(self, call: Call, read: Callable[[Reply], Mapping[str, Finding]]) -> Answered:
        """Return what `read` makes of the reply, asking only where nothing usable is stored.

        Raises:
            CredentialsError: The endpoint refused the key.
            JudgeUnavailable: The endpoint is dead.
            StoreError: The reply could not be kept.
            ConfigError: There is a cap on dollars, and the model's price is unknown.
        """
        key = call.key()
        if self._memory.holds and key not in self._flying:
            stored = await self._look_up(key)
            if stored is not None:
                findings = read(stored)
                if not any(finding.retryable for finding in findings.values()):
                    return Answered(findings, Usage(), _observed(stored), fresh=False)
        try:
            reply, usage = await self._shared(key, call)
        except TransportFault as fault:
            finding = unscored(fault.outcome, fault.reason, fault.message)
            return Answered(dict.fromkeys(call.criteria, finding), Usage(), {}, fresh=True)
        findings = read(reply)
        for _ in range(call.endpoint.limits.repairs):
            if not any(finding.outcome == "unparsable" for finding in findings.values()):
                break
            try:
                reply, more = await self._shared(key, call)
            except TransportFault:
                break  # what came first stands, and says what was wrong
            findings, usage = read(reply), usage + more
        return Answered(findings, usage, _observed(reply), fresh=True)

    async def reopen(self) -> None:
        """Let go of endpoints that were given up, so that the next call tries them anew."""
        given_up = {name: lane for name, lane in self._lanes.items() if lane.pace.closed}
        for name, lane in given_up.items():
            del self._lanes[name]
            await lane.transport.close()

    async def close(self) -> None:
        """Close every connection."""
        for lane in self._lanes.values():
            await lane.transport.close()

    async def _look_up(self, key: bytes) -> Reply | None:
        """Return a stored reply; everybody who asks in the same turn of the loop shares a query."""
        wanted = self._wanted.get(key)
        if wanted is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._look_up_all)
            wanted = self._wanted[key] = loop.create_future()
        return await wanted

    def _look_up_all(self) -> None:
        wanted, self._wanted = self._wanted, {}
        try:
            found = self._memory.replies(wanted)
        except Exception as error:  # noqa: BLE001 - handed to everybody who waits
            for future in wanted.values():
                if not future.done():
                    future.set_exception(error)
            return
        for key, future in wanted.items():
            if not future.done():
                future.set_result(found.get(key))

    async def _shared(self, key: bytes, call: Call) -> tuple[Reply, Usage]:
        """Wait for whoever asks the same already; ask where nobody does, or nobody any more."""
        while (flying := self._flying.get(key)) is not None:
            await asyncio.wait([flying])
            if not flying.cancelled():
                return flying.result()[0], Usage()
        return await self._ask_once(key, call)

    async def _ask_once(self, key: bytes, call: Call) -> tuple[Reply, Usage]:
        future: asyncio.Future[tuple[Reply, Usage]] = asyncio.get_running_loop().create_future()
        self._flying[key] = future
        try:
            answer = await self._ask(key, call)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(error)
                future.exception()  # nobody may be waiting
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            del self._flying[key]

    async def _ask(self, key: bytes, call: Call) -> tuple[Reply, Usage]:
        lane = self._lane(call.endpoint)
        await lane.transport.ready()
        try:
            return await self._tried(key, call, lane)
        except TrueupError as error:
            lane.pace.close(error)  # it ends the run: nothing more is asked in the meantime
            raise

    async def _tried(self, key: bytes, call: Call, lane: Lane) -> tuple[Reply, Usage]:
        tries = Tries(lane)
        try:
            try:
                return await self._attempt(key, call, lane, tries)
            except TransportFault as fault:
                if not fault.retry:
                    raise
                tries.failed(fault)
            return await self._again(key, call, lane, tries)
        except TransportFault as fault:
            lane.gave_up(fault)
            raise

    async def _again(self, key: bytes, call: Call, lane: Lane, tries: Tries) -> tuple[Reply, Usage]:
        """Try again until it succeeds or the call's time is up, waiting first.

        Raises:
            TransportFault: What went wrong last.
        """
        async with tries.within_deadline():
            await asyncio.sleep(tries.wait())
            async for attempt in AsyncRetrying(
                wait=lambda _: tries.wait(), retry=retry_if_exception(tries.worth_another)
            ):
                with attempt:
                    answer = await self._attempt(key, call, lane, tries)
        return answer

    async def _attempt(
        self, key: bytes, call: Call, lane: Lane, tries: Tries
    ) -> tuple[Reply, Usage]:
        tokens = sum(len(message["content"]) for message in call.messages) // 4
        epoch = await tries.turn(tokens)
        started = time.perf_counter()
        try:
            try:
                reply, held = await self._send(call, lane, tries)
            except RateLimited as fault:
                longest = lane.endpoint.limits.deadline
                lane.pace.slow_down(epoch, min(fault.retry_after or 0.0, longest))
                raise
            lane.pace.succeeded()
            usage = _paid(reply, lane, held, calls=tries.count)
            self.usage += usage
            told = {
                "attempts": tries.count,
                "dollars": usage.dollars,
                "milliseconds": int((time.perf_counter() - started) * 1000),
            }
            await self._memory.keep(key, call.about, reply, told, observed=_observed(reply))
            return reply, usage
        finally:
            lane.pace.leave()

    async def _send(self, call: Call, lane: Lane, tries: Tries) -> tuple[Reply, Held]:
        """Send a call, again at once where the endpoint must be asked otherwise."""
        while True:
            held = await self._purse.reserve(call, lane.price)
            if held is None:
                raise NotAttempted("the run's budget is used up")
            tries.count += 1
            try:
                return await lane.send(call), held
            except SteppedDown as step:
                if step.reply is None:
                    held.release()
                else:
                    self.usage += _paid(step.reply, lane, held, calls=0)
            except BaseException as error:
                if isinstance(error, TransportFault) and not isinstance(error, TimedOut):
                    held.release()
                else:
                    held.keep()
                raise

    def _lane(self, endpoint: Endpoint) -> Lane:
        lane = self._lanes.get(endpoint.lane)
        if lane is None:
            lane = Lane(endpoint, concurrency=self._concurrency)
            if lane.price is None and self._price_of is not None:
                lane.price = self._price_of(endpoint.model)
            if lane.price is None and self._purse.budget.dollars is not None:
                mend = (
                    "Declare it in the judge file, dollars per million tokens: "
                    "price: {input: ..., output: ...}"
                )
                what = "the price of this model is unknown, and there is a cap on dollars"
                raise ConfigError(what, where=endpoint.model, mend=mend)
            self._lanes[endpoint.lane] = lane
        return lane


def _paid(reply: Reply, lane: Lane, held: Held, *, calls: int) -> Usage:
    """Settle what was held for a reply, and return what it cost.

    Where the endpoint does not say what was used, all that was held counts as used: a cap holds.
    """
    if not reply.input_tokens:
        held.keep()
        return Usage(calls=calls, dollars=None, unmetered=1)
    dollars = lane.price.of(reply) if lane.price else None
    held.settle(reply, dollars)
    return Usage(
        calls=calls,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        cached_tokens=reply.cached_tokens,
        dollars=dollars,
    )


def _observed(reply: Reply) -> dict[str, Any]:
    return {
        "model": reply.model,
        "fingerprint": reply.fingerprint,
        "rung": reply.rung,
        "dropped": list(reply.dropped),
    }
