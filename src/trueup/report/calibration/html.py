"""A calibration as one HTML file: no script, nothing remote, and all text from outside escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from trueup.report.calibration.figures import bare_number, bare_share, number, percent, share
from trueup.report.calibration.standing import GATES
from trueup.report.calibration.view import view
from trueup.report.safe import one_line, visible
from trueup.report.words import counted, duration

if TYPE_CHECKING:
    from trueup.runner.calibration.result import Calibration

_LONGEST = 2000
_PARAGRAPH = 600
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
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=_hash(style),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("trueup.report.calibration", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "share": share,
        "number": number,
        "bare_share": bare_share,
        "bare_number": bare_number,
        "percent": percent,
        "counted": counted,
        "excerpt": excerpt,
        "one_line": one_line,
        "named": lambda text: text.replace(" ", "-"),
    }
    return made


def excerpt(text: str) -> Markup:
    """Return the beginning of a long text, and how long it is."""
    return escape(_cut(visible(text), _LONGEST))


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Return what a template prints, cut to a paragraph, with control characters written out."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _cut(visible(value), _PARAGRAPH)
    return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}\u2026 ({len(text):,} characters)"


@cache
def _style() -> str:
    return files("trueup.report.calibration").joinpath("template/style.css").read_text("utf-8")


def _hash(style: str) -> str:
    """Return the hash by which a content security policy allows a style sheet."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _spent(calibration: Calibration) -> tuple[str, ...]:
    """Return what the run cost, what matters most first."""
    cost = calibration.sampled.cost or {}
    parts = [f"${cost['dollars']:,.2f}"] if cost.get("dollars") else []
    if cost.get("calls"):
        parts.append(counted(cost["calls"], "call"))
    if parts and cost.get("seconds"):
        parts.append(duration(cost["seconds"]))
    return tuple(parts)
