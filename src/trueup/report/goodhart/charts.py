"""Charts of the changes: a signal in its own unit, and the realised part look by look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.goodhart.frame import Frame, moment, names_below
from trueup.report.goodhart.marks import SMALL, found, hover, pair, zones
from trueup.report.goodhart.verdicts import fits
from trueup.report.page import plot
from trueup.report.page.axis import decimals, rounded
from trueup.report.page.svg import tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from trueup.goodhart.look import Look
    from trueup.report.goodhart.picture import Line, Picture, SignalLine
    from trueup.report.page.axis import Axis

PHI_WIDE = Frame(width=900, height=228, left=52, right=118, top=22, bottom=40)
PHI_NARROW = Frame(width=400, height=218, left=48, right=18, top=22, bottom=40)
_PHI_ENDS = (-1.0, 2.0)
"""Beyond these an interval is cut off: it says that nothing is known yet."""


def signal(one: SignalLine, picture: Picture) -> Markup:
    """Return what a signal should have done and did, in its own unit."""
    frame = SMALL
    x = frame.over(len(picture.labels))
    did, should = (_scaled(line, one.per) for line in (one.realised, one.expected))
    y = rounded(
        [end for found in (*did, *should) if found for end in found],
        start=frame.floor, end=frame.top, most=5,
    )  # fmt: skip
    digits = decimals(y)
    signed = picture.kind == "looks"
    names = [
        words.points(t, digits=digits) if signed else words.amount(t, digits=digits)
        for t in y.ticks
    ]
    parts = [*zones(picture, frame, x)]
    parts.append(plot.grid(y, names, left=frame.left, right=frame.edge))
    onset = []
    if picture.since is not None:
        onset = [moment(frame, x(picture.since - 0.5), kind="onset")]
    parts += pair(should, did, x, y, between=onset)
    parts.append(names_below(frame, x, picture.labels, picture.starts))
    parts += [
        hover(frame, x, at, f"{label}: {_told(one, did[at], should[at])}")
        for at, label in enumerate(picture.labels)
    ]
    about = f"{one.said} per {one.per} outputs, period by period: what should have been and was."
    return tag(
        "svg", *parts, class_="chart", viewBox=frame.box(), role="img",
        aria_label=one_line(f"{about} The table above has the change.", 300),
    )  # fmt: skip


def realised(looks: Sequence[Look], c: float, *, frame: Frame) -> Markup | None:
    """Return the realised part look by look, with the line that decides; None without any."""
    if not any(map(_known, looks)):
        return None
    x = frame.over(len(looks))
    low, high = _PHI_ENDS
    ends = [end for look in looks if _known(look)
            for end in (look.phi, look.phi_low, look.phi_high) if end is not None]  # fmt: skip
    y = rounded(
        [0.0, 1.0, *(min(max(end, low), high) for end in ends)],
        start=frame.floor, end=frame.top, most=6,
    )  # fmt: skip
    parts = [plot.grid(y, [words.percent(t) for t in y.ticks], left=frame.left, right=frame.edge)]
    parts.append(_level(y(c), frame, "limit"))
    parts.append(_level(y(1.0), frame, "due"))
    if frame is PHI_WIDE:
        parts += _level_names(c, frame, y)
    for at, look in enumerate(looks):
        if look.phi is None or not _known(look):
            continue
        down = y.low if look.phi_low is None else look.phi_low
        up = y.high if look.phi_high is None else look.phi_high
        value, ends_ = words.phi_words(look)
        told = f"{look.called}: users got {value} ({ends_}), {words.KINDS[look.verdict].word}"
        parts.append(
            tag(
                "g",
                tag("title", one_line(told, 200)),
                tag("line", class_="whisker", x1=x(at), y1=y(down), x2=x(at), y2=y(up)),
                tag("circle", class_="dot", cx=x(at), cy=y(look.phi), r=4),
                *([_sign(look, x(at), frame)] if fits(frame, len(looks)) else []),
                class_=f"v-{look.verdict}",
            )
        )
    labels = [look.called for look in looks]
    parts.append(names_below(frame, x, labels, [look.start for look in looks]))
    about = f"Part of the expected gain that users got, look by look; the line is {c:.0%}."
    kind = "chart wide" if frame is PHI_WIDE else "chart narrow"
    return tag("svg", *parts, class_=kind, viewBox=frame.box(), role="img", aria_label=about)


def _sign(look: Look, at: float, frame: Frame) -> Markup:
    """Return a verdict's sign above its interval: colour alone tells nothing."""
    sign = words.KINDS[look.verdict].sign
    return tag("text", sign, class_="sign-of", x=at, y=frame.top - 7, text_anchor="middle")


def _known(look: Look) -> bool:
    """Tell whether a look found which part was realised."""
    ends = (end for end in (look.phi, look.phi_low, look.phi_high) if end is not None)
    return look.phi is not None and all(map(math.isfinite, ends))


def _scaled(line: Line, per: int) -> list[plot.Found | None]:
    return [one and (one[0] * per, one[1] * per, one[2] * per) for one in found(line)]


def _told(one: SignalLine, did: plot.Found | None, should: plot.Found | None) -> str:
    parts = [one.said]
    for name, figure in (("expected", should), ("realised", did)):
        if figure:
            digits = words.digits_for(abs(figure[0]))
            value, low, high = (words.amount(part, digits=digits) for part in figure)
            parts.append(f"{name} {value} ({low} to {high})")
    return ", ".join(parts)


def _level(at: float, frame: Frame, kind: str) -> Markup:
    return tag("line", class_=f"level {kind}", x1=frame.left, y1=at, x2=frame.edge, y2=at)


def _level_names(c: float, frame: Frame, y: Axis) -> list[Markup]:
    return [
        tag("text", f"the line, {c:.0%}", class_="limit", x=frame.edge + 8, y=y(c) + 4),
        tag("text", "all that was due", class_="dim", x=frame.edge + 8, y=y(1.0) + 4),
    ]
