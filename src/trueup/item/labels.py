"""Labels: people's answers read from a file, and the values they give a criterion."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from trueup.errors import DataError, did_you_mean
from trueup.item.declare import mapping
from trueup.item.fields import check_columns, field_map
from trueup.item.instant import instant, zone
from trueup.item.model import Item
from trueup.item.names import squash
from trueup.item.path import Place, place
from trueup.item.plain import excerpt, name_text, plain
from trueup.item.read import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, tzinfo

    from trueup.item.read import Source
    from trueup.item.rows import Row, Rows
    from trueup.rubric.model import Criterion, Rubric

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")

# Of two names in one file the earlier one is meant.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "item_id": ("item_id", "id", "item", "example_id", "sample_id"),
    "criterion": ("criterion", "criterion_id", "metric", "key", "name"),
    "value": ("value", "label", "answer", "score", "rating"),
    "annotator": ("annotator", "annotator_id", "rater", "rater_id", "labeller", "labeler"),
    "labelled_at": ("labelled_at", "labeled_at", "annotated_at", "created_at", "timestamp"),
}
_NEEDED = ("item_id", "criterion", "value")

_YES = {"true": "met", "yes": "met", "false": "unmet", "no": "unmet"}
_WITHOUT_VALUE = frozenset({"notapplicable", "cannottell"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A person's answer to one criterion for one item."""

    item_id: str
    criterion: str
    value: str | float
    """Numbers, also those written as text, are floats; anything else is text."""
    annotator: str | None = None
    labelled_at: datetime | None = None
    """UTC."""


def read_labels(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    wide: Mapping[str, str] | None = None,
    criterion: str | None = None,
    timezone: str | None = None,
) -> list[Label]:
    """Read people's answers, one a row; rows without an answer are passed over.

    Args:
        source: What `open_items` takes.
        fields: item_id, criterion, value, annotator, labelled_at -> column, as far as the
            columns have other names.
        wide: Criterion -> column, for a file with a column for every criterion. Columns that are
            not named here are never taken for criteria.
        criterion: The criterion that every row answers, where no column names criteria.
        timezone: The zone of times of labelling that name none.

    Raises:
        DataError: A column is missing, a row has no item or criterion, there is no label at
            all, or the source cannot be read.
    """
    rows = open_rows(source)
    places = _places(rows, fields or {}, wide or {}, only=criterion)
    only = None if "criterion" in places else criterion
    declared = zone(timezone) if timezone else None
    labels: list[Label] = []
    for number, row in rows.start():
        try:
            if isinstance(row, Item):
                raise DataError("this is an item, no label", mend="Pass mappings")  # noqa: TRY301 - the place is added below
            labels.extend(_labels_of(row, places, wide or {}, declared, only=only))
        except DataError as error:
            where = f"{rows.name}, {rows.unit} {number}"
            raise DataError(error.what, where=where, mend=error.mend) from None
    if not labels:
        raise DataError("there are no labels in it", where=rows.name, mend="Fill in some answers")
    return labels


def label_targets(labels: Iterable[Label], rubric: Rubric, criterion: str) -> dict[str, float]:
    """Return item id -> the mean over people of a criterion's value, in [0, 1].

    A person's later label of the same item supersedes the earlier one. Labels that say
    `not_applicable` or `cannot_tell` have no value and are left out.

    A number is a level's key where the criterion's keys are numbers; between two keys of a scale
    it is interpolated, as for an average of several people's answers. Otherwise it is the value;
    so it is, too, where all the criterion's numbers lie in [0, 1] and some below every key.

    Raises:
        DataError: The rubric has no such criterion, or a label is none of its levels.
    """
    question = rubric.by_id.get(criterion)
    if question is None:
        hint = did_you_mean(criterion, rubric.by_id)
        raise DataError(f"rubric {rubric.name} has no criterion '{criterion}'", mend=hint)
    every = list(labels)
    fitting = [label for label in every if label.criterion == criterion]
    if not fitting:
        _refuse_misspelling(every, rubric, criterion)
    values: dict[str, list[float]] = defaultdict(list)
    standing = list(_standing(fitting))
    as_values = _already_values(standing, question)
    for label in standing:
        value = _target(label, question, as_values=as_values)
        if value is not None:
            values[label.item_id].append(value)
    return {item_id: fmean(found) for item_id, found in values.items()}


