"""Killed in the middle of a run: what was answered is kept, and nothing else is asked again.

`TRUEUP_KILLS` and `TRUEUP_KILL_ITEMS` make it longer: how many moments, and how many items.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = int(os.environ.get("TRUEUP_KILLS", "3"))
ITEMS = int(os.environ.get("TRUEUP_KILL_ITEMS", "600"))
CONCURRENCY = 16
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueup.__path__[0]).parent)}
MOMENTS = [random.SystemRandom().randrange(1, ITEMS) for _ in range(KILLS)]

RUNS = """
import asyncio, json, os, sys, traceback
from pathlib import Path
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.transport import direct
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store

RUBRIC = parse_rubric("name: r\\ntask: t\\ncriteria:\\n  - {id: polite, ask: Is it polite?}\\n")

async def score(url, path, count, concurrency):
    endpoint = {"model": "tiny", "transport": "direct", "api_base": url}
    spec = LLMSpec(kind="llm", concurrency=concurrency, **endpoint)
    items = [Item(id=f"i{n}", input=f"question {n}", output=f"reply {n}") for n in range(count)]
    with Store.open(path) as store:
        run = ScoringRun(store, RUBRIC, LLMJudge(spec, name="judge"))
        scores = await run.run(items, source="a test", total=count)
        rows = [[row["item_id"], row["outcome"]] for row in scores.rows()]
    Path(f"{path}.{os.getpid()}").write_text(json.dumps(rows))

for line in sys.stdin:
    order = json.loads(line)
    if isinstance(order, int):
        print(os.waitpid(order, 0)[1], flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(score(*order))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(pid, flush=True)
"""


class Runs:
    """Starts runs, each in a process of its own, forked from one that has loaded everything."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _order(self, order: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def start(self, url: str, path: Path, *, items: int = ITEMS) -> int:
        return self._order([url, str(path), items, CONCURRENCY])

    def found(self, pid: int, path: Path) -> list[tuple[str, str]]:
        """Wait for a run's end and return its items with their outcomes."""
        assert self._order(pid) == 0
        return [tuple(row) for row in json.loads(Path(f"{path}.{pid}").read_text())]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert self._order(pid) == signal.SIGKILL


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", RUNS],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Runs(process)
        process.terminate()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve from a process of its own, which outlives the callers that are killed."""
    server = [sys.executable, "-m", "trueup.testing.faultserver"]
    with subprocess.Popen(
        [*server, "--latency-ms", "20", "--ttl", "3600"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def ask(url: str, what: str, data: bytes | None = None) -> Any:
    request = urllib.request.Request(f"{url.removesuffix('/v1')}/{what}", data=data)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - same
        return json.load(response)


@pytest.fixture
def url(endpoint: str) -> str:
    """The server's address, its counts at zero."""
    ask(endpoint, "reset", b"")
    return endpoint


def requests_at(url: str) -> int:
    return int(ask(url, "stats")["requests"])


def rows(path: Path, statement: str) -> list[Any]:
    with Store.open(path) as store, store.transaction() as connection:
        return list(connection.exec_driver_sql(statement).scalars())


@pytest.mark.parametrize("moment", range(KILLS))
def test_a_killed_run_loses_no_more_than_the_calls_under_way(
    runs: Runs, url: str, path: Path, moment: int
) -> None:
    first = runs.start(url, path)
    while requests_at(url) < MOMENTS[moment]:
        time.sleep(0.005)
    runs.kill(first)

    asked = requests_at(url)
    kept = len(rows(path, "select key from call"))
    assert asked - CONCURRENCY <= kept <= asked

    found = runs.found(runs.start(url, path), path)

    assert requests_at(url) <= ITEMS + CONCURRENCY, f"killed after {MOMENTS[moment]} requests"
    assert {item for item, _ in found} == {f"i{n}" for n in range(ITEMS)}
    assert {outcome for _, outcome in found} <= {"scored", "abstained"}
    keys = rows(path, "select content from verdict")
    assert len(keys) == len(set(keys)) == len(found) == ITEMS
    assert len(rows(path, "select key from call")) == ITEMS
    assert rows(path, "select status from run order by id") == ["running", "done"]


def test_two_runs_at_once_over_one_store_both_end_whole(runs: Runs, url: str, path: Path) -> None:
    started = [runs.start(url, path, items=200) for _ in range(2)]
    found = [runs.found(pid, path) for pid in started]

    assert len(rows(path, "select content from verdict")) == 200
    assert found[0] == found[1]
    assert {outcome for _, outcome in found[0]} <= {"scored", "abstained"}
