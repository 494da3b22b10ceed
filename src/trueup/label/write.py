"""write_labels: labels as JSON lines or CSV, or as what a labelling tool imports."""

from __future__ import annotations

import csv
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from trueup.errors import ConfigError, did_you_mean
from trueup.item.formula import protected
from trueup.label.mark import plain_fields
from trueup.label.model import standing
from trueup.label.naming import ALIASES
from trueup.label.tool.known import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trueup.item.model import Item
    from trueup.label.model import Label

FORMS = ("jsonl", "csv", *(tool.form for tool in TOOLS))


def write_labels(
    labels: Iterable[Label],
    target: str | Path | TextIO,
    *,
    form: str = "jsonl",
    items: Iterable[Item] = (),
) -> int:
    """Write labels and return how many; a reader never sees half a file.

    `jsonl` and `csv` hold every label and every field, and read back as they were. CSV cells that a
    spreadsheet would take for formulas are quoted. The other forms are what the tool imports, as
    one JSON array: Label Studio's tasks with annotations, Argilla's records, the bodies with which
    Langfuse creates scores and LangSmith feedback. They hold the labels that stand; what a tool has
    no field for goes along as metadata. Argilla has nowhere for it: there it stands beside the
    record, for who reads the file, and does not come back out of the tool.

    Args:
        labels: In the order in which they were recorded.
        target: A file, or a stream of text.
        form: One of `FORMS`.
        items: Items that people are to see in Label Studio or Argilla, labelled already or not.

    Raises:
        ConfigError: There is no such form, or the file cannot be written.
        DataError: A tool cannot take a label.
    """
    if form not in FORMS:
        what = f"labels are not written as '{form}'"
        raise ConfigError(what, mend=did_you_mean(form, FORMS) or f"Known: {', '.join(FORMS)}")
    every = list(labels)
    if form not in _ROWS:
        every = standing(every)
    if isinstance(target, (str, Path)):
        to_file(Path(target), lambda file: _write(file, every, form, items))
    else:
        _write(target, every, form, items)
    return len(every)


def to_file(path: Path, write: Callable[[TextIO], object], *, encoding: str = "utf-8") -> None:
    """Have a file written of which a reader never sees half.

    Raises:
        ConfigError: It cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding=encoding, newline="") as file:
            write(file)
        unfinished.replace(path)
    except OSError as error:
        what = f"the labels cannot be written ({error.strerror or error})"
        raise ConfigError(what, where=str(path), mend="Name another file") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _write(file: TextIO, labels: list[Label], form: str, items: Iterable[Item]) -> None:
    if form in _ROWS:
        _ROWS[form](file, labels)
        return
    tool = next(tool for tool in TOOLS if tool.form == form)
    bodies = ",\n".join(map(json.dumps, tool.bodies(labels, items)))
    file.write(f"[\n{bodies}\n]\n")


def _fields(label: Label) -> dict[str, Any]:
    """Return a label's row; one that withdraws says so, as a row without an answer says nothing."""
    return plain_fields(label) | ({"value": None, "withdrawn": True} if label.value is None else {})


def _jsonl(file: TextIO, labels: Iterable[Label]) -> None:
    file.writelines(json.dumps(_fields(label)) + "\n" for label in labels)


def _csv(file: TextIO, labels: Iterable[Label]) -> None:
    writer = csv.writer(file)
    writer.writerow(ALIASES)
    for label in labels:
        fields = _fields(label)
        writer.writerow(_cell(fields.get(name)) for name in ALIASES)


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else protected(value)


_ROWS: Mapping[str, Callable[[TextIO, Iterable[Label]], None]] = {"jsonl": _jsonl, "csv": _csv}
