"""A small product whose truth is known: simulated logs, users, and a judge that looks at texts.

Everything is simulated, and depends on nothing but names and seeds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trueup.judge.protocol import Capabilities
from trueup.judge.reading import at_level
from trueup.judge.verdict import Verdict, unscored
from trueup.rubric.load import parse_rubric
from trueup.signal.model import SignalRecord
from trueup.store.signals import add_signals
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    import pandas as pd

    from trueup.item.model import Item
    from trueup.judge.protocol import Request
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion, Rubric
    from trueup.store.store import Store

Rows = list[dict[str, Any]]

START = datetime(2026, 1, 5, tzinfo=UTC)
RUBRIC = parse_rubric("""
name: replies
task: The assistant replies.
criteria:
  - id: help
    ask: How much does the reply help?
    scale: {1: not, 2: little, 3: partly, 4: much, 5: fully}
""")
SIGNALS = ("retries:lower", "edit_rate:lower")


def log(weeks: int = 3, a_week: int = 40, *, start: datetime = START) -> Rows:
    """Return the outputs of some weeks; in their ids stands when they were made."""
    return [
        {
            "id": f"w{week}-{i}",
            "input": f"question {i}",
            "output": f"reply {i} of batch {chr(97 + week)}",
            "timestamp": (start + timedelta(days=7 * week, hours=4 * i)).isoformat(),
            "version": f"v{week}",
            "arm": "main",
            "segment": ("chat", "code")[i % 4 == 0],
            "group": f"u{i % 7}",
            "session_id": f"{start + timedelta(days=7 * week):%Y-%m-%d}/{i}",
            "metadata": {"release": f"2026.{week}", "note": "none"},
        }
        for week in range(weeks)
        for i in range(a_week)
    ]


class TableJudge:
    """A judge that looks its answers up by the output's text, and writes down what it sees.

    Args:
        answers: Output -> levels, the first answer's and the second's; 3 where there is none.
        fails: Outputs to which it says nothing.
        version: Another one counts as another judge.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[str]] | None = None,
        *,
        fails: Mapping[str, str] | None = None,
        version: str = "1",
    ) -> None:
        self.name = "table"
        self.version = version
        self.capabilities = Capabilities(batch=8, all_metadata=True)
        self.seen: list[Request] = []
        self._answers = answers or {}
        self._fails = fails or {}

    def instrument(self, rubric: Rubric, criterion: str) -> dict[str, Any]:
        question = rubric.by_id[criterion].question
        return {"kind": "table", "version": self.version, "question": question}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            self.seen.append(request)
            by_id = request.rubric.by_id
            yield request.id, Verdict({c: self._say(request, by_id[c]) for c in request.criteria})

    def _say(self, request: Request, criterion: Criterion) -> Finding:
        text = str(request.item.output)
        if text in self._fails:
            return unscored(self._fails[text], "scripted")  # type: ignore[arg-type] # an outcome
        levels = self._answers.get(text, ("3", "3"))
        return at_level(criterion, levels[request.replicate])

    @property
    def items(self) -> list[Item]:
        return [request.item for request in self.seen]


def simulated(name: str, *, seed: int = 1, **fields: Any) -> pd.DataFrame:
    """Return 12 + 10 weeks of 400 simulated replies, judged twice, with users' signals."""
    usual = {"monitored": 10, "items": 400, "repeats": 1.0, "delay": 1.0, **fields}
    return simulate_history(replace(SCENARIOS[name], **usual), seed=seed)


def as_items(frame: pd.DataFrame) -> Rows:
    """Return simulated replies as a log would hold them: without scores and signals."""
    names = ("id", "timestamp", "segment", "user", "version")
    rows = zip(*(frame[name] for name in names), strict=True)
    return [
        {
            "id": f"r{id_}",
            "input": "a question",
            "output": f"simulated reply {id_}",
            "timestamp": at.isoformat(),
            "segment": segment,
            "group": f"u{user}",
            "version": version,
        }
        for id_, at, segment, user, version in rows
    ]


def judge_of(frame: pd.DataFrame, **more: Any) -> TableJudge:
    """Return a judge that gives the points of a simulated history."""
    answers = {
        f"simulated reply {id_}": (str(int(first)), str(int(second)))
        for id_, first, second in zip(frame["id"], frame["judge"], frame["judge_rep"], strict=True)
    }
    return TableJudge(answers, **more)


def record(unit: str, name: str, value: float, at: datetime, **more: Any) -> SignalRecord:
    """Return a record of a signal that was known as it happened."""
    return SignalRecord(unit_id=unit, name=name, value=value, event_at=at, known_at=at, **more)


def record_signals(store: Store, frame: pd.DataFrame) -> None:
    """Record what the simulated users did."""

    def records() -> Iterator[SignalRecord]:
        for name in ("retries", "edit_rate"):
            there = frame[frame[name].notna()]
            at = there[f"{name}_at"].dt.to_pydatetime()
            for id_, value, known in zip(there["id"], there[name], at, strict=True):
                yield record(f"r{id_}", name, float(value), known)

    add_signals(store, records(), source="simulated")
