"""Field maps: which column of a source fills which field of an item, declared or guessed."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from trueup.errors import DataError, did_you_mean
from trueup.item.declare import mapping
from trueup.item.model import TEXTS
from trueup.item.names import ALIASES, CONVERSATIONS, INSIDE, squash
from trueup.item.path import place
from trueup.item.plain import plain
from trueup.item.text import as_messages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    Row = Mapping[str, Any]

FieldMap: TypeAlias = dict[str, str]
"""Field of an item -> the column, or the path into a column, that fills it.

A path is written with dots, `vars.question`; a column of that very name goes before it. What is not
in it is guessed. An empty name says that no column fills the field: a column of the field's name is
then metadata like any other. Where input and output name the same column, that holds conversations:
the last message of the assistant is the output, what is before it the input.
"""

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


def field_map(
    fields: Mapping[str, str] | None,
    *,
    where: str = "map",
    known: Iterable[str] = ALIASES,
    whose: str = "an item",
) -> FieldMap:
    """Return what a caller declared about columns, checked.

    Raises:
        DataError: A name is no field that is known.
    """
    for name in fields or {}:
        if name not in known:
            hint = did_you_mean(name, known)
            raise DataError(f"'{name}' is no field of {whose}", where=where, mend=hint)
    return dict(fields or {})


def parse_map(declarations: Iterable[str]) -> FieldMap:
    """Read declarations like `output=answer` or `input=vars.question`.

    Args:
        declarations: One `FIELD=COLUMN` each; `FIELD=` says that no column fills the field.

    Raises:
        DataError: A declaration has no `=`, or names no field of an item or one that was named
            before.
    """
    found: FieldMap = {}
    for declaration in declarations:
        name, equals, source = (part.strip() for part in declaration.partition("="))
        where = f"--map {declaration}"
        if not equals:
            raise DataError("there is no '=' in it", where=where, mend="Write FIELD=COLUMN")
        if name in found:
            raise DataError(f"{name} is mapped twice", where=where, mend="Keep one of the two")
        found |= field_map({name: source}, where=where)
    return found


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
    for name, source in fields.items():
        if source and place(source, known).column not in known:
            what = f"there is no column '{source}'{among} to map {name} to"
            raise DataError(what, where=where, mend=did_you_mean(source, known))


def splits(fields: FieldMap) -> bool:
    """Tell whether one column of conversations holds both input and output."""
    return bool(fields.get("output")) and fields.get("input") == fields.get("output")


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
    declared = declared or {}
    taken = {place(source, columns).column for source in declared.values()}
    by_name: dict[str, list[str]] = defaultdict(list)
    every: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        every[squash(column)].append(column)
        if column not in taken:
            by_name[squash(column)].append(column)
    found = dict(declared)
    for name in ALIASES:
        if name in declared:
            continue
        source = _pick(name, every if name in _SHARED else by_name, sample_rows, where=where)
        if source is not None:
            found[name] = _descend(name, source, sample_rows) if name in TEXTS else source
        elif inside := _inside(name, set(columns) - taken, sample_rows):
            found[name] = inside
    traces = found.get("trace_id")
    if traces and "id" not in found and _distinct(traces, sample_rows):
        found["id"] = traces
    if "output" not in found and "input" not in declared:
        likely = [column for name in CONVERSATIONS for column in by_name.get(name, ())]
        if len(likely) == 1 and _answered(likely[0], sample_rows):
            found["input"] = found["output"] = likely[0]
    return {name: found[name] for name in ALIASES if name in found}


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
        what, field="output", where=where, mend=f"{hint}Say which: {mapping('output')}"
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
            mend = f"Say which, for example {mapping(name, likely[0])}"
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


def _inside(name: str, columns: Collection[str], rows: Sequence[Row]) -> str | None:
    """Return the path where a tool keeps a field inside a column that is none of its own."""
    for path in INSIDE.get(name, ()):
        column, _, rest = path.partition(".")
        cells = [row.get(column) for row in rows if column in columns]
        held = [cell for cell in cells if isinstance(cell, Mapping) and rest in cell]
        if held and len(held) == sum(cell is not None for cell in cells):
            return path
    return None


def _answered(column: str, rows: Sequence[Row]) -> bool:
    """Tell whether any row holds messages with one of the assistant, as far as rows are known."""
    every = [as_messages(row.get(column), parse=True) or () for row in rows]
    return not rows or any(m.get("role") == "assistant" for messages in every for m in messages)
