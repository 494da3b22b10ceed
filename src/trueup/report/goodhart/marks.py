"""Marks that the charts of the report share: pairs of series, stretches of time, swatches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.goodhart.frame import Frame, zone
from trueup.report.page import plot
from trueup.report.page.svg import tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from trueup.report.goodhart.picture import Line, Picture
    from trueup.report.page.axis import Axis

WIDE = Frame(width=900, height=340, left=52, right=118, top=34, bottom=40)
NARROW = Frame(width=400, height=270, left=44, right=18, top=34, bottom=40)
SMALL = Frame(width=400, height=210, left=48, right=18, top=14, bottom=40)
_DODGE = 5.0
_FEW = 6
"""So few rows are drawn as points with whiskers, which a band would hide."""


def swatch(role: str) -> Markup:
    """Return how a series looks, for a legend: its band with its line."""
    return tag(
        "svg",
        tag("rect", class_="band", x=1, y=2, width=24, height=10),
        tag("line", class_="line", x1=1, y1=7, x2=25, y2=7),
        class_=f"swatch c-{role}", viewBox="0 0 26 14", aria_hidden="true",
    )  # fmt: skip


def block(kind: str) -> Markup:
    """Return how a shaded stretch looks, for a legend."""
    return tag(
        "svg", tag("rect", class_=kind, x=1, y=1, width=24, height=12), class_="swatch",
        viewBox="0 0 26 14", aria_hidden="true",
    )  # fmt: skip


def found(line: Line) -> list[plot.Found | None]:
    """Return a line row by row."""
    return [line.at(row) for row in range(len(line.mean))]


def pair(
    judge: Sequence[plot.Found | None],
    users: Sequence[plot.Found | None],
    x: Axis,
    y: Axis,
    *,
    between: Sequence[Markup],
) -> list[Markup]:
    """Return two series: bands first, so that no line is under one; few points as whiskers."""
    if len(judge) <= _FEW:
        return [
            *between,
            tag("g", *plot.points(judge, x, y, shift=-_DODGE), class_="c-judge"),
            tag("g", *plot.points(users, x, y, shift=_DODGE), class_="c-people"),
        ]
    return [
        tag("g", *plot.band(judge, x, y), class_="c-judge"),
        tag("g", *plot.band(users, x, y), class_="c-people"),
        *between,
        tag("g", *plot.line(judge, x, y), class_="c-judge"),
        tag("g", *plot.line(users, x, y), class_="c-people"),
    ]


def zones(picture: Picture, frame: Frame, x: Axis) -> list[Markup]:
    """Return the reference and what is still arriving, shaded."""
    parts = []
    if picture.reference:
        parts.append(zone(frame, x, 0, picture.reference - 1, kind="reference"))
        if frame is not SMALL:
            parts.append(tag("text", "reference", class_="dim", x=x(-0.5) + 6, y=frame.floor - 7))
    if picture.waiting:
        last = len(picture.labels) - 1
        parts.append(zone(frame, x, last - picture.waiting + 1, last, kind="waiting"))
    return parts


def hover(frame: Frame, x: Axis, at: int, told: str) -> Markup:
    """Return a strip over a period that tells its figures when it is hovered over."""
    begin, end = x(at - 0.5), x(at + 0.5)
    return tag(
        "rect", tag("title", one_line(told, 240)), class_="hover", x=begin, y=frame.top,
        width=end - begin, height=frame.floor - frame.top,
    )  # fmt: skip
