"""The gate: whether a judge may go on measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trueup.runner.calibration.result import Agreement, CriterionResult, Gate

FEWEST_LABELS = 20
"""Items with a verdict and a label, below which nothing is said about a bar."""
_BLAMED = {"judge", "raters"}
"""What has to be mended before figures are believed; traffic and system are findings."""
_UNCLEAR = {"inconclusive", None}


class Standing(NamedTuple):
    """Whether something holds."""

    gate: Gate
    reasons: tuple[str, ...]
    """Why it does not, or cannot be told to, in a sentence each."""


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
        return (f"{found.why}, so nothing is known about bars.",)
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


def standing(found: CriterionResult) -> Standing:
    """Return whether a criterion holds.

    Failed: a bar is demonstrably missed, or judge or raters have moved. Inconclusive: it is not
    compared with people, a bar is open, nothing was judged, or nobody knows what has moved.
    """
    moved = found.drift.state == "moved"
    failed = list(found.bars)
    if moved and found.drift.cause in _BLAMED:
        failed.append(found.drift.sentence)
    if failed:
        return Standing(gate="failed", reasons=tuple(failed))
    unknown = list(found.open_bars)
    if isinstance(found.pass_rate.judge, Absent):
        unknown.append(f"Nothing was judged: {found.pass_rate.judge.why}.")
    elif isinstance(found.agreement, Absent):
        if not found.open_bars:
            unknown.append(f"Uncalibrated: {found.agreement.why}.")
    else:
        unknown += _doubts(found.agreement, told=bool(found.open_bars))
    if moved and found.drift.cause in _UNCLEAR:
        unknown.append(found.drift.sentence)
    return Standing(gate="inconclusive" if unknown else "passed", reasons=tuple(unknown))


def _doubts(found: Agreement, *, told: bool) -> Iterator[str]:
    """Yield why agreement says nothing: too few items, or people who agree with nobody."""
    if found.n_pairs < FEWEST_LABELS and not told:
        have = "1 item has" if found.n_pairs == 1 else f"{found.n_pairs} items have"
        yield f"Only {have} a verdict and a label: {FEWEST_LABELS} are the least."
    people = found.people
    if not isinstance(people, Absent) and people.n >= FEWEST_LABELS and people.high <= 0:
        yield (
            f"People agree with each other less than by chance (alpha {people.estimate:.2f}), so "
            "nothing can be told of the judge: look whether they answer the same question."
        )


def verdict(criteria: Sequence[CriterionResult], *, status: str) -> Standing:
    """Return the verdict over all criteria: failed where one is, and the reasons of them all.

    Also inconclusive is a run that did not end, and one with nothing to compare.
    """
    failed: list[str] = []
    unknown: list[str] = []
    if status != "done":
        unknown.append("The run did not end, so nothing was added to the ledger: run again.")
    if not criteria:
        unknown.append("Nothing is compared: code decides every criterion, and none is labelled.")
    for found in criteria:
        stands = standing(found)
        rows = failed if stands.gate == "failed" else unknown
        rows += [f"{found.id}: {sentence}" for sentence in stands.reasons]
    if failed:
        return Standing(gate="failed", reasons=(*failed, *unknown))
    return Standing(gate="inconclusive" if unknown else "passed", reasons=tuple(unknown))
