"""The calibration run: sample, judge, compare with people, append, say what moved."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.runner.calibration import history
from trueup.runner.calibration.anchors import NO_ANCHORS
from trueup.runner.calibration.catchup import behind
from trueup.runner.calibration.drifting import drifts
from trueup.runner.calibration.gate import verdict
from trueup.runner.calibration.measure import NO_LABELS, Measured, agreement, anchored, pass_rate
from trueup.runner.calibration.planned import planned
from trueup.runner.calibration.recent import Recent
from trueup.runner.calibration.result import (
    Absent,
    Calibration,
    CriterionResult,
    Opening,
    ToLabel,
)
from trueup.runner.calibration.results import criterion_result, labels_of, sampled, to_label
from trueup.runner.calibration.sitting import counted, read_sitting
from trueup.runner.calibration.surface import predicted_share
from trueup.store import ledger
from trueup.store.calls import models_of
from trueup.store.labels import labels_for
from trueup.store.splits import readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from trueup.agreement.designs import Design
    from trueup.item.model import Item
    from trueup.runner.calibration.anchors import Anchors
    from trueup.runner.calibration.result import Drift, Maybe
    from trueup.runner.calibration.sitting import Sitting
    from trueup.runner.calibration.week import Sample
    from trueup.runner.result import Scores
    from trueup.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a calibration is done."""

    week: str
    source: str = ""
    """Name of the log, where that is not what the run was given."""
    label_design: Design | None = None
    criteria: Sequence[str] = ()
    """Those to compare; none for all that a judge decides or people have labelled."""
    split: str | None = None
    """`dev` or `test`: measure on stored labels of that split, and leave the ledger alone."""
    ledger: Path | None = None
    label_next: tuple[int, int] = (20, 2)
    """Items to draw for labelling, and how many people each."""
    bars: Mapping[str, float] = field(default_factory=dict)
    yearly_rate: float = 0.05
    accepted: Sequence[str] = ()
    record: bool = True
    """Whether to add to the ledger and to draw what to label."""
    seed: int = 0
    by: str = "trueup.calibrate"


def in_one_sitting(sample: Sample, anchors: Anchors, *, seed: int) -> list[Item]:
    """Return the week's items with the anchors among them, in an order that tells nothing."""
    items = [*sample.items, *anchors.items]
    random.Random(seed).shuffle(items)  # noqa: S311 - an order, no secret
    return items


class Counted(NamedTuple):
    """One criterion of a sitting with its counts."""

    sitting: Sitting
    name: str
    entry: dict[str, Any]


