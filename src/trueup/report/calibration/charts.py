"""Charts as inline SVG: coloured by the page's style sheet, so that they follow light and dark.

Every series has its own colour, shape and dash; hovering over a point tells its figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from trueup.report.calibration.figures import (
    bare_number,
    bare_share,
    decimal,
    number,
    percent,
    share,
    short_week,
)
from trueup.report.calibration.marks import sign, told
from trueup.report.calibration.timeline import stretches
from trueup.report.page.axis import Axis, fitted, labelled
from trueup.report.page.svg import path, tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

    from trueup.report.calibration.timeline import Timeline
    from trueup.runner.calibration.result import Figure, Maybe, Point

Role: TypeAlias = Literal["truth", "judge", "people", "other"]
Unit: TypeAlias = Literal["share", "alpha"]

WIDTH, HEIGHT = 400.0, 210.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 14.0, 26.0, 38.0
_DODGE = 5.0
_YEAR_WIDTH = 36.0
_NARROW = 16.0
"""Weeks closer than this stand too close to be drawn side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One figure week by week."""

    name: str
    role: Role
    pick: Callable[[Point], Maybe]
    people: bool = False
    """About people alone, so that another instrument changes nothing."""
    band: bool = False
    """Whether intervals are drawn as a band, rather than as whiskers."""


def weekly(line: Timeline, series: Sequence[Series], *, title: str, unit: Unit) -> Markup | None:
    """Return figures week by week with their intervals; None where there is none."""
    figures = [f for one in series for run in stretches(line, one.pick) for _, f in run]
    if not figures:
        return None
    y = fitted(
        (value for f in figures for value in (f.estimate, f.low, f.high)),
        within=(0, 1) if unit == "share" else (-1, 1),
        start=HEIGHT - _BOTTOM,
        end=_TOP,
    )
    x = _weeks_axis(len(line.weeks))
    parts = [_grid(y, unit), *_marks(line, x), _week_names(line, x)]
    # bands first: no point or line is to be under one
    parts += [_bands(line, one, x, y) for one in series if one.band]
    shifts = _shifts(series, x, len(line.weeks))
    parts += [
        _series(line, one, x, y, unit=unit, shift=shift)
        for one, shift in zip(series, shifts, strict=True)
    ]
    about = _described(line, series, title=title, unit=unit)
    return tag(
        "svg", *parts, class_="chart dense" if _step(x) < _NARROW else "chart",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", role="img", aria_label=one_line(about, 600),
    )  # fmt: skip


def swatch(role: Role) -> Markup:
    """Return how a series looks, for a legend."""
    return tag(
        "svg",
        tag("line", class_="line", x1=1, y1=7, x2=25, y2=7),
        _point(role, 13, 7),
        class_=f"swatch c-{role}", viewBox="0 0 26 14", aria_hidden="true",
    )  # fmt: skip


def _weeks_axis(count: int) -> Axis:
    """Return where weeks stand, half a week from the borders."""
    return Axis(low=-0.5, high=count - 0.5, ticks=(), start=_LEFT, end=WIDTH - _RIGHT)


def _step(x: Axis) -> float:
    return (x.end - x.start) / (x.high - x.low)


def _shifts(series: Sequence[Series], x: Axis, count: int) -> list[float]:
    """Return by how much each series is drawn beside its week, so that whiskers do not hide."""
    if count and _step(x) < _NARROW:
        return [0.0] * len(series)
    if any(one.band for one in series):
        return [0.0 if one.band else _DODGE for one in series]
    return [_DODGE * (at - (len(series) - 1) / 2) for at in range(len(series))]


def _grid(y: Axis, unit: Unit) -> Markup:
    lines = []
    for tick in y.ticks:
        name = percent(tick) if unit == "share" else decimal(tick)
        at = y(tick)
        lines.append(tag("line", class_="grid", x1=_LEFT, y1=at, x2=WIDTH - _RIGHT, y2=at))
        lines.append(tag("text", name, x=_LEFT - 6, y=at + 4, text_anchor="end"))
    return tag("g", *lines)


def _week_names(line: Timeline, x: Axis) -> Markup:
    names = [one_line(short_week(week), 8) for week in line.weeks]
    shown = labelled(names, step=_step(x), width=lambda name: 7.5 * len(name) + 12)
    y = HEIGHT - _BOTTOM + 17
    out = [tag("text", names[at], x=x(at), y=y, text_anchor="middle") for at in shown]
    out += [
        tag("text", year, x=x(at), y=HEIGHT - 6, text_anchor="middle")
        for at, year in _years(line, shown, x)
    ]
    empty = [at for at, point in enumerate(line.points) if point and not point.n_labels]
    out += [
        tag("path", class_="empty", d=f"{_stroke(x(at), -3, -3)}{_stroke(x(at), -3, 3)}")
        for at in empty
    ]
    return tag("g", *out)


def _years(line: Timeline, shown: Sequence[int], x: Axis) -> Iterator[tuple[int, str]]:
    """Yield the weeks below which their year is written: the first of each, where there is room."""
    last, right = "", -99.0
    for at in shown:
        week = line.weeks[at]
        year = week[:4] if short_week(week) != week else ""
        if year and year != last and x(at) - right > _YEAR_WIDTH:
            yield at, year
            last, right = year, x(at)


def _stroke(x: float, dx: float, dy: float) -> str:
    """Return one stroke of a small cross on the time axis."""
    y = HEIGHT - _BOTTOM
    return path([(x + dx, y + dy), (x - dx, y - dy)])


def _marks(line: Timeline, x: Axis) -> Iterator[Markup]:
    """Yield what happened: a line from top to bottom, and the time until an alarm shaded."""
    bottom = HEIGHT - _BOTTOM
    right = -99.0
    for mark in line.marks:
        at = x(mark.at)
        parts = []
        if mark.kind == "alarm":
            since = x(mark.since - 0.5)
            width = x(mark.at + 0.5) - since
            parts.append(
                tag("rect", class_="since", x=since, y=_TOP, width=width, height=bottom - _TOP)
            )
        parts.append(tag("line", class_=f"mark {mark.kind}", x1=at, y1=_TOP, x2=at, y2=bottom))
        head = max(at, right + 17)
        right = head
        parts.append(sign(mark.kind, min(head, WIDTH - 8), _TOP - 12))
        yield tag("g", tag("title", told(mark)), *parts)


def _bands(line: Timeline, series: Series, x: Axis, y: Axis) -> Markup:
    drawn = []
    for run in stretches(line, series.pick, people=series.people):
        if len(run) == 1:
            drawn.append(_whisker(x(run[0][0]), run[0][1], y))
            continue
        up = [(x(at), y(figure.high)) for at, figure in run]
        down = [(x(at), y(figure.low)) for at, figure in reversed(run)]
        drawn.append(tag("path", class_="band", d=path([*up, *down], closed=True)))
    return tag("g", *drawn, class_=f"c-{series.role}")


def _series(
    line: Timeline, series: Series, x: Axis, y: Axis, *, unit: Unit, shift: float
) -> Markup:
    write = share if unit == "share" else number
    size = min(max(_step(x) / _NARROW, 0.75), 1)
    drawn = []
    points = []
    for run in stretches(line, series.pick, people=series.people):
        if len(run) > 1:
            joined = [(x(at) + shift, y(figure.estimate)) for at, figure in run]
            drawn.append(tag("path", class_="line", d=path(joined)))
        for at, figure in run:
            if not series.band:
                drawn.append(_whisker(x(at) + shift, figure, y))
            told_ = f"{one_line(line.weeks[at], 20)}: {series.name} {write(figure)}, n {figure.n:,}"
            mark = _point(series.role, x(at) + shift, y(figure.estimate), size=size)
            points.append(tag("g", tag("title", told_), mark))
    return tag("g", *drawn, *points, class_=f"c-{series.role}")


def _whisker(x: float, figure: Figure, y: Axis) -> Markup:
    return tag("line", class_="whisker", x1=x, y1=y(figure.low), x2=x, y2=y(figure.high))


def _point(role: Role, x: float, y: float, *, size: float = 1) -> Markup:
    """Return a point; each role has its own shape, for who does not tell colours apart."""
    if role == "truth":
        return tag("circle", class_="dot", cx=x, cy=y, r=3.6 * size)
    corners = {
        "judge": [(0, -4.8), (4.8, 0), (0, 4.8), (-4.8, 0)],
        "people": [(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)],
        "other": [(0, -4.6), (4.6, 3.6), (-4.6, 3.6)],
    }[role]
    data = path([(x + dx * size, y + dy * size) for dx, dy in corners], closed=True)
    return tag("path", class_="dot", d=data)


def _described(line: Timeline, series: Sequence[Series], *, title: str, unit: Unit) -> str:
    """Return a chart in words, for who cannot see it."""
    write = bare_share if unit == "share" else bare_number
    parts = []
    for one in series:
        found = [pair for run in stretches(line, one.pick) for pair in run]
        if found:
            (first, a), (last, b) = found[0], found[-1]
            ends = f"{write(a)} in {line.weeks[first]}"
            if last != first:
                ends += f", {write(b)} in {line.weeks[last]}"
            parts.append(f"{one.name}: {ends}")
    parts += [told(mark) for mark in line.marks]
    return f"{title} by week. {'; '.join(parts)}. The table below has every week."
