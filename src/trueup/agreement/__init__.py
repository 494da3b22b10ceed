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
    from trueup.agreement.alpha import alpha
    from trueup.agreement.alt_test import alt_test
    from trueup.agreement.calibration import calibration
    from trueup.agreement.ceiling import human_ceiling
    from trueup.agreement.corrected import Rate, corrected_rate
    from trueup.agreement.estimate import Estimate
    from trueup.agreement.gwet import ac1, ac2
    from trueup.agreement.kappa import kappa
    from trueup.agreement.plan import plan_labels
    from trueup.agreement.proportion import proportion, wilson
    from trueup.agreement.rank import correlation, rmse
    from trueup.agreement.rates import confusion, rates
    from trueup.agreement.sampling import draw
    from trueup.agreement.splits import split

_HOMES = {
    "Estimate": "estimate",
    "Rate": "corrected",
    "ac1": "gwet",
    "ac2": "gwet",
    "alpha": "alpha",
    "alt_test": "alt_test",
    "calibration": "calibration",
    "confusion": "rates",
    "corrected_rate": "corrected",
    "correlation": "rank",
    "draw": "sampling",
    "human_ceiling": "ceiling",
    "kappa": "kappa",
    "plan_labels": "plan",
    "proportion": "proportion",
    "rates": "rates",
    "rmse": "rank",
    "split": "splits",
    "wilson": "proportion",
}

__all__ = [
    "Estimate",
    "Rate",
    "ac1",
    "ac2",
    "alpha",
    "alt_test",
    "calibration",
    "confusion",
    "corrected_rate",
    "correlation",
    "draw",
    "human_ceiling",
    "kappa",
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
