"""FieldMap: which column of a source fills which field of an item, declared or guessed."""

from __future__ import annotations

import dataclasses
import difflib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError, did_you_mean
from trueup.item.aliases import ALIASES, CANONICAL, CONVERSATIONS, squash
from trueup.item.plain import plain
from trueup.item.text import as_messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Row = Mapping[str, Any]

_TEXTS = frozenset({"input", "output", "reference", "context"})

_SHARED = frozenset({"session_id", "trace_id"})
"""Fields whose column may well be declared to fill another one, the group or the id, too."""

_ENVELOPE = frozenset({"id", "object", "model", "choices", "stop_reason", "finish_reason", "error"})
"""What an endpoint's or a framework's reply holds beside the text itself."""


class FieldError(DataError):
    """A field of the items cannot be filled; `field` says which."""

    def __init__(
        self,
        what: str,
        *,
        field: str | None = None,
        where: str | None = None,
        mend: str | None = None,
    ) -> None:
        super().__init__(what, where=where, mend=mend)
        self.field = field


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """Field of an item -> the column, or the path into a column, that fills it.

    A path is written with dots, `vars.question`; a column of that very name goes before it.
    None leaves a field to be guessed. An empty name says that no column fills it: a column of
    the field's name is then metadata like any other. Where input and output name the same column,
    that holds conversations: the last message of the assistant is the output, what is before it
    the input.
    """

    id: str | None = None
    input: str | None = None
    output: str | None = None
    reference: str | None = None
    context: str | None = None
    metadata: str | None = None
    timestamp: str | None = None
    product: str | None = None
    version: str | None = None
    arm: str | None = None
    segment: str | None = None
    group: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    purpose: str | None = None
    p_logged: str | None = None
    p_judged: str | None = None

    @classmethod
    def of(cls, fields: FieldMap | Mapping[str, str] | None) -> FieldMap:
        """Return the map for what a caller passed.

        Raises:
            DataError: A name is no field of an item.
        """
        if isinstance(fields, FieldMap):
            return fields
        for name in fields or {}:
            if name not in CANONICAL:
                hint = did_you_mean(name, CANONICAL)
                raise DataError(f"'{name}' is no field of an item", where="map", mend=hint)
        return cls(**(fields or {}))

    def given(self) -> dict[str, str]:
        """Return the fields that are declared, in their canonical order."""
        pairs = ((name, getattr(self, name)) for name in CANONICAL)
        return {name: source for name, source in pairs if source is not None}

    @property
    def splits(self) -> bool:
        """Whether one column of conversations holds both input and output."""
        return bool(self.output) and self.input == self.output


def root(source: str, columns: Iterable[str]) -> str:
    """Return the column that a declared column or path starts in; it need not exist."""
    return source if source in columns else source.partition(".")[0]


def parse_map(declarations: Iterable[str], columns: Iterable[str] | None = None) -> FieldMap:
    """Read declarations like `output=answer` or `input=vars.question`.

    Args:
        declarations: One `FIELD=COLUMN` each; `FIELD=` says that no column fills the field.
        columns: The columns there are, where they are known.

    Raises:
        DataError: A declaration has no `=`, names no field of an item or one that was named
            before, or a column that is not there.
    """
    found: dict[str, str] = {}
    for declaration in declarations:
        name, equals, source = (part.strip() for part in declaration.partition("="))
        where = f"--map {declaration}"
        if not equals:
            raise DataError("there is no '=' in it", where=where, mend="Write FIELD=COLUMN")
        if name not in CANONICAL:
            hint = did_you_mean(name, CANONICAL)
            raise DataError(f"'{name}' is no field of an item", where=where, mend=hint)
        if name in found:
            raise DataError(f"{name} is mapped twice", where=where, mend="Keep one of the two")
        found[name] = source
    fields = FieldMap(**found)
    if columns is not None:
        check_columns(fields, columns)
    return fields


def check_columns(
    fields: FieldMap, columns: Iterable[str], *, where: str | None = None, closed: bool = True
) -> None:
    """Raise a DataError where a declared column is not there.

    Args:
        fields: What is declared.
        columns: The columns there are.
        where: The source's name, for messages.
        closed: Whether these are all columns; otherwise they are those of the first rows.
    """
    known = list(columns)
    among = "" if closed else " in the first rows"
    for name, source in fields.given().items():
        if source and root(source, known) not in known:
            what = f"there is no column '{source}'{among} to map {name} to"
            raise DataError(what, where=where, mend=did_you_mean(source, known))


