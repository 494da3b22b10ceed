"""Drifting: what the ledger says has moved, in the words of reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trueup.agreement.drift.alarm import watch
from trueup.agreement.drift.attribution import attribute, leading
from trueup.agreement.drift.week import ordinal
from trueup.runner.calibration.history import series, week_from
from trueup.runner.calibration.result import Drift, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.agreement.drift.attribution import Change
    from trueup.agreement.drift.evidence import Evidence as Found

_MEASURES = {"judge", "raters"}
_STATES = {"moved": "moved", "stood": "stands"}


def drifts(
    entries: Sequence[Mapping[str, Any]],
    *,
    instruments: Mapping[str, str],
    judge: str,
    week: str,
    yearly: float,
    accepted: Sequence[str] = (),
) -> dict[str, Drift]:
    """Return criterion -> whether it has moved by this week, and whose fault that is.

    Args:
        entries: The ledger.
        instruments: Criterion of the rubric -> today's instrument. Those with entries share the
            yearly rate, also where a run compares only some of them.
        judge: Whose entries count.
        week: The last week that counts.
        yearly: Share of years with a false alarm, over all criteria together.
        accepted: Weeks up to whose alarms are known and accepted.
    """
    history = {
        name: [
            week_from(one)
            for one in series(entries, criterion=name, judge=judge, instrument=instrument)
            if ordinal(one["week"]) <= ordinal(week)
        ]
        for name, instrument in instruments.items()
    }
    history = {name: weeks for name, weeks in history.items() if weeks}
    seen = watch(history, yearly=yearly)
    changes = attribute(seen)
    until = max(accepted, key=ordinal, default="")
    found = {}
    for name in instruments:
        weeks = history.get(name, [])
        mine = [one for one in changes if one.criterion == name]
        declared = [one for one in mine if one.declared]
        # what rang before question or instrument were changed by hand is past
        anew = max((one.since for one in declared), default="")
        rang = [one for one in mine if not one.declared and one.seen > until and one.since >= anew]
        declared = [one for one in declared if one.seen == week]
        looked = any(track.looks for track in seen.tracks.get(name, ()))
        told = _drift(rang, declared, len(weeks), seen.baseline, looked=looked)
        past = [one for one in mine if not one.declared and one.since >= anew and one not in rang]
        found[name] = replace(
            told,
            accepted=tuple(sorted({one.seen for one in past})),
            anew=max((one.since for one in (*rang, *past) if _touches(one)), default=None),
        )
    return found


def _touches(change: Change) -> bool:
    """Whether judge and people may agree otherwise than before a change."""
    return not change.causes or bool({cause.value for cause in change.causes} & _MEASURES)


def _drift(
    rang: Sequence[Change], declared: Sequence[Change], weeks: int, baseline: int, *, looked: bool
) -> Drift:
    if (loudest := leading(rang)) is not None:
        return _moved(loudest)
    if (newest := leading(declared)) is not None:
        # an instrument that somebody changed has not drifted: it starts anew
        moved = _moved(newest)
        return moved if moved.cause == "rubric" else replace(moved, state="unknown")
    if not looked:
        sentence = f"A change can be seen from the {baseline + 1}th week on; there are {weeks}."
        return Drift(state="unknown", cause=None, since=None, found=None, sentence=sentence)
    sentence = "No alarm: nothing has moved by more than chance can explain."
    return Drift(state="steady", cause=None, since=None, found=None, sentence=sentence)


def _moved(change: Change) -> Drift:
    return Drift(
        state="moved",
        cause=change.causes[0].value if change.causes else "inconclusive",
        since=change.since,
        found=change.seen,
        sentence=change.text,
        evidence=tuple(_evidence(one) for one in change.evidence),
    )


def _evidence(found: Found) -> Evidence:
    estimate = found.estimate
    return Evidence(
        cause=found.cause.value,
        verdict=_STATES.get(found.state, "unknown"),  # type: ignore[arg-type]  # of its words
        estimate=None if estimate is None else estimate.estimate,
        low=None if estimate is None else estimate.low,
        high=None if estimate is None else estimate.high,
        sentence=found.text,
    )
