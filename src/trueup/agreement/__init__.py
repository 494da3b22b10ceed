"""Agreement and estimation: pure functions on arrays and counts, without I/O.

    from trueup import agreement

    agreement.alpha(ratings, level="ordinal")           # people with each other, or with a judge
    agreement.rates(judged, truth)                      # TPR, TNR, PPV, NPV of a judge
    agreement.corrected_rate(judged=..., labels=..., judged_at_labels=..., label_design="random")

Every figure comes with an interval and says how it was found. What data do not define raises
`Undefined`; NaN is never returned.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.agreement.alternative import EPSILON, AltTest, alt_test
    from trueup.agreement.ceiling import HumanCeiling, human_ceiling
    from trueup.agreement.coefficient import Coefficient
    from trueup.agreement.cohen import kappa
    from trueup.agreement.corrected import Rate, corrected_rate
    from trueup.agreement.crosstab import Confusion, confusion
    from trueup.agreement.diagnostic import Rates, rates
    from trueup.agreement.estimate import Estimate
    from trueup.agreement.gwet import ac1, ac2, percent_agreement
    from trueup.agreement.krippendorff import alpha
    from trueup.agreement.plan import LabelPlan, plan_labels
    from trueup.agreement.rank import PairedEstimate, correlation, rmse
    from trueup.agreement.reliability import Calibration, calibration
    from trueup.agreement.sampling import Draw, design_variance, draw
    from trueup.agreement.shares import proportion, wilson
    from trueup.agreement.splits import Reservoir, keep, split
    from trueup.agreement.tables import alphas

# a module may not be called like one of its functions: importing it would hide the function
_HOMES = {
    "AltTest": "alternative",
    "Calibration": "reliability",
    "Coefficient": "coefficient",
    "Confusion": "crosstab",
    "Draw": "sampling",
    "EPSILON": "alternative",
    "Estimate": "estimate",
    "HumanCeiling": "ceiling",
    "LabelPlan": "plan",
    "PairedEstimate": "rank",
    "Rate": "corrected",
    "Rates": "diagnostic",
    "Reservoir": "splits",
    "ac1": "gwet",
    "ac2": "gwet",
    "alpha": "krippendorff",
    "alphas": "tables",
    "alt_test": "alternative",
    "calibration": "reliability",
    "confusion": "crosstab",
    "corrected_rate": "corrected",
    "correlation": "rank",
    "design_variance": "sampling",
    "draw": "sampling",
    "human_ceiling": "ceiling",
    "kappa": "cohen",
    "keep": "splits",
    "percent_agreement": "gwet",
    "plan_labels": "plan",
    "proportion": "shares",
    "rates": "diagnostic",
    "rmse": "rank",
    "split": "splits",
    "wilson": "shares",
}

__all__ = [
    "EPSILON",
    "AltTest",
    "Calibration",
    "Coefficient",
    "Confusion",
    "Draw",
    "Estimate",
    "HumanCeiling",
    "LabelPlan",
    "PairedEstimate",
    "Rate",
    "Rates",
    "Reservoir",
    "ac1",
    "ac2",
    "alpha",
    "alphas",
    "alt_test",
    "calibration",
    "confusion",
    "corrected_rate",
    "correlation",
    "design_variance",
    "draw",
    "human_ceiling",
    "kappa",
    "keep",
    "percent_agreement",
    "plan_labels",
    "proportion",
    "rates",
    "rmse",
    "split",
    "wilson",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        from trueup.errors import did_you_mean  # noqa: PLC0415 - only on a mistake

        msg = f"module 'trueup.agreement' has no attribute {name!r}. {did_you_mean(name, __all__)}"
        raise AttributeError(msg)
    value = getattr(import_module(f"trueup.agreement.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
