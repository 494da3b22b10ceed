"""Lists, generators and pandas frames as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

from trueup.errors import DataError
from trueup.item.model import Item
from trueup.item.plain import excerpt
from trueup.item.rows import Numbered, Rows, rows_of

_BATCH = 512


def iterable_rows(source: Iterable[Any], name: str) -> Rows:
    """Return the rows of an iterable of mappings or items; an iterator is read once.

    Raises:
        DataError: An element is neither.
    """
    again = not isinstance(source, Iterator)
    count = len(source) if again and isinstance(source, Sized) else None
    kind = type(source).__name__
    return rows_of(name, kind, lambda: _checked(source, name), count=count, again=again)


def frame_rows(frame: Any, name: str) -> Rows:  # noqa: ANN401 - pandas is not imported here
    """Return the rows of a pandas DataFrame; an index with a name is a column as well."""
    named = [level for level in frame.index.names if level is not None]
    extra = [level for level in named if level not in frame.columns]
    if extra:
        frame = frame.reset_index(level=extra)
    columns = tuple(map(str, frame.columns))

    def start() -> Iterator[Numbered]:
        for first in range(0, len(frame), _BATCH):
            part = frame.iloc[first : first + _BATCH]
            cells = [part.iloc[:, place].tolist() for place in range(len(columns))]
            for number, values in enumerate(zip(*cells, strict=True), first + 1):
                yield number, dict(zip(columns, values, strict=True))

    return rows_of(name, "pandas frame", start, columns=columns, count=len(frame))


def _checked(source: Iterable[Any], name: str) -> Iterator[Numbered]:
    for number, row in enumerate(source, 1):
        if isinstance(row, Mapping):
            texts = all(type(key) is str for key in row)
            yield number, row if texts else {str(key): value for key, value in row.items()}
        elif isinstance(row, Item):
            yield number, row
        else:
            kind = type(row).__name__
            what = f"this is {kind}, neither a mapping nor an Item: {excerpt(str(row))}"
            mend = 'Pass mappings like {"id": "1", "output": "..."}'
            raise DataError(what, where=f"{name}, row {number}", mend=mend)
