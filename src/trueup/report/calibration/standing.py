"""How a criterion stands, in the words of every form of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.calibration.figures import known, short_week, why
from trueup.report.safe import one_line
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trueup.runner.calibration.result import Calibration, CriterionResult, Drift, Gate

_CAUSES: Mapping[str | None, str] = {
    "judge": "judge drifted",
    "rubric": "question changed",
    "raters": "raters moved",
    "traffic": "traffic moved",
    "system": "system moved",
    "inconclusive": "moved, cause unclear",
    None: "moved, cause unclear",
}
GATES: Mapping[Gate, str] = {
    "passed": "gate passed",
    "failed": "gate failed",
    "inconclusive": "gate inconclusive",
}


def drift_words(drift: Drift) -> str:
    """Return a drift in two words, as `steady`, `judge drifted`."""
    if drift.state == "moved":
        return _CAUSES[drift.cause]
    if drift.state == "steady":
        return "steady"
    # what somebody changed has not drifted, and starts anew
    return "instrument changed" if drift.cause else "not known yet"


def since_words(drift: Drift) -> str:
    """Return since when, as `since W45`, or which alarm was accepted; empty where there is none."""
    if drift.state != "steady" and drift.since:
        return f"since {one_line(short_week(drift.since), 20)}"
    weeks = ", ".join(one_line(short_week(week), 20) for week in drift.accepted[-2:])
    return f"{weeks} accepted" if weeks else ""


def weeks_words(sittings: Sequence[str], *, to: str = " to ") -> str:
    """Return the sittings that something rests on, as `W27 to W34`."""
    names = [one_line(short_week(name), 20) for name in sittings]
    return f"{names[0]}{to}{names[-1]}" if len(names) > 1 else "".join(names)


def moved(calibration: Calibration) -> tuple[CriterionResult, ...]:
    """Return the criteria of which something has moved."""
    return tuple(one for one in calibration.criteria if one.drift.state == "moved")


def absences(criterion: CriterionResult) -> Iterator[str]:
    """Yield which of the main figures are missing, and why; those with one reason together."""
    by_reason: dict[str, list[str]] = {}
    found = criterion.agreement
    if isinstance(found, Absent):
        by_reason[found.why] = ["TPR", "TNR", "alpha"]
    else:
        figures = {"TPR": found.tpr, "TNR": found.tnr, "alpha": found.alpha, "people": found.people}
        for name, figure in figures.items():
            if not known(figure):
                by_reason.setdefault(why(figure), []).append(name)
    rates = {
        "corrected rate": criterion.pass_rate.corrected,
        "judge's rate": criterion.pass_rate.judge,
    }
    for name, figure in rates.items():
        if not known(figure):
            by_reason.setdefault(why(figure), []).append(name)
    for reason, names in by_reason.items():
        yield f"no {_listed(names)}: {reason}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
