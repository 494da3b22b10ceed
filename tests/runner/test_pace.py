"""Pace, on a clock that jumps: caps, halving, recovery, and turns that nobody loses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trueup.judge.transport.base import Limits
from trueup.runner.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Jumping(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer, so that waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        scheduled: Any = self._scheduled  # type: ignore[attr-defined] # BaseEventLoop's own
        if not self._ready and scheduled:  # type: ignore[attr-defined] # same
            self._now = max(self._now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc] # same


def on_jumping_clock(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(1e6):
            await work

    with asyncio.Runner(loop_factory=Jumping) as runner:
        runner.run(bounded())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_as_many_calls_start_as_the_cap_allows_and_no_more() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=3))
        most = 0

        async def call() -> None:
            nonlocal most
            await pace.enter(1)
            most = max(most, pace.in_flight)
            await asyncio.sleep(1)
            pace.leave()

        await asyncio.gather(*(call() for _ in range(10)))
        assert most == 3
        assert pace.in_flight == 0
        assert now() == 1004  # four rounds of a second

    on_jumping_clock(go())


def test_concurrency_given_to_a_run_overrides_the_endpoints() -> None:
    assert Pace(Limits(concurrency=3), concurrency=7).allowed == 7


def test_a_429_halves_once_for_all_calls_that_were_under_way_together() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=32))
        epochs = [await pace.enter(1) for _ in range(32)]
        for epoch in epochs:
            pace.slow_down(epoch, None)
            pace.leave()
        assert pace.allowed == 16

        again = [await pace.enter(1) for _ in range(16)]
        for epoch in again:
            pace.slow_down(epoch, None)
        assert pace.allowed == 8

    on_jumping_clock(go())


def test_however_often_it_halves_one_call_at_a_time_stays_allowed() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=4))
        for _ in range(10):
            epoch = await pace.enter(1)
            pace.slow_down(epoch, None)
            pace.leave()
        assert pace.allowed == 1

    on_jumping_clock(go())


def test_a_round_of_successes_gives_back_about_one_call_and_never_more_than_the_cap() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=32))
        pace.slow_down(await pace.enter(1), None)
        for _ in range(16):
            pace.succeeded()
        assert 16.9 <= pace.allowed <= 17
        for _ in range(10_000):
            pace.succeeded()
        assert pace.allowed == 32

    on_jumping_clock(go())


def test_retry_after_holds_everybody_until_then() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=8))
        started: list[float] = []

        async def call() -> None:
            await pace.enter(1)
            started.append(now())
            pace.leave()

        pace.slow_down(await pace.enter(1), 7.0)
        pace.leave()
        await asyncio.gather(*(call() for _ in range(20)))
        assert min(started) == 1007

    on_jumping_clock(go())


def test_of_two_waits_that_were_asked_for_the_longer_holds() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=8))
        first, second = await pace.enter(1), await pace.enter(1)
        pace.slow_down(first, 9.0)
        pace.slow_down(second, 2.0)
        await pace.enter(1)
        assert now() == 1009

    on_jumping_clock(go())


@pytest.mark.parametrize("per_minute", [30, 60, 120])
def test_no_minute_sees_more_requests_than_allowed_but_for_one_second_ahead(
    per_minute: int,
) -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=50, requests_per_minute=per_minute))
        started: list[float] = []

        async def call() -> None:
            await pace.enter(1)
            started.append(now())
            await asyncio.sleep(0.01)
            pace.leave()

        await asyncio.gather(*(call() for _ in range(3 * per_minute)))
        for begin in started:
            within = sum(begin <= at < begin + 60 for at in started)
            assert within <= per_minute + per_minute / 60 + 1
        assert max(started) - min(started) >= 60 * 3 - 4

    on_jumping_clock(go())


def test_no_minute_sees_more_tokens_than_allowed_but_for_one_second_and_one_call() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=50, tokens_per_minute=6000))
        spent: list[tuple[float, int]] = []

        async def call(tokens: int) -> None:
            await pace.enter(tokens)
            spent.append((now(), tokens))
            pace.leave()

        await asyncio.gather(*(call(100 + 37 * n % 400) for n in range(100)))
        for begin, _ in spent:
            within = sum(tokens for at, tokens in spent if begin <= at < begin + 60)
            assert within <= 6000 + 100 + 500

    on_jumping_clock(go())


def test_a_turn_that_is_cancelled_while_it_waits_passes_to_the_next() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=1))
        await pace.enter(1)
        first, second = (asyncio.create_task(pace.enter(1)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        pace.leave()
        assert await second == 0
        assert pace.in_flight == 1

    on_jumping_clock(go())


def test_a_turn_that_is_cancelled_in_the_moment_it_is_given_passes_to_the_next() -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=1))
        await pace.enter(1)
        first, second = (asyncio.create_task(pace.enter(1)) for _ in range(2))
        await asyncio.sleep(0)
        pace.leave()  # gives the turn to the first
        first.cancel()  # which never hears of it
        assert await second == 0
        assert pace.in_flight == 1

    on_jumping_clock(go())


ACTIONS = st.lists(
    st.sampled_from(["start", "start", "end", "end and cancel", "cancel last", "refuse"]),
    max_size=40,
)


class Call:
    """A call that holds its turn until it is told to end."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.under_way = False
        self._end = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self.pace.enter(1)
        try:
            self.under_way = True
            assert self.pace.in_flight <= self.pace.cap
            await self._end.wait()
        finally:
            self.under_way = False
            self.pace.leave()

    def end(self) -> None:
        self._end.set()


def act(action: str, pace: Pace, calls: list[Call]) -> None:
    if action == "start":
        calls.append(Call(pace))
    elif action == "refuse":
        pace.slow_down(pace._epoch, 0.5)
    elif action == "end":
        for call in [call for call in calls if call.under_way][:1]:
            call.end()
    else:
        waiting = [call for call in calls if not call.under_way and not call.task.done()]
        for call in waiting[-1:] if action == "cancel last" else waiting[:1]:
            call.task.cancel()


@settings(max_examples=300, deadline=None)
@given(actions=ACTIONS, cap=st.integers(1, 3), rate=st.sampled_from([None, None, 120.0]))
@example(actions=["start", "start", "start", "end and cancel"], cap=1, rate=None)
def test_no_interleaving_of_starts_ends_and_cancellations_loses_a_turn(
    actions: list[str], cap: int, rate: float | None
) -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=cap, requests_per_minute=rate))
        calls: list[Call] = []
        for action in actions:
            for step in action.split(" and "):
                act(step, pace, calls)
                await asyncio.sleep(0)
            for _ in range(5):
                await asyncio.sleep(0)
            # whoever waits, waits for a call that is under way or for a timer
            assert not pace._waiting or pace._timer or pace.in_flight >= int(pace.allowed)
        for call in calls:
            call.end()
        # whoever was not cancelled gets through: nobody waits for a turn that is lost
        done = await asyncio.gather(*(call.task for call in calls), return_exceptions=True)
        assert all(part is None or isinstance(part, asyncio.CancelledError) for part in done)
        assert pace.in_flight == 0
        await asyncio.gather(*(pace.enter(1) for _ in range(max(int(pace.allowed), 1))))

    on_jumping_clock(go())
