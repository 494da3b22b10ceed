"""Rejected calls: odd items are outcomes, however many; a call that never gets through ends a run.

The endpoint is told apart from the items by something harmless that is asked after twenty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import JudgeError, JudgeUnavailable
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.runner.budget import Budget
from trueup.store.store import Store
from trueup.testing.faultserver import Fault, FaultServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.rubric.model import Rubric

CONCURRENCY = 8
REJECTED = Reply(status=400, content="this request is not valid")


def odd_then_good(odd: int, good: int) -> list[Item]:
    words = ["odd"] * odd + ["good"] * good
    return [Item(id=f"i{n}", output=f"a {word} reply {n}") for n, word in enumerate(words)]


def said_to(server: FaultServer) -> list[str]:
    return [str(request.body["messages"][-1]["content"]) for request in server.log]


def status(path: Path) -> str:
    with Store.open(path) as store:
        return str(store.runs()[-1]["status"])


@pytest.mark.parametrize("concurrency", [1, CONCURRENCY])
def test_odd_items_at_the_head_of_a_file_fail_by_name_and_the_others_are_scored(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, outcomes: Outcomes,
    path: Path, concurrency: int,
) -> None:  # fmt: skip
    server.configure(faults=lambda body, _: Fault.NOT_FOUND if "odd" in str(body) else None)

    scores = score(odd_then_good(50, 10), rubric, judge_at(server, concurrency=concurrency))

    assert outcomes(scores) == {"failed": 50, "scored": 10}
    assert {row["reason"] for row in scores.rows()} == {"rejected", ""}
    assert status(path) == "done"


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT_BODY, Fault.MALFORMED])
def test_items_that_bring_the_server_down_fail_by_name_and_the_others_are_scored(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, outcomes: Outcomes,
    path: Path, fault: Fault,
) -> None:  # fmt: skip
    server.configure(faults=lambda body, _: fault if "odd" in str(body) else None)
    judge = judge_at(server, concurrency=CONCURRENCY, deadline=0.3)

    scores = score(odd_then_good(50, 10), rubric, judge)

    assert outcomes(scores) == {"failed": 50, "scored": 10}
    assert {row["reason"] for row in scores.rows()} == {"server_fault", ""}
    assert status(path) == "done"
    harmless = [text for text in said_to(server) if "reply" not in text]
    assert 1 <= len(harmless) <= 2


def test_a_file_of_nothing_but_odd_items_costs_a_handful_of_harmless_calls(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, outcomes: Outcomes,
    path: Path,
) -> None:  # fmt: skip
    server.configure(faults=lambda body, _: Fault.NOT_FOUND if "odd" in str(body) else None)

    scores = score(odd_then_good(200, 0), rubric, judge_at(server, concurrency=1))

    assert outcomes(scores) == {"failed": 200}
    harmless = [text for text in said_to(server) if "reply" not in text]
    assert [len(harmless), server.requests] == [4, 204]
    assert status(path) == "done"


def test_a_parameter_that_is_rejected_in_every_call_ends_the_run_after_twenty(
    judge_at: JudgeAt, score: Score, rubric: Rubric, path: Path
) -> None:
    with FaultServer(answer=lambda _: REJECTED) as server:
        judge = judge_at(server, concurrency=CONCURRENCY)
        with pytest.raises(JudgeError, match=r"not valid.*parameters"):
            score(odd_then_good(0, 500), rubric, judge)
        assert 20 < server.requests <= 20 + CONCURRENCY

    assert status(path) == "failed"


def test_a_rubric_of_many_forms_of_calls_ends_no_later(judge_at: JudgeAt, score: Score) -> None:
    scales = "".join(
        f"  - {{id: c{n}, ask: How apt is it?, scale: {{{n}: poor, {n + 1}: fair}}}}\n"
        for n in range(1, 9)
    )
    eight = parse_rubric(f"name: r\ntask: t\ncriteria:\n{scales}")
    with FaultServer(answer=lambda _: REJECTED) as server:
        with pytest.raises(JudgeError):
            score(odd_then_good(0, 100), eight, judge_at(server, concurrency=CONCURRENCY))
        assert server.requests <= 20 + CONCURRENCY


def test_what_is_asked_to_tell_them_apart_has_everything_of_the_call_but_the_item(
    judge_at: JudgeAt, score: Score, rubric: Rubric
) -> None:
    with FaultServer(answer=lambda _: REJECTED) as server:
        with pytest.raises(JudgeError):
            score(odd_then_good(0, 30), rubric, judge_at(server, concurrency=1, seed=7))
        first, last = server.log[0].body, server.log[-1].body

    assert "a good reply 0" in first["messages"].pop()["content"]
    assert "reply" not in last["messages"].pop()["content"]
    assert first == last
    assert last["seed"] == 7


def test_one_criterion_whose_calls_are_all_rejected_ends_the_run_though_others_get_through(
    server: FaultServer, judge_at: JudgeAt, score: Score
) -> None:
    two = parse_rubric(
        "name: r\ntask: t\ncriteria:\n"
        "  - {id: polite, ask: Is the reply polite?}\n"
        "  - {id: tone, ask: How fitting is the tone?, scale: {1: poor, 2: fair, 3: right}}\n"
    )

    def no_scales(body: dict[str, Any], _before: int) -> Fault | None:
        return Fault.NOT_FOUND if "'3'" in str(body["response_format"]) else None

    server.configure(faults=no_scales)

    with pytest.raises(JudgeError, match="without an item"):
        score(odd_then_good(0, 200), two, judge_at(server, concurrency=4))

    assert server.requests <= 2 * 20 + 2 * 4 + 1


def test_an_endpoint_that_begins_to_reject_everything_ends_the_run_as_unavailable(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric
) -> None:
    server.configure(faults=lambda *_: None if server.requests <= 10 else Fault.NOT_FOUND)

    with pytest.raises(JudgeUnavailable, match="what was answered is kept"):
        score(odd_then_good(0, 200), rubric, judge_at(server, concurrency=1))

    assert server.requests == 10 + 20 + 1


def test_a_harmless_call_that_fails_otherwise_says_nothing_and_the_run_goes_on(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, outcomes: Outcomes
) -> None:
    def weather(body: dict[str, Any], _before: int) -> Fault | None:
        if "odd" in str(body):
            return Fault.NOT_FOUND
        return None if "reply" in body["messages"][-1]["content"] else Fault.SERVER_ERROR

    server.configure(faults=weather)

    scores = score(odd_then_good(50, 5), rubric, judge_at(server, concurrency=1))

    assert outcomes(scores) == {"failed": 50, "scored": 5}


def test_harmless_calls_count_against_the_budget(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric
) -> None:
    server.configure(faults=lambda body, _: Fault.NOT_FOUND if "odd" in str(body) else None)
    judge = judge_at(server, concurrency=1)

    scores = score(odd_then_good(60, 0), rubric, judge, budget=Budget(calls=30))

    assert server.requests == 30
    assert scores.summary()["status"] == "budget"


@pytest.mark.parametrize(
    ("fault", "outcome"), [(Fault.BAD_PROMPT, "filtered"), (Fault.CONTEXT_LENGTH, "truncated")]
)
def test_filters_and_lengths_end_no_run_however_many(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, outcomes: Outcomes,
    fault: Fault, outcome: str,
) -> None:  # fmt: skip
    server.configure(faults={fault: 1.0})

    scores = score(odd_then_good(50, 0), rubric, judge_at(server, concurrency=1))

    assert outcomes(scores) == {outcome: 50}
    assert server.requests == 50
