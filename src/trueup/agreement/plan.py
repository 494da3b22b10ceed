"""Planning: how many labels a wanted half-width takes, or a change that should be found.

Every design comes down to two curves, the expected half-width and the power at n labels; a plan
is the first n that meets its goal. What cannot be known beforehand is assumed in words.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri
from scipy.stats import binom

from trueup.errors import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

What = Literal["rate", "tpr", "tnr", "alpha", "kappa", "ac1"]
Design = Literal["random", "stratified", "case_control", "other_period"]

_BY_TRUTH: Final = frozenset({"case_control", "other_period"})
_BY_PILOT: Final = frozenset({"alpha", "kappa", "ac1"})
_RATES: Final = ("rate", "tpr", "tnr")
_CELLS: Final = ("tp", "fp", "fn", "tn")
_METHODS: Final = {
    "random": "PPI++, logit interval, Wald test",
    "stratified": "stratified mean, logit interval, Wald test",
    "case_control": "Rogan-Gladen, Beta draws, Wald test",
    "other_period": "Rogan-Gladen, Beta draws, Wald test",
    "share": "share of labels, Wilson interval, pooled z test",
    "pilot": "scaled from a pilot, Wald test",
}
_MOST: Final = 10**8
_UNIFORM: Final = 0.2  # of a stratified draw is spread evenly, as in `draw`


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
    """Names of the estimator, the interval and the test that the plan is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is planned for, with every number that its curves need."""

    what: What
    design: Design
    rate: float
    tpr: float
    tnr: float
    rho2: float | None
    """Squared correlation of the judge's value and the label; None takes the verdict's."""
    judged: float
    unit_variance: float
    """Variance of sqrt(n) times the estimate, where a pilot measured it."""
    z: float

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Shares of tp, fp, fn and tn."""
        p = self.rate
        return p * self.tpr, (1 - p) * (1 - self.tnr), p * (1 - self.tpr), (1 - p) * self.tnr

    @property
    def truth(self) -> float:
        """The value that is estimated; 1 where only its variance is known."""
        return {"rate": self.rate, "tpr": self.tpr, "tnr": self.tnr}.get(self.what, 1.0)

    @property
    def plain(self) -> bool:
        """Whether the estimate is a share among labels that were drawn alike."""
        alone = self.design == "random" and self.rho2 == 0
        return self.what in {"tpr", "tnr"} or (self.what == "rate" and alone)

    @property
    def used(self) -> float:
        """The share of labels that a plain share can use: those of its class."""
        return {"tpr": self.met, "tnr": 1 - self.met}.get(self.what, 1.0)

    @property
    def met(self) -> float:
        """The share of labels that say met; by human truth, the share that is best."""
        tp, fp, fn, tn = self.cells
        if self.design == "stratified":
            share = self.judged_met
            return share * tp / (tp + fp) + (1 - share) * fn / (fn + tn)
        if self.design != "case_control":
            return self.rate
        return _shared(tp * fn, tn * fp) if self.what == "rate" else float(self.what == "tpr")

    @property
    def judged_met(self) -> float:
        """The share of a stratified draw among items judged met: Neyman, mixed with even."""
        tp, fp, fn, tn = self.cells
        return (1 - _UNIFORM) * _shared(tp * fp, fn * tn) + _UNIFORM * (tp + fp)


def _shared(first: float, second: float) -> float:
    return math.sqrt(first) / (math.sqrt(first) + math.sqrt(second))


def _variance(case: _Case, n: float) -> float:
    """Return the variance of the estimate from n labels that stand for themselves."""
    if case.what in _BY_PILOT:
        return case.unit_variance / n
    if case.plain:
        return case.truth * (1 - case.truth) / (n * case.used)
    p, judged, (tp, fp, fn, tn) = case.rate, max(case.judged, n), case.cells
    met, unmet = tp + fp, fn + tn
    if case.design == "random":
        verdict = (tp * tn - fp * fn) ** 2 / (met * unmet * p * (1 - p))
        rho2 = verdict if case.rho2 is None else case.rho2
        return p * (1 - p) * (1 - rho2 * (1 - n / judged)) / n
    if case.design == "stratified":
        within = tp * fp / case.judged_met + fn * tn / (1 - case.judged_met)
        between = (tp / met - p) ** 2 * met + (fn / unmet - p) ** 2 * unmet
        return within / n + between / judged
    noise = tp * fn / case.met + tn * fp / (1 - case.met)
    return (met * unmet / case.judged + noise / n) / (case.tpr + case.tnr - 1) ** 2


def _half_width(case: _Case, n: float) -> float:
    """Return the expected half-width at n labels that stand for themselves."""
    reach = case.z * math.sqrt(_variance(case, n))
    if case.what in _BY_PILOT:
        return reach
    if case.plain:
        return _wilson_half_width(case.truth, math.floor(n * case.used), case.z)
    if case.design in _BY_TRUTH and n < 3000:  # noqa: PLR2004 - beyond, the delta method does
        return _drawn_half_width(case, n)
    scale = case.truth * (1 - case.truth)
    lower, upper = expit(logit(case.truth) + np.array([-reach, reach]) / scale)
    return float(upper - lower) / 2


def _wilson_half_width(share: float, n: int, z: float) -> float:
    """Return the half-width of Wilson's interval, averaged over what n labels may say."""
    counts, chances = np.array([n * share]), np.ones(1)
    if n < 3000:  # noqa: PLR2004 - beyond, counts hardly vary
        counts = np.arange(n + 1.0)
        chances = binom.pmf(counts, n, share)
    spread = counts * (n - counts) / max(n, 1) + z * z / 4
    return float(chances @ np.sqrt(spread)) * z / (n + z * z)


