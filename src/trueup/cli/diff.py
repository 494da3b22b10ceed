"""`trueup diff`: what changed in meaning between two versions of a rubric."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, console, print_json

if TYPE_CHECKING:
    from trueup.rubric.diff import RubricDiff


def command(
    old: Annotated[str, typer.Argument(help="Name or path of the old rubric.")],
    new: Annotated[str, typer.Argument(help="Name or path of the new one.")],
    *,
    json_: Json = False,
) -> int:
    """Compare two versions of a rubric. Says what ends with the change."""
    from trueup.api import load_rubric  # noqa: PLC0415 - heavy
    from trueup.rubric.diff import diff  # noqa: PLC0415 - heavy

    found = diff(load_rubric(old), load_rubric(new))
    if json_:
        print_json(found.to_dict())
    else:
        _show(found)
    return FINE


def _show(found: RubricDiff) -> None:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import indented  # noqa: PLC0415 - heavy

    screen = console()
    screen.print(f"{found.old} -> {found.new}", style="bold")
    if not found:
        screen.print("Nothing changed in meaning.")
    for consequence, alike in groupby(found.changes, key=lambda change: change.consequence):
        for change in alike:
            parts = f" ({', '.join(change.parts)})" if change.parts else ""
            screen.print(f"{change.id}: {change.kind}{parts}")
            if change.suspicion:
                other = f" '{change.other}'" if change.other else ""
                doubt = f"Looks like {change.suspicion}{other}."
                screen.print(indented(Text(doubt, style="yellow")))
        screen.print(indented(Text(consequence, style="dim")))
    for note in found.notes:
        screen.print(indented(note, by=0))
    if found.unchanged:
        screen.print(indented(Text(f"Unchanged: {', '.join(found.unchanged)}", style="dim"), by=0))
