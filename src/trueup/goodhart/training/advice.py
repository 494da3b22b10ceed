"""Advice: what the monitor says after each step, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trueup.errors import ConfigError, DataError

Action = Literal["continue", "warn", "stop"]
Alarm = Literal["slope", "gap", "curve", "fall"]


class UnusableReading(DataError, ValueError):
    """A step's proxy, gold or KL cannot be used; the monitor is as it was before."""


class UnusableSetting(ConfigError, ValueError):
    """What a monitor or an estimate was told beside the scores cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do after a step; prints as one sentence."""

    action: Action
    step: int
    best_step: int | None
    """Step to go back to: where fitted or smoothed gold is highest; None before any gold."""
    reason: str
    """One sentence, for a log or a message to people."""
    alarms: tuple[Alarm, ...]
    """Rules that hold at the last reading: `slope` warns; `gap`, `curve` and `fall` stop."""
    since: int | None
    """Step from which on the gap is likeliest to have opened; None where there is too little."""
    gap: float | None
    """By how much proxy minus gold has risen since then, in shares of the scale."""
    gap_low: float | None
    """Lower end of its 95 % interval, which takes `since` as given."""
    gap_high: float | None
    evidence: float
    """Natural logarithm of the e-process for a gap beyond the margin; 0 where it has none."""
    needed: float
    """What `evidence` has to reach for a stop: log(1 / alpha)."""
    readings: int
    """Steps with proxy and gold so far."""

    def __str__(self) -> str:
        back = "" if self.best_step is None else f" Best step so far: {self.best_step}."
        return f"{self.action} at step {self.step}: {self.reason}{back}"
