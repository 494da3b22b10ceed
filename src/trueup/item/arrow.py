"""Parquet and Arrow files, tables and streams as rows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from trueup.errors import DataError
from trueup.item.rows import Numbered, Row, Rows, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BATCH = 512
"""Rows that are held at a time."""


def parquet_rows(path: Path) -> Rows:
    """Return the rows of a Parquet file, read in batches.

    Raises:
        DataError: The file is cut off or damaged.
    """
    with _readable(path.name, "Parquet"), pq.ParquetFile(path) as file:
        count, columns = file.metadata.num_rows, file.schema_arrow.names

    def batches() -> Iterator[Any]:
        with _readable(path.name, "Parquet"), pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH)

    return _rows(path.name, "Parquet", columns, batches, count=count)


def arrow_rows(path: Path) -> Rows:
    """Return the rows of an Arrow (Feather version 2) file or of a file with an Arrow stream.

    Raises:
        DataError: The file is cut off or damaged.
    """

    def batches() -> Iterator[Any]:
        with _opened(path) as reader:
            if isinstance(reader, pa.ipc.RecordBatchStreamReader):
                yield from reader
            else:
                yield from map(reader.get_batch, range(reader.num_record_batches))

    with _opened(path) as reader:
        columns = reader.schema.names
    return _rows(path.name, "Arrow", columns, batches)


def table_rows(table: Any, name: str) -> Rows:  # noqa: ANN401 - pyarrow is untyped
    """Return the rows of a pyarrow Table or RecordBatch."""
    whole = isinstance(table, pa.RecordBatch)
    batches = (lambda: iter([table])) if whole else lambda: iter(table.to_batches())
    return _rows(name, "Arrow table", table.schema.names, batches, count=table.num_rows)


def stream_rows(source: Any, name: str) -> Rows:  # noqa: ANN401 - anything with an Arrow stream
    """Return the rows of a frame that hands out Arrow streams, or of a RecordBatchReader.

    A RecordBatchReader is read once; other sources (a polars frame) give a new stream each time.
    """
    if isinstance(source, pa.RecordBatchReader):
        columns = source.schema.names
        return _rows(name, "Arrow stream", columns, lambda: iter(source), again=False)

    def batches() -> Iterator[Any]:
        return iter(pa.RecordBatchReader.from_stream(source))

    columns = pa.RecordBatchReader.from_stream(source).schema.names
    count = len(source) if hasattr(source, "__len__") else None
    return _rows(name, f"{name.partition(' ')[0]} frame", columns, batches, count=count)


def _rows(
    name: str,
    format_: str,
    columns: list[str],
    batches: Callable[[], Iterator[Any]],
    *,
    count: int | None = None,
    again: bool = True,
) -> Rows:
    def start() -> Iterator[Numbered]:
        return enumerate((row for batch in batches() for row in _dicts(batch, name)), 1)

    return rows_of(name, format_, start, columns=columns, count=count, again=again)


def _dicts(batch: Any, name: str) -> Iterator[Row]:  # noqa: ANN401 - pyarrow is untyped
    """Yield a batch's rows, part by part: a file's writer may have made it as large as the file."""
    names = batch.schema.names
    for first in range(0, batch.num_rows, _BATCH):
        part = batch.slice(first, _BATCH)
        cells = [_values(column, names[at], name) for at, column in enumerate(part.columns)]
        for values in zip(*cells, strict=True):
            yield dict(zip(names, values, strict=True))


def _values(column: Any, named: str, name: str) -> list[Any]:  # noqa: ANN401 - pyarrow is untyped
    """Return a column's cells as Python values; undecodable text comes as bytes."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":  # datetime has no nanoseconds
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            what = f"column '{named}' holds bytes inside its values that are no UTF-8"
            raise DataError(what, where=name, mend="Write the file again from valid text") from None
        return list(column.cast(pa.large_binary()).to_pylist())


@contextmanager
def _readable(name: str, format_: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        what = f"the {format_} file is cut off or damaged ({reason})"
        raise DataError(what, where=name, mend="Write or copy the file again") from None


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open an Arrow file or stream and read its schema."""
    with _readable(path.name, "Arrow"), pa.OSFile(str(path), "rb") as file:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        with pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file) as reader:
            yield reader
