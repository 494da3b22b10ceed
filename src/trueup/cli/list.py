"""`trueup list`: the rubrics, judges and runners that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.cli.common import FINE, Json, console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.registry import Entry


def command(*, json_: Json = False) -> int:
    """List rubrics, judges and runners. Says where each is from, and what hides what."""
    from trueup.registry import listing  # noqa: PLC0415 - heavy

    entries = listing()
    if json_:
        print_json([entry.to_dict() for entry in entries])
        return FINE
    _show(entries)
    return FINE


def _show(entries: Sequence[Entry]) -> None:
    from rich.table import Table  # noqa: PLC0415 - heavy
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.safe import one_line  # noqa: PLC0415 - heavy

    for kind in ("rubric", "judge", "runner"):
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in (f"{kind}s", "from", "what"):
            table.add_column(name)
        for entry in (e for e in entries if e.kind == kind):
            about = Text(one_line(entry.about, 160))
            if entry.problem:
                about = Text(f"broken: {one_line(entry.problem, 160)}", style="red")
            elif entry.shadowed_by:
                about = Text(f"hidden by the one from {entry.shadowed_by}", style="yellow")
            table.add_row(one_line(entry.name, 60), entry.source, about)
        if table.row_count:
            console().print(table)
            console().print()
