"""Anchors: items with trusted labels, frozen in a file, judged anew in every sitting.

    {"id": "a-1", "input": "...", "output": "...", "labels": {"kind": "met"},
     "questions": {"kind": "0f3a..."}}

`questions` says which wording of a criterion its label answers. Without it, any does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError, did_you_mean
from trueup.item.fields import guess_fields
from trueup.item.model import TEXTS
from trueup.item.plain import excerpt
from trueup.item.read import ItemSource, check_items
from trueup.item.rows import rows_of
from trueup.label.target import level_of
from trueup.runner.labelling.shown import runs_of
from trueup.store.draws import observed
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.rubric.model import Criterion, Rubric
    from trueup.store.draws import Observed
    from trueup.store.store import Store

_OWN = ("labels", "questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Frozen items with trusted labels."""

    items: tuple[Item, ...]
    """Marked as probes, so that a log that holds them too is not counted twice."""
    trusted: Mapping[str, Mapping[str, str]]
    """Criterion -> item id -> level, for the criteria as they are asked today."""
    stale: Mapping[str, int]
    """Criterion -> trusted labels that answer an earlier wording."""


NO_ANCHORS = Anchors(items=(), trusted={}, stale={})


def read_anchors(path: Path, rubric: Rubric) -> Anchors:
    """Read a file of anchors.

    Raises:
        DataError: A line is no anchor, or a label names no criterion or level of the rubric; with
            file and line.
    """
    rows = _rows(path)
    items = tuple(replace(item, purpose="probe") for item in _items(path, rows))
    trusted: dict[str, dict[str, str]] = {criterion.id: {} for criterion in rubric.criteria}
    stale: dict[str, int] = {}
    for item, (line, row) in zip(items, rows, strict=True):
        where = f"{path}, line {line}"
        for name, value in row["labels"].items():
            question = _criterion(rubric, name, where=where).question
            # an earlier wording may have had other levels
            if row["questions"].get(name) not in {None, question}:
                stale[name] = stale.get(name, 0) + 1
            else:
                trusted[name][item.id] = _level(rubric.by_id[name], value, where=where)
    return Anchors(items=items, trusted=trusted, stale=stale)


def write_anchors(
    path: Path, items: Iterable[tuple[Mapping[str, Any], Mapping[str, str]]], rubric: Rubric
) -> int:
    """Freeze items with their labels; return how many.

    Args:
        path: A file that is not there yet: anchors are frozen.
        items: Each as a mapping of fields, with criterion -> level.
        rubric: The questions that the labels answer.

    Raises:
        DataError: The file is there already, or cannot be written.
    """
    lines = []
    for fields, labels in items:
        questions = {name: rubric.by_id[name].question for name in labels}
        row = {**fields, "labels": dict(labels), "questions": questions}
        lines.append(json.dumps(row, ensure_ascii=False))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except FileExistsError:
        mend = "They are frozen: name another file, or delete this one to start anew"
        raise DataError("there are anchors in this file", where=str(path), mend=mend) from None
    except OSError as error:
        what = f"anchors cannot be written here ({error.strerror or error})"
        raise DataError(what, where=str(path), mend="Check its path and rights") from error
    return len(lines)


def refuse_edited(store: Store, anchors: Anchors, rubric: Rubric, *, path: Path) -> None:
    """Refuse anchors with another text than they had before: the judge would be blamed for it.

    Each is compared with the last sitting that judged it: one without anchors, as a backfill may
    be, says nothing about any.

    Raises:
        DataError: One has another text.
    """
    mine = runs_of(store, rubric)
    left = {storable(item.id): item for item in anchors.items}
    for row in reversed([row for row in store.runs() if row["id"] in mine and row["occasion"]]):
        if not left:
            return
        found = observed(store, left, run=row["id"])
        seen = {name: one for name, one in found.items() if one.known.get("purpose") == "probe"}
        edited = [item.id for name, item in left.items() if _differs(item, seen.get(name))]
        if edited:
            more = f", and so have {len(edited) - 1} more" if edited[1:] else ""
            what = f"anchor '{excerpt(edited[0])}' has another text than in {row['occasion']}{more}"
            mend = "Anchors are never edited: take the old file again, or give new texts new ids"
            raise DataError(what, where=str(path), mend=mend)
        left = {name: item for name, item in left.items() if name not in seen}


def _differs(item: Item, seen: Observed | None) -> bool:
    if seen is None or seen.body is None:
        return False
    now, before = json.loads(item.body()), json.loads(seen.body)
    return bool(now[: len(TEXTS)] != before[: len(TEXTS)])


def _items(path: Path, rows: Sequence[tuple[int, dict[str, Any]]]) -> ItemSource:
    """Return the items of these rows, whose faults are told with the file's lines."""
    given = [(line, {k: v for k, v in row.items() if k not in _OWN}) for line, row in rows]
    seen = rows_of(str(path), "JSON lines", lambda: iter(given), unit="line")
    found = ItemSource(seen, guess_fields(seen.columns, seen.sample, declared={}, where=seen.name))
    check_items(found)
    return found


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = f"anchors cannot be read ({getattr(error, 'strerror', None) or 'no UTF-8'})"
        raise DataError(what, where=str(path), mend="Check its path and rights") from error
    found: list[tuple[int, dict[str, Any]]] = []
    # a text may hold what else counts as the end of a line
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row = _parsed(line)
        if row is None:
            mend = 'A line is an item with its trusted labels: {"id": ..., "labels": {"ID": "met"}}'
            raise DataError("this is no anchor", where=f"{path}, line {number}", mend=mend)
        found.append((number, row))
    if not found:
        mend = "Freeze some: trueup label --freeze FILE"
        raise DataError("there are no anchors in it", where=str(path), mend=mend)
    return found


def _parsed(line: str) -> dict[str, Any] | None:
    """Return what a line holds; None where it is no anchor."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    row["questions"] = row.get("questions") or {}
    fine = isinstance(row.get("labels"), dict) and isinstance(row["questions"], dict)
    return row if fine else None


def _criterion(rubric: Rubric, name: str, *, where: str) -> Criterion:
    criterion = rubric.by_id.get(name)
    if criterion is None:
        what = f"rubric {rubric.name} has no criterion '{excerpt(name)}'"
        raise DataError(what, where=where, mend=did_you_mean(name, rubric.by_id))
    return criterion


def _level(criterion: Criterion, value: object, *, where: str) -> str:
    answer = float(value) if isinstance(value, (int, float)) else str(value)
    level = level_of(answer, criterion)
    if level is None:
        keys: Sequence[str] = list(criterion.values)
        what = f"'{excerpt(str(value))}' is no level of criterion {criterion.id}"
        raise DataError(what, where=where, mend=f"Its levels are {', '.join(keys)}")
    return level
