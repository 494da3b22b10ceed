"""What an `improvement` says the signals will do next, and whether they did.

A verdict that nothing could contradict is worth little: each `improvement` registers where every
signal will be over the next periods, in its own unit, and is scored once they have arrived.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trueup.errors import DataError, Undefined
from trueup.goodhart.design import control_of
from trueup.goodhart.explain.window import Window, window_of
from trueup.goodhart.grid import lay_out
from trueup.goodhart.promise_signal import PromisedSignal, level_of, promised_signal, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look
    from trueup.goodhart.series import Series
    from trueup.goodhart.spec import WatchSpec

PERIODS = 4
Z = 1.96
SHORT = 0.1
"""Records may end so much before a signal's time is over, in parts of the period and of `within`:
the last record of a week that is read at its end lies some hours before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an `improvement` says the signals will do next.

    Attributes:
        label: Of the look.
        design: Its design.
        first: First promised period, counted from the first record's.
        last: Last one.
        origin: Start of period 0, ISO 8601.
        column: `arm` or `version` where it holds for some users alone, else empty.
        value: Which of them.
        apart: Whether it holds for all but those.
        signals: Every signal that had a part in the verdict.
        message: The same in words.
    """

    label: str
    design: str
    first: int
    last: int
    origin: str
    column: str
    value: str
    apart: bool
    signals: tuple[PromisedSignal, ...]
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        found: dict[str, Any] = asdict(self)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Promise:
        """Return it from what `to_dict` gave.

        Raises:
            DataError: It is no promise.
        """
        try:
            signals = tuple(PromisedSignal(**one) for one in data["signals"])
            return cls(**{**data, "signals": signals})
        except (TypeError, KeyError) as problem:
            message = f"this is no promise: {problem}"
            raise DataError(message, mend="Read what Promise.to_dict wrote.") from problem


def register(look: Look, cells: Cells, spec: WatchSpec, *, periods: int = PERIODS) -> Promise:
    """Return what an `improvement` says the signals will do in the next periods.

    That they stay where they have got to, less what is put down to the luck of a first finding
    (`promise_signal.USUAL`). The range knows of the sampling noise of both times and of the shocks
    that periods bring, as far as the past shows them (`noise`).

    Args:
        look: An `improvement`.
        cells: From `read_cells`: what the look was made from.
        spec: What is watched.
        periods: How many periods to promise.

    Raises:
        Undefined: The look is no improvement, or its design has no periods to come.
    """
    if look.verdict != "improvement":
        message = f"the look at {look.label} says {look.verdict}: only an improvement promises"
        raise Undefined(message)
    window = window_of(cells, spec, look)
    if not isinstance(window, Window) or look.design == "releases" or spec.time is None:
        message = f"a look of design '{look.design}' without periods to come promises nothing"
        raise Undefined(message)
    used = {change.name: change.expected for change in look.signals if change.weight > 0}
    last = _last(window, look, spec)
    signals = []
    for k, signal in enumerate(spec.signals):
        if signal.name in used:
            found = promised_signal(window, k, last, periods, due=used[signal.name])
            if found is not None:
                signals.append(found)
    column, value, apart = _whose(cells, spec, look)
    return Promise(
        label=look.label, design=look.design, first=last + 1, last=last + periods,
        origin=cells.origin.isoformat(), column=column, value=value, apart=apart,
        signals=tuple(signals), message=_promised(signals, cells, spec, last, periods),
    )  # fmt: skip


def _last(window: Window, look: Look, spec: WatchSpec) -> int:
    """Return the last period that the look saw."""
    if look.end is None:
        return window.numbers[-1] if window.numbers else window.after.rows - 1
    return math.ceil((look.end - window.cells.origin) / spec.step) - 1


def _whose(cells: Cells, spec: WatchSpec, look: Look) -> tuple[str, str, bool]:
    if look.design == "concurrent":
        return ("arm" if spec.arm else "version"), look.label, False
    if spec.arm:
        names = [str(name) for name in np.unique(cells.keys["arm"])]
        control = control_of(names, spec) if len(names) > 1 else None
        if control is not None:
            return "arm", control, True
    return "", "", False


def _promised(
    signals: list[PromisedSignal], cells: Cells, spec: WatchSpec, last: int, periods: int
) -> str:
    if not signals:
        return "Nothing is promised: too few signals have arrived."
    begin = (cells.origin + (last + 1) * spec.step).date()
    end = (cells.origin + (last + 1 + periods) * spec.step).date()
    parts = ", ".join(
        f"{one.said} at {told(one.expected, one)} ({told(one.low, one)} to "
        f"{told(one.high, one)}; before: {told(one.before, one)})"
        for one in signals
    )
    unit = {one.per for one in signals}
    per = f" per {unit.pop()} outputs" if len(unit) == 1 and unit != {1} else ""
    return f"From {begin} to {end} this should stay{per}: {parts}."


Status = Literal["kept", "broken", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSignal:
    """What one signal did.

    Attributes:
        name: Of the signal.
        status: `broken` where it was worse than its range, `kept` where it was not, `open` while
            it has not had its time.
        observed: Its mean over the promised periods; None while open or where nothing came.
        low: Lower end of that mean's 95 % interval.
        high: Upper end.
        inside: Whether it lies in the promised range, above or below; None while open.
        sentence: The same in words.
    """

    name: str
    status: Status
    observed: float | None = None
    low: float | None = None
    high: float | None = None
    inside: bool | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What became of a promise.

    Attributes:
        status: `broken` where a signal broke it, `open` while one has not had its time, else
            `kept`. An honest promise is broken by chance in 2.5 % per signal; simulated under
            strong shocks, in 1.2 % at the first improvement of a watch and 3.5 % at the last.
        signals: Each of them.
        message: The same in words.
    """

    status: Status
    signals: tuple[ScoredSignal, ...]
    message: str


