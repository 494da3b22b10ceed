"""Agreement and estimation: pure functions on arrays and counts, without I/O.

    from trueup import agreement

    agreement.alpha(ratings, level="ordinal")           # people with each other, or with a judge
    agreement.rates(judged, truth)                      # TPR, TNR, PPV, NPV of a judge
    agreement.corrected_rate(judged=..., labels=..., judged_at_labels=..., label_design="random")

Every figure comes with an interval and says how it was found. What data do not define raises
`Undefined`; NaN is never returned.

To read it: `column` takes arrays as users have them, `grouped` and `shares` hold the variance and
the interval of a proportion, in groups or not. On these rest
- chance-corrected agreement: `ratings` (units merged by pattern), `coefficient`, `resample`, then
  `krippendorff` (with `disagreement`, `many_values`), `cohen`, `gwet`, `weighting`;
- a judge beside people: `diagnostic` (`by_verdict`), `panel`, `ceiling` (`measure`), `alternative`
  (`deficit`), `rank` (`concordance`), `reliability` (`brier`, `folded`);
- corrected rates: `designs` reads and recognises, `corrected` chooses `same_traffic` (`ppi`)
  or `transported` (`rogan_gladen`), both on `posterior`;
- which labels: `plan` (`curves`), `sampling`, `splits`, `stream`;
- `drift`: what moved from week to week, and whose doing it is.
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
    from trueup.agreement.diagnostic import Rates, rates
    from trueup.agreement.estimate import Estimate
    from trueup.agreement.gwet import ac1, ac2, percent_agreement
    from trueup.agreement.krippendorff import alpha
    from trueup.agreement.plan import LabelPlan, plan_labels
    from trueup.agreement.rank import PairedEstimate, correlation, rmse
    from trueup.agreement.reliability import Calibration, calibration
    from trueup.agreement.sampling import Draw, draw
    from trueup.agreement.shares import proportion, wilson
    from trueup.agreement.splits import split
    from trueup.agreement.stream import Reservoir, keep

# a module may not be called like one of its functions: importing it would hide the function
_HOMES = {
    name: home
    for home, names in {
        "alternative": "AltTest EPSILON alt_test",
        "ceiling": "HumanCeiling human_ceiling",
        "coefficient": "Coefficient",
        "cohen": "kappa",
        "corrected": "Rate corrected_rate",
        "diagnostic": "Rates rates",
        "estimate": "Estimate",
        "gwet": "ac1 ac2 percent_agreement",
        "krippendorff": "alpha",
        "plan": "LabelPlan plan_labels",
        "rank": "PairedEstimate correlation rmse",
        "reliability": "Calibration calibration",
        "sampling": "Draw draw",
        "shares": "proportion wilson",
        "splits": "split",
        "stream": "Reservoir keep",
    }.items()
    for name in names.split()
}

__all__ = [
    "EPSILON",
    "AltTest",
    "Calibration",
    "Coefficient",
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
    "alt_test",
    "calibration",
    "corrected_rate",
    "correlation",
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
