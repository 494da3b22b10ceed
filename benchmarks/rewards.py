"""What a reward costs over the bare direct transport: CPU a completion, batch for batch."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.calls import served
from benchmarks.clients.work import CRITERION
from benchmarks.meter import Goal, table
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.protocol import Request
from trueup.judge.transport.direct import DirectTransport
from trueup.reward import Reward, Scorer
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trueup.judge.transport.base import Call

BATCH = 64
_WARM = 10
_RUBRIC = parse_rubric(
    f"name: order\ntask: An order is refunded.\ncriteria:\n  - {{id: order, ask: '{CRITERION}'}}\n"
)
_TEXT = "The discount is taken off the sum of the lines, and only then adding the tax. " * 8
_MOST = 0.3
"""Milliseconds of CPU a completion over the bare transport."""


def measure(rounds: int) -> list[Goal]:
    """Score and send the same batches in turn, print the figures and return the goal.

    Args:
        rounds: Batches of each.
    """
    with served(0.0) as url:
        judge = LLMJudge(
            LLMSpec(kind="llm", model="bench", transport="direct", api_base=url, concurrency=BATCH),
            name="bench",
        )
        bare = _Bare(judge)
        with Scorer(_RUBRIC, judge) as scorer:
            found: dict[str, list[float]] = {"bare transport": [], "Scorer": []}
            ways: dict[str, Callable[[Sequence[str]], None]] = {
                "bare transport": bare.send,
                "Scorer": lambda texts: _score(scorer, texts),
            }
            for turn in range(rounds + _WARM):
                for name, way in ways.items():
                    texts = [f"{name} {turn} {place}: {_TEXT}" for place in range(BATCH)]
                    seconds = way_seconds(way, texts)
                    if turn >= _WARM:
                        found[name].append(seconds / BATCH * 1000)
        bare.close()
    rows: list[Sequence[object]] = [("way", "CPU ms a completion, median", "p90")]
    for name, figures in found.items():
        ninth = statistics.quantiles(figures, n=10)[-1]
        rows.append((name, f"{statistics.median(figures):.3f}", f"{ninth:.3f}"))
    print("\n".join(table(rows)))
    apart = [b - a for a, b in zip(found["bare transport"], found["Scorer"], strict=True)]
    return [Goal("CPU a completion over the bare transport", statistics.median(apart), _MOST, "ms")]


def way_seconds(way: Callable[[Sequence[str]], None], texts: Sequence[str]) -> float:
    """Return the CPU seconds, of all threads, that one batch takes."""
    gc.collect()
    start = time.process_time()
    way(texts)
    return time.process_time() - start


def _score(scorer: Scorer, texts: Sequence[str]) -> None:
    found = scorer.score_batch(texts)
    assert all(isinstance(one, Reward) for one in found)  # noqa: S101 - else nothing is measured


class _Bare:
    """The transport alone: calls that are ready, sent at once, replies unread."""

    def __init__(self, judge: LLMJudge) -> None:
        self._judge = judge
        self._loop = asyncio.new_event_loop()
        self._transport: DirectTransport | None = None
        self._ready: list[Call] = []

    def send(self, texts: Sequence[str]) -> None:
        """Send a call for each text."""
        self._loop.run_until_complete(self._sent(texts))

    async def _sent(self, texts: Sequence[str]) -> None:
        calls = [self._call(text) for text in texts]
        if self._transport is None:
            self._transport = DirectTransport(calls[0].endpoint, connections=BATCH)
        transport = self._transport
        await asyncio.gather(
            *(transport.send(c, rung="schema", drop=frozenset(), timeout=30) for c in calls)
        )

    def _call(self, text: str) -> Call:
        """Return the call about a text; that of the first one with another text, which is cheap."""
        if not self._ready:
            request = Request(
                id="a", rubric=_RUBRIC, criteria=("order",), candidates=(Item(id="a", output=text),)
            )
            self._ready = self._judge.calls_of(request, secret=b"s" * 32)
        return self._ready[0]

    def close(self) -> None:
        """Close the connections and the loop."""
        if self._transport is not None:
            self._loop.run_until_complete(self._transport.close())
        self._loop.close()
