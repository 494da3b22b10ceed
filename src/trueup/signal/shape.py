"""What a file of rows looks like before it is read: its separator, and whether it has rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError

if TYPE_CHECKING:
    from trueup.item.rows import Rows

_MARKS = {"\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_READ = {"CSV": ("commas", ","), "CSV with semicolons": ("semicolons", ";"), "TSV": ("tabs", "\t")}


def check_shape(rows: Rows) -> None:
    """Refuse a text file that is separated by something else, or holds its columns' names alone.

    Args:
        rows: The file's.

    Raises:
        DataError: It is so.
    """
    if rows.format not in _READ:
        return
    read, mark = _READ[rows.format]
    first = mark.join(rows.columns)
    for other, said in _MARKS.items():
        if other != mark and first.count(other) > first.count(mark):
            what = f"its first line looks separated by {said}, and is read as separated by {read}"
            renamed = "End its name with .tsv, or save" if other == "\t" else "Save"
            raise DataError(what, where=rows.name, mend=f"{renamed} it with commas")
    if not rows.sample:
        what = "it has a line that names the columns, and no rows"
        raise DataError(what, where=rows.name, mend="Export it again with at least one row")
