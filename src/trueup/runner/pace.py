"""Pace: how many calls an endpoint gets at once, and how fast.

Concurrency starts at the cap. A 429 halves it, once for all the calls that were under way
together; each success gives back a part of one, so that a round of successes adds one call.
Retry-After holds everybody back. Requests and tokens per minute are caps on top.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.errors import TrueupError
    from trueup.judge.protocol import Judge
    from trueup.judge.transport.base import Limits

_MINUTE = 60.0
_AT_ONCE = 32
"""Requests under way at once, where a judge declares no concurrency."""
_AHEAD = 4
"""For every so many calls at once, one more request is made ready."""


def requests_at_once(judge: Judge | None, *, concurrency: int | None = None) -> int:
    """Return how many requests to a judge may be under way at once.

    How many calls are is decided by the pace; a few requests more are made ready beside them, so
    that the next call can start as soon as there is a turn for it.
    """
    spec = getattr(judge, "spec", None)
    wanted = concurrency or int(getattr(spec, "concurrency", _AT_ONCE))
    asks = judge is not None and judge.capabilities.calls
    return wanted + wanted // _AHEAD + 1 if asks else wanted


class Pace:
    """Decides when the next call may start.

    Args:
        limits: The endpoint's caps.
        concurrency: Overrides the cap on calls at once.
    """

    def __init__(self, limits: Limits, *, concurrency: int | None = None) -> None:
        self.cap = float(concurrency or limits.concurrency)
        self.allowed = self.cap
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._epoch = 0
        self._resume_at = 0.0
        self._requests = _Bucket(limits.requests_per_minute)
        self._tokens = _Bucket(limits.tokens_per_minute)
        self._timer: asyncio.TimerHandle | None = None
        self._closed: TrueupError | None = None

    @property
    def closed(self) -> bool:
        """Whether no more turns are given."""
        return self._closed is not None

    async def enter(self, tokens: int) -> int:
        """Wait for a turn; return the epoch, to be given back to `slow_down`.

        Args:
            tokens: About how many tokens the call will use.

        Raises:
            TrueupError: What the pace was closed with.
        """
        while not self._free(tokens):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except BaseException:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                else:  # woken and cancelled in the same moment: the turn is somebody else's
                    self._wake()
                raise
        self.in_flight += 1
        self._requests.take(1)
        self._tokens.take(tokens)
        return self._epoch

    def close(self, error: TrueupError) -> None:
        """Give no more turns: whoever waits for one, or comes later, gets the error."""
        self._closed = error
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)
                turn.exception()  # who waits may have been cancelled meanwhile

    def leave(self) -> None:
        """Give the turn back."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """Allow a little more."""
        if self.allowed < self.cap:
            self.allowed = min(self.cap, self.allowed + 1 / max(self.allowed, 1.0))

    def slow_down(self, epoch: int, seconds: float | None) -> None:
        """Allow half, once for all calls that started in the same epoch.

        Args:
            epoch: What `enter` returned for the call that was refused.
            seconds: How long the server asked to wait.
        """
        if seconds:
            until = asyncio.get_running_loop().time() + seconds
            self._resume_at = max(self._resume_at, until)
        if epoch == self._epoch:
            self._epoch += 1
            self.allowed = max(1.0, self.allowed / 2)

    def _free(self, tokens: int) -> bool:
        if self._closed is not None:
            raise self._closed
        if self.in_flight >= max(int(self.allowed), 1):
            return False
        now = asyncio.get_running_loop().time()
        ready = max(self._resume_at, self._requests.ready(1, now), self._tokens.ready(tokens, now))
        if ready <= now:
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(ready, self._tick)
        return False

    def _tick(self) -> None:
        self._timer = None
        self._wake(everybody=True)

    def _wake(self, *, everybody: bool = False) -> None:
        room = len(self._waiting) if everybody else max(int(self.allowed), 1) - self.in_flight
        while room > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1


class _Bucket:
    """A rate that may be spent ahead by one second's worth and no more."""

    def __init__(self, per_minute: float | None) -> None:
        self._rate = per_minute / _MINUTE if per_minute else 0.0
        self._free_at = 0.0

    def ready(self, _amount: float, now: float) -> float:
        """Return when the next spending may happen."""
        if not self._rate:
            return now
        self._free_at = max(self._free_at, now - 1.0)
        return self._free_at

    def take(self, amount: float) -> None:
        """Spend."""
        if self._rate:
            self._free_at += amount / self._rate
