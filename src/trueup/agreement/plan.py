"""Planning: how many labels a wanted half-width takes, or a change that should be found.

Every design comes down to two curves, the expected half-width and the power at n labels; a plan
is the first n that meets its goal. What cannot be known beforehand is assumed in words.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
from scipy.special import ndtri

from trueup.agreement import curves
from trueup.agreement.curves import BY_PILOT, BY_TRUTH, MOST, Case, What
from trueup.agreement.designs import DESIGNS
from trueup.errors import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.agreement.designs import Design

_RATES: Final = ("rate", "tpr", "tnr")
_CELLS: Final = ("tp", "fp", "fn", "tn")
_METHODS: Final = {
    "random": "PPI++, width as on the logit scale, Wald test",
    "stratified": "stratified mean, width as on the logit scale, Wald test",
    "case_control": "Rogan-Gladen, Beta draws, Wald test",
    "other_period": "Rogan-Gladen, Beta draws, Wald test",
    "share": "share of labels, Wilson interval, pooled z test",
    "pilot": "scaled from a pilot, Wald test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPlan:
    """How many labels, and what was assumed to say so."""

    labels: int
    """In each period, where a change between two is to be found."""
    positives: float | None
    """Labels among them expected to say met; None where neither rate nor design tells."""
    negatives: float | None
    """The same of unmet."""
    half_width: float
    """Expected half-width of the interval with these labels."""
    detects: float | None
    """Smallest drop, in thousandths, that they find with the power asked for; None if none."""
    allocation: dict[str, int]
    """Labels by the judge's verdict (stratified) or by human truth (case_control); else empty."""
    likely: tuple[int, int] | None
    """10th and 90th percentile of the labels needed, given how little the pilot knows."""
    assumptions: tuple[str, ...]
    alternatives: dict[str, int | None]
    """Labels for the same goal by other designs; None where it is out of their reach."""
    method: str
    """Names of the estimator that is planned for, of how its width is foreseen, and of the test."""


