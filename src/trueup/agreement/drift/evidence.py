"""Evidence: what speaks for and against each cause of a change, in figures and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trueup.agreement.drift.stream import segments
from trueup.agreement.estimate import Estimate
from trueup.agreement.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trueup.agreement.drift.parts import Parts
    from trueup.agreement.drift.week import Week

LIMIT = 0.1
"""What did not move by as much has stood, where no smaller move would explain the change."""


class Cause(StrEnum):
    """What can move a figure."""

    JUDGE = "judge"
    RUBRIC = "rubric"
    RATERS = "raters"
    TRAFFIC = "traffic"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for or against one cause."""

    cause: Cause
    state: str
    """`moved`; `stood` where the interval excludes a move that would explain the change; `open`
    where it does not; `unmeasured`."""
    estimate: Estimate | None
    """How far it moved: the pass rate, and for raters their agreement with each other."""
    text: str
    """One sentence."""


def evidence(
    weeks: Sequence[Week],
    early: range,
    late: range,
    parts: Parts | None,
    *,
    moved: Collection[Cause],
    model: str,
    limit: float = LIMIT,
) -> tuple[Evidence, ...]:
    """Return the evidence for every cause, from the weeks before and from a change.

    Args:
        weeks: One criterion's weeks.
        early: Positions of the weeks before the change.
        late: Positions of the weeks from it on.
        parts: The split of the pass rate between them.
        moved: Causes that an alarm or a hash shows to have moved.
        model: Observed model that came in about then; empty where none did.
        limit: Move of the pass rate that would explain the change.
    """
    return (
        _judge(parts, limit, moved, model),
        _rubric(weeks, early, late, moved),
        _raters(weeks, early, late, moved),
        _traffic(parts, moved, limit, told=len(segments(weeks, [*early, *late])) > 1),
        _part(Cause.SYSTEM, parts, moved, limit),
    )


def _judge(parts: Parts | None, limit: float, moved: Collection[Cause], model: str) -> Evidence:
    came = f" From about then on {model} has answered." if model else ""
    if parts is None or parts.flips is None:
        text = f"No anchor was judged before and after, so the judge is unknown.{came}"
        state = "moved" if Cause.JUDGE in moved else "unmeasured"
        return Evidence(cause=Cause.JUDGE, state=state, estimate=None, text=text)
    text = (
        f"Of {parts.flips.n} anchors the share answered otherwise than before moved by "
        f"{points(parts.flips)}; the judge moved the pass rate by {points(parts.judge)}.{came}"
    )
    state = _state(Cause.JUDGE, parts.judge, limit, moved)
    return Evidence(cause=Cause.JUDGE, state=state, estimate=parts.judge, text=text)


def _rubric(weeks: Sequence[Week], early: range, late: range, moved: Collection[Cause]) -> Evidence:
    asked = [weeks[i].question for i in (*early, *late)]
    changed = Cause.RUBRIC in moved or len(set(asked)) > 1
    return Evidence(
        cause=Cause.RUBRIC,
        state="moved" if changed else "stood",
        estimate=None,
        text="The question was changed." if changed else "The question is the same throughout.",
    )


def _raters(weeks: Sequence[Week], early: range, late: range, moved: Collection[Cause]) -> Evidence:
    people = agreement_shift(weeks, early, late)
    trust = difference([weeks[i].checks for i in early], [weeks[i].checks for i in late])
    said = []
    if people:
        said.append(f"People's agreement with each other moved by {points(people)}.")
    if trust:
        said.append(f"Their agreement with the anchors' labels moved by {points(trust)}.")
    if not said:
        said.append("Nothing was labelled by two people before and after, so raters are unknown.")
    found = people or trust
    state = _state(Cause.RATERS, found, LIMIT, moved)
    return Evidence(cause=Cause.RATERS, state=state, estimate=found, text=" ".join(said))


def _traffic(
    parts: Parts | None, moved: Collection[Cause], limit: float, *, told: bool
) -> Evidence:
    if told:
        return _part(Cause.TRAFFIC, parts, moved, limit)
    text = "No segments are told apart, so traffic is unknown and counts as the system's."
    state = "moved" if Cause.TRAFFIC in moved else "unmeasured"
    return Evidence(cause=Cause.TRAFFIC, state=state, estimate=None, text=text)


def _part(cause: Cause, parts: Parts | None, moved: Collection[Cause], limit: float) -> Evidence:
    """Return the evidence for traffic or system, which are read from the pass rate alone."""
    traffic = cause == Cause.TRAFFIC
    estimate = None if parts is None else parts.mix if traffic else parts.system
    name = "The segments' shares" if traffic else "What mix and judge leave"
    text = f"{name} cannot be told."
    if parts and estimate:
        text = f"{name} moved the pass rate by {points(estimate)} of {points(parts.total)}."
    state = _state(cause, estimate, limit, moved)
    return Evidence(cause=cause, state=state, estimate=estimate, text=text)


def _state(cause: Cause, estimate: Estimate | None, limit: float, moved: Collection[Cause]) -> str:
    if cause in moved:
        return "moved"
    if estimate is None:
        return "unmeasured"
    return "stood" if -limit < estimate.low and estimate.high < limit else "open"


def agreement_shift(weeks: Sequence[Week], early: range, late: range) -> Estimate | None:
    """Return by how much people's agreement moved; None where it was not measured in both."""
    return difference([weeks[i].overlap for i in early], [weeks[i].overlap for i in late])


def difference(
    early: Sequence[tuple[float, float]], late: Sequence[tuple[float, float]]
) -> Estimate | None:
    """Return the difference of two shares, with a 95 % interval; None where one has no counts.

    Source: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10; his table II (a).

    >>> found = difference([(48, 80)], [(56, 70)])
    >>> [round(x, 4) for x in (found.estimate, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    (k0, n0), (k1, n1) = (
        (sum(k for k, _ in part), sum(n for _, n in part)) for part in (early, late)
    )
    if not n0 or not n1:
        return None
    p0, p1 = k0 / n0, k1 / n1
    (low0, high0), (low1, high1) = wilson(k0, n0), wilson(k1, n1)
    down = ((p1 - low1) ** 2 + (high0 - p0) ** 2) ** 0.5
    up = ((high1 - p1) ** 2 + (p0 - low0) ** 2) ** 0.5
    n = round(n0 + n1)
    return Estimate(p1 - p0, p1 - p0 - down, p1 - p0 + up, n, n, "Newcombe's hybrid score")


def points(estimate: Estimate | None) -> str:
    """Return a share as percentage points with its interval.

    >>> points(Estimate(-0.052, -0.07, -0.034, 60, 60, ""))
    '\u22125.2 points [\u22127.0, \u22123.4]'
    >>> points(Estimate(-0.0001, -0.02, 0.02, 60, 60, ""))
    '0.0 points [\u22122.0, +2.0]'
    """
    if estimate is None:
        return "an unknown part"
    low, high = (_signed(share) for share in (estimate.low, estimate.high))
    return f"{_signed(estimate.estimate)} points [{low}, {high}]"


def _signed(share: float) -> str:
    """Return a share as points with its sign; what rounds to nothing has none."""
    written = f"{100 * share:+.1f}"
    return "0.0" if float(written) == 0 else written.replace("-", "\u2212")
