"""Turns, on a clock that jumps: whoever is cancelled takes no turn away from the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from trueup.judge.transport.base import Limits
from trueup.runner.pace import Pace

if TYPE_CHECKING:
    from tests.runner.conftest import OnJumpingClock


def test_a_turn_that_is_cancelled_while_it_waits_passes_to_the_next(
    on_jumping_clock: OnJumpingClock,
) -> None:
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


def test_a_turn_that_is_cancelled_in_the_moment_it_is_given_passes_to_the_next(
    on_jumping_clock: OnJumpingClock,
) -> None:
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
    on_jumping_clock: OnJumpingClock, actions: list[str], cap: int, rate: float | None
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
