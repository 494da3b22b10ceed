"""Scan: has a weekly share changed at any week? Every look compares every split into two windows.

For the weeks up to a look and a split, the counts before and after it are compared given their sum
(Fisher's exact test, or its normal score over segments), so that the error of the earlier weeks
counts like that of the later ones. The largest statistic over all splits decides. How large it
gets by chance in a year, over all looks and splits, was simulated (`boundary`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtri, ndtri, stdtr
from scipy.stats import hypergeom

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Splits = tuple[Ints, Ints, Ints]
    """Start, change and look, one row a split."""

YEAR = 52
"""Looks in a year; also the last weeks that a look compares."""

_RATES = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
_BOUNDS = (3.79, 4.05, 4.23, 4.395, 4.61, 4.77, 4.905, 5.095, 5.23)
_PRIOR, _PRIOR_WEEKS, _LARGEST = 0.5, 16, 0.85
_SEEN = 0.1
"""Level at which weeks are seen to scatter more than sampling does."""
_NEAR = 2.5
"""No score below this reaches any boundary: it is left as it is, a little too large."""


class Scan(NamedTuple):
    """One row for every look and split; indices count the stream's own weeks."""

    start: Ints
    """First week that is compared."""
    change: Ints
    """First week after the split."""
    look: Ints
    """Last week that is seen."""
    z: Floats
    """Change on the scale of a standard normal, positive where the share rose."""
    inflation: Floats
    """Variance over what sampling alone gives: weekly shocks; 1 or more."""


def boundary(rate: float) -> float:
    """Return what |z| of a scan exceeds at some look of a year with probability `rate`.

    Simulated for equal weeks of normal noise: 200,000 histories of three years, eight weeks of
    baseline, the last 52 weeks compared; the later years' rate (the first year's is lower, as it
    has fewer looks). Exact tails of small counts only lower it. `benchmarks/drift.py` simulates it
    again. For one side only, ask for twice the rate.

    Source: Siegmund (1986), "Boundary crossing probabilities and statistical applications", Annals
    of Statistics 14, for the statistic; its constants here are by simulation.

    >>> boundary(0.01)
    4.23
    """
    if not 0 < rate < 1:
        raise ValueError(f"the yearly rate is {rate}: give a number between 0 and 1")
    logs, squares = np.log(_RATES)[::-1], np.square(_BOUNDS)[::-1]
    if _RATES[-1] <= rate <= _RATES[0]:
        return round(float(np.sqrt(np.interp(math.log(rate), logs, squares))), 4)
    # beyond the table the tail falls as a normal's: the square grows by 2 for each factor of e
    end = -1 if rate > _RATES[0] else 0
    return math.sqrt(max(squares[end] - 2 * (math.log(rate) - logs[end]), 0.5))


