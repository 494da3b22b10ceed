"""Planned: what more labels would bring, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.agreement.plan import plan_labels
from trueup.errors import TooFewLabels, Undefined
from trueup.runner.calibration.result import Absent, Agreement, Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.runner.calibration.result import CriterionResult

HALF_WIDTH = 0.05
"""A pass rate known to five points tells most releases apart."""

_MORE = "label all that was drawn, and draw more items a week"


def planned(criteria: Sequence[CriterionResult]) -> str:
    """Return how many labels would give the least known pass rate a half-width of .05."""
    widest: tuple[float, CriterionResult, Agreement] | None = None
    for found in criteria:
        rate, beside = found.pass_rate.corrected, found.agreement
        if isinstance(rate, Figure) and isinstance(beside, Agreement):
            width = (rate.high - rate.low) / 2
            if widest is None or width > widest[0]:
                widest = (width, found, beside)
    if widest is None:
        return _unplanned(criteria)
    width, found, beside = widest
    if width <= HALF_WIDTH:
        return f"Every pass rate is known to within {width:.2f}."
    rate = found.pass_rate.corrected
    if isinstance(beside.tpr, Absent) or isinstance(beside.tnr, Absent) or isinstance(rate, Absent):
        return f"{found.id} is known to within {width:.2f}; {_MORE}."
    tpr, tnr = (min(max(one.estimate, 0.01), 0.99) for one in (beside.tpr, beside.tnr))
    # a judge no better than chance saves no labels
    helps = tpr + tnr > 1
    try:
        plan = plan_labels(
            half_width=HALF_WIDTH,
            design="random",
            rate=min(max(rate.estimate, 0.01), 0.99),
            tpr=tpr if helps else None,
            tnr=tnr if helps else None,
        )
    except (Undefined, TooFewLabels, ValueError):
        return f"{found.id} is known to within {width:.2f}; {_MORE}."
    return (
        f"{found.id} is known to within {width:.2f} from {rate.n} labelled items; "
        f"about {plan.labels} would give {HALF_WIDTH:g}."
    )


def _unplanned(criteria: Sequence[CriterionResult]) -> str:
    """Return why no pass rate is corrected, which is what a plan begins with."""
    reasons: dict[str, list[str]] = {}
    for found in criteria:
        rate = found.pass_rate.corrected
        why = rate.why if isinstance(rate, Absent) else "judge and people were not compared"
        reasons.setdefault(why, []).append(found.id)
    one = len(reasons) == 1
    said = [why if one else f"{', '.join(ids)}: {why}" for why, ids in reasons.items()]
    return f"How many labels are needed cannot be told yet: {'; '.join(said)}." if said else ""
