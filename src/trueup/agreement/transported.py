"""The rate from labels that tell only how often the judge errs, carried over to this traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.posterior import Found, group_effect, level, sums
from trueup.agreement.rogan_gladen import Seen, corrected, rogan_gladen
from trueup.agreement.same_traffic import kish, traffic_effect
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from trueup.agreement.designs import Sample

_UNSURE = 0.025
"""Share of draws with a useless judge above which a reader is warned."""


def transported(sample: Sample, *, ci: float, draws: int, rng: np.random.Generator) -> Found:
    """Estimate the rate by Rogan and Gladen's formula.

    A label that is a share y of people counts y as met and 1 - y as unmet, so that Se and Sp are
    those against one person drawn at random, whose rate is the mean of such labels.

    Raises:
        TooFewLabels: Where all labels are of one group.
        Undefined: Where all labels are alike, or the judge is no better than chance on them.
    """
    warnings = []
    if sample.labels.min() == sample.labels.max() and sample.labels[0] in {0.0, 1.0}:
        kind = "met" if sample.labels[0] else "unmet"
        raise Undefined(
            f"All {len(sample.labels)} labels are {kind}, so one kind of the judge's errors was "
            "never seen",
            mend="Label items of the other kind too, or a random sample of this traffic.",
        )
    silent = float(np.isnan(sample.traffic).mean())
    if silent > 0 or np.isnan(sample.verdicts).any():
        warnings.append(
            f"The judge gave no verdict on {silent:.1%} of the traffic; here and among the labels "
            "that counts as not passed."
        )
    seen, (apparent, hit, alarm) = _seen(sample, ci=ci)
    if hit + (1 - alarm) <= 1:
        raise Undefined(
            f"The judge passes {hit:.0%} of what people call met and {alarm:.0%} of the rest, so "
            "its verdicts tell nothing of the rate",
            mend="Label a random sample of this traffic, which needs no good judge, or mend it.",
        )
    found = corrected(seen, ci=ci, draws=draws, rng=rng, yes_no=sample.yes_no)
    if found.high <= found.low:
        raise Undefined(
            f"The judge passes {apparent:.1%} of the traffic, but {hit:.1%} of what people call "
            f"met and {alarm:.1%} of the rest, which no rate explains",
            mend="Look whether labels and traffic were judged by the same instrument.",
        )
    rate = rogan_gladen(apparent, hit, 1 - alarm)
    if not 0 <= rate <= 1:
        warnings.append(
            f"The formula gives {rate:.3f}, held within 0 and 1: by chance, or because the judge "
            "errs at other rates on this traffic than among the labels."
        )
    if found.backwards > _UNSURE:
        warnings.append(
            f"The judge passes {hit:.0%} of what people call met and {alarm:.0%} of the rest, "
            "which labels this few hardly tell apart; the interval says so."
        )
    return Found(
        float(np.clip(rate, 0, 1)),
        float(found.low),
        float(found.high),
        "Rogan-Gladen",
        "Lang-Reiczigel" if found.by_formula else "Jeffreys draws",
        tuple(warnings),
    )


def _seen(sample: Sample, *, ci: float) -> tuple[Seen, tuple[float, float, float]]:
    """Count what the judge says of the traffic, of met and of unmet labels; None is not passed."""
    values = np.nan_to_num(sample.verdicts)
    met, unmet = sample.weights * sample.labels, sample.weights * (1 - sample.labels)
    traffic, of_traffic = np.nan_to_num(sample.traffic), sample.traffic_weights
    apparent = float(np.average(traffic, weights=of_traffic))
    hit, alarm = (float(np.average(values, weights=side)) for side in (met, unmet))
    groups, inflate = sample.groups, 1.0
    if groups is None and ((met > 0) & (unmet > 0)).any():
        groups = np.arange(len(values))  # both parts of a split label see the same verdict
    if groups is not None:
        rate = rogan_gladen(apparent, hit, 1 - alarm) if hit > alarm else 0.5
        rate = min(max(rate, 0.0), 1.0)
        scale = np.append(met * rate / met.sum(), unmet * (1 - rate) / unmet.sum())
        off, part = np.append(values - hit, values - alarm), np.append(groups, groups)
        if len(np.unique(part[scale > 0])) == 1:
            raise TooFewLabels(
                "All labels are of one item or group", mend="Label items of other users too."
            )
        inflate = group_effect(scale[scale > 0], off[scale > 0], part[scale > 0], ci=ci)
    n = kish(of_traffic) / traffic_effect(sample, ci=ci)
    square = float(np.average(traffic**2, weights=of_traffic))
    seen = Seen(
        level(n, apparent, square),
        sums(values, met, inflate),
        sums(values, unmet, inflate),
    )
    return seen, (apparent, hit, alarm)
