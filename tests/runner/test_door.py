"""The door: what is known is not asked, what is asked is asked once, and faults end in a name."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import Call, Endpoint, Limits, Reply
from trueup.judge.verdict import scored, unscored
from trueup.runner.budget import Budget, Purse
from trueup.runner.door import Door
from trueup.runner.memory import StoreMemory
from trueup.store.store import Store
from trueup.store.writer import Writer
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from trueup.judge.protocol import Answered
    from trueup.judge.verdict import Finding

MET = scored(1.0, "met")
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string", "enum": ["met"]}}}


def call_to(server: FaultServer, text: str = "a question", **limits: Any) -> Call:
    return Call(
        criteria=("c",),
        messages=({"role": "user", "content": text},),
        schema=SCHEMA,
        endpoint=Endpoint(
            model="tiny",
            api_base=server.url,
            transport="direct",
            limits=Limits(**{"repairs": 0, **limits}),
        ),
    )


def met(_reply: Reply) -> Mapping[str, Finding]:
    return {"c": MET}


def unreadable(_reply: Reply) -> Mapping[str, Finding]:
    return {"c": unscored("unparsable", "not_json")}


def with_door(path: Path, work: Callable[[Door], Awaitable[None]]) -> None:
    async def go() -> None:
        with Store.open(path) as store:
            writer = Writer(store)
            door = Door(StoreMemory(store, writer, run=1), purse=Purse(Budget()))
            try:
                await work(door)
            finally:
                await door.close()
                writer.close()

    asyncio.run(go())


@pytest.fixture
def plain() -> Any:
    with FaultServer(latency=0.01) as running:
        yield running


def test_equal_calls_at_once_are_one_request(path: Path, plain: FaultServer) -> None:
    async def work(door: Door) -> None:
        answers = await asyncio.gather(*(door.ask(call_to(plain), met) for _ in range(20)))
        assert [answer.findings["c"].value for answer in answers] == [1.0] * 20
        assert sum(answer.usage.calls for answer in answers) == 1
        assert door.usage.calls == 1

    with_door(path, work)

    assert plain.requests == 1


def test_calls_that_differ_in_replicate_or_occasion_are_requests_of_their_own(
    path: Path, plain: FaultServer
) -> None:
    async def work(door: Door) -> None:
        call = call_to(plain)
        others = [replace(call, replicate=1), replace(call, occasion="week 7")]
        await asyncio.gather(*(door.ask(one, met) for one in (call, *others, call)))

    with_door(path, work)

    assert plain.requests == 3


def test_everybody_reads_a_shared_reply_with_their_own_eyes(path: Path, plain: FaultServer) -> None:
    async def work(door: Door) -> None:
        one, other = await asyncio.gather(
            door.ask(call_to(plain), met), door.ask(call_to(plain), unreadable)
        )
        assert one.findings["c"].outcome == "scored"
        assert other.findings["c"].outcome == "unparsable"

    with_door(path, work)


def test_whoever_waits_for_an_asker_that_is_cancelled_asks_after_all(
    path: Path, plain: FaultServer
) -> None:
    async def work(door: Door) -> None:
        first = asyncio.create_task(door.ask(call_to(plain), met))
        while not door._flying:  # noqa: ASYNC110 - the door tells nobody
            await asyncio.sleep(0)
        others = [asyncio.create_task(door.ask(call_to(plain), met)) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        answers: list[Answered] = await asyncio.gather(*others)
        assert {answer.findings["c"].outcome for answer in answers} == {"scored"}
        assert first.cancelled()

    with_door(path, work)

    assert plain.requests <= 2


def test_a_reply_is_committed_before_anybody_has_it(path: Path, plain: FaultServer) -> None:
    async def work(door: Door) -> None:
        call = call_to(plain)
        await door.ask(call, met)
        with Store.open(path) as other:
            assert call.key() in other.replies([call.key()])

    with_door(path, work)


def test_a_stored_reply_is_read_again_and_not_asked_again(path: Path, plain: FaultServer) -> None:
    async def work(door: Door) -> None:
        answer = await door.ask(call_to(plain), met)
        assert answer.findings["c"].outcome == "scored"

    with_door(path, work)
    with_door(path, work)

    assert plain.requests == 1


def test_a_stored_reply_that_cannot_be_used_is_asked_again(path: Path, plain: FaultServer) -> None:
    async def once(door: Door) -> None:
        await door.ask(call_to(plain), unreadable)

    async def again(door: Door) -> None:
        answer = await door.ask(call_to(plain), met)
        assert answer.fresh is False  # the reader has changed its mind, not the model

    with_door(path, once)
    with_door(path, once)
    with_door(path, again)

    assert plain.requests == 2


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        (Fault.SERVER_ERROR, "failed", "server_fault"),
        (Fault.RATE_LIMIT, "failed", "rate_limited"),
        (Fault.MALFORMED, "failed", "server_fault"),
        (Fault.HANG, "failed", "timed_out"),
        (Fault.DRIP, "failed", "timed_out"),
        (Fault.BAD_PROMPT, "filtered", "content_filter"),
        (Fault.CONTEXT_LENGTH, "truncated", "context_length"),
        (Fault.NOT_FOUND, "failed", "rejected"),
    ],
)
def test_a_fault_that_stays_ends_in_its_own_outcome_within_the_deadline(
    path: Path, plain: FaultServer, fault: Fault, outcome: str, reason: str
) -> None:
    plain.configure(faults={fault: 1.0}, retry_after=0.05)

    async def work(door: Door) -> None:
        async with asyncio.timeout(20):
            answer = await door.ask(call_to(plain, timeout=0.1, deadline=0.3), met)
        assert (answer.findings["c"].outcome, answer.findings["c"].reason) == (outcome, reason)
        assert answer.findings["c"].value is None

    with_door(path, work)


def test_a_server_that_asks_to_wait_for_an_hour_is_not_waited_for(
    path: Path, plain: FaultServer
) -> None:
    plain.configure(faults={Fault.RATE_LIMIT: 1.0}, retry_after=3600)

    async def work(door: Door) -> None:
        async with asyncio.timeout(20):
            for text in "abc":
                answer = await door.ask(call_to(plain, text, deadline=0.2), met)
                assert answer.findings["c"].reason == "rate_limited"

    with_door(path, work)


def test_a_server_that_asks_to_come_back_at_once_is_not_hammered(
    path: Path, plain: FaultServer
) -> None:
    plain.configure(faults={Fault.RATE_LIMIT: 1.0}, retry_after=0)

    async def work(door: Door) -> None:
        answer = await door.ask(call_to(plain, deadline=0.7), met)
        assert answer.findings["c"].reason == "rate_limited"

    with_door(path, work)

    assert plain.requests <= 3


@pytest.mark.parametrize("limits", [{"requests_per_minute": 1200}, {"concurrency": 1}])
def test_waiting_for_a_turn_is_not_taken_from_a_calls_own_time(
    path: Path, plain: FaultServer, limits: dict[str, Any]
) -> None:
    plain.configure(latency=0.04)

    async def work(door: Door) -> None:
        calls = [call_to(plain, f"q {n}", deadline=0.3, **limits) for n in range(20)]
        answers = await asyncio.gather(*(door.ask(call, met) for call in calls))
        assert Counter(a.findings["c"].outcome for a in answers) == {"scored": 20}

    with_door(path, work)


RECOVERED = [
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.MALFORMED,
    Fault.CUT_BODY,
    Fault.CUT_EARLY,
    Fault.RATE_LIMIT,
    Fault.RATE_LIMIT_BARE,
    Fault.INVALID_UTF8,
]


def test_faults_that_pass_are_outlasted_by_retries(path: Path, plain: FaultServer) -> None:
    def first_time(request: dict[str, Any], before: int) -> Fault | None:
        number = int(request["messages"][0]["content"])
        return RECOVERED[number % len(RECOVERED)] if before == 0 else None

    plain.configure(faults=first_time, retry_after=0.01)

    async def work(door: Door) -> None:
        calls = [call_to(plain, str(n)) for n in range(2 * len(RECOVERED))]
        answers = await asyncio.gather(*(door.ask(call, met) for call in calls))
        assert {answer.findings["c"].outcome for answer in answers} == {"scored"}
        assert [answer.usage.calls for answer in answers] == [2] * len(calls)

    with_door(path, work)

    assert plain.requests == 4 * len(RECOVERED)


def test_a_call_keeps_how_often_it_was_tried_and_what_the_server_said_of_itself(
    path: Path, plain: FaultServer
) -> None:
    plain.configure(faults=lambda _, before: Fault.SERVER_ERROR if before < 1 else None)

    async def work(door: Door) -> None:
        answer = await door.ask(call_to(plain), met)
        assert answer.observed["fingerprint"] == "fp_trueup_fault_server"

    with_door(path, work)

    with Store.open(path) as store, store.transaction() as connection:
        row = connection.exec_driver_sql("select * from call").mappings().one()
    assert row["attempts"] == 2
    assert row["model"] == "tiny"
    assert json.loads(row["reply"])["text"] == '{"answer": "met"}'
