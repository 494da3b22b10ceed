"""A calibration on one screen of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from trueup.report.calibration.figures import (
    NONE,
    bare_number,
    bare_share,
    number_bounds,
    percent,
    share_bounds,
)
from trueup.report.calibration.standing import GATES, absences, drift_words, moved, since_words
from trueup.report.console import indented, table
from trueup.report.safe import one_line
from trueup.report.words import counted
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from trueup.runner.calibration.result import Calibration, CriterionResult, Gate

_STYLES: Mapping[Gate, str] = {"passed": "green", "failed": "red", "inconclusive": "yellow"}
_NUMBERS = ("pass rate", "judge", "TPR", "TNR", "alpha", "people", "labels")
_KEY = "95 % intervals below. alpha: judge with people; people: among themselves, the ceiling."
_ID = 16
_SENTENCE = 400


def render(calibration: Calibration, *, reports: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield a calibration: the gate, a row a criterion, what moved, what to label next.

    Args:
        calibration: What to show.
        reports: Files that were written, to be named at the end.
    """
    yield _headline(calibration)
    for reason in calibration.reasons:
        yield indented(one_line(reason, _SENTENCE), by=2, style=_STYLES[calibration.gate])
    if calibration.criteria:
        yield _table(calibration)
        yield indented(_KEY, by=2, style="dim")
    for line in _absent(calibration):
        yield indented(line, by=2, style="dim")
    for one in moved(calibration):
        sentence = f"{one_line(one.id, 40)}: {one_line(one.drift.sentence, _SENTENCE)}"
        yield indented(sentence, by=2, style="yellow")
    for line in _remarks(calibration):
        yield indented(line, by=2, style="dim")
    yield indented(_next(calibration), by=0)
    yield indented(_where(calibration, reports), by=0, style="dim")


def _headline(calibration: Calibration) -> Text:
    name = (
        f"{one_line(calibration.rubric, 60)} (version {one_line(calibration.rubric_version, 20)}), "
        f"judge {one_line(calibration.judge, 40)}, {one_line(calibration.sitting, 30)}: "
    )
    gate = calibration.gate
    return Text(name, style="bold").append(GATES[gate], style=_STYLES[gate])


def _table(calibration: Calibration) -> Table:
    made = table((_row(one) for one in calibration.criteria), right=_NUMBERS)
    made.collapse_padding = True  # it is wide, and terminals have 80 columns
    return made


def _row(criterion: CriterionResult) -> dict[str, Any]:
    """Return a criterion's row: the figures, and below them their intervals."""
    rate, found = criterion.pass_rate, criterion.agreement
    marks = [*(["gate"] if criterion.gate else []), *(["penalty"] if criterion.penalty else [])]
    row: dict[str, Any] = {
        "criterion": _two(one_line(criterion.id, _ID), ", ".join(marks)),
        "pass rate": _two(bare_share(rate.corrected), _range(share_bounds(rate.corrected))),
        "judge": bare_share(rate.judge),
        **dict.fromkeys(("TPR", "TNR", "alpha", "people", "labels"), NONE),
        "drift": _two(drift_words(criterion.drift), since_words(criterion.drift)),
    }
    if not isinstance(found, Absent):
        row |= {
            "TPR": _two(bare_share(found.tpr), _range(share_bounds(found.tpr))),
            "TNR": _two(bare_share(found.tnr), _range(share_bounds(found.tnr))),
            "alpha": _two(bare_number(found.alpha), _range(number_bounds(found.alpha))),
            "people": bare_number(found.people),
            "labels": f"{found.n_pairs:,}",
        }
    return row


def _two(first: str, second: str) -> Text:
    text = Text(first)
    return text.append(f"\n{second}", style="dim") if second else text


def _range(bounds: tuple[str, str]) -> str:
    low, high = bounds
    return f"{low}\u2013{high}" if low else ""


def _absent(calibration: Calibration) -> Iterator[str]:
    for one in calibration.criteria:
        missing = "; ".join(absences(one))
        if missing:
            yield f"{one_line(one.id, 40)}: {one_line(missing, _SENTENCE)}"


def _remarks(calibration: Calibration) -> Iterator[str]:
    """Yield what a reader has to know beside the figures, a line each."""
    for one in calibration.criteria:
        name = one_line(one.id, 40)
        if one.stale:
            flipped = f"; {counted(len(one.flipped), 'item')} got another" if one.flipped else ""
            old = f"{counted(one.stale, 'label')} of an earlier question no longer count"
            yield f"{name}: {old}{flipped}"
        for warning in one.pass_rate.warnings:
            yield f"{name}: {one_line(warning, _SENTENCE)}"
    for note in calibration.labels.notes:
        yield one_line(note, _SENTENCE)
    if calibration.openings:
        last = calibration.openings[-1]
        times = counted(len(calibration.openings), "time")
        by = f"{one_line(last.by, 40)} on {one_line(last.at[:10])}"
        yield f"The test split was opened {times}, last by {by}."


def _next(calibration: Calibration) -> str:
    count = len(calibration.next)
    todo = f"Label next: {counted(count, 'item')} with `trueup label`." if count else ""
    plan = one_line(calibration.plan, _SENTENCE)
    return " ".join(part for part in (todo, plan) if part) or "Nothing is to be labelled."


def _where(calibration: Calibration, reports: Sequence[str]) -> str:
    sampled = calibration.sampled
    parts = [
        f"{sampled.n_scored:,} of {counted(sampled.n, 'item')} scored",
        f"{counted(sampled.n_anchors, 'anchor')}, {counted(calibration.labels.n_new, 'new label')}",
        f"an alarm rings by chance in {percent(calibration.yearly_rate)} of years",
    ]
    parts += [f"report {one_line(name, 200)}" for name in reports]
    if calibration.ledger:
        parts.append(f"ledger {one_line(calibration.ledger, 200)}")
    return f"{'; '.join(parts)}; run {calibration.run} in {one_line(calibration.store, 200)}"
