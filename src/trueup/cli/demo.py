"""`trueup demo`: everything once, on simulated data, without a network or a key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.common import FINE, Json, console, going_to, own_stdout, print_json
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from trueup.report.goodhart.model import GoodhartReport
    from trueup.runner.calibration.result import Calibration, CriterionResult
    from trueup.runner.fit import Fitted

_TOLD = "resolves"
"""The criterion whose weeks are shown: judge and people tell different stories of it."""
_LIES = (
    ("outputs.jsonl", "the outputs: replies of a simulated assistant"),
    ("labels.jsonl", "what three simulated annotators said of them"),
    ("rubrics/support-demo.yaml", "the rubric: edit it, then trueup check"),
    ("judges/", "a Python rule, the fitted judge, a panel of both"),
    ("runners/score.yaml", "the same run by name: trueup run score"),
    (".trueup/trueup.db", "every verdict, so that nothing is asked twice"),
    ("weekly/calibration.html", "the report of the eighth week: open it in a browser"),
    ("weekly/ledger.jsonl", "the figures of every week, a line each, to be kept in git"),
    ("weekly/README.md", "how the log, the judge and the annotators were made"),
    ("goodhart/goodhart.html", "half a year of judge and users on one page"),
    ("goodhart/history.parquet", "the simulated replies behind it, a row each"),
)
_NEXT = (
    ("trueup show --item sup-122", "what was found about one reply, and why"),
    ("trueup doctor outputs.jsonl", "what this data allows, and what is missing"),
    ("trueup run score", "again: everything is known, nothing is asked"),
    ("cd weekly", ""),
    ("trueup run weekly-calibration", "the ninth week: something has moved, exit status 1"),
    ("trueup label -r weekly-replies", "what that week has drawn, to be labelled by you"),
)


def command(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")] = Path("trueup-demo"),
    *,
    json_: Json = False,
) -> int:
    """Try everything on simulated data. It needs no network and no key."""
    from trueup.report.calibration.write import write_report  # noqa: PLC0415 - heavy
    from trueup.report.goodhart.data import to_dict  # noqa: PLC0415 - heavy
    from trueup.runner.demo import make_workspace, run_demo  # noqa: PLC0415 - heavy

    make_workspace(folder)
    demo = run_demo(folder)
    summary = demo.scores.summary()
    if not json_:
        _show(_scored(folder, demo.fitted, summary))
    last = _calibrated(folder / "weekly")
    report = folder / "weekly" / "calibration.html"
    write_report(last, report)
    watched = _watched(folder / "goodhart")
    if json_:
        body = {"folder": str(folder), "fit": demo.fitted.to_dict(), "summary": summary}
        print_json({**body, "calibration": last.to_dict(), "goodhart": to_dict(watched)})
    else:
        _show(_weeks(last, report))
        _show(_half_year(watched, folder / "goodhart" / "goodhart.html"))
        _show(_ending(folder))
    return FINE


def _show(parts: Iterable[RenderableType]) -> None:
    screen = console()
    for part in parts:
        screen.print(part)


def _calibrated(folder: Path) -> Calibration:
    """Calibrate week after week, telling a terminal how far it is, and return the last result."""
    from contextlib import nullcontext  # noqa: PLC0415 - where it is used

    from trueup.runner.demo import WEEKS, calibrate_weeks  # noqa: PLC0415 - heavy

    screen, done = console(err=True), []
    first = f"calibrating week 1 of {len(WEEKS)}"
    status = screen.status(first) if screen.is_terminal else nullcontext()
    with own_stdout(), status as shown:
        for found in calibrate_weeks(folder):
            done.append(found)
            if shown is not None:
                shown.update(f"calibrating week {min(len(done) + 1, len(WEEKS))} of {len(WEEKS)}")
    return done[-1]


def _watched(folder: Path) -> GoodhartReport:
    """Simulate half a year, look at it week by week, and write the page."""
    from trueup.report.goodhart.draw import picture_of  # noqa: PLC0415 - heavy
    from trueup.report.goodhart.model import GoodhartReport  # noqa: PLC0415 - heavy
    from trueup.report.goodhart.write import write_report  # noqa: PLC0415 - heavy
    from trueup.runner.half_year import watch_half_year  # noqa: PLC0415 - heavy

    found = watch_half_year(folder)
    report = GoodhartReport(
        product="support assistant",
        looks=found.looks,
        spec=found.spec,
        picture=picture_of(found.cells, found.spec, found.looks),
        explanations=found.explained,
        instrument="simulated-model",
        simulated=True,
    )
    write_report(report, folder / "goodhart.html")
    return report


def _half_year(report: GoodhartReport, page: Path) -> Iterator[RenderableType]:
    from trueup.report.goodhart.terminal import render  # noqa: PLC0415 - heavy

    yield _heading("\n5. Half a year of another assistant: the judge's scores, and what users did.")
    yield _heading("   Prompt version 3 came in week 16 and writes longer; nobody gains by that.")
    yield from render(report, reports=[str(page)])


def _scored(folder: Path, fitted: Fitted, summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    from trueup.cli import fit  # noqa: PLC0415 - heavy
    from trueup.report import scores  # noqa: PLC0415 - heavy

    yield _heading("1. A judge learnt from people's labels (simulated, as is all data here)")
    yield from fit.render(fitted, folder / "judges" / "surface.yaml")
    yield _heading("\n2. Every output scored: by code checks, by a rule, by the fitted judge")
    yield from scores.render(summary)


def _weeks(last: Calibration, report: Path) -> Iterator[RenderableType]:
    from trueup.report.calibration.terminal import render  # noqa: PLC0415 - heavy
    from trueup.report.console import table  # noqa: PLC0415 - heavy

    yield _heading("\n3. Eight weeks beside people: 80 replies and 40 anchors judged in each,")
    yield _heading("   20 drawn by chance and labelled by two. Pass rates of one criterion:")
    told = next(one for one in last.criteria if one.id == _TOLD)
    yield table(_rows(told), right=("the judge says", "corrected by labels"))
    yield "From W31 on version 1.4 replies. People see that, and the judge hardly does."
    yield _heading("\n4. The eighth week")
    yield from render(last, reports=[str(report)])


def _rows(criterion: CriterionResult) -> Iterator[Mapping[str, str]]:
    from trueup.report.calibration.figures import bare_share, share_bounds  # noqa: PLC0415 - heavy

    for week in criterion.weeks:
        low, high = share_bounds(week.corrected)
        yield {
            criterion.id: week.week,
            "the judge says": bare_share(week.judged),
            "corrected by labels": bare_share(week.corrected),
            "95 % interval": f"{low} to {high}",
        }


def _ending(folder: Path) -> Iterator[RenderableType]:
    yield _heading(f"\n6. What lies in {one_line(str(folder), 60)}")
    yield from _pairs(_LIES)
    yield _heading("\nNext")
    yield f"   {going_to(folder)}"
    yield from _pairs(_NEXT)


def _heading(words: str) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415 - heavy

    return Text(words, style="bold")


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in pairs)
    return (f"   {name:{width}}  {what}".rstrip() for name, what in pairs)
