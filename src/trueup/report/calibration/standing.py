"""How a criterion stands, in words: what every form of the report says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.report.calibration.figures import known, short_week, why
from trueup.report.safe import one_line
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a criterion holds, by its bars and its judge."""

    gate: Gate
    reasons: tuple[str, ...]
    """Why it does not hold, or cannot be told to, in a sentence each."""


def standing(criterion: CriterionResult) -> Standing:
    """Return whether a criterion holds, by the rule of the gate.

    It fails where a bar is missed, or judge or raters have moved; it is inconclusive where it is
    not compared with people, where a bar is open, or where nobody knows what has moved.
    """
    drift = criterion.drift
    cause = drift.cause if drift.state == "moved" else "nothing"
    failed = [*criterion.bars, *([drift.sentence] if cause in {"judge", "raters"} else [])]
    if failed:
        return Standing(gate="failed", reasons=tuple(failed))
    unknown = list(criterion.open_bars)
    if isinstance(criterion.agreement, Absent):
        unknown.append(f"Agreement with people is not known: {_stop(criterion.agreement.why)}")
    if not known(criterion.pass_rate.judge):
        unknown.append(f"Nothing was judged: {_stop(why(criterion.pass_rate.judge))}")
    if cause in {None, "inconclusive"}:
        unknown.append(drift.sentence)
    return Standing(gate="inconclusive" if unknown else "passed", reasons=tuple(unknown))


def drift_words(drift: Drift) -> str:
    """Return a drift in two words, as `steady`, `judge drifted`."""
    if drift.state == "moved":
        return _CAUSES[drift.cause]
    if drift.state == "steady":
        return "steady"
    # what somebody changed has not drifted, and starts anew
    return "instrument changed" if drift.cause else "not known yet"


def since_words(drift: Drift) -> str:
    """Return since when, as `since W45`; empty where nothing moved or the week is not known."""
    if drift.state == "steady" or not drift.since:
        return ""
    return f"since {one_line(short_week(drift.since), 20)}"


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


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
