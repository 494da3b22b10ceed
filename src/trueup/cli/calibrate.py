"""`trueup calibrate`: a judge beside people, week after week."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.runner.calibration.result import Calibration

_STATUS = {"passed": FINE, "failed": GATE_FAILED, "inconclusive": INCONCLUSIVE}


def command(  # noqa: PLR0917 - a command's options
    items: Annotated[Path, typer.Argument(help="The log of outputs: JSONL, CSV, Parquet, Arrow.")],
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Name or path of a rubric.")],
    judge: Annotated[str | None, typer.Option("--judge", "-j", help="Name or path.")] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--labels", "-l", help="File of labels to import first.", metavar="FILE"),
    ] = None,
    label_design: Annotated[
        str | None,
        typer.Option(
            "--label-design",
            help="How their items were chosen: random, stratified, case_control, other_period.",
            metavar="DESIGN",
        ),
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option("--anchors", help="Items with trusted labels, judged anew.")
    ] = None,
    week: Annotated[
        str | None, typer.Option("--week", help="As 2026-W47; the newest item's by default.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="Judge so many of the week's items.")
    ] = None,
    label_next: Annotated[
        int, typer.Option("--label-next", min=0, help="Draw so many items for labelling.")
    ] = 20,
    people: Annotated[
        int, typer.Option("--people", min=1, help="People who are to label each of them.")
    ] = 2,
    criterion: Annotated[
        list[str] | None,
        typer.Option("--criterion", "-c", help="Only this one; all by default.", metavar="ID"),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Measure on stored labels: dev or test.")
    ] = None,
    bar: Annotated[
        list[str] | None,
        typer.Option(
            "--bar",
            help="Exit with 1 where missed: tpr, tnr, accuracy, alpha.",
            metavar="FIGURE=VALUE",
        ),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Text file that gets a line a criterion.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report", "-o", help="Write it: .html, .md, .json, .xml (JUnit).", metavar="FILE"
        ),
    ] = None,
    accepted: Annotated[
        list[str] | None,
        typer.Option("--accept", help="Alarms up to this week are known.", metavar="WEEK"),
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Most dollars to spend.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at once.")] = None,
    store: StoreOption = None,
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    json_: Json = False,
) -> int:
    """Compare a judge with people. Say what moved, whose fault it is, and what to label next."""
    options: dict[str, Any] = {
        "rubric": rubric,
        "judge": judge,
        "labels": labels or [],
        "label_design": label_design,
        "anchors": anchors,
        "week": week,
        "sample": sample,
        "label_next": (label_next, people),
        "criteria": criterion or [],
        "split": split,
        "bars": bars(bar or []),
        "ledger": ledger,
        "accepted": accepted or [],
        "budget": budget,
        "concurrency": concurrency,
        "store": store_place(store),
        "field_map": field_map(map_, labels=True),
        "timezone": timezone,
    }
    return calibrate_and_show(items, options, reports=report or [], json_=json_)


def calibrate_and_show(
    items: Path, options: Mapping[str, Any], *, reports: Sequence[Path], json_: bool
) -> int:
    """Calibrate, write the reports, print the result, and return the exit status."""
    from trueup.report.calibration.write import check_report  # noqa: PLC0415 - heavy
    from trueup.report.progress import progress_line  # noqa: PLC0415 - heavy
    from trueup.runner.calibration.calibrate import calibrate  # noqa: PLC0415 - heavy

    for path in reports:
        check_report(path)
    try:
        with own_stdout(), progress_line(console(err=True)) as show:
            found = calibrate(items, **options, by="trueup calibrate", on_progress=show)
    except KeyboardInterrupt:
        kept = "What was answered is kept; run again to go on."
        if json_:
            print_error("Interrupted", "interrupted", mend=kept)
        typer.echo(f"Interrupted. {kept}", err=True)
        return INTERRUPTED
    return show_calibration(found, reports=reports, json_=json_)


def show_calibration(found: Calibration, *, reports: Sequence[Path], json_: bool) -> int:
    """Write the reports and print the result; return its exit status."""
    from trueup.report.calibration.terminal import render  # noqa: PLC0415 - heavy
    from trueup.report.calibration.write import write_report  # noqa: PLC0415 - heavy

    for path in reports:
        write_report(found, path)
    if json_:
        print_json(found.to_dict())
        return _STATUS[found.gate]
    screen = console()
    for part in render(found, reports=[str(path) for path in reports]):
        screen.print(part)
    return _STATUS[found.gate]


def bars(pairs: Sequence[str]) -> dict[str, float]:
    """Return what `--bar` options say.

    Raises:
        ConfigError: One of them is not FIGURE=VALUE.
    """
    from trueup.errors import ConfigError  # noqa: PLC0415 - where it is used

    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            mend = "Write for example --bar tpr=0.8"
            raise ConfigError(f"--bar wants FIGURE=VALUE, not '{pair}'", mend=mend) from None
    return found