def _drawn_half_width(case: _Case, n: float) -> float:
    """Average the half-width by Beta draws over counts: the delta method is off by 15 %."""
    generator = np.random.default_rng(0)
    sizes = np.array([n * case.met, n * (1 - case.met), min(case.judged, _MOST)])
    sizes = np.maximum(np.round(sizes), 1).astype(int)[:, None, None]
    shares = np.array([case.tpr, case.tnr, case.cells[0] + case.cells[1]])[:, None, None]
    counts = generator.binomial(sizes, shares, size=(3, 40, 1))
    tpr, tnr, seen = generator.beta(counts + 0.5, sizes - counts + 0.5, size=(3, 40, 250))
    rates = np.clip((seen + tnr - 1) / (tpr + tnr - 1), 0, 1)
    low, high = np.quantile(rates, [ndtr(-case.z), ndtr(case.z)], axis=1)
    return float((high - low).mean()) / 2


def _power(case: _Case, change: float, n: float, against: float) -> float:
    """Return the power of the pooled z test for plain shares, and of the Wald test for the rest."""
    if case.plain:
        p1, p2, old, new = case.truth, case.truth + change, 1 / against, 1 / n
        pooled = p1 + change * old / (old + new)
        null = math.sqrt(pooled * (1 - pooled) * (old + new) / case.used)
        real = math.sqrt((p1 * (1 - p1) * old + p2 * (1 - p2) * new) / case.used)
    else:
        moved = replace(case, rate=case.rate + change) if case.what == "rate" else case
        before = 0.0 if math.isinf(against) else _variance(case, against)
        null = real = math.sqrt(before + _variance(moved, n))
    return float(ndtr((abs(change) - case.z * null) / real))


def _smallest(reached: Callable[[int], bool], most: int) -> int | None:
    """Return the smallest number that reaches the goal, or None where the most does not."""
    high = 1
    while not reached(min(high, most)):
        if high >= most:
            return None
        high *= 2
    return bisect_left(range(min(high, most)), True, lo=high // 2, key=reached)  # noqa: FBT003 - sought


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

    def needed(self, case: _Case) -> int | None:
        """Return the labels needed; None where no number is enough."""
        within = case.design in {"random", "stratified"} and math.isfinite(case.judged)
        most = round(case.judged * self.effect) if within else _MOST
        if self.half_width is None:
            return self.labels or _smallest(lambda n: self.finds(case, self.change or 0, n), most)
        wanted = self.half_width
        return _smallest(lambda n: _half_width(case, n / self.effect) <= wanted, most)

    def finds(self, case: _Case, change: float, n: int) -> bool:
        against = n if self.against is None else self.against
        return _power(case, change, n / self.effect, against / self.effect) >= self.power

    def likely(
        self, case: _Case, pilot: Mapping[str, float], given: Mapping[str, float]
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
    case = _Case(
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
        half_width=_half_width(case, n / goal.effect),
        detects=None if drop is None else drop / 1000,
        allocation=_allocation(case, n),
        likely=goal.likely(case, pilot, given) if pilot and design not in _BY_TRUTH else None,
        assumptions=_assumed(case, goal, known, n),
        alternatives=_alternatives(case, goal) if what == "rate" and judge and not labels else {},
        method=_METHODS["pilot" if what in _BY_PILOT else "share" if case.plain else design],
    )


def _check(what: str, design: str, shares: Mapping[str, float], goal: _Goal) -> None:
    goals = (goal.half_width, goal.labels, goal.change and abs(goal.change))
    if goals.count(None) != 2 or not sum(g or 0 for g in goals) > 0 or goal.effect < 1:  # noqa: PLR2004
        raise ValueError("Give one goal (half_width, change or labels), and groups of 1 or more.")
    planned = what in get_args(What) and design in get_args(Design)
    if not planned or (design == "stratified" and what != "rate"):
        message = f"{what!r} from {design!r} labels cannot be planned; take random ones."
        raise ValueError(message)
    needs = {what} | ({"rate"} if design == "random" else set())
    needs = set(_RATES) if what == "rate" and design != "random" else needs
    needs = {"pilot_half_width"} if what in _BY_PILOT else needs
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
    if what == "rate" and design in _BY_TRUTH and shares["tpr"] + shares["tnr"] <= 1:
        raise Undefined("such a judge is no better than chance", mend="Plan for random labels.")


def _rates(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    return {"rate": (tp + fn) / (tp + fp + fn + tn), "tpr": tp / (tp + fn), "tnr": tn / (fp + tn)}


def _allocation(case: _Case, n: int) -> dict[str, int]:
    if case.design not in {"stratified", "case_control"}:
        return {}
    by = "judged " if case.design == "stratified" else ""
    met = round(n * (case.judged_met if by else case.met))
    return {f"{by}met": met, f"{by}unmet": n - met}


def _alternatives(case: _Case, goal: _Goal) -> dict[str, int | None]:
    """Return what the same goal takes by the other designs, and without the judge."""
    others = {design: replace(case, design=design) for design in get_args(Design)[:3]}
    others["random, labels only"] = replace(case, design="random", rho2=0.0)
    return {name: goal.needed(other) for name, other in others.items() if other != case}


def _assumed(case: _Case, goal: _Goal, known: Mapping[str, float], n: int) -> tuple[str, ...]:
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
