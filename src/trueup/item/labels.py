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
from trueup.item.aliases import squash
from trueup.item.instant import instant, zone
from trueup.item.model import Item
from trueup.item.path import pick
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

_YES = {
    "met": "met",
    "true": "met",
    "yes": "met",
    "unmet": "unmet",
    "false": "unmet",
    "no": "unmet",
}
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
    timezone: str | None = None,
) -> list[Label]:
    """Read people's answers, one a row; rows without an answer are passed over.

    Args:
        source: What `open_items` takes.
        fields: item_id, criterion, value, annotator, labelled_at -> column, as far as the
            columns have other names.
        wide: Criterion -> column, for a file with a column for every criterion. Columns that are
            not named here are never taken for criteria.
        timezone: The zone of times of labelling that name none.

    Raises:
        DataError: A column is missing, a row has no item or criterion, there is no label at
            all, or the source cannot be read.
    """
    rows = open_rows(source)
    columns = _columns(rows, dict(fields or {}), wide)
    declared = zone(timezone) if timezone else None
    labels: list[Label] = []
    for number, row in rows.start():
        try:
            if isinstance(row, Item):
                raise DataError("this is an item, no label", mend="Pass mappings")  # noqa: TRY301 - the place is added below
            labels.extend(_labels_of(row, columns, wide, declared))
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


def _columns(
    rows: Rows, declared: dict[str, str], wide: Mapping[str, str] | None
) -> dict[str, str]:
    for name, column in (*declared.items(), *(wide or {}).items()):
        if name not in _NAMES and name not in (wide or {}):
            hint = did_you_mean(name, _NAMES)
            raise DataError(f"'{name}' is no field of a label", where=rows.name, mend=hint)
        if column not in rows.columns and column.partition(".")[0] not in rows.columns:
            hint = did_you_mean(column, rows.columns)
            what = f"there is no column '{column}' to map {name} to"
            raise DataError(what, where=rows.name, mend=hint)
    taken = {*declared.values(), *(wide or {}).values()}
    free = {squash(column): column for column in reversed(rows.columns) if column not in taken}
    for field, names in _NAMES.items():
        near = next((squash(name) for name in names if squash(name) in free), None)
        if near is not None and field not in declared:
            declared[field] = free.pop(near)
    for field in _NEEDED[:1] if wide else _NEEDED:
        if rows.columns and field not in declared:
            what = f"no column holds the {field}; the columns are: {', '.join(rows.columns[:30])}"
            mend = f"Say which with `--map {field}=COLUMN`"
            if field != "item_id":
                mend += ', or name the column of every criterion: wide={"CRITERION": "COLUMN"}'
            raise DataError(what, where=rows.name, mend=mend)
    return declared


def _labels_of(
    row: Row,
    columns: Mapping[str, str],
    wide: Mapping[str, str] | None,
    declared: tzinfo | None,
) -> Iterator[Label]:
    """Yield the labels of one row, none where nobody has answered."""
    item_id, annotator, written, said = (
        _at(row, columns.get(name)) for name in ("item_id", "annotator", "criterion", "value")
    )
    answers = (
        [(criterion, _at(row, column)) for criterion, column in wide.items()]
        if wide
        else [(name_text(written), said)]
    )
    for criterion, raw in answers:
        value = _value(raw)
        if value is None:
            continue
        named = name_text(item_id)
        if named is None or criterion is None:
            lacks = "item" if named is None else "criterion"
            mend = "Fill it, or remove the row"
            raise DataError(f"this label names no {lacks}", mend=mend)
        yield Label(
            item_id=named,
            criterion=criterion,
            value=value,
            annotator=name_text(annotator),
            labelled_at=instant(_at(row, columns.get("labelled_at")), declared),
        )


def _at(row: Row, source: str | None) -> object:
    if source is None or source in row:
        return None if source is None else row[source]
    column, _, path = source.partition(".")
    return pick(row.get(column), tuple(path.split("."))) if path else None


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
    unsigned: list[Label] = []
    latest: dict[tuple[str, str], Label] = {}
    for label in labels:
        if label.annotator is None:
            unsigned.append(label)
            continue
        key = (label.item_id, label.annotator)
        known = latest.get(key)
        both = known is not None and known.labelled_at and label.labelled_at
        if known is None or not both or label.labelled_at >= known.labelled_at:  # type: ignore[operator]  # both are there
            latest[key] = label
    return [*unsigned, *latest.values()]


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
    if text in question.values:
        return question.values[text]
    wanted = text.casefold()
    for key, value in question.values.items():
        if key.casefold() == wanted:
            return value
    if squash(text) in _WITHOUT_VALUE:
        return None
    if wanted in _YES and set(question.values) == {"met", "unmet"}:
        return question.values[_YES[wanted]]
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
