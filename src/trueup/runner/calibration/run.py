"""The calibration run: sample, judge, compare with people, append, say what moved."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trueup.runner.calibration import history
from trueup.runner.calibration.anchors import NO_ANCHORS
from trueup.runner.calibration.catchup import behind
from trueup.runner.calibration.disagreements import disagreements
from trueup.runner.calibration.drifting import drifts
from trueup.runner.calibration.gate import missed_bars, open_bars, verdict
from trueup.runner.calibration.measure import curve
from trueup.runner.calibration.next import draw_next
from trueup.runner.calibration.planned import planned
from trueup.runner.calibration.result import (
    Calibration,
    CriterionResult,
    Drift,
    Labels,
    Opening,
    Sampled,
    ToLabel,
)
from trueup.runner.calibration.sitting import Measured, measure, read_sitting
from trueup.runner.calibration.surface import predicted_share
from trueup.runner.labelling.flips import flips
from trueup.store import ledger
from trueup.store.calls import models_of
from trueup.store.labels import labels_for, labels_of_criterion
from trueup.store.splits import readings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from trueup.agreement.designs import Design
    from trueup.item.model import Item
    from trueup.runner.calibration.anchors import Anchors
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
    seed: int = 0
    by: str = "trueup.calibrate"


def in_one_sitting(sample: Sample, anchors: Anchors, *, seed: int) -> list[Item]:
    """Return the week's items with the anchors among them, in an order that tells nothing."""
    items = [*sample.items, *anchors.items]
    random.Random(seed).shuffle(items)  # noqa: S311 - an order, no secret
    return items


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
        items = {item.id: item for item in self._sample.items}
        measured = {name: self._measure(sitting, name, items) for name in self._names}
        told = self._told([one.entry for one in measured.values()], new_labels)
        found = drifts(
            told,
            criteria=self._names,
            judge=self._judge,
            week=options.week,
            yearly=options.yearly_rate,
            accepted=options.accepted,
        )
        results = tuple(
            self._result(sitting, name, one, told, found[name]) for name, one in measured.items()
        )
        gate, reasons = verdict(results, options.bars, status=self._scores.row["status"])
        return Calibration(
            sitting=self._scores.row["occasion"],
            run=self._scores.run,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            rubric=self._scores.rubric.name,
            rubric_version=self._scores.rubric.version,
            judge=self._judge,
            store=store.where,
            ledger=None if options.ledger is None else str(options.ledger),
            sampled=self._sampled(sitting),
            labels=self._labels(sitting, new_labels, (*notes, *self._sample.notes)),
            criteria=results,
            yearly_rate=options.yearly_rate,
            next=tuple(self._next(sitting)),
            plan=planned(results),
            openings=tuple(Opening(at=r.at, by=r.by, n=r.n) for r in readings(store, "test split")),
            gate=gate,
            reasons=reasons,
        )

    def _told(self, entries: Sequence[dict[str, Any]], new_labels: int) -> list[dict[str, Any]]:
        """Append what this sitting says to the ledger, and return all of it."""
        store, options = self._store, self._options
        if options.split is not None or not self._ended:
            return history.merged(store, options.ledger)
        said = [one for one in entries if one["judged"] or one["anchors"]]
        new = [*self._caught_up(new_labels), *said]
        ledger.append(store, new)
        if options.ledger is not None:
            history.append_file(options.ledger, new)
        # of several judges or wordings in one week the last one sat: this one
        return [*history.merged(store, options.ledger), *said]

    def _sitting(self, scores: Scores, week: str, *, split: str | None = None) -> Sitting:
        options = self._options
        design = options.label_design
        return read_sitting(
            self._store, scores, week=week, design=design, split=split, by=options.by
        )

    def _measure(self, sitting: Sitting, name: str, items: Mapping[str, Item]) -> Measured:
        rubric, seed = sitting.scores.rubric, self._options.seed
        return measure(
            sitting,
            name,
            trusted=self._anchors.trusted.get(name, {}),
            surface=predicted_share(sitting.found[name], items, rubric, seed=seed),
            observed=frozenset(models_of(self._store, sitting.scores.run)),
            seed=seed,
        )

    def _caught_up(self, new_labels: int) -> Iterator[dict[str, Any]]:
        """Yield anew the entries of earlier sittings that have got labels since."""
        options = self._options
        declared = options.label_design is not None and new_labels > 0
        for scores, lacking in behind(
            self._store, self._scores, week=options.week, declared=declared
        ):
            sitting = self._sitting(scores, scores.row["occasion"])
            for name, before in lacking.items():
                if name in sitting.found:
                    entry = self._measure(sitting, name, {}).entry
                    # an earlier sitting's texts are not read again, nor are its anchors others
                    for figure in ("surface", "anchors"):
                        entry["figures"][figure] = before["figures"][figure]
                    yield entry

    def _result(
        self,
        sitting: Sitting,
        name: str,
        one: Measured,
        told: Sequence[Mapping[str, Any]],
        drift: Drift,
    ) -> CriterionResult:
        criterion = self._scores.rubric.by_id[name]
        key = self._scores.instruments[name]
        old = labels_of_criterion(self._store, name, but=criterion.question)
        changed = flips([*old, *labels_for(self._store, [criterion.question])], [criterion])
        series = history.series(told, criterion=name, judge=self._judge)
        return CriterionResult(
            id=name,
            ask=criterion.ask,
            kind=criterion.kind,
            penalty=criterion.penalty,
            gate=criterion.gate is not None,
            question=criterion.question,
            judge=self._scores.judges[key],
            instrument=key.hex()[:16],
            observed=tuple(one.entry["observed"]),
            agreement=one.agreement,
            pass_rate=one.pass_rate,
            curve=curve(sitting.found[name]),
            surface=history.point_from(one.entry).surface,
            disagreements=tuple(disagreements(self._store, sitting.found[name])),
            weeks=tuple(history.point_from(row) for row in series),
            drift=drift,
            stale=len(old) + self._anchors.stale.get(name, 0),
            flipped=tuple(dict.fromkeys(f.item_id for found in changed for f in found.flips)),
            bars=missed_bars(one.agreement, self._options.bars),
            open_bars=open_bars(one.agreement, self._options.bars),
        )

    def _next(self, sitting: Sitting) -> Iterator[ToLabel]:
        if self._options.split is not None or not self._ended:
            return
        items, people = self._options.label_next
        for one in draw_next(
            self._store,
            self._scores,
            next(iter(sitting.found.values())).production.items,
            week=self._options.week,
            items=items,
            people=people,
            labelled=sitting.people,
            seed=self._options.seed,
        ):
            if len(sitting.people.get(one.item_id, ())) < one.people:
                yield ToLabel(
                    item_id=one.item_id, probability=one.probability, people=one.people, why=one.why
                )

    def _sampled(self, sitting: Sitting) -> Sampled:
        outcomes: dict[str, int] = {}
        for part in sitting.found.values():
            for outcome, count in part.production.outcomes.items():
                outcomes[outcome] = outcomes.get(outcome, 0) + count
        return Sampled(
            source=self._options.source or self._scores.row["source"],
            n=self._sample.seen,
            n_scored=len(self._sample.items),
            n_anchors=len(self._anchors.items),
            outcomes=outcomes,
            cost=self._scores.cost,
        )

    def _labels(self, sitting: Sitting, new: int, notes: Sequence[str]) -> Labels:
        answers = [(part.id_of(one), who)
                   for part in sitting.found.values() for one in part.labelled
                   for who in one.answers]  # fmt: skip
        return Labels(
            n=len(answers),
            n_new=new,
            n_items=len({item for item, _ in answers}),
            annotators=tuple(sorted({who for _, who in answers if not who.startswith("#")})),
            design=sitting.design or "unknown",
            split=self._options.split,
            notes=tuple(notes),
        )


def _questions(scores: Scores) -> list[str]:
    return [criterion.question for criterion in scores.rubric.criteria]