@lru_cache(maxsize=64)
def _splits(weeks: int, baseline: int) -> Splits:
    """Return start, change and look of every split that leaves a baseline."""
    rows = [
        (start, change, look)
        for look in range(baseline, weeks)
        for start in (max(0, look + 1 - YEAR),)
        for change in range(start + baseline, look + 1)
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def scan(hits: Floats, of: Floats, *, baseline: int, exact: bool) -> Scan:
    """Compare every split at every look.

    Exact streams (few counts: anchors, labels) take Fisher's tails with half of what was seen
    (mid-P), and allow for more scatter than sampling only where the weeks show it. Others
    (thousands of verdicts) take the score and Student's t, with the variance of weekly shocks and
    their autocorrelation estimated within both windows; the latter is drawn to 0.5.

    Args:
        hits: Shape (weeks, strata).
        of: Shape (weeks, strata); no week is all 0.
        baseline: Fewest weeks before a split.
        exact: Whether to take exact tails; for one stratum only.
    """
    start, change, look = splits = _splits(len(hits), baseline)
    before, after, n0, n1 = _windows(hits, of, splits)
    z = _score(before, after, n0, n1)
    near = np.abs(z) > _NEAR
    inflation = np.ones_like(z)
    inflation[near], degrees = _scatter(hits, of, _rows(splits, near), exact=exact)
    if exact:
        z[near] = _fisher(before[near, 0], after[near, 0], n0[near, 0], n1[near, 0])
        return Scan(start, change, look, z / np.sqrt(inflation), inflation)
    z[near] = _normal(z[near] / np.sqrt(inflation[near]), degrees)
    return Scan(start, change, look, z, inflation)


def inflation_of(hits: Floats, of: Floats, change: int, *, exact: bool) -> float:
    """Return the variance over sampling variance when all weeks are split at one; 1 or more."""
    last = len(hits) - 1
    if last < 2 or not 0 < change <= last:  # noqa: PLR2004 - two windows and something to scatter
        return 1.0
    split = (np.array([0]), np.array([change]), np.array([last]))
    return float(_scatter(hits, of, split, exact=exact)[0][0])


def _rows(splits: Splits, kept: NDArray[np.bool_]) -> Splits:
    start, change, look = splits
    return start[kept], change[kept], look[kept]


def _windows(hits: Floats, of: Floats, splits: Splits) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the hits before and after each split, and the counts; each (splits, strata)."""
    start, change, look = splits
    had, seen = _sums(hits), _sums(of)
    return (
        had[change] - had[start],
        had[look + 1] - had[change],
        seen[change] - seen[start],
        seen[look + 1] - seen[change],
    )


def _scatter(hits: Floats, of: Floats, splits: Splits, *, exact: bool) -> tuple[Floats, Floats]:
    """Return the inflation of the variance by more than sampling, and its degrees of freedom."""
    start, change, look = splits
    before, after, n0, n1 = _windows(hits, of, splits)
    residuals = _residuals(hits, of, splits, _share(before, n0), _share(after, n1))
    weeks = look + 1 - start
    if not exact:
        return _shocks(residuals, weeks, look + 1 - change)
    freedom = (weeks - 2).astype(np.float64)
    return np.maximum((residuals**2).sum(1) / chdtri(freedom, _SEEN), 1), freedom


def _sums(values: Floats) -> Floats:
    return np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])


def _share(hits: Floats, of: Floats) -> Floats:
    return np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)


def _score(before: Floats, after: Floats, n0: Floats, n1: Floats) -> Floats:
    """Return the Mantel-Haenszel score of `after` given both windows' sum, over strata."""
    hits, n = before + after, n0 + n1
    surplus = (after - n1 * _share(hits, n)).sum(1)
    spread = _share(n0 * n1 * hits * (n - hits), n * n * np.maximum(n - 1, 1)).sum(1)
    return _share(surplus, np.sqrt(np.maximum(spread, 0)))


def _fisher(before: Floats, after: Floats, n0: Floats, n1: Floats) -> Floats:
    """Return the exact tail of `after` given both windows' sum, as a normal deviate."""
    x, hits, late = np.rint(after), np.rint(before + after), np.rint(n1)
    n = np.rint(n0 + n1)
    rose = x * n > hits * late
    tail = np.empty_like(x)
    for side, beyond in ((rose, hypergeom.sf), (~rose, hypergeom.cdf)):
        tail[side] = beyond(x[side], n[side], hits[side], late[side])
    here = hypergeom.pmf(x, n, hits, late) / 2
    tail = np.clip(tail + np.where(rose, here, -here), 1e-300, 0.5)
    deviate: Floats = np.where(rose, -ndtri(tail), ndtri(tail))
    return deviate


def _residuals(hits: Floats, of: Floats, splits: Splits, early: Floats, late: Floats) -> Floats:
    """Return each week's standardised residual from its window's shares; shape (splits, weeks)."""
    start, change, look = (index[:, None] for index in splits)
    week = np.arange(len(hits))
    expected, variance = np.zeros((len(early), len(hits))), np.zeros((len(early), len(hits)))
    for within, share in (
        ((week >= start) & (week < change), early),
        ((week >= change) & (week <= look), late),
    ):
        expected += within * (share @ of.T)
        variance += within * (np.clip(share * (1 - share), 0, None) @ of.T)
    return _share(np.where(variance > 0, hits.sum(1) - expected, 0), np.sqrt(variance))


def _shocks(residuals: Floats, weeks: Ints, late: Ints) -> tuple[Floats, Floats]:
    """Return the inflation of the variance by weekly shocks, and the degrees of freedom.

    A week's variance, in units of its sampling variance, is 1 + shock; shocks follow an AR(1). The
    lag-1 autocorrelation of the residuals is that of the shocks times their share of the variance.
    """
    freedom = weeks - 2
    squares = (residuals**2).sum(1)
    lag = _share((residuals[:, 1:] * residuals[:, :-1]).sum(1), squares)
    lag += (1 + 3 * lag) / weeks  # its bias in short series
    scatter = squares / freedom
    shocked = np.clip(1 - _share(np.ones_like(scatter), scatter), 0, 1)
    rho = (_PRIOR_WEEKS * _PRIOR + weeks * lag) / (_PRIOR_WEEKS + weeks * shocked)
    rho = np.clip(rho, 0, _LARGEST)
    early = weeks - late
    long, short = _mean_variance(early, rho), _mean_variance(late, rho)
    shock = np.maximum(squares - freedom, 0) / np.maximum(weeks - long - short, 1)
    shocked = shock * (long / early + short / late) / (1 / early + 1 / late)
    share = shocked / (1 + shocked)
    degrees = freedom * (1 - share + share * (1 - rho**2) / (1 + rho**2))
    return 1 + shocked, degrees


def _mean_variance(n: Ints, rho: Floats) -> Floats:
    """Return n times the variance of the mean of n steps of an AR(1) with variance 1."""
    return 1 + 2 * rho / (1 - rho) * (1 - (1 - rho**n) / (n * (1 - rho)))


def _normal(t: Floats, degrees: Floats) -> Floats:
    """Return the normal deviate with the tail of Student's t, in a way that does not overflow."""
    deviate: Floats = -np.sign(t) * ndtri(np.maximum(stdtr(degrees, -np.abs(t)), 1e-300))
    return deviate
