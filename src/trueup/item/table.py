"""CSV and TSV as rows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.plain import excerpt
from trueup.item.rows import Row, Rows, rows_of
from trueup.item.sniff import opened

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

MAX_CELL = 64 << 20
"""Characters of the longest cell that is read."""

_LONGEST_NAME = 200
_QUOTES = 'Quote cells that hold the separator or line breaks, and double the quotes inside ("")'


def csv_rows(path: Path, *, zipped: bool, tabs: bool = False) -> Rows:
    """Return the rows of a file of comma-, semicolon- or tab-separated values, read in a stream.

    Args:
        path: The file; its first line names the columns.
        zipped: Whether it is a gzip file.
        tabs: Whether the separator is a tab. Otherwise it is a comma, or a semicolon where the
            first line has no comma.

    Raises:
        DataError: The first line does not name the columns, names two alike, or a row has more
            cells than there are columns.
    """
    # a setting of the whole process, and only ever widened here
    csv.field_size_limit(max(MAX_CELL, csv.field_size_limit()))
    mark = "\t" if tabs else _separator(path, zipped=zipped)
    records = _records(path, zipped=zipped, mark=mark)
    _, header = next(records, (0, []))
    records.close()
    columns = _names(header, path.name)

    def start() -> Iterator[tuple[int, Row]]:
        stream = _records(path, zipped=zipped, mark=mark)
        next(stream, None)
        for number, cells in stream:
            if len(cells) > len(columns):
                what = f"the row has {len(cells)} cells and the first line {len(columns)} columns"
                raise DataError(what, where=f"{path.name}, line {number}", mend=_QUOTES)
            yield number, dict(zip(columns, cells, strict=False))

    named = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV"}[mark]
    first = f"{path.name}, line 1"
    return rows_of(path.name, named, start, columns=columns, where=first, unit="line")


def _separator(path: Path, *, zipped: bool) -> str:
    with opened(path, zipped=zipped) as file:
        first = file.readline(1 << 16)
    return ";" if b";" in first and b"," not in first else ","


def _records(
    path: Path, *, zipped: bool, mark: str
) -> Generator[tuple[int, list[str]], None, None]:
    """Yield every row that is not blank, with the line that it begins in."""
    with opened(path, zipped=zipped) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=mark, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            what = f"this is not CSV ({error})"
            raise DataError(what, where=f"{path.name}, line {line}", mend=_QUOTES) from None


def _names(header: list[str], name: str) -> tuple[str, ...]:
    """Return the names of the columns; one without a name is called by its number."""
    where = f"{name}, line 1"
    mend = "Begin the file with a line that names the columns, for example id,input,output"
    if not any(cell.strip() for cell in header):
        raise DataError("there is no line that names the columns", where=where, mend=mend)
    odd = [cell for cell in header if _is_value(cell)]
    if odd:
        what = f"'{excerpt(odd[0])}' is a value, no name of a column"
        raise DataError(what, where=where, mend=mend)
    return tuple(cell.strip() or f"column_{number}" for number, cell in enumerate(header, 1))


def _is_value(cell: str) -> bool:
    if len(cell) > _LONGEST_NAME or "\n" in cell.strip():
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