def score(promise: Promise, cells: Cells, spec: WatchSpec) -> Scored:
    """Return what became of a promise.

    Args:
        promise: From `register`.
        cells: All cells to date, with the same periods.
        spec: What is watched.

    Raises:
        DataError: The cells count their periods from another day.
    """
    if dt.datetime.fromisoformat(promise.origin) != cells.origin:
        message = f"the promise counts periods from {promise.origin}, the cells from "
        message += cells.origin.isoformat()
        raise DataError(message, mend="Read the cells with the promise's origin.")
    found = [_scored(promise, one, cells, spec) for one in promise.signals]
    status: Status = "kept"
    if any(one.status == "broken" for one in found):
        status = "broken"
    elif not found or any(one.status == "open" for one in found):
        status = "open"
    said = {"kept": "Kept", "broken": "Broken", "open": "Open"}[status]
    text = " ".join(one.sentence for one in found)
    return Scored(
        status=status, signals=tuple(found),
        message=f"{said}: what the improvement of {promise.label} promised. {text}".strip(),
    )  # fmt: skip


def _scored(promise: Promise, one: PromisedSignal, cells: Cells, spec: WatchSpec) -> ScoredSignal:
    names = [signal.name for signal in spec.signals]
    if one.name not in names:
        sentence = f"{one.said} are not watched any more."
        return ScoredSignal(name=one.name, status="open", sentence=sentence)
    k = names.index(one.name)
    within = spec.signals[k].window
    ready = cells.origin + (promise.last + 1) * spec.step + within
    if cells.last is None or cells.last < ready - SHORT * min(spec.step, within):
        sentence = f"{one.said} will have had their time by {ready.date()}."
        return ScoredSignal(name=one.name, status="open", sentence=sentence)
    series = _observed(promise, one, cells, k)
    here = np.isfinite(series.mean)
    if not here.any():
        return ScoredSignal(name=one.name, status="open", sentence=f"No {one.said} arrived.")
    mean = float(series.mean[here].mean())
    wide = Z * float(np.sqrt((series.apart[here].mean(0) ** 2).sum()))
    worse = mean < one.low if one.better == "higher" else mean > one.high
    sentence = (
        f"{one.said[:1].upper()}{one.said[1:]}: {told(one.low, one)} to {told(one.high, one)} "
        f"was promised, {told(mean, one)} ({told(mean - wide, one)} to "
        f"{told(mean + wide, one)}) came."
    )
    return ScoredSignal(
        name=one.name, status="broken" if worse else "kept", observed=mean, low=mean - wide,
        high=mean + wide, inside=one.low <= mean <= one.high, sentence=sentence,
    )  # fmt: skip


def _observed(promise: Promise, one: PromisedSignal, cells: Cells, k: int) -> Series:
    keep = np.ones(len(cells), dtype=np.bool_)
    if promise.column:
        keep = (cells.keys[promise.column] == promise.value) != promise.apart
    rows = cells.keys["period"].astype(np.int64) - promise.first
    count = promise.last - promise.first + 1
    grid = lay_out(cells, rows, count, tuple(one.shares), keep)
    return level_of(grid, k, np.array(list(one.shares.values())))
