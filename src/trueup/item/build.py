"""ItemBuilder: one row of any source -> one Item, by a field map that is worked out once."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.errors import DataError
from trueup.item.cells import looks_like_json, read_metadata, read_probability, read_purpose
from trueup.item.declare import mapping
from trueup.item.fields import FieldError, FieldMap, splits
from trueup.item.instant import instant
from trueup.item.model import TEXTS, Fault, Item
from trueup.item.names import ALIASES
from trueup.item.path import Place, place, without
from trueup.item.plain import broken, mended, name_text, plain
from trueup.item.text import read_string, read_text, split_conversation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from trueup.item.rows import Row, Rows


class _Step(NamedTuple):
    field: str
    column: str
    place: Place | None
    """Where in the column, if not in all of it."""
    read: Callable[[Any], Any]
    is_text: bool


class ItemBuilder:
    """Build items from the rows of one source.

    A builder remembers the contents that it derived ids from, so one builder serves one pass.
    A cell that cannot be text makes an item with a fault; whatever else cannot be read raises.

    Args:
        rows: The source. Where a row may have columns beyond those known, one with a canonical
            name that turns up late fills its field.
        fields: The source's complete field map.
        timezone: The zone of timestamps that name none.
    """

    def __init__(self, rows: Rows, fields: FieldMap, *, timezone: tzinfo | None = None) -> None:
        self._where = f"{rows.name}, {rows.unit}"
        self._seen: dict[int, int] = {}
        sources = {field: source for field, source in fields.items() if source}
        self._has_id = "id" in sources
        self._conversation = sources.pop("output") if splits(fields) else None
        if self._conversation:
            sources.pop("input")
        if not rows.closed:
            used = {place(source, rows.columns).column for source in fields.values()}
            late = ALIASES.keys() - fields.keys() - used - {"id"}
            sources.update({field: field for field in ALIASES if field in late})
        self._metadata = sources.pop("metadata", None)
        self._steps = [_step(field, source, rows, timezone) for field, source in sources.items()]
        self._used = {step.column for step in self._steps if not step.place}
        self._used.update(filter(None, (self._conversation, self._metadata)))
        self._partly = [s.place for s in self._steps if s.place and s.column not in self._used]

    def __call__(self, row: Row, number: int) -> Item:
        """Return the item of one row.

        Raises:
            FieldError: A cell cannot be read: an empty id, a timestamp without a zone, a
                probability outside (0, 1].
        """
        values: dict[str, Any] = {}
        field: str | None = None
        is_broken = False
        try:
            for field, column, inside, read, is_text in self._steps:
                raw = inside.of(row) if inside else row.get(column)
                value = None if raw is None else read(raw)
                if value is None:
                    continue
                values[field] = value
                if is_text and not (type(value) is str and value.isascii()):
                    values[field] = whole = mended(value)
                    is_broken |= whole != value
            field = "output"
            metadata = self._rest(row)
            if self._conversation:
                is_broken |= self._part(row.get(self._conversation), values, metadata)
            fault: Fault | None = "invalid_utf8" if is_broken else None
            if "output" not in values:
                values["output"] = ""
                fault = "missing_output"
            field = "id"
            if "id" not in values:
                values["id"] = self._derive(values)
        except DataError as error:
            where = f"{self._where} {number}"
            raise FieldError(error.what, field=field, where=where, mend=error.mend) from None
        return Item(metadata=metadata, fault=fault, **values)

    def _rest(self, row: Row) -> dict[str, Any]:
        """Return what no field took, merged with the metadata column."""
        used = self._used
        rest: dict[str, Any] = {}
        for key, raw in row.items():
            if raw is None or key in used:
                continue
            if type(raw) is str:
                if raw:
                    rest[key] = mended(raw) if broken(raw) else raw
            else:
                value = mended(plain(raw))
                if value is not None:
                    rest[key] = value
        for column, path in self._partly:
            left = without(rest.pop(column, None), path)
            if left is not None:
                rest[column] = left
        if self._metadata and (own := row.get(self._metadata)) is not None:
            _merge(rest, read_metadata(own), self._metadata)
        return rest

    def _part(self, raw: object, values: dict[str, Any], metadata: dict[str, Any]) -> bool:
        """Part a conversation into input, output and what follows; tell whether it is broken."""
        text = read_text(raw, role="assistant", parse=True)
        whole = mended(text)
        if isinstance(whole, str):
            what = "the conversation is no list of messages with role and content"
            raise DataError(what, mend=f"Say which column to read: {mapping('output')}")
        before, output, after = split_conversation(whole or ())
        if before:
            values["input"] = before
        if output is not None:
            values["output"] = output
        if after:
            metadata[f"{self._conversation}_after"] = list(after)
        return bool(whole != text)

    def _derive(self, values: dict[str, Any]) -> str:
        """Return an id made from the content; the n-th repeat of a content ends in `#n`."""
        if self._has_id:
            mend = f"Fill it, or let trueup make ids from the content: {mapping('id', '')}"
            raise DataError("the id is empty", mend=mend)
        content = [values.get("input", ""), values["output"]]
        body = json.dumps(content, ensure_ascii=True, sort_keys=True).encode("ascii")
        digest = hashlib.blake2b(body, digest_size=8).digest()
        key = int.from_bytes(digest, "big")
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return digest.hex() if count == 1 else f"{digest.hex()}#{count}"


def _step(field: str, source: str, rows: Rows, timezone: tzinfo | None) -> _Step:
    at = place(source, rows.columns)
    cells = [at.of(row) for row in rows.sample] if field in {"input", "output", "context"} else []
    parse = looks_like_json(field, cells)
    readers: dict[str, Callable[[Any], Any]] = {
        "input": partial(read_text, role="user", parse=parse),
        "output": partial(read_text, role="assistant", parse=parse),
        "reference": read_string,
        "context": partial(read_string, parse=parse),
        "timestamp": partial(instant, declared=timezone),
        "purpose": read_purpose,
        "p_logged": partial(read_probability, field),
        "p_judged": partial(read_probability, field),
    }
    read = readers.get(field, name_text)
    return _Step(field, at.column, at if at.path else None, read, field in TEXTS)


def _merge(rest: dict[str, Any], own: object, column: str) -> None:
    """Add the metadata column's entries; a column of the same name keeps the plain key."""
    if not isinstance(own, dict):
        if own not in (None, ""):
            rest[column] = own
        return
    for key, value in own.items():
        free = key if key not in rest or rest[key] == value else f"{column}.{key}"
        rest[free] = value
