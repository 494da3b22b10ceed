"""Tool: what a module about a labelling tool offers, and what several of them need."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from trueup.errors import DataError
from trueup.item.model import as_text
from trueup.item.plain import plain
from trueup.label.mark import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import tzinfo

    from trueup.item.model import Item
    from trueup.item.rows import Row, Rows
    from trueup.label.cells import Cells
    from trueup.label.model import Label

Found: TypeAlias = "Cells | str"
"""An answer's cells, or why something is no person's answer about one item."""

Body: TypeAlias = dict[str, Any]
Part = TypeVar("Part", dict[str, Any], list[Any])

BY_MODEL = "made by a model or an automatic evaluator"
UNFINISHED = "unfinished or discarded"
SEVERAL = "several choices in one answer"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One labelling tool.

    Attributes:
        name: What people call it.
        form: What `write_labels` calls its form.
        recognises: Tells an export of this tool by its shape.
        found: Yields what stands in one row of it.
        bodies: Turns labels, and items to label, into what the tool imports.
        given: Fields that its answers fill, so that no column may be declared for them.
        zone: The zone of its times that name none, where its makers say which.
        sourced: Tells whether an export says who or what answered.
        doubt: Says what an export leaves open about all its answers, and what would settle it.
    """

    name: str
    form: str
    recognises: Callable[[Rows], bool]
    found: Callable[[Row], Iterator[Found]]
    bodies: Callable[[Iterable[Label], Iterable[Item]], list[Body]]
    given: frozenset[str] = frozenset({"criterion", "value", "annotator", "labelled_at"})
    zone: tzinfo | None = None
    sourced: Callable[[Rows], bool] = lambda _: True
    doubt: Callable[[Rows], tuple[str, str] | None] = lambda _: None


def answered(given: object, *, mark: object = None, **cells: object) -> Found:
    """Return the cells of an answer, or why it is none.

    Args:
        given: The answer as the tool has it, be it a list of one.
        mark: What may hold the mark of an answer that trueup wrote.
        cells: The other fields; a mark goes before them.
    """
    if isinstance(given, list) and len(given) > 1:
        return SEVERAL
    if given is None or given == []:
        return NO_ANSWER
    return {**cells, "value": given, **(marked(mark, given) or {})}


def first(row: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 - a cell
    """Return the first of these cells that is filled, None where none is."""
    return next((row[name] for name in names if filled(row.get(name))), None)


def filled(cell: object) -> bool:
    """Tell whether there is anything in a cell."""
    return cell is not None and not (isinstance(cell, str) and not cell)


def native(row: Row) -> Body:
    """Return a row whose cells are JSON values, of whatever frame it came.

    Lists and mappings are kept as they are, with their null entries.
    """
    return {
        name: cell if isinstance(cell, (str, list, dict)) else plain(cell)
        for name, cell in row.items()
    }


def parsed(cell: object, *, of: str) -> Any:  # noqa: ANN401 - a JSON value
    """Return a cell that holds a JSON object or array, also where it is written as text.

    Raises:
        DataError: It is other text.
    """
    if not isinstance(cell, str):
        return cell
    if not cell.strip():
        return None
    with suppress(ValueError, RecursionError):
        value = json.loads(cell)
        if isinstance(value, (dict, list)):
            return value
    mend = "Export JSON, JSON lines or Parquet, which keep what is inside a cell"
    raise DataError(f"'{of}' holds text that is no JSON", mend=mend)


def part(cell: object, kind: type[Part], *, of: str) -> Part:
    """Return a list or a mapping that stands in a record, an empty one where there is none.

    Raises:
        DataError: Something else stands there.
    """
    value = parsed(cell, of=of)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return kind()  # a frame's empty cell is NaN
    if isinstance(value, kind):
        return value
    what = f"'{of}' holds no {'list' if kind is list else 'mapping'}, as such exports do"
    raise DataError(what, mend="Export it again, and leave it as it comes")


def parts(cell: object, *, of: str) -> list[Body]:
    """Return a list of mappings that stands in a record.

    Raises:
        DataError: Something else stands there.
    """
    return [part(one, dict, of=of) for one in part(cell, list, of=of)]


def numeral(value: str | float | None) -> str | int | float | None:
    """Return an answer as JSON writes it: whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def shown(item: Item) -> dict[str, str]:
    """Return the texts of an item that a person needs to see, by the item's fields."""
    texts = {"input": item.input, "context": item.context, "output": item.output}
    return {name: as_text(text) for name, text in texts.items() if text}
