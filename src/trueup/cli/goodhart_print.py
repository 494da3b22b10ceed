"""What a look of `trueup goodhart` becomes: reports, plain data, and what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.cli.common import store_place
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from trueup.report.goodhart.model import GoodhartReport
    from trueup.runner.goodhart.results import Watched, Watching

_NOTE = 400


def report_of(one: Watched, found: Watching, *, simulated: bool = False) -> GoodhartReport:
    """Return the report of one product."""
    from trueup.report.goodhart.draw import picture_of  # noqa: PLC0415 - heavy
    from trueup.report.goodhart.model import Alarm, GoodhartReport  # noqa: PLC0415 - heavy

    alarms = []
    place = "" if found.store in (None, store_place(None)) else str(found.store)
    for alarm in one.alarms if found.store else ():  # what is kept nowhere cannot be accepted
        done = alarm.accepted
        alarms.append(
            Alarm(
                id=alarm.id,
                since=alarm.label,
                state="open" if done is None else "accepted",
                reason="" if done is None else done.reason,
                by="" if done is None else done.by,
                at=None if done is None else done.at,
                store=place,
            )
        )
    looks = list(one.looks) if found.backtest else list(one.looks[-1:])
    return GoodhartReport(
        product=one.title,
        looks=looks,
        spec=one.spec,
        picture=None if one.cells is None else picture_of(one.cells, one.spec, one.looks),
        explanations=one.explanations,
        alarms=alarms,
        instrument=one.instrument,
        simulated=simulated,
    )


def to_dict(found: Watching, made: Sequence[GoodhartReport]) -> dict[str, Any]:
    """Return what `--json` prints: the run, and every report with its alarms."""
    from trueup.report.goodhart.data import to_dict as report_dict  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.results import alarm_dict  # noqa: PLC0415 - heavy

    return {
        **found.to_dict(),
        "watched": [
            {
                "part": one.part,
                "gate": one.gate,
                "horizon": _horizon(one),
                "report": report_dict(report),
                "alarms": [alarm_dict(alarm) for alarm in one.alarms],
                "forecasts": list(one.forecasts),
                "ledger": [kept.to_dict() for kept in one.past_tests],
            }
            for one, report in zip(found.watched, made, strict=True)
        ],
    }


def _horizon(one: Watched) -> int | str:
    """Return how many looks share one false-alarm rate, `none` where they have no end."""
    count = one.spec.looks(one.last.design)
    return "none" if count is None else count


def render(
    found: Watching, made: Sequence[GoodhartReport], written: Sequence[str]
) -> Iterator[RenderableType]:
    """Yield what people read: what was guessed, every report, and what stands beside them."""
    from trueup.report.console import indented  # noqa: PLC0415 - heavy
    from trueup.report.goodhart.terminal import render as render_report  # noqa: PLC0415 - heavy

    if found.guesses:
        yield indented(_guessed(found.guesses), by=0, style="dim")
    for note in found.notes:
        yield indented(one_line(note, _NOTE), by=0, style="dim")
    if found.guesses or found.notes:
        yield ""
    for at, report in enumerate(made):
        if at:
            yield ""
        yield from render_report(report, reports=written if len(made) == 1 else ())
        for line in found.watched[at].forecasts:
            yield indented(f"Forecast. {one_line(line, _NOTE)}", by=0)
        for kept in found.watched[at].past_tests:
            style = "yellow" if kept.status == "impossible" else ""
            yield indented(f"Ledger. {one_line(kept.message, _NOTE)}.", by=0, style=style)
    if len(made) > 1:
        yield ""
        yield from _summary(found)
        if written:
            shown = ", ".join(one_line(name, 200) for name in written)
            yield indented(f"reports {shown}", by=0, style="dim")
    yield indented(found.rate, by=0, style="dim")
    yield indented(_where(found), by=0, style="dim")


def _guessed(guesses: Mapping[str, str | list[str]]) -> str:
    """Return what was guessed, in the words in which it would be said."""
    parts = []
    for role, column in guesses.items():
        option = f"--{role.removesuffix('s').replace('_', '-')}"
        several = [column] if isinstance(column, str) else column
        parts += [f"{option} {one_line(one, 120)}" for one in several]
    return f"Guessed from names: {' '.join(parts)}"


def _summary(found: Watching) -> Iterator[RenderableType]:
    from trueup.report.console import table  # noqa: PLC0415 - heavy

    rows: list[dict[str, RenderableType]] = [
        {
            "watched": one_line(one.part, 40),
            "verdict": one.last.verdict,
            "alarms open": str(sum(alarm.open for alarm in one.alarms)),
            "false alarms at most": f"{100 * one.spec.alpha:.2g} %",
        }
        for one in found.watched
    ]
    yield table(rows, right=("alarms open", "false alarms at most"))


def _where(found: Watching) -> str:
    if found.store is not None:
        return f"Alarms are kept in {one_line(found.store, 200)}"
    labels = [alarm.label for one in found.watched for alarm in one.alarms if alarm.open]
    raised = f"An alarm since {one_line(min(labels), 30)}, in" if labels else "Alarms are of"
    return (
        f"{raised} this replay alone: no store keeps it. With --store FILE, or in a workspace that "
        "has a store, an alarm stays open until it is accepted."
    )


def numbered(path: Path, part: str, at: int) -> Path:
    """Return the file of one product: its name as far as a file's can hold it, and its number."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in part)[:40]
    return path.with_name(f"{path.stem}-{at + 1}-{kept.strip('-') or 'part'}{path.suffix}")
