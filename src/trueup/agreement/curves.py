"""What n labels give: the variance, the expected half-width and the power of every design.

Nothing here has seen a label; the rates are those that a plan assumes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from scipy.special import expit, logit, ndtr
from scipy.stats import binom

if TYPE_CHECKING:
    from trueup.agreement.designs import Design

What = Literal["rate", "tpr", "tnr", "alpha", "kappa", "ac1"]

BY_TRUTH: Final = frozenset({"case_control", "other_period"})
BY_PILOT: Final = frozenset({"alpha", "kappa", "ac1"})
MOST: Final = 10**8
"""Labels beyond which no plan goes."""
_UNIFORM: Final = 0.2  # of a stratified draw is spread evenly, as in `draw`


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
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


def variance(case: Case, n: float) -> float:
    """Return the variance of the estimate from n labels that stand for themselves."""
    if case.what in BY_PILOT:
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


def half_width(case: Case, n: float) -> float:
    """Return the expected half-width at n labels that stand for themselves."""
    reach = case.z * math.sqrt(variance(case, n))
    if case.what in BY_PILOT:
        return reach
    if case.plain:
        return _wilson_half_width(case.truth, math.floor(n * case.used), case.z)
    if case.design in BY_TRUTH and n < 3000:  # noqa: PLR2004 - beyond, the delta method does
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


def _drawn_half_width(case: Case, n: float) -> float:
    """Average the half-width by Beta draws over counts: the delta method is off by 15 %."""
    generator = np.random.default_rng(0)
    sizes = np.array([n * case.met, n * (1 - case.met), min(case.judged, MOST)])
    sizes = np.maximum(np.round(sizes), 1).astype(int)[:, None, None]
    shares = np.array([case.tpr, case.tnr, case.cells[0] + case.cells[1]])[:, None, None]
    counts = generator.binomial(sizes, shares, size=(3, 40, 1))
    tpr, tnr, seen = generator.beta(counts + 0.5, sizes - counts + 0.5, size=(3, 40, 250))
    rates = np.clip((seen + tnr - 1) / (tpr + tnr - 1), 0, 1)
    low, high = np.quantile(rates, [ndtr(-case.z), ndtr(case.z)], axis=1)
    return float((high - low).mean()) / 2


def power(case: Case, change: float, *, n: float, against: float) -> float:
    """Return the power of the pooled z test for plain shares, and of the Wald test for the rest."""
    if case.plain:
        p1, p2, old, new = case.truth, case.truth + change, 1 / against, 1 / n
        pooled = p1 + change * old / (old + new)
        null = math.sqrt(pooled * (1 - pooled) * (old + new) / case.used)
        real = math.sqrt((p1 * (1 - p1) * old + p2 * (1 - p2) * new) / case.used)
    else:
        moved = replace(case, rate=case.rate + change) if case.what == "rate" else case
        before = 0.0 if math.isinf(against) else variance(case, against)
        null = real = math.sqrt(before + variance(moved, n))
    return float(ndtr((abs(change) - case.z * null) / real))
