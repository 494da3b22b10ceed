"""`trueup calibrate`: a judge beside people, week after week."""

from __future__ import annotations

from contextlib import contextmanager, suppress
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
from trueup.errors import ConfigError, TrueupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trueup.runner.calibration.result import Calibration
    from trueup.runner.calibration.unmeasured import Sought

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
        str | None, typer.Option("--week", help="As 2026-W47; the last that has ended by default.")
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
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Try a judge out: no ledger, no draw.")
    ] = False,
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
        "record": not no_record,
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
        with (
            told_in(reports, items, options) as on_start,
            own_stdout(),
            progress_line(console(err=True)) as show,
        ):
            found = calibrate(
                items, **options, by="trueup calibrate", on_start=on_start, on_progress=show
            )
    except KeyboardInterrupt:
        kept = "What was answered is kept; run again to go on."
        if json_:
            print_error("Interrupted", "interrupted", mend=kept)
        typer.echo(f"Interrupted. {kept}", err=True)
        return INTERRUPTED
    return show_calibration(found, reports=reports, json_=json_)


@contextmanager
def told_in(
    reports: Sequence[Path], items: Path, options: Mapping[str, Any]
) -> Iterator[Callable[[Sought], None]]:
    """Write why nothing was measured into the reports, where that is how it ends.

    Else the reports of the last run would lie there as if they were this one's.

    Args:
        reports: Files that were asked for.
        items: The log.
        options: What was asked for, as far as it is known.

    Yields:
        What takes the place of these options once more is known.
    """
    sought: list[Sought] = []
    try:
        yield sought.append
    except Exception as error:
        if reports:
            from trueup.report.calibration.write import write_report  # noqa: PLC0415 - heavy
            from trueup.runner.calibration.unmeasured import unmeasured  # noqa: PLC0415 - heavy

            found = unmeasured(error, sought[-1] if sought else _wanted(items, options))
            for path in reports:
                with suppress(TrueupError):  # what went wrong first is told
                    write_report(found, path)
        raise


def _wanted(items: Path, options: Mapping[str, Any]) -> Sought:
    """Return what was asked for, by the names that were given."""
    from trueup.runner.calibration.unmeasured import Sought  # noqa: PLC0415 - heavy

    week, split = options.get("week"), options.get("split")
    judge, ledger = options.get("judge"), options.get("ledger")
    return Sought(
        sitting=" ".join(filter(None, (week, split))),
        rubric=Path(options["rubric"]).stem,
        rubric_version="unknown",
        judge="code" if judge is None else Path(judge).stem,
        source=items.name,
        store=str(options.get("store") or ""),
        ledger=None if ledger is None else str(ledger),
        split=split,
    )


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
    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            mend = "Write for example --bar tpr=0.8"
            raise ConfigError(f"--bar wants FIGURE=VALUE, not '{pair}'", mend=mend) from None
    return found
