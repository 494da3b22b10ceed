"""Pace, on a clock that jumps: caps, halving, recovery, and rates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from trueup.judge.transport.base import Limits
from trueup.runner.pace import Pace

if TYPE_CHECKING:
    from tests.runner.conftest import OnJumpingClock


def now() -> float:
    return asyncio.get_running_loop().time()


def test_as_many_calls_start_as_the_cap_allows_and_no_more(
    on_jumping_clock: OnJumpingClock,
) -> None:
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


def test_a_429_halves_once_for_all_calls_that_were_under_way_together(
    on_jumping_clock: OnJumpingClock,
) -> None:
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


def test_however_often_it_halves_one_call_at_a_time_stays_allowed(
    on_jumping_clock: OnJumpingClock,
) -> None:
    async def go() -> None:
        pace = Pace(Limits(concurrency=4))
        for _ in range(10):
            epoch = await pace.enter(1)
            pace.slow_down(epoch, None)
            pace.leave()
        assert pace.allowed == 1

    on_jumping_clock(go())


def test_a_round_of_successes_gives_back_about_one_call_and_never_more_than_the_cap(
    on_jumping_clock: OnJumpingClock,
) -> None:
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


def test_retry_after_holds_everybody_until_then(on_jumping_clock: OnJumpingClock) -> None:
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


def test_of_two_waits_that_were_asked_for_the_longer_holds(
    on_jumping_clock: OnJumpingClock,
) -> None:
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
    on_jumping_clock: OnJumpingClock, per_minute: int
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


def test_no_minute_sees_more_tokens_than_allowed_but_for_one_second_and_one_call(
    on_jumping_clock: OnJumpingClock,
) -> None:
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
