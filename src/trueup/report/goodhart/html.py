"""A Goodhart report as one HTML file: no script, nothing remote, all text from outside escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from trueup.report.goodhart import charts, opening, verdicts, words
from trueup.report.goodhart.frame import day
from trueup.report.goodhart.marks import NARROW, WIDE, block, swatch
from trueup.report.goodhart.overview import overview
from trueup.report.page.html import environment, style_hash, style_of
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from trueup.goodhart.look import Look
    from trueup.report.goodhart.model import GoodhartReport
    from trueup.report.goodhart.picture import Picture

_HERE = "trueup.report.goodhart"
_PARAGRAPH = 1600
_DAYS = 4
"""Every so many looks the strip names one."""


class _Cell(NamedTuple):
    """A look in the strip."""

    look: Look
    sign: str
    told: str
    name: str


class _Panel(NamedTuple):
    """A signal's picture with its figures."""

    row: words.Row
    chart: Markup


class _Tile(NamedTuple):
    """A figure at the top."""

    name: str
    value: str
    interval: str
    note: str


def html(report: GoodhartReport) -> str:
    """Return a report as a page that needs nothing but itself.

    The same report gives the same page.
    """
    style = _style()
    look, picture = report.last, report.picture
    placed = _placed(picture, report.looks)
    return _environment().get_template("report.html.j2").render(
        report=report,
        look=look,
        headline=words.headline(look),
        judge=words.judge_words(report),
        simulated=words.simulated_words(report),
        kinds=[(verdict, kind) for verdict, kind in words.KINDS.items()
               if any(one.verdict == verdict for one in report.looks)],
        kind=words.KINDS[look.verdict],
        tiles=_tiles(report),
        overview=_overview(picture, look, placed),
        placed=bool(placed),
        meaning=opening.meaning(look),
        found=opening.beyond_missing(look),
        legend=_legend(picture, look),
        legend_judge=swatch("judge"),
        legend_people=swatch("people"),
        panels=_panels(picture, look),
        rows=[words.row(one) for one in look.signals],
        cells=_cells(report.looks),
        realised=[chart for frame in (charts.PHI_WIDE, charts.PHI_NARROW)
                  if (chart := charts.realised(report.looks, report.spec.c, frame=frame))],
        table=[_line(one) for one in report.looks],
        set_aside=list(words.set_aside(report)),
        basis=list(words.basis(report)),
        span=words.span_words(report),
        unit=opening.unit(picture) if picture else "",
        at_the_right=opening.at_the_right(picture) if picture else "",
        beside=picture.beside if picture else "",
        versus=one_line(look.label, 60) if look.design == "concurrent" else "",
        named=look.called,
        style=style,
        style_hash=style_hash(style),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = environment(_HERE, paragraph=_PARAGRAPH)
    made.filters |= {
        "percent": words.percent,
        "sentence": words.sentence,
        "alarm": words.alarm_words,
        "accept": words.accept_words,
    }
    return made


@cache
def _style() -> Markup:
    return style_of(_HERE)


def _drawn(picture: Picture | None) -> bool:
    return picture is not None and any(value is not None for value in picture.judge.mean)


def _placed(picture: Picture | None, looks: Sequence[Look]) -> verdicts.Placed:
    """Return the looks with their place in the picture, none where it has no room for all."""
    if picture is None or not _drawn(picture) or not verdicts.fits(NARROW, len(picture.labels)):
        return ()
    return verdicts.placed(picture, looks)


def _overview(picture: Picture | None, look: Look, placed: verdicts.Placed) -> list[Markup]:
    if picture is None or not _drawn(picture):
        return []
    return [
        overview(picture, verdict=look.verdict, frame=frame, looks=placed)
        for frame in (WIDE, NARROW)
    ]


def _legend(picture: Picture | None, look: Look) -> list[tuple[Markup, str]]:
    if picture is None:
        return []
    found = [(swatch("judge"), "the judge's score: what users were promised")]
    if any(value is not None for value in picture.users.mean):
        found.append((swatch("people"), "what users gained, all signals as one"))
        if look.verdict == "gaming":
            found.append((block("gap"), "the gap: seen by the judge alone"))
    else:
        found.append((Markup(), "no line of users: not enough of what they did is known"))
    if picture.waiting:
        found.append((block("zone waiting"), "signals are still arriving"))
    return found


def _panels(picture: Picture | None, look: Look) -> list[_Panel]:
    if picture is None:
        return []
    rows = {one.name: words.row(one) for one in look.signals}
    return [
        _Panel(rows.get(one.name) or words.bare_row(one), charts.signal(one, picture))
        for one in picture.signals
        if any(value is not None for value in one.realised.mean)
    ]


def _cells(looks: Sequence[Look]) -> list[_Cell]:
    """Return the looks as a strip, of which some have their name below."""
    found = []
    for at, look in enumerate(looks):
        named = at % _DAYS == 0 or len(looks) <= _DAYS
        shown = day(look.start, look.called) if named else ""
        found.append(_Cell(look, words.KINDS[look.verdict].sign, verdicts.told(look), shown))
    return found


def _line(look: Look) -> tuple[str, ...]:
    """Return a look as a row of the table."""
    rise, ends = words.rise_words(look.rise)
    value, span = words.phi_words(look)
    word = words.KINDS[look.verdict].word + (", backfire" if look.backfire else "")
    return (
        look.called, word, f"{rise} ({ends})" if ends else rise,
        f"{value} ({span})" if span else value, words.holds_words(look),
    )  # fmt: skip


def _tiles(report: GoodhartReport) -> list[_Tile]:
    """Return the figures that matter most; none where nothing is known."""
    look, picture = report.last, report.picture
    if look.rise is None:
        return []
    rise, ends = words.rise_words(look.rise)
    found = [_Tile("judge", rise, ends, _before(look, picture))]
    level = picture.after if picture else None
    if level is not None:
        ends = f"{words.points(level.low)} to {words.points(level.high)}"
        note = f"of the {rise} that was due"
        if look.verdict == "judge_flat":  # it promises nothing
            note = "in judge points"
        found.append(_Tile("users", words.points(level.value), ends, note))
    value, ends = words.phi_words(look)
    if value != words.NONE:
        line = f"below {words.percent(report.spec.c)} it counts as gamed"
        found.append(_Tile("what users got of it", value, ends, line))
    holds = words.holds_words(look)
    if holds != words.NONE and look.verdict in ("gaming", "improvement"):
        note = "unless records overstate a judge point's worth by more"
        if holds == "any":
            note = "whatever a judge point is worth"
        found.append(_Tile("holds to", holds, "", note))
    return found


def _before(look: Look, picture: Picture | None) -> str:
    """Return what the judge's rise began at."""
    if look.rise is None:
        return ""
    before = words.amount(look.rise.before, digits=2)
    if look.design == "concurrent":
        return f"above the {before} of the old version, in judge points"
    kept = " above the users held back" if picture is not None and picture.beside else ""
    return f"from {before}{kept}, in judge points"
