"""Connections: shared by many calls, bound to an event loop, and all closed in the end."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import TransportFault
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.judge.transport.base import Call, Reply, Transport

CONTENT = "It says so."
NOTHING: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=lambda _: CONTENT) as running:
        yield running


def test_one_transport_serves_many_calls_at_once(
    server: FaultServer, kind: Any, call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url)

    async def many() -> list[Reply]:
        transport: Transport = kind(call.endpoint)
        try:
            return await asyncio.gather(
                *(
                    transport.send(call, rung="schema", drop=NOTHING, timeout=5 + number)
                    for number in range(20)
                )
            )
        finally:
            await transport.close()

    assert {reply.text for reply in asyncio.run(many())} == {CONTENT}


def test_a_transport_outlives_its_event_loop(
    server: FaultServer, kind: Any, call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url)
    transport: Transport = kind(call.endpoint)

    async def once(*, last: bool) -> str:
        reply = await transport.send(call, rung="text", drop=NOTHING, timeout=20)
        if last:
            await transport.close()
        return reply.text

    with warnings.catch_warnings():
        # The first loop ends with its connections open, of which the standard library warns.
        warnings.simplefilter("ignore", ResourceWarning)
        texts = [asyncio.run(once(last=False)), asyncio.run(once(last=True))]
        gc.collect()

    assert texts == [CONTENT, CONTENT]


def test_another_loop_takes_over_and_the_first_one_closes_what_it_had(
    server: FaultServer, kind: Any, call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url)
    transport: Transport = kind(call.endpoint)

    async def once() -> str:
        reply = await transport.send(call, rung="text", drop=NOTHING, timeout=20)
        return reply.text

    async def elsewhere() -> str:
        text = await once()
        await transport.close()
        return text

    async def both() -> list[str]:
        return [await once(), await asyncio.to_thread(asyncio.run, elsewhere())]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        texts = asyncio.run(both())
        gc.collect()

    assert texts == [CONTENT, CONTENT]
    assert [str(warning.message) for warning in caught] == []


def test_a_closed_transport_opens_again(
    server: FaultServer, kind: Any, call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url)

    async def twice() -> list[str]:
        transport: Transport = kind(call.endpoint)
        texts = []
        for _ in range(2):
            reply = await transport.send(call, rung="schema", drop=NOTHING, timeout=20)
            texts.append(reply.text)
            await transport.close()
        return texts

    assert asyncio.run(twice()) == [CONTENT, CONTENT]


def test_closing_leaves_nothing_open(
    server: FaultServer, kind: Any, ask: Callable[..., Reply]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for fault in ("none", Fault.CUT_BODY, Fault.SERVER_ERROR, Fault.NOT_FOUND):
            model = "judge" if fault == "none" else f"fault-{fault}"
            try:
                ask(kind, server.url, model)
            except TransportFault:
                continue
        gc.collect()

    assert [str(warning.message) for warning in caught] == []


def test_cancelling_a_call_is_no_fault(
    server: FaultServer, kind: Any, call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url, "fault-hang")

    async def cancelled() -> None:
        transport: Transport = kind(call.endpoint)
        task = asyncio.create_task(transport.send(call, rung="schema", drop=NOTHING, timeout=30))
        while not server.in_flight:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.02)
        task.cancel()
        try:
            await task
        finally:
            await transport.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
