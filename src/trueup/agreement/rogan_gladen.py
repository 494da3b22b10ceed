"""Pass rates from labels that do not come from the traffic in question: Rogan and Gladen.

For labels chosen by people's answers, or from another period with another rate. What such labels
tell of this traffic is only how often the judge errs, which is far less than labels of the traffic
itself would tell. Functions take any leading axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtri

from trueup.agreement.posterior import Interval, Level, posterior

if TYPE_CHECKING:
    from trueup.agreement.column import Bools, Floats


_NARROWER = 0.95
"""Lang-Reiczigel is taken where its interval is at most this much of the drawn one."""
_FEWEST = 5
"""Labels on either side below which its normal approximation was seen to cover 0.932."""


class Seen(NamedTuple):
    """What the judge said of three groups, each as sums with arrays of one common shape."""

    traffic: Level
    """All judged items of the traffic."""
    met: Level
    """Labelled items that people call met."""
    unmet: Level
    """Labelled items that people do not call met."""


class Bounds(NamedTuple):
    """Bounds by either method and which is taken; arrays of the leading shape."""

    low: Floats
    high: Floats
    by_formula: Bools
    """True where Lang-Reiczigel is taken, False where the draws are."""
    backwards: Floats
    """Share of draws in which the judge is no better than chance."""


def rogan_gladen(apparent: float, sensitivity: float, specificity: float) -> float:
    """Return the rate that makes a judge with these errors say met at the apparent rate.

    rate = (apparent + specificity - 1) / (sensitivity + specificity - 1); not held within 0 and 1.

    Source: Rogan & Gladen (1978), "Estimating prevalence from the results of a screening test",
    American Journal of Epidemiology 107.

    Wrong where the judge errs at other rates in the traffic than among the labels: where labels
    were balanced by its verdicts, or where the traffic holds harder items.
    """
    return (apparent + specificity - 1) / (sensitivity + specificity - 1)


def lang_reiczigel(seen: Seen, *, ci: float = 0.95) -> Interval:
    """Return the interval of Lang and Reiczigel for the rate, from counts.

    z^2 / 2 joins the yes and the no of the traffic, one of each the labels of either side; then
    P + dP -+ z sqrt(var P), dP = 2 z^2 [P Se (1 - Se) / n1 - (1 - P) Sp (1 - Sp) / n0]. All of
    [0, 1] where the adjusted Se + Sp - 1 is not above 0.

    Source: Lang & Reiczigel (2014), "Confidence limits for prevalence of disease adjusted for
    estimated sensitivity and specificity", Preventive Veterinary Medicine 113; the example is
    their first, as in the R package `asht` (0.349 to 0.372).

    Over-covers for few labels: 0.98 to 1.00 with 10 to 20 a side.

        >>> count = lambda n, k: Level(np.array(n), np.array(k), np.array(k))
    >>> met, unmet = count(179, 178), count(359, 359 - 358)
    >>> found = lang_reiczigel(Seen(count(11284, 4060), met, unmet))
    >>> round(float(found.low), 3), round(float(found.high), 3)
    (0.349, 0.372)
    """
    z = ndtri((1 + ci) / 2)
    n = seen.traffic.n + z * z
    apparent = (seen.traffic.total + z * z / 2) / n
    sensitivity = (seen.met.total + 1) / (seen.met.n + 2)
    specificity = (seen.unmet.n - seen.unmet.total + 1) / (seen.unmet.n + 2)
    better = sensitivity + specificity - 1
    usable = better > 0
    safe = np.where(usable, better, 1.0)
    rate = (apparent + specificity - 1) / safe
    of_met = sensitivity * (1 - sensitivity) / (seen.met.n + 2)
    of_unmet = specificity * (1 - specificity) / (seen.unmet.n + 2)
    shift = 2 * z * z * (rate * of_met - (1 - rate) * of_unmet)
    variance = apparent * (1 - apparent) / n + rate**2 * of_met + (1 - rate) ** 2 * of_unmet
    half = z * np.sqrt(variance) / safe
    low = np.where(usable, np.clip(rate + shift - half, 0, 1), 0.0)
    return Interval(low, np.where(usable, np.clip(rate + shift + half, 0, 1), 1.0))


def beta_draws(
    seen: Seen, *, ci: float, draws: int, rng: np.random.Generator
) -> tuple[Interval, Floats]:
    """Draw the interval of the rate; return it and the share of draws with Se + Sp - 1 <= 0.

    The apparent rate and both error rates are drawn from Jeffreys' posteriors and put through
    Rogan and Gladen's formula; quantiles are held within 0 and 1. Draws in which the judge is no
    better than chance say nothing of the rate: half of them count as 0 and half as 1.
    """
    apparent, hit, alarm = (
        rng.beta(a[..., None], b[..., None], (*np.shape(a), draws)) for a, b in map(posterior, seen)
    )
    better = hit - alarm
    none = better <= 0
    ends = np.where(np.arange(draws) % 2, np.inf, -np.inf)
    rates = np.where(none, ends, (apparent - alarm) / np.where(none, 1.0, better))
    rates.sort(axis=-1)
    tail = (1 - ci) / 2
    low, high = (_ranked(rates, share) for share in (tail, 1 - tail))
    return Interval(low, high), none.mean(axis=-1)


def corrected(
    seen: Seen, *, ci: float, draws: int, rng: np.random.Generator, yes_no: bool
) -> Bounds:
    """Return the interval by Beta draws, or Lang-Reiczigel's where it is clearly narrower.

    Draws cover best and are narrower near 0 and 1. Where Se + Sp - 1 is poorly known they have a
    long tail, and the formula covers as well with less: it is taken where it is narrower by a
    twentieth or more, with five labels or more on either side and verdicts of yes and no; and
    where all draws but a tail lie beyond 0 or 1, so that nothing is left of their interval.
    """
    drawn, backwards = beta_draws(seen, ci=ci, draws=draws, rng=rng)
    formula = lang_reiczigel(seen, ci=ci)
    enough = np.minimum(seen.met.n, seen.unmet.n) >= _FEWEST
    narrow = (formula.high - formula.low) <= _NARROWER * (drawn.high - drawn.low)
    taken = np.logical_and(enough & yes_no, narrow) | (drawn.high <= drawn.low)
    low = np.where(taken, formula.low, drawn.low)
    return Bounds(low, np.where(taken, formula.high, drawn.high), taken, backwards)


def _ranked(ordered: Floats, share: float) -> Floats:
    """Read a quantile off sorted draws, among them infinite ones, held within 0 and 1."""
    place = share * (ordered.shape[-1] + 1) - 1
    under = int(np.clip(np.floor(place), 0, ordered.shape[-1] - 2))
    left, right = np.clip(ordered[..., under], 0, 1), np.clip(ordered[..., under + 1], 0, 1)
    found: Floats = left + min(max(place - under, 0.0), 1.0) * (right - left)
    return found
