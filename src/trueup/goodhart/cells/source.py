"""Opens what holds the records, a file or a frame, and says what its columns are.

The columns that are asked for are laid into a view under names of our own, so that no column's name
can collide with SQL, and a frame hands over those columns alone: what else it holds is not looked
at, and nothing of it is changed.
"""

# ruff: noqa: S608 - names of columns are quoted, what else goes in is numbers and our own

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError, did_you_mean
from trueup.goodhart.cells.query import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

VIEW = "source"
_READERS = {
    ".parquet": "read_parquet", ".pq": "read_parquet",
    ".csv": "read_csv", ".tsv": "read_csv",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip
_PACKED = {".gz", ".zst", ".bz2"}
_READABLE = "Name a Parquet, CSV or JSONL file."
_EXACT = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "UHUGEINT", "BOOLEAN"}  # fmt: skip
_OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}

_databases: dict[int, duckdb.DuckDBPyConnection] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the view.

    Attributes:
        sql: Its name there.
        kind: 'float', 'exact' (any other number), 'text', 'instant' or 'other'.
        type: DuckDB's name of its type.
    """

    sql: str
    kind: str
    type: str

    @property
    def zoneless(self) -> bool:
        """Whether it holds instants that do not say in which zone they are."""
        return self.kind == "instant" and "TIME ZONE" not in self.type


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection of its own to an empty database in memory; close it after use.

    Starting a database costs as much as reading thousands of records, so one is kept per process.
    It reaches for no network, and text without a zone is UTC to it.
    """
    import duckdb  # noqa: PLC0415 - slow to load, and only needed here

    with _lock:
        own = os.getpid()  # the threads of a database do not live on in a forked process
        if own not in _databases:
            database = duckdb.connect(config=dict(_OFFLINE))
            with contextlib.suppress(duckdb.Error):  # a build without zones knows UTC alone
                database.execute("set global timezone = 'UTC'")
            _databases[own] = database
        return _databases[own].cursor()


def guessed(source: object) -> bool:
    """Return whether a source's types are guessed from its first values."""
    return isinstance(source, str | Path) and _reader(str(source)) in ("read_csv", "read_json")


def named(source: object) -> str:
    """Return what error messages call a source."""
    return str(source) if isinstance(source, str | Path) else "the frame"


