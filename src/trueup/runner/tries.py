"""Tries: how often one call was tried, how long it waits before it is tried again, and until when.

A call's deadline bounds all its attempts together. The time that our own caps on speed make it
wait is not taken from it.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from trueup.judge.transport.base import TimedOut, TransportFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trueup.runner.lane import Lane

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0


class Tries:
    """The attempts at one call.

    Args:
        lane: The endpoint that is asked.
    """

    def __init__(self, lane: Lane) -> None:
        self.count = 0
        """How many requests were made."""
        self._last: TransportFault | None = None
        self._lane = lane
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + lane.endpoint.limits.deadline
        self._limit: asyncio.Timeout | None = None

    async def turn(self, tokens: int) -> int:
        """Wait for a turn and return its epoch; the wait is added to the time that is left."""
        since = self._loop.time()
        if self._limit is not None:
            self._limit.reschedule(None)
        epoch = await self._lane.pace.enter(tokens)
        self._until += self._loop.time() - since
        if self._limit is not None:
            self._limit.reschedule(self._until)
        return epoch

    @asynccontextmanager
    async def within_deadline(self) -> AsyncIterator[None]:
        """Bound all further attempts by the time that is left.

        A first attempt needs no such timer, since the transport ends it in time.

        Raises:
            TransportFault: The last one, when time is up.
        """
        try:
            async with asyncio.timeout_at(self._until) as self._limit:
                yield
        except TimeoutError as error:
            seconds = self._lane.endpoint.limits.deadline
            raise self._last or TimedOut(f"no answer within {seconds:g} seconds") from error

    def failed(self, fault: TransportFault) -> None:
        """Remember what went wrong; end the run where nothing was ever reached."""
        self._last = fault
        if self._lane.hopeless(fault, self.count):
            self._lane.gave_up(fault)

    def worth_another(self, error: BaseException) -> bool:
        """Tell whether to try again after an error, and remember it."""
        if not isinstance(error, TransportFault) or not error.retry:
            return False
        self.failed(error)
        return True

    def wait(self) -> float:
        """Return seconds until the next attempt: what the server asked, else doubling."""
        asked = self._last.retry_after if self._last else None
        if asked:  # a server that says 0 is not believed: it would be asked ten times a second
            return asked + random.uniform(0, 0.1)  # noqa: S311 - jitter
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self.count - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - jitter
