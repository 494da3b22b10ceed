"""Export: what a module about a platform offers, and what several of them need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from trueup.errors import DataError
from trueup.item.fields import check_columns
from trueup.item.names import recognise
from trueup.item.path import place
from trueup.label.tool.shape import native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from trueup.item.rows import Row, Rows
    from trueup.signal.cells import Cells

Found: TypeAlias = "Cells | str"
"""The cells of a record, or why something is none."""

BY_PERSON = "given by a person in the platform's own interface, so a label and no signal"
BY_PROGRAM = (
    "sent by a program under a name that does not say that users gave it; name it if they did"
)
NO_UNIT = "about no item, trace, session or group"
TEXT = "a text, which is no number"

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_MACHINE = frozenset(
    {"ai", "auto", "automated", "automatic", "bot", "critic", "eval", "evals", "evaluation",
     "evaluator", "gpt", "model", "predicted", "reward", "synthetic"}
)  # fmt: skip


class Names:
    """What an export calls signals, as declared; and which other names say that users gave it."""

    def __init__(self, declared: Mapping[str, str]) -> None:
        self._signals: dict[str, str] = {}
        for signal, name in declared.items():
            if name in self._signals:
                what = f"'{name}' is named as {self._signals[name]} and as {signal}"
                raise DataError(what, where="names", mend="Keep one of the two")
            self._signals[name] = signal

    def __call__(self, name: str) -> str:
        """Return the signal that a name stands for, else the name itself."""
        return self._signals.get(name, name)

    def __contains__(self, name: str) -> bool:
        return name in self._signals

    def __iter__(self) -> Iterator[str]:
        return iter(self._signals)

    def admits(self, name: str) -> bool:
        """Tell whether what a program sent under a name is users': declared, or the name says so.

        Platforms keep users' clicks and home-made judges under one source, so that nothing but the
        name tells them apart.
        """
        if name in self._signals:
            return True
        words = {word.lower() for word in _WORD.findall(name)}
        return bool(recognise([name]).signals) and not words & _MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One platform's export.

    Attributes:
        name: What people call the platform.
        recognises: Tells its export by its shape.
        found: Yields what stands in one row of it.
        zone: The zone of its times that name none, where its makers say which.
    """

    name: str
    recognises: Callable[[Rows], bool]
    found: Callable[[Row, Names], Iterator[Found]]
    zone: tzinfo | None = None


class ExportRows:
    """The rows of a platform's export.

    Args:
        export: The platform.
        own: Field of a record -> column or path, which goes before what the platform says.
        rows: The rows.
        names: Signal -> what the export calls it.
    """

    def __init__(
        self, export: Export, own: Mapping[str, str], rows: Rows, *, names: Mapping[str, str]
    ) -> None:
        check_columns(dict(own), rows.columns, where=rows.name, closed=rows.closed)
        self._export, self._names = export, Names(names)
        self._places = {field: place(source, rows.columns) for field, source in own.items()}
        self.name = export.name
        self.notes: tuple[str, ...] = ()
        self.columns: Mapping[str, str] = {}

    def found(self, row: Row) -> Iterator[Found]:
        """Yield the cells of every record in a row, and why other things are none."""
        row = native(row)
        declared = {name: at.of(row) for name, at in self._places.items()}
        for field, kind in _KINDS.items():
            if field in declared:
                declared |= {"unit_id": declared.pop(field), "unit_kind": kind}
        for found in self._export.found(row, self._names):
            if isinstance(found, str):
                yield found
                continue
            cells = {**found, **declared}
            yield cells if cells.get("unit_id") is not None else NO_UNIT


_KINDS = {"group": "group", "session_id": "session", "trace_id": "trace", "item_id": "item"}


def unit(**ids: object) -> dict[str, object]:
    """Return the cells of the first unit that is named, by its kind; none where none is."""
    for kind, id_ in ids.items():
        if id_ is not None and id_ != "":
            return {"unit_kind": kind, "unit_id": id_}
    return {}
