"""Record: what a run writes down: its instruments, its items, its verdicts, how it ended."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.rubric.dump import to_dict
from trueup.runner.answerers import Answerers
from trueup.store.rows import finding_columns, storable
from trueup.store.store import clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.verdict import Finding, Usage
    from trueup.rubric.model import Criterion
    from trueup.runner.triage import Triage, Triaged
    from trueup.store.store import Store
    from trueup.store.writer import Writer

_KNOWN = ("product", "version", "arm", "segment", "group", "session_id", "trace_id", "purpose",
          "p_logged", "p_judged")  # fmt: skip


class Seen(NamedTuple):
    """One item of a run, as the store knows it."""

    place: int
    """From 0, in the order of the run."""
    content: int


class Record:
    """Writes one run.

    Args:
        store: Where it is kept.
        writer: Gathers its rows.
        triage: The run's rubric and columns.
        judge: The judge's name.
        source: Where the items come from.
        occasion: The sitting.
        replicates: How often each question is put.
        total: How many items there are; None where that is not known yet.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        triage: Triage,
        *,
        judge: str,
        source: str,
        occasion: str,
        replicates: int,
        total: int | None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._triage = triage
        self.occasion = occasion
        self.replicates = replicates
        self.items = 0
        self.instruments = {c.criterion.id: store.instrument(c.row()) for c in triage.columns}
        """Criterion -> the number of what measures it."""
        self.run = store.start_run(
            {
                "occasion": occasion,
                "source": storable(source),
                "judge": judge,
                "rubric": json.dumps(to_dict(triage.rubric)),
                "instruments": json.dumps({c.criterion.id: c.key.hex() for c in triage.columns}),
                "replicates": replicates,
                "n_items": total,
            }
        )
        self._answerers = Answerers(writer, self.run)

    def observe(self, chunk: Sequence[Triaged]) -> list[Seen]:
        """Write down that items were seen; return where each stands.

        Raises:
            StoreError: The store cannot be written.
        """
        rows = [
            {
                "run": self.run,
                "seq": place,
                "item_id": storable(triaged.item.id),
                "content": triaged.content,
                "known": known_of(triaged.item),
            }
            for place, triaged in enumerate(chunk, self.items)
        ]
        numbers = self._store.observe({t.content: t.body for t in chunk}, rows)
        first, self.items = self.items, self.items + len(chunk)
        return [Seen(place, numbers[t.content]) for place, t in enumerate(chunk, first)]

    def put(
        self,
        content: int,
        replicate: int,
        findings: Mapping[str, Finding],
        *,
        observed: object = None,
    ) -> None:
        """Write findings about a content, and which model gave them.

        A question that was not attempted leaves no row.

        Args:
            content: The content's number.
            replicate: Which time it was asked.
            findings: Criterion -> finding.
            observed: What the judge says of who answered, where a judge did.
        """
        if not findings:
            return
        self._answerers.saw(observed)
        at = clock()
        for column in self._triage.columns:
            criterion = column.criterion
            finding = findings.get(criterion.id)
            if finding is None or finding.outcome == "not_attempted":
                continue
            row = {
                **finding_columns(_marked(finding, criterion)),
                "content": content,
                "instrument": self.instruments[criterion.id],
                "replicate": replicate,
                "occasion": self.occasion,
                "run": self.run,
                "at": at,
            }
            self._writer.put("verdict", row)

    def end(self, status: str, usage: Usage, *, seconds: float, reused: int) -> None:
        """Write down how the run ended and what it cost."""
        cost = {
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "unmetered": usage.unmetered,
            "dollars": usage.dollars,
            "seconds": round(seconds, 3),
            "reused": reused,
        }
        self._store.end_run(self.run, status=status, cost=json.dumps(cost), n_items=self.items)


def known_of(item: Item) -> str | None:
    """Return, as JSON, what is known about an item besides its text; None where nothing is."""
    known: dict[str, Any] = {}
    for name in _KNOWN:
        value = getattr(item, name)
        if value is not None:
            known[name] = value
    if item.timestamp is not None:
        known["timestamp"] = item.timestamp.isoformat()
    return json.dumps(known) if known else None


def _marked(finding: Finding, criterion: Criterion) -> Finding:
    """Return the finding, marked where its value is more than its level's.

    A level's value is scoring and may change later without a new verdict; a mean of a panel or a
    predicted value is the verdict itself and must not be replaced by its nearest level's.
    """
    if finding.value is None or "distribution" in finding.detail:
        return finding
    if finding.level is not None and criterion.values.get(finding.level) == finding.value:
        return finding
    return replace(finding, detail={**finding.detail, "continuous": True})
