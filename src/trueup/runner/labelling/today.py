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
from trueup.label.model import WITHOUT_VALUE
from trueup.label.naming import asked_today
from trueup.label.target import level_of, value_reader
from trueup.runner.labelling.task import answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion, Rubric


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
    named = [
        (label, rubric.by_id[label.criterion]) for label in asked_today(labels, rubric.criteria)
    ]
    today: dict[str, list[Label]] = defaultdict(list)
    for label, criterion in named:
        if label.question == criterion.question:
            today[criterion.id].append(label)
    values = {id_: value_reader(found, rubric.by_id[id_]) for id_, found in today.items()}
    return [
        replace(label, value=_key(label, criterion, values[criterion.id](label)))
        if label.question == criterion.question
        else label
        for label, criterion in named
    ]


def _key(label: Label, criterion: Criterion, worth: float | None) -> str | float | None:
    """Return a label's answer by the key of a level, where it names one or is worth as much."""
    if worth is None or label.value is None:
        return WITHOUT_VALUE.get(squash(str(label.value)), label.value)
    named = level_of(label.value, criterion)
    same = [key for key, value in criterion.values.items() if value == worth]
    if named in same:
        return answer_of(named)
    if len(same) == 1:
        return answer_of(same[0])
    return label.value if same else _between(worth, label.value, criterion)


def _between(worth: float, value: str | float, criterion: Criterion) -> str | float:
    """Return where a value lies between the numbers that are keys of a scale."""
    if criterion.kind != "scale":
        return value
    points = [(answer_of(key), its) for key, its in criterion.values.items()]
    for (low, below), (high, above) in pairwise(points):
        if isinstance(low, float) and isinstance(high, float) and below < worth < above:
            return low + (high - low) * (worth - below) / (above - below)
    return value
