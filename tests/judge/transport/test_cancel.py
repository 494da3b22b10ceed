"""A call to litellm can be cancelled at any moment, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import TimedOut
from trueup.judge.transport.cancel import cancellable
from trueup.judge.transport.providers import LitellmTransport
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.judge.transport.base import Call

ROUTES = ("openai", "hosted_vllm")


class Held(ThreadPoolExecutor):
    """Threads that hold back the coroutines they bring until these are released."""

    def __init__(self) -> None:
        super().__init__(4)
        self.done = threading.Event()
        self.released = threading.Event()

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
        def hold() -> Any:
            result = work(*given, **named)
            if inspect.iscoroutine(result):
                self.done.set()
                self.released.wait(20)
            return result

        return super().submit(hold)


@pytest.fixture
def unawaited() -> Iterator[list[str]]:
    """Collect what Python says of coroutines that nobody awaited."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        said: list[str] = []
        yield said
        gc.collect()
        said += [str(warning.message) for warning in caught]
    assert [line for line in said if "never awaited" in line] == []


async def sending(call: Call, held: Held, *, seconds: float) -> tuple[Any, asyncio.Task[Any]]:
    asyncio.get_running_loop().set_default_executor(held)
    transport = LitellmTransport(call.endpoint)
    await transport.ready()
    task = asyncio.create_task(
        transport.send(call, rung="schema", drop=frozenset(), timeout=seconds)
    )
    while not held.done.is_set():  # noqa: ASYNC110 - the event is a thread's
        await asyncio.sleep(0.005)
    return transport, task


@pytest.mark.usefixtures("unawaited")
@pytest.mark.parametrize("route", ROUTES)
def test_a_call_that_is_cancelled_in_its_thread_leaves_no_coroutine(
    route: str, call_to: Callable[..., Call]
) -> None:
    async def cancelled(call: Call) -> None:
        held = Held()
        transport, task = await sending(call, held, seconds=20)
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, held.released.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        await transport.close()

    with FaultServer() as server:
        asyncio.run(cancelled(call_to(server.url, provider=route)))
        assert server.requests <= 1  # it may have got as far as that before it was ended


@pytest.mark.usefixtures("unawaited")
def test_a_call_whose_time_is_up_in_its_thread_leaves_no_coroutine(
    call_to: Callable[..., Call],
) -> None:
    async def late(call: Call) -> None:
        held = Held()
        transport, task = await sending(call, held, seconds=0.2)
        asyncio.get_running_loop().call_later(0.4, held.released.set)
        with pytest.raises(TimedOut):
            await task
        await transport.close()

    with FaultServer() as server:
        asyncio.run(late(call_to(server.url)))
        assert server.requests <= 1


def test_a_call_that_waits_for_anything_else_ends_at_once() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("inside")

    async def cancel() -> None:
        task = asyncio.create_task(cancellable(slow()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ended.append("outside")

    asyncio.run(cancel())

    assert ended == ["inside", "outside"]


def test_what_a_call_returns_or_raises_comes_through() -> None:
    async def answer() -> str:
        return "yes"

    async def fail() -> str:
        try:
            return str(1 / 0)
        except ZeroDivisionError:
            raise LookupError("no") from None

    assert asyncio.run(cancellable(answer())) == "yes"
    with pytest.raises(LookupError, match="no") as caught:
        asyncio.run(cancellable(fail()))
    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_an_error_of_a_cancelled_call_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise LookupError("while leaving") from None

    async def cancel() -> None:
        task = asyncio.create_task(cancellable(stubborn()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    gc.collect()

    assert caplog.text == ""
