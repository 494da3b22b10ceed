"""A sitting that was cut short: what was answered is kept, nothing else, and it is gone on with."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trueup
from tests.runner.calibration.material import ONE, WEEK, judge, labels, lines, outputs, plain
from trueup.errors import JudgeError
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.calibrate import acalibrate
from trueup.store import ledger
from trueup.store.draws import draws
from trueup.store.store import Store
from trueup.testing import FaultServer, ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.runner.calibration.conftest import Calibrate
    from trueup.item.model import Item
    from trueup.rubric.model import Criterion

ITEMS = 60
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
from tests.runner.calibration.material import ONE, WEEK, judge, labels, outputs
from trueup.runner.calibration.calibrate import calibrate

def told(progress):
    if sum(progress.outcomes.values()) >= 20:
        print("under way", flush=True)

items = outputs(WEEK, 60)
try:
    calibrate(items, rubric=ONE, judge=judge(delay=0.2, batch=4), store=sys.argv[1],
              ledger=sys.argv[2], labels=labels(items[:20]), label_design="random",
              on_progress=told)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def sitting(tmp_path: Path, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A sitting in a process of its own, of which a third is done."""
    root = Path(__file__).parents[3]
    paths = [str(Path(trueup.__path__[0]).parent), str(root)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path / "store.db", path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"under way\n"
        yield process
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sitting_that_was_stopped_is_gone_on_with(
    sitting: subprocess.Popen[bytes],
    tmp_path: Path,
    path: Path,
    run: Calibrate,
    how: signal.Signals,
) -> None:
    sitting.send_signal(how)
    assert sitting.wait(60) == (130 if how is signal.SIGINT else -signal.SIGKILL)
    with Store.open(tmp_path / "store.db") as store:
        assert (ledger.read(store), draws(store), lines(path)) == ([], [], [])

    items = outputs(WEEK, ITEMS)
    asked = judge(delay=0, batch=4)
    found = run(items, judge=asked, labels=labels(items[:20]), label_design="random", ledger=path)
    whole = run(items, store=None, labels=labels(items[:20]), label_design="random")

    assert 0 < asked.asked <= ITEMS - 16  # what was in flight is lost
    assert found.sampled.outcomes == {"scored": ITEMS}
    assert len(lines(path)) == 1
    assert plain(found)["criteria"][0]["agreement"] == plain(whole)["criteria"][0]["agreement"]


def test_a_cancelled_sitting_leaves_no_trace_in_the_ledger(run: Calibrate, store: Store) -> None:
    items = outputs(WEEK, ITEMS)
    slow = judge(delay=0.05, batch=4)

    async def cut_short() -> None:
        async with asyncio.timeout(0.3):
            await acalibrate(items, rubric=ONE, judge=slow, store=store)

    with pytest.raises(TimeoutError):
        asyncio.run(cut_short())
    assert (ledger.read(store), draws(store)) == ([], [])

    again = judge(delay=0, batch=4)
    assert run(items, judge=again).sampled.outcomes == {"scored": ITEMS}
    assert again.asked + slow.asked <= ITEMS + 8


def test_what_failed_is_asked_again_in_the_same_week_and_nothing_else(
    run: Calibrate, store: Store
) -> None:
    items = outputs(WEEK, ITEMS)
    flaky = judge(0, faults={"failed": 0.4}, recovers=True)
    first = run(items, judge=flaky)
    failed = first.sampled.outcomes["failed"]
    second = run(items, judge=flaky)

    assert flaky.asked == ITEMS + failed
    assert second.sampled.outcomes == {"scored": ITEMS}
    assert [one["judged"][""][1] for one in ledger.read(store)] == [ITEMS - failed, ITEMS]
    assert first.next == second.next  # the draw stays


def test_a_judge_that_raises_ends_the_run_and_leaves_the_ledger_alone(
    run: Calibrate, store: Store
) -> None:
    def broken(_: Item, criterion: Criterion) -> object:
        raise KeyError(criterion.id)

    with pytest.raises(JudgeError, match="its code raised the same"):
        run(outputs(WEEK, ITEMS), judge=ScriptedJudge(broken))
    assert (ledger.read(store), draws(store)) == ([], [])


def test_a_budget_that_ends_a_sitting_adds_nothing_until_it_is_gone_on_with(
    store: Store, run: Calibrate
) -> None:
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
    with FaultServer() as server:
        spec = LLMSpec(kind="llm", model="tiny", transport="direct", api_base=server.url)
        llm = LLMJudge(spec, name="there")
        items = outputs(WEEK, 12)
        short = run(items, rubric=rubric, judge=llm, budget={"calls": 5})
        assert server.requests == 5
        assert (ledger.read(store), draws(store), short.next) == ([], [], ())
        assert short.gate == "inconclusive"
        assert "did not end" in short.reasons[0]

        whole = run(items, rubric=rubric, judge=llm)
        assert server.requests == 12
    assert len(ledger.read(store)) == 1
    assert len(whole.next) == 12
