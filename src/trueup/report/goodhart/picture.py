"""The picture: judge and users period by period, in the same unit, with what chance would do.

Plain figures, so that a report can be kept and drawn again; `draw` makes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

Known = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure period by period; None where there is none.

    Attributes:
        mean: One per period.
        low: Lower ends of 95 % intervals.
        high: Upper ends.
    """

    mean: Known
    low: Known
    high: Known

    def __post_init__(self) -> None:
        """Hold that all have one length and that what is no number is None."""
        if not len(self.mean) == len(self.low) == len(self.high):
            message = "mean, low and high must have one entry per period each"
            raise ValueError(message)
        for value in (*self.mean, *self.low, *self.high):
            if value is not None and not math.isfinite(value):
                message = f"{value} is no figure: None stands for what is not known"
                raise ValueError(message)

    def at(self, row: int) -> tuple[float, float, float] | None:
        """Return a period's mean and interval, or None."""
        found = self.mean[row], self.low[row], self.high[row]
        if found[0] is None or found[1] is None or found[2] is None:
            return None
        return found[0], found[1], found[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A mean over several periods with its 95 % interval.

    Attributes:
        first: First period of it.
        last: Last period of it.
        value: Its mean.
        low: Lower end.
        high: Upper end.
    """

    first: int
    last: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """One signal: what it did, and what it should have done, in its own unit, per output.

    Attributes:
        name: Of the signal.
        said: How reports call it.
        better: Which direction is good.
        per: Outputs that its changes are told per.
        realised: What it did.
        expected: What the judge's movement should have brought; all None without a slope.
        dropped: Why it has no part in the decision, else None.
    """

    name: str
    said: str
    better: str
    per: int
    realised: Line
    expected: Line
    dropped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Judge and users on one axis.

    Attributes:
        kind: `stream`: periods one after another, against the reference. `releases`: versions one
            after another, against the first. `looks`: the difference between versions side by
            side, as each look saw it.
        labels: How each period is called.
        starts: When each begins; None where that is not known.
        reference: Periods before monitoring began; 0 but for a `stream`.
        judge: The judge's mean less that of the reference, in judge points.
        expected: What users should have gained, in judge points: the judge's movement, with the
            error of what a judge point is worth.
        users: What they gained, all signals as one, in judge points.
        after: What users gained on average since the change, where there is one.
        judge_after: What the judge gained on average since the change.
        signals: Each signal in its own unit.
        since: Period from which on the change is counted.
        alarm: Period in which the alarm was first said.
        waiting: Latest periods whose signals are still arriving.
        beside: Arm held back on the old version, whose movement a `stream` is shown less of; empty
            where there is none.
    """

    kind: Literal["stream", "releases", "looks"]
    labels: tuple[str, ...]
    starts: tuple[dt.datetime | None, ...]
    reference: int
    judge: Line
    expected: Line
    users: Line
    after: Level | None = None
    judge_after: Level | None = None
    signals: tuple[SignalLine, ...] = ()
    since: int | None = None
    alarm: int | None = None
    waiting: int = 0
    beside: str = ""
