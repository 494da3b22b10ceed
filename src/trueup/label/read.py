"""read_labels: people's answers from a file or frame, one a row, one column each, or a tool's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.instant import zone
from trueup.item.model import Item
from trueup.item.read import open_rows
from trueup.label.cells import label_of, refuse_nan
from trueup.label.naming import CriterionNames, split_declared
from trueup.label.rows import PlainRows, ToolRows
from trueup.label.tool.known import recognised
from trueup.label.tool.shape import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import tzinfo

    from trueup.item.read import Source
    from trueup.item.rows import Rows
    from trueup.label.model import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """What was read from a source of labels."""

    labels: tuple[Label, ...]
    """In the order of the source."""
    source_format: str
    """`Label Studio`, `Argilla`, `Langfuse`, `LangSmith`; else that of the file, as `CSV`."""
    passed_over: Mapping[str, int]
    """Why something is no label -> how often: answers of models, of programs, and none at all."""
    name: str
    unit: str
    """What `numbers` count, `line` or `row`."""
    numbers: tuple[int, ...]
    """The line or row that each label is from."""
    doubt: tuple[str, str] | None = None
    """What this form of export leaves open about all its labels, and what would settle it."""

    def place(self, index: int) -> str:
        """Return where the label of that index stands."""
        return f"{self.name}, {self.unit} {self.numbers[index]}"


def read_labels(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    criterion: str | None = None,
    criteria: Iterable[str] = (),
    timezone: str | None = None,
) -> list[Label]:
    """Read people's answers alone; takes and raises what `read_label_file` does."""
    found = read_label_file(
        source, fields=fields, criterion=criterion, criteria=criteria, timezone=timezone
    )
    return list(found.labels)


def read_label_file(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    criterion: str | None = None,
    criteria: Iterable[str] = (),
    timezone: str | None = None,
) -> LabelFile:
    """Read people's answers, and say what was passed over and where each label stands.

    Exports of labelling tools are recognised by their shape.

    Args:
        source: What `open_items` takes.
        fields: Field of a label -> column, as far as the columns have other names; and
            `criterion.ID` -> what the file calls that criterion, a name or a column.
        criterion: The criterion that every row answers, where no column names criteria.
        criteria: The ids of the criteria there are: a name that differs by case, `_`, `-` and
            blanks alone is taken for the id, and where no column names criteria, columns of these
            names are.
        timezone: The zone of times of labelling that name none.

    Raises:
        DataError: A column is missing, a row has no item or criterion, there is no label at
            all, or the source cannot be read.
    """
    rows = open_rows(source)
    own, named = split_declared(fields, where=rows.name)
    names = CriterionNames(named, criteria)
    declared = zone(timezone) if timezone else None
    tool = recognised(rows)
    asserted = {"item_id", "value"} <= own.keys() and ("criterion" in own or criterion)
    if tool and asserted and not tool.sourced(rows):
        tool = None  # whoever names the columns says that people gave these answers
    reader: PlainRows | ToolRows
    if tool is None:
        reader = PlainRows(rows, own, names, named=named, only=criterion)
    else:
        reader = ToolRows(rows, own, tool)
        declared = declared or tool.zone
    labels: list[Label] = []
    numbers: list[int] = []
    passed: Counter[str] = Counter()
    for number, found in _each(rows, reader, declared, names):
        if isinstance(found, str):
            passed[found] += 1
        else:
            labels.append(found)
            numbers.append(number)
    if not labels:
        raise _empty(rows.name, passed)
    return LabelFile(
        labels=tuple(labels),
        source_format=rows.format if tool is None else tool.name,
        passed_over=dict(passed),
        name=rows.name,
        unit=rows.unit,
        numbers=tuple(numbers),
        doubt=None if tool is None else tool.doubt(rows),
    )


def _each(
    rows: Rows, reader: PlainRows | ToolRows, declared: tzinfo | None, names: CriterionNames
) -> Iterator[tuple[int, Label | str]]:
    """Yield every label with its line or row, and why other answers are none."""
    # in a frame NaN is what is missing; a program that writes it into a file has gone wrong
    written = rows.format.startswith("JSON")
    for number, row in rows.start():
        try:
            if isinstance(row, Item):
                raise DataError("this is an item, no label", mend="Pass mappings")  # noqa: TRY301 - the place is added below
            for found in reader.found(row):
                if isinstance(found, str):
                    yield number, found
                else:
                    if written:
                        refuse_nan(found)
                    yield number, label_of(found, zone=declared, names=names) or NO_ANSWER
        except DataError as error:
            where = f"{rows.name}, {rows.unit} {number}"
            raise DataError(error.what, where=where, mend=error.mend) from None


def _empty(name: str, passed: Counter[str]) -> DataError:
    seen = "; ".join(f"{count} {why}" for why, count in passed.items() if why != NO_ANSWER)
    if not seen:
        return DataError("there are no labels in it", where=name, mend="Fill in some answers")
    what = f"there are no labels in it: what it holds is no person's answer ({seen})"
    mend = "Export what people answered; a judge's answers are verdicts, not labels"
    return DataError(what, where=name, mend=mend)
