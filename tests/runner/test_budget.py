"""Budgets: caps that hold by the server's own count, a clean stop, and going on with more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.errors import ConfigError
from trueup.judge.transport.base import Call, Endpoint, Price, Reply
from trueup.runner.budget import Budget, Purse
from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.item.model import Item
    from trueup.rubric.model import Rubric

PRICE = {"input": 100.0, "output": 400.0}


def spent(server: FaultServer) -> int:
    """Return the tokens that the server counted: about four characters each."""
    prompts = ("".join(f"{m['role']}\n{m['content']}\n" for m in r.body["messages"])
               for r in server.log if r.fate == "ok")  # fmt: skip
    return sum(len(prompt) // 4 for prompt in prompts)


@pytest.mark.parametrize("calls", [1, 2, 7, 33, 79])
def test_a_cap_on_calls_is_exact_by_the_servers_own_count(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, two: Rubric, items: list[Item],
    outcomes: Outcomes, calls: int,
) -> None:  # fmt: skip
    server.configure(latency=0.002)

    scores = score(items, two, judge_at(server, concurrency=32), budget=Budget(calls=calls))

    assert server.requests == calls
    assert outcomes(scores) == {"scored": calls, "not_attempted": 80 - calls}
    assert scores.summary()["status"] == "budget"
    assert scores.summary()["cost"]["calls"] == calls


@pytest.mark.parametrize("lacking", [["400-json-schema"], ["400-json-mode", "400-temperature"]])
def test_requests_that_only_find_out_what_the_endpoint_lacks_count_too(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    lacking: list[str],
) -> None:  # fmt: skip
    server.configure(lacks=lacking)

    score(items, rubric, judge_at(server, concurrency=2), budget=Budget(calls=9))

    assert server.requests == 9


def test_attempts_that_fail_count_too(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    server.configure(faults={Fault.RATE_LIMIT: 0.5})

    scores = score(items, rubric, judge_at(server), budget=Budget(calls=30))

    assert server.requests == 30
    assert scores.summary()["status"] == "budget"


def test_a_budget_that_suffices_stops_nothing(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    scores = score(items, rubric, judge_at(server), budget=Budget(calls=40))

    assert scores.summary()["status"] == "done"
    assert outcomes(scores) == {"scored": 40}


def test_a_second_run_with_more_goes_on_and_asks_nothing_twice(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, two: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    judge = judge_at(server)
    score(items, two, judge, budget=Budget(calls=30))
    score(items, two, judge, budget=Budget(calls=30))
    last = score(items, two, judge)

    assert server.requests == 80
    assert outcomes(last) == {"scored": 80}
    assert last.summary()["status"] == "done"


@pytest.mark.parametrize("concurrency", [1, 32])
def test_tokens_are_never_more_than_the_cap_and_most_of_it_is_used(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, two: Rubric, items: list[Item],
    concurrency: int,
) -> None:  # fmt: skip
    cap = 20_000
    scores = score(items, two, judge_at(server, concurrency=concurrency, max_tokens=100),
                   budget=Budget(tokens=cap))  # fmt: skip

    cost = scores.summary()["cost"]
    assert spent(server) <= cost["input_tokens"] + cost["output_tokens"] <= cap
    assert cost["input_tokens"] > 0.8 * cap
    assert scores.summary()["status"] == "budget"


def test_dollars_are_never_more_than_the_cap_and_most_of_it_is_used(
    server: FaultServer, judge_at: JudgeAt, score: Score, two: Rubric, items: list[Item]
) -> None:
    judge = judge_at(server, price=PRICE, max_tokens=100)

    scores = score(items, two, judge, budget=Budget(dollars=3.0))

    assert 2.4 < scores.summary()["cost"]["dollars"] <= 3.0
    assert scores.summary()["status"] == "budget"


def test_texts_that_take_more_tokens_than_usual_do_not_break_the_cap(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    content = '{"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}'

    def dear(request: dict[str, Any]) -> Answer:
        size = sum(len(message["content"].encode()) for message in request["messages"])
        usage = {"prompt_tokens": size // 2, "completion_tokens": 90}
        return Answer(content=content, usage=usage)

    with FaultServer(answer=dear) as server:
        scores = score(
            items, rubric, judge_at(server, max_tokens=100), budget=Budget(tokens=30_000)
        )

    cost = scores.summary()["cost"]
    assert 20_000 < cost["input_tokens"] + cost["output_tokens"] <= 30_000


@pytest.mark.parametrize("cap", [{"dollars": 0.02}, {"tokens": 20_000}])
def test_a_cap_holds_where_the_endpoint_does_not_say_what_was_used(
    *, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], cap: dict[str, Any],
) -> None:  # fmt: skip
    content = '{"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}'
    with FaultServer(answer=lambda _: Answer(content=content, usage={})) as server:
        judge = judge_at(server, max_tokens=100, price={"input": 1, "output": 1})
        scores = score(items, rubric, judge, budget=Budget(**cap))
        requests = server.requests

    summary = scores.summary()
    assert 1 < requests < 40
    assert summary["status"] == "budget"
    assert (summary["cost"]["dollars"], summary["cost"]["unmetered"]) == (None, requests)


def test_a_cap_on_dollars_needs_a_price_before_anything_is_asked(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    with pytest.raises(ConfigError, match="price of this model is unknown"):
        score(items, rubric, judge_at(server), budget=Budget(dollars=1.0))

    assert server.requests == 0


def test_a_price_that_is_found_elsewhere_serves_too(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    price = Price(input=1.0, output=4.0, cached=0.5)

    scores = score(items, rubric, judge_at(server), budget=Budget(dollars=9.0),
                   price_of=lambda _: price)  # fmt: skip

    cost = scores.summary()["cost"]
    paid = (cost["input_tokens"] * 1.0 + cost["output_tokens"] * 4.0) / 1e6
    assert cost["dollars"] == pytest.approx(paid)


@pytest.mark.parametrize(
    "wrong", [0, -1, {"calls": 0}, {"euros": 3}, {"tokens": float("nan")}, {"dollars": -0.5}]
)
def test_a_cap_that_means_nothing_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        Budget.of(wrong)


def a_call(size: int, most: int | None) -> Call:
    sampling = {} if most is None else {"max_tokens": most}
    return Call(
        criteria=("c",),
        messages=({"role": "user", "content": "x" * size},),
        schema={},
        endpoint=Endpoint(model="m"),
        sampling=sampling,
    )


ENDS = st.sampled_from(["settle", "release", "keep", "cancel"])


@settings(max_examples=60, deadline=None)
@given(
    cap=st.integers(1, 30_000),
    sizes=st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 0.5), ENDS), max_size=30),
    together=st.integers(1, 8),
)
def test_whatever_calls_turn_out_to_use_no_cap_is_passed_and_nobody_waits_for_ever(
    cap: int, sizes: Sequence[tuple[int, float, str]], together: int
) -> None:
    async def go() -> None:
        purse = Purse(Budget(tokens=cap))
        turns = asyncio.Semaphore(together)

        async def one(size: int, ratio: float, end: str) -> None:
            async with turns:
                held = await purse.reserve(a_call(size, 50), None)
                if held is None:
                    return
                assert purse.tokens <= cap
                await asyncio.sleep(0)
                if end == "settle":
                    used = int(size * ratio)
                    held.settle(Reply(text="", input_tokens=used, output_tokens=50), None)
                elif end == "release":
                    held.release()
                else:
                    held.keep()
                assert purse.tokens <= cap

        async with asyncio.timeout(30):
            await asyncio.gather(*(one(*part) for part in sizes))
        assert 0 <= purse.tokens <= cap

    asyncio.run(go())


def test_what_a_cancelled_or_timed_out_request_may_have_cost_stays_counted(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    with FaultServer(faults={Fault.HANG: 1.0}) as server:
        judge = judge_at(server, timeout=0.05, deadline=0.1, max_tokens=100, concurrency=1)
        scores = score(items, rubric, judge, budget=Budget(tokens=5_000))

        assert server.requests <= 5_000 // 900
    assert scores.summary()["status"] == "budget"
