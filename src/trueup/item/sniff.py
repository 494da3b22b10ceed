"""What a file is: its format by its name and first bytes, and sentences for what it cannot be."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, TypeAlias, cast

from trueup.errors import DataError, did_you_mean
from trueup.item.plain import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

Format: TypeAlias = Literal["jsonl", "json", "csv", "tsv", "parquet", "arrow"]

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_TAKEN = ".jsonl, .json, .csv, .tsv (each also .gz), .parquet, .arrow and .feather files are read"

_BINARY: dict[str, Format] = {"a Parquet file": "parquet", "an Arrow file": "arrow"}
_TEXT: dict[bytes, Format] = {b"{": "jsonl", b"[": "json"}

_GZIP = b"\x1f\x8b"
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file of version 1"),
    (_GZIP, "a gzip file"),
    (b"PK\x03\x04", "a ZIP or Excel file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_PICKLES = tuple(bytes([protocol]) for protocol in range(2, 6))
_HEAD = 4096


class Kind(NamedTuple):
    """What a file is."""

    format: Format
    zipped: bool


def find(source: str | Path) -> Path:
    """Return the path of a file that exists.

    Raises:
        DataError: It does not exist, or is a folder.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        names = [entry.name for entry in path.iterdir() if _suffix(entry)[0]]
        shown = f" It holds {', '.join(sorted(names)[:12])}" if names else ""
        raise DataError("this is a folder", where=str(path), mend=f"Name one file.{shown}")
    if not path.exists():
        if not path.parent.is_dir():
            what, hint = f"the folder {path.parent} does not exist", "Check the path"
        else:
            names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
            what, hint = "there is no such file", did_you_mean(path.name, names)
        raise DataError(what, where=str(path), mend=hint or "Its folder is empty")
    if not path.is_file():
        mend = "Save it as a file first: it has to be read more than once"
        raise DataError("this is no regular file", where=str(path), mend=mend)
    return path


def kind(path: Path) -> Kind:
    """Return the format of a file, by its name, else by its first bytes.

    Raises:
        DataError: The file is empty, cannot be opened, or is of no format that is read.
    """
    format_, zipped = _suffix(path)
    with opened(path, zipped=False) as file:
        start = file.read(_HEAD)
    if not start:
        raise DataError("the file is empty", where=path.name, mend="It needs at least one item")
    if start.startswith(_GZIP) and format_ not in {"parquet", "arrow"}:
        zipped = True
    with opened(path, zipped=zipped) as file:
        start = file.read(_HEAD)
    if format_ is None:
        format_ = _by_content(start, path)
    _refuse(start, format_, path)
    return Kind(format_, zipped)


def holds_items(path: Path) -> bool:
    """Tell whether a file is one of items by its name; a .json file, by its first bytes."""
    format_ = _suffix(path)[0]
    if format_ != "json":
        return format_ is not None
    with opened(path, zipped=_suffix(path)[1]) as file:
        start = file.read(_HEAD)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return True
    first, _, rest = start.partition(b"\n")
    return first.rstrip().endswith(b"}") and rest.startswith(b"{")


@contextmanager
def opened(path: Path, *, zipped: bool) -> Iterator[BinaryIO]:
    """Open a file in binary; what goes wrong while it is read becomes a DataError."""
    try:
        with path.open("rb") as raw:
            if zipped:
                with (
                    gzip.GzipFile(fileobj=raw) as stream,
                    io.BufferedReader(cast(io.RawIOBase, stream), 1 << 16) as file,
                ):
                    yield cast(BinaryIO, file)
            else:
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        what = f"the gzip data is damaged or cut off ({error})"
        raise DataError(what, where=path.name, mend="Write or copy the file again") from None
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise DataError(what, where=path.name, mend="Check the path and its permissions") from None


def _suffix(path: Path) -> tuple[Format | None, bool]:
    """Return the format that a file's name stands for, and whether it is a gzip file's name."""
    zipped = path.suffix.lower() == ".gz"
    inner = Path(path.stem) if zipped else path
    return _SUFFIXES.get(inner.suffix.lower()), zipped


def _by_content(start: bytes, path: Path) -> Format:
    seen = _looks_like(start)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    found = _BINARY.get(seen or "") or _TEXT.get(text)
    if found is None:
        what = f"it looks like {seen}" if seen else f"'{path.suffix}' is no format that is read"
        raise DataError(what, where=path.name, mend=_TAKEN)
    return found


def _looks_like(start: bytes) -> str | None:
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    if start[:1] == b"\x80" and start[1:2] in _PICKLES:
        return "a Python pickle"
    return "binary data (it has NUL bytes)" if b"\0" in start else None


def _refuse(start: bytes, format_: Format, path: Path) -> None:
    """Raise where the first bytes are not what the format begins with."""
    seen = _looks_like(start)
    fitting = {format_: name for name, format_ in _BINARY.items()}.get(format_)
    if seen == fitting or (format_ == "arrow" and start.startswith(b"\xff\xff\xff\xff")):
        return
    what = f"it is named like {fitting or format_.upper()} but looks like {seen or 'text'}"
    if seen is None:
        what += f": {excerpt(start.decode('utf-8', 'replace'))}"
    mend = "Export it as JSON lines, CSV or Parquet"
    if seen == "UTF-16 text":
        mend = "Save it as UTF-8"
    elif seen is None or seen in _BINARY:
        mend = "Give the file the ending of what it is"
    raise DataError(what, where=path.name, mend=mend)
