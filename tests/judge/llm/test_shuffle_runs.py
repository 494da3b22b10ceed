"""Runs with shuffled answers: planned and asked once, resumed, and read as they were asked."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.judge.llm.test_shuffle import FOUR, LAYOUTS, MIXED, VALUES, first, many, right
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.runner.plan import plan_scoring
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.judge.llm.conftest import Chooser
    from trueup.rubric.model import Rubric


class Runs:
    """Runs over one store, asking one server."""

    def __init__(self, path: Path, server: FaultServer) -> None:
        self._path, self._server = path, server

    def __call__(
        self, rubric: Rubric, items: Sequence[Item], *, replicates: int = 1, **spec: Any
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a run's rows, and how many requests it made."""
        before = self._server.requests
        with Store.open(self._path) as store:
            run = ScoringRun(store, rubric, self.judge(**spec), replicates=replicates)
            rows = list(asyncio.run(run.run(items, source="t")).rows())
        return rows, self._server.requests - before

    def judge(self, **spec: Any) -> LLMJudge:
        endpoint: dict[str, Any] = {"transport": "direct", "api_base": self._server.url}
        body = {"model": "tiny", "repairs": 0, **endpoint, **spec}
        return LLMJudge(LLMSpec.model_validate({"kind": "llm", **body}), name="judge")


@pytest.mark.parametrize("calls", LAYOUTS)
def test_a_run_that_is_done_asks_nothing_again(path: Path, chooser: Chooser, calls: Any) -> None:
    items = many(3)
    with FaultServer(answer=chooser(right)) as server:
        runs = Runs(path, server)
        first_rows, asked = runs(MIXED, items, shuffle_options=3, calls=calls)
        again_rows, again = runs(MIXED, items, shuffle_options=3, calls=calls)

    assert asked == 3 * 3 * (3 if calls == "per_criterion" else 1 if calls == "per_item" else 2)
    assert again == 0
    assert [row["value"] for row in first_rows] == pytest.approx([*VALUES.values()] * 3)
    assert again_rows == first_rows


def test_one_failed_order_is_asked_again_alone_and_the_others_are_read_as_they_were_asked(
    path: Path, chooser: Chooser
) -> None:
    asked: list[str] = []
    model = chooser(right)

    def answer(request: dict[str, Any]) -> Any:
        text = request["messages"][-1]["content"]
        asked.append(text)
        return "no answer" if "reply 1" in text and len(asked) == 7 else model(request)

    with FaultServer(answer=answer) as server:
        runs = Runs(path, server)
        broken, cost = runs(FOUR, many(3), shuffle_options=4, concurrency=1)
        whole, again = runs(FOUR, many(3), shuffle_options=4, concurrency=1)

    assert (cost, again) == (12, 1)
    assert [row["outcome"] for row in broken] == ["scored", "unparsable", "scored"]
    assert [row["value"] for row in whole] == pytest.approx([2 / 3] * 3)
    assert asked[-1] == asked[6]


def test_another_number_of_orders_is_another_instrument_and_asks_what_is_new(
    path: Path, chooser: Chooser
) -> None:
    with FaultServer(answer=chooser(first)) as server:
        runs = Runs(path, server)
        specs: list[dict[str, Any]] = [{}, {"shuffle_options": 2}, {"shuffle_options": 4}]
        requests = [runs(FOUR, many(2), **spec)[1] for spec in [*specs, {}]]
        instruments = [json.dumps(runs.judge(**s).instrument(FOUR, "tone")) for s in specs]

    assert requests == [2, 4, 4, 0]  # of four orders, two were asked before
    assert len(set(instruments)) == 3
    assert "shuffle" not in instruments[0]


def test_each_replicate_puts_the_same_orders_in_calls_of_its_own(
    path: Path, chooser: Chooser
) -> None:
    with FaultServer(answer=chooser(right)) as server:
        rows, asked = Runs(path, server)(MIXED, many(2), replicates=2, shuffle_options=4)

    # of two answers there are two orders: each comes twice, and is asked twice
    assert asked == 2 * 2 * 3 * 4
    assert {row["criterion"]: row["value"] for row in rows} == pytest.approx(VALUES)
    assert len(rows) == 12


@pytest.mark.parametrize("calls", LAYOUTS)
def test_a_plan_counts_every_order_and_sees_what_they_share(
    path: Path, chooser: Chooser, calls: Any
) -> None:
    items = [Item(id=f"i{n}", output=f"reply {n} " * 300) for n in range(3)]
    with FaultServer(answer=chooser(right)) as server:
        runs = Runs(path, server)
        spec: dict[str, Any] = {"calls": calls, "shuffle_options": 4, "samples": 2}
        plan = plan_scoring(items, rubric=MIXED, judge=runs.judge(**spec))
        _, asked = runs(MIXED, items, **spec)

    assert plan.calls == asked
    assert plan.cacheable_share > 0.6
