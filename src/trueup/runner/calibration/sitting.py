"""Sitting: one week's run with its labels, and what it comes to as counts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.agreement.drift.week import Count, Labelled, Week, labelled_from
from trueup.runner.calibration.gather import gather
from trueup.runner.calibration.history import entry, mark
from trueup.runner.calibration.next import draw_name
from trueup.runner.calibration.table import Table
from trueup.store.draws import draws
from trueup.store.labels import labels_for, open_test_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.agreement.designs import Design
    from trueup.label.model import Label
    from trueup.runner.calibration.gather import Gathered
    from trueup.runner.result import Scores
    from trueup.store.store import Store

_PAIR = 2


class Sitting(NamedTuple):
    """One week's verdicts and labels."""

    week: str
    scores: Scores
    found: Mapping[str, Gathered]
    design: Design | None
    """How the labelled items were chosen; None where nobody has said."""
    drawn: Collection[str]
    """Items that a draw has chosen, where it is their labels that count; else none."""
    marks: Mapping[str, str]
    """Criterion -> `mark` of the labels of drawn items; of all, where none of those has any."""
    people: Mapping[str, set[str]]
    """Item -> who has labelled it, whether or not that counts here."""
    kept_apart: int
    """Items whose labels judges may learn from, so that they measure none."""


def read_sitting(
    store: Store,
    scores: Scores,
    *,
    week: str,
    design: Design | None,
    split: str | None,
    by: str,
    labelled_only: bool = False,
) -> Sitting:
    """Return a sitting with the labels that measure it.

    Where items were drawn to be labelled and some of them are, those labels count and no others,
    for their chances are known; unless more items have labels of a design that is declared.
    Otherwise every label counts that is in no other split than asked for.

    Args:
        store: Where labels and draws are.
        scores: The sitting's run.
        week: Its name.
        design: How items were chosen, where no draw says so; None for what the labels say.
        split: `test` or `dev` for the labels of that split alone.
        by: Who asks, for the log of who read the test split.
        labelled_only: Whether to read the labelled items alone, and no anchors.
    """
    questions = [criterion.question for criterion in scores.rubric.criteria]
    held = draws(store, draw_name(week, scores.rubric)) if split is None else []
    drawn = {one.item_id: one.probability for one in held}
    apart: set[str] = set()
    if split == "test":
        labels = open_test_labels(store, questions, by=by)
    else:
        known = labels_for(store, questions)
        labels = [lb for lb in known if lb.item_id in drawn or _counts(lb, split)]
        apart = {lb.item_id for lb in known if lb.split == "train"} - drawn.keys()
    found = gather(scores, labels, sitting=week, probabilities=drawn, labelled_only=labelled_only)
    people = _people(found)
    fresh = sum(item in drawn for item in people)
    marks = {name: mark(part.said(drawn if fresh else None)) for name, part in found.items()}
    others = len(people) - fresh
    by_draw = bool(fresh) and not (design and others > fresh)
    if by_draw:
        design = "stratified"
        _leave(found, [item for item in people if item not in drawn])
    else:
        _leave(found, drawn)
    return Sitting(
        week=week,
        scores=scores,
        found=found,
        design=design or _told(found),
        drawn=drawn if by_draw else (),
        marks=marks,
        people=people,
        kept_apart=_seen(found, apart),
    )


def counted(sitting: Sitting, name: str, *, observed: frozenset[str]) -> dict[str, Any]:
    """Return one criterion's entry for the ledger: its counts, and no figures yet."""
    found = sitting.found[name]
    scores = sitting.scores
    week = Week(
        week=sitting.week,
        question=found.criterion.question,
        instrument=scores.instruments[name].hex()[:16],
        observed=observed,
        judged=_judged(found),
        labelled=_labelled(found),
        overlap=_overlap(found),
        anchors={
            anchor: found.met(finding.value)
            for anchor, finding in found.anchors.items()
            if finding.value is not None
        },
    )
    return entry(
        week,
        criterion=name,
        judge=scores.row["judge"],
        n_labels=len(found.said()),
        design="drawn" if sitting.drawn else sitting.design or "",
        labels=sitting.marks[name],
    )


def _people(found: Mapping[str, Gathered]) -> dict[str, set[str]]:
    """Return item -> who has labelled it on some criterion."""
    people: dict[str, set[str]] = defaultdict(set)
    for part in found.values():
        for item, names in part.people.items():
            if names:
                people[item] |= names
    return dict(people)


def _seen(found: Mapping[str, Gathered], items: Collection[str]) -> int:
    """Return how many of these items the sitting has judged."""
    ids = next(iter(found.values())).production.items.ids
    return len(set(ids) & set(items))


def _leave(found: Mapping[str, Gathered], items: Collection[str]) -> None:
    """Leave the labels of these items out."""
    gone = set(items)
    for part in found.values():
        part.labelled = [one for one in part.labelled if one.item_id not in gone]


def _told(found: Mapping[str, Gathered]) -> Design | None:
    """Return how the labelled items were chosen, where all their labels say the same."""
    designs = {one.design for part in found.values() for one in part.labelled}
    return designs.pop() if len(designs) == 1 else None


def _counts(label: Label, split: str | None) -> bool:
    return label.split == split if split else label.split != "train"


def _judged(found: Gathered) -> dict[str, Count]:
    counts: dict[str, list[int]] = {}
    made = found.production
    for segment, value in zip(made.items.segments, made.values, strict=True):
        if value is not None:
            count = counts.setdefault(segment, [0, 0])
            count[0] += found.met(value)
            count[1] += 1
    return {segment: Count(*count) for segment, count in counts.items()}


def _labelled(found: Gathered) -> Labelled:
    """Count the items on which the people who labelled them say the same."""
    pairs = [one for one in found.labelled if one.answers and one.finding.value is not None]
    if not pairs:
        return Labelled()
    table = Table(found.criterion, pairs)
    same = (table.truth == 0) | (table.truth == 1)
    chances = None if table.chances is None else table.chances[same]
    return labelled_from(table.judged[same], table.truth[same], probabilities=chances)


def _overlap(found: Gathered) -> Count:
    """Count the items that several people labelled, and those on which they said the same."""
    several = [
        {found.met(found.criterion.values[level]) for level in one.answers.values()}
        for one in found.labelled
        if len(one.answers) >= _PAIR
    ]
    return Count(sum(len(said) == 1 for said in several), len(several))
