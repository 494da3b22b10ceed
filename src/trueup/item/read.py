"""open_items and check_items: files, frames and lists -> items, read again as often as needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from trueup.errors import DataError
from trueup.item.build import ItemBuilder
from trueup.item.declare import mapping
from trueup.item.fields import FieldMap, check_columns, field_map, guess_fields, missing_output
from trueup.item.instant import zone
from trueup.item.lines import json_rows, jsonl_rows
from trueup.item.memory import frame_rows, iterable_rows
from trueup.item.model import Item
from trueup.item.plain import excerpt
from trueup.item.sniff import find, kind
from trueup.item.table import csv_rows

if TYPE_CHECKING:
    from datetime import tzinfo

    from trueup.item.rows import Rows

Source: TypeAlias = "str | Path | Iterable[Mapping[str, Any] | Item] | Any"
"""A path; mappings or items; a pandas, polars or Arrow frame."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a pass over a source found."""

    count: int
    """Items."""
    faults: Mapping[str, int]
    """Fault -> items that no judge is asked about, because their text cannot be used."""


class ItemSource:
    """The items of one source, built while they are iterated over.

    Nothing but the part at hand is held in memory, save for ids that are derived from the
    content, which take about 100 bytes an item, and files that are one JSON array.

    Attributes:
        name: The file's name, or what kind of object it is.
        format: `JSON lines`, `CSV`, `Parquet` and so on.
        unit: What places are counted in, `line` or `row`.
        fields: Field -> the column or path that fills it.
        columns: The columns; for JSON lines and lists those of the first rows.
        count: The number of rows where it is known without reading.
        rereadable: Whether it can be iterated over more than once.
        sample: The first rows as they came in.
    """

    def __init__(self, rows: Rows, fields: FieldMap, *, timezone: tzinfo | None = None) -> None:
        self._rows = rows
        self._timezone = timezone
        self.name = rows.name
        self.format = rows.format
        self.unit = rows.unit
        self.columns = rows.columns
        self.count = rows.count
        self.rereadable = rows.again
        self.sample = rows.sample
        self.fields = fields

    def __iter__(self) -> Iterator[Item]:
        return (item for _, item in self.numbered())

    def numbered(self, *, needs_output: bool = True) -> Iterator[tuple[int, Item]]:
        """Yield every item with its line or row, counted from 1.

        Args:
            needs_output: Whether to refuse a source in which no column holds the output.

        Raises:
            DataError: No column holds the output, or a row cannot be read.
        """
        if needs_output and self.columns and not self.fields.get("output"):
            raise missing_output(self.columns, self.name)
        build = ItemBuilder(self._rows, self.fields, timezone=self._timezone)
        for number, row in self._rows.start():
            yield number, row if isinstance(row, Item) else build(row, number)


def open_items(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> ItemSource:
    """Open whatever holds items; columns that are not declared are guessed by their names.

    Args:
        source: A path to a .jsonl, .json, .csv, .tsv (also .gz), .parquet, .arrow or .feather
            file, mappings or items, or a pandas, polars or Arrow frame or stream.
        fields: Field -> column or dotted path, as far as it is to be declared.
        timezone: IANA name of the zone of timestamps that do not name one.

    Raises:
        DataError: The source is missing, empty, of no format that is read or damaged, a declared
            column is not there, or several columns are equally likely for one field.
    """
    declared = field_map(fields)
    declared_zone = zone(timezone) if timezone else None
    rows = open_rows(source)
    if rows.columns:
        check_columns(declared, rows.columns, where=rows.name, closed=rows.closed)
    found = guess_fields(rows.columns, rows.sample, declared=declared, where=rows.name)
    return ItemSource(rows, found, timezone=declared_zone)


def check_items(source: ItemSource | Source) -> Checked:
    """Read a source through and count its items and their faults.

    Memory: about 80 bytes an item, for a 64-bit hash of every id.

    Raises:
        DataError: There is no item, two items have one id, no column holds the output, a row
            cannot be read, or the source can be read only once.
    """
    items = source if isinstance(source, ItemSource) else open_items(source)
    if not items.rereadable:
        mend = "Pass a list, a frame or a file"
        raise DataError("it can be read only once, so not checked", where=items.name, mend=mend)
    seen: set[int] = set()
    faults: Counter[str] = Counter()
    count = 0
    for number, item in items.numbered():
        count += 1
        mark = hash(item.id)
        if mark in seen:
            _refuse_double(items, item.id, number)
        seen.add(mark)
        if item.fault:
            faults[item.fault] += 1
    if not count:
        raise DataError("there are no items in it", where=items.name, mend="Add at least one")
    return Checked(count, dict(faults))


def open_rows(source: Source) -> Rows:
    """Open whatever holds rows.

    Raises:
        DataError: It is missing, empty, of no format that is read, or damaged.
    """
    if isinstance(source, (str, Path)):
        return _file_rows(find(source))
    where = type(source).__module__.partition(".")[0]
    name = f"{where} {type(source).__name__}" if where != "builtins" else type(source).__name__
    if where == "pandas" and hasattr(source, "iloc") and hasattr(source, "columns"):
        return frame_rows(source, name)
    if where == "pyarrow" or hasattr(source, "__arrow_c_stream__"):
        from trueup.item.arrow import stream_rows, table_rows  # noqa: PLC0415 - heavy

        return (table_rows if hasattr(source, "to_pydict") else stream_rows)(source, name)
    if isinstance(source, Iterable) and not isinstance(source, (Mapping, bytes)):
        return iterable_rows(source, name)
    mend = "Pass a path, a list of mappings or items, or a frame"
    raise DataError(f"items cannot be read from {name}", mend=mend)


def _file_rows(path: Path) -> Rows:
    format_, zipped = kind(path)
    if format_ in {"csv", "tsv"}:
        return csv_rows(path, zipped=zipped, tabs=format_ == "tsv")
    if format_ in {"parquet", "arrow"}:
        from trueup.item.arrow import arrow_rows, parquet_rows  # noqa: PLC0415 - heavy

        return parquet_rows(path) if format_ == "parquet" else arrow_rows(path)
    return (jsonl_rows if format_ == "jsonl" else json_rows)(path, zipped=zipped)


def _refuse_double(items: ItemSource, id_: str, second: int) -> None:
    """Raise if an earlier row has that very id, and not merely one of the same hash."""
    for first, item in items.numbered():
        if first >= second:
            return
        if item.id == id_:
            column = f" (column '{items.fields['id']}')" if items.fields.get("id") else ""
            what = f"{items.unit}s {first} and {second} have one id, '{excerpt(id_)}'{column}"
            mend = (
                f"Give every item its own id, name another column: {mapping('id')}, "
                f"or let trueup make ids from the content: {mapping('id', '')}"
            )
            raise DataError(what, where=items.name, mend=mend)
