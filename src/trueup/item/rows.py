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

SAMPLE = 100
"""How many rows are looked at to tell what the columns hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one source, not yet read."""

    name: str
    format: str
    unit: Literal["line", "row"]
    """What rows are numbered in: the lines of a text file, or rows, both counted from 1."""
    columns: tuple[str, ...]
    """All columns; where `closed` is false, those of the first rows."""
    sample: tuple[Row, ...]
    start: Callable[[], Iterator[Numbered]]
    """Begin a pass over the rows."""
    count: int | None = None
    closed: bool = True
    """Whether no row has a column beyond `columns`."""
    again: bool = True
    """Whether there can be a second pass."""


def peek(start: Callable[[], Iterator[Numbered]]) -> tuple[Row, ...]:
    """Return the first rows of a source that can be read again; items are passed over."""
    return tuple(row for _, row in islice(start(), SAMPLE) if not isinstance(row, Item))


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return every key of the rows, in the order of first sight."""
    return tuple(dict.fromkeys(str(key) for row in rows for key in row))


def once(numbered: Iterator[Numbered], name: str) -> tuple[tuple[Row, ...], Callable[[], Any]]:
    """Return the first rows of a stream and a start that works a single time."""
    head = list(islice(numbered, SAMPLE))
    passes = iter([chain(head, numbered)])

    def start() -> Iterator[Numbered]:
        stream = next(passes, None)
        if stream is None:
            mend = "Pass a list, a frame or a file, which can be read again"
            raise DataError("it can be read only once, and has been", where=name, mend=mend)
        return stream

    return tuple(row for _, row in head if not isinstance(row, Item)), start


def refuse_doubles(columns: Iterable[str], where: str) -> None:
    """Raise a DataError where two columns have one name."""
    names = list(columns)
    doubles = sorted({column for column in names if names.count(column) > 1})
    if doubles:
        what = f"two columns are named {', '.join(map(repr, doubles))}"
        raise DataError(what, where=where, mend="Rename one of them")
