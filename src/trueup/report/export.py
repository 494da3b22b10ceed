"""Rows to files: JSONL, CSV or Parquet, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from trueup.errors import ConfigError
from trueup.report.safe import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_CHUNK = 10_000
ENDINGS = (".jsonl", ".csv", ".parquet")


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
    if target.suffix not in ENDINGS:
        what = f"results are written as {', '.join(ENDINGS)}, not '{target.suffix}'"
        raise ConfigError(what, where=str(target), mend="Choose one of these endings")
    if not target.parent.is_dir():
        mend = "Make the folder, or name another"
        raise ConfigError("the folder does not exist", where=str(target.parent), mend=mend)
    if target.is_dir():
        raise ConfigError("this is a folder", where=str(target), mend="Name a file")
    if not os.access(target.parent, os.W_OK):
        mend = "Name another folder, or ask for the right to write there"
        raise ConfigError("the folder cannot be written", where=str(target.parent), mend=mend)


def write_rows(rows: Iterable[dict[str, Any]], target: Path) -> int:
    """Write rows to a file by its ending and return how many; a reader never sees half a file.

    CSV cells that a spreadsheet would take for formulas are quoted.

    Raises:
        ConfigError: The file cannot be written.
    """
    check_target(target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    writers = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
    try:
        count = writers[target.suffix](iter(rows), unfinished)
        unfinished.replace(target)
    except OSError as error:
        what = f"the results cannot be written ({error.strerror or error})"
        mend = "They are in the store: run the same again, and nothing is asked"
        raise ConfigError(what, where=str(target), mend=mend) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return count


def _jsonl(rows: Iterator[dict[str, Any]], target: Path) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 - the count is the result
            file.write(json.dumps(row) + "\n")
    return count


def _csv(rows: Iterator[dict[str, Any]], target: Path) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        first = next(rows, None)
        if first is None:
            return 0
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for count, row in enumerate(chain([first], rows), 1):  # noqa: B007 - the count is the result
            writer.writerow({name: cell(value) for name, value in row.items()})
    return count


def _parquet(rows: Iterator[dict[str, Any]], target: Path) -> int:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    count = 0
    writer = None
    try:
        while chunk := list(islice(rows, _CHUNK)):
            table = pa.Table.from_pylist(chunk, schema=_schema(pa, chunk[0]))
            writer = writer or pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
            count += len(chunk)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({}), target)
    return count


def _schema(pa: Any, row: dict[str, Any]) -> Any:  # noqa: ANN401 - pyarrow is imported late
    numbers = {"value", "score", "low", "high"}
    types = {
        name: pa.float64()
        if name in numbers
        else pa.int64()
        if name == "replicate"
        else pa.string()
        for name in row
    }
    return pa.schema(list(types.items()))
