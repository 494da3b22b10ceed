"""`trueup goodhart backfill`: past logs judged in one sitting, so that history is there today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.common import (
    INTERRUPTED,
    Json,
    MapOption,
    StoreOption,
    ZoneOption,
    console,
    field_map,
    own_stdout,
    print_error,
    respond,
    store_place,
)
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.runner.goodhart.backfill_result import BackfillResult


def command(  # noqa: PLR0917 - a command's options
    items: Annotated[Path, typer.Argument(help="The log of outputs: JSONL, CSV, Parquet, Arrow.")],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Name or path of a rubric.")],
    judge: Annotated[str | None, typer.Option("--judge", "-j", help="Name or path.")] = None,
    per_period: Annotated[
        int | None, typer.Option("--per-period", min=1, help="Outputs drawn of each: 200.")
    ] = None,
    period: Annotated[str, typer.Option("--period", help="Its length.")] = "7d",
    since: Annotated[
        str | None, typer.Option("--since", help="First day; the log's where left out.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="End; the last whole period's where left out.")
    ] = None,
    repeat: Annotated[
        float, typer.Option("--repeat", min=0, max=1, help="Share that is judged twice.")
    ] = 0.5,
    anchors: Annotated[
        Path | None,
        typer.Option("--anchors", help="File of anchors; those of before where left out."),
    ] = None,
    extend: Annotated[
        str | None, typer.Option("--extend", help="Do a sitting again, and what came since.")
    ] = None,
    sitting: Annotated[
        str | None, typer.Option("--sitting", help="Its name; one that is there goes on.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another one draws others.")] = 0,
    budget: Annotated[float | None, typer.Option(help="Most dollars to spend.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at once.")] = None,
    store: StoreOption = None,
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    by_segment: Annotated[
        bool, typer.Option("--by-segment", help="Draw more of rare segments.")
    ] = False,
    no_anchors: Annotated[bool, typer.Option("--no-anchors", help="Judge none.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would ask and cost; ask nothing.")
    ] = False,
    json_: Json = False,
) -> int:
    """Judge a sample of past logs in one sitting. Run again to go on."""
    from trueup.report.progress import progress_line  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.backfill import backfill  # noqa: PLC0415 - heavy

    options: dict[str, Any] = {
        "rubric": rubric, "judge": judge, "store": store_place(store), "per_period": per_period,
        "period": period, "since": since, "until": until, "repeat": repeat,
        "anchors": False if no_anchors else anchors or True, "by_segment": by_segment,
        "extend": extend, "sitting": sitting, "seed": seed, "plan": plan, "budget": budget,
        "concurrency": concurrency, "field_map": field_map(map_), "timezone": timezone,
    }  # fmt: skip
    try:
        with own_stdout(), progress_line(console(err=True)) as show:
            found = backfill(items, **options, on_progress=show)
    except KeyboardInterrupt:
        kept = "What was answered is kept; run again to go on."
        if json_:
            print_error("Interrupted", "interrupted", mend=kept)
        typer.echo(f"Interrupted. {kept}", err=True)
        return INTERRUPTED
    respond(found.to_dict(), _render(found), json_=json_)
    return found.exit_status


def _render(found: BackfillResult) -> Iterator[RenderableType]:
    from trueup.report.console import indented, table  # noqa: PLC0415 - heavy
    from trueup.report.plan import render as render_plan  # noqa: PLC0415 - heavy
    from trueup.report.words import counted  # noqa: PLC0415 - heavy

    yield (
        f"sitting {one_line(found.sitting, 80)}: {counted(found.drawn, 'output')} of "
        f"{counted(len(found.periods), 'period')}, {found.twice:,} of them twice, "
        f"{counted(found.anchors, 'anchor')}"
    )
    yield table(
        (
            {
                "period": one.start.date().isoformat(),
                "outputs": f"{one.available:,}",
                "drawn": f"{one.drawn:,}",
                "scored": f"{one.scored:,}",
            }
            for one in found.periods
        ),
        right=("outputs", "drawn", "scored"),
    )
    for note in found.notes:
        yield indented(one_line(note, 400), by=0, style="dim")
    if found.plan is not None:
        yield from render_plan(found.plan)
        return
    outcomes = ", ".join(f"{n:,} {name}" for name, n in found.outcomes.items() if name != "scored")
    if outcomes:
        yield f"Without a score: {outcomes}."
    if found.left:
        yield f"{found.left:,} answers are left to ask for: run again to go on."
    yield (
        f"{found.cost.get('calls', 0):,.0f} calls, ${found.cost.get('dollars', 0):,.4f}. "
        f"Next: a runner of kind goodhart with items: {one_line(found.source, 80)} and sitting: "
        f"{one_line(found.sitting, 80)}"
    )
