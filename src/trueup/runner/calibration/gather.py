"""Gather: a sitting's verdicts beside people's labels, as one table a criterion."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trueup.label.model import standing
from trueup.label.target import level_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.judge.verdict import Finding
    from trueup.label.model import Design, Label
    from trueup.rubric.model import Criterion
    from trueup.runner.result import Judged, Scores

_HALF = 0.5


@dataclass(slots=True, kw_only=True)
class Production:
    """One criterion's verdicts on the items of the week, anchors apart; a row an item."""

    ids: list[str] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    """The judge's value in [0, 1]; None where it gave none."""
    groups: list[str | None] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def cluster(self) -> list[str | None] | None:
        """Each item's group; None where no item has one, so that each stands for itself."""
        return self.groups if any(group is not None for group in self.groups) else None


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
    production: Production = field(default_factory=Production)
    labelled: list[Labelled] = field(default_factory=list)
    anchors: dict[str, Finding] = field(default_factory=dict)
    """Anchor -> this sitting's finding."""
    observed: set[str] = field(default_factory=set)
    """Models that answered, as the endpoint says."""

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
    found = {c.id: Gathered(criterion=c) for c in scores.rubric.criteria}
    answers = _answers(labels, scores)
    for judged in scores.judged():
        probe = judged.known.get("purpose") == "probe"
        for name, part in found.items():
            finding = judged.findings[name, 0]
            if probe:
                part.anchors[judged.item_id] = finding
                continue
            row = _add(part.production, judged, finding)
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


def _add(production: Production, judged: Judged, finding: Finding) -> int:
    production.ids.append(judged.item_id)
    production.values.append(finding.value)
    production.groups.append(judged.known.get("group"))
    production.segments.append(str(judged.known.get("segment") or ""))
    production.outcomes[finding.outcome] += 1
    return len(production.ids) - 1
