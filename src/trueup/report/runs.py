"""The runs of a store as a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trueup.report.console import table
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
    if not listed:
        yield "There is no run yet."
        return
    sittings = any(row["occasion"] for row in listed)
    yield table((_cells(row, sittings=sittings) for row in listed), right=["items"])
    yield "trueup show RUN shows one of them."


def _cells(row: Mapping[str, Any], *, sittings: bool) -> dict[str, str]:
    cells = {name: one_line("" if value is None else str(value), 40) for name, value in row.items()}
    if isinstance(row["items"], int):
        cells["items"] = f"{row['items']:,}"
    started = str(row["started_at"])[:16].replace("T", " ")
    shown = {"run": cells.pop("run"), "started (UTC)": started, **cells}
    return {k: v for k, v in shown.items() if k != "started_at" and (sittings or k != "occasion")}
