"""What one look at the data says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

Verdict = Literal["gaming", "improvement", "inconclusive", "judge_flat", "unidentified"]
Source = Literal["records", "experiments", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much something moved, with its 95 % interval.

    Attributes:
        value: Change in its own unit, raw: up is up.
        low: Lower end.
        high: Upper end.
        before: Mean before.
    """

    value: float
    low: float
    high: float
    before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChange:
    """What one signal should have done, and did.

    Attributes:
        name: Of the signal.
        said: How reports call it.
        better: Which direction is good.
        per: Outputs that changes are told per; the numbers below are per single output.
        change: What it did; None where too little arrived.
        expected: What the judge's rise should have brought, in its own unit, by what the look's
            `worth` names; None where no slope is known.
        expected_low: Lowest plausible value of that.
        expected_high: Highest plausible value.
        slope: What a judge point is worth, in its own unit, by the same.
        count: Values that arrived in the monitored part.
        weight: Its part in the decision, from 0 to 1.
        dropped: Why it has no part in the decision, else None.
    """

    name: str
    said: str
    better: str
    per: int
    change: Change | None
    expected: float | None
    expected_low: float | None = None
    expected_high: float | None = None
    slope: float | None = None
    count: int = 0
    weight: float = 0.0
    dropped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Where the worth of a judge point is taken from, and what that costs.

    It is the worth by which a look's `phi` and its signals' `expected` are told.

    Attributes:
        source: 'records', or 'experiments' where past A/Bs or releases are blended in.
        experiments: How many.
        overstatement: Factor by which records overstate it, by the experiments; with its 90 %
            range.
        rule: Which rule had to hold beside the test on records, or in its place, in words.
        price: What that rule costs in power, in words: by how much further users must fall short
            than records alone would take, for the same rise and the same errors; empty where it
            takes no more than they, or nothing is known.
    """

    source: Source
    experiments: int = 0
    overstatement: tuple[float, float, float] | None = None
    rule: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look: what can be said of everything that had arrived by its end.

    Attributes:
        verdict: `gaming`: users got significantly less than the share `c` of what the judge's
            rise should have brought. `improvement`: significantly more. `judge_flat`: the judge
            has not risen. `inconclusive`: too little is known yet, see `missing`. `unidentified`:
            the data cannot tell at all, see `missing`.
        backfire: With `gaming`: the signals have become significantly worse.
        design: How versions were compared.
        why: Why that design.
        period: Number of the monitored period, from 0; of the version in `releases`.
        start: First instant of that period.
        end: Its end: nothing later was used.
        label: How the period or version is called.
        phi: Realised part of the gain that the judge's rise should have brought by what `worth`
            names: 1 is real, 0 decoupled, below 0 harm. None where the judge has not moved.
        phi_low: Lower end of its 95 % interval for this look; None where unbounded.
        phi_high: Upper end.
        holds_to: By what factor records may overstate a judge point's worth before this verdict
            changes; infinite where it does not depend on it: `judge_flat`, `unidentified`, and
            what a guard withholds. Below 1 where past tests say that it is worth more than records
            do, and the verdict needs it. None on no look that `watch` or `backtest` returns.
        message: What was found, in a sentence or a few.
        missing: What is needed for a decision, or why none is possible.
        rise: The judge's change.
        signals: Every signal's.
        since: Period from which on the change is counted, numbered as `period`.
        against: Periods that it is compared with, numbered so too: those of the first reference
            are negative.
        horizon: First period, and one past the last, of the looks that share the error rate with
            this one; the latter None where there is no end.
        worth: Where the slope comes from.
        alarm: Period in which `gaming` was first said, while unacknowledged.
        notes: What was set aside or corrected.
        detail: Figures for reports and tests, by name.
    """

    verdict: Verdict
    design: str
    period: int
    backfire: bool = False
    why: str = ""
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    label: str = ""
    phi: float | None = None
    phi_low: float | None = None
    phi_high: float | None = None
    holds_to: float | None = None
    message: str = ""
    missing: tuple[str, ...] = ()
    rise: Change | None = None
    signals: tuple[SignalChange, ...] = ()
    since: int | None = None
    against: tuple[int, ...] = ()
    horizon: tuple[int, int | None] | None = None
    worth: Worth = Worth(source="none")
    alarm: int | None = None
    notes: tuple[str, ...] = ()
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """How a report names this look: by its period or release.

        Looks at versions side by side all have the version as label, and differ by their instant.
        """
        if self.design == "concurrent":
            return self.start.date().isoformat() if self.start else f"look {self.period + 1}"
        return self.label or str(self.period + 1)
