"""What a file of outputs holds and allows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.item.doctor import Diagnosis


def render(found: Diagnosis) -> Iterator[RenderableType]:
    """Yield the heading, the fields, what was counted, what that allows, and what is missing."""
    rows = "an unknown number of" if found.rows is None else f"{found.rows:,}"
    like = f", named as {found.resembles} names them" if found.resembles else ""
    yield Text(f"{one_line(found.name)}: {found.format}, {rows} rows{like}", style="bold")
    for problem in found.problems:
        yield Text(one_line(problem, 300), style="red")
    yield _fields(found)
    if found.unmapped:
        yield f"kept as metadata: {one_line(', '.join(found.unmapped), 200)}"
    yield from (f"  {line}" for line in _counts(found))
    for note in found.notes:
        yield Text(one_line(note, 300), style="yellow")
    yield from _abilities(found)


def _fields(found: Diagnosis) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("field", "from column", "present", "median length", "longest"):
        table.add_column(name, justify="left" if name in {"field", "from column"} else "right")
    for field, column in found.fields.items():
        lengths = found.lengths.get(field)
        share = found.present.get(field)
        table.add_row(
            field,
            one_line(column, 40),
            "" if share is None else f"{share:.0%}",
            f"{lengths.median:,}" if lengths else "",
            f"{lengths.longest:,}" if lengths else "",
        )
    return table


def _counts(found: Diagnosis) -> Iterator[str]:
    if found.ids_derived:
        yield "no id column: ids are derived from the text"
    if found.first is not None and found.last is not None:
        yield f"from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, {found.weeks} ISO weeks"
    for count, name in (
        (found.groups, "groups"),
        (found.versions, "versions"),
        (found.arms, "arms"),
        (found.segments, "segments"),
        (found.empty_outputs, "empty outputs"),
        (found.repeated_ids, "repeated ids"),
        (found.repeated_outputs, "outputs that occur more than once"),
    ):
        if count:
            yield f"{count:,} {name}"
    for fault, count in found.faults.items():
        yield f"{count:,} items with {fault.replace('_', ' ')}"
    for title, columns in (
        ("labels", found.label_columns),
        ("judge scores", found.judge_columns),
        ("user signals", found.signal_columns),
    ):
        if columns:
            yield f"looks like {title}: {one_line(', '.join(columns), 120)}"


def _abilities(found: Diagnosis) -> Iterator[Text]:
    yield Text("What it allows, and what is missing", style="bold")
    for ability in found.abilities:
        word, colour = ("  yes  ", "green") if ability.possible else ("  no   ", "yellow")
        line = Text(word, style=colour)
        yield line.append(f"{ability.name}: {ability.because}", style="default")
        if ability.mend:
            yield Text(f"       {ability.mend}", style="dim")
