"""`trueup score`: score a file of outputs against a rubric."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from trueup.cli.common import (
    FINE,
    GATE_FAILED,
    INCONCLUSIVE,
    INTERRUPTED,
    Json,
    MapOption,
    StoreOption,
    ZoneOption,
    console,
    field_map,
    print_error,
    print_json,
    store_place,
)
from trueup.report.safe import one_line
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    """Score, write the files, print the summary, and return the exit status."""
    import trueup  # noqa: PLC0415 - heavy
    from trueup.report.export import check_targets  # noqa: PLC0415 - heavy
    from trueup.report.progress import ProgressLine  # noqa: PLC0415 - heavy

    check_targets([target for target in (out, out_items) if target is not None], spare=items)
    try:
        with _own_stdout(), ProgressLine(console(err=True)) as show:
            scores = trueup.score(items, **options, on_progress=show)
    except KeyboardInterrupt:
        kept = "What was answered is kept; run again to go on."
        if json_:
            print_error("Interrupted", "interrupted", mend=kept)
        typer.echo(f"Interrupted. {kept}", err=True)
        return INTERRUPTED
    summary = scores.summary()
    # before anything is printed: who reads it may leave early
    written = list(_write(scores, out=out, out_items=out_items))
    if json_:
        print_json(summary)
        return status_of(summary, bar=bar)
    show_summary(summary)
    screen = console()
    if bar is not None:
        screen.print(bar_line(summary, bar))
    for line in written:
        screen.print(line, style="dim")
    return status_of(summary, bar=bar)


def _own_stdout() -> redirect_stdout[TextIO]:
    """Send what judges and libraries print to stderr: stdout is for the result alone."""
    return redirect_stdout(sys.stderr)


def show_summary(summary: Mapping[str, Any]) -> None:
    """Print a run's summary."""
    from trueup.report.scores import render  # noqa: PLC0415 - heavy

    screen = console()
    for part in render(summary):
        screen.print(part)


def bar_line(summary: Mapping[str, Any], bar: float) -> str:
    """Return whether the mean score reaches a bar, in words."""
    score = summary["score"]
    mean = score["estimate"]
    if mean is None:
        return f"No item has a score, so nothing is known about the bar of {bar:g}."
    if mean < bar:
        return f"Below the bar: the mean score is {mean:.4g}, the bar {bar:g}."
    if score["low_bound"] < bar:
        return (
            f"The bar of {bar:g} is reached by the items that have a score; it would not be with "
            f"missing values at their worst."
        )
    return f"The bar of {bar:g} is reached."


def status_of(summary: Mapping[str, Any], *, bar: float | None = None) -> int:
    """Return the exit status that a run's summary deserves."""
    if summary["status"] != "done" or not summary["items"]["outcomes"].get("scored"):
        return INCONCLUSIVE
    return GATE_FAILED if bar is not None and summary["score"]["estimate"] < bar else FINE


def _write(scores: Scores, *, out: Path | None, out_items: Path | None) -> Iterator[str]:
    from trueup.report.export import write_rows  # noqa: PLC0415 - heavy

    for target, rows in ((out, scores.rows), (out_items, scores.item_rows)):
        if target is not None:
            yield f"{counted(write_rows(rows(), target), 'row')} in {one_line(str(target), 200)}"


def _plan(items: Path, options: Mapping[str, Any], *, json_: bool) -> int:
    from trueup.report.plan import render  # noqa: PLC0415 - heavy
    from trueup.runner.plan import plan_scoring  # noqa: PLC0415 - heavy

    with _own_stdout():
        found = plan_scoring(items, **options)
    if json_:
        print_json(found.to_dict())
        return FINE
    screen = console()
    for part in render(found):
        screen.print(part)
    return FINE
