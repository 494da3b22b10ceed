"""`trueup list`: the rubrics, judges and runners that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.cli.common import FINE, Json, respond

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from trueup.registry import Entry


def command(*, json_: Json = False) -> int:
    """List rubrics, judges and runners. Says where each is from, and what hides what."""
    from trueup.registry import listing  # noqa: PLC0415 - heavy

    entries = listing()
    respond([entry.to_dict() for entry in entries], _render(entries), json_=json_)
    return FINE


def _render(entries: Sequence[Entry]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import table  # noqa: PLC0415 - heavy
    from trueup.report.safe import one_line  # noqa: PLC0415 - heavy

    for kind in ("rubric", "judge", "runner"):
        rows: list[dict[str, RenderableType]] = []
        for entry in (e for e in entries if e.kind == kind):
            about = Text(one_line(entry.about, 160))
            if entry.problem:
                about = Text(f"broken: {one_line(entry.problem, 160)}", style="red")
            elif entry.shadowed_by:
                about = Text(f"hidden by the one from {entry.shadowed_by}", style="yellow")
            name = one_line(entry.name, 60)
            rows.append({f"{kind}s": name, "from": entry.source, "what": about})
        if rows:
            yield table(rows)
            yield ""
