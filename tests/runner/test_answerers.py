"""Who answered a run is kept, whichever kind of judge tells it, and as safely as verdicts are."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.runner.conftest import POLITE, many
from trueup.judge.adapt import as_judge
from trueup.judge.panel import Panel
from trueup.judge.protocol import Capabilities
from trueup.judge.verdict import Verdict, scored, unscored
from trueup.rubric.load import parse_rubric
from trueup.runner.answerers import Answerers
from trueup.runner.score import ScoringRun
from trueup.store import schema
from trueup.store.calls import models_of
from trueup.store.forget import forget
from trueup.store.store import Store
from trueup.store.writer import Writer
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Score
    from trueup.judge.protocol import Request
    from trueup.rubric.model import Rubric
    from trueup.runner.result import Scores
    from trueup.testing.faultserver import FaultServer


class Told:
    """Answers met, and says who answered: one after the other of what it was given."""

    version = "1"
    capabilities = Capabilities()

    def __init__(self, *observed: Any, name: str = "told", fails: bool = False) -> None:
        self.name = name
        self.asked = 0
        self._observed = observed
        self._finding = unscored("failed", "down") if fails else scored(1.0, "met")

    def instrument(self, rubric: Rubric, criterion: str) -> dict[str, Any]:
        return {"kind": "told", "question": rubric.by_id[criterion].question}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            observed = self._observed[self.asked % len(self._observed)]
            self.asked += 1
            yield request.id, Verdict(dict.fromkeys(request.criteria, self._finding),
                                      observed=observed)  # fmt: skip


def models(scores: Scores) -> list[str]:
    return models_of(scores.store, scores.run)


def test_a_python_judge_tells_who_answered_and_each_is_written_once(
    score: Score, rubric: Rubric
) -> None:
    scores = score(many(40), rubric, Told({"model": "m-1"}, {"model": "m-2", "fingerprint": "f"}))

    assert models(scores) == ["m-1", "m-2 f"]
    with scores.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.answerer)) == 2


def test_a_function_that_returns_verdicts_tells_it_too(score: Score, rubric: Rubric) -> None:
    async def judge(item: object, rubric: Rubric) -> Verdict:  # noqa: ARG001 - a judge takes both
        return Verdict({c.id: scored(1.0, "met") for c in rubric.criteria},
                       observed={"model": "m-1"})  # fmt: skip

    assert models(score(many(3), rubric, as_judge(judge))) == ["m-1"]


def test_a_panel_tells_it_for_every_member(score: Score, rubric: Rubric) -> None:
    panel = Panel("panel", [Told({"model": "m-1"}, name="a"), Told({"model": "m-2"}, name="b"),
                            ScriptedJudge("met")])  # fmt: skip

    assert models(score(many(3), rubric, panel)) == ["m-1", "m-2"]


def test_an_endpoint_is_told_alike_by_calls_and_verdicts(
    score: Score, rubric: Rubric, judge_at: JudgeAt, server: FaultServer
) -> None:
    (name,) = models(score(many(4), rubric, judge_at(server)))

    assert name.endswith("fp_trueup_fault_server")


def test_who_gave_a_stored_reply_counts_for_the_run_that_reads_it(
    score: Score, rubric: Rubric, judge_at: JudgeAt, server: FaultServer
) -> None:
    first = models(score(many(4), rubric, judge_at(server)))
    asked = server.requests
    other = judge_at(server)
    other.name = "other"
    read_anew = parse_rubric(
        f"name: r\ntask: t\ncriteria:\n  - {{id: polite, ask: '{POLITE}', if_empty: unmet}}\n"
    )
    scores = score(many(4), read_anew, other)

    assert server.requests == asked
    assert models(scores) == first


@pytest.mark.parametrize("odd", [None, 3, ["m-1"], {"model": 3}, {"model": ""}, {"a": {"b": None}}])
def test_what_names_no_model_ends_no_run(score: Score, rubric: Rubric, odd: object) -> None:
    scores = score(many(3), rubric, Told(odd))

    assert models(scores) == []
    assert scores.row["status"] == "done"


def test_a_name_that_no_database_takes_is_kept_without_what_it_does_not(
    score: Score, rubric: Rubric
) -> None:
    assert models(score(many(1), rubric, Told({"model": "m\0\ud800"}))) == ["m\ufffd?"]


def test_names_that_differ_with_every_request_stop_being_kept(score: Score, rubric: Rubric) -> None:
    scores = score(many(150), rubric, Told(*({"model": f"m-{n}"} for n in range(150))))

    assert len(models(scores)) == 100


def test_a_run_that_finds_all_verdicts_in_the_store_was_answered_by_who_gave_them(
    score: Score, rubric: Rubric
) -> None:
    first = score(many(5), rubric, Told({"model": "m-1"}))
    again = Told({"model": "m-2"}, name="renamed")
    second = score(many(5), rubric, again)

    assert again.asked == 0
    assert second.run != first.run
    assert models(second) == ["m-1"]


def test_a_run_that_goes_on_counts_both_models(score: Score, rubric: Rubric) -> None:
    score(many(3), rubric, Told({"model": "m-1"}))
    scores = score(many(6), rubric, Told({"model": "m-2"}))

    assert models(scores) == ["m-1", "m-2"]


def test_who_failed_and_was_asked_again_counts(score: Score, rubric: Rubric) -> None:
    score(many(3), rubric, Told({"model": "m-1"}, fails=True))
    scores = score(many(3), rubric, Told({"model": "m-2"}))

    assert models(scores) == ["m-1", "m-2"]


def test_another_sitting_knows_nothing_of_it(score: Score, rubric: Rubric) -> None:
    score(many(3), rubric, Told({"model": "m-1"}), occasion="2026-W30")
    scores = score(many(3), rubric, Told({"model": "m-2"}), occasion="2026-W31")

    assert models(scores) == ["m-2"]


def test_forgetting_what_was_judged_leaves_who_judged_it(
    score: Score, rubric: Rubric, judge_at: JudgeAt, server: FaultServer
) -> None:
    scores = score(many(1), rubric, judge_at(server))
    before = models(scores)
    forget(scores.store, "item-0")

    assert models(scores) == before != []


def test_a_verdict_is_never_in_the_store_without_who_gave_it(path: Path, rubric: Rubric) -> None:
    async def go(store: Store) -> list[tuple[int, int]]:
        """Count verdicts and models after every commit, as a killed run would leave them."""
        seen: list[tuple[int, int]] = []
        write = store.write

        def counted(rows: Any) -> None:
            write(rows)
            with closing(Store.open(path)) as other, other.reading() as connection:
                counts = [connection.scalar(sa.select(sa.func.count()).select_from(table))
                          for table in (schema.verdict, schema.answerer)]  # fmt: skip
            seen.append((counts[0] or 0, counts[1] or 0))

        store.write = counted  # type: ignore[method-assign] # watched
        await ScoringRun(store, rubric, Told({"model": "m-1"})).run(many(600), source="a test")
        return seen

    with Store.open(path) as store:
        seen = asyncio.run(go(store))

    assert len(seen) > 1
    assert all(models == 1 for verdicts, models in seen if verdicts)


def test_two_programs_that_write_one_runs_models_do_not_disturb_each_other(path: Path) -> None:
    async def go(*stores: Store) -> None:
        writers = [Writer(store) for store in stores]
        for writer in writers:
            Answerers(writer, 1).saw({"model": "m-1"})
        for writer in writers:
            writer.close()

    with Store.open(path) as one, Store.open(path) as other:
        asyncio.run(go(one, other))
        with one.reading() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(schema.answerer)) == 1