def open_source(
    database: duckdb.DuckDBPyConnection,
    source: object,
    wanted: Mapping[str, str],
    *,
    as_text: bool = False,
) -> dict[str, Column]:
    """Make a source readable as the view `VIEW`, and return its columns by their own names.

    Args:
        database: Where the view is made.
        source: A pandas frame, an Arrow table, anything that offers itself as an Arrow stream, or
            the path of a file; a path may hold `*`.
        wanted: Columns to lay into it, by what they are named for.
        as_text: Read a CSV or JSONL file's values as text, where guessing their types failed.

    Raises:
        DataError: It is no table, or lacks a wanted column.
    """
    if isinstance(source, str | Path):
        opened = _file(str(source), as_text=as_text)
        names: dict[str, str] = {}
    else:
        table, names = _table(source, wanted)
        database.register("given", table)
        opened = "given"
    described = database.execute(f"describe select * from {opened}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in described}
    places = names or _places(types, wanted, where=str(source))
    found, chosen = {}, []
    for name, sql in places.items():
        there = sql if names else name
        kind, cast = _coarse(types[there])
        chosen.append(f"{quoted(there)}{cast} as {sql}")
        found[name] = Column(sql, kind_of(kind), kind)
    database.execute(
        f"create or replace temp view {VIEW} as select {', '.join(chosen)} from {opened}"
    )
    return found


def _coarse(kind: str) -> tuple[str, str]:
    """Return a type, nanoseconds made microseconds and JSON text, and the cast to it."""
    if kind == "JSON":
        return "VARCHAR", " ->> '$'"
    if not kind.endswith("_NS"):
        return kind, ""
    coarse = "TIMESTAMP WITH TIME ZONE" if kind.startswith("TIMESTAMPTZ") else "TIMESTAMP"
    return coarse, f"::{coarse}"


def kind_of(kind: str) -> str:
    """Return what a type of DuckDB's is to us."""
    if kind in ("FLOAT", "DOUBLE"):
        return "float"
    if kind in _EXACT or kind.startswith("DECIMAL"):
        return "exact"
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return "instant"
    return "text" if kind in ('"NULL"', "VARCHAR") or kind.startswith("ENUM") else "other"


def _places(
    known: Iterable[str], wanted: Mapping[str, str], *, where: str | None = None
) -> dict[str, str]:
    """Return each wanted column's name in the view."""
    names = list(known)
    for role, name in wanted.items():
        if names.count(name) > 1:
            message = f"column '{name}' ({role}) is there {names.count(name)} times"
            raise DataError(message, where=where, mend="Give each column a name of its own.")
        if name not in names:
            message = f"there is no column '{name}' ({role})"
            raise DataError(message, where=where, mend=did_you_mean(name, names))
    return {name: f"c{number}" for number, name in enumerate(dict.fromkeys(wanted.values()))}


def _file(path: str, *, as_text: bool) -> str:
    """Return the SQL that reads a file."""
    many = not Path(path).is_file() and any(sign in path for sign in "*?[")
    if not many and not Path(path).is_file():
        message = "this is a folder" if Path(path).is_dir() else "there is no such file"
        mend = "Write folder/*.parquet." if Path(path).is_dir() else _READABLE
        raise DataError(message, where=path, mend=mend)
    reader = _reader(path)
    if reader is None:
        message = f"'{Path(path).suffix or Path(path).name}' is no kind of file that is read here"
        raise DataError(message, where=path, mend=_READABLE)
    options = ["union_by_name = true"] if many else []
    if reader == "read_csv":
        options += ["header = true", *(["all_varchar = true"] if as_text else [])]
    elif reader == "read_json" and as_text:
        options += ["maximum_depth = 1"]
    where = path if many else re.sub(r"([*?\[])", r"[\1]", path)
    return f"{reader}({', '.join([literal(where), *options])})"


def _reader(path: str) -> str | None:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _READERS.get(suffixes[-1]) if suffixes else None


def _table(source: Any, wanted: Mapping[str, str]) -> tuple[Any, dict[str, str]]:  # noqa: ANN401 - what it is, is found out here
    """Return the wanted columns as an Arrow table, and their names in it."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and files do without

    if hasattr(source, "iloc") and hasattr(source, "columns"):
        _flat(source, wanted)
        places = _places([name for name in source.columns if isinstance(name, str)], wanted)
        columns = {sql: _array(source[name]) for name, sql in places.items()}
    else:
        if not isinstance(source, pa.Table):
            source = _arrow(source)
        places = _places(source.column_names, wanted)
        columns = {sql: source.column(name) for name, sql in places.items()}
    # DuckDB reads no half floats, and no decimals of more than 38 digits
    odd = (pa.types.is_float16, pa.types.is_decimal256)
    return pa.table(
        {
            sql: column.cast(pa.float64()) if any(is_odd(column.type) for is_odd in odd) else column
            for sql, column in columns.items()
        }
    ), places


def _flat(frame: Any, wanted: Mapping[str, str]) -> None:  # noqa: ANN401 - a pandas frame
    """Refuse columns of several levels, and what is the index and no column.

    Raises:
        DataError: The frame has such.
    """
    if getattr(frame.columns, "nlevels", 1) > 1:
        message = f"the frame's columns have {frame.columns.nlevels} levels"
        raise DataError(message, mend="Give each column one name, a text.")
    for role, name in wanted.items():
        if name not in frame.columns and name in frame.index.names:
            message = f"'{name}' ({role}) is the frame's index, and no column"
            raise DataError(message, mend="Give frame.reset_index().")


def held(source: object) -> object:
    """Return a source that can be read more than once: a stream is a table then."""
    if hasattr(source, "iloc") or not hasattr(source, "__arrow_c_stream__"):
        return source
    return _arrow(source)


def _arrow(source: Any) -> Any:  # noqa: ANN401 - what it is, is found out here
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and files do without

    try:
        return pa.table(source)
    except (TypeError, ValueError, AttributeError) as problem:  # Arrow's are of these
        message = f"the records are of type {type(source).__name__}, which is no table"
        mend = "Give a pandas frame, an Arrow table or a path."
        raise DataError(message, mend=mend) from problem


def _array(series: Any) -> Any:  # noqa: ANN401 - a column of pandas, and one of Arrow
    """Return a pandas column as Arrow has it; one of mixed types as text."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and files do without

    try:
        dense = series.sparse.to_dense() if hasattr(series, "sparse") else series
        found = pa.array(dense, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        found = None
    if found is not None and not isinstance(found.type, pa.BaseExtensionType):
        return found
    gone = series.isna().to_numpy()
    texts = [None if none else str(value) for value, none in zip(series, gone, strict=True)]
    return pa.array(texts, type=pa.string())
