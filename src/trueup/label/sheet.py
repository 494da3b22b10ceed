"""Sheet: items to be labelled in a spreadsheet, a line each, with an empty column a criterion.

The head of a criterion's column carries the hash of its question, so that answers are to what was
asked when the sheet was written, whatever the rubric asks by the time it comes back. The first line
holds the questions in words; it names no item, and is passed over where a sheet is read.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from trueup.item.formula import protected
from trueup.label.tool.shape import shown
from trueup.label.write import to_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.rubric.model import Criterion

LONGEST = 32_000
"""Characters that a cell of Excel holds, but for a few."""
_HEAD = re.compile(r"(\S+) \[([0-9a-f]{16})\]")
_TEXTS = ("input", "context", "output")
_OTHERS = "or: not_applicable, cannot_tell"


def write_sheet(
    items: Iterable[Item],
    target: Path,
    *,
    criteria: Sequence[Criterion],
    annotator: str | None = None,
) -> int:
    """Write a sheet as CSV; return how many texts were cut, as no cell holds more.

    No cell begins a formula, and spreadsheets recognise the encoding. Nobody ever sees half a file.

    Args:
        items: What is to be labelled, in this order.
        target: The file.
        criteria: What is asked.
        annotator: Who is to fill it in, where that is known.

    Raises:
        ConfigError: The file cannot be written.
    """
    every = [(item.id, shown(item)) for item in items]
    texts = [name for name in _TEXTS if any(name in found for _, found in every)]
    heads = [f"{criterion.id} [{criterion.question}]" for criterion in criteria]
    blank = ["" for _ in criteria]

    def lines() -> Iterator[list[str]]:
        yield ["item_id", *texts, *heads, "note", "annotator"]
        yield ["", *["" for _ in texts], *map(_question, criteria), "", ""]
        for id_, found in every:
            cells = [found.get(name, "")[:LONGEST] for name in texts]
            yield [id_, *cells, *blank, "", annotator or ""]

    to_file(
        target,
        lambda file: csv.writer(file).writerows(map(protected, line) for line in lines()),
        encoding="utf-8-sig",
    )
    return sum(len(text) > LONGEST for _, found in every for text in found.values())


def sheet_columns(columns: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return criterion -> its column and the hash of its question; nothing where it is no sheet."""
    found = ((column, _HEAD.fullmatch(column.strip())) for column in columns)
    return {head[1]: (column, head[2]) for column, head in found if head}


def _question(criterion: Criterion) -> str:
    levels = [f"{lvl.key}: {lvl.text}" if lvl.text else lvl.key for lvl in criterion.levels]
    return "\n".join([criterion.ask, *levels, _OTHERS])