def guess_fields(
    columns: Sequence[str],
    sample_rows: Sequence[Row] = (),
    *,
    declared: FieldMap | None = None,
    where: str | None = None,
) -> FieldMap:
    """Return which column fills which field, judged by the names that tools use.

    Case, `_`, `-` and blanks in names do not matter. A canonical name goes before an alias.

    Args:
        columns: All columns.
        sample_rows: Some rows. They tell whether a mapping is to be looked into, which of several
            id columns names single rows, and whether `messages` hold an output.
        declared: What is known; it is kept as it is.
        where: The file's name, for messages.

    Raises:
        FieldError: Several columns are equally likely for one field.
    """
    found = (declared or FieldMap()).given()
    taken = {root(source, columns) for source in found.values()}
    by_name: dict[str, list[str]] = defaultdict(list)
    every: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        every[squash(column)].append(column)
        if column not in taken:
            by_name[squash(column)].append(column)
    for name in CANONICAL:
        if name in found:
            continue
        source = _pick(name, every if name in _SHARED else by_name, sample_rows, where=where)
        if source is not None:
            found[name] = _descend(name, source, sample_rows) if name in _TEXTS else source
    traces = found.get("trace_id")
    if traces and "id" not in found and _distinct(traces, sample_rows):
        found["id"] = traces
    if "output" not in found:
        _split_conversation(found, by_name, sample_rows, fixed=declared)
    return FieldMap(**found)


def missing_output(columns: Sequence[str], where: str | None = None) -> FieldError:
    """Return the error for a source in which no column holds the output."""
    likely = {squash(column): column for column in columns}
    known = ["output", *ALIASES["output"][0]]
    close = [c for name in likely for c in difflib.get_close_matches(name, known, n=1, cutoff=0.8)]
    hint = ""
    if close:
        nearest = difflib.get_close_matches(close[0], list(likely), n=1, cutoff=0.0)[0]
        hint = f"Did you mean '{likely[nearest]}'? "
    shown = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")  # noqa: PLR2004 - a line or two
    what = f"no column holds the output; the columns are: {shown}"
    return FieldError(
        what, field="output", where=where, mend=f"{hint}Say which with `--map output=COLUMN`"
    )


def _pick(
    name: str,
    by_name: Mapping[str, list[str]],
    rows: Sequence[Row],
    *,
    where: str | None,
) -> str | None:
    own = by_name.get(squash(name), [])
    if name in own:
        return name
    for tier in ((squash(name),), *ALIASES[name]):
        likely = [column for alias in tier for column in by_name.get(alias, ())]
        if len(likely) > 1 and name == "id":
            likely = [column for column in likely if _distinct(column, rows)] or likely
        if len(likely) > 1:
            what = f"{name} could be any of the columns {', '.join(likely)}"
            mend = f"Say which with `--map {name}=COLUMN`, for example `--map {name}={likely[0]}`"
            raise FieldError(what, field=name, where=where, mend=mend)
        if likely:
            return likely[0]
    return None


def _distinct(column: str, rows: Sequence[Row]) -> bool:
    values = [str(row.get(column)) for row in rows if row.get(column) is not None]
    return 0 < len(values) == len(rows) == len(set(values))


def _descend(name: str, column: str, rows: Sequence[Row]) -> str:
    """Look into mappings for their only text, where it goes by a name of the field."""
    known = {squash(name), *(alias for tier in ALIASES[name] for alias in tier)}
    entries: set[str] = set()
    texts: set[str] = set()
    for row in rows:
        value = plain(row.get(column))
        if isinstance(value, Mapping) and not value.keys() >= {"role", "content"}:
            entries.update(value)
            texts.update(key for key, part in value.items() if isinstance(part, (str, list)))
        elif value is not None:
            return column
    texts -= _ENVELOPE
    if len(entries) > 1 and len(texts) == 1:
        [only] = texts
        if squash(only) in known and "." not in only:
            return f"{column}.{only}"
    return column


def _split_conversation(
    found: dict[str, str],
    by_name: Mapping[str, list[str]],
    rows: Sequence[Row],
    *,
    fixed: FieldMap | None,
) -> None:
    if fixed is not None and fixed.input is not None:
        return
    likely = [column for name in CONVERSATIONS for column in by_name.get(name, ())]
    if len(likely) == 1 and (not rows or any(_answered(row.get(likely[0])) for row in rows)):
        found["input"] = found["output"] = likely[0]


def _answered(value: object) -> bool:
    messages = as_messages(value, parse=True)
    return messages is not None and any(m.get("role") == "assistant" for m in messages)
