"""Feed: items in, requests out, a few hundred at a time; what is known is left alone."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from trueup.judge.protocol import Request
from trueup.store.key import VerdictKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.verdict import Finding, Verdict
    from trueup.runner.progress import Progress
    from trueup.runner.record import Record
    from trueup.runner.triage import Triage, Triaged
    from trueup.store.store import Store
    from trueup.store.writer import Writer

_CHUNK = 256


class Open(NamedTuple):
    """What one request was sent for."""

    content: int
    replicate: int
    keys: Mapping[str, VerdictKey]
    """Criterion -> its verdict's key, for what was asked."""


class Feed:
    """Turns items into the requests that are still open.

    Args:
        store: Where known verdicts are looked up.
        writer: Flushed before every look-up, so that it finds what this run has found.
        triage: Sorts items.
        record: Writes down what was seen and decided by code.
        progress: Kept up to date.
        only_failed: Leave alone what was never asked before.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        *,
        triage: Triage,
        record: Record,
        progress: Progress,
        only_failed: bool = False,
    ) -> None:
        self._store = store
        self._writer = writer
        self._triage = triage
        self._record = record
        self._progress = progress
        self._only_failed = only_failed
        self._flying: set[VerdictKey] = set()
        self._open: dict[str, Open] = {}
        self.closed = False
        """Whether nothing more is to be asked; items are still seen and counted."""

    async def batches(self, items: Iterator[Item], size: int) -> AsyncIterator[list[Request]]:
        """Yield requests in lists of at most `size`."""
        batch: list[Request] = []
        while chunk := list(islice(items, _CHUNK)):
            self._writer.flush()
            for request in self._missing([self._triage.sort(item) for item in chunk]):
                batch.append(request)
                if len(batch) >= size:
                    yield batch
                    batch = []
            await asyncio.sleep(0)
        if batch:
            yield batch

    def answered(self, name: str, verdict: Verdict) -> None:
        """Take the verdict on a request."""
        sent, findings = self._open.pop(name), verdict.findings
        self._record.put(sent.content, sent.replicate, findings, observed=verdict.observed)
        self._flying.difference_update(sent.keys.values())
        for criterion in sent.keys:
            self._progress.outcomes[findings[criterion].outcome] += 1
        self._progress.items += sent.replicate == 0
        self._progress.asked += sent.replicate == 0

    def left_out(self, name: str) -> None:
        """Take note that a request will not be asked."""
        sent = self._open.pop(name)
        self._flying.difference_update(sent.keys.values())
        self._progress.outcomes["not_attempted"] += len(sent.keys)

    def _missing(self, chunk: Sequence[Triaged]) -> Iterator[Request]:
        record, instruments = self._record, self._record.instruments
        seen = record.observe(chunk)
        known = self._store.verdicts(
            {content for _, content in seen}, [*instruments.values()], occasion=record.occasion
        )
        for triaged, (place, content) in zip(chunk, seen, strict=True):
            self._progress.items += 1
            for replicate in range(record.replicates):
                keys = {c: VerdictKey(content, n, replicate) for c, n in instruments.items()}
                asked = self._undecided(triaged, keys, known)
                if asked and not self.closed:
                    self._progress.items -= replicate == 0
                    name = f"{place}/{replicate}"
                    self._open[name] = Open(content, replicate, asked)
                    self._flying.update(asked.values())
                    yield self._request(triaged, name, replicate, asked)
                elif asked:
                    self._progress.outcomes["not_attempted"] += len(asked)

    def _undecided(
        self,
        triaged: Triaged,
        keys: Mapping[str, VerdictKey],
        known: Mapping[VerdictKey, Finding],
    ) -> dict[str, VerdictKey]:
        """Return the criteria that a judge has to be asked, after writing what code decided."""
        asked: dict[str, VerdictKey] = {}
        outcomes = self._progress.outcomes
        for criterion, key in keys.items():
            found = known.get(key)
            if found is not None and not found.retryable:
                self._progress.reused += 1
                outcomes[found.outcome] += 1
            elif criterion in triaged.decided:
                decided = triaged.decided[criterion]
                outcomes[decided.outcome] += 1
                self._record.put(key.content, key.replicate, {criterion: decided})
            elif key not in self._flying and not (found is None and self._only_failed):
                asked[criterion] = key  # what is in flight is an equal text's, and serves both
        return asked

    def _request(
        self, triaged: Triaged, name: str, replicate: int, asked: Mapping[str, VerdictKey]
    ) -> Request:
        return Request(
            id=name,
            rubric=self._triage.rubric,
            criteria=tuple(asked),
            candidates=(triaged.item,),
            replicate=replicate,
            occasion=self._record.occasion,
        )
