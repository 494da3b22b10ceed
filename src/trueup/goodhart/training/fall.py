"""Fall: gold now against gold at its best, at a level over all looks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr

from trueup.goodhart.training.fit import PROMPTS

if TYPE_CHECKING:
    from trueup.goodhart.training.curve import Course, Curve
    from trueup.goodhart.training.series import Noise

SPAN = 3
"""Slots that stand for now, and for the best, at least."""
READINGS = 20
"""Readings that they hold, where prompts do not give the error: of fewer a mean is not normal."""


class Fallen(NamedTuple):
    """By how much gold is below its best."""

    fall: float
    se: float
    best: int
    """Middle slot of the best."""
    alarm: bool


def fallen(
    curve: Curve, course: Course, noise: Noise, *, look: int, margin: float, alpha: float
) -> Fallen | None:
    """Compare the last slots with the best ones before them.

    Paired by prompt, with t; with fewer than ten prompts the noise of successive readings, their
    autocorrelation included, gives the error. Look k is tested at alpha / ((k + 1)
    (1 + log(k + 1))^2), shared by all slots that could have been the best: these sum to at most
    alpha, so that in a run whose gold never falls by more than `margin` the rule speaks with chance
    alpha at most, however long it is. Prompts have to be like independent draws; what moves all
    prompts of one checkpoint together is covered by the margin alone.

    Source: Student's paired t with a union bound over looks and candidates.

    Args:
        curve: Measured gold.
        course: The same, filled in.
        noise: Of gold's means.
        look: Number of this look, from 1.
        margin: Smallest fall that matters.
        alpha: Chance of a false alarm in the whole run.

    Returns:
        None where there are too few slots, or prompts that were measured both times.
    """
    paired = course.gold.shape[1] >= PROMPTS
    span = SPAN if paired else max(SPAN, math.ceil(READINGS / curve.size))
    count = len(course.means)
    candidates = count - 2 * span + 1
    if candidates < 1:
        return None
    levels = np.convolve(course.means[: count - span], np.ones(span) / span, "valid")
    first = int(levels.argmax())
    best, now = slice(first, first + span), slice(count - span, count)
    if paired:
        before, after = curve.present[best].sum(axis=0), curve.present[now].sum(axis=0)
        both = (before > 0) & (after > 0)
        if np.count_nonzero(both) < PROMPTS:
            return None
        falls = curve.gold[best].sum(axis=0)[both] / before[both]
        falls -= curve.gold[now].sum(axis=0)[both] / after[both]
        fall, se = float(falls.mean()), float(falls.std(ddof=1)) / math.sqrt(len(falls))
        df = len(falls) - 1
    else:
        n = np.array(curve.readings, dtype=np.float64)  # the last slot may hold a single one
        fall = float(levels[first] - np.average(course.means[now], weights=n[now]))
        parts = 1 / n[best].sum() + 1 / n[now].sum()
        se, df = math.sqrt(noise.variance * noise.inflation * parts), max(noise.count - 1, 1)
    se = max(se, margin / 100)  # marks that repeat exactly have no scatter
    level = alpha / ((look + 1) * (1 + math.log(look + 1)) ** 2 * candidates)
    chance = float(stdtr(df, -(fall - margin) / se))
    return Fallen(fall=fall, se=se, best=first + span // 2, alarm=chance < level)
