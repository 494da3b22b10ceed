"""Findings: what the four rules found at one reading, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from trueup.goodhart.training.advice import Action, Alarm
    from trueup.goodhart.training.fall import Fallen
    from trueup.goodhart.training.fit import Fitted
    from trueup.goodhart.training.gap import Opened
    from trueup.goodhart.training.slope import Rise


class Findings(NamedTuple):
    """One reading's findings; None where a rule has too little to speak."""

    rise: Rise | None
    opened: Opened | None
    fit: Fitted | None
    fall: Fallen | None
    needed: float
    """Evidence for a stop by the gap."""

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Rules that hold."""
        holding: dict[Alarm, bool] = {
            "slope": self.rise is not None and self.rise.alarm,
            "gap": self.opened is not None
            and self.opened.short
            and self.opened.evidence >= self.needed,
            "curve": self.fit is not None and self.fit.falls,
            "fall": self.fall is not None and self.fall.alarm,
        }
        return tuple(name for name, holds in holding.items() if holds)

    @property
    def action(self) -> Action:
        """What these findings alone advise."""
        alarms = self.alarms
        if set(alarms) - {"slope"}:
            return "stop"
        return "warn" if alarms else "continue"
