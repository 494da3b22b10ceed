"""A calibration that measured nothing: an inconclusive one, so that its report is not last week's.

A run that cannot measure raises, and leaves no figures. Whoever looks at its report file would find
what the run before wrote there, and take it for this week's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from trueup.errors import TrueupError
from trueup.runner.calibration.result import Calibration, Labels, Sampled

NO_RUN = 0
"""Number of the run where none has judged."""
_PLAN = "Nothing was compared or drawn: mend what is wrong, and run it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a calibration sets out to measure, known before anything is asked."""

    sitting: str
    """The week, or the name of the sitting; empty where not even that is known."""
    rubric: str
    rubric_version: str
    judge: str
    source: str
    """Name of the log."""
    store: str
    ledger: str | None = None
    split: str | None = None
    yearly_rate: float = 0.05


def unmeasured(error: Exception, sought: Sought) -> Calibration:
    """Return an inconclusive calibration without figures, whose reason is the error's sentence."""
    return Calibration(
        sitting=sought.sitting or "no sitting",
        run=NO_RUN,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        rubric=sought.rubric,
        rubric_version=sought.rubric_version,
        judge=sought.judge,
        store=sought.store,
        ledger=sought.ledger,
        recorded=False,
        sampled=Sampled(source=sought.source, n=0, n_scored=0, n_anchors=0, outcomes={}, cost=None),
        labels=Labels(n=0, n_new=0, n_items=0, annotators=(), design="unknown", split=sought.split),
        criteria=(),
        yearly_rate=sought.yearly_rate,
        next=(),
        plan=_PLAN,
        openings=(),
        gate="inconclusive",
        reasons=(f"Nothing was measured: {_told(error)}",),
    )


def _told(error: Exception) -> str:
    if not isinstance(error, TrueupError):  # its text may hold anything, a key too
        return f"trueup itself failed ({type(error).__name__})."
    said = str(error)
    return said if said.endswith((".", "?", "!")) else f"{said}."
