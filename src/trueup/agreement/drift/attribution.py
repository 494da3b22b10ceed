"""Attribution: whose fault a change is, with the evidence for and against each cause.

An alarm names a cause of its own where only one thing can move what it watches: anchors the judge,
people's agreement the raters, segments' shares the traffic. A pass rate can be moved by the system
or by the judge: the system is named only where anchors and fresh labels leave a part that the
judge does not explain. Nothing is blamed because something else could not be shown.

Measured over simulated years (`benchmarks/README.md`), the right cause is named in 91 % or more of
each change with 20 pairs of labels and 60 anchors a week, a wrong one in 4 % or fewer. It is wrong
where segments are not told apart: traffic that moved the pass rate by 3 points is then put down to
the system in 4 of 10 years. Without anchors the judge is named only where another model was
observed, the system never. Of a judge and a system that moves in the same week, or 10 weeks later,
both are named in half of the years; a system that moves over half a year is named in 6 of 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from trueup.agreement.drift.alarm import stretches
from trueup.agreement.drift.evidence import (
    LIMIT,
    Cause,
    Evidence,
    agreement_shift,
    difference,
    evidence,
    points,
)
from trueup.agreement.drift.parts import split
from trueup.agreement.drift.stream import PEOPLE, stream
from trueup.agreement.drift.week import ordinal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.agreement.drift.alarm import Alarm, Watch
    from trueup.agreement.drift.parts import Parts
    from trueup.agreement.drift.week import Week
    from trueup.agreement.estimate import Estimate

SYSTEM_Z = 2.58
"""The system's part is shown where it is this many standard errors from 0; asked every week."""
BESIDE_Z = 4.0
"""The same where the judge has moved too: the system is then named beside it."""

MODEL_Z = 1.64
"""A new observed model is blamed where the system's part is not even this far from 0."""
_NEAR = 4
"""Weeks within which two estimated changes may be one."""
_MEASURES = ("anchors", *PEOPLE)
"""Streams whose change makes other streams' figures mean something else."""

