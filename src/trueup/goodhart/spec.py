"""What to watch: the columns of a history, the signals, and how a decision is made."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from numbers import Real
from typing import TYPE_CHECKING, Literal

from trueup.errors import ConfigError
from trueup.goodhart.spec_check import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.ledger import Release

Better = Literal["higher", "lower"]
Design = Literal["auto", "concurrent", "releases", "weekly"]

DAY = dt.timedelta(days=1)
WITHIN = "14d"
_UNITS = {"m": DAY / 1440, "h": DAY / 24, "d": DAY, "w": 7 * DAY}
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([mhdw])\s*")

LONGEST = dt.timedelta(days=3660)

LOOKS = {"weekly": 26, "releases": 12, "concurrent": 4}
"""Looks that share one false-alarm rate where `horizon` is left out."""


def span(text: str | dt.timedelta, what: str) -> dt.timedelta:
    """Return a length of time written like '14d', '36h', '2w' or '90m'.

    Raises:
        ConfigError: It is not written so, or not longer than nothing.
    """
    if isinstance(text, dt.timedelta):
        found = text
    else:
        match = _SPAN.fullmatch(str(text))
        if not match:
            message = f"{what} is '{text}', which is no length of time"
            raise ConfigError(message, mend="Write a number and m, h, d or w, as in '14d'.")
        try:
            found = float(match[1]) * _UNITS[match[2]]
        except OverflowError:
            found = dt.timedelta.max
    if found > LONGEST:
        message = f"{what} is {text}, longer than ten years"
        raise ConfigError(message, mend="Write a number and m, h, d or w, as in '14d'.")
    if found <= dt.timedelta(0):
        message = f"{what} is {text}, and must be longer than nothing"
        raise ConfigError(message, mend="Write a number and m, h, d or w, as in '14d'.")
    return found


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that production records about an output and that nobody optimised.

    Attributes:
        name: Column that holds its value; empty (null, NaN) where the user said nothing. A zero
            is a value.
        better: Which direction is good for users.
        arrived: Column that holds when the value became known. Without it, and where it is empty,
            a value that is there counts as known once its window has closed.
        within: How long after the output a value still counts. A period enters the comparison
            once it is that old, so that late arrival cannot look like a change.
        absent: What a missing value means. None: nothing is known (a thumb that was not given).
            0: nothing happened (no retry), where every output could have had one.
        per: Outputs that its changes are told per. Left out: 100 where all values lie between 0
            and 1, as events and shares do, else 1.
        label: How reports call it, as in "retries"; its name where left out.
    """

    name: str
    better: Better = "higher"
    arrived: str | None = None
    within: str | dt.timedelta = WITHIN
    absent: float | None = None
    per: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        """Check what can be wrong before any data are seen."""
        if not isinstance(self.name, str):
            message = f"a signal is called {self.name!r}, which is no column"
            raise ConfigError(message, mend="Name the column of its values.")
        if self.arrived is not None and not isinstance(self.arrived, str):
            message = f"signal '{self.name}': arrived is {self.arrived!r}, which is no column"
            raise ConfigError(message, mend="Name the column of the instants.")
        if self.better not in ("higher", "lower"):
            message = f"signal '{self.name}': better is '{self.better}'"
            raise ConfigError(message, mend="Write 'higher' or 'lower'.")
        if self.absent is not None and not _number(self.absent):
            message = f"signal '{self.name}': absent is {self.absent}, and must be a number"
            raise ConfigError(message, mend="Leave it out where a missing value tells nothing.")
        if self.per is not None and (not _number(self.per) or self.per <= 0):
            message = f"signal '{self.name}': per is {self.per}, and must be a positive number"
            raise ConfigError(message, mend="Write so many outputs as changes are told per.")
        self.window  # noqa: B018 - checks it

    @property
    def window(self) -> dt.timedelta:
        """How long after the output a value still counts."""
        return span(self.within, f"signal '{self.name}': within")

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.better == "higher" else -1

    @property
    def said(self) -> str:
        """How reports call it."""
        return self.label or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSpec:
    """Which columns hold what, and how a decision is made.

    Attributes:
        judge: Column of the judge's score; empty where an output was not judged.
        signals: What users did, held out from judge and optimiser.
        time: Column of the instant an output was given. Only `releases` and `concurrent` with
            `version` do without: versions are then in order of appearance.
        judge_repeat: Column of a second, independent answer of the same judge on the same output,
            where there is one. It tells how much of the score is noise.
        segment: Column of the slice whose mix is held fixed (task, language, plan).
        group: Column of the user or conversation: outputs of one group are not independent.
        version: Column of the system's version.
        arm: Column of the arm that users were randomised into; a frozen baseline is an arm.
        unit: Column of the output's id, or of the task that every version was run on.
        judge_weight: Column of 1/probability of having been judged.
        instrument: Column that names what measured the judge's scores. Scores of different
            instruments are never differenced.
        anchor: Column that names an anchor: the same outputs judged anew in each period. Rows
            where it is filled are no traffic.
        output: Column of the output's text or of a hash of it: counts distinct outputs.
        features: Columns of surface features (log length, markup, ...) that explain and never
            decide.
        criteria: Columns of single criteria's values that explain and never decide.
        design: How versions are compared; 'auto' picks and says why.
        control: Value of `arm` (or of `version`) that the others are compared with.
        period: Length of a period.
        reference: Periods before monitoring begins.
        horizon: Looks that share one false-alarm rate. Left out: 26 periods in `weekly`, four in
            `concurrent`, 12 from the eighth version on in `releases`. None is without an end; an
            A/B has one, and its four looks.
        starts: 'scan' looks for an unknown start of the change; or monitored periods (counted
            from 0) or instants of known deploys.
        primary: Name of the signal that matters most; the first one where left out.
        worth: Smallest gain of the primary signal that matters, in its own unit, positive.
        overstate: By what factor records may overstate what a judge point is worth before a
            `gaming` verdict falls.
        ledger: Past A/Bs and releases, as a path to a JSONL or CSV file or as `Release` objects.
        alpha: False-alarm rate over all looks of a horizon.
        c: Share of the gain to be expected below which a rise counts as gamed.
        reliability: Correlation of two answers of the judge on the same output, where it is known
            from elsewhere.
    """

    judge: str
    signals: Sequence[Signal]
    time: str | None = None
    judge_repeat: str | None = None
    segment: str | None = None
    group: str | None = None
    version: str | None = None
    arm: str | None = None
    unit: str | None = None
    judge_weight: str | None = None
    instrument: str | None = None
    anchor: str | None = None
    output: str | None = None
    features: Sequence[str] = ()
    criteria: Sequence[str] = ()
    design: Design = "auto"
    control: str | None = None
    period: str | dt.timedelta = "7d"
    reference: int = 12
    horizon: int | Literal["default"] | None = "default"
    starts: Literal["scan"] | Sequence[int | str | dt.date] = "scan"
    primary: str | None = None
    worth: float | None = None
    overstate: float = 1.0
    ledger: str | Sequence[Release] | None = None
    alpha: float = 0.05
    c: float = 0.5
    reliability: float | None = None

    def __post_init__(self) -> None:
        """Check what can be wrong before any data are seen."""
        if isinstance(self.signals, Signal):
            object.__setattr__(self, "signals", (self.signals,))
        if isinstance(self.signals, str) or not isinstance(self.signals, Iterable):
            message = f"signals is {self.signals!r}, which is no list of signals"
            raise ConfigError(message, mend="Write [Signal('retries', better='lower')].")
        object.__setattr__(self, "signals", tuple(self.signals))
        if isinstance(self.ledger, os.PathLike):
            object.__setattr__(self, "ledger", os.fspath(self.ledger))
        check(self)
        span(self.period, "period")

    @property
    def step(self) -> dt.timedelta:
        """Length of a period."""
        return span(self.period, "period")

    @property
    def first(self) -> Signal | None:
        """The signal that matters most."""
        if self.primary is None:
            return self.signals[0] if self.signals else None
        return next(signal for signal in self.signals if signal.name == self.primary)

    def looks(self, design: str) -> int | None:
        """Return how many looks share one false-alarm rate in a design, None without an end."""
        if self.horizon == "default":
            return LOOKS[design]
        return self.horizon

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is named, by what it is named for."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _COLUMNS and value is not None:
                found[field.name] = value
        for signal in self.signals:
            found[f"signal '{signal.name}'"] = signal.name
            if signal.arrived is not None:
                found[f"signal '{signal.name}': arrived"] = signal.arrived
        for number, name in enumerate((*self.features, *self.criteria)):
            found[f"feature {number + 1}"] = name
        return found


_COLUMNS = {
    "time", "judge", "judge_repeat", "segment", "group", "version", "arm", "unit",
    "judge_weight", "instrument", "anchor", "output",
}  # fmt: skip
