"""The runs of a store as a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType


def rows(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one plain row a run, the newest first."""
    return [
        {
            "run": run["id"],
            "started_at": run["started_at"],
            "status": run["status"],
            "rubric": json.loads(run["rubric"])["name"],
            "judge": run["judge"],
            "source": run["source"],
            "items": run["n_items"],
            "occasion": run["occasion"],
        }
        for run in reversed(runs)
    ]


def render(listed: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Yield the runs as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    names = ["run", "started_at", "status", "rubric", "judge", "source", "items"]
    if any(row["occasion"] for row in listed):
        names.append("occasion")
    for name in names:
        heading = "started (UTC)" if name == "started_at" else name
        table.add_column(heading, justify="right" if name == "items" else "left")
    for row in listed:
        table.add_row(*(_cell(name, row[name]) for name in names))
    yield table
    yield "trueup show RUN shows one of them." if listed else "There is no run yet."


def _cell(name: str, value: object) -> str:
    if name == "started_at":
        return str(value)[:16].replace("T", " ")
    if name == "items" and isinstance(value, int):
        return f"{value:,}"
    return one_line("" if value is None else str(value), 40)
