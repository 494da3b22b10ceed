"""Results: what a comparison has found, as the plain data of a calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.runner.calibration import history
from trueup.runner.calibration.bridged import bridged
from trueup.runner.calibration.disagreements import disagreements
from trueup.runner.calibration.gate import missed_bars, open_bars
from trueup.runner.calibration.measure import curve
from trueup.runner.calibration.next import draw_next
from trueup.runner.calibration.result import AnchorMoved, CriterionResult, Labels, Sampled, ToLabel
from trueup.runner.labelling.flips import flips
from trueup.store.labels import labels_for, labels_of_criterion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trueup.runner.calibration.anchors import Anchors
    from trueup.runner.calibration.measure import Measured
    from trueup.runner.calibration.result import Drift
    from trueup.runner.calibration.sitting import Sitting
    from trueup.runner.calibration.week import Sample
    from trueup.runner.result import Scores
    from trueup.store.store import Store


def criterion_result(
    store: Store,
    scores: Scores,
    one: Measured,
    *,
    series: Sequence[Mapping[str, Any]],
    drift: Drift,
    anchors: Anchors,
    bars: Mapping[str, float],
) -> CriterionResult:
    """Return everything about one criterion.

    Args:
        store: Where labels and texts are.
        scores: This sitting's run.
        one: Its figures.
        series: Its entries of the ledger, by week.
        drift: Whether it has moved.
        anchors: The anchors.
        bars: What it has to reach.
    """
    criterion = scores.rubric.by_id[one.name]
    key = scores.instruments[one.name]
    old = labels_of_criterion(store, one.name, but=criterion.question)
    changed = flips([*old, *labels_for(store, [criterion.question])], [criterion])
    return CriterionResult(
        id=one.name,
        ask=criterion.ask,
        kind=criterion.kind,
        penalty=criterion.penalty,
        gate=criterion.gate is not None,
        question=criterion.question,
        judge=scores.judges[key],
        instrument=key.hex()[:16],
        observed=tuple(one.entry["observed"]),
        agreement=one.agreement,
        pass_rate=one.pass_rate,
        curve=curve(one.pool),
        surface=one.surface,
        disagreements=tuple(disagreements(store, one.pool)),
        anchors_moved=tuple(moved_anchors(one, series, anchors)),
        bridged=bridged(series, one.entry),
        weeks=tuple(history.point_from(row) for row in series),
        drift=drift,
        stale=len(old) + anchors.stale.get(one.name, 0),
        flipped=tuple(dict.fromkeys(f.item_id for found in changed for f in found.flips)),
        bars=missed_bars(one.agreement, bars),
        open_bars=open_bars(one.agreement, bars),
    )


def moved_anchors(
    one: Measured, series: Sequence[Mapping[str, Any]], anchors: Anchors
) -> Iterator[AnchorMoved]:
    """Yield the anchors on which the judge says something else than it mostly did before.

    Before: in earlier weeks of the same question and instrument.
    """
    now, trusted = one.entry, anchors.trusted.get(one.name, {})
    same = ("question", "instrument")
    before = [row["anchors"] for row in series
              if row["week"] < now["week"] and all(row[n] == now[n] for n in same)]  # fmt: skip
    for name, met in now["anchors"].items():
        said = [row[name] for row in before if name in row]
        if said and 2 * abs(sum(said) - met * len(said)) > len(said):
            yield AnchorMoved(
                item_id=name,
                now="met" if met else "unmet",
                before="unmet" if met else "met",
                weeks=len(said),
                trusted=trusted.get(name),
            )


def to_label(
    store: Store, sitting: Sitting, *, items: int, people: int, seed: int
) -> Iterator[ToLabel]:
    """Yield what is to be labelled next: what was drawn and too few people have labelled.

    Args:
        store: Where draws are kept.
        sitting: The week.
        items: How many to draw, where that was not done before.
        people: How many people are to label each.
        seed: Of the draw.
    """
    parts = [part for part in sitting.found.values() if part.criterion.kind != "check"]
    for one in draw_next(
        store,
        sitting.scores,
        next(iter(sitting.found.values())).production.items,
        week=sitting.week,
        items=items,
        people=people,
        labelled=sitting.people,
        seed=seed,
    ):
        if any(part.asked.get(one.item_id, 0) < one.people for part in parts):
            yield ToLabel(
                item_id=one.item_id, probability=one.probability, people=one.people, why=one.why
            )


def sampled(sitting: Sitting, *, source: str, sample: Sample, anchors: Anchors) -> Sampled:
    """Return what was scored."""
    outcomes: dict[str, int] = {}
    for part in sitting.found.values():
        for outcome, count in part.production.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    return Sampled(
        source=source or sitting.scores.row["source"],
        n=sample.seen,
        n_scored=len(sample.items),
        n_anchors=len(anchors.items),
        outcomes=outcomes,
        cost=sitting.scores.cost,
    )


def labels_of(sitting: Sitting, *, new: int, split: str | None, notes: Sequence[str]) -> Labels:
    """Return what people said of a sitting's own items."""
    parts = sitting.found.values()
    answers = [(one.item_id, who) for part in parts for one in part.labelled for who in one.answers]
    seen = sum(part.in_sight for part in parts)
    if sitting.drawn and (rest := len(sitting.drawn) - len({item for item, _ in answers})) > 0:
        have = "has" if rest == 1 else "have"
        drawn = f"{rest:,} of the {len(sitting.drawn):,} items drawn {have} no label yet"
        notes = [*notes, f"{drawn}: figures are those of the others, which chance did not choose."]
    if (apart := sitting.kept_apart) and split is None:
        have = "1 labelled item is" if apart == 1 else f"{apart:,} labelled items are"
        notes = [*notes, f"{have} in the train split, for judges to learn from, and measure none."]
    if seen:
        many = "1 label was" if seen == 1 else f"{seen:,} labels were"
        how = "given with the judge's answer in sight, or filled in before"
        notes = [*notes, f"{many} {how}, and left out."]
    return Labels(
        n=len(answers),
        n_new=new,
        n_items=len({item for item, _ in answers}),
        annotators=tuple(sorted({who for _, who in answers if not who.startswith("#")})),
        design=sitting.design or "unknown",
        split=split,
        notes=tuple(notes),
    )
