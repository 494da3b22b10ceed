"""What can be wrong with a watch before any data are seen."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from trueup.goodhart.spec import WatchSpec

_NAMED = (
    "time", "judge_repeat", "segment", "group", "version", "arm", "unit", "judge_weight",
    "instrument", "anchor", "output",
)  # fmt: skip
LONGEST_HORIZON = 260
"""Periods: the boundary is simulated for every one of them."""


def check(spec: WatchSpec) -> None:
    """Refuse a watch that can mean nothing.

    Raises:
        ConfigError: What is wrong, where, and how to mend it.
    """
    for one in (_columns, _signals, _design, _numbers, _starts):
        one(spec)


def _columns(spec: WatchSpec) -> None:
    if not isinstance(spec.judge, str) or not spec.judge:
        raise ConfigError(
            f"judge is {spec.judge!r}, which is no column", mend="Name the column of the scores."
        )
    for role in _NAMED:
        name = getattr(spec, role)
        if name is not None and not isinstance(name, str):
            raise ConfigError(
                f"{role} is {name!r}, which is no column", mend="Name a column, or leave it out."
            )
    if spec.time is None and spec.version is None:
        message = "neither time nor version names a column"
        raise ConfigError(message, mend="Name the column of the outputs' instants as time.")


def _signals(spec: WatchSpec) -> None:
    for signal in spec.signals:
        if not hasattr(signal, "better"):
            raise ConfigError(
                f"signals holds {signal!r}, which is no Signal",
                mend="Write Signal('retries', better='lower').",
            )
    names = [signal.name for signal in spec.signals]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        message = f"signal '{min(doubled)}' is named twice"
        raise ConfigError(message, mend="Name each signal once.")
    if spec.primary is not None and spec.primary not in names:
        message = f"primary is '{spec.primary}', which is none of the signals"
        raise ConfigError(message, mend=did_you_mean(str(spec.primary), names))
    judged = {"the judge": spec.judge, "the judge's second answer": spec.judge_repeat,
              "the judge's weight": spec.judge_weight}  # fmt: skip
    judged |= {f"criterion {number + 1}": name for number, name in enumerate(spec.criteria)}
    for what, name in judged.items():
        if name in names:
            message = f"'{name}' is both {what} and a signal"
            raise ConfigError(message, mend="A signal must be something no judge has a part in.")


def _design(spec: WatchSpec) -> None:
    if spec.design not in ("auto", "concurrent", "releases", "weekly"):
        message = f"design is '{spec.design}'"
        raise ConfigError(message, mend="Write auto, concurrent, releases or weekly.")
    if spec.design == "concurrent" and spec.arm is None and spec.version is None:
        message = "design concurrent compares arms, and neither arm nor version names a column"
        raise ConfigError(message, mend="Name the column of the arms as arm.")
    if spec.design == "releases" and spec.version is None:
        message = "design releases compares versions, and version names no column"
        raise ConfigError(message, mend="Name the column of the versions as version.")
    if spec.ledger is not None and not isinstance(spec.ledger, str):
        if not isinstance(spec.ledger, Iterable):
            message = f"ledger is {spec.ledger!r}, which is no path and no list of rows"
            raise ConfigError(message, mend="Give a path, or what read_ledger returns.")
        for row in spec.ledger:
            if not hasattr(row, "signals"):
                raise ConfigError(
                    f"ledger holds {row!r}, which is no Release",
                    mend="Give a path, or what read_ledger returns.",
                )


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _count(value: object, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _numbers(spec: WatchSpec) -> None:
    horizon = spec.horizon
    known = horizon is None or horizon == "default" or _count(horizon, 1)
    if not _number(spec.alpha) or not 0 < spec.alpha < 0.5:  # noqa: PLR2004 - a test that errs more often is none
        wrong = f"alpha is {spec.alpha}, and must lie between 0 and 0.5"
    elif not _number(spec.c) or not 0 < spec.c < 1:
        wrong = f"c is {spec.c}, and must lie between 0 and 1"
    elif not _number(spec.overstate) or spec.overstate < 1:
        wrong = f"overstate is {spec.overstate}, and must be at least 1"
    elif spec.worth is not None and (not _number(spec.worth) or spec.worth <= 0):
        wrong = f"worth is {spec.worth}, and must be positive: a size, in the good direction"
    elif not _count(spec.reference, 1):
        wrong = f"reference is {spec.reference}, and must be a whole number of periods"
    elif not known:
        wrong = f"horizon is {horizon!r}, and must be a whole number of periods, or None"
    elif _count(horizon, LONGEST_HORIZON + 1):
        wrong = f"horizon is {horizon}, and {LONGEST_HORIZON} is the longest; None has no end"
    elif spec.reliability is not None and (
        not _number(spec.reliability) or not 0 < spec.reliability <= 1
    ):
        wrong = f"reliability is {spec.reliability}, and must lie in (0, 1]"
    else:
        return
    raise ConfigError(wrong, where="WatchSpec")


def _starts(spec: WatchSpec) -> None:
    starts = spec.starts
    mend = "Write 'scan', or a list of periods or instants."
    if isinstance(starts, str):
        if starts != "scan":
            raise ConfigError(f"starts is '{starts}'", mend=mend)
        return
    if not isinstance(starts, (list, tuple)) or not starts:
        raise ConfigError(f"starts is {starts!r}", mend=mend)
    for start in starts:
        if isinstance(start, (str, dt.date)):
            continue
        if not _count(start, 0):
            message = f"starts names {start!r}, which is no instant and no monitored period"
            raise ConfigError(message, mend="Count monitored periods from 0.")
