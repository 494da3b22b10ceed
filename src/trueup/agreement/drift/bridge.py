"""Bridge: state a new instrument's figure as the old one would have, over anchors both judged.

Figures of different instruments are not compared. What may be compared is a bridged figure: the
new one plus the mean difference (old less new) on common anchors, with the error of that link in
the interval. It does not shrink with more production: only more anchors make it smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtrit

from trueup.agreement.estimate import Estimate
from trueup.agreement.shares import wilson
from trueup.errors import TooFewLabels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridged:
    """A new instrument's figure on the old one's scale."""

    figure: Estimate
    """The bridged figure; its interval holds the linking error."""
    link: Estimate
    """What was added: the anchors' mean difference, old less new."""
    linking_error: float
    """Standard error of the link, in units of the figure."""


def bridge_rate(hits: int, of: int, *, old: ArrayLike, new: ArrayLike, ci: float = 0.95) -> Bridged:
    """Bridge a rate: hits / of + mean(old - new), on anchors that both instruments judged.

    The link's interval is Bonett and Price's adjusted Wald for paired proportions (2012, Journal
    of Educational and Behavioral Statistics 37), the rate's is Wilson's, and both are combined by
    the variance estimates recovered from their limits (MOVER: Zou and Donner 2008, Statistics in
    Medicine 27). The linking error as in Kolen and Brennan (2014), Test Equating, ch. 7.

    It is wrong where the anchors are unlike production in what the instruments see differently:
    draw anchors at random from production, and renew some of them.

    Args:
        hits: The new instrument's verdicts that say met.
        of: Its verdicts.
        old: Shape (anchors,), the old instrument's verdict on each anchor: 0, 1 or, where it was
            judged several times, the share that said met; NaN where there is none.
        new: Shape (anchors,), the new instrument's.
        ci: Level of the intervals.

    Raises:
        TooFewLabels: No anchor was judged by both, or there is no new verdict.

    >>> found = bridge_rate(140, 200, old=[1, 1, 1, 0, 1, 0, 1, 1], new=[1, 1, 0, 0, 1, 0, 0, 1])
    >>> round(found.figure.estimate, 3), round(found.link.estimate, 3)
    (0.95, 0.25)
    """
    moved = _paired(old, new, ci)
    if not 0 <= hits <= of:
        raise ValueError(f"hits is {hits} of {of}: give 0 <= hits <= of")
    if of == 0:
        raise TooFewLabels(
            "the new instrument gave no verdict", mend="Judge some of production with it."
        )
    if (np.abs(moved) > 1).any():
        raise ValueError("an anchor's verdict is not in [0, 1]: for other values use bridge_mean")
    z = float(ndtri((1 + ci) / 2))
    n = len(moved) + 2
    centre = float(moved.sum() / n)
    error = math.sqrt(((moved**2).sum() + 2) / n**2 - centre**2 / n)
    link = float(moved.mean())
    low, high = max(centre - z * error, -1.0), min(centre + z * error, 1.0)
    rate = hits / of
    least, most = wilson(hits, of, ci=ci)
    value = rate + link
    down = math.hypot(rate - least, link - low)
    up = math.hypot(most - rate, high - link)
    method = "rate + mean difference on anchors; MOVER of Wilson and Bonett-Price"
    return Bridged(
        figure=Estimate(
            min(max(value, 0.0), 1.0),
            min(max(value - down, 0.0), 1.0),
            min(max(value + up, 0.0), 1.0),
            of,
            len(moved),
            method,
        ),
        link=Estimate(link, low, high, len(moved), len(moved), "Bonett-Price"),
        linking_error=error,
    )


def bridge_mean(values: ArrayLike, *, old: ArrayLike, new: ArrayLike, ci: float = 0.95) -> Bridged:
    """Bridge a mean of scores: mean(values) + mean(old - new), on anchors both instruments judged.

    Mean linking with its error: variance s^2 / n + s_d^2 / anchors, Student's t with Welch's
    degrees of freedom. Source: Kolen and Brennan (2014), Test Equating, ch. 2 and 7.

    It is wrong where the instruments spread their scores differently (one slope is not the
    other's) and production lies far from the anchors: by that distance times the slopes' ratio
    less 1.

    Args:
        values: Shape (items,), the new instrument's scores; NaN where there is none.
        old: Shape (anchors,), the old instrument's scores of the anchors; NaN where there is none.
        new: Shape (anchors,), the new instrument's.
        ci: Level of the intervals.

    Raises:
        TooFewLabels: Fewer than two anchors or two values.

    >>> found = bridge_mean([5, 6, 7, 6], old=[7, 8, 6, 7], new=[6, 7, 5.5, 6.5])
    >>> found.figure.estimate, found.link.estimate
    (6.75, 0.75)
    """
    moved = _paired(old, new, ci)
    given = np.asarray(values, dtype=float)
    given = given[np.isfinite(given)]
    if min(len(moved), len(given)) < 2:  # noqa: PLR2004 - a variance needs two
        raise TooFewLabels(
            f"there are {len(given)} scores and {len(moved)} anchors that both instruments judged",
            mend="A mean is bridged over two anchors or more; 60 are recommended.",
        )
    own, linked = given.var(ddof=1) / len(given), moved.var(ddof=1) / len(moved)
    error = math.sqrt(linked)
    parts = own**2 / (len(given) - 1) + linked**2 / (len(moved) - 1)
    degrees = (own + linked) ** 2 / parts if parts else len(moved) - 1
    half = float(stdtrit(degrees, (1 + ci) / 2)) * math.sqrt(own + linked)
    reach = float(stdtrit(len(moved) - 1, (1 + ci) / 2)) * error
    link = float(moved.mean())
    value = float(given.mean()) + link
    return Bridged(
        figure=Estimate(
            value,
            value - half,
            value + half,
            len(given),
            len(moved),
            "mean + mean difference on anchors; Welch's t",
        ),
        link=Estimate(link, link - reach, link + reach, len(moved), len(moved), "student t"),
        linking_error=error,
    )


def bridged_change(before: Estimate, after: Bridged) -> Estimate:
    """Return the change from an old instrument's figure to a bridged one, by MOVER.

    Args:
        before: The old instrument's figure, from other items than `after`.
        after: The new instrument's figure, bridged.
    """
    new = after.figure
    change = new.estimate - before.estimate
    down = math.hypot(new.estimate - new.low, before.high - before.estimate)
    up = math.hypot(new.high - new.estimate, before.estimate - before.low)
    return Estimate(
        change, change - down, change + up, before.n + new.n, new.n_groups, "bridged; MOVER"
    )


def _paired(old: ArrayLike, new: ArrayLike, ci: float) -> Floats:
    """Return old less new of the anchors that have both."""
    first, second = np.asarray(old, dtype=float), np.asarray(new, dtype=float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            f"old and new have shapes {first.shape} and {second.shape}: give one of each an anchor"
        )
    if not 0 < ci < 1:
        raise ValueError(f"ci is {ci}: give a level between 0 and 1, as 0.95")
    moved: Floats = first - second
    moved = moved[np.isfinite(moved)]
    if not moved.size:
        raise TooFewLabels(
            "no anchor was judged by both instruments",
            mend="Judge the old instrument's anchors with the new one; 60 are recommended.",
        )
    return moved
