"""`trueup score`: score a file of outputs against a rubric."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.common import (
    FINE,
    GATE_FAILED,
    INCONCLUSIVE,
    Json,
    MapOption,
    StoreOption,
    ZoneOption,
    console,
    field_map,
    print_json,
    store_place,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.runner.result import Scores


def command(  # noqa: PLR0917 - a command's options
    items: Annotated[Path, typer.Argument(help="JSONL, CSV, Parquet or Arrow file of outputs.")],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Name or path of a rubric.")],
    judge: Annotated[
        str | None,
        typer.Option("--judge", "-j", help="Name or path; none where code decides everything."),
    ] = None,
    store: StoreOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write a row an item and criterion: .jsonl, .csv, .parquet."),
    ] = None,
    out_items: Annotated[
        Path | None, typer.Option("--out-items", help="Write a row an item, with its score.")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at once.")] = None,
    budget: Annotated[float | None, typer.Option(help="Most dollars to spend.")] = None,
    budget_tokens: Annotated[int | None, typer.Option(help="Most tokens to use.")] = None,
    budget_calls: Annotated[int | None, typer.Option(help="Most calls to make.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many items.")] = None,
    occasion: Annotated[
        str, typer.Option(help="Name of a sitting; a new one asks everything again.")
    ] = "",
    replicates: Annotated[int, typer.Option(min=1, help="How often each question is put.")] = 1,
    bar: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit with 1 where the mean score is below.")
    ] = None,
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would ask and cost; ask nothing.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Only ask again what failed before.")
    ] = False,
    json_: Json = False,
) -> int:
    """Score outputs against a rubric. What is known is not asked again."""
    caps = {"dollars": budget, "tokens": budget_tokens, "calls": budget_calls}
    options: dict[str, Any] = {
        "rubric": rubric,
        "judge": judge,
        "store": store_place(store),
        "concurrency": concurrency,
        "budget": {name: cap for name, cap in caps.items() if cap is not None} or None,
        "limit": limit,
        "occasion": occasion,
        "replicates": replicates,
        "field_map": field_map(map_),
        "timezone": timezone,
        "only_failed": retry_failed,
    }
    if plan:
        return _plan(items, options, json_=json_)
    return score_and_show(items, options, out=out, out_items=out_items, bar=bar, json_=json_)


def score_and_show(
    items: Path,
    options: Mapping[str, Any],
    *,
    out: Path | None = None,
    out_items: Path | None = None,
    bar: float | None = None,
    json_: bool = False,
) -> int:
    """Score, print the summary, write the files, and return the exit status."""
    import trueup  # noqa: PLC0415 - heavy
    from trueup.report.export import check_target  # noqa: PLC0415 - heavy
    from trueup.report.progress import ProgressLine  # noqa: PLC0415 - heavy

    for target in (out, out_items):
        if target is not None:
            check_target(target)
    with ProgressLine(console(err=True)) as show:
        scores = trueup.score(items, **options, on_progress=show)
    summary = scores.summary()
    if json_:
        print_json(summary)
    else:
        show_summary(summary)
    _write(scores, out=out, out_items=out_items, quiet=json_)
    return status_of(summary, bar=bar)


def show_summary(summary: Mapping[str, Any]) -> None:
    """Print a run's summary."""
    from trueup.report.scores import render  # noqa: PLC0415 - heavy

    screen = console()
    for part in render(summary):
        screen.print(part)


def status_of(summary: Mapping[str, Any], *, bar: float | None = None) -> int:
    """Return the exit status that a run's summary deserves."""
    mean = summary["score"]["estimate"]
    scored = any(part["outcomes"].get("scored") for part in summary["criteria"])
    if summary["status"] != "done" or not scored:
        return INCONCLUSIVE
    if bar is None:
        return FINE
    if mean is None:
        return INCONCLUSIVE
    return GATE_FAILED if mean < bar else FINE


def _write(scores: Scores, *, out: Path | None, out_items: Path | None, quiet: bool) -> None:
    from trueup.report.export import write_rows  # noqa: PLC0415 - heavy

    for target, rows in ((out, scores.rows), (out_items, scores.item_rows)):
        if target is not None:
            count = write_rows(rows(), target)
            if not quiet:
                console().print(f"{count:,} rows in {target}", style="dim")


def _plan(items: Path, options: Mapping[str, Any], *, json_: bool) -> int:
    from trueup.report.plan import render  # noqa: PLC0415 - heavy
    from trueup.runner.plan import plan_scoring  # noqa: PLC0415 - heavy

    found = plan_scoring(items, **options)
    if json_:
        print_json(found.to_dict())
        return FINE
    screen = console()
    for part in render(found):
        screen.print(part)
    return FINE
