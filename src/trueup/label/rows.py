"""Rows of labels: which column, or which part of a tool's record, is which field of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.declare import mapping
from trueup.item.fields import check_columns
from trueup.item.formula import bare
from trueup.item.names import squash
from trueup.item.path import Place, place
from trueup.label.naming import ALIASES
from trueup.label.sheet import sheet_columns
from trueup.label.tool.label_studio import is_minimal
from trueup.label.tool.shape import filled, native

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trueup.item.rows import Row, Rows
    from trueup.label.naming import CriterionNames
    from trueup.label.tool.shape import Found, Tool

_NEEDED = ("item_id", "criterion", "value")
_MANY = 30
QUESTIONS = "a line of the sheet that names no item, as the one with the questions"


class ToolRows:
    """The rows of a tool's export."""

    def __init__(self, rows: Rows, own: Mapping[str, str], tool: Tool) -> None:
        given = sorted(tool.given & own.keys())
        if given:
            what = f"{given[0]} is read from the answers themselves in an export of {tool.name}"
            mend = "Leave it out; criterion.ID=NAME says what it calls a criterion"
            raise DataError(what, where=rows.name, mend=mend)
        self._tool = tool
        columns = dict(own)
        self._box = columns.pop("note", None) if tool.given else None
        check_columns(columns, rows.columns, where=rows.name, closed=rows.closed)
        self._places = {name: place(source, rows.columns) for name, source in columns.items()}

    def found(self, row: Row) -> Iterator[Found]:
        """Yield the cells of every answer in a row, and why other things are none."""
        row = native(row)
        declared = {name: at.of(row) for name, at in self._places.items()}
        every = [
            found if isinstance(found, str) else {**found, **declared}
            for found in self._tool.found(row)
        ]
        return iter(every if self._box is None else _noted(every, self._box))


def _noted(every: Sequence[Found], box: str) -> Iterator[Found]:
    """Yield answers with what the same person wrote in a box; the box itself is no answer."""
    texts = {
        cells.get("annotator"): cells.get("value")
        for cells in every
        if not isinstance(cells, str) and cells.get("criterion") == box
    }
    for cells in every:
        if isinstance(cells, str):
            yield cells
        elif cells.get("criterion") != box:
            yield {**cells, "note": texts.get(cells.get("annotator")) or cells.get("note")}


class PlainRows:
    """Rows of one answer each, or with a column for every criterion.

    Args:
        rows: The rows.
        own: Field -> column, as declared.
        names: What the criteria are called.
        named: Criterion -> its column or its name in the file, as declared.
        only: The criterion that every row answers, where no column names criteria.
    """

    def __init__(
        self,
        rows: Rows,
        own: Mapping[str, str],
        names: CriterionNames,
        *,
        named: Mapping[str, str],
        only: str | None,
    ) -> None:
        sheet = {} if named else sheet_columns(rows.columns)
        self._questions = {id_: hash_ for id_, (_, hash_) in sheet.items()}
        columns = {id_: column for id_, (column, _) in sheet.items() if only in {None, id_}}
        columns = columns or _wide(rows, own, names, named=named, only=only)
        check_columns({**own, **columns}, rows.columns, where=rows.name)
        self._answers = {id_: place(source, rows.columns) for id_, source in columns.items()}
        self._places = _places(rows, own, self._answers, only=only)
        self._only = None if "criterion" in self._places else only
        ours = bool(sheet) or rows.columns == tuple(ALIASES)
        self._bare = ours and rows.format.startswith("CSV")

    def found(self, row: Row) -> Iterator[Found]:
        """Yield the cells of every answer in a row, and why others are none."""
        cells: dict[str, object] = {name: at.of(row) for name, at in self._places.items()}
        if self._bare:
            cells = {name: bare(cell) for name, cell in cells.items()}
        if self._questions and not filled(cells.get("item_id")):
            yield QUESTIONS
            return
        if not self._answers:
            yield cells if self._only is None else {**cells, "criterion": self._only}
        for criterion, at in self._answers.items():
            asked = self._questions.get(criterion)
            yield {
                **cells,
                **({"question": asked} if asked else {}),
                "criterion": criterion,
                "value": at.of(row),
            }


def _wide(
    rows: Rows,
    own: Mapping[str, str],
    names: CriterionNames,
    *,
    named: Mapping[str, str],
    only: str | None,
) -> dict[str, str]:
    """Return the columns that each hold the answers to one criterion."""
    squashed = {squash(column) for column in rows.columns}
    if all(
        field in own or squashed & {squash(name) for name in ALIASES[field]}
        for field in ("criterion", "value")
    ):  # a column names the criteria, so that what is declared of them are names in it
        return {id_: source for id_, source in named.items() if source in rows.columns}
    if named or only:
        return dict(named)
    taken = {place(source, rows.columns).column for source in own.values()}
    return {names(c): c for c in rows.columns if c not in taken and names.knows(c)}


def _places(
    rows: Rows, own: Mapping[str, str], answers: Mapping[str, Place], *, only: str | None
) -> dict[str, Place]:
    """Return where each field of a label stands."""
    found = {name: place(source, rows.columns) for name, source in own.items()}
    taken = {at.column for at in (*found.values(), *answers.values())}
    free = {squash(column): column for column in reversed(rows.columns) if column not in taken}
    for field, names in ALIASES.items():
        near = next((squash(name) for name in names if squash(name) in free), None)
        if near is not None and field not in found:
            found[field] = Place(free.pop(near))
    for field in _NEEDED[:1] if answers else _NEEDED:
        if rows.columns and field not in found and not (field == "criterion" and only):
            raise _missing(rows, field)
    if not rows.closed:  # a field may come up after the rows that were looked at
        late = [field for field in ALIASES if field not in _NEEDED and field not in taken]
        found = {field: Place(field) for field in late} | found
    return found


def _missing(rows: Rows, field: str) -> DataError:
    if is_minimal(rows) and field != "item_id":
        what = "this export of Label Studio does not say which columns are answers"
        mend = f"Say which: {mapping('criterion.ID')}; or export the project as JSON"
        return DataError(what, where=rows.name, mend=mend)
    what = f"no column holds the {field}; the columns are: {', '.join(rows.columns[:_MANY])}"
    mend = f"Say which: {mapping(field)}. A row is one answer of one person"
    if field == "criterion":
        mend += (
            "; where all rows answer one criterion, name it alone: "
            '`--criterion ID` (criterion="ID" from Python)'
        )
    return DataError(what, where=rows.name, mend=mend)