def _smallest(reached: Callable[[int], bool], most: int) -> int | None:
    """Return the smallest number that reaches the goal, or None where the most does not."""
    high = 1
    while not reached(min(high, most)):
        if high >= most:
            return None
        high *= 2
    return bisect_left(range(min(high, most)), True, lo=max(high // 2, 1), key=reached)  # noqa: FBT003 - sought


@dataclass(frozen=True, slots=True)
class _Goal:
    """What is wanted of the labels; one of the first three is given."""

    half_width: float | None
    change: float | None
    labels: int | None
    against: float | None
    power: float
    effect: float
    """Labels that count for one, where they come in groups."""

    def needed(self, case: Case) -> int | None:
        """Return the labels needed; None where no number is enough."""
        within = case.design in {"random", "stratified"} and math.isfinite(case.judged)
        most = round(case.judged * self.effect) if within else MOST
        if self.half_width is None:
            return self.labels or _smallest(lambda n: self.finds(case, self.change or 0, n), most)
        wanted = self.half_width
        return _smallest(lambda n: curves.half_width(case, n / self.effect) <= wanted, most)

    def finds(self, case: Case, change: float, n: int) -> bool:
        against = n if self.against is None else self.against
        reached = curves.power(case, change, n=n / self.effect, against=against / self.effect)
        return reached >= self.power

    def likely(
        self, case: Case, pilot: Mapping[str, float], given: Mapping[str, float]
    ) -> tuple[int, int]:
        """Return the 10th and 90th percentile of the labels needed, over tables like the pilot."""
        tables = np.random.default_rng(0).dirichlet([pilot[name] + 0.5 for name in _CELLS], 100)
        rates: list[dict[str, Any]] = [{**_rates(*table), **given} for table in tables]
        needed = [self.needed(replace(case, **r)) or self.effect * case.judged for r in rates]
        return int(np.quantile(needed, 0.1)), math.ceil(np.quantile(needed, 0.9))


def plan_labels(
    *,
    half_width: float | None = None,
    change: float | None = None,
    labels: int | None = None,
    what: What = "rate",
    design: Design = "random",
    rate: float | None = None,
    tpr: float | None = None,
    tnr: float | None = None,
    correlation: float | None = None,
    pilot: Mapping[str, float] | None = None,
    pilot_units: int = 0,
    pilot_half_width: float = 0,
    judged: float = math.inf,
    against: float | None = None,
    cluster_size: float = 1,
    icc: float = 0,
    power: float = 0.8,
    ci: float = 0.95,
) -> LabelPlan:
    """Plan how many labels a half-width or a change takes, or what a number of labels gives.

    Variances with n labels, N judged items and true rate p. random: p (1 - p) [1 - r^2 (1 - n/N)]
    / n, r the correlation of judge and label (PPI++); stratified by verdict k: sum W_k^2 p_k
    (1 - p_k) / n_k + sum W_k (p_k - p)^2 / N; case_control, other_period: Rogan and Gladen's;
    tpr, tnr: shares of the labels of one class, so the rare class rules; alpha, kappa, ac1:
    n = n_pilot (h_pilot / h)^2. In groups of m, 1 + (m - 1) icc labels count for one.
    By simulation half-widths come out at 0.93 to 1.06 times the plan from 60 labels on, at 0.87
    at 26, and at 1.09 from 106 by human truth at a rate of .95. Wrong where rates assumed are.

    Source: Angelopoulos, Duchi and Zrnic (2023), "PPI++"; Neyman (1934); Rogan and Gladen (1978);
    Wilson (1927); Kish (1965) for groups; `power.prop.test` of R for the pooled test.

    Args:
        half_width: Wanted of the interval on average. Give this, `change` or `labels`.
        change: Wanted to be found between two periods, below 0 for a drop.
        labels: At hand: then the plan says what half-width and what drop they are good for.
        what: The figure, of one criterion; met is the positive class.
        design: How labels come, see `corrected_rate`; stratified is by the judge's verdict.
        rate: True share of met, as far as known.
        tpr: The judge's, as far as known.
        tnr: The judge's, as far as known.
        correlation: Of the judge's value and the label, where the judge says more than a verdict.
        pilot: Counts tp, fp, fn, tn of a random sample, for rates not given; each gets 0.5 more.
        pilot_units: Units behind a measured alpha, kappa or AC1.
        pilot_half_width: Of its interval, at the same `ci`.
        judged: Items judged; random and stratified labels are some of them.
        against: Labels behind the figure compared with; as many if None, math.inf for a bar.
        cluster_size: Mean number of labels in a group, weighted by size where sizes differ.
        icc: Correlation of labels in a group.
        power: Chance of finding the change.
        ci: Two-sided level of the interval; 1 - `ci` is the size of the test.

    Raises:
        ValueError: Of goals or rates that are missing, doubled or outside their range.
        Undefined: Where no number of labels is enough, or the judge is no better than chance.

    >>> plan_labels(change=.25, power=.9, what="tpr", tpr=.5, design="case_control").labels  # R
    77
    >>> plan_labels(half_width=.05, rate=.8, tpr=.9, tnr=.8, judged=5000).labels
    144
    """
    given = {k: v for k, v in zip(_RATES, (rate, tpr, tnr), strict=True) if v is not None}
    counts = [(pilot or {}).get(name, math.nan) + 0.5 for name in _CELLS]
    known = {**(_rates(*counts) if pilot else {}), **given}
    goal = _Goal(half_width, change, labels, against, power, 1 + (cluster_size - 1) * icc)
    measured = {"pilot_half_width": pilot_half_width} if pilot_units else {}
    _check(what, design, {"ci": ci, "power": power, **known, **measured}, goal)
    z, judge = float(ndtri((1 + ci) / 2)), {"tpr", "tnr"} <= known.keys()
    case = Case(
        what=what,
        design=design,
        **{**dict.fromkeys(_RATES, 0.5), **known},
        rho2=correlation**2 if correlation is not None else None if judge else 0.0,
        judged=judged / goal.effect,
        unit_variance=pilot_units * (pilot_half_width / z) ** 2,
        z=z,
    )
    n = goal.needed(case)
    if n is None:
        raise Undefined("no number of labels is enough for this", mend="Judge more, or ask less.")
    drop = _smallest(lambda d: goal.finds(case, -d / 1000, n), math.ceil(case.truth * 1000) - 1)
    met = case.met if "rate" in known or design == "case_control" else None
    return LabelPlan(
        labels=n,
        positives=None if met is None else n * met,
        negatives=None if met is None else n * (1 - met),
        half_width=curves.half_width(case, n / goal.effect),
        detects=None if drop is None else drop / 1000,
        allocation=_allocation(case, n),
        likely=goal.likely(case, pilot, given) if pilot and design not in BY_TRUTH else None,
        assumptions=_assumed(case, goal, known, n),
        alternatives=_alternatives(case, goal) if what == "rate" and judge and not labels else {},
        method=_METHODS["pilot" if what in BY_PILOT else "share" if case.plain else design],
    )


def _check(what: str, design: str, shares: Mapping[str, float], goal: _Goal) -> None:
    goals = (goal.half_width, goal.labels, goal.change and abs(goal.change))
    if (goal.half_width or 0) >= 1 or (goal.labels or 1) % 1 or math.isnan(goal.against or 0):
        raise ValueError("A half_width is below 1, and labels are whole numbers.")
    if goals.count(None) != 2 or not sum(g or 0 for g in goals) > 0 or goal.effect < 1:  # noqa: PLR2004
        raise ValueError("Give one goal (half_width, change or labels), and groups of 1 or more.")
    planned = what in get_args(What) and design in DESIGNS
    if not planned or (design == "stratified" and what != "rate"):
        message = f"{what!r} from {design!r} labels cannot be planned; take random ones."
        raise ValueError(message)
    needs = {what} | ({"rate"} if design == "random" else set())
    needs = set(_RATES) if what == "rate" and design != "random" else needs
    needs = {"pilot_half_width"} if what in BY_PILOT else needs
    missing = ", ".join(sorted(needs - shares.keys()))
    if missing:
        message = f"Planning {what!r} from {design!r} labels needs {missing}; give it, or a pilot."
        raise ValueError(message)
    for name, share in shares.items():
        if not 0 < share < 1:
            message = f"{name}={share} must lie between 0 and 1; a pilot has {', '.join(_CELLS)}."
            raise ValueError(message)
    end = shares.get(what, 0.5) + (goal.change or 0)
    if not 0 < end < 1 and what in _RATES:
        message = f"A change of {goal.change:+g} ends at {end:.3g}; it must stay between 0 and 1."
        raise ValueError(message)
    if what == "rate" and design in BY_TRUTH and shares["tpr"] + shares["tnr"] <= 1:
        raise Undefined("such a judge is no better than chance", mend="Plan for random labels.")


def _rates(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    return {"rate": (tp + fn) / (tp + fp + fn + tn), "tpr": tp / (tp + fn), "tnr": tn / (fp + tn)}


def _allocation(case: Case, n: int) -> dict[str, int]:
    if case.design not in {"stratified", "case_control"}:
        return {}
    by = "judged " if case.design == "stratified" else ""
    met = round(n * (case.judged_met if by else case.met))
    return {f"{by}met": met, f"{by}unmet": n - met}


def _alternatives(case: Case, goal: _Goal) -> dict[str, int | None]:
    """Return what the same goal takes by the other designs, and without the judge."""
    others = {design: replace(case, design=design) for design in DESIGNS[:3]}
    others["random, labels only"] = replace(case, design="random", rho2=0.0)
    return {name: goal.needed(other) for name, other in others.items() if other != case}


def _assumed(case: Case, goal: _Goal, known: Mapping[str, float], n: int) -> tuple[str, ...]:
    sentences = [f"{name} is taken to be {value:.3g}." for name, value in known.items()]
    if case.design in {"random", "stratified"} and math.isfinite(case.judged):
        sentences.append("Labels are of judged items, and the figure is of traffic like them.")
    if case.what in {"tpr", "tnr"}:
        sentences.append(f"About {n * case.used:.0f} labels are of the class that counts.")
    if goal.effect > 1:
        sentences.append(f"Groups make {goal.effect:.2f} labels count for one.")
    if goal.change:
        sentences.append(f"A change of {goal.change:+g} is found {goal.power:.0%} of the time.")
    else:
        sentences.append("The half-width is met on average; a single one comes out about it.")
    return tuple(sentences)
