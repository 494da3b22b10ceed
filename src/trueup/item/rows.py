"""Rows: what every kind of source looks like before its rows become items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal, TypeAlias

from trueup.errors import DataError
from trueup.item.model import Item

Row: TypeAlias = Mapping[str, Any]
Numbered: TypeAlias = tuple[int, "Row | Item"]
Start: TypeAlias = Callable[[], Iterator[Numbered]]

SAMPLE = 100
"""How many rows are looked at to tell what the columns hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one source, not yet read."""

    name: str
    format: str
    unit: Literal["line", "row"] = "row"
    """What rows are numbered in: the lines of a text file, or rows, both counted from 1."""
    columns: tuple[str, ...]
    """All columns; where `closed` is false, those of the first rows."""
    sample: tuple[Row, ...]
    start: Start
    """Begin a pass over the rows."""
    count: int | None = None
    closed: bool = True
    """Whether no row has a column beyond `columns`."""
    again: bool = True
    """Whether there can be a second pass."""


def rows_of(
    name: str,
    format_: str,
    start: Start,
    *,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    again: bool = True,
    **others: Any,  # noqa: ANN401 - they are checked by Rows
) -> Rows:
    """Look at the first rows of a source.

    Args:
        name: The source's name.
        format_: What it is.
        start: Begins a pass.
        columns: All columns; None where only the rows say which there are.
        where: Where the columns' names stand, if not all over the source.
        again: Whether there can be a second pass.
        others: Further fields of `Rows`.

    Raises:
        DataError: Two columns have one name.
    """
    names = tuple(columns or ())
    doubles = sorted({column for column in names if names.count(column) > 1})
    if doubles:
        what = f"two columns are named {', '.join(map(repr, doubles))}"
        raise DataError(what, where=where or name, mend="Rename one of them")
    stream = start()
    head = list(islice(stream, SAMPLE))
    if not again:
        start = _once(chain(head, stream), name)
    sample = tuple(row for _, row in head if not isinstance(row, Item))
    return Rows(
        name=name,
        format=format_,
        columns=columns_of(sample) if columns is None else names,
        sample=sample,
        start=start,
        closed=columns is not None,
        again=again,
        **others,
    )


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return every key of the rows, in the order of first sight."""
    return tuple(dict.fromkeys(str(key) for row in rows for key in row))


def _once(stream: Iterator[Numbered], name: str) -> Start:
    """Return a start that works a single time."""
    passes = iter([stream])

    def start() -> Iterator[Numbered]:
        for only in passes:
            return only
        mend = "Pass a list, a frame or a file, which can be read again"
        raise DataError("it can be read only once, and has been", where=name, mend=mend)

    return start
