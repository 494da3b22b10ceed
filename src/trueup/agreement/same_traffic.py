"""The rate from labels of the judged traffic itself, random or stratified, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.posterior import Found, group_effect, mixture, posterior, sums
from trueup.agreement.ppi import tuned, tuned_posterior, worth_it
from trueup.errors import TooFewLabels

if TYPE_CHECKING:
    from trueup.agreement.column import Bools, Floats, Ints
    from trueup.agreement.designs import Recognised, Sample
    from trueup.agreement.posterior import Interval
    from trueup.agreement.ppi import Tuned


_MET, _UNMET, _NONE = 0, 1, 2
_NUMBER = 0
_NAMES = {_MET: "judged met", _UNMET: "judged unmet", _NONE: "without verdict"}
_GAP = 0.05
"""Share of the traffic without any label of its kind above which a reader is warned."""
_ENOUGH = 10
"""Labels of either verdict from which a judge that runs backwards is mentioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Traffic and labels by level of the verdict; arrays of shape (levels,)."""

    levels: tuple[int, ...]
    split: bool
    """Whether the levels are met, unmet and none; else all numbers make one."""
    counts: Floats
    """Items of the traffic, by Kish's count where chances or groups make them unequal."""
    n: Floats
    """Labels."""
    means: Floats
    """Mean of each level; without labels the mean of all labels."""
    parameters: tuple[Floats, Floats]
    """Both Beta parameters of each level's mean."""
    slope: float | None
    """Weight of a judge that gives numbers."""

    def estimate(self) -> float:
        """Return the mean over the traffic, held within 0 and 1."""
        return float(np.clip(self.counts @ self.means / self.counts.sum(), 0, 1))

    def interval(self, *, ci: float, draws: int, rng: np.random.Generator) -> Interval:
        """Return the interval of that mean."""
        return mixture(self.counts, self.parameters, ci=ci, draws=draws, rng=rng)

    def warnings(self) -> list[str]:
        """Return what a reader has to know of levels."""
        found = []
        if self.slope == 0:
            found.append(
                "The judge's values explain too little of the labels to narrow the interval, so "
                "the labels stand alone."
            )
        shares = self.counts / self.counts.sum()
        for level, share, n, mean in zip(self.levels, shares, self.n, self.means, strict=True):
            if n == 0 and (share > _GAP or level == _NONE):
                found.append(
                    f"No item {_NAMES[level]} is labelled, and {share:.0%} of the traffic is: "
                    "their rate counts as unknown in the interval, as the others' in the estimate."
                )
            elif level == _NONE:
                found.append(
                    f"The judge gave no verdict on {share:.1%} of the traffic; people call met "
                    f"{mean:.0%} of the {n:.0f} labelled ones, and these stand for the rest."
                )
        if self.split and self.levels[:2] == (_MET, _UNMET) and self.n[:2].min() >= _ENOUGH:
            met, unmet = self.means[:2]
            if met < unmet:
                found.append(
                    f"People call met {met:.0%} of what the judge passes and {unmet:.0%} of what "
                    "it fails: look whether the criterion runs the other way."
                )
        return found


def same_traffic(
    sample: Sample, design: Recognised, *, ci: float, draws: int, rng: np.random.Generator
) -> Found:
    """Estimate the rate by PPI++, by verdict or power-tuned.

    Raises:
        TooFewLabels: Where no labelled item has a verdict that the traffic has.
    """
    warnings = []
    stray = np.isnan(sample.verdicts)
    pooled = not sample.inside and design.design == "random"
    if stray.any() and not pooled and not np.isnan(sample.traffic).any():
        if stray.all():
            raise TooFewLabels("No labelled item has a verdict", mend="Judge the labelled items.")
        warnings.append(
            f"{stray.sum()} labelled items have no verdict and were left out, since every judged "
            "item has one: the rate is that of items on which the judge decides."
        )
        sample = sample.only(~stray)
    split = sample.yes_no or design.by_verdict
    parts = take_apart(sample, pooled=pooled, split=split, ci=ci)
    low, high = parts.interval(ci=ci, draws=draws, rng=rng)
    name = "PPI++" if design.design == "random" else "stratified PPI++"
    way = "by verdict" if split else "power-tuned"
    interval = "Jeffreys draws" if split else "matched Beta with Student's t"
    return Found(
        parts.estimate(),
        float(low),
        float(high),
        f"{name}, {way}",
        interval + (" on effective counts" if sample.uneven() else ""),
        (*warnings, *parts.warnings()),
    )


