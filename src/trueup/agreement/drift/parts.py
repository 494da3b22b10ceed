"""Parts: how much of a moved pass rate is the traffic's, the judge's and the system's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.drift.scan import inflation_of
from trueup.agreement.drift.stream import judged, sittings
from trueup.agreement.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.agreement.drift.week import Week

    Floats = NDArray[np.float64]

Z = 1.959963984540054
_APART = 6.634896601021215
"""The 99 % quantile of chi-square with one degree of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read how far a part moved the pass rate."""

    value: float
    variance: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A change of the judge's pass rate, split; all in shares of verdicts, with 95 % intervals.

    `total` is `mix` + `within`, and `within` is `judge` + `system`.
    """

    total: Estimate
    mix: Estimate
    """The segments' shares moved (Kitagawa)."""
    within: Estimate
    """Within segments more or fewer verdicts say met."""
    judge: Estimate | None
    """The judge answers the same things otherwise; None where nothing tells."""
    system: Estimate | None
    """What neither mix nor judge explains."""
    system_z: float
    """Of the system's part, 0 where unknown."""
    flips: Estimate | None
    """By how much more often an anchor is answered otherwise than before."""


def split(
    weeks: Sequence[Week], early: Sequence[int], late: Sequence[int], *, labels: bool = True
) -> Parts | None:
    """Split the change of the pass rate between two windows; None where one has no verdicts.

    Mix and within are Kitagawa's (1955, JASA 50): shares' change x mean rate, rates' change x mean
    share. What the judge explains is read from the anchors (verdicts that moved, weighted to the
    early pass rate; with an anchor more that moved either way, so that none that moved is no proof
    that none would) and, where the labels can be trusted, from fresh items: the verdicts' rate
    given the label. The system's part is what remains, and is read a second time from the labels'
    own rate, times how much a verdict follows a label. Each is weighted by its precision.

    It is wrong where people's labels drift together (`labels=False` leaves them out), and where
    anchors are unlike production in what the judge gets wrong. Labels of one person who is often
    wrong give the judge some of the system's part: with an error of 10 %, 2.2 of 5.6 points; labels
    on which two people agree do not (at most 0.2 points in the settings that were simulated).

    Args:
        weeks: One criterion's weeks.
        early: Positions of the weeks before the change.
        late: Positions of the weeks from it on.
        labels: Whether the labels mean the same in both windows.

    >>> from trueup.agreement.drift.week import Count, Week
    >>> first = {"a": Count(80, 100), "b": Count(60, 100)}
    >>> then = {"a": Count(30, 50), "b": Count(75, 150)}
    >>> weeks = [
    ...     Week(week="2026-W01", question="q", instrument="j", judged=first),
    ...     Week(week="2026-W02", question="q", instrument="j", judged=then),
    ... ]
    >>> parts = split(weeks, [0], [1])
    >>> [round(part.estimate, 4) for part in (parts.total, parts.mix, parts.within)]
    [-0.175, -0.0375, -0.1375]
    """
    found = _kitagawa(weeks, early, late)
    if found is None:
        return None
    mix, within, rate = found
    anchors, flips = _anchors(weeks, early, late, rate)
    fresh, people = _labelled(weeks, early, late, mix.value) if labels else (None, None)
    judge = _pool([anchors, fresh])
    rest = judge and _less(within, judge, within.variance + judge.variance)
    system = _pool([rest, people])
    total = Reading(
        value=mix.value + within.value, variance=mix.variance + within.variance, n=mix.n
    )
    return Parts(
        total=_estimate(total, "difference of rates"),
        mix=_estimate(mix, "Kitagawa, shares"),
        within=_estimate(within, "Kitagawa, rates within segments"),
        judge=_known(system and _less(within, system, system.variance), "within less system"),
        system=_known(system, "within less judge, pooled with labels' own rate"),
        system_z=system.value / math.sqrt(system.variance) if system else 0.0,
        flips=_known(flips, "share of anchors that moved, Bonett-Price"),
    )


def _kitagawa(
    weeks: Sequence[Week], early: Sequence[int], late: Sequence[int]
) -> tuple[Reading, Reading, float] | None:
    """Return the mix part, the within part, and the early rate; None where a window is empty."""
    weekly, seen = judged(weeks, [*early, *late])
    filled = seen.sum(axis=0) > 0
    weekly, seen, cut = weekly[:, filled], seen[:, filled], len(early)
    hits = np.stack([weekly[:cut].sum(axis=0), weekly[cut:].sum(axis=0)])
    of = np.stack([seen[:cut].sum(axis=0), seen[cut:].sum(axis=0)])
    if (of.sum(axis=1) == 0).any():
        return None
    share = of / of.sum(axis=1, keepdims=True)
    # a segment that is new or gone has the rate of the window that knows it
    rate = np.divide(hits, of, out=np.tile(hits.sum(axis=0) / of.sum(axis=0), (2, 1)), where=of > 0)
    had = seen.sum(axis=1) > 0
    shocks = inflation_of(weekly[had], seen[had], int(had[:cut].sum()), exact=False)
    n = int(of.sum())
    mix = Reading(
        value=float((share[1] - share[0]) @ rate.mean(axis=0)),
        variance=shocks * _mix_variance(of, share, rate),
        n=n,
    )
    within = Reading(
        value=float(share.mean(axis=0) @ (rate[1] - rate[0])),
        variance=shocks * _within_variance(hits, of, share),
        n=n,
    )
    return mix, within, float(share[0] @ rate[0])


