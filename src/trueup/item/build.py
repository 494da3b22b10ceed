"""ItemBuilder: one row of any source -> one Item, by a field map that is worked out once."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.errors import DataError
from trueup.item.aliases import CANONICAL
from trueup.item.cells import read_metadata, read_probability, read_purpose
from trueup.item.fields import FieldError, FieldMap, root
from trueup.item.instant import instant
from trueup.item.model import Fault, Item, Text
from trueup.item.path import pick, without
from trueup.item.plain import broken, mended, name_text, plain
from trueup.item.text import read_string, read_text, split_conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    Row = Mapping[str, Any]

_TEXTS = frozenset({"input", "output", "reference", "context"})


class _Step(NamedTuple):
    field: str
    column: str
    path: tuple[str, ...]
    """What follows the column where it holds mappings."""
    read: Callable[[Any], Any]


class ItemBuilder:
    """Build items from the rows of one source.

    A builder remembers the contents that it derived ids from, so one builder serves one pass.
    A cell that cannot be text makes an item with a fault; whatever else cannot be read raises.

    Args:
        fields: The source's complete field map.
        columns: The source's columns, as far as they are known.
        name: The source's name, for messages.
        unit: What rows are counted in, `line` or `row`.
        timezone: The zone of timestamps that name none.
        parsed: The columns whose text is JSON.
        closed: Whether no row has columns beyond `columns`. Where rows may, a column with a
            canonical name that turns up late fills its field.
    """

    def __init__(
        self,
        fields: FieldMap,
        columns: tuple[str, ...] = (),
        *,
        name: str = "items",
        unit: str = "row",
        timezone: tzinfo | None = None,
        parsed: frozenset[str] = frozenset(),
        closed: bool = True,
    ) -> None:
        self._name = name
        self._unit = unit
        self._seen: dict[int, int] = {}
        declared = fields.given()
        sources = {field: source for field, source in declared.items() if source}
        self._has_id = "id" in sources
        self._conversation = sources.pop("output") if fields.splits else None
        if self._conversation:
            sources.pop("input")
        if not closed:
            used = {root(source, columns) for source in declared.values()}
            late = (field for field in CANONICAL if field not in declared and field not in used)
            sources.update({field: field for field in late if field != "id"})
        self._metadata = sources.pop("metadata", None)
        make = partial(_step, columns=columns, parsed=parsed, timezone=timezone)
        steps = [make(field, source) for field, source in sources.items()]
        self._texts = [step for step in steps if step.field in _TEXTS]
        self._scalars = [step for step in steps if step.field not in _TEXTS]
        self._used = {step.column for step in steps if not step.path}
        self._used.update(filter(None, (self._conversation, self._metadata)))
        self._partly = [step for step in steps if step.path and step.column not in self._used]

    def __call__(self, row: Row, number: int) -> Item:
        """Return the item of one row.

        Raises:
            FieldError: A cell cannot be read: an empty id, a timestamp without a zone, a
                probability outside (0, 1].
        """
        try:
            return self._build(row)
        except DataError as error:
            where = f"{self._name}, {self._unit} {number}"
            field = getattr(error, "field", None) or self._failing(row)
            raise FieldError(error.what, field=field, where=where, mend=error.mend) from None

    def _build(self, row: Row) -> Item:
        values: dict[str, Any] = {}
        is_broken = False
        for field, column, path, read in self._texts:
            raw = row.get(column)
            if path:
                raw = pick(raw, path)
            if raw is None:
                continue
            text, was_broken = read(raw)
            is_broken = is_broken or was_broken
            if text is not None:
                values[field] = text
        for field, column, path, read in self._scalars:
            raw = row.get(column)
            if path:
                raw = pick(raw, path)
            if raw is not None:
                value = read(raw)
                if value is not None:
                    values[field] = value
        metadata = self._rest(row)
        if self._conversation:
            is_broken |= self._part(row.get(self._conversation), values, metadata)
        fault: Fault | None = "invalid_utf8" if is_broken else None
        if "output" not in values:
            values["output"] = ""
            fault = "missing_output"
        if "id" not in values:
            values["id"] = self._derive(values)
        return Item(metadata=metadata, fault=fault, **values)

    def _failing(self, row: Row) -> str | None:
        """Return the field that cannot be read."""
        for step in self._scalars:
            try:
                step.read(pick(row.get(step.column), step.path))
            except DataError:
                return step.field
        return None

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
        for step in self._partly:
            left = without(rest.pop(step.column, None), step.path)
            if left is not None:
                rest[step.column] = left
        if self._metadata and (own := row.get(self._metadata)) is not None:
            _merge(rest, read_metadata(own), self._metadata)
        return rest

    def _part(self, raw: object, values: dict[str, Any], metadata: dict[str, Any]) -> bool:
        text, is_broken = read_text(raw, role="assistant", parse=True)
        if isinstance(text, str):
            what = "the conversation is no list of messages with role and content"
            mend = "Say which columns to read with `--map output=COLUMN`"
            raise FieldError(what, field="output", mend=mend)
        before, output, after = split_conversation(text or ())
        if before:
            values["input"] = before
        if output is not None:
            values["output"] = output
        if after:
            metadata[f"{self._conversation}_after"] = list(after)
        return is_broken

    def _derive(self, values: dict[str, Any]) -> str:
        """Return an id made from the content; the n-th repeat of a content ends in `#n`."""
        if self._has_id:
            mend = "Fill it, or let trueup make ids from the content with `--map id=`"
            raise FieldError("the id is empty", field="id", mend=mend)
        digest = content_digest(values.get("input", ""), values["output"])
        key = int.from_bytes(digest, "big")
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return digest.hex() if count == 1 else f"{digest.hex()}#{count}"


def content_digest(asked: Text, output: Text) -> bytes:
    """Return the 8-byte hash of an input and an output that derived ids are made of."""
    body = json.dumps([asked, output], ensure_ascii=True, sort_keys=True)
    return hashlib.blake2b(body.encode("ascii"), digest_size=8).digest()


def _step(
    field: str,
    source: str,
    *,
    columns: tuple[str, ...],
    parsed: frozenset[str],
    timezone: tzinfo | None,
) -> _Step:
    column = root(source, columns)
    path = tuple(source[len(column) + 1 :].split(".")) if column != source else ()
    parse = source in parsed
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
    return _Step(field, column, path, readers.get(field, name_text))


def _merge(rest: dict[str, Any], own: object, column: str) -> None:
    """Add the metadata column's entries; a column of the same name keeps the plain key."""
    if not isinstance(own, dict):
        if own not in (None, ""):
            rest[column] = own
        return
    for key, value in own.items():
        free = key if key not in rest or rest[key] == value else f"{column}.{key}"
        rest[free] = value