class Comparison:
    """A sitting's verdicts beside people's labels.

    Args:
        store: Where verdicts, labels and the ledger are.
        scores: The sitting's run, anchors among its items.
        options: How it is done.
        sample: What was judged.
        anchors: The anchors.
    """

    def __init__(
        self,
        store: Store,
        scores: Scores,
        options: Options,
        *,
        sample: Sample,
        anchors: Anchors = NO_ANCHORS,
    ) -> None:
        self._store = store
        self._scores = scores
        self._options = options
        self._sample = sample
        self._anchors = anchors
        self._judge = scores.row["judge"]
        labelled = {label.question for label in labels_for(store, _questions(scores))}
        self._names = [
            c.id
            for c in scores.rubric.criteria
            if c.id in options.criteria
            or (not options.criteria and (c.kind != "check" or c.question in labelled))
        ]
        self._ended = scores.row["status"] == "done"

    def run(self, *, new_labels: int = 0, notes: Sequence[str] = ()) -> Calibration:
        """Compare, append to the ledger, draw what to label next, and say what moved.

        Of a run that did not end, nothing is appended and nothing drawn.

        Args:
            new_labels: How many labels came with this run.
            notes: What was odd about labels or items.
        """
        store, options = self._store, self._options
        sitting = self._sitting(self._scores, options.week, split=options.split)
        late = list(self._late(new_labels)) if self._weekly and options.record else []
        said = [*self._counted(late), *self._counted([(sitting, {n: {} for n in self._names})])]
        # of several judges or wordings in one week the last one sat: this one
        told = history.merged(store, options.ledger)
        if self._weekly:
            told += [one.entry for one in said if _tells(one.entry)]
        found = drifts(
            told,
            instruments={name: self._instrument(name) for name in self._scores.instruments},
            judge=self._judge,
            week=options.week,
            yearly=options.yearly_rate,
            accepted=options.accepted,
        )
        recent = Recent(store, self._scores, told if options.split is None else [], by=options.by)
        measured = [self._measured(one, recent, found) for one in said]
        told = self._recorded([one.entry for one in measured])
        current = [one for one in measured if one.sitting is sitting]
        results = tuple(self._result(one, told, found[one.name]) for one in current)
        gate, reasons = verdict(results, status=self._scores.row["status"])
        return Calibration(
            sitting=self._scores.row["occasion"],
            run=self._scores.run,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            rubric=self._scores.rubric.name,
            rubric_version=self._scores.rubric.version,
            judge=self._judge,
            store=store.where,
            ledger=None if options.ledger is None else str(options.ledger),
            recorded=self._weekly and options.record,
            sampled=sampled(
                sitting, source=options.source, sample=self._sample, anchors=self._anchors
            ),
            labels=labels_of(
                sitting, new=new_labels, split=options.split, notes=(*notes, *self._sample.notes)
            ),
            criteria=results,
            yearly_rate=options.yearly_rate,
            next=tuple(self._next(sitting)),
            plan=planned(results),
            openings=tuple(Opening(at=r.at, by=r.by, n=r.n) for r in readings(store, "test split")),
            gate=gate,
            reasons=reasons,
        )

    def _concerns(self, entry: Mapping[str, Any]) -> bool:
        asked = self._scores.rubric.by_id
        return entry["judge"] == self._judge and entry["criterion"] in asked

    def _instrument(self, name: str) -> str:
        return self._scores.instruments[name].hex()[:16]

    @property
    def _weekly(self) -> bool:
        """Whether this is a week that stands beside others, and none that was cut short."""
        return self._options.split is None and self._ended

    def _counted(
        self, sittings: Iterable[tuple[Sitting, Mapping[str, dict[str, Any]]]]
    ) -> Iterator[Counted]:
        """Yield criteria of sittings with their counts, and the figures that they keep."""
        for sitting, before in sittings:
            observed = frozenset(models_of(self._store, sitting.scores.run))
            for name, kept in before.items():
                entry = counted(sitting, name, observed=observed)
                yield Counted(sitting, name, {**entry, "figures": kept})

    def _late(self, new_labels: int) -> Iterator[tuple[Sitting, dict[str, dict[str, Any]]]]:
        """Yield earlier sittings that have got labels since, and what their entries keep."""
        options = self._options
        declared = options.label_design is not None and new_labels > 0
        for scores, lacking in behind(
            self._store, self._scores, week=options.week, declared=declared
        ):
            sitting = self._sitting(scores, scores.row["occasion"])
            # an earlier sitting's texts are not read again, nor are its anchors others
            yield (
                sitting,
                {
                    name: {figure: before["figures"][figure] for figure in ("surface", "anchors")}
                    for name, before in lacking.items()
                    if name in sitting.found
                },
            )

    def _sitting(self, scores: Scores, week: str, *, split: str | None = None) -> Sitting:
        options = self._options
        design = options.label_design
        return read_sitting(
            self._store, scores, week=week, design=design, split=split, by=options.by
        )

    def _measured(self, one: Counted, recent: Recent, found: Mapping[str, Drift]) -> Measured:
        sitting, name, entry = one
        part, seed = sitting.found[name], self._options.seed
        drift = found.get(name)
        since = drift.anew if drift else None
        pool = recent.pool(sitting, name, since=since)
        beside = agreement(pool, since=since)
        rate = pass_rate(part, pool, design=sitting.design, seed=seed)
        figures: dict[str, Maybe] = {"judged": rate.judge}
        figures["corrected"] = NO_LABELS if rate.carried else rate.corrected
        for figure in ("tpr", "tnr", "alpha", "people", "ceiling"):
            figures[figure] = beside if isinstance(beside, Absent) else getattr(beside, figure)
        if not entry["figures"]:
            items = {item.id: item for item in self._sample.items}
            figures["anchors"] = anchored(part, self._anchors.trusted.get(name, {}))
            figures["surface"] = predicted_share(part, items, sitting.scores.rubric, seed=seed)
        surface = figures.get("surface", NO_LABELS)
        entry = history.with_figures(entry, figures)
        return Measured(sitting, name, pool, beside, rate, surface, entry)

    def _recorded(self, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Append what is said to the ledger, and return all of it."""
        store, options = self._store, self._options
        if not self._weekly:
            return history.merged(store, options.ledger)
        new = [one for one in entries if _tells(one)]
        if options.record:
            ledger.append(store, new)
            if options.ledger is not None:
                # a file that was lost, or named late, gets what the store knows
                mine = [one for one in ledger.read(store) if self._concerns(one)]
                history.append_file(options.ledger, mine)
        current = [one for one in new if one["week"] == options.week]
        return [*history.merged(store, options.ledger), *current]

    def _result(
        self, one: Measured, told: Sequence[Mapping[str, Any]], drift: Drift
    ) -> CriterionResult:
        return criterion_result(
            self._store,
            self._scores,
            one,
            series=history.series(
                told,
                criterion=one.name,
                judge=self._judge,
                instrument=self._instrument(one.name),
            ),
            drift=drift,
            anchors=self._anchors,
            bars=self._options.bars,
        )

    def _next(self, sitting: Sitting) -> Iterator[ToLabel]:
        options = self._options
        if self._weekly and options.record:
            items, people = options.label_next
            yield from to_label(self._store, sitting, items=items, people=people, seed=options.seed)


def _tells(entry: Mapping[str, Any]) -> bool:
    """Whether anything was judged."""
    return bool(entry["judged"] or entry["anchors"])


def _questions(scores: Scores) -> list[str]:
    return [criterion.question for criterion in scores.rubric.criteria]
