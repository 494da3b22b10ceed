"""Recent: the labelled sittings of the last weeks that measured the same thing in the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.agreement.drift.week import Count, ordinal
from trueup.runner.calibration.pool import Part, Pool
from trueup.runner.calibration.sitting import read_sitting
from trueup.runner.labelling.shown import runs_of
from trueup.runner.result import Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.runner.calibration.gather import Gathered
    from trueup.runner.calibration.sitting import Sitting
    from trueup.store.store import Store

WEEKS = 13
"""A quarter: long enough for 20 labels a week to tell something, short enough to be today's."""


class _Key(NamedTuple):
    question: str
    instrument: str


class Recent:
    """Labelled sittings by week, each read once.

    Args:
        store: Where runs and labels are.
        scores: Today's run; sittings of its rubric and judge count.
        entries: The ledger, this sitting's entries included.
        by: Who asks.
    """

    def __init__(
        self, store: Store, scores: Scores, entries: Iterable[Mapping[str, Any]], *, by: str
    ) -> None:
        self._store = store
        self._by = by
        self._runs = sittings(store, scores)
        self._read: dict[int, Sitting] = {}
        self._entries: dict[_Key, dict[str, Mapping[str, Any]]] = {}
        for one in entries:
            if one["judge"] == scores.row["judge"]:
                weeks = self._entries.setdefault(_Key(one["question"], one["instrument"]), {})
                weeks[one["week"]] = one

    def pool(self, sitting: Sitting, name: str, *, since: str | None) -> Pool:
        """Return a criterion's labelled items of a week and of those before it.

        Args:
            sitting: The week.
            name: The criterion.
            since: No week before this one counts, for something has changed then.
        """
        found = sitting.found[name]
        key = _Key(found.criterion.question, sitting.scores.instruments[name].hex()[:16])
        last = ordinal(sitting.week)
        first = last - 7 * (WEEKS - 1)
        if since is not None and ordinal(since) <= last:
            first = max(first, ordinal(since))
        earlier = sorted(
            week
            for week, one in self._entries.get(key, {}).items()
            if first <= ordinal(week) < last
            and one.get("n_labels")
            and (week, key.instrument) in self._runs
        )
        parts = [self._part(self._entries[key][week]) for week in earlier]
        return Pool(found.criterion, [*(part for part in parts if part), part_of(sitting, name)])

    def _part(self, entry: Mapping[str, Any]) -> Part | None:
        told = entry.get("design") or None
        run = self._runs[entry["week"], entry["instrument"]]
        if run not in self._read:
            self._read[run] = read_sitting(
                self._store,
                Scores(self._store, run),
                week=entry["week"],
                design=None if told == "drawn" else told,
                split=None,
                by=self._by,
                labelled_only=True,
            )
        sitting = self._read[run]
        for name, found in sitting.found.items():
            if found.criterion.question == entry["question"]:
                met, of = (sum(count[at] for count in entry["judged"].values()) for at in (0, 1))
                return part_of(sitting, name, judged=Count(met, of))
        return None


def sittings(store: Store, scores: Scores) -> dict[tuple[str, str], int]:
    """Return (occasion, instrument) -> the last run of this rubric and judge that ended."""
    mine, judge = runs_of(store, scores.rubric), scores.row["judge"]
    return {
        (row["occasion"], key[:16]): row["id"]
        for row in store.runs()
        if row["id"] in mine and row["judge"] == judge and row["status"] == "done"
        for key in json.loads(row["instruments"]).values()
    }


def part_of(sitting: Sitting, name: str, *, judged: Count | None = None) -> Part:
    """Return one sitting's labelled items of a criterion.

    Args:
        sitting: The sitting.
        name: The criterion.
        judged: How many of its items the judge calls met, where the sitting was not read whole.
    """
    found = sitting.found[name]
    answered = [one for one in found.labelled if one.answers]
    met, of = _judged(found) if judged is None else judged
    return Part(
        sitting=sitting.week,
        pairs=[one for one in answered if one.finding.value is not None],
        answered=len(answered),
        design=sitting.design,
        share=met / of if of else 0.0,
        judged=of,
    )


def _judged(found: Gathered) -> Count:
    judged = [found.met(value) for value in found.production.values if value is not None]
    return Count(sum(judged), len(judged))
