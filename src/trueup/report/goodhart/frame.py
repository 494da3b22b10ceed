"""The frame of a chart over periods: its size, its time axis, and what happened when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.report.page.axis import Axis, labelled
from trueup.report.page.svg import tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LETTER = 6.6
_YEAR_WIDTH = 34.0
ROW = 14.0
"""Height of a row of words above a plot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a chart's plot lies in its drawing."""

    width: float
    height: float
    left: float
    right: float
    """Room right of the plot."""
    top: float
    bottom: float
    """Room below the plot."""

    @property
    def edge(self) -> float:
        """Right edge of the plot."""
        return self.width - self.right

    @property
    def floor(self) -> float:
        """Lower edge of the plot."""
        return self.height - self.bottom

    def over(self, count: int) -> Axis:
        """Return the axis of so many periods, half of one from the borders."""
        return Axis(low=-0.5, high=max(count, 1) - 0.5, ticks=(), start=self.left, end=self.edge)

    def box(self) -> str:
        """Return the view box of the drawing."""
        return f"0 0 {self.width:g} {self.height:g}"


def day(start: dt.datetime | None, label: str) -> str:
    """Return when a period begins, as `5 Jan`; its label where that is not known."""
    if start is None or one_line(label, 12) != start.date().isoformat():
        return one_line(label, 12)
    return f"{start.day} {_MONTHS[start.month - 1]}"


def names_below(
    frame: Frame, x: Axis, labels: Sequence[str], starts: Sequence[dt.datetime | None]
) -> Markup:
    """Return the names of periods that fit below a chart, and years where they begin."""
    names = [day(start, label) for start, label in zip(starts, labels, strict=True)]
    step = (x.end - x.start) / (x.high - x.low)
    shown = labelled(names, step=step, width=lambda name: _LETTER * len(name) + 14)
    parts = []
    for at in shown:
        parts.append(
            tag("line", class_="tick", x1=x(at), y1=frame.floor, x2=x(at), y2=frame.floor + 4)
        )
        parts.append(tag("text", names[at], x=x(at), y=frame.floor + 17, text_anchor="middle"))
    parts += [
        tag("text", str(year), x=x(at), y=frame.floor + 31, text_anchor="middle")
        for at, year in _years(shown, starts, labels, x)
    ]
    return tag("g", *parts)


def _years(
    shown: Sequence[int], starts: Sequence[dt.datetime | None], labels: Sequence[str], x: Axis
) -> Iterator[tuple[int, int]]:
    last, right = 0, -99.0
    for at in shown:
        start = starts[at]
        if start is None or day(start, labels[at]) == one_line(labels[at], 12):
            continue
        if start.year != last and x(at) - right > _YEAR_WIDTH:
            yield at, start.year
            last, right = start.year, x(at)


def zone(frame: Frame, x: Axis, first: float, last: float, *, kind: str) -> Markup:
    """Return a shaded stretch of time, from before one period to after another."""
    begin, end = x(first - 0.5), x(last + 0.5)
    return tag(
        "rect", class_=f"zone {kind}", x=begin, y=frame.top, width=max(end - begin, 0),
        height=frame.floor - frame.top,
    )  # fmt: skip


def moment(
    frame: Frame, at: float, words: str = "", *, kind: str, anchor: str = "start", row: int = 0
) -> Markup:
    """Return a line from top to bottom with words above it.

    Args:
        frame: Of the chart.
        at: Where it stands.
        words: What happened; empty for the line alone.
        kind: `onset` or `alarm`.
        anchor: Whether the words `start` or `end` at the line.
        row: Row of the words above the plot, from below.
    """
    top = frame.top - 6 - ROW * row
    parts = [tag("line", class_=f"moment {kind}", x1=at, y1=top, x2=at, y2=frame.floor)]
    if words:
        parts.append(
            tag("text", words, class_=f"moment {kind}", x=at, y=top - 4, text_anchor=anchor)
        )
    return tag("g", *parts)