def take_apart(sample: Sample, *, pooled: bool, split: bool, ci: float) -> Parts:
    """Take traffic and labels apart by level of the verdict.

    Args:
        sample: Verdicts and labels; every level of the labels occurs in the traffic.
        pooled: Whether labelled items outside the traffic tell of its verdicts too, as random
            ones do.
        split: Whether verdicts count as met above 1/2; else numbers make one power-tuned level.
        ci: Level of the interval to be read off.
    """
    values, weights, size = _traffic(sample, pooled=pooled, ci=ci)
    levels, of_traffic = np.unique(_level(values, split=split), return_inverse=True)
    shares = np.bincount(of_traffic, weights) / weights.sum()
    inside = [_level(sample.verdicts, split=split) == level for level in levels]
    scale, off = np.zeros((2, len(sample.labels)))
    means = np.full(len(levels), np.average(sample.labels, weights=sample.weights))
    for place, (share, chosen) in enumerate(zip(shares, inside, strict=True)):
        if chosen.any():
            w, y = sample.weights[chosen], sample.labels[chosen]
            means[place] = np.average(y, weights=w)
            scale[chosen], off[chosen] = share * w / w.sum(), y - means[place]
    tuning = None
    if not split and levels[0] == _NUMBER and inside[0].any():
        numbers = of_traffic == 0
        kept = float(size * shares[0])
        tuning = _tune(sample, inside[0], values[numbers], weights[numbers], kept, ci=ci)
        means[0] = float(tuning.estimate)
        verdicts, w = sample.verdicts[inside[0]], sample.weights[inside[0]]
        off[inside[0]] -= tuning.slope * (verdicts - np.average(verdicts, weights=w))
    inflate = 1.0 if sample.groups is None else group_effect(scale, off, sample.groups, ci=ci)
    found = [posterior(sums(sample.labels, sample.weights * i, inflate)) for i in inside]
    if tuning is not None:
        n = np.asarray(kish(sample.weights[inside[0]]))
        found[0] = tuned_posterior(tuning, n, ci=ci, inflate=inflate)
    alpha, beta = np.array(found, dtype=np.float64).T
    return Parts(
        levels=tuple(levels.tolist()),
        split=split,
        counts=shares * size,
        n=np.array([i.sum() for i in inside], dtype=np.float64),
        means=means,
        parameters=(alpha, beta),
        slope=None if tuning is None else float(tuning.slope),
    )


def kish(weights: Floats) -> float:
    """Return Kish's count of rows with unequal weights, (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def traffic_effect(sample: Sample, *, ci: float) -> float:
    """Return by how much groups widen the variance of the traffic's mean verdict."""
    if sample.traffic_groups is None:
        return 1.0
    scale = sample.traffic_weights / sample.traffic_weights.sum()
    seen = np.nan_to_num(sample.traffic)
    return group_effect(scale, seen - scale @ seen, sample.traffic_groups, ci=ci)


def _traffic(sample: Sample, *, pooled: bool, ci: float) -> tuple[Floats, Floats, float]:
    """Return the traffic's verdicts, their weights and how many independent ones they are."""
    values, weights = sample.traffic, sample.traffic_weights
    effect = traffic_effect(sample, ci=ci)
    if pooled:
        values = np.concatenate([values, sample.verdicts])
        weights = np.concatenate([weights, np.full(len(sample.verdicts), weights.mean())])
    return values, weights, kish(weights) / effect


def _level(values: Floats, *, split: bool) -> Ints:
    by_value = np.where(values > 0.5, _MET, _UNMET) if split else np.full(len(values), _NUMBER)  # noqa: PLR2004 - the middle of 0 and 1
    return np.where(np.isnan(values), _NONE, by_value)


def _tune(
    sample: Sample,
    chosen: Bools,
    values: Floats,
    weights: Floats,
    size: float,
    *,
    ci: float,
) -> Tuned:
    mean = np.average(values, weights=weights)
    variance = np.average((values - mean) ** 2, weights=weights) * len(values)
    traffic = (
        np.asarray(mean),
        np.asarray(variance / max(len(values) - 1, 1)),
        np.asarray(size),
    )
    w = sample.weights[chosen]
    found = tuned(sample.labels[chosen], sample.verdicts[chosen], w, traffic=traffic)
    return worth_it(found, np.asarray(kish(w)), ci=ci)
