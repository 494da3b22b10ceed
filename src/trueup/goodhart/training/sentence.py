"""Sentence: why the monitor says what it says, for a log or a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.goodhart.training import gap as gaps
from trueup.goodhart.training import slope as slopes

if TYPE_CHECKING:
    from trueup.goodhart.training.findings import Findings
    from trueup.goodhart.training.gap import Opened
    from trueup.goodhart.training.settings import Settings


def reason(found: Findings, *, settings: Settings, best_step: int, readings: int) -> str:
    """Return one sentence about the rule that decided; curve, gap, fall and slope in this order.

    Args:
        found: What the rules found.
        settings: Of the monitor.
        best_step: Step to go back to.
        readings: Steps with proxy and gold so far.
    """
    alarms = found.alarms
    back = f"; go back to step {best_step}" if found.action == "stop" else ""
    if "curve" in alarms and found.fit:
        return (
            f"Gold is past the peak of its curve, near KL {found.fit.peak_kl:.3g}, and falls by "
            f"{-found.fit.slope:.2g} (SE {found.fit.se:.1g}) for each 1 of the root of KL{back}."
        )
    if "gap" in alarms and found.opened:
        return (
            f"Since about step {found.opened.since} the proxy stands {_range(found.opened)} "
            f"further above gold than before, and gold gained less than {settings.share:.0%} of "
            f"what the proxy gained{back}."
        )
    if "fall" in alarms and found.fall:
        return f"Gold is {found.fall.fall:.2f} (SE {found.fall.se:.2g}) below its best{back}."
    if "slope" in alarms and found.rise:
        return (
            f"Over the last {found.rise.span} steps the proxy gained {found.rise.rise:.2f} "
            f"({found.rise.low:.2f} to {found.rise.high:.2f}) more than gold: read its newest "
            f"outputs and measure gold more often."
        )
    if found.rise is None or found.opened is None:
        least = max(slopes.LEAST, gaps.BASELINE + gaps.AFTER)
        return f"Steps with proxy and gold: {readings}; all rules speak from {least} on."
    return f"Nothing shows that the proxy has outrun gold by more than {settings.margin:g}."


def _range(opened: Opened) -> str:
    return f"{opened.gap:.2f} ({opened.low:.2f} to {opened.high:.2f})"
