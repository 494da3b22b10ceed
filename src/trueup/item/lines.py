"""JSON lines and JSON arrays as rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError
from trueup.item.plain import excerpt
from trueup.item.rows import SAMPLE, Row, Rows, columns_of
from trueup.item.sniff import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE = 64 << 20
"""Bytes of the longest line that is read; a longer one is no item."""

_COLUMN_ROWS = 1000
_COLUMN_BYTES = 4 << 20
"""How far the columns of JSON lines are looked for."""

_WRAPPERS = ("results.results", "samples", "cases", "data", "items", "examples", "rows", "results")
"""Where tools put their list of rows in a file that is one JSON object."""

_BARE = ("true", "false", "null", "NaN", "Infinity", "-")
"""What JSON writes without quotes and brackets, so that a part of it at the end is a cut."""

_BOM = b"\xef\xbb\xbf"


def jsonl_rows(path: Path, *, zipped: bool) -> Rows:
    """Return the rows of a file of JSON lines, which is read line by line.

    Raises:
        DataError: A line is no JSON, no object, or longer than `MAX_LINE`.
    """

    def start() -> Iterator[tuple[int, Row]]:
        for number, line in _lines(path, zipped=zipped):
            yield number, _object(line, path.name, number)

    rows: list[Row] = []
    size = 0
    for number, line in _lines(path, zipped=zipped):
        rows.append(_object(line, path.name, number))
        size += len(line)
        if len(rows) >= _COLUMN_ROWS or size >= _COLUMN_BYTES:
            break
    return Rows(
        name=path.name,
        format="JSON lines",
        unit="line",
        columns=columns_of(rows),
        sample=tuple(rows[:SAMPLE]),
        start=start,
        closed=False,
    )


def json_rows(path: Path, *, zipped: bool) -> Rows:
    """Return the rows of a file that is one JSON array; it is held in memory.

    A file of JSON lines under that name is read as such, and an object that holds its rows
    where a known tool puts them is looked into.

    Raises:
        DataError: The file is no JSON, or holds no array of objects.
    """
    if _is_jsonl(path, zipped=zipped):
        return jsonl_rows(path, zipped=zipped)
    with opened(path, zipped=zipped) as file:
        found, inside = _array(_loaded(file.read(), path.name), path.name)
    for number, row in enumerate(found, 1):
        if not isinstance(row, dict):
            raise _no_object(row, f"{path.name}, row {number}")
    return Rows(
        name=path.name,
        format="JSON array" + (f" inside '{inside}'" if inside else ""),
        unit="row",
        columns=columns_of(found),
        sample=tuple(found[:SAMPLE]),
        start=lambda: iter(enumerate(found, 1)),
        count=len(found),
    )


def _lines(path: Path, *, zipped: bool) -> Iterator[tuple[int, bytes]]:
    """Yield every line that is not blank, with its number."""
    number = 0
    with opened(path, zipped=zipped) as file:
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                shown = excerpt(_decoded(line[:99]))
                what = f"the line is longer than {MAX_LINE >> 20} MB: {shown}"
                mend = "Is every item on a line of its own?"
                raise DataError(what, where=f"{path.name}, line {number}", mend=mend)
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield number, line


def _object(line: bytes, name: str, number: int) -> Row:
    value = _loaded(line, name, number)
    if type(value) is not dict:
        raise _no_object(value, f"{name}, line {number}")
    return value


def _loaded(data: bytes, name: str, line: int | None = None) -> Any:  # noqa: ANN401 - a JSON value
    """Return the JSON value that is a whole file, or that line of it.

    Raises:
        DataError: It is none.
    """
    text = _decoded(data).rstrip()
    mend = "Write one whole JSON object for every item"
    try:
        return json.loads(text)
    except RecursionError:
        what, mend = "the JSON is nested too deeply", "Is it one item?"
    except json.JSONDecodeError as error:
        broken = text.split("\n")[error.lineno - 1].rstrip("\r")
        what = f"this is not JSON ({_fault(error, text, broken)}): {excerpt(broken)}"
        line = line or error.lineno
    except ValueError as error:  # a number with thousands of digits
        what = f"this is not JSON ({error}): {excerpt(text)}"
    raise DataError(what, where=f"{name}, line {line}" if line else name, mend=mend)


def _fault(error: json.JSONDecodeError, text: str, line: str) -> str:
    """Return what is wrong and where, columns counted from 1."""
    inside = error.msg.startswith("Unterminated string")
    rest = text[error.pos :]
    if not inside and not any(word.startswith(rest) for word in _BARE):
        return f"{error.msg}, column {error.colno}"
    where = f", inside the text that begins in column {error.colno}" if inside else ""
    return f"it is cut off at its end, after column {len(line)}{where}"


def _decoded(data: bytes) -> str:
    """Return the text; undecodable bytes become lone surrogates, which make an item fault."""
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        return data.removeprefix(_BOM).decode("utf-8", "surrogateescape")


def _is_jsonl(path: Path, *, zipped: bool) -> bool:
    with opened(path, zipped=zipped) as file:
        first = file.readline(MAX_LINE)
        second = file.readline(MAX_LINE)
    try:
        return bool(second.strip()) and isinstance(json.loads(_decoded(first)), dict)
    except (ValueError, RecursionError):
        return False


def _array(value: Any, name: str) -> tuple[list[Any], str | None]:  # noqa: ANN401 - a JSON value
    if isinstance(value, list):
        return value, None
    for wrapper in _WRAPPERS if isinstance(value, dict) else ():
        inner = value
        for key in wrapper.split("."):
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list) and inner and all(isinstance(row, dict) for row in inner):
            return inner, wrapper
    mend = "Write an array of objects, or one object a line in a file named .jsonl"
    raise DataError("the file holds no array of items", where=name, mend=mend)


def _no_object(value: object, where: str) -> DataError:
    names = {list: "an array", str: "text", type(None): "null", bool: "true or false"}
    seen = names.get(type(value), "a number")
    mend = 'Write one object a line, like {"id": "1", "output": "..."}'
    if isinstance(value, list):
        mend += "; a file that is one whole array is named .json"
    shown = excerpt(json.dumps(value, ensure_ascii=False)) if value is not None else "null"
    return DataError(f"this is {seen}, no JSON object: {shown}", where=where, mend=mend)
