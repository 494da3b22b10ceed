"""Pearson, Spearman and Kendall, each with the variance of its Fisher z from the data itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.grouped import Spread, spread

if TYPE_CHECKING:
    from trueup.agreement.column import Floats, Ints

_NEARLY = 1 - 1e-9


def pearson(a: Floats, b: Floats, group: Ints | None) -> tuple[float, Spread]:
    """Return r and the jackknife variance of artanh r, leaving out one group at a time."""
    a, b = a - a.mean(), b - b.mean()
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    r = _one(float(a @ b) / float(np.sqrt((a @ a) * (b @ b))))
    found = spread(np.zeros(len(a)), np.ones(len(a)), group)
    alone = _jackknife(a, b, np.arange(len(a)))
    variance = alone
    if group is not None and found.n_groups > 1:
        variance = max(alone, _jackknife(a, b, np.unique(group, return_inverse=True)[1]))
    return r, found._replace(variance=variance)


def _jackknife(a: Floats, b: Floats, group: Ints) -> float:
    """Return the variance of artanh r over r without each group; a and b have mean 0.

    An r that is not defined without a group counts as 0, the furthest from what it decides.
    """
    size = np.bincount(group)
    rest = len(a) - size
    sums = [np.bincount(group, column) for column in (a, b, a * a, b * b, a * b)]
    totals = [a @ a, b @ b, a @ b]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[0] / rest, sums[1] / rest
        aa, bb, ab = (t - s for t, s in zip(totals, sums[2:], strict=True))
        aa, bb = aa - rest * means[0] ** 2, bb - rest * means[1] ** 2
        r = (ab - rest * means[0] * means[1]) / np.sqrt(aa * bb)
    r[~np.isfinite(r) | (aa < 1e-12 * totals[0]) | (bb < 1e-12 * totals[1])] = 0.0
    z = np.arctanh(np.clip(r, -_NEARLY, _NEARLY))
    count = len(size)
    return float((count - 1) / count * ((z - z.mean()) ** 2).sum())


def spearman(a: Floats, b: Floats, group: Ints | None) -> tuple[float, Spread]:
    """Return rho on mid-ranks and the variance of artanh rho."""
    return _on_z(*spearman_influence(a, b), group)


def kendall(a: Floats, b: Floats, group: Ints | None) -> tuple[float, Spread]:
    """Return tau-b and the variance of artanh tau-b."""
    return _on_z(*kendall_influence(a, b), group)


def pearson_influence(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return r and how much each unit moves it."""
    a, b = ((column - column.mean()) / column.std() for column in (a, b))
    r = _one(float((a * b).mean()))
    return r, a * b - r * (a * a + b * b) / 2


def spearman_influence(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return rho on mid-ranks and how much each unit moves it, the others' ranks included."""
    places = [np.unique(column, return_inverse=True)[1] for column in (a, b)]
    u, v = (_below(place, np.ones(len(a))) for place in places)
    cross = float(u @ v) / len(a)
    spreads = [float(ranks @ ranks) / len(a) - 0.25 for ranks in (u, v)]
    rho = _one((cross - 0.25) / float(np.sqrt(spreads[0] * spreads[1])))
    moved = u * v + _above(places[0], v) + _above(places[1], u) - 3 * cross
    moved_u = u * u + 2 * _above(places[0], u) - 3 * (spreads[0] + 0.25)
    moved_v = v * v + 2 * _above(places[1], v) - 3 * (spreads[1] + 0.25)
    influence = moved / np.sqrt(spreads[0] * spreads[1])
    influence -= rho / 2 * (moved_u / spreads[0] + moved_v / spreads[1])
    return rho, influence


def kendall_influence(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return tau-b and how much each unit moves it."""
    n = len(a)
    x, y = (np.unique(column, return_inverse=True)[1] for column in (a, b))
    both = np.unique(x * n + y, return_inverse=True)[1]
    tied_x, tied_y, tied = (np.bincount(place)[place] for place in (x, y, both))
    agree = _dominated(x, y) + _dominated(-x, -y)
    differ = n - tied_x - tied_y + tied - agree
    untied = [(n - ties) / (n - 1) for ties in (tied_x, tied_y)]
    means = [share.mean() for share in untied]
    scale = np.sqrt(means[0] * means[1])
    excess = (agree - differ) / (n - 1)
    tau = _one(excess.mean() / scale)
    influence = 2 * (excess - excess.mean()) / scale
    for share, mean in zip(untied, means, strict=True):
        influence -= tau * (share - mean) / mean
    return tau, influence


def _on_z(r: float, influence: Floats, group: Ints | None) -> tuple[float, Spread]:
    rows = np.ones(len(influence))
    found = spread(influence, rows, group)
    if group is not None:
        found = found._replace(variance=max(found.variance, spread(influence, rows, None).variance))
    slope = 1 / (1 - min(abs(r), _NEARLY) ** 2)
    return r, found._replace(variance=found.variance * slope**2)


def _below(place: Ints, weight: Floats) -> Floats:
    """Return, for each unit, the mean of `weight` over units below it, ties by half."""
    sums = np.bincount(place, weight)
    return np.asarray(((sums.cumsum() - sums / 2) / len(place))[place])


def _above(place: Ints, weight: Floats) -> Floats:
    """Return, for each unit, the mean of `weight` over units above it, ties by half."""
    return _below(place.max() - place, weight)


def _dominated(a: Ints, b: Ints) -> Floats:
    """Count, for each unit, the units smaller in both columns, in n log(n)^2 steps.

    Units are merged in order of a, block by block; among ties of a the larger b goes first, so
    that none of them counts.
    """
    n = len(a)
    order = np.lexsort((-b, a))
    rank = b[order] - b.min()
    span = int(rank.max()) + 1
    at = np.arange(n)
    counts = np.zeros(n)
    width = 1
    while width < n:
        base = at // (2 * width) * span
        right = at // width % 2 == 1
        left = np.sort((base + rank)[~right])
        smaller = np.searchsorted(left, (base + rank)[right])
        counts[right] += smaller - np.searchsorted(left, base[right])
        width *= 2
    found = np.empty(n)
    found[order] = counts
    return found


def _one(r: float) -> float:
    return float(min(max(r, -1.0), 1.0))
