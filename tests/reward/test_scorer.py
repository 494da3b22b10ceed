"""The same judge as a reward: every output gets a value or the reason for none, in time."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sqlite3
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.reward.conftest import ONE, TWO, judge_at
from tests.runner.conftest import honest
from trueup import Abstain, ConfigError, CredentialsError, DataError, Item, JudgeError, Reward
from trueup.reward import Scorer
from trueup.rubric.load import parse_rubric
from trueup.store.store import Store
from trueup.testing import Fault, FaultServer

if TYPE_CHECKING:
    from tests.reward.conftest import ScorerAt

CODE = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: said, check: {contains: good}}\n")


def values(results: list[Reward | Abstain]) -> list[float | None]:
    return [one.value if isinstance(one, Reward) else None for one in results]


def test_each_output_gets_its_reward_in_order(server: FaultServer, scorer_at: ScorerAt) -> None:
    scorer = scorer_at(server, TWO)

    found = scorer.score_batch(["good 1", "poor 2", "good 3"])

    assert values(found) == [1.0, 0.0, 1.0]
    first = found[0]
    assert isinstance(first, Reward)
    assert (float(first), first.low, first.high) == (1.0, 1.0, 1.0)
    assert first.values == {"polite": 1.0, "brief": 1.0}
    assert first.findings["polite"].explanation == "It says so."
    assert first.usage.calls > 0
    assert (first.trust.calibrated, first.trust.age(), first.trust.drifted) == (None, None, None)
    assert first.trust.optimised == "unknown"


def test_items_rows_and_trajectories_are_taken(server: FaultServer, scorer_at: ScorerAt) -> None:
    call = {"function": {"name": "refund", "arguments": '{"order": 7}'}}
    steps = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "done"},
        {"role": "assistant", "content": "a good end"},
    ]
    scorer = scorer_at(server)

    rows = scorer.score_batch([{"input": "hi", "output": steps}, {"input": "hi", "output": "poor"}])
    items = scorer.score_batch([Item(id="7", output="good", group="g")])

    assert values(rows) == [1.0, 0.0]
    assert "refund" in server.log[0].body["messages"][-1]["content"]
    assert (items[0].id, items[0].group) == ("7", "g")


def test_equal_outputs_of_a_batch_are_asked_once(server: FaultServer, scorer_at: ScorerAt) -> None:
    texts = [f"good {place % 716}" for place in range(1024)]
    scorer = scorer_at(server)

    found = scorer.score_batch(texts)

    assert server.requests == scorer.stats.asked == 716
    assert values(found) == [1.0] * 1024
    assert sum(one.usage.calls for one in found) == 716


def test_a_wrong_batch_is_refused_in_a_sentence(server: FaultServer, scorer_at: ScorerAt) -> None:
    scorer = scorer_at(server)

    with pytest.raises(ConfigError, match="score_batch\\(\\[text\\]\\)"):
        scorer.score_batch("good")
    with pytest.raises(DataError, match="neither a mapping nor an Item"):
        scorer.score_batch([3])
    assert scorer.score_batch([]) == []


@pytest.mark.parametrize(
    ("options", "what"),
    [({"partial": "zero"}, "abstain, low, mean"), ({"deadline": 0}, "above 0"),
     ({"deadline": float("nan")}, "above 0")],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused(options: Any, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        Scorer(CODE, **options)


def test_criteria_without_anybody_to_answer_them_are_refused() -> None:
    with pytest.raises(JudgeError, match="polite"):
        Scorer(ONE)


def test_what_is_not_there_in_time_is_an_abstention(scorer_at: ScorerAt) -> None:
    def fate(request: dict[str, Any], _times: int) -> Fault | None:
        return Fault.HANG if "slow" in request["messages"][-1]["content"] else None

    with FaultServer(answer=honest, faults=fate) as server:
        scorer = scorer_at(server, deadline=0.5)
        started = time.monotonic()

        found = scorer.score_batch(["good 1", "slow good 2", "poor 3"])

        assert time.monotonic() - started < 10
        assert values(found) == [1.0, None, 0.0]
        late = found[1]
        assert isinstance(late, Abstain)
        assert late.reason == "deadline"
        assert "0.5 s" in late.message
        assert (late.low, late.high) == (0.0, 1.0)
        assert scorer.stats.abstained == 1


def test_an_outage_gives_no_number_and_is_over_when_it_is_over(scorer_at: ScorerAt) -> None:
    with FaultServer(answer=honest) as server:
        port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        scorer = scorer_at(server, deadline=4)
        assert values(scorer.score_batch(["good 1"])) == [1.0]
    down = scorer.score_batch([f"good {n}" for n in range(40)])
    fresh = scorer_at(f"http://127.0.0.1:{port}/v1", deadline=4)
    never = fresh.score_batch(["good 1", "good 2"])
    with FaultServer(answer=honest, port=port):
        again = [*scorer.score_batch(["good 1"]), *fresh.score_batch(["good 1"])]

    assert values(down) == [None] * 40
    assert values(never) == [None] * 2
    assert {one.reason for one in never if isinstance(one, Abstain)} == {"unavailable"}
    assert values(again) == [1.0, 1.0]


def test_a_refused_key_is_no_abstention(server: FaultServer, scorer_at: ScorerAt) -> None:
    scorer = scorer_at(server, spec={"model": "fault-401"})

    with pytest.raises(CredentialsError):
        scorer.score_batch(["good 1"])


def test_a_judge_that_raises_for_one_output_abstains_there() -> None:
    def judge(item: Item, _rubric: object) -> dict[str, bool]:
        if "odd" in str(item.output):
            raise ValueError("cannot read this")
        return {"polite": "good" in str(item.output)}

    with Scorer(ONE, judge) as scorer:
        found = scorer.score_batch(["good", "odd", "poor"])

    assert values(found) == [1.0, None, 0.0]
    assert isinstance(found[1], Abstain)
    assert found[1].reason == "judge_raised"
    assert "cannot read this" in found[1].message


def test_a_judge_that_raises_for_every_output_is_broken() -> None:
    def judge(_item: Item, _rubric: object) -> dict[str, bool]:
        raise ValueError("always")

    with Scorer(ONE, judge) as scorer, pytest.raises(JudgeError, match="always"):
        scorer.score_batch([f"good {n}" for n in range(60)])


def test_a_judge_that_blocks_the_loop_cannot_hold_the_trainer() -> None:
    let_go = threading.Event()

    class Blocking:
        name, version = "blocking", "1"

        async def judge(self, item: Item, _rubric: object) -> dict[str, bool]:
            let_go.wait(20)
            return {"polite": bool(item)}

    scorer = Scorer(ONE, Blocking(), deadline=0.2)
    found = scorer.score_batch([Item(id="a", output="good", group="g")])
    let_go.set()
    scorer.close()

    assert isinstance(found[0], Abstain)
    assert (found[0].reason, found[0].group) == ("deadline", "g")


def test_it_works_in_a_loop_in_threads_and_awaited(
    server: FaultServer, scorer_at: ScorerAt
) -> None:
    scorer = scorer_at(server)

    async def inside() -> list[float | None]:
        return values(scorer.score_batch(["good 1", "poor 1"]))

    async def awaited() -> list[list[float | None]]:
        batches = (scorer.ascore_batch([f"good {n}", f"poor {n}"]) for n in range(8))
        return [values(found) for found in await asyncio.gather(*batches)]

    with ThreadPoolExecutor(8) as threads:
        batches = [[f"good {n}", f"poor {n}"] for n in range(16)]
        found = [values(one) for one in threads.map(scorer.score_batch, batches)]

    assert found == [[1.0, 0.0]] * 16
    assert asyncio.run(inside()) == [1.0, 0.0]
    assert asyncio.run(awaited()) == [[1.0, 0.0]] * 8


def test_a_loop_that_awaits_stays_free() -> None:
    with FaultServer(answer=honest, latency=0.3) as server, Scorer(ONE, judge_at(server)) as scorer:

        async def both() -> int:
            turns = 0
            waiting = asyncio.ensure_future(scorer.ascore_batch(["good 1"]))
            while not waiting.done():
                await asyncio.sleep(0.01)
                turns += 1
            return turns

        assert asyncio.run(both()) > 5


def test_a_cancelled_batch_stops_asking(scorer_at: ScorerAt) -> None:
    with FaultServer(answer=honest, latency=30) as server:
        scorer = scorer_at(server)

        async def impatient() -> None:
            async with asyncio.timeout(0.3):
                await scorer.ascore_batch(["good 1"])

        with pytest.raises(TimeoutError):
            asyncio.run(impatient())
        until = time.monotonic() + 10
        while server.in_flight and time.monotonic() < until:
            time.sleep(0.02)
        assert server.in_flight == 0


def _in_child(scorer: Scorer, answers: Any) -> None:
    answers.put(values(scorer.score_batch(["good child", "poor child"])))
    scorer.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_after_fork_scores_too(
    server: FaultServer, scorer_at: ScorerAt, tmp_path: Path, *, stored: bool
) -> None:
    scorer = scorer_at(server, store=tmp_path / "s.db" if stored else None)
    scorer.score_batch(["good 1"])
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    child = fork.Process(target=_in_child, args=(scorer, answers))
    child.start()

    assert answers.get(timeout=30) == [1.0, 0.0]
    child.join(30)
    assert child.exitcode == 0
    assert values(scorer.score_batch(["good 2", "poor 2"])) == [1.0, 0.0]


def test_with_a_store_nothing_is_asked_twice(
    server: FaultServer, scorer_at: ScorerAt, tmp_path: Path
) -> None:
    first = scorer_at(server, store=tmp_path / "s.db")
    first.score_batch(["good 1", "poor 2"])
    first.close()
    second = scorer_at(server, store=tmp_path / "s.db")

    assert values(second.score_batch(["poor 2", "good 1", "good 3"])) == [0.0, 1.0, 1.0]
    assert server.requests == 3
    second.close()
    with Store.open(tmp_path / "s.db") as store:
        assert [(run["source"], run["n_items"], run["status"]) for run in store.runs()] == [
            ("reward", 2, "done"),
            ("reward", 3, "done"),
        ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_an_open_store_is_refused_in_a_child_every_time(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store, Scorer(CODE, store=store) as scorer:
        scorer.score_batch(["good"])
        child = os.fork()
        if not child:
            refused = 0
            for _ in range(2):
                try:
                    scorer.score_batch(["good"])
                except ConfigError:
                    refused += 1
            os._exit(refused)

        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        assert values(scorer.score_batch(["good"])) == [1.0]


def test_what_code_decided_is_written_once(tmp_path: Path) -> None:
    with Scorer(CODE, store=tmp_path / "s.db") as scorer:
        found = [values(scorer.score_batch(["good", "poor"])) for _ in range(3)]
    with closing(sqlite3.connect(tmp_path / "s.db")) as file:
        (count,) = file.execute("select count(*) from verdict").fetchone()

    assert found == [[1.0, 0.0]] * 3
    assert count == 2


def test_without_a_store_nothing_is_written(
    server: FaultServer, scorer_at: ScorerAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scorer = scorer_at(server)

    scorer.score_batch(["good 1"])
    scorer.score_batch(["good 1"])

    assert server.requests == 2
    assert list(Path().iterdir()) == []


def test_a_closed_scorer_opens_again(server: FaultServer, scorer_at: ScorerAt) -> None:
    scorer = scorer_at(server)
    scorer.score_batch(["good 1"])
    scorer.close()

    assert values(scorer.score_batch(["poor 1"])) == [0.0]


def test_latency_is_told_by_group() -> None:
    with FaultServer(answer=honest, latency=0.05) as server, Scorer(ONE, judge_at(server)) as one:
        assert (one.stats.p50, one.stats.p99) == (None, None)
        one.score_batch([
            Item(id=str(n), output=f"good {n}", group=f"prompt {n // 4}") for n in range(16)
        ])  # fmt: skip
        stats = one.stats

    assert stats.p50 is not None
    assert stats.p99 is not None
    assert 0.05 <= stats.p50 <= stats.p99
    assert (stats.batches, stats.outputs, stats.asked, stats.abstain_rate) == (1, 16, 16, 0.0)


def test_a_thousand_batches_leave_nothing_behind(scorer_at: ScorerAt) -> None:
    texts = ["good 1", "poor 2"]
    with FaultServer(answer=honest, record=False) as server:
        scorer = scorer_at(server)
        for _ in range(100):
            scorer.score_batch(texts)
        before = _open(scorer)
        tracemalloc.start()
        try:
            for turn in range(1000):
                scorer.score_batch(texts)
                if turn == 100:
                    gc.collect()
                    early = tracemalloc.get_traced_memory()[0]
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - early
        finally:
            tracemalloc.stop()

        assert _open(scorer) == before
    assert grown < 200_000  # 200 bytes a batch would be 180,000


def _open(scorer: Scorer) -> tuple[int, int, int]:
    loop = scorer._background._loop
    assert loop is not None
    files = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    return len(asyncio.all_tasks(loop)), files, threading.active_count()
