"""Figures of answers against a reference, each with how much every answer moves it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from trueup.agreement.concordance import (
    kendall,
    kendall_influence,
    pearson,
    pearson_influence,
    spearman,
    spearman_influence,
)
from trueup.agreement.estimate import Estimate
from trueup.agreement.grouped import spread
from trueup.agreement.rank import fisher, root_influence, root_interval
from trueup.agreement.shares import share
from trueup.errors import Undefined

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints

Measure = Literal["accuracy", "agreement", "kappa", "rmse", "pearson", "spearman", "kendall"]

NOMINAL: Final = frozenset({"accuracy", "agreement", "kappa"})
_CORRELATIONS: Final = {
    "pearson": (pearson, pearson_influence),
    "spearman": (spearman, spearman_influence),
    "kendall": (kendall, kendall_influence),
}


def figure(measure: Measure, answers: Floats, rest: Floats, group: Ints, *, ci: float) -> Estimate:
    """Return the figure of answers against a reference, with an interval over groups of them.

    Args:
        measure: For `agreement`, answers are the shares of a reference group that say the same.
        answers: Levels, numbered, or numbers; shape (n,).
        rest: The reference, alike; shape (n,).
        group: Which answers are of one unit or group, numbered; shape (n,).
        ci: Two-sided level in (0, 1).

    Raises:
        Undefined: All answers are the same where the measure needs differences.
    """
    n = len(answers)
    if measure in {"accuracy", "agreement"}:
        return share(_hits(measure, answers, rest), np.ones(n), group=group, ci=ci)
    value, moved = influence(measure, answers, rest)
    found = spread(moved, np.ones(n), group)
    if measure == "rmse":
        reach = float(np.ptp(np.concatenate([answers, rest])))
        low, high = root_interval(value, found, reach=reach, ci=ci)
    elif measure == "kappa":
        half = found.times(ci) * math.sqrt(found.variance) if found.n_groups > 1 else 2.0
        low, high = max(value - half, -1.0), min(value + half, 1.0)
    else:
        low, high = fisher(*_CORRELATIONS[measure][0](answers, rest, group), ci=ci)
    return Estimate(value, low, high, n, found.n_groups, f"{measure}, units as groups")


def influence(measure: Measure, answers: Floats, rest: Floats) -> tuple[float, Floats]:
    """Return a figure and how much each answer moves it; the arguments are those of `figure`."""
    if measure in _CORRELATIONS:
        for values, whose in ((answers, "answers of one side"), (rest, "means of the others")):
            if values.min() == values.max():
                raise Undefined(
                    f"all {whose} are {values[0]:g}, so that nothing can go along with them",
                    mend="Ask for `rmse` or `agreement`, or label units that differ",
                )
        return _CORRELATIONS[measure][1](answers, rest)
    if measure == "kappa":
        return _kappa(answers.astype(np.int64), rest.astype(np.int64))
    if measure == "rmse":
        return root_influence(answers, rest)
    hits = _hits(measure, answers, rest)
    return float(hits.mean()), hits - hits.mean()


def _hits(measure: Measure, answers: Floats, rest: Floats) -> Floats:
    return answers if measure == "agreement" else (answers == rest).astype(np.float64)


def _kappa(a: Ints, b: Ints) -> tuple[float, Floats]:
    """Return Cohen's kappa and how much each comparison moves it (delta method)."""
    levels = int(max(a.max(), b.max())) + 1
    of_a, of_b = (np.bincount(side, minlength=levels) / len(a) for side in (a, b))
    same = (a == b).astype(float)
    seen, chance = same.mean(), of_a @ of_b
    if chance == 1:
        raise Undefined(
            "all answers are the same, so that agreement by chance is complete",
            mend="Ask for `accuracy`, or label units that differ",
        )
    moved = of_b[a] + of_a[b] - 2 * chance
    influence = ((same - seen) * (1 - chance) - (1 - seen) * moved) / (1 - chance) ** 2
    return float((seen - chance) / (1 - chance)), influence
