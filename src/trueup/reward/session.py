"""Session: what a scorer keeps open from batch to batch, and how a batch is asked.

It lives in one event loop. With a store it is one run there; without one nothing is written, and
nothing is remembered but the connections.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.errors import JudgeUnavailable
from trueup.judge.discipline import disciplined, unavailable
from trueup.judge.protocol import Request
from trueup.judge.revalue import revalued
from trueup.judge.verdict import Usage, Verdict, unscored
from trueup.runner.budget import Budget, Purse
from trueup.runner.door import Door
from trueup.runner.memory import NoMemory, StoreMemory
from trueup.runner.pace import requests_at_once
from trueup.runner.raising import Raising
from trueup.runner.record import Record
from trueup.runner.triage import Triage
from trueup.store.key import VerdictKey
from trueup.store.signals import held_out
from trueup.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Judge
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Rubric
    from trueup.runner.memory import Memory
    from trueup.runner.triage import Triaged
    from trueup.store.store import Store

_SOURCE = "reward"


@dataclass(slots=True)
class Answer:
    """What was found about one distinct output."""

    findings: dict[str, Finding]
    usage: Usage = field(default_factory=Usage)
    asked: bool = False
    at: float = 0.0
    """When the last of it was known, by the loop's clock."""


class Session:
    """Asks about batches of outputs.

    Args:
        rubric: What is asked.
        judge: Who answers what code cannot decide; None where code decides all.
        store: Where everything is kept; None for nowhere.

    Raises:
        RubricError: The rubric asks for a signal, which is held out from judges.
        StoreError: The store cannot be written.
    """

    def __init__(self, rubric: Rubric, judge: Judge | None, *, store: Store | None) -> None:
        self._triage = Triage(rubric, judge, held_out=None if store is None else held_out(store))
        self._store = store
        self._rubric = rubric
        name = judge.name if judge is not None else "code"
        self._writer = None if store is None else Writer(store)
        self._record = self._begun(name)
        memory: Memory = NoMemory()
        if store is not None and self._writer is not None and self._record is not None:
            memory = StoreMemory(store, self._writer, run=self._record.run)
        self._door = Door(memory, purse=Purse(Budget()))
        self._raising = Raising(name)
        connect = getattr(judge, "connect", None)
        self._judge: Judge | None = judge if connect is None else connect(self._door)
        self._slots = asyncio.Semaphore(requests_at_once(judge))
        self._began = asyncio.get_running_loop().time()

    @property
    def instruments(self) -> dict[str, str]:
        """Criterion -> what measures it, as reports name it."""
        return {column.criterion.id: column.instrument for column in self._triage.columns}

    @property
    def usage(self) -> Usage:
        """What was spent so far."""
        return self._door.usage

    async def answers(self, items: Sequence[Item], *, seconds: float) -> list[Answer]:
        """Return an answer for each item; equal outputs share one object, and are asked once.

        What is not known when the time is up is `not_attempted`, for the reason `deadline`; what
        an endpoint did not answer that is gone is `failed`, for the reason `unavailable`.

        Args:
            items: A batch.
            seconds: Until when, from now on.

        Raises:
            CredentialsError: The endpoint refused the key.
            JudgeError: The judge's code raises the same for every request, or the endpoint rejects
                even a harmless one.
            StoreError: The store cannot be written.
        """
        loop = asyncio.get_running_loop()
        start = loop.time()
        sorted_ = [self._triage.sort(item) for item in items]
        distinct = {triaged.content: triaged for triaged in sorted_}
        found = {c: Answer(dict(triaged.decided), at=start) for c, triaged in distinct.items()}
        numbers = self._remember(distinct, found)
        requests = list(self._requests(distinct, found))
        if requests:
            await self._ask(requests, found, numbers, until=start + seconds)
            self._raising.check()
        for answer in found.values():
            if len(answer.findings) < len(self._rubric.criteria):
                late = unscored("not_attempted", "deadline", f"no answer within {seconds:g} s")
                for criterion in self._rubric.criteria:
                    answer.findings.setdefault(criterion.id, late)
                answer.at = loop.time()
        return [found[triaged.content] for triaged in sorted_]

    async def close(self) -> None:
        """Close every connection, and end the run where there is one."""
        await self._door.close()
        if self._writer is not None and self._record is not None:
            self._writer.flush()
            seconds = asyncio.get_running_loop().time() - self._began
            self._record.end("done", self._door.usage, seconds=seconds, reused=0)

    def _begun(self, judge: str) -> Record | None:
        if self._store is None or self._writer is None:
            return None
        return Record(
            self._store, self._writer, self._triage, judge=judge, source=_SOURCE, occasion="",
            replicates=1, total=None,
        )  # fmt: skip

    def _remember(
        self, distinct: Mapping[bytes, Triaged], found: Mapping[bytes, Answer]
    ) -> dict[bytes, int]:
        """Take what the store knows already; return the store's numbers of contents."""
        if self._store is None or self._writer is None or self._record is None:
            return {}
        self._writer.flush()
        seen = self._record.observe(list(distinct.values()))
        numbers = {c: place.content for c, place in zip(distinct, seen, strict=True)}
        instruments = self._record.instruments
        known = self._store.verdicts({*numbers.values()}, [*instruments.values()], occasion="")
        for content, number in numbers.items():
            by_code = dict(found[content].findings)
            for criterion, instrument in instruments.items():
                old = known.get(VerdictKey(number, instrument, 0))
                if old is not None and not old.retryable:
                    by_code.pop(criterion, None)
                    now = revalued(old, self._rubric.by_id[criterion])
                    found[content].findings.setdefault(criterion, now)
            self._record.put(number, 0, by_code)
        return numbers

    def _requests(
        self, distinct: Mapping[bytes, Triaged], found: Mapping[bytes, Answer]
    ) -> list[Request]:
        requests = []
        for content, triaged in distinct.items():
            known = found[content].findings
            criteria = tuple(c.id for c in self._rubric.criteria if c.id not in known)
            if criteria:
                requests.append(
                    Request(id=content.hex(), rubric=self._rubric, criteria=criteria,
                            candidates=(triaged.item,))
                )  # fmt: skip
        return requests

    async def _ask(
        self,
        requests: Sequence[Request],
        found: Mapping[bytes, Answer],
        numbers: Mapping[bytes, int],
        *,
        until: float,
    ) -> None:
        """Ask until all is answered or time is up; nothing goes on behind the caller's back."""
        assert self._judge is not None  # noqa: S101 - code decides all where there is none
        size = max(self._judge.capabilities.batch, 1)
        work = [
            asyncio.ensure_future(self._heard(requests[at : at + size], found, numbers))
            for at in range(0, len(requests), size)
        ]
        try:
            left = until - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait(work, timeout=left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            gone = any(task.result() for task in done)
        finally:
            open_ = [task for task in work if not task.done()]
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)
        if gone:
            await self._door.reopen()

    async def _heard(
        self,
        requests: Sequence[Request],
        found: Mapping[bytes, Answer],
        numbers: Mapping[bytes, int],
    ) -> bool:
        """Take the verdicts on some requests; return whether the judge turned out to be gone."""
        assert self._judge is not None  # noqa: S101 - as in `_ask`
        left = {request.id: request for request in requests}
        async with self._slots:
            try:
                async for name, verdict in disciplined(self._judge, requests):
                    del left[name]
                    self._take(name, verdict, found, numbers)
            except JudgeUnavailable as error:
                for name, request in left.items():
                    self._take(name, unavailable(self._judge, request, error), found, numbers)
                return True
        return False

    def _take(
        self,
        name: str,
        verdict: Verdict,
        found: Mapping[bytes, Answer],
        numbers: Mapping[bytes, int],
    ) -> None:
        content = bytes.fromhex(name)
        answer = found[content]
        answer.findings.update(verdict.findings)
        answer.usage, answer.asked = verdict.usage, True
        answer.at = asyncio.get_running_loop().time()
        self._raising.see(verdict.findings)
        if self._record is not None and content in numbers:
            self._record.put(numbers[content], 0, verdict.findings, observed=verdict.observed)
