"""A Goodhart report on one screen of a terminal: the verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from trueup.report.console import indented, table
from trueup.report.goodhart import words
from trueup.report.place import near
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, RenderableType

    from trueup.goodhart.look import Look, Verdict
    from trueup.report.goodhart.model import GoodhartReport

_STYLES: Mapping[Verdict, str] = {
    "gaming": "red",
    "improvement": "green",
    "inconclusive": "yellow",
    "judge_flat": "",
    "unidentified": "yellow",
}
_WIDTH = 80
"""Columns of a terminal that the first line keeps within, however long a name is."""
_ROW = 52
"""Looks in a row of the strip: with the date before it, it fits 80 columns."""
_SENTENCE = 1200
_NOTE = 300
_MOST = 4
"""Sentences of a kind; the other forms of the report have the rest."""


def terminal(report: GoodhartReport, console: Console, *, reports: Sequence[str] = ()) -> None:
    """Print a report.

    Args:
        report: What to show.
        console: Where to print.
        reports: Files that were written, to be named at the end.
    """
    for part in render(report, reports=reports):
        console.print(part)


def render(report: GoodhartReport, *, reports: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield a report: the verdict, the figures, the looks, and what stands beside them."""
    look = report.last
    yield _headline(report)
    yield indented(words.headline(look), by=2, style="bold")
    if report.simulated:
        yield indented(words.simulated_words(report), by=2, style="dim")
    yield indented(one_line(look.message, _SENTENCE), by=2)
    rows = [_row(one) for one in map(words.row, look.signals)]
    if rows:
        yield ""
        yield table(rows, right=("should have", "did"))
    yield ""
    yield from _strip(report)
    for line, style in _beside(report):
        yield indented(one_line(line, _NOTE), by=2, style=style)
    for alarm in report.open_alarms:
        yield indented(one_line(words.alarm_words(alarm), _NOTE), by=2, style="red")
        yield indented(f"Accept it: {one_line(words.accept_words(alarm), 200)}", by=4)
    yield indented(_basis(report), by=0, style="dim")
    if reports:
        names = ", ".join(one_line(near(name), 200) for name in reports)
        yield indented(f"report{'s' if len(reports) > 1 else ''} {names}", by=0, style="dim")


def _headline(report: GoodhartReport) -> Text:
    look = report.last
    at, word = f", {one_line(look.called, 30)}: ", words.KINDS[look.verdict].word
    worse = ", backfire" if look.backfire else ""
    room = _WIDTH - cell_len(f"{at}{word}{worse}")
    text = Text(f"{set_cell_size(one_line(report.product, room), room).rstrip()}{at}", style="bold")
    text.append(word, style=_STYLES[look.verdict])
    text.append(worse, style="red")
    return text


def _row(row: words.Row) -> dict[str, RenderableType]:
    return {
        "signal": _two(one_line(row.said, 24), f"{row.unit}, {row.better} is better"),
        "should have": _two(row.should, row.should_range),
        "did": _two(row.did, row.did_range),
        "": Text(one_line(row.note, 60), style="dim"),
    }


def _two(first: str, second: str) -> Text:
    text = Text(first)
    return text.append(f"\n{second}", style="dim") if second else text


def _strip(report: GoodhartReport) -> Iterator[RenderableType]:
    """Yield the verdict look by look, a sign each, with a legend of those that occur."""
    looks = report.looks
    for at in range(0, len(looks), _ROW):
        part = looks[at : at + _ROW]
        line = Text(f"  {one_line(part[0].called, 12):12} ", style="dim")
        for look in part:
            line.append(words.KINDS[look.verdict].sign, style=_STYLES[look.verdict] or "default")
        last = part[-1]
        if len(part) > 1:
            line.append(f" {one_line(last.called, 12)}", style="dim")
        yield line
    seen = {look.verdict for look in looks}
    legend = "  ".join(f"{k.sign} {k.word}" for v, k in words.KINDS.items() if v in seen)
    yield indented(legend, by=2, style="dim")


def _beside(report: GoodhartReport) -> Iterator[tuple[str, str]]:
    """Yield what explains the figures or was set aside, with its style."""
    look = report.last
    if look.verdict in ("inconclusive", "unidentified"):
        for reason in look.missing[:_MOST]:
            if reason not in look.message:
                yield f"Missing: {words.sentence(reason)}", "yellow"
    for line in report.explanations[:_MOST]:
        yield words.sentence(line), ""
    for line in list(words.set_aside(report))[:_MOST]:
        yield f"Set aside: {line}", "dim"
    for alarm in report.alarms:
        if alarm.state == "accepted":
            yield words.alarm_words(alarm), "dim"


def _basis(report: GoodhartReport) -> str:
    look, spec = report.last, report.spec
    why = f": {one_line(look.why, 160)}" if spec.design == "auto" and look.why else ""
    parts = [f"design {look.design}{why}"]
    phi, ends = _phi(look)
    if phi:
        parts.append(f"users got {phi}{ends} of what was due; the line is {spec.c:.0%}")
    found = dict(words.basis(report))
    parts.append(f"false alarms {found['false alarms']}")
    parts.append(f"judge {one_line(words.judge_words(report), 120)}")
    return "; ".join(parts)


def _phi(look: Look) -> tuple[str, str]:
    value, ends = words.phi_words(look)
    return ("", "") if value == words.NONE else (value, f" ({ends})" if ends else "")
