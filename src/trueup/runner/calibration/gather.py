"""Gather: a sitting's verdicts beside people's labels, as one table a criterion."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.model import standing
from trueup.label.target import level_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

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

    def add(self, judged: Judged, score: float | None) -> int:
        """Add an item and return its row."""
        self.ids.append(judged.item_id)
        self.groups.append(judged.known.get("group"))
        self.segments.append(str(judged.known.get("segment") or ""))
        self.scores.append(math.nan if score is None else score)
        return len(self.ids) - 1

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
    """One item of the week with what people said of it."""

    row: int
    """Its place in `Production`."""
    finding: Finding
    content: int
    answers: Mapping[str, str]
    """Annotator -> level; those who gave none are not in it."""
    probability: float | None
    """With which it was drawn to be labelled."""
    design: Design | None
    """How it was chosen, as its labels say."""
    blind: bool
    """Whether nobody had seen the judge's answer, or found one filled in."""


@dataclass(slots=True, kw_only=True)
class Gathered:
    """One criterion in one sitting."""

    criterion: Criterion
    production: Production
    labelled: list[Labelled] = field(default_factory=list)
    anchors: dict[str, Finding] = field(default_factory=dict)
    """Anchor -> this sitting's finding."""
    observed: set[str] = field(default_factory=set)
    """Models that answered, as the endpoint says."""

    def id_of(self, one: Labelled) -> str:
        """Return a labelled item's id."""
        return self.production.items.ids[one.row]

    def said(self, items: Container[str] | None = None) -> list[tuple[str, str]]:
        """Return each label's item and level, of some items or of all."""
        return [
            (self.id_of(one), level)
            for one in self.labelled
            if items is None or self.id_of(one) in items
            for level in one.answers.values()
        ]

    def met(self, value: float) -> bool:
        """Return whether a value counts as met: a gate's own bar, else half of the way."""
        if self.criterion.gate is not None:
            return value >= self.criterion.bar
        return value >= _HALF


def gather(
    scores: Scores, labels: Iterable[Label], *, probabilities: Mapping[str, float]
) -> dict[str, Gathered]:
    """Return criterion -> its verdicts and labels, in one pass over a run.

    Args:
        scores: The sitting's run.
        labels: Labels of today's questions; which of them stand is found here.
        probabilities: Item id -> chance of being drawn to be labelled, where a draw was made.
    """
    items = Items()
    found = {
        c.id: Gathered(criterion=c, production=Production(items)) for c in scores.rubric.criteria
    }
    answers = _answers(labels, scores)
    for judged in scores.judged():
        if judged.known.get("purpose") == "probe":
            for name, part in found.items():
                part.anchors[judged.item_id] = judged.findings[name, 0]
            continue
        score, _ = scores.score_of(judged)
        row = items.add(judged, score.value)
        for name, part in found.items():
            finding = judged.findings[name, 0]
            part.production.values.append(finding.value)
            part.production.outcomes[finding.outcome] += 1
            given = answers.get((name, judged.item_id))
            if given:
                blind = not any(label.saw_judge or label.prelabelled for label in given)
                levels = _levels(given, part.criterion)
                chance = probabilities.get(judged.item_id) or given[0].probability
                part.labelled.append(
                    Labelled(row, finding, judged.content, levels, chance, given[0].design, blind)
                )
    return found


def _answers(labels: Iterable[Label], scores: Scores) -> dict[tuple[str, str], list[Label]]:
    asked = {criterion.question: criterion.id for criterion in scores.rubric.criteria}
    found: dict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in standing(labels):
        name = asked.get(label.question or "")
        if name is not None and label.unit_kind == "item":
            found[name, label.item_id].append(label)
    return found


def _levels(labels: Iterable[Label], criterion: Criterion) -> dict[str, str]:
    """Return who said which level; people without a name count as one each."""
    levels = {}
    for number, label in enumerate(labels):
        level = level_of(label.value, criterion)
        if level is not None:
            levels[label.annotator or f"#{number + 1}"] = level
    return levels
