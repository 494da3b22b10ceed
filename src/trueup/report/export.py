"""Rows to files: JSONL, CSV or Parquet, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from trueup.errors import ConfigError
from trueup.item.formula import protected
from trueup.report.page.files import check_file
from trueup.runner.result import COLUMNS, ITEM_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_CHUNK = 10_000
_TYPES = {**COLUMNS, **ITEM_COLUMNS}


def check_targets(targets: Sequence[Path], *, spare: Path) -> None:
    """Make sure that files can be written there, before anything is spent.

    Args:
        targets: The files.
        spare: A file that is read, and must not be written.

    Raises:
        ConfigError: An ending is unknown, a folder is missing or closed, or one file is to be two.
    """
    taken = {spare.resolve()}
    for target in targets:
        check_target(target)
        if target.resolve() in taken:
            what = "this file is read, or written already, in this very run"
            raise ConfigError(what, where=str(target), mend="Name another")
        taken.add(target.resolve())


def check_target(target: Path) -> None:
    """Make sure that a file can be written there.

    Raises:
        ConfigError: The ending is unknown, or the folder is missing or closed.
    """
    check_file(target, WRITERS, what="results")


def write_rows(
    rows: Iterable[dict[str, Any]], target: Path, *, columns: Mapping[str, str] | None = None
) -> int:
    """Write rows to a file by its ending and return how many; a reader never sees half a file.

    CSV cells that a spreadsheet would take for formulas are quoted.

    Args:
        rows: All with the same keys.
        target: The file.
        columns: Key -> string, int64 or float64, so that a file without rows, or with a column
            without values, has the same columns of the same types; by default the first row's.

    Raises:
        ConfigError: The file cannot be written.
    """
    check_target(target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        first, rows = _with_first(rows)
        types = {name: _TYPES.get(name, "string") for name in first} if columns is None else columns
        count = WRITERS[target.suffix](rows, unfinished, types)
        unfinished.replace(target)
    except OSError as error:
        what = f"the results cannot be written ({error.strerror or error})"
        mend = "They are in the store: run the same again, and nothing is asked"
        raise ConfigError(what, where=str(target), mend=mend) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return count


def _with_first(rows: Iterable[dict[str, Any]]) -> tuple[Iterable[str], Iterator[dict[str, Any]]]:
    """Return the keys of the first row, and all rows."""
    rest = iter(rows)
    first = next(rest, None)
    return ((), rest) if first is None else (first, chain([first], rest))


def _jsonl(rows: Iterator[dict[str, Any]], target: Path, columns: Mapping[str, str]) -> int:
    del columns  # every row names its own
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 - the count is the result
            file.write(json.dumps(row) + "\n")
    return count


def _csv(rows: Iterator[dict[str, Any]], target: Path, columns: Mapping[str, str]) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if columns:
            writer.writerow(columns)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the count is the result
            writer.writerow(protected(row[name]) for name in columns)
    return count


def _parquet(rows: Iterator[dict[str, Any]], target: Path, columns: Mapping[str, str]) -> int:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    types: dict[str, pa.DataType]
    types = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    count = 0
    with pq.ParquetWriter(target, schema) as writer:
        while chunk := list(islice(rows, _CHUNK)):
            writer.write_table(pa.Table.from_pylist(chunk, schema=schema))
            count += len(chunk)
    return count


WRITERS: Mapping[str, Callable[[Iterator[dict[str, Any]], Path, Mapping[str, str]], int]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".parquet": _parquet,
}
