"""`trueup diff`: what changed in meaning between two versions of a rubric."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, respond

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

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
    respond(found.to_dict(), _render(found), json_=json_)
    return FINE


def _render(found: RubricDiff) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import indented  # noqa: PLC0415 - heavy

    yield Text(f"{found.old} -> {found.new}", style="bold")
    if not found:
        yield "Nothing changed in meaning."
    for consequence, alike in groupby(found.changes, key=lambda change: change.consequence):
        for change in alike:
            parts = f" ({', '.join(change.parts)})" if change.parts else ""
            yield f"{change.id}: {change.kind}{parts}"
            if change.suspicion:
                other = f" '{change.other}'" if change.other else ""
                yield indented(f"Looks like {change.suspicion}{other}.", style="yellow")
        yield indented(consequence, style="dim")
    for note in found.notes:
        yield indented(note, by=0)
    if found.unchanged:
        yield indented(f"Unchanged: {', '.join(found.unchanged)}", by=0, style="dim")
