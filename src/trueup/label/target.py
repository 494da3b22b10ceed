"""What labels are worth: the level that an answer names, and its value in [0, 1]."""

from __future__ import annotations

import difflib
from collections import defaultdict
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from trueup.errors import DataError, TooFewLabels, did_you_mean
from trueup.item.names import squash
from trueup.item.plain import excerpt
from trueup.label.cells import NUMBER
from trueup.label.model import WITHOUT_VALUE, standing
from trueup.label.naming import asked_today
from trueup.rubric.model import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion, Rubric

_YES = {
    "true": "met", "yes": "met", "y": "met", "1": "met",
    "false": "unmet", "no": "unmet", "n": "unmet", "0": "unmet",
}  # fmt: skip
_GOOD = {
    "pass": "met", "passed": "met", "thumbsup": "met", "up": "met", "👍": "met",
    "fail": "unmet", "failed": "unmet", "thumbsdown": "unmet", "down": "unmet", "👎": "unmet",
}  # fmt: skip
"""Words for good and bad: on a penalty, where `met` is the bad case, they say nothing certain."""


def label_targets(labels: Iterable[Label], rubric: Rubric, criterion: str) -> dict[str, float]:
    """Return item id -> the mean over people of a criterion's value, in [0, 1].

    A person's later label of the same item supersedes the earlier one. Labels that say
    `not_applicable`, `cannot_tell` or `defer` have no value and are left out, and so are labels of
    an earlier wording of the question and of units other than items.

    A number is a level's key where the criterion's keys are numbers; between two keys of a scale
    it is interpolated, as for an average of several people's answers. Otherwise it is the value;
    so it is, too, where all the criterion's numbers lie in [0, 1] and some below every key.

    Raises:
        DataError: The rubric has no such criterion, or a label is none of its levels.
        TooFewLabels: All labels of the criterion answer an earlier wording of it.
    """
    question = rubric.by_id.get(criterion)
    if question is None:
        hint = did_you_mean(criterion, rubric.by_id)
        raise DataError(f"rubric {rubric.name} has no criterion '{criterion}'", mend=hint)
    every = [label for label in labels if label.unit_kind == "item"]
    now = asked_today(every, rubric.criteria)
    fitting = [label for label in now if label.question == question.question]
    if not fitting:
        _refuse_none(every, rubric, criterion)
    held = standing(fitting)
    value_of = value_reader(held, question)
    values: dict[str, list[float]] = defaultdict(list)
    for label in held:
        value = value_of(label)
        if value is not None:
            values[label.item_id].append(value)
    return {item_id: fmean(found) for item_id, found in values.items()}


def value_reader(labels: Iterable[Label], question: Criterion) -> Callable[[Label], float | None]:
    """Return what gives each label of a criterion its value in [0, 1], None where it has none.

    Args:
        labels: All labels of the criterion: they tell whether numbers are keys or values.
        question: The criterion.

    Returns:
        A function of a label, which raises a DataError where the label is no level.
    """
    as_values = _already_values(labels, question)
    return lambda label: _value(label, question, as_values=as_values)


def level_of(value: str | float | None, question: Criterion) -> str | None:
    """Return the key of the level that an answer names; None where it names none.

    A binary's 1 and 0 are `met` and `unmet`; text may be a level's key or its whole text, and for
    binaries yes and no, true and false, and unless it is a penalty pass and fail, thumbs up and
    down.
    """
    if value is None:
        return None
    if isinstance(value, float):
        return _numbered(value, question)
    wanted = squash(value.strip())
    if value in question.values:
        return value
    if _binary(question):
        words = _YES if question.penalty else _YES | _GOOD
        wanted = words.get(wanted, wanted)
    for same in (
        [key for key in question.values if key.casefold() == value.casefold()],
        [key for key in question.values if squash(key) == wanted],
        [lvl.key for lvl in question.levels if lvl.text and _prose(lvl.text) == _prose(value)],
    ):
        if len(same) == 1:
            return same[0]
    return None


def _numbered(value: float, question: Criterion) -> str | None:
    if _binary(question):
        return {1.0: "met", 0.0: "unmet"}.get(value)
    if not _numeric(question):
        return None
    return next((key for key in question.values if float(key) == value), None)


def _binary(question: Criterion) -> bool:
    return set(question.values) == {"met", "unmet"}


def _numeric(question: Criterion) -> bool:
    """Tell whether every key is a number, so that a number can be a key."""
    return all(NUMBER.fullmatch(key) for key in question.values)


def _prose(text: str) -> str | None:
    return squeeze(text.strip().casefold())


def _already_values(labels: Iterable[Label], question: Criterion) -> bool:
    """Tell whether numbers can only be values: one scale holds for all labels of a criterion."""
    if not _numeric(question):
        return True
    numbers = [label.value for label in labels if isinstance(label.value, float)]
    lowest = min(float(key) for key in question.values)
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and min(numbers) < lowest


def _value(label: Label, question: Criterion, *, as_values: bool) -> float | None:
    if label.value is None:
        return None
    if isinstance(label.value, float):
        return _number(label, label.value, question, as_values=as_values)
    key = level_of(label.value, question)
    if key is not None:
        return question.values[key]
    if squash(label.value) in WITHOUT_VALUE:
        return None
    if _binary(question) and squash(label.value) in _GOOD:
        mend = f"{question.id} is a penalty, where met is the bad case: write met or unmet"
        raise _no_level(label, question, mend)
    raise _no_level(label, question, did_you_mean(label.value, question.values))


def _number(label: Label, number: float, question: Criterion, *, as_values: bool) -> float:
    keys = list(question.values)
    if as_values:
        if 0 <= number <= 1:
            return number
        hint = f"Write a number from 0 to 1, or one of {', '.join(keys)}"
        raise _no_level(label, question, hint)
    points = sorted((float(key), value) for key, value in question.values.items())
    for key, value in points:
        if key == number:
            return value
    if question.kind == "scale":
        for (low, below), (high, above) in pairwise(points):
            if low < number < high:
                return below + (above - below) * (number - low) / (high - low)
    raise _no_level(label, question, f"Its levels are {', '.join(keys)}")


def _no_level(label: Label, question: Criterion, hint: str) -> DataError:
    shown = f"{label.value:g}" if isinstance(label.value, float) else excerpt(str(label.value))
    what = f"label '{shown}' is no level of criterion {question.id}"
    return DataError(what, where=f"item {excerpt(label.item_id)}", mend=hint)


def _refuse_none(every: Sequence[Label], rubric: Rubric, criterion: str) -> None:
    """Raise where there are labels that were nearly the ones that are wanted."""
    named = asked_today(every, rubric.criteria)
    old = [label for label in named if label.criterion == criterion]
    if old:
        what = f"no label of '{criterion}' answers its present wording, {len(old)} an earlier one"
        mend = "Label items again; or remove the question hashes, if it asks the same as before"
        raise TooFewLabels(what, where=rubric.name, mend=mend)
    unknown = sorted({label.criterion for label in every} - set(rubric.by_id))
    close = difflib.get_close_matches(criterion, unknown, n=1)
    if close:
        what = f"no label is for criterion '{criterion}', but some are for '{excerpt(close[0])}'"
        mend = f"Rubric {rubric.name} has no such criterion; write '{criterion}' in the labels"
        raise DataError(what, mend=mend)
