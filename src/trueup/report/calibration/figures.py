"""How figures and weeks are written, in every form of the report alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

from trueup.runner.calibration.result import Absent, Figure

if TYPE_CHECKING:
    from trueup.runner.calibration.result import Maybe

NONE = "\u2013"
_WEEK = re.compile(r"\d{4}-(W\d{2})")
_MINUS = "\u2212"
_WHOLE = 100


def known(figure: Maybe) -> TypeGuard[Figure]:
    """Tell whether there is a figure."""
    return isinstance(figure, Figure)


def percent(value: float) -> str:
    """Return a share in percent; what is not nothing or all never looks like it.

    >>> percent(0.815), percent(0.9991), percent(1.0), percent(0.0004)
    ('82%', '>99%', '100%', '<1%')
    """
    return f"{_points(value)}%"


def share(figure: Maybe) -> str:
    """Return a share with its interval, as `81% [76, 86]`, or a dash."""
    low, high = share_bounds(figure)
    return f"{bare_share(figure)} [{low}, {high}]" if known(figure) else NONE


def bare_share(figure: Maybe) -> str:
    """Return a share without its interval, for where that stands beside it, or a dash."""
    return percent(figure.estimate) if known(figure) else NONE


def share_bounds(figure: Maybe) -> tuple[str, str]:
    """Return the ends of a share's interval, in percent; empty where there is none."""
    return (_points(figure.low), _points(figure.high)) if known(figure) else ("", "")


def number(figure: Maybe) -> str:
    """Return a statistic with its interval, as `0.71 [0.62, 0.79]`, or a dash."""
    low, high = number_bounds(figure)
    return f"{bare_number(figure)} [{low}, {high}]" if known(figure) else NONE


def bare_number(figure: Maybe) -> str:
    """Return a statistic without its interval, or a dash."""
    return decimal(figure.estimate) if known(figure) else NONE


def number_bounds(figure: Maybe) -> tuple[str, str]:
    """Return the ends of a statistic's interval; empty where there is none."""
    return (decimal(figure.low), decimal(figure.high)) if known(figure) else ("", "")


def decimal(value: float, *, sign: bool = False) -> str:
    """Return a number with two decimals and a true minus; never `-0.00`."""
    written = f"{value:+.2f}" if sign else f"{value:.2f}"
    if float(written) == 0:
        written = "0.00"
    return written.replace("-", _MINUS)


def why(figure: Maybe) -> str:
    """Return why there is no figure; empty where there is one."""
    return figure.why if isinstance(figure, Absent) else ""


def short_week(week: str) -> str:
    """Return a week without its year; any other name as it is.

    >>> short_week("2026-W07"), short_week("pilot")
    ('W07', 'pilot')
    """
    found = _WEEK.fullmatch(week)
    return found[1] if found else week


def _points(value: float) -> str:
    whole = round(_WHOLE * value)
    if whole == 0 and value > 0:
        return "<1"
    if whole == _WHOLE and value < 1:
        return ">99"
    return str(whole)