_NAMES = {
    "anchors": "the share of anchors that are answered otherwise than usual",
    "overlap": "the share of items on which people agree with each other",
    "checks": "the share of anchors on which people agree with the labels",
    "pass": "the pass rate within segments",
    "tpr": "the share judged met of what people call met (TPR)",
    "tnr": "the share judged unmet of what people call unmet (TNR)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something moved, and why."""

    criterion: str
    causes: tuple[Cause, ...]
    """Empty where it is inconclusive."""
    stream: str
    """What moved: a stream, or `question` or `instrument` where that was changed by hand."""
    since: str
    """Week from which it moved, as estimated."""
    seen: str
    """Week whose look saw it."""
    declared: bool
    """Read from hashes, and so no alarm."""
    shift: Estimate | None
    """By how much the stream moved; the pass rate, where it was declared."""
    evidence: tuple[Evidence, ...]
    """For every cause."""
    missing: str
    """What would decide it, where it is inconclusive."""
    text: str
    """One sentence."""


def attribute(watch: Watch, *, until: str | None = None) -> tuple[Change, ...]:
    """Say whose fault each alarm is, and what was changed by declaration.

    Args:
        watch: What was watched.
        until: Last ISO week to use, as if it were the newest; all of them where None.
    """
    found: list[Change] = []
    for criterion, weeks in watch.history.items():
        known = weeks[: sum(until is None or week.week <= until for week in weeks)]
        alarms = [a for a in watch.alarms if a.criterion == criterion and a.look < len(known)]
        found += _declared(criterion, known)
        found += [
            _explain(_Case(known, alarm, alarms, watch.baseline)) for alarm in _distinct(alarms)
        ]
    return tuple(sorted(found, key=lambda change: (change.seen, change.criterion, change.stream)))


def leading(changes: Sequence[Change]) -> Change | None:
    """Return the one change to show first: the newest, and of several at once one with a cause.

    What moves one thing often rings for two (a judge for its anchors and for the pass rate), and
    not all of them can name the cause; changes whose weeks are estimated within a month are one.
    """
    if not changes:
        return None
    newest = max(ordinal(change.since) for change in changes)
    at_once = [c for c in changes if newest - ordinal(c.since) <= 7 * _NEAR]
    return max(at_once, key=lambda c: (bool(c.causes), c.declared, len(c.causes), c.seen))


def _distinct(alarms: Sequence[Alarm]) -> Iterator[Alarm]:
    """Leave out a segment's alarm where another segment's told the same change of the mix."""
    told: list[Alarm] = []
    for alarm in alarms:
        if alarm.stream.startswith("mix "):
            if any(abs(alarm.change - other.change) <= _NEAR for other in told):
                continue
            told.append(alarm)
        yield alarm


@dataclass(frozen=True, slots=True)
class _Case:
    """An alarm, and what is known by the last week."""

    weeks: Sequence[Week]
    alarm: Alarm
    alarms: Sequence[Alarm]
    """All of the criterion."""
    baseline: int

    def windows(self) -> tuple[range, range]:
        """Return the weeks before and from the change, in which nothing else is known to move."""
        alarm = self.alarm
        part = next(p for p in stretches(self.weeks, alarm.stream) if alarm.change in p)
        others = {
            a.change
            for a in self.alarms
            if (a.stream == alarm.stream and a.look > alarm.look) or a.stream in _MEASURES
        }
        begin = max([alarm.start, *(c for c in others if c < alarm.change - _NEAR)])
        end = min([part.stop, *(c for c in others if c > alarm.change + _NEAR)])
        return range(begin, alarm.change), range(alarm.change, end)

    def rang(self, *names: str) -> bool:
        """Return whether one of these streams moved at about the same time."""
        return any(
            a.stream in names and abs(a.change - self.alarm.change) <= _NEAR for a in self.alarms
        )


def _explain(case: _Case) -> Change:
    alarm, weeks = case.alarm, case.weeks
    early, late = case.windows()
    judge, raters = case.rang("anchors"), case.rang(*PEOPLE)
    used = [weeks[i] for i in (*early, *late)]
    alike = len({(week.question, week.instrument) for week in used}) == 1
    parts = split(weeks, early, late, labels=not raters) if alike else None
    model = _new_model(weeks, early, late)
    missing = ""
    causes: tuple[Cause, ...]
    if alarm.stream == "anchors":
        causes = (Cause.JUDGE,)
    elif alarm.stream in PEOPLE:
        causes = (Cause.RATERS,)
    elif alarm.stream.startswith("mix "):
        causes = (Cause.TRAFFIC,)
    elif alarm.stream == "pass":
        causes, missing = _of_pass(parts, judge=judge, model=model)
    else:
        people = agreement_shift(weeks, early, late)
        causes, missing = _of_agreement(people, judge=judge, raters=raters, model=model)
    moved = {*causes, *((Cause.JUDGE,) if judge else ()), *((Cause.RATERS,) if raters else ())}
    shift = _shift(case, parts)
    explains = abs(parts.within.estimate) if parts and alarm.stream == "pass" else LIMIT
    return Change(
        criterion=alarm.criterion,
        causes=causes,
        stream=alarm.stream,
        since=alarm.since,
        seen=alarm.seen,
        declared=False,
        shift=shift,
        evidence=evidence(weeks, early, late, parts, moved=moved, model=model, limit=explains),
        missing=missing,
        text=_sentence(alarm.stream, alarm.since, shift, causes, missing),
    )


def _of_pass(parts: Parts | None, *, judge: bool, model: str) -> tuple[tuple[Cause, ...], str]:
    """Name who moved the pass rate within segments: the system, the judge, or neither for sure."""
    if parts is None or parts.flips is None:
        named = (Cause.JUDGE,) if judge or model else ()
        return named, "" if named else "anchors that were judged before and after it"
    shown = parts.system_z if parts.within.estimate > 0 else -parts.system_z
    if judge:
        return (Cause.JUDGE, Cause.SYSTEM) if shown > BESIDE_Z else (Cause.JUDGE,), ""
    if shown > SYSTEM_Z:
        return (Cause.SYSTEM,), ""
    if model and shown < MODEL_Z:
        return (Cause.JUDGE,), ""
    return (), (
        f"more weeks, anchors or labels, as the judge may explain {points(parts.judge)} "
        f"of {points(parts.within)}"
    )


def _of_agreement(
    people: Estimate | None, *, judge: bool, raters: bool, model: str
) -> tuple[tuple[Cause, ...], str]:
    """Name who moved the verdicts' agreement with fresh labels."""
    causes = (*((Cause.JUDGE,) if judge else ()), *((Cause.RATERS,) if raters else ()))
    if causes or model:
        return causes or (Cause.JUDGE,), ""
    if people and not people.low < 0 < people.high:
        return (Cause.RATERS,), ""
    if people is None:
        return (), "items that two people label blind, as without them raters cannot be told apart"
    return (), (
        "people's blind labels on some anchors, as neither the anchors nor people's agreement "
        "moved: people may have moved together, or the items are of a new kind"
    )


def _new_model(weeks: Sequence[Week], early: range, late: range) -> str:
    """Return the observed models that came in about the change; empty where none did."""
    edge = late.start - 2
    old = {name for i in early if i < edge for name in weeks[i].observed}
    about = (i for i in (*early, *late) if edge <= i <= late.start + 1)
    return (
        ", ".join(sorted({name for i in about for name in weeks[i].observed} - old)) if old else ""
    )


def _shift(case: _Case, parts: Parts | None) -> Estimate | None:
    """Return by how much the alarm's stream moved, from its change to the last week."""
    if case.alarm.stream == "pass":
        return parts.within if parts else None
    early, late = case.windows()
    found = stream(
        case.alarm.stream, case.weeks, range(early.start, late.stop), baseline=case.baseline
    )
    rows = list(zip(found.weeks, found.hits[:, 0], found.of[:, 0], strict=True))
    return difference(
        [(k, n) for week, k, n in rows if week in early],
        [(k, n) for week, k, n in rows if week in late],
    )


def _sentence(
    name: str, since: str, shift: Estimate | None, causes: Sequence[Cause], missing: str
) -> str:
    what = _NAMES.get(name) or f"the share of {name.removeprefix('mix ')}"
    moved = f"Since about {since} {what} has {_moved(shift)}"
    if causes:
        return f"{moved}; put down to the {' and the '.join(causes)}."
    return f"{moved}; inconclusive, as these are missing: {missing}."


def _moved(shift: Estimate | None) -> str:
    """Return a change in words, as `risen by 30.3 points [17.7, 45.8]`."""
    if shift is None:
        return "moved by an unknown part"
    way = "risen" if shift.estimate >= 0 else "fallen"
    ends = (shift.low, shift.high) if shift.estimate >= 0 else (-shift.high, -shift.low)
    size, low, high = (100 * value for value in (abs(shift.estimate), *ends))
    return f"{way} by {size:.1f} points [{low:.1f}, {high:.1f}]".replace("-", "\u2212")


def _declared(criterion: str, weeks: Sequence[Week]) -> Iterator[Change]:
    """Yield a change for every question or instrument that was changed by hand."""
    parts = stretches(weeks, "pass")
    for early, late in pairwise(parts):
        old, new = weeks[late.start - 1], weeks[late.start]
        reworded = old.question != new.question
        cause = Cause.RUBRIC if reworded else Cause.JUDGE
        what = "question" if reworded else "instrument"
        found = split(weeks, early, late, labels=False)
        total = found.total if found else None
        same = found.judge if found else None
        yield Change(
            criterion=criterion,
            causes=(cause,),
            stream=what,
            since=new.week,
            seen=new.week,
            declared=True,
            shift=total,
            evidence=evidence(weeks, early, late, found, moved={cause}, model=""),
            missing="",
            text=f"The {what} was changed in {new.week}, and the pass rate moved by "
            f"{points(total)}, {points(same)} of it on the same anchors; figures before and "
            "after are not compared.",
        )
