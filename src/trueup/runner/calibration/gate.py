"""The gate: whether a judge may go on measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.runner.calibration.result import Agreement, CriterionResult, Gate

FEWEST_LABELS = 20
"""Items with a verdict and a label, below which nothing is said about a bar."""
_BLAMED = {"judge", "raters", "inconclusive"}
"""What has to be mended before figures are believed; traffic and system are findings."""


def missed_bars(found: Agreement | Absent, bars: Mapping[str, float]) -> tuple[str, ...]:
    """Return a sentence for each bar that is demonstrably missed: the whole interval is below."""
    if isinstance(found, Absent) or found.n_pairs < FEWEST_LABELS:
        return ()
    missed = []
    for name, bar in bars.items():
        figure = getattr(found, name)
        if not isinstance(figure, Absent) and figure.high < bar:
            said = f"{name} is {figure.estimate:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
            missed.append(f"{said}, below the bar of {bar:g}.")
    return tuple(missed)


def open_bars(found: Agreement | Absent, bars: Mapping[str, float]) -> tuple[str, ...]:
    """Return a sentence for each bar of which it cannot be said whether it is reached."""
    if not bars:
        return ()
    if isinstance(found, Absent):
        return (f"{found.why}, so nothing is known about its bars.",)
    if found.n_pairs < FEWEST_LABELS:
        return (f"{found.n_pairs} items have a verdict and a label; bars need {FEWEST_LABELS}.",)
    opened = []
    for name, bar in bars.items():
        figure = getattr(found, name)
        if isinstance(figure, Absent):
            opened.append(f"{name} is not known ({figure.why}).")
        elif figure.estimate < bar <= figure.high:
            said = f"{name} is {figure.estimate:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
            opened.append(f"{said}: more labels would tell whether it reaches {bar:g}.")
    return tuple(opened)


def verdict(
    criteria: Sequence[CriterionResult], bars: Mapping[str, float], *, status: str
) -> tuple[Gate, tuple[str, ...]]:
    """Return the gate's verdict with its reasons; a failure outweighs what is not known.

    Failed: a bar is demonstrably missed, or judge or raters have moved. Inconclusive: the run did
    not end, nothing was judged, or labels are too few to say.
    """
    failed, unknown = [], []
    if status != "done":
        unknown.append("The run did not end, so nothing was added to the ledger: run again.")
    if not criteria:
        unknown.append("Nothing is compared: code decides every criterion, and none is labelled.")
    for found in criteria:
        failed += [f"{found.id}: {sentence}" for sentence in found.bars]
        if found.drift.state == "moved" and found.drift.cause in _BLAMED:
            rows = unknown if found.drift.cause == "inconclusive" else failed
            rows.append(f"{found.id}: {found.drift.sentence}")
        if not found.bars:
            unknown += [f"{found.id}: {said}" for said in open_bars(found.agreement, bars)]
        if isinstance(found.pass_rate.judge, Absent):
            unknown.append(f"{found.id}: nothing was judged ({found.pass_rate.judge.why}).")
        elif isinstance(found.agreement, Absent) and not bars:
            unknown.append(f"{found.id}: uncalibrated, for {found.agreement.why}.")
    if failed:
        return "failed", (*failed, *unknown)
    return ("inconclusive", tuple(unknown)) if unknown else ("passed", ())
