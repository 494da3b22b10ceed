"""Small pictures: a rate on its scale, a cause beside nothing, a judge's probabilities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.report.calibration.figures import decimal, known, percent, share
from trueup.report.page.axis import Axis
from trueup.report.page.svg import path, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from trueup.runner.calibration.result import Curve, Evidence, PassRate

_SIDE = 240.0
_LEFT, _BOTTOM, _EDGE = 40.0, 40.0, 12.0


def rate(found: PassRate) -> Markup | None:
    """Return a pass rate between nothing and all: corrected with its interval, the judge's beside.

    None where neither is known.
    """
    x = Axis(low=0, high=1, ticks=(), start=6, end=134)
    parts = [tag("line", class_="rail", x1=6, y1=14, x2=134, y2=14)]
    parts += [tag("line", class_="rail", x1=x(at), y1=12, x2=x(at), y2=16) for at in (0, 0.5, 1)]
    if known(found.corrected):
        low, high = x(found.corrected.low), x(found.corrected.high)
        parts.append(tag("line", class_="range c-truth", x1=low, y1=14, x2=high, y2=14))
        parts.append(
            tag("circle", class_="dot c-truth", cx=x(found.corrected.estimate), cy=14, r=3.6)
        )
    if known(found.judge):
        # above the other, so that neither hides the other where they say the same
        at = x(found.judge.estimate)
        corners = [(at, 1), (at + 4, 5), (at, 9), (at - 4, 5)]
        parts.append(tag("path", class_="dot c-judge", d=path(corners, closed=True)))
    if not known(found.corrected) and not known(found.judge):
        return None
    about = f"corrected {share(found.corrected)}, as the judge says {share(found.judge)}"
    return tag("svg", *parts, class_="rate", viewBox="0 0 140 20", role="img", aria_label=about)


def reach(evidence: Sequence[Evidence]) -> float:
    """Return the largest distance from nothing that any evidence allows, for a common scale."""
    ends = [abs(end) for one in evidence for end in (one.low, one.high) if end is not None]
    return max([*ends, 0.05])


def effect(one: Evidence, *, within: float) -> Markup | None:
    """Return an effect with its interval beside a line at nothing; None where there is none."""
    if one.estimate is None or one.low is None or one.high is None:
        return None
    x = Axis(low=-within, high=within, ticks=(), start=6, end=154)
    parts = (
        tag("line", class_="rail", x1=6, y1=10, x2=154, y2=10),
        tag("line", class_="zero", x1=80, y1=1, x2=80, y2=19),
        tag("line", class_="whisker", x1=x(one.low), y1=10, x2=x(one.high), y2=10),
        tag("circle", class_="dot", cx=x(one.estimate), cy=10, r=4.5),
    )
    about = f"{decimal(one.estimate, sign=True)}, between {decimal(one.low, sign=True)} and "
    about += decimal(one.high, sign=True)
    return tag(
        "svg", *parts, class_=f"effect v-{one.verdict}", viewBox="0 0 160 20", role="img",
        aria_label=about,
    )  # fmt: skip


def curve(found: Curve) -> Markup:
    """Return what people said against what the judge's probabilities said."""
    x = Axis(low=0, high=1, ticks=(), start=_LEFT, end=_SIDE - _EDGE)
    y = Axis(low=0, high=1, ticks=(), start=_SIDE - _BOTTOM, end=_EDGE)
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(tag("line", class_="grid", x1=x(0), y1=y(tick), x2=x(1), y2=y(tick)))
        parts.append(tag("line", class_="grid", x1=x(tick), y1=y(0), x2=x(tick), y2=y(1)))
        if tick in {0, 0.5, 1}:
            name = percent(tick)
            parts.append(tag("text", name, x=x(0) - 6, y=y(tick) + 4, text_anchor="end"))
            parts.append(tag("text", name, x=x(tick), y=y(0) + 16, text_anchor="middle"))
    parts.append(tag("line", class_="diagonal", x1=x(0), y1=y(0), x2=x(1), y2=y(1)))
    name = tag("text", "the judge said", class_="dim", x=x(0.5), y=_SIDE - 6, text_anchor="middle")
    parts.append(name)
    most = max((one.n for one in found.bins), default=1)
    for one in found.bins:
        at = x(one.said)
        told = f"said {percent(one.said)}, people {percent(one.found)} "
        told += f"[{percent(one.low)}, {percent(one.high)}], n {one.n:,}"
        # areas go with counts, and the smallest can still be seen
        radius = 2.5 + 4.5 * math.sqrt(one.n / max(most, 1))
        parts.append(
            tag(
                "g",
                tag("title", told),
                tag("line", class_="whisker", x1=at, y1=y(one.low), x2=at, y2=y(one.high)),
                tag("circle", class_="dot", cx=at, cy=y(one.found), r=radius),
                class_="c-truth",
            )
        )
    about = "What people said against what the judge's probabilities said: "
    about += "; ".join(
        f"{percent(one.said)} said, {percent(one.found)} found" for one in found.bins
    )
    return tag(
        "svg", *parts, class_="chart square", viewBox=f"0 0 {_SIDE:g} {_SIDE:g}", role="img",
        aria_label=about,
    )  # fmt: skip
