"""Door: how judges ask models during a run: from the store where it is known, else once.

One call at a time stands for all that ask the same. A reply counts as answered when it is
committed, and its turn is given back only then: a killed run loses no more than the calls under
way. Retries are tenacity's, and nobody else's.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying, retry_if_exception

from trueup.errors import ConfigError
from trueup.judge.protocol import Answered
from trueup.judge.transport.base import RateLimited, TimedOut, TransportFault
from trueup.judge.verdict import Usage, unscored
from trueup.runner.lane import Lane, SteppedDown
from trueup.store.rows import reply_columns
from trueup.store.store import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.judge.transport.base import Call, Endpoint, Price, Reply
    from trueup.judge.verdict import Finding
    from trueup.runner.budget import Held, Purse
    from trueup.store.store import Store
    from trueup.store.writer import Writer

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0


class NotAttempted(TransportFault):
    """The budget does not cover another call."""

    outcome = "not_attempted"
    reason = "budget"


class Door:
    """`Calls` for one run.

    Args:
        store: Where replies are looked up.
        writer: Where new ones go.
        purse: What may be spent.
        run: The run's number.
        concurrency: Overrides every endpoint's cap on calls at once.
        price_of: Finds the price of a model where the endpoint declares none.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        *,
        purse: Purse,
        run: int,
        concurrency: int | None = None,
        price_of: Callable[[str], Price | None] | None = None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._purse = purse
        self._run = run
        self._concurrency = concurrency
        self._price_of = price_of
        self._lanes: dict[tuple[object, ...], Lane] = {}
        self._flying: dict[bytes, asyncio.Future[tuple[Reply, Usage]]] = {}
        self._wanted: dict[bytes, asyncio.Future[Reply | None]] = {}
        self.usage = Usage()
        """What this run has spent so far."""

    @property
    def secret(self) -> bytes:
        """The store's secret."""
        return self._store.secret

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
        if key not in self._flying:
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
            found = self._store.replies(wanted)
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
        seconds = lane.endpoint.limits.deadline
        tries = _Tries(lane)
        try:
            async with asyncio.timeout(seconds) as tries.limit:
                try:
                    return await self._attempt(key, call, lane, tries)
                except TransportFault as fault:
                    if not fault.retry:
                        raise
                    tries.last = fault
                return await self._again(key, call, lane, tries)
        except TimeoutError as error:
            late = tries.last or TimedOut(f"no answer within {seconds:g} seconds")
            lane.gave_up(late)
            raise late from error
        except TransportFault as fault:
            lane.gave_up(fault)
            raise

    async def _again(
        self, key: bytes, call: Call, lane: Lane, tries: _Tries
    ) -> tuple[Reply, Usage]:
        """Try again until it succeeds or the call's time is up, waiting first."""
        await asyncio.sleep(tries.wait())
        async for attempt in AsyncRetrying(
            wait=lambda _: tries.wait(), retry=retry_if_exception(tries.worth_another)
        ):
            with attempt:
                answer = await self._attempt(key, call, lane, tries)
        return answer

    async def _attempt(
        self, key: bytes, call: Call, lane: Lane, tries: _Tries
    ) -> tuple[Reply, Usage]:
        tokens = sum(len(message["content"]) for message in call.messages) // 4
        epoch = await tries.turn(tokens)
        try:
            started = time.perf_counter()
            try:
                reply, held = await self._send(call, lane, tries)
            except RateLimited as fault:
                longest = lane.endpoint.limits.deadline
                lane.pace.slow_down(epoch, min(fault.retry_after or 0.0, longest))
                raise
            lane.pace.succeeded()
            dollars = lane.price.of(reply) if lane.price else None
            held.settle(reply, dollars)
            usage = Usage(
                calls=tries.count,
                input_tokens=reply.input_tokens,
                output_tokens=reply.output_tokens,
                cached_tokens=reply.cached_tokens,
                dollars=dollars,
            )
            self.usage += usage
            row: dict[str, Any] = {
                **reply_columns(reply),
                "key": key,
                "about": call.about,
                "attempts": tries.count,
                "dollars": dollars,
                "milliseconds": int((time.perf_counter() - started) * 1000),
                "run": self._run,
                "at": clock(),
            }
            self._writer.put("call", row)
            await self._writer.settled()
            return reply, usage
        finally:
            lane.pace.leave()

    async def _send(self, call: Call, lane: Lane, tries: _Tries) -> tuple[Reply, Held]:
        """Send a call, again at once where the endpoint must be asked otherwise."""
        while True:
            held = await self._purse.reserve(call, lane.price)
            if held is None:
                raise NotAttempted("the run's budget is used up")
            tries.count += 1
            try:
                return await lane.send(call), held
            except SteppedDown:
                held.release()
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


def _observed(reply: Reply) -> dict[str, Any]:
    return {
        "model": reply.model,
        "fingerprint": reply.fingerprint,
        "rung": reply.rung,
        "dropped": list(reply.dropped),
    }


class _Tries:
    """How often one call was tried, what went wrong last, and how long it may go on."""

    limit: asyncio.Timeout

    def __init__(self, lane: Lane) -> None:
        self.count = 0
        self.last: TransportFault | None = None
        self._lane = lane

    async def turn(self, tokens: int) -> int:
        """Wait for a turn; how long our own caps make a call wait is not taken from its time."""
        loop = asyncio.get_running_loop()
        since, until = loop.time(), self.limit.when() or 0.0
        self.limit.reschedule(None)
        epoch = await self._lane.pace.enter(tokens)
        self.limit.reschedule(until + loop.time() - since)
        return epoch

    def worth_another(self, error: BaseException) -> bool:
        """Tell whether to try again; end the run where nothing was ever reached."""
        if not isinstance(error, TransportFault) or not error.retry:
            return False
        self.last = error
        if self._lane.hopeless(error, self.count):
            self._lane.gave_up(error)
        return True

    def wait(self) -> float:
        """Return seconds until the next attempt: what the server asked, else doubling."""
        asked = self.last.retry_after if self.last else None
        if asked:  # a server that says 0 is not believed: it would be asked ten times a second
            return asked + random.uniform(0, 0.1)  # noqa: S311 - jitter
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self.count - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - jitter
