"""Progress of a run: counts, cost, and about how long it will take."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.judge.verdict import Usage

if TYPE_CHECKING:
    from trueup.judge.verdict import Outcome


@dataclass(slots=True)
class Progress:
    """What a run has done so far; the run keeps it up to date, and renderers read it."""

    total: int | None = None
    """Items that there are; None where a stream has not ended."""
    items: int = 0
    """Items of which every finding is known."""
    asked: int = 0
    """Items for which a judge was asked in this run."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """Findings of this run by outcome, known ones included."""
    reused: int = 0
    """Findings that were known before."""
    usage: Usage = field(default_factory=Usage)
    in_flight: int = 0
    stopped: str = ""
    """Why the run stopped asking, such as `budget`; empty while it goes on."""
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """About how many seconds are left; None before that can be said."""
        if self.total is None or not self.asked or self.items >= self.total:
            return None
        # what was known before took no time, so only items that were asked tell the speed
        return self.seconds / self.asked * (self.total - self.items)
