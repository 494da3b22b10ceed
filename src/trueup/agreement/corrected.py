"""The true pass rate of judged traffic, from its verdicts and some labels.

What a judge passes is not the pass rate: it passes too much and too little. How labels correct it
depends on how they were drawn, so that has to be said, and chooses the estimator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.column import level
from trueup.agreement.designs import DESIGNS, Design, Recognised, Sample, read, recognise
from trueup.agreement.posterior import labels_worth
from trueup.agreement.same_traffic import same_traffic
from trueup.agreement.shares import share
from trueup.agreement.transported import transported
from trueup.errors import TooFewLabels, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from trueup.agreement.estimate import Estimate
    from trueup.agreement.posterior import Found


_WHY = {
    "random": "The labels are a random sample of the judged traffic, so the judge's verdicts on "
    "the rest can only narrow what the labels say, and a bad judge cannot bias it.",
    "stratified": "The labels were drawn from the judged traffic with known unequal chances, so "
    "each counts for the items that it stands for.",
    "verdict": "The labels were drawn by the judge's verdict, so what they say of each verdict is "
    "weighted by the traffic's share of it.",
    "case_control": "The labels were chosen by people's answers, so they tell how often the judge "
    "errs and not how often items pass.",
    "other_period": "The labels are from another period, so they tell how often the judge errs "
    "and, if that has not changed, what its verdicts on this traffic mean.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A pass rate that no longer depends on the judge being right."""

    estimate: float
    """Share of the traffic that people would call met."""
    low: float
    high: float
    ci: float
    """Two-sided level of the interval."""
    estimator: str
    """Name of the estimator."""
    method: str
    """Names of the estimator and of the interval."""
    why: str
    """One sentence: why this estimator."""
    label_design: Design
    """The design that was used: the declared one, unless a warning says otherwise."""
    labels_only: Estimate
    """The same from the labels alone; for designs that do not represent the traffic it says so."""
    judge_raw: float
    """Mean of the judge's values on the traffic, uncorrected."""
    n_judged: int
    """Items of the traffic, with and without verdict."""
    n_unjudged: int
    """Those of them without verdict."""
    n_labels: int
    """Labels used."""
    n_groups: int
    """Independent groups among them."""
    n_effective: float
    """Random labels that would give an interval as narrow without the judge."""
    warnings: tuple[str, ...]
    """Sentences for the reader of the figure."""


def corrected_rate(
    *,
    judged: Iterable[object],
    labels: Iterable[object],
    judged_at_labels: Iterable[object],
    label_design: Design,
    weights: ArrayLike | None = None,
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
    judged_cluster: Iterable[object] | None = None,
    judged_weights: ArrayLike | None = None,
    labels_in_judged: bool | None = None,
    recognise_design: bool = True,
    draws: int = 20_000,
    seed: int | np.random.Generator = 0,
) -> Rate:
    """Estimate the true pass rate of the traffic by the estimator that the label design calls for.

    `random`, `stratified`: PPI++, mean(label) + slope (mean verdict of the traffic - mean verdict
    of the labelled), inverse-probability weighted. With verdicts of yes and no this is PPV and
    1 - NPV, weighted by the traffic's shares; each has Jeffreys' posterior and the interval comes
    from draws of all of them. With other values the slope is power-tuned and the Beta
    distribution with the estimate's mean and variance gives the interval. PPI++ on the logit scale
    is as good in the middle, but covers 0.85 to 0.95 with 20 to 40 labels, and is up to 1.8 times
    as wide near 0 and 1. Items without verdict are a level of their own.

    `case_control`, `other_period`: Rogan and Gladen's formula with draws of the apparent rate, Se
    and Sp, or the interval of Lang and Reiczigel where that is clearly narrower. Here, an item
    without verdict counts as not passed by the judge, among labels and traffic alike. Weights make
    Se and Sp those of the period behind the labels. In `other_period` a label may be the share y
    of people who say met: it counts y as met and 1 - y as unmet, and the rate is that of one
    person drawn at random. `case_control` takes 0 and 1 alone: how often a split label was chosen
    is not known.

    Source: Angelopoulos, Duchi & Zrnic (2023), arXiv 2311.01453; Zrnic & Candes (2024), arXiv
    2403.03208; Rogan & Gladen (1978), Am. J. Epidemiol. 107; Lang & Reiczigel (2014), Prev. Vet.
    Med. 113.

    The rate is that of the process behind the traffic. For the very items judged the interval is
    too wide where a large share of them is labelled (a quarter: it covers 0.985; half: 0.999).

    When it is wrong: `other_period` where the judge's errors have changed since, and, where people
    err too, by overdoing a change of the rate: by a tenth of it where 1.5 % of their answers are
    wrong, by 0.37 where 5 % are (at a rate of .8; by nothing without a change). `case_control`
    where the chosen items are easier than the traffic; any design where labels are missing for
    a reason. Coverage measured for nominal 95 %: 0.94 to 0.97 with verdicts of yes and no from
    20 random labels on, 0.97 with 5 or 10, up to 1.00 for a judge that is nearly never wrong;
    0.93 to 0.98 with other values (0.92 with 20 labels of unequal chances); 0.94 to 0.98 with
    unequal chances (0.93 where 60 labels were drawn rarely just where the judge errs); 0.95 to
    0.99 in groups, the more the fewer they are; 0.94 to 0.97 by Rogan and Gladen, up to 0.99 with
    10 labels a side or a judge hardly better than chance; the same from 3 to 13 weeks of 20 labels
    with chances of .02 to 1, single or of two or three people.

    Args:
        judged: The judge's values on all scored items of the traffic, in [0, 1], None or NaN where
            it gave none, shape (N,).
        labels: People's answers, 0 or 1 or means in [0, 1], shape (n,); missing ones are dropped.
        judged_at_labels: The judge's values at the labelled items, shape (n,).
        label_design: How the labelled items were chosen: `random`, `stratified` (unequal known
            chances), `case_control` (by people's answers) or `other_period`.
        weights: Each labelled item's probability of having been drawn in its own period, in
            (0, 1]; or all their inverses, 1 or more. Shape (n,). Without them, `stratified` means
            stratified by the verdict.
        ci: Two-sided level.
        cluster: Group of each labelled item (user, conversation), shape (n,).
        judged_cluster: Group of each judged item, shape (N,).
        judged_weights: The same of each judged item, shape (N,), where not all alike.
        labels_in_judged: Whether `judged` counts the labelled items in; None takes it to where
            its values allow that.
        recognise_design: Whether to compare the declared design with the data; False takes it at
            its word.
        draws: Draws behind the interval.
        seed: Of the draws, or a generator.

    Returns:
        The rate with its interval, the labels alone beside it, and what a reader has to know.

    Raises:
        TooFewLabels: Where there is no label, or all are of one group.
        Undefined: Where no rate follows: no verdict on the traffic, labels of one kind only, or a
            judge no better than chance under Rogan and Gladen.
        TypeError: Of values that are not numbers.
        ValueError: Of an unknown design, values outside [0, 1], or shapes that do not fit.

    >>> rate = corrected_rate(  # Lang and Reiczigel's first example, 0.349 to 0.372
    ...     judged=[1] * 4060 + [0] * 7224,
    ...     labels=[1] * 179 + [0] * 359,
    ...     judged_at_labels=[1] * 178 + [0] + [1] + [0] * 358,
    ...     label_design="case_control",
    ... )
    >>> round(rate.estimate, 3), round(rate.low, 3), round(rate.high, 3), rate.estimator
    (0.36, 0.349, 0.371, 'Rogan-Gladen')
    """
    if label_design not in DESIGNS:
        hint = did_you_mean(str(label_design), DESIGNS)
        raise ValueError(f"label_design is {label_design!r}; it says how labels came about. {hint}")
    sample = read(
        judged=judged,
        labels=labels,
        judged_at_labels=judged_at_labels,
        weights=weights,
        judged_weights=judged_weights,
        cluster=cluster,
        judged_cluster=judged_cluster,
        inside=labels_in_judged,
    )
    level(ci)
    design = _settled(sample, label_design, trusted=not recognise_design)
    rng = np.random.default_rng(seed)
    if design.design in {"random", "stratified"}:
        found = same_traffic(sample, design, ci=ci, draws=draws, rng=rng)
    else:
        found = transported(sample, ci=ci, draws=draws, rng=rng)
    return _rate(sample, design, found, ci=ci)


