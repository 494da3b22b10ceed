"""Marks: what happened between weeks, as a sign in a chart and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.page.svg import tag
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from markupsafe import Markup

    from trueup.report.calibration.timeline import Mark

_LETTERS = {"question": "Q", "instrument": "I", "alarm": "!"}


def letter(mark: Mark) -> Markup:
    """Return a mark's sign, for a legend."""
    return tag("svg", sign(mark.kind, 8, 8), class_="sign", viewBox="0 0 16 16", aria_hidden="true")


def sign(kind: str, x: float, y: float) -> Markup:
    """Return the sign of a kind of mark, around a place in a drawing."""
    return tag(
        "g",
        tag("circle", cx=x, cy=y, r=7.5),
        tag("text", _LETTERS[kind], x=x, y=y + 4, text_anchor="middle"),
        class_=f"head {kind}",
    )


def told(mark: Mark) -> str:
    """Return what a mark means, with its week."""
    week = one_line(mark.week, 20)
    if mark.kind == "alarm":
        since = f", change since {one_line(mark.since_week, 20)}" if mark.since_week else ""
        return f"alarm in {week}{since}"
    return f"{'question reworded' if mark.kind == 'question' else 'new instrument'}, from {week}"
