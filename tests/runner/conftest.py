"""A fault server with honest answers, a judge that asks it, and runs over one store file."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator
    from pathlib import Path

    from trueup.judge.protocol import Judge
    from trueup.rubric.model import Rubric
    from trueup.runner.result import Scores

POLITE = "Is the reply polite?"
BRIEF = "Is the reply brief?"
_IN_WORDS = re.compile(r"with the fields (.+), and last a field nonce .*\nnonce: (\w+)")


class JudgeAt(Protocol):
    """Make an LLM judge that asks a server directly."""

    def __call__(self, server: FaultServer | str, **spec: Any) -> LLMJudge: ...


class Score(Protocol):
    """Run once over the test's store, opened anew as by another command."""

    def __call__(
        self, items: Iterable[Item], rubric: Rubric, judge: Judge | None, **options: Any
    ) -> Scores: ...


class Outcomes(Protocol):
    """Count a run's findings by outcome."""

    def __call__(self, scores: Scores) -> Counter[str]: ...


def honest(request: dict[str, Any]) -> dict[str, Any]:
    """Answer as asked: the best level where the output says `good`, else the worst."""
    text = request["messages"][-1]["content"]
    output = text.partition("[OUTPUT ")[2].partition("[/OUTPUT ")[0]
    form = request.get("response_format", {}).get("json_schema")
    if form is None:
        names, nonce = _IN_WORDS.findall(text)[-1]
        return {**_one(names.split(", "), ["unmet", "met"], output), "nonce": nonce}
    parts = form["schema"]["properties"]
    if "answer" in parts:
        return _one(parts, parts["answer"]["enum"][:-1], output)
    return {
        name: _one(part["properties"], part["properties"]["answer"]["enum"][:-1], output)
        for name, part in parts.items()
    }


def _one(names: Iterable[str], levels: list[str], output: str) -> dict[str, Any]:
    given = {
        "applies": True,
        "evidence": [],
        "explanation": "It says so.",
        "answer": levels[-1] if "good" in output else levels[0],
        "cannot_tell_reason": "none",
    }
    return {name: given[name] for name in names}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest, retry_after=0.01) as running:
        yield running


@pytest.fixture
def judge_at() -> JudgeAt:
    def make(server: FaultServer | str, **spec: Any) -> LLMJudge:
        base = server if isinstance(server, str) else server.url
        # without repairs: these tests count requests; test_repairs.py holds what repairs do
        options = {"model": "tiny", "transport": "direct", "api_base": base, "repairs": 0, **spec}
        return LLMJudge(LLMSpec(kind="llm", **options), name="judge")

    return make


@pytest.fixture
def rubric() -> Rubric:
    return parse_rubric(f"name: r\ntask: t\ncriteria:\n  - {{id: polite, ask: '{POLITE}'}}\n")


@pytest.fixture
def two() -> Rubric:
    """Two criteria, so that every item takes two calls."""
    return parse_rubric(
        f"name: r\ntask: t\ncriteria:\n  - {{id: polite, ask: '{POLITE}'}}\n"
        f"  - {{id: brief, ask: '{BRIEF}'}}\n"
    )


@pytest.fixture
def items() -> list[Item]:
    """Forty items, every other one good."""
    return many(40)


def many(count: int) -> list[Item]:
    words = ("good", "poor")
    return [
        Item(id=f"item-{n}", input=f"question {n}", output=f"{words[n % 2]} reply {n}")
        for n in range(count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def score(path: Path) -> Iterator[Score]:
    opened: list[Store] = []

    def run(items: Iterable[Item], rubric: Rubric, judge: Judge | None, **options: Any) -> Scores:
        store = Store.open(path)
        opened.append(store)
        found = list(items)
        work = ScoringRun(store, rubric, judge, **options)
        return asyncio.run(work.run(found, source="a test", total=len(found)))

    yield run
    for store in opened:
        store.close()


@pytest.fixture
def outcomes() -> Outcomes:
    return lambda scores: Counter(row["outcome"] for row in scores.rows())


class Jumping(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer, so that waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        scheduled: Any = self._scheduled  # type: ignore[attr-defined] # BaseEventLoop's own
        if not self._ready and scheduled:  # type: ignore[attr-defined] # same
            self._now = max(self._now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc] # same


class OnJumpingClock(Protocol):
    """Run a coroutine on a clock that jumps."""

    def __call__(self, work: Coroutine[Any, Any, None]) -> None: ...


@pytest.fixture(scope="session")
def on_jumping_clock() -> OnJumpingClock:
    def run(work: Coroutine[Any, Any, None]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(1e6):
                await work

        with asyncio.Runner(loop_factory=Jumping) as runner:
            runner.run(bounded())

    return run
