"""`trueup score`: score a file of outputs against a rubric."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

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
    own_stdout,
    print_error,
    print_json,
    store_place,
)
from trueup.judge.verdict import ASK_AGAIN
from trueup.report.safe import one_line
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.runner.result import Scores

BarVerdict: TypeAlias = Literal["reached", "missed", "inconclusive"]

_NOISE = 1e-9
"""Sums of many shares end a little beside what they should be."""


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
    from trueup.report.progress import progress_line  # noqa: PLC0415 - heavy

    check_targets([target for target in (out, out_items) if target is not None], spare=items)
    try:
        with own_stdout(), progress_line(console(err=True)) as show:
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
        told = {} if bar is None else {"at": bar, "verdict": bar_verdict(summary, bar)}
        print_json({**summary, "bar": told} if told else summary)
        return status_of(summary, bar=bar)
    show_summary(summary)
    screen = console()
    if bar is not None:
        screen.print(bar_line(summary, bar))
    for line in written:
        screen.print(line, style="dim")
    return status_of(summary, bar=bar)


def show_summary(summary: Mapping[str, Any]) -> None:
    """Print a run's summary."""
    from trueup.report.scores import render  # noqa: PLC0415 - heavy

    screen = console()
    for part in render(summary):
        screen.print(part)


def bar_verdict(summary: Mapping[str, Any], bar: float) -> BarVerdict:
    """Return whether a run's mean score reaches a bar.

    Items without a score count with the worst and the best that their missing values can make of
    them: what fails to answer may neither pass a gate nor fail it. Where that decides, the verdict
    is `inconclusive`. Items to which the rubric does not apply are left out.
    """
    score = summary["score"]
    if summary["status"] != "done" or score["estimate"] is None:
        return "inconclusive"
    if score["low_bound"] > bar - _NOISE:
        return "reached"
    return "missed" if score["high_bound"] < bar - _NOISE else "inconclusive"


def bar_line(summary: Mapping[str, Any], bar: float) -> str:
    """Return whether the mean score reaches a bar, in words."""
    score, verdict = summary["score"], bar_verdict(summary, bar)
    if score["estimate"] is None:
        return f"No item has a score, so nothing is known about the bar of {bar:g}."
    if summary["status"] != "done":
        return f"The run did not end, so nothing is known about the bar of {bar:g}."
    if verdict == "missed":
        return f"Below the bar: the mean score is {score['estimate']:.4g}, the bar {bar:g}."
    if verdict == "reached":
        return f"The bar of {bar:g} is reached."
    again = not ASK_AGAIN.isdisjoint(summary["items"]["outcomes"])
    mend = "Run again: what failed is asked again." if again else "The reasons above say why."
    return (
        f"Whether the bar of {bar:g} is reached depends on the items without a score: over all "
        f"items the mean is between {score['low_bound']:.4g} and {score['high_bound']:.4g}. {mend}"
    )


def status_of(summary: Mapping[str, Any], *, bar: float | None = None) -> int:
    """Return the exit status that a run's summary deserves."""
    if summary["status"] != "done" or not summary["items"]["outcomes"].get("scored"):
        return INCONCLUSIVE
    if bar is None:
        return FINE
    verdicts = {"reached": FINE, "missed": GATE_FAILED, "inconclusive": INCONCLUSIVE}
    return verdicts[bar_verdict(summary, bar)]


def _write(scores: Scores, *, out: Path | None, out_items: Path | None) -> Iterator[str]:
    from trueup.report.export import write_rows  # noqa: PLC0415 - heavy
    from trueup.runner.result import COLUMNS, ITEM_COLUMNS  # noqa: PLC0415 - heavy

    files = ((out, scores.rows, COLUMNS), (out_items, scores.item_rows, ITEM_COLUMNS))
    for target, rows, columns in files:
        if target is not None:
            count = write_rows(rows(), target, columns=columns)
            yield f"{counted(count, 'row')} in {one_line(str(target), 200)}"


def _plan(items: Path, options: Mapping[str, Any], *, json_: bool) -> int:
    from trueup.report.plan import render  # noqa: PLC0415 - heavy
    from trueup.runner.plan import plan_scoring  # noqa: PLC0415 - heavy

    with own_stdout():
        found = plan_scoring(items, **options)
    if json_:
        print_json(found.to_dict())
        return FINE
    screen = console()
    for part in render(found):
        screen.print(part)
    return FINE
