"""Gather: a sitting's verdicts beside people's labels, as one table a criterion."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.model import standing
from trueup.label.target import level_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from trueup.judge.verdict import Finding
    from trueup.label.model import Design, Label
    from trueup.rubric.model import Criterion
    from trueup.runner.result import Judged, Scores

_HALF = 0.5


@dataclass(slots=True)
class Items:
    """The items of the week, anchors apart; a row an item."""

    ids: list[str] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    """What the whole rubric comes to, in [0, 1]; NaN where an item has no score."""

    def add(self, judged: Judged, score: float | None) -> None:
        """Add an item."""
        self.ids.append(judged.item_id)
        self.groups.append(judged.known.get("group"))
        self.segments.append(str(judged.known.get("segment") or ""))
        self.scores.append(math.nan if score is None else score)

    @property
    def cluster(self) -> list[str | None] | None:
        """Each item's group; None where no item has one, so that each stands for itself."""
        return self.groups if any(group is not None for group in self.groups) else None


@dataclass(slots=True)
class Production:
    """One criterion's verdicts on the items of the week; rows as those of `items`."""

    items: Items
    values: list[float | None] = field(default_factory=list)
    """The judge's value in [0, 1]; None where it gave none."""
    outcomes: Counter[str] = field(default_factory=Counter)


class Labelled(NamedTuple):
    """One judged item with what people said of it, blind to the judge's answer."""

    item_id: str
    group: str | None
    sitting: str
    """In which it was judged."""
    finding: Finding
    content: int
    answers: Mapping[str, str]
    """Annotator -> level; those who gave none are not in it."""
    probability: float | None
    """With which it was drawn to be labelled."""
    design: Design | None
    """How it was chosen, as its labels say."""


@dataclass(slots=True, kw_only=True)
class Gathered:
    """One criterion in one sitting."""

    criterion: Criterion
    sitting: str
    production: Production
    labelled: list[Labelled] = field(default_factory=list)
    people: dict[str, set[str]] = field(default_factory=dict)
    """Item -> who has given a level, blind or not."""
    asked: dict[str, int] = field(default_factory=dict)
    """Item -> how many people have answered, also that they cannot tell."""
    in_sight: int = 0
    """Labels that were given with the judge's answer in sight, or filled in, and do not count."""
    anchors: dict[str, Finding] = field(default_factory=dict)
    """Anchor -> this sitting's finding."""

    def said(self, items: Container[str] | None = None) -> list[tuple[str, str]]:
        """Return each label's item and level, of some items or of all."""
        return [
            (one.item_id, level)
            for one in self.labelled
            if items is None or one.item_id in items
            for level in one.answers.values()
        ]

    def met(self, value: float) -> bool:
        """Return whether a value counts as met."""
        return counts_as_met(self.criterion, value)

    def add(self, judged: Judged, given: Sequence[Label], *, drawn: float | None) -> None:
        """Add the labels of an item."""
        blind = [label for label in given if not in_sight(label)]
        self.in_sight += len(given) - len(blind)
        self.people[judged.item_id] = set(_levels(given, self.criterion))
        self.asked[judged.item_id] = len(given)
        if blind:
            self.labelled.append(
                Labelled(
                    item_id=judged.item_id,
                    group=judged.known.get("group"),
                    sitting=self.sitting,
                    finding=judged.findings[self.criterion.id, 0],
                    content=judged.content,
                    answers=_levels(blind, self.criterion),
                    probability=drawn or blind[0].probability,
                    design=blind[0].design,
                )
            )


def counts_as_met(criterion: Criterion, value: float) -> bool:
    """Return whether a value counts as met: by a gate's own bar, else from half of the way on."""
    return value >= (_HALF if criterion.gate is None else criterion.bar)


def in_sight(label: Label) -> bool:
    """Return whether a label was given with the judge's answer in sight, or filled in before.

    Such a label agrees with the judge more than the person would have, so it measures nothing.
    """
    return bool(label.saw_judge or label.prelabelled)


def gather(
    scores: Scores,
    labels: Iterable[Label],
    *,
    sitting: str,
    probabilities: Mapping[str, float],
    labelled_only: bool = False,
) -> dict[str, Gathered]:
    """Return criterion -> its verdicts and labels, in one pass over a run.

    Args:
        scores: The sitting's run.
        labels: Labels of today's questions; which of them stand is found here.
        sitting: Its name.
        probabilities: Item id -> chance of being drawn to be labelled, where a draw was made.
        labelled_only: Whether to read the labelled items alone, and no anchors.
    """
    items = Items()
    found = {
        c.id: Gathered(criterion=c, sitting=sitting, production=Production(items))
        for c in scores.rubric.criteria
    }
    answers = _answers(labels, scores)
    ids = {item_id for _, item_id in answers} if labelled_only else None
    for judged in scores.judged(ids):
        if judged.known.get("purpose") == "probe":
            for name, part in found.items():
                part.anchors[judged.item_id] = judged.findings[name, 0]
            continue
        score, _ = scores.score_of(judged)
        items.add(judged, score.value)
        for name, part in found.items():
            finding = judged.findings[name, 0]
            part.production.values.append(finding.value)
            part.production.outcomes[finding.outcome] += 1
            given = answers.get((name, judged.item_id))
            if given:
                part.add(judged, given, drawn=probabilities.get(judged.item_id))
    return found


def _answers(labels: Iterable[Label], scores: Scores) -> dict[tuple[str, str], list[Label]]:
    asked = {criterion.question: criterion.id for criterion in scores.rubric.criteria}
    found: dict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in standing(labels):
        name = asked.get(label.question or "")
        if name is not None and label.unit_kind == "item":
            found[name, label.item_id].append(label)
    return found


def _levels(labels: Sequence[Label], criterion: Criterion) -> dict[str, str]:
    """Return who said which level; people without a name count as one each."""
    levels = {}
    for number, label in enumerate(labels):
        level = level_of(label.value, criterion)
        if level is not None:
            levels[label.annotator or f"#{number + 1}"] = level
    return levels
