"""What a file of outputs holds and allows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from trueup.report.console import indented, table
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
        yield indented(one_line(problem, 600), by=0, style="red")
    fields = (_field(found, field, column) for field, column in found.fields.items())
    yield table(fields, right=("present", "median length", "longest"))
    if found.unmapped:
        yield indented(f"kept as metadata: {one_line(', '.join(found.unmapped), 200)}", by=2)
    yield from (indented(line, by=2) for line in _counts(found))
    for note in found.notes:
        yield indented(one_line(note, 300), by=2, style="yellow")
    yield from _abilities(found)


def _field(found: Diagnosis, field: str, column: str) -> dict[str, str]:
    lengths, share = found.lengths.get(field), found.present.get(field)
    return {
        "field": field,
        "from column": one_line(column, 40),
        "present": "" if share is None else f"{share:.0%}",
        "median length": f"{lengths.median:,}" if lengths else "",
        "longest": f"{lengths.longest:,}" if lengths else "",
    }


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
    answers = Table.grid(padding=(0, 2, 0, 0))
    for ability in found.abilities:
        word, colour = ("  yes", "green") if ability.possible else ("  no", "yellow")
        because = Text(f"{ability.name}: {ability.because}")
        if ability.mend:
            because.append(f"\n{ability.mend}", style="dim")
        answers.add_row(Text(word, style=colour), because)
    yield answers
