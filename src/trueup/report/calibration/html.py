"""A calibration as one HTML file: no script, nothing remote, and all text from outside escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from trueup.report.calibration.figures import bare_number, bare_share, number, percent, share
from trueup.report.calibration.standing import GATES
from trueup.report.calibration.view import view
from trueup.report.page.html import environment, style_hash, style_of
from trueup.report.words import counted, duration

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from trueup.runner.calibration.result import Calibration

_HERE = "trueup.report.calibration"
_MOST_NEXT = 50


def page(calibration: Calibration) -> str:
    """Return a calibration as a page that needs nothing but itself.

    The same calibration gives the same page.
    """
    style = _style()
    views = tuple(
        view(one, place=f"c{at}", split=calibration.labels.split)
        for at, one in enumerate(calibration.criteria, start=1)
    )
    return _environment().get_template("report.html.j2").render(
        calibration=calibration,
        views=views,
        alarms=[one for one in views if one.result.drift.state == "moved"],
        gate=GATES[calibration.gate],
        steady=all(one.result.drift.state == "steady" for one in views),
        next=calibration.next[:_MOST_NEXT],
        spent=_spent(calibration),
        style=style,
        style_hash=style_hash(style),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = environment(_HERE)
    made.filters |= {
        "share": share,
        "number": number,
        "bare_share": bare_share,
        "bare_number": bare_number,
        "percent": percent,
        "named": lambda text: text.replace(" ", "-"),
    }
    return made


@cache
def _style() -> Markup:
    return style_of(_HERE)


def _spent(calibration: Calibration) -> tuple[str, ...]:
    """Return what the run cost, what matters most first."""
    cost = calibration.sampled.cost or {}
    parts = [f"${cost['dollars']:,.2f}"] if cost.get("dollars") else []
    if cost.get("calls"):
        parts.append(counted(cost["calls"], "call"))
    if parts and cost.get("seconds"):
        parts.append(duration(cost["seconds"]))
    return tuple(parts)