def _within_variance(hits: Floats, of: Floats, share: Floats) -> float:
    """Return the sampling variance of the within part, with half a hit and a miss more."""
    variance = ((hits + 0.5) * (of - hits + 0.5) / (of + 1) ** 3).sum(axis=0)
    return float((share.mean(axis=0) ** 2 * variance)[(of > 0).all(axis=0)].sum())


def _mix_variance(of: Floats, share: Floats, rate: Floats) -> float:
    """Return the sampling variance of the mix part: of the shares, and of the rates."""
    mean = rate.mean(axis=0)
    shares = (share @ mean**2 - (share @ mean) ** 2) / of.sum(axis=1)
    rates = (share[1] - share[0]) ** 2 * mean * (1 - mean) / of.sum(axis=0)
    return float(shares.sum() + rates.sum())


def _anchors(
    weeks: Sequence[Week], early: Sequence[int], late: Sequence[int], rate: float
) -> tuple[Reading | None, Reading | None]:
    """Return what the anchors say the judge's change does to the pass rate, and their flips."""
    table = sittings(weeks, [*early, *late])
    seen0, seen1 = np.isfinite(table[: len(early)]), np.isfinite(table[len(early) :])
    both = seen0.any(0) & seen1.any(0)
    if not both.any():
        return None, None
    before = np.nansum(table[: len(early), both], axis=0) / seen0[:, both].sum(0)
    after = np.nansum(table[len(early) :, both], axis=0) / seen1[:, both].sum(0)
    moved, met = after - before, before > 0.5  # noqa: PLR2004 - the majority
    flips = _plus(np.where(met, -moved, moved))
    value = variance = 0.0
    for share, among in ((rate, moved[met]), (1 - rate, moved[~met])):
        part = _plus(among)
        value += share * part.value
        variance += share**2 * part.variance
    count = int(both.sum())
    return Reading(value=value, variance=variance, n=count), flips


def _plus(moved: Floats) -> Reading:
    """Return the mean with two more anchors, of which one moved either way.

    Source: Bonett and Price (2012), "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data", Journal of Educational and Behavioral Statistics 37.
    """
    n = len(moved) + 2
    mean = float(moved.sum()) / n
    spread = (float((moved**2).sum()) + 2) / n**2 - mean**2 / n
    return Reading(value=mean, variance=spread, n=len(moved))


def _labelled(
    weeks: Sequence[Week], early: Sequence[int], late: Sequence[int], mix: float
) -> tuple[Reading | None, Reading | None]:
    """Return the judge's part and the system's part of the change, as the fresh labels tell them.

    The first is the change of the verdicts' rate among items of equal label, the second the change
    of the labels' own rate, less that of the mix, times the difference that a label makes.
    """
    tables = [_table(weeks, part) for part in (early, late)]
    n = np.array([table.sum() for table in tables])
    if min(n) == 0:
        return None, None
    label = np.array([table[:, 0].sum() for table in tables])
    tpr, tnr = ([((t[i, i] + 0.5) / (t[:, i].sum() + 1)) for t in tables] for i in (0, 1))
    met = (label.sum() + 1) / (n.sum() + 2)
    value = met * (tpr[1] - tpr[0]) - (1 - met) * (tnr[1] - tnr[0])
    variance = 0.0
    for i, table in enumerate(tables):
        variance += met**2 * tpr[i] * (1 - tpr[i]) / (table[:, 0].sum() + 1)
        variance += (1 - met) ** 2 * tnr[i] * (1 - tnr[i]) / (table[:, 1].sum() + 1)
    follows = max(float(np.mean(tpr) + np.mean(tnr) - 1), 0.0)
    change = follows * (label[1] / n[1] - label[0] / n[0]) - mix
    own = follows**2 * met * (1 - met) * (1 / n[0] + 1 / n[1])
    count = round(n.sum())
    return (
        Reading(value=float(value), variance=float(variance), n=count),
        Reading(value=float(change), variance=float(own), n=count) if follows else None,
    )


def _table(weeks: Sequence[Week], part: Sequence[int]) -> Floats:
    """Return judge x label counts of a window, met first; shape (2, 2)."""
    table: Floats = np.array([weeks[i].labelled for i in part], dtype=float).sum(axis=0)
    return table.reshape(2, 2)


def _pool(readings: Sequence[Reading | None]) -> Reading | None:
    """Return two readings as one by their precision, the less sure the more they contradict.

    Where they are further apart than chance explains, the variance is multiplied by Birge's ratio
    (1932, Physical Review 40): anchors that stand while the labels tell of another judge mean that
    nobody knows, and not that both are half right.
    """
    known = [reading for reading in readings if reading]
    if not known:
        return None
    weight = np.array([1 / reading.variance for reading in known])
    values = np.array([reading.value for reading in known])
    value = float(weight @ values / weight.sum())
    apart = float(weight @ (values - value) ** 2)
    return Reading(
        value=value,
        variance=(apart if apart > _APART else 1.0) / float(weight.sum()),
        n=sum(reading.n for reading in known),
    )


def _less(whole: Reading, part: Reading, variance: float) -> Reading:
    """Return what a part leaves of the whole."""
    return Reading(value=whole.value - part.value, variance=variance, n=part.n)


def _estimate(reading: Reading, method: str) -> Estimate:
    half = Z * math.sqrt(max(reading.variance, 0.0))
    return Estimate(
        reading.value,
        max(reading.value - half, -1.0),
        min(reading.value + half, 1.0),
        reading.n,
        reading.n,
        method,
    )


def _known(reading: Reading | None, method: str) -> Estimate | None:
    return None if reading is None else _estimate(reading, method)
