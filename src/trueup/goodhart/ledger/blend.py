"""What a judge point is worth, by records and by past tests together.

Records overstate it where easy prompts please users and judge alike; only randomised tests say by
how much. The posterior joins both: a wide prior on the overstatement (t with 4 degrees of freedom
on its logarithm), and the likelihood of every past test. What a judge point is worth may differ
from test to test, in proportion to itself, by an unknown part that is integrated over and never
plugged in (Gail et al. 2000; Bujkiewicz et al. 2015). The errors that judge and signals share are
taken off (Bibaut et al. 2024, arXiv 2402.17637). A past test may itself have been gamed, and losers
may have been left out of the ledger: both are components of the likelihood. There is no number of
tests from which the source changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.errors import Undefined
from trueup.goodhart.ledger.entries import WINNER
from trueup.goodhart.ledger.posterior import Posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.ledger.entries import Past

    Floats = NDArray[np.float64]

RATIOS = np.geomspace(1 / 60, 3.0, 241)
"""Worth of a judge point over what records say, as far as it is thought possible."""
VARIES = np.array([0.0, 0.15, 0.3, 0.5, 0.8])
"""Relative standard deviations of the worth from test to test ..."""
VARIES_PRIOR = np.array([0.33, 0.42, 0.19, 0.05, 0.01])
"""... and how likely each is."""
PRIOR_MEDIAN = 1.5
PRIOR_SCALE = 0.85
PRIOR_FREEDOM = 4.0
GAMED = 0.15
"""Chance that a past test was gamed and brought users nothing."""
LOSERS_LEFT_OUT = 0.1
"""Chance that a ledger holds winners only, before it is seen; what they won by is not known."""
FOLLOWED = (1.0, 0.8, 0.5)
"""Winners may have been chosen by the composite, or by a signal that correlates with it so."""
NEGLIGIBLE = 1e-6
LEAST = 1e-12
COARSE = 4
"""The prior alone is smooth: every so many points are enough."""


def blend(
    records: float,
    error: float,
    past: Past | None = None,
    *,
    prior_median: float = PRIOR_MEDIAN,
    prior_scale: float = PRIOR_SCALE,
    gamed: float = GAMED,
    losers_left_out: float = LOSERS_LEFT_OUT,
) -> Posterior:
    """Return what records and past tests together say a judge point is worth.

    Args:
        records: What records say, in units of the composite; positive.
        error: Its standard error.
        past: Past tests, without the one to be decided; None for none.
        prior_median: How much records are thought to overstate it.
        prior_scale: Of the logarithm of that.
        gamed: Chance that a past test was gamed.
        losers_left_out: Chance that only winners were put into the ledger.

    Raises:
        Undefined: Records say that signals do not follow the judge at all.
    """
    if not (records > 0 and np.isfinite(records) and np.isfinite(error)):
        raise Undefined(
            "records say that signals do not follow the judge, so that its points have no worth",
            mend="Leave out the signals that do not follow it.",
        )
    known = past is not None and len(past) > 0
    ratio, varies = np.meshgrid(RATIOS if known else RATIOS[::COARSE], VARIES, indexing="ij")
    scale = np.hypot(prior_scale, error / records)
    x = (-np.log(ratio) - np.log(prior_median)) / scale
    prior = -(PRIOR_FREEDOM + 1) / 2 * np.log1p(x**2 / PRIOR_FREEDOM) + np.log(VARIES_PRIOR)
    prior, ratio, varies = prior.ravel(), ratio.ravel(), varies.ravel()
    if past is None or not known:
        return Posterior(records, ratio, varies, _normal(prior[None]), 0)
    found = [
        _weights(prior, one, records * ratio, varies, gamed=gamed, left_out=losers_left_out)
        for one in (past, *past.others)
    ]
    weights = np.array([weight for weight, _ in found])
    kept = weights.max(0) > NEGLIGIBLE
    return Posterior(
        records,
        ratio[kept],
        varies[kept],
        _rescaled(weights[:, kept]),
        len(past),
        max(chance for _, chance in found),
    )


def _weights(
    prior: Floats, past: Past, worth: Floats, varies: Floats, *, gamed: float, left_out: float
) -> tuple[Floats, float]:
    """Return the posterior's weights, and the probability that losers were left out."""
    rise, gain = past.rise[:, None], past.gain[:, None]
    rise2, gain2, both = (
        part[:, None] for part in (past.rise_variance, past.gain_variance, past.covariance)
    )
    variance = np.maximum(gain2 - 2 * worth * both + worth**2 * rise2, 1e-12 * gain2)
    variance = variance + (varies * worth) ** 2 * np.maximum(rise**2 - rise2, 0.0)
    seen = _log_normal(gain - worth * rise, variance) + np.log1p(-gamed)
    if gamed > 0:
        seen = np.logaddexp(seen, _log_normal(gain, gain2) + np.log(gamed))
    whole = prior + seen.sum(0)
    if left_out <= 0:
        return _normal(whole), 0.0
    chosen = np.full_like(whole, -np.inf)
    near = whole > whole.max() + np.log(NEGLIGIBLE) + len(past) * special.log_ndtr(-WINNER)
    ratio = _winners_only(past, worth[near], variance[:, near], gamed)
    chosen[near] = whole[near] + np.log(left_out) + ratio
    joined = np.logaddexp(whole + np.log1p(-left_out), chosen)
    weights = _normal(joined)
    return weights, float((weights * np.exp(chosen - joined)).sum())


def _winners_only(past: Past, worth: Floats, variance: Floats, gamed: float) -> Floats:
    """Return the log likelihood of a ledger of winners over that of one that holds all tests.

    A test is kept where some signal is `WINNER` standard errors up. Given the composite's own
    score, a signal's is normal around their correlation times it. So each test counts by its
    chance of being kept as it came out, over that chance before it came out.
    """
    spread = np.sqrt(past.gain_variance)
    rise, variance = (past.rise / spread)[:, None], variance / past.gain_variance[:, None]
    ratios = np.full((len(FOLLOWED), len(worth)), -np.inf)
    for k, followed in enumerate(FOLLOWED):
        apart = max(1 - followed**2, NEGLIGIBLE)
        came = special.log_ndtr((followed * past.gain / spread - WINNER) / np.sqrt(apart))
        if (came - special.log_ndtr(-WINNER)).sum() < np.log(NEGLIGIBLE):
            continue
        score = (followed * worth * rise - WINNER) / np.sqrt(apart + followed**2 * variance)
        before = (1 - gamed) * special.ndtr(score) + gamed * special.ndtr(-WINNER)
        ratios[k] = came.sum() - np.log(np.maximum(before, LEAST)).sum(0)
    found: Floats = np.logaddexp.reduce(ratios, 0) - np.log(len(FOLLOWED))
    return found


def _log_normal(distance: Floats, variance: Floats) -> Floats:
    found: Floats = -0.5 * (np.log(2 * np.pi * variance) + distance**2 / variance)
    return found


def _normal(logarithms: Floats) -> Floats:
    return _rescaled(np.exp(logarithms - logarithms.max(-1, keepdims=True)))


def _rescaled(weights: Floats) -> Floats:
    found: Floats = weights / weights.sum(-1, keepdims=True)
    return found
