"""A judge whose own code breaks: on one item that is a finding, on every item it ends the run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import JudgeError
from trueup.item.model import Item
from trueup.judge.adapt import as_judge
from trueup.judge.protocol import Capabilities
from trueup.judge.rules import Rules
from trueup.judge.verdict import Verdict, scored
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.judge.protocol import Request
    from trueup.rubric.model import Rubric
    from trueup.testing.faultserver import FaultServer


class Batched:
    """Breaks on outputs that are `poor`, in code that batches go through."""

    name = "batched"
    version = "1"

    def __init__(self, batch: int) -> None:
        self.capabilities = Capabilities(batch=batch)
        self.asked: list[str] = []

    def instrument(self, _rubric: object, _criterion: str) -> dict[str, Any]:
        return {"kind": "batched"}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            self.asked.append(request.item.id)
            await asyncio.sleep(0)
            if "poor" in str(request.item.output):
                json.loads("{")  # raises below, in code that is not ours
            yield request.id, Verdict(dict.fromkeys(request.criteria, scored(1.0)))


def items(*words: str) -> list[Item]:
    return [Item(id=f"i{n}", output=f"a {word} reply {n}") for n, word in enumerate(words)]


@pytest.mark.parametrize("batch", [1, 16])
def test_a_judge_that_raises_the_same_for_every_item_ends_the_run_and_is_named(
    *, score: Score, rubric: Rubric, path: Path, batch: int
) -> None:
    judge = Batched(batch)
    with pytest.raises(JudgeError, match="JSONDecodeError") as caught:
        score(items(*["poor"] * 2000), rubric, judge)

    line = next(
        n for n, text in enumerate(Path(__file__).read_text("utf-8").splitlines(), 1)
        if 'json.loads("{")' in text
    )  # fmt: skip
    assert caught.value.where == "batched"
    assert f"{__file__}:{line} " in caught.value.what
    assert "Mend it" in str(caught.value)
    assert len(set(judge.asked)) < 100
    with Store.open(path) as store, store.transaction() as connection:
        assert [row["status"] for row in store.runs()] == ["failed"]
        kept = connection.exec_driver_sql("select outcome, reason, detail from verdict").all()
    assert 20 <= len(kept) < 100
    assert {(row[0], row[1]) for row in kept} == {("failed", "judge_raised")}
    assert {json.loads(row[2])["at"] for row in kept} == {f"{__file__}:{line}"}


def test_a_function_that_raises_for_every_item_ends_the_run(score: Score, rubric: Rubric) -> None:
    def wrong(item: Item, _rubric: Rubric) -> dict[str, bool]:
        return {"polite": item.ouput == "x"}  # type: ignore[attr-defined] # the fault under test

    with pytest.raises(JudgeError, match=r"AttributeError.*ouput"):
        score(items(*["poor"] * 200), rubric, as_judge(wrong))


def test_a_fault_of_trueup_itself_is_said_to_be_one(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("trueup.judge.llm.template.neutralise", None)

    with pytest.raises(JudgeError, match=r"template\.py:\d+ .*TypeError.*report it"):
        score(items(*["good"] * 200), rubric, judge_at(server))

    assert server.requests == 0


def test_items_that_break_a_judge_which_has_answered_are_findings_however_many(
    score: Score, rubric: Rubric, outcomes: Outcomes
) -> None:
    scores = score(items("good", *["poor"] * 60, "good"), rubric, Batched(1), concurrency=1)

    assert outcomes(scores) == {"scored": 2, "failed": 60}
    assert scores.summary()["status"] == "done"


def test_fewer_than_twenty_are_findings(score: Score, rubric: Rubric, outcomes: Outcomes) -> None:
    scores = score(items(*["poor"] * 19), rubric, Batched(16))

    assert outcomes(scores) == {"failed": 19}


def test_exceptions_that_differ_in_place_are_not_taken_for_one(
    score: Score, rubric: Rubric, outcomes: Outcomes
) -> None:
    def picky(item: Item, _rubric: Rubric) -> dict[str, bool]:
        if item.id in {f"i{n}" for n in range(0, 30, 2)}:
            raise ValueError
        if item.id in {f"i{n}" for n in range(1, 30, 2)}:
            raise ValueError
        return {"polite": True}

    scores = score(items(*["good"] * 40), rubric, as_judge(picky))

    assert outcomes(scores) == {"scored": 10, "failed": 30}


def test_one_broken_rule_stops_no_other(score: Score, two: Rubric, outcomes: Outcomes) -> None:
    rules = Rules("half", version="1")

    @rules.rule("polite")
    def polite(item: Item) -> bool:
        raise NotImplementedError

    @rules.rule("brief")
    def brief(item: Item) -> bool:
        return len(str(item.output)) < 100

    scores = score(items(*["good"] * 40), two, rules)

    assert outcomes(scores) == {"scored": 40, "failed": 40}