def _settled(sample: Sample, design: Design, *, trusted: bool) -> Recognised:
    """Refuse what contradicts the declared design, and see whether the data bear it out."""
    if sample.groups is not None and len(np.unique(sample.groups)) == 1 < len(sample.labels):
        raise TooFewLabels(
            "All labels are of one group", mend="Label items of other users or conversations too."
        )
    chances = sample.weights, sample.traffic_weights
    if design == "random" and any(w.min() < w.max() for w in chances):
        message = "label_design is 'random', but weights or judged_weights differ; declare"
        raise ValueError(f"{message} 'stratified' and give each labelled item's probability")
    if design == "case_control" and not np.isin(sample.labels, (0.0, 1.0)).all():
        message = "labels chosen by people's answers are 0 or 1; take the majority of people"
        raise ValueError(message)
    if trusted:
        bare = design == "stratified" and not sample.weighted
        return Recognised(design=design, by_verdict=bare, warnings=())
    return recognise(sample, design)


def _rate(sample: Sample, design: Recognised, found: Found, *, ci: float) -> Rate:
    low, high = min(found.low, found.estimate), max(found.high, found.estimate)
    represents = design.design == "random" or (design.design == "stratified" and sample.weighted)
    alone = share(sample.labels, sample.weights, group=sample.groups, ci=ci)
    if not represents:
        alone = replace(alone, method=f"{alone.method}, of the labelled items and no others")
    warnings = list(design.warnings)
    if sample.dropped:
        warnings.append(f"{sample.dropped} items without a label were left out.")
    if sample.groups is not None and sample.traffic_groups is None:
        warnings.append("The judged items' groups were not given; they count as independent.")
    seen = ~np.isnan(sample.traffic)
    return Rate(
        estimate=found.estimate,
        low=low,
        high=high,
        ci=ci,
        estimator=found.estimator,
        method=f"{found.estimator}; {found.interval}",
        why=_WHY["verdict" if design.by_verdict else design.design],
        label_design=design.design,
        labels_only=alone,
        judge_raw=float(np.average(sample.traffic[seen], weights=sample.traffic_weights[seen])),
        n_judged=len(seen),
        n_unjudged=int((~seen).sum()),
        n_labels=len(sample.labels),
        n_groups=alone.n_groups,
        n_effective=labels_worth(found.estimate, high - low, ci=ci),
        warnings=(*warnings, *found.warnings),
    )
