"""A calibration on one screen of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from trueup.report.calibration.figures import (
    NONE,
    bare_number,
    bare_share,
    number_bounds,
    percent,
    share_bounds,
)
from trueup.report.calibration.standing import (
    GATES,
    absences,
    drift_words,
    moved,
    since_words,
    weeks_words,
)
from trueup.report.console import indented, table
from trueup.report.place import near
from trueup.report.safe import one_line
from trueup.report.words import counted
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from trueup.runner.calibration.result import Calibration, CriterionResult, Gate

_STYLES: Mapping[Gate, str] = {"passed": "green", "failed": "red", "inconclusive": "yellow"}
_NUMBERS = ("pass rate", "judge", "TPR", "TNR", "alpha", "people", "labels")
_KEY = "95 % intervals below. alpha: judge with people; people: among themselves, the ceiling."
_ID = 16
_SENTENCE = 400


class Said(NamedTuple):
    """A sentence about a criterion, or about none."""

    criterion: str
    sentence: str


def render(calibration: Calibration, *, reports: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield a calibration: the gate, a row a criterion, what moved, what to label next.

    Args:
        calibration: What to show.
        reports: Files that were written, to be named at the end.
    """
    yield _headline(calibration)
    reasons = [_of(reason, calibration) for reason in calibration.reasons]
    for line in _together(reasons):
        yield indented(line, by=2, style=_STYLES[calibration.gate])
    if calibration.criteria:
        yield _table(calibration)
        yield indented(_KEY, by=2, style="dim")
    for line in _together(_absent(calibration, reasons)):
        yield indented(line, by=2, style="dim")
    for line in _together(_moved(calibration, reasons)):
        yield indented(line, by=2, style="yellow")
    for line in (*_together(_warnings(calibration)), *_remarks(calibration)):
        yield indented(line, by=2, style="dim")
    yield indented(_next(calibration), by=0)
    yield indented(_amounts(calibration), by=0, style="dim")
    yield indented(_places(calibration, reports), by=0, style="dim")


def _of(reason: str, calibration: Calibration) -> Said:
    """Return a reason of the gate with the criterion that it names."""
    for one in calibration.criteria:
        if reason.startswith(f"{one.id}: "):
            return Said(one.id, reason.removeprefix(f"{one.id}: "))
    return Said("", reason)


def _together(said: Iterable[Said]) -> Iterator[str]:
    """Yield sentences, each once, with the criteria that they are about."""
    about: dict[str, list[str]] = {}
    for criterion, sentence in said:
        about.setdefault(sentence, []).append(one_line(criterion, 40))
    for sentence, names in about.items():
        prefix = ", ".join(filter(None, dict.fromkeys(names)))
        yield f"{prefix}{': ' if prefix else ''}{one_line(sentence, _SENTENCE)}"


def _headline(calibration: Calibration) -> Text:
    name = (
        f"{one_line(calibration.rubric, 60)} (version {one_line(calibration.rubric_version, 20)}), "
        f"judge {one_line(calibration.judge, 40)}, {one_line(calibration.sitting, 30)}: "
    )
    gate = calibration.gate
    return Text(name, style="bold").append(GATES[gate], style=_STYLES[gate])


def _table(calibration: Calibration) -> Table:
    split = calibration.labels.split
    made = table((_row(one, split) for one in calibration.criteria), right=_NUMBERS)
    made.collapse_padding = True  # it is wide, and terminals have 80 columns
    return made


def _row(criterion: CriterionResult, split: str | None) -> dict[str, Any]:
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
        # items of a split are of whatever week
        of = f"{split} split" if split else weeks_words(found.sittings, to="\u2013")
        row |= {
            "TPR": _two(bare_share(found.tpr), _range(share_bounds(found.tpr))),
            "TNR": _two(bare_share(found.tnr), _range(share_bounds(found.tnr))),
            "alpha": _two(bare_number(found.alpha), _range(number_bounds(found.alpha))),
            "people": bare_number(found.people),
            "labels": _two(f"{found.n_pairs:,}", of),
        }
    return row


def _two(first: str, second: str) -> Text:
    text = Text(first)
    return text.append(f"\n{second}", style="dim") if second else text


def _range(bounds: tuple[str, str]) -> str:
    low, high = bounds
    return f"{low}\u2013{high}" if low else ""


def _absent(calibration: Calibration, said: Collection[Said]) -> Iterator[Said]:
    """Yield which figures are missing and why, unless the gate has said so."""
    for one in calibration.criteria:
        missing = [
            line
            for line in absences(one)
            if not any(one.id == s.criterion and _reason(line) in s.sentence for s in said)
        ]
        if missing:
            yield Said(one.id, "; ".join(missing))


def _reason(absence: str) -> str:
    return absence.partition(": ")[2]


def _moved(calibration: Calibration, said: Collection[Said]) -> Iterator[Said]:
    """Yield what has moved, unless the gate has said so."""
    for one in moved(calibration):
        found = Said(one.id, one.drift.sentence)
        if found not in said:
            yield found


def _warnings(calibration: Calibration) -> Iterator[Said]:
    for one in calibration.criteria:
        if one.stale:
            flipped = f"; {counted(len(one.flipped), 'item')} got another" if one.flipped else ""
            old = f"{counted(one.stale, 'label')} of an earlier question no longer count"
            yield Said(one.id, f"{old}{flipped}")
        for warning in one.pass_rate.warnings:
            yield Said(one.id, warning)


def _remarks(calibration: Calibration) -> Iterator[str]:
    """Yield what a reader has to know of labels, a line each."""
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


def _amounts(calibration: Calibration) -> str:
    sampled = calibration.sampled
    parts = [
        f"{sampled.n_scored:,} of {counted(sampled.n, 'item')} judged",
        f"{counted(sampled.n_anchors, 'anchor')}, {counted(calibration.labels.n_new, 'new label')}",
        f"an alarm rings by chance in {percent(calibration.yearly_rate)} of years",
    ]
    return "; ".join(parts)


def _places(calibration: Calibration, reports: Sequence[str]) -> str:
    """Return where things are, as one would type it here."""
    parts = []
    if reports:
        names = ", ".join(one_line(near(name), 200) for name in reports)
        parts.append(f"report{'s' if len(reports) > 1 else ''} {names}")
    if calibration.ledger:
        parts.append(f"ledger {one_line(near(calibration.ledger), 200)}")
    parts.append(f"run {calibration.run} in {one_line(near(calibration.store), 200)}")
    return "; ".join(parts)
