"""Cells to labels: what stands in a row, or in a tool's export, as the fields of a label."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from trueup.errors import DataError, did_you_mean
from trueup.item.cells import read_probability
from trueup.item.instant import instant
from trueup.item.names import squash
from trueup.item.plain import excerpt, name_text, plain
from trueup.label.model import DESIGNS, UNIT_KINDS, Label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from trueup.label.naming import CriterionNames

Cells: TypeAlias = "Mapping[str, object]"
"""Field of a label -> what stands for it; `withdrawn` beside them."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""What is a number, also where it is written as text."""

_HASH = re.compile(r"[0-9a-f]{8,64}")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_INNER = ("rating", "number", "choices")

T = TypeVar("T", bound=str)


def label_of(cells: Cells, *, zone: tzinfo | None, names: CriterionNames) -> Label | None:
    """Return the label that some cells make; None where nobody has answered.

    Args:
        cells: What stands in the fields.
        zone: The zone of times that name none.
        names: What the criteria are called.

    Raises:
        DataError: No item or criterion is named, or a field holds what it cannot hold.
    """
    withdrawn = _flag("withdrawn", cells.get("withdrawn"))
    value = None if withdrawn else answer(cells.get("value"))
    if value is None and not withdrawn:
        return None
    item_id, criterion = name_text(cells.get("item_id")), name_text(cells.get("criterion"))
    if item_id is None or criterion is None:
        lacks = "item" if item_id is None else "criterion"
        raise DataError(f"this label names no {lacks}", mend="Fill it, or remove the row")
    kind = _one_of("unit_kind", cells.get("unit_kind"), UNIT_KINDS)
    design = _one_of("design", cells.get("design"), DESIGNS)
    if design == "stratified" and _is_nan(cells.get("probability")):
        mend = "Write the probability with which the item was drawn, in (0, 1]"
        raise DataError("probability is NaN, and the design is stratified", mend=mend)
    return Label(
        item_id=item_id,
        criterion=names(criterion),
        value=value,
        annotator=_person(cells.get("annotator")),
        labelled_at=instant(cells.get("labelled_at"), zone),
        question=_question(cells.get("question")),
        unit_kind=kind or "item",
        split=name_text(cells.get("split")),
        design=design,
        probability=read_probability("probability", cells.get("probability")),
        saw_judge=_flag("saw_judge", cells.get("saw_judge")),
        prelabelled=_flag("prelabelled", cells.get("prelabelled")),
        note=name_text(cells.get("note")),
        group=name_text(cells.get("group")),
    )


def refuse_nan(cells: Cells) -> None:
    """Refuse a NaN that somebody has written where an answer or a probability belongs.

    Raises:
        DataError: There is one.
    """
    for field in ("value", "probability"):
        if _is_nan(cells.get(field)):
            mend = "Write what it is, or null where there is none"
            raise DataError(f"{field} is NaN, which is no number", mend=mend)


def _is_nan(raw: object) -> bool:
    return isinstance(raw, float) and math.isnan(raw)


def _person(raw: object) -> str | None:
    """Return who answered, without blanks around the name, which would make two people of one."""
    name = name_text(raw)
    if name is not None and "\ufffd" in name:
        mend = "Save the file as UTF-8: people of whose names a letter is lost may look alike"
        raise DataError(f"the annotator '{excerpt(name)}' is no whole text", mend=mend)
    return (name or "").strip() or None


def answer(raw: object) -> str | float | None:
    """Return an answer as a float or as text; None where there is none.

    A list of one answer is that answer.

    Raises:
        DataError: There are several answers, or the number is infinite.
    """
    value = _single(plain(raw))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return _finite(value)
    text = (name_text(value) or "").strip()
    if not text:
        return None
    return _finite(text) if NUMBER.fullmatch(text) else text


def _finite(value: float | str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        mend = "Write a level of the criterion, or a number"
        raise DataError(f"'{excerpt(str(value))}' is no answer", mend=mend)
    return number


def _single(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, str) and value.startswith(("[{", '{"')):
        with suppress(ValueError, RecursionError):
            value = plain(json.loads(value))
    if isinstance(value, list):
        if len(value) > 1:
            mend = "A label is one answer to one criterion; make one of them"
            raise DataError(f"there are {len(value)} answers in one", mend=mend)
        return _single(value[0]) if value else None
    if isinstance(value, dict):
        key = next((key for key in _INNER if set(value) == {key}), None)
        if key is None:
            shown = excerpt(json.dumps(value, ensure_ascii=False, default=str))
            raise DataError(f"this is no single answer: {shown}", mend="Write a level or a number")
        return _single(value[key])
    return value


def _flag(field: str, raw: object) -> bool | None:
    text = name_text(raw)
    if text is None or not text.strip():
        return None
    found = _FLAGS.get(text.strip().casefold())
    if found is None:
        what = f"{field} is '{excerpt(text)}', neither true nor false"
        raise DataError(what, mend="Write true or false, or leave it empty")
    return found


def _one_of(field: str, raw: object, known: Sequence[T]) -> T | None:
    text = name_text(raw)
    if text is None or not text.strip():
        return None
    found = next((name for name in known if squash(name) == squash(text)), None)
    if found is None:
        what = f"{field} is '{excerpt(text)}'"
        raise DataError(what, mend=did_you_mean(text, known) or f"Known: {', '.join(known)}")
    return found


def _question(raw: object) -> str | None:
    """Return a question hash; None for text, as files often repeat what was asked."""
    text = (name_text(raw) or "").strip()
    return text if _HASH.fullmatch(text) else None
