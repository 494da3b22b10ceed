"""Today: labels as the rubric asks now: the question that each answers, and levels by their keys.

A file may say `1`, `yes` or `0.5` where the labeller says `met` or a level's key. What stands in
one store has to be read in one way, whatever came in beside it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from trueup.item.names import squash
from trueup.label.naming import CriterionNames
from trueup.label.target import level_of, value_reader
from trueup.runner.labelling.task import CANNOT_TELL, DEFER, NOT_APPLICABLE, answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion, Rubric

_WITHOUT = {
    "notapplicable": NOT_APPLICABLE,
    "n/a": NOT_APPLICABLE,
    "cannottell": CANNOT_TELL,
    "defer": DEFER,
    "deferred": DEFER,
}


def as_asked_today(labels: Iterable[Label], rubric: Rubric) -> list[Label]:
    """Return labels, each with its question's hash, today's id of its criterion, and a level's key.

    Labels that answer an earlier wording keep their words. Numbers between two levels are kept,
    counted in keys.

    Args:
        labels: Valid ones; of one source, for all numbers of a criterion are read alike.
        rubric: What is asked today.

    Raises:
        DataError: A label is no level of its criterion.
    """
    named = list(_named(labels, rubric))
    today: dict[str, list[Label]] = defaultdict(list)
    for label in named:
        if label.question == rubric.by_id[label.criterion].question:
            today[label.criterion].append(label)
    readers = {id_: _Levels(rubric.by_id[id_], answered) for id_, answered in today.items()}
    return [
        replace(label, value=readers[label.criterion].key(label))
        if label.question == rubric.by_id[label.criterion].question
        else label
        for label in named
    ]


def _named(labels: Iterable[Label], rubric: Rubric) -> Iterable[Label]:
    names = CriterionNames(known=rubric.by_id)
    asked = {criterion.question: criterion.id for criterion in rubric.criteria}
    for label in labels:
        id_ = names(label.criterion)
        here = rubric.by_id.get(id_)
        if label.question is None and here is not None:
            yield replace(label, criterion=id_, question=here.question)
        elif label.question in asked and (here is None or here.question != label.question):
            yield replace(label, criterion=asked[label.question])
        else:
            yield replace(label, criterion=id_)


class _Levels:
    """Reads the answers to one criterion."""

    def __init__(self, criterion: Criterion, labels: Sequence[Label]) -> None:
        self._criterion = criterion
        self._value = value_reader(labels, criterion)

    def key(self, label: Label) -> str | float | None:
        """Return a label's answer by the key of a level, where it names one."""
        if label.value is None:
            return None
        worth = self._value(label)
        if worth is None:
            return _WITHOUT.get(squash(str(label.value)), label.value)
        named = level_of(label.value, self._criterion)
        same = [key for key, value in self._criterion.values.items() if value == worth]
        if named in same:
            return answer_of(named)
        if len(same) == 1:
            return answer_of(same[0])
        return label.value if same else self._between(worth, label.value)

    def _between(self, worth: float, value: str | float) -> str | float:
        """Return where a value lies between the numbers that are keys of a scale."""
        if self._criterion.kind != "scale":
            return value
        points = [(answer_of(key), worth_) for key, worth_ in self._criterion.values.items()]
        for (low, below), (high, above) in pairwise(points):
            if isinstance(low, float) and isinstance(high, float) and below < worth < above:
                return low + (high - low) * (worth - below) / (above - below)
        return value
