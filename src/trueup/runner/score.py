"""The scoring run: items through code checks and a judge into the store.

Items stream; nothing waits for the whole input, and memory does not grow with it. However the
run ends, what was answered is kept and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trueup.errors import TrueupError
from trueup.judge.discipline import disciplined
from trueup.runner.budget import Budget, Purse
from trueup.runner.door import Door
from trueup.runner.feed import Feed
from trueup.runner.memory import StoreMemory
from trueup.runner.pace import requests_at_once
from trueup.runner.progress import Progress
from trueup.runner.raising import Raising
from trueup.runner.record import Record
from trueup.runner.require import require_judge
from trueup.runner.result import Scores
from trueup.runner.triage import Triage
from trueup.store.signals import held_out
from trueup.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trueup.item.model import Item
    from trueup.judge.protocol import Judge, Request
    from trueup.judge.transport.base import Price
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store

_TICK_SECONDS = 0.2
_BATCH_WORKERS = 2


class ScoringRun:
    """One run over one source of items.

    Args:
        store: Where everything is kept.
        rubric: What is asked.
        judge: Who answers what code cannot decide; None where code decides all.
        occasion: The sitting; a new one asks everything again.
        replicates: How often each question is put.
        budget: Caps on what may be spent.
        concurrency: Overrides the judge's cap on calls at once.
        only_failed: Ask again only what an earlier run left failed; new items are left alone.
        price_of: Finds a model's price where the judge declares none.
        on_progress: Called a few times a second, and at the end.

    Raises:
        JudgeError: Criteria need a judge and there is none.
        RubricError: The rubric asks for a signal, which is held out from judges.
    """

    def __init__(
        self,
        store: Store,
        rubric: Rubric,
        judge: Judge | None,
        *,
        occasion: str = "",
        replicates: int = 1,
        budget: Budget | None = None,
        concurrency: int | None = None,
        only_failed: bool = False,
        price_of: Callable[[str], Price | None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        require_judge(rubric, judge)
        self._store = store
        self._judge = judge
        self._occasion = occasion
        self._replicates = replicates
        self._triage = Triage(rubric, judge, held_out=held_out(store))
        self._purse = Purse(budget or Budget())
        self._concurrency = concurrency
        self._only_failed = only_failed
        self._price_of = price_of
        self._on_progress = on_progress
        self._raising = Raising(judge.name if judge is not None else "code")
        self.progress = Progress()

    async def run(self, items: Iterable[Item], *, source: str, total: int | None = None) -> Scores:
        """Score every item and return the scores.

        Raises:
            CredentialsError: The endpoint refused the key.
            JudgeError: The judge's code raises the same for every request, or the endpoint
                rejects even a harmless one.
            JudgeUnavailable: The judge cannot be reached.
            StoreError: The store cannot be written.
            Exception: Whatever `items` raises.
        """
        self.progress.total = total
        writer = Writer(self._store)
        record = Record(
            self._store,
            writer,
            self._triage,
            judge=self._judge.name if self._judge else "code",
            source=source,
            occasion=self._occasion,
            replicates=self._replicates,
            total=total,
        )
        door = Door(
            StoreMemory(self._store, writer, run=record.run),
            purse=self._purse,
            concurrency=self._concurrency,
            price_of=self._price_of,
        )
        feed = Feed(
            self._store,
            writer,
            triage=self._triage,
            record=record,
            progress=self.progress,
            only_failed=self._only_failed,
        )
        status = "interrupted"
        ticker = asyncio.create_task(self._tick(door))
        try:
            failure = await self._work(iter(items), feed, door)
            writer.close()
            if self._purse.empty:
                self.progress.stopped = "budget"
            status = "failed" if failure is not None else self.progress.stopped or "done"
        except Exception:
            status = "failed"
            raise
        finally:
            ticker.cancel()
            await door.close()
            writer.flush()
            seconds, reused = self.progress.seconds, self.progress.reused
            record.end(status, door.usage, seconds=seconds, reused=reused)
            self._show(door)
        if failure is not None:
            raise failure
        return Scores(self._store, record.run)

    async def _tick(self, door: Door) -> None:
        while True:
            self._show(door)
            await asyncio.sleep(_TICK_SECONDS)

    def _show(self, door: Door) -> None:
        self.progress.usage = door.usage
        self.progress.in_flight = door.in_flight
        if self._on_progress is not None:
            self._on_progress(self.progress)

    async def _work(self, items: Iterator[Item], feed: Feed, door: Door) -> Exception | None:
        """Ask everything; return what broke, to be raised where no handler adds its context."""
        judge = self._judge
        connect = getattr(judge, "connect", None)
        if connect is not None:
            judge = connect(door)
        batch = judge.capabilities.batch if judge is not None else 1
        workers = (
            _BATCH_WORKERS
            if batch > 1
            else requests_at_once(self._judge, concurrency=self._concurrency)
        )
        queue: asyncio.Queue[list[Request] | None] = asyncio.Queue(maxsize=workers)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._worker(judge, queue, feed))
                async for requests in feed.batches(items, batch):
                    await queue.put(requests)
                for _ in range(workers):
                    await queue.put(None)
        except ExceptionGroup as errors:
            return first_of(errors)
        return None

    async def _worker(
        self, judge: Judge | None, queue: asyncio.Queue[list[Request] | None], feed: Feed
    ) -> None:
        while (requests := await queue.get()) is not None:
            if judge is None or self._purse.empty:
                feed.closed = True
                self.progress.stopped = "budget"
                for request in requests:
                    feed.left_out(request.id)
                continue
            async for name, verdict in disciplined(judge, requests):
                feed.answered(name, verdict)
                self._raising.see(verdict.findings)
            self._raising.check()


def first_of(errors: ExceptionGroup[Exception]) -> Exception:
    """Return one error of a group: of many calls that fail alike, one speaks for all."""
    ours = (error for error in errors.exceptions if isinstance(error, TrueupError))
    return next(ours, errors.exceptions[0])