def _places(
    rows: Rows, declared: Mapping[str, str], wide: Mapping[str, str], *, only: str | None
) -> dict[str, Place]:
    """Return where each field of a label, or the answers to each criterion, stand."""
    sources = field_map(declared, where=rows.name, known=_NAMES, whose="a label") | dict(wide)
    check_columns(sources, rows.columns, where=rows.name)
    found = {name: place(source, rows.columns) for name, source in sources.items()}
    taken = {at.column for at in found.values()}
    free = {squash(column): column for column in reversed(rows.columns) if column not in taken}
    for field, names in _NAMES.items():
        near = next((squash(name) for name in names if squash(name) in free), None)
        if near is not None and field not in found:
            found[field] = Place(free.pop(near))
    for field in _NEEDED[:1] if wide else _NEEDED:
        if rows.columns and field not in found and not (field == "criterion" and only):
            what = f"no column holds the {field}; the columns are: {', '.join(rows.columns[:30])}"
            mend = f"Say which: {mapping(field)}. A row is one answer of one person"
            if field == "criterion":
                mend += (
                    "; where all rows answer one criterion, name it alone: "
                    '`--criterion ID` (criterion="ID" from Python)'
                )
            raise DataError(what, where=rows.name, mend=mend)
    return found


def _labels_of(
    row: Row,
    places: Mapping[str, Place],
    wide: Iterable[str],
    declared: tzinfo | None,
    *,
    only: str | None,
) -> Iterator[Label]:
    """Yield the labels of one row, none where nobody has answered."""
    cells = {name: at.of(row) for name, at in places.items()}
    answers: dict[str | None, object] = {criterion: cells[criterion] for criterion in wide}
    if not answers:
        answers[only or name_text(cells.get("criterion"))] = cells.get("value")
    for criterion, raw in answers.items():
        value = _value(raw)
        if value is None:
            continue
        item_id = name_text(cells.get("item_id"))
        if item_id is None or criterion is None:
            lacks = "item" if item_id is None else "criterion"
            mend = "Fill it, or remove the row"
            raise DataError(f"this label names no {lacks}", mend=mend)
        yield Label(
            item_id=item_id,
            criterion=criterion,
            value=value,
            annotator=name_text(cells.get("annotator")),
            labelled_at=instant(cells.get("labelled_at"), declared),
        )


def _value(raw: object) -> str | float | None:
    value = plain(raw)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return float(value)
    text = (name_text(value) or "").strip()
    if not text:
        return None
    return float(text) if _NUMBER.fullmatch(text) else text


def _standing(labels: Iterable[Label]) -> Iterable[Label]:
    """Return the labels that no later label of the same person supersedes."""
    latest: dict[object, Label] = {}
    for number, label in enumerate(labels):
        key = number if label.annotator is None else (label.item_id, label.annotator)
        known = latest.get(key)
        both = known is not None and known.labelled_at and label.labelled_at
        if known is None or not both or label.labelled_at >= known.labelled_at:  # type: ignore[operator]  # both are there
            latest[key] = label
    return latest.values()


def _already_values(labels: Iterable[Label], question: Criterion) -> bool:
    """Tell whether numbers can only be values: one scale holds for all labels of a criterion."""
    if not all(_NUMBER.fullmatch(key) for key in question.values):
        return True
    numbers = [label.value for label in labels if isinstance(label.value, float)]
    lowest = min(float(key) for key in question.values)
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and min(numbers) < lowest


def _target(label: Label, question: Criterion, *, as_values: bool) -> float | None:
    if isinstance(label.value, float):
        return _number_target(label, label.value, question, as_values=as_values)
    text = label.value
    wanted = text.casefold()
    if set(question.values) == {"met", "unmet"}:
        wanted = _YES.get(wanted, wanted)
    for key, value in question.values.items():
        if text == key or wanted == key.casefold():
            return value
    if squash(text) in _WITHOUT_VALUE:
        return None
    raise _no_level(label, question, did_you_mean(text, question.values))


def _number_target(label: Label, number: float, question: Criterion, *, as_values: bool) -> float:
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
    shown = f"{label.value:g}" if isinstance(label.value, float) else excerpt(label.value)
    what = f"label '{shown}' is no level of criterion {question.id}"
    return DataError(what, where=f"item {excerpt(label.item_id)}", mend=hint)


def _refuse_misspelling(labels: Iterable[Label], rubric: Rubric, criterion: str) -> None:
    """Raise where labels name a criterion that is none, and is nearly the one that is wanted."""
    unknown = sorted({label.criterion for label in labels} - set(rubric.by_id))
    close = difflib.get_close_matches(criterion, unknown, n=1)
    if close:
        what = f"no label is for criterion '{criterion}', but some are for '{excerpt(close[0])}'"
        mend = f"Rubric {rubric.name} has no such criterion; write '{criterion}' in the labels"
        raise DataError(what, mend=mend)
