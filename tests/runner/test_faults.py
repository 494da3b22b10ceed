"""A run against an endpoint with faults of every kind: every item ends in a value or in a name."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.store.store import Store
from trueup.testing.faultserver import Fault, FaultServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.runner.result import Scores
    from trueup.testing.faultserver import FaultRule

UNREADABLE = [Fault.WRONG_SCHEMA, Fault.PROSE, Fault.EMPTY_CONTENT]
"""What comes with status 200 and is no answer."""


def weather(seed: int) -> FaultRule:
    """Of 300 first requests 5 % are turned away, 5 % break the server, and 2 % are malformed.

    Drawn by the item's number, so that a seed means the same in every store.
    """
    drawn = random.Random(seed).sample(range(300), 36)  # noqa: S311 - no secret
    fates: dict[int, list[Fault]] = {}
    for place, number in enumerate(drawn):
        if place < 15:
            fates[number] = [Fault.RATE_LIMIT] * (1 + place % 2)
        elif place < 30:
            fates[number] = [Fault.SERVER_ERROR, Fault.MALFORMED][: 1 + place % 2]
        else:
            fates[number] = [UNREADABLE[place % 3]]

    def rule(request: dict[str, Any], before: int) -> Fault | None:
        found = re.search(r"question (\d+)", request["messages"][-1]["content"])
        fate = fates.get(int(found[1]), []) if found else []
        return fate[before] if before < len(fate) else None

    return rule


@pytest.fixture
def three_hundred(items: list[Item]) -> list[Item]:
    return [replace(items[n % 40], id=f"item-{n}", input=f"question {n}") for n in range(300)]


def values(scores: Scores) -> dict[str, float]:
    return {row["item_id"]: row["value"] for row in scores.rows() if row["value"] is not None}


def truth(items: list[Item]) -> dict[str, float]:
    return {item.id: float("good" in str(item.output)) for item in items}


@pytest.mark.parametrize("seed", [1, 2])
def test_three_hundred_items_come_through_bad_weather(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    three_hundred: list[Item], outcomes: Outcomes, path: Path, seed: int,
) -> None:  # fmt: skip
    server.configure(faults=weather(seed))
    judge = judge_at(server)

    first = score(three_hundred, rubric, judge)
    counts = outcomes(first)
    assert counts.total() == 300
    assert counts == {"scored": 294, "unparsable": 6}
    assert values(first).items() <= truth(three_hundred).items()
    assert (server.counts["429"], server.counts["500"]) == (22, 15)

    second = score(three_hundred, rubric, judge)
    assert outcomes(second) == {"scored": 300}
    assert values(second) == truth(three_hundred)
    with Store.open(path) as store, store.transaction() as connection:
        assert connection.exec_driver_sql("select count(*) from verdict").scalar() == 300


def test_with_repairs_one_run_is_enough(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    three_hundred: list[Item], outcomes: Outcomes,
) -> None:  # fmt: skip
    server.configure(faults=weather(1))

    scores = score(three_hundred, rubric, judge_at(server, repairs=1))

    assert outcomes(scores) == {"scored": 300}
    assert values(scores) == truth(three_hundred)


PERMANENT = [
    (Fault.REFUSAL, "refused", "refused", False),
    (Fault.CONTENT_FILTER, "filtered", "content_filter", False),
    (Fault.BAD_PROMPT, "filtered", "content_filter", False),
    (Fault.CONTEXT_LENGTH, "truncated", "context_length", True),
    (Fault.TRUNCATED, "truncated", "max_tokens", True),
    (Fault.WRONG_SCHEMA, "unparsable", "wrong_fields", True),
    (Fault.PROSE, "unparsable", "not_json", True),
    (Fault.EMPTY_CONTENT, "unparsable", "empty_answer", True),
    (Fault.NULL_CONTENT, "unparsable", "empty_answer", True),
    (Fault.NO_CHOICES, "failed", "empty_choices", True),
]


@pytest.mark.parametrize(("fault", "outcome", "reason", "again"), PERMANENT)
def test_what_never_gets_better_ends_in_its_own_outcome_and_is_asked_again_only_if_it_may_help(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    fault: Fault, outcome: str, reason: str, again: bool,
) -> None:  # fmt: skip
    server.configure(faults={fault: 0.4}, sticky=[fault])
    judge = judge_at(server)

    first = score(items, rubric, judge).summary()
    hit = first["items"]["outcomes"][outcome]
    asked = server.requests
    second = score(items, rubric, judge).summary()

    assert 0 < hit < 40
    for summary in (first, second):
        assert summary["items"]["outcomes"] == {"scored": 40 - hit, outcome: hit}
        assert summary["criteria"][0]["reasons"] == {f"{outcome}: {reason}": hit}
        assert summary["criteria"][0]["mean"]["n"] == 40 - hit
    assert server.requests == asked + (hit if again else 0)


@pytest.mark.parametrize("fault", [Fault.WRONG_TYPE, Fault.DRIP])
def test_what_is_odd_but_right_is_an_answer(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    fault: Fault,
) -> None:  # fmt: skip
    server.configure(faults={fault: 1.0}, drip_seconds=0.05)

    scores = score(items, rubric, judge_at(server))

    assert values(scores) == truth(items)


def test_a_mixture_of_everything_never_makes_a_value_up(
    judge_at: JudgeAt, score: Score, rubric: Rubric, three_hundred: list[Item], server: FaultServer
) -> None:
    faults = [fault for fault in Fault if fault not in {Fault.HUGE, Fault.HANG, Fault.DRIP}]
    keys = {Fault.UNAUTHORIZED, Fault.FORBIDDEN}
    server.configure(faults={fault: 0.02 for fault in faults if fault not in keys}, seed=5)
    judge = judge_at(server, deadline=1.0)
    some = three_hundred[:60]

    for _ in range(2):
        scores = score(some, rubric, judge)
        assert values(scores).items() <= truth(some).items()
        assert scores.summary()["items"]["n"] == 60


def test_an_enormous_reply_is_not_read_and_ends_nothing(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    server.configure(
        faults=lambda _, before: Fault.HUGE if before == 0 else None, huge_megabytes=12
    )

    scores = score(items[:4], rubric, judge_at(server))

    assert outcomes(scores) == {"scored": 4}


def test_a_server_that_claims_enormous_usage_ends_nothing(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], outcomes: Outcomes
) -> None:
    said = '{"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}'
    usage = {"prompt_tokens": 10**30, "completion_tokens": 10**30}
    with FaultServer(answer=lambda _: Reply(content=said, usage=usage)) as server:
        scores = score(items, rubric, judge_at(server))

    assert outcomes(scores) == {"scored": 40}
