"""What a file of outputs holds and allows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from trueup.report.console import indented
from trueup.report.safe import one_line
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.item.doctor import Diagnosis


def render(found: Diagnosis) -> Iterator[RenderableType]:
    """Yield the heading, the fields, what was counted, what that allows, and what is missing."""
    rows = "an unknown number of rows" if found.rows is None else counted(found.rows, "row")
    like = f", named as {found.resembles} names them" if found.resembles else ""
    yield Text(f"{one_line(found.name)}: {found.format}, {rows}{like}", style="bold")
    for problem in found.problems:
        yield indented(Text(one_line(problem, 600), style="red"), by=0)
    yield _fields(found)
    if found.unmapped:
        yield indented(f"kept as metadata: {one_line(', '.join(found.unmapped), 200)}", by=2)
    yield from (indented(line, by=2) for line in _counts(found))
    for note in found.notes:
        yield indented(Text(one_line(note, 300), style="yellow"), by=2)
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
    if found.first is not None and found.last is not None:
        weeks = counted(found.weeks, "ISO week")
        yield f"from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, {weeks}"
    several = (
        (found.groups, "group"),
        (found.versions, "version"),
        (found.arms, "arm"),
        (found.segments, "segment"),
    )
    if any(count for count, _ in several):
        yield ", ".join(counted(count, name) for count, name in several if count)
    for title, columns in (
        ("labels", found.label_columns),
        ("judge scores", found.judge_columns),
        ("user signals", found.signal_columns),
    ):
        if columns:
            yield f"looks like {title}: {one_line(', '.join(columns), 120)}"


def _abilities(found: Diagnosis) -> Iterator[RenderableType]:
    yield Text("What it allows, and what is missing", style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=5)
    table.add_column()
    for ability in found.abilities:
        word, colour = ("  yes", "green") if ability.possible else ("  no", "yellow")
        because = Text(f"{ability.name}: {ability.because}")
        if ability.mend:
            because.append(f"\n{ability.mend}", style="dim")
        table.add_row(Text(word, style=colour), because)
    yield table
