"""One false-alarm budget across everything that a run watches.

Each product (or segment) is watched at a part of `alpha`, and the parts add up to it, so that by
Bonferroni's inequality the chance that any of them raises a false alarm stays below `alpha`,
however they depend on each other. Holm's steps and e-values would give a little of it back, but
both want all evidence at one moment, and watches begin, look and end at different ones.

A product that joins later must not take anything from those that are watched already: their
boundaries were laid when they began. So `JOINING` of the budget is kept aside, and the k-th to join
gets the part 1 / (k (k + 1)) of that, of which there is enough for any number (online alpha
spending, Foster and Stine 2008, doi 10.1111/j.1467-9868.2007.00643.x, in the form without rewards).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart.concurrent.looks import planned_looks

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from trueup.goodhart.spec import WatchSpec

JOINING = 0.2
"""The part of the budget that is kept for products that join."""
_YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Budget:
    """Who is watched at which false-alarm rate.

    Attributes:
        alpha: The rate of all together.
        of: Product or segment -> its own rate.
        joined: Those that came after monitoring began, in the order in which they did.
        kept: What is left for others that join.
    """

    alpha: float
    of: Mapping[str, float]
    joined: tuple[str, ...] = ()
    kept: float = 0.0


def divide(
    first: Mapping[str, dt.datetime | None],
    spec: WatchSpec,
    *,
    declared: Sequence[str] = (),
) -> Budget:
    """Return the false-alarm rate of each product.

    Args:
        first: Product -> instant of its first output, None without time.
        spec: Whose `alpha` is divided; with its `reference`, in which those that are there at the
            beginning appear.
        declared: All that are ever to be watched: these share everything, and nobody joins.
    """
    if len(declared) == 1 or (not declared and len(first) == 1 and "" in first):
        return Budget(spec.alpha, dict.fromkeys(declared or first, spec.alpha))
    if declared:
        return Budget(spec.alpha, dict.fromkeys(declared, spec.alpha / len(declared)))
    known = [at for at in first.values() if at is not None]
    end = min(known) + spec.reference * spec.step if known else None
    late = [
        (at, name) for name, at in first.items() if end is not None and at is not None and at >= end
    ]
    joined = [name for _, name in sorted(late)]
    founders = [name for name in first if name not in joined]
    kept = spec.alpha * JOINING
    found = dict.fromkeys(founders, (spec.alpha - kept) / len(founders))
    for k, name in enumerate(joined, start=1):
        found[name] = kept / (k * (k + 1))
    return Budget(
        spec.alpha,
        {name: found[name] for name in first},
        joined=tuple(joined),
        kept=kept / (len(joined) + 1),
    )


def rate_words(budget: Budget, spec: WatchSpec, design: str) -> str:
    """Return the promise in a sentence, with what it makes in a year.

    Args:
        budget: From `divide`.
        spec: What is watched.
        design: The design of the looks.
    """
    number = len(budget.of)
    over = f" over all {number} watches together" if number > 1 else ""
    text = f"False alarms: at most {_percent(budget.alpha)} {_span(spec, design)}{over}"
    yearly = _yearly(budget.alpha, spec, design)
    if yearly is not None:
        text += f", {_percent(yearly)} a year"
    if budget.kept:
        text += f"; {_percent(budget.kept)} of it is kept for those that join"
    return f"{text}."


def _span(spec: WatchSpec, design: str) -> str:
    looks = planned_looks(spec) if design == "concurrent" else spec.looks(design)
    if looks is None:
        return f"however {'many versions follow' if design == 'releases' else 'long it is watched'}"
    what = "a test" if design == "concurrent" else "a horizon"
    return f"{what} of {looks} look{'' if looks == 1 else 's'}"


def _yearly(alpha: float, spec: WatchSpec, design: str) -> float | None:
    """Return the rate of a year of horizons; None where a year holds no known number of them."""
    looks = spec.looks(design)
    if design != "weekly":
        return None
    if looks is None:
        return alpha
    turns = _YEAR_DAYS / (looks * spec.step.total_seconds() / 86_400)
    return float(min(1.0, 1 - (1 - alpha) ** max(turns, 1.0)))


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"
