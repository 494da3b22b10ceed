"""Lists, generators and pandas frames as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError
from trueup.item.model import Item
from trueup.item.plain import excerpt
from trueup.item.rows import Numbered, Rows, columns_of, once, peek, refuse_doubles

if TYPE_CHECKING:
    from trueup.item.rows import Row

_BATCH = 512


def iterable_rows(source: Iterable[Any], name: str) -> Rows:
    """Return the rows of an iterable of mappings or items; an iterator is read once.

    Raises:
        DataError: An element is neither.
    """

    def start() -> Iterator[Numbered]:
        return _checked(source, name)

    again = not isinstance(source, Iterator)
    if again:
        sample = peek(start)
        begin = start
    else:
        sample, begin = once(start(), name)
    return Rows(
        name=name,
        format=type(source).__name__,
        unit="row",
        columns=columns_of(sample),
        sample=sample,
        start=begin,
        count=len(source) if again and isinstance(source, Sized) else None,
        closed=False,
        again=again,
    )


def frame_rows(frame: Any, name: str) -> Rows:  # noqa: ANN401 - pandas is not imported here
    """Return the rows of a pandas DataFrame; an index with a name is a column as well."""
    named = [level for level in frame.index.names if level is not None]
    if any(level not in frame.columns for level in named):
        extra = [level for level in named if level not in frame.columns]
        frame = frame.reset_index(level=extra)
    columns = tuple(map(str, frame.columns))
    refuse_doubles(columns, name)

    def start() -> Iterator[Numbered]:
        number = 0
        for first in range(0, len(frame), _BATCH):
            part = frame.iloc[first : first + _BATCH]
            cells = [part.iloc[:, place].tolist() for place in range(len(columns))]
            for values in zip(*cells, strict=True):
                number += 1
                yield number, dict(zip(columns, values, strict=True))

    return Rows(
        name=name,
        format="pandas frame",
        unit="row",
        columns=columns,
        sample=peek(start),
        start=start,
        count=len(frame),
    )


def _checked(source: Iterable[Any], name: str) -> Iterator[Numbered]:
    for number, row in enumerate(source, 1):
        if isinstance(row, Mapping):
            yield number, _text_keys(row)
        elif isinstance(row, Item):
            yield number, row
        else:
            what = (
                f"this is {type(row).__name__}, neither a mapping nor an Item: {excerpt(str(row))}"
            )
            mend = 'Pass mappings like {"id": "1", "output": "..."}'
            raise DataError(what, where=f"{name}, row {number}", mend=mend)


def _text_keys(row: Mapping[Any, Any]) -> Row:
    for key in row:
        if type(key) is not str:
            return {str(key): value for key, value in row.items()}
    return row
