"""Marks of a chart over rows: lines with bands, broken where there is nothing to join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.page.svg import path, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from trueup.report.page.axis import Axis

Found = tuple[float, float, float]
"""A mean and the ends of its interval."""


def runs(found: Sequence[Found | None]) -> Iterator[list[tuple[int, Found]]]:
    """Yield what may be joined: rows in a row that all have something."""
    run: list[tuple[int, Found]] = []
    for at, one in enumerate(found):
        if one is not None:
            run.append((at, one))
        elif run:
            yield run
            run = []
    if run:
        yield run


def band(found: Sequence[Found | None], x: Axis, y: Axis) -> Iterator[Markup]:
    """Yield the intervals as bands; one that stands alone as a whisker."""
    for run in runs(found):
        if len(run) == 1:
            at, (_, low, high) = run[0]
            yield tag("line", class_="whisker", x1=x(at), y1=y(low), x2=x(at), y2=y(high))
            continue
        up = [(x(at), y(high)) for at, (_, _, high) in run]
        down = [(x(at), y(low)) for at, (_, low, _) in reversed(run)]
        yield tag("path", class_="band", d=path([*up, *down], closed=True))


def line(found: Sequence[Found | None], x: Axis, y: Axis) -> Iterator[Markup]:
    """Yield the means joined; one that stands alone as a dot."""
    for run in runs(found):
        if len(run) == 1:
            at, (mean, _, _) = run[0]
            yield tag("circle", class_="dot", cx=x(at), cy=y(mean), r=3.4)
        else:
            joined = [(x(at), y(mean)) for at, (mean, _, _) in run]
            yield tag("path", class_="line", d=path(joined))


def points(
    found: Sequence[Found | None], x: Axis, y: Axis, *, shift: float = 0.0
) -> Iterator[Markup]:
    """Yield the means as dots with whiskers, beside their place by `shift`."""
    for run in runs(found):
        if len(run) > 1:
            joined = [(x(at) + shift, y(mean)) for at, (mean, _, _) in run]
            yield tag("path", class_="line thin", d=path(joined))
    for at, one in enumerate(found):
        if one is not None:
            mean, low, high = one
            here = x(at) + shift
            yield tag("line", class_="whisker", x1=here, y1=y(low), x2=here, y2=y(high))
            yield tag("circle", class_="dot", cx=here, cy=y(mean), r=4.4)


def grid(y: Axis, names: Sequence[str], *, left: float, right: float) -> Markup:
    """Return a line and a name at every tick; the one at nothing stands out."""
    parts = []
    for tick, name in zip(y.ticks, names, strict=True):
        kind = "grid nought" if tick == 0 else "grid"
        parts.append(tag("line", class_=kind, x1=left, y1=y(tick), x2=right, y2=y(tick)))
        parts.append(tag("text", name, x=left - 6, y=y(tick) + 4, text_anchor="end"))
    return tag("g", *parts)
