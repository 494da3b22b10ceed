"""Whether a judge's probabilities mean what they say: calibration error, Brier score, curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.agreement import column
from trueup.agreement.brier import brier, parts
from trueup.agreement.estimate import Estimate
from trueup.agreement.folded import folded_interval, noise_of
from trueup.agreement.grouped import spread
from trueup.agreement.shares import share, times
from trueup.errors import TooFewLabels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.agreement.column import Floats, Ints

_FEWEST = 10
"""Units in a bin, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One bin of a reliability curve."""

    probability: float
    """Mean of the judge's probabilities in it."""
    observed: Estimate
    """Share that people call met."""
    low: float
    """Smallest probability in it."""
    high: float
    """Largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A judge's probabilities beside people's answers."""

    ece: Estimate
    """Expected calibration error, without the part that chance alone makes."""
    ece_raw: float
    """The same as it is usually given: mean of |observed - probability| over bins."""
    brier: Estimate
    """Mean squared error of the probabilities; brier = reliability - resolution + uncertainty +
    within."""
    reliability: float
    """Mean squared distance of the curve from the diagonal, less what chance makes; 0 is best,
    and chance may leave it a little below."""
    resolution: float
    """Variance of the curve, less what chance makes; the higher, the more the judge tells."""
    uncertainty: float
    """Brier score of always saying the prevalence."""
    within: float
    """What bins hide: differences inside them."""
    curve: tuple[CurvePoint, ...]
    """One point a bin, by rising probability; empty bins are left out."""
    n_pairs: int
    """Units with a probability and a label."""
    n_split: int
    """Of these, on how many people differ."""
    n_dropped: int
    """Units left out because one is missing."""
    method: str
    """Kind of bins and intervals."""


def calibration(
    probability: Iterable[object],
    truth: Iterable[object],
    *,
    bins: int = 10,
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
    seed: int | np.random.Generator = 0,
) -> Calibration:
    """Return calibration error, Brier score and reliability curve of a judge's probabilities.

    Units are put into `bins` of equal size by their probability, equal ones together, with at
    least ten units to a bin on average. With mean probability p_b, observed rate o_b and n_b of n
    units in bin b, ECE = sum n_b / n |o_b - p_b| (Naeini, Cooper and Hauskrecht 2015, AAAI), which
    is above 0 by chance alone: .07 for a perfect judge with 200 labels in ten bins (measured). The
    estimate is the ECE under which the seen one is expected, and its interval holds those under
    which it is not unusual: see `folded_interval`. It is that of the bins; what happens inside
    them is not seen.

    Where several people labelled a unit and truth is their mean, every figure is that against one
    person drawn at random. Reliability, resolution and uncertainty are those of Murphy (1973), "A
    new vector partition of the probability score", Journal of Applied Meteorology 12, bias taken
    off as by Ferro and Fricker (2012), "A bias-corrected decomposition of the Brier score",
    Quarterly Journal of the Royal Meteorological Society 138; `within` is the sum of the two
    terms of Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting 23. The Brier score's
    interval is Wilson's on the effective number of units, with a variance never below that of a
    calibrated judge with these probabilities.

    Measured coverage at 95 % (perfect, over-confident, shifted and locally wrong judges, 60 to
    1,000 labels, some in 40 to 60 groups): ECE 94 to 99 %, 99 % where the true error is 0; Brier
    score 93 to 98 %. Wrong where labels were not drawn at random; where units come in
    groups, too little is taken off reliability and resolution.

    The example is Wilks (1995), "Statistical methods in the atmospheric sciences", table 7.3:
    forecasts of rain, of which .162 came true.

    Args:
        probability: Of met, in [0, 1]; None or NaN is missing. Shape (n,).
        truth: Labels: booleans, 1, 0, or the mean of several people's. Shape (n,).
        bins: Most bins.
        ci: Two-sided level in (0, 1).
        cluster: Group of each unit; a unit without one stands for itself. Shape (n,).
        seed: For the draws behind the interval of the ECE.

    Raises:
        TooFewLabels: Fewer than ten units have both.

    >>> said = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    >>> often = [4112, 671, 1833, 986, 616, 366, 303, 275, 245, 220, 170, 203]
    >>> rain = [.006, .019, .059, .15, .277, .377, .511, .587, .723, .779, .934, .933]
    >>> days = [1.0 * (n < round(k * r)) for k, r in zip(often, rain) for n in range(k)]
    >>> found = calibration([p for p, k in zip(said, often) for _ in range(k)], days, bins=100)
    >>> print(f"{sum(days) / len(days):.3f} = {found.curve[0].observed.estimate:.3f} ...")
    0.162 = 0.006 ...
    >>> print(f"{found.brier.estimate:.4f} = {found.reliability:.4f} - {found.resolution:.4f}"
    ...       f" + {found.uncertainty:.4f}; ECE {found.ece_raw:.4f}")
    0.0736 = 0.0007 - 0.0625 + 0.1354; ECE 0.0230
    """
    column.level(ci)
    if bins < 1:
        raise ValueError(f"bins is {bins}, and a curve takes at least one")
    p = column.numbers(probability, "probability", within=(0, 1))
    t = column.numbers(truth, "truth", within=(0, 1))
    column.same_length("truth", len(t), len(p))
    group = column.groups(cluster, len(p))
    kept = column.complete(p, t)
    p, t, group = p[kept], t[kept], None if group is None else group[kept]
    if len(p) < _FEWEST:
        raise TooFewLabels(
            f"{len(p)} units have a probability and a label and a curve takes {_FEWEST}",
            mend="Label more units",
        )
    cut = _cut(p, t, min(bins, len(p) // _FEWEST))
    curve = _curve(p, t, cut, group, ci=ci)
    return Calibration(
        ece=_ece(p, t, cut, group, ci=ci, seed=seed),
        ece_raw=float(cut.weight @ np.abs(cut.gap)),
        brier=brier(p, t, group, ci=ci),
        **parts(p, t, cut.place),
        curve=curve,
        n_pairs=len(p),
        n_split=int(((t > 0) & (t < 1)).sum()),
        n_dropped=int((~kept).sum()),
        method=f"{len(curve)} bins of equal size, " + ("plain" if group is None else "clustered"),
    )


class _Cut(NamedTuple):
    """Units in bins; arrays over bins, but for `place`."""

    place: Ints
    """Bin of each unit."""
    size: Ints
    said: Floats
    """Mean probability."""
    seen: Floats
    """Share met."""

    @property
    def gap(self) -> Floats:
        return self.seen - self.said

    @property
    def weight(self) -> Floats:
        return np.asarray(self.size / self.size.sum())


def _cut(p: Floats, t: Floats, bins: int) -> _Cut:
    """Put units in bins of equal size by their mid-rank, so that equal ones stay together."""
    value, count = np.unique(p, return_inverse=True, return_counts=True)[1:]
    middle = count.cumsum() - count / 2
    place = np.unique(np.minimum(middle * bins // len(p), bins - 1)[value], return_inverse=True)[1]
    size = np.bincount(place)
    return _Cut(place, size, np.bincount(place, p) / size, np.bincount(place, t) / size)


def _curve(
    p: Floats, t: Floats, cut: _Cut, group: Ints | None, *, ci: float
) -> tuple[CurvePoint, ...]:
    found = []
    for n in range(len(cut.size)):
        own = cut.place == n
        among = None if group is None else group[own]
        found.append(
            CurvePoint(
                probability=float(cut.said[n]),
                observed=share(t[own], np.ones(own.sum()), group=among, ci=ci),
                low=float(p[own].min()),
                high=float(p[own].max()),
            )
        )
    return tuple(found)


def _ece(
    p: Floats,
    t: Floats,
    cut: _Cut,
    group: Ints | None,
    *,
    ci: float,
    seed: int | np.random.Generator,
) -> Estimate:
    """Return the calibration error; noise is that of labels, at least as if calibrated."""
    n, many = len(p), len(cut.size)
    smoothed = (cut.seen * cut.size + 0.5) / (cut.size + 1)
    variance = np.maximum(smoothed * (1 - smoothed), cut.said * (1 - cut.said)) / cut.size
    factor, n_groups, method = np.eye(many), n, "noise taken off, test inversion"
    if group is not None:
        off = np.zeros((n, many))
        off[np.arange(n), cut.place] = (t - p - cut.gap[cut.place]) / cut.size[cut.place]
        places, at = np.unique(group, return_inverse=True)
        sums = np.zeros((len(places), many))
        np.add.at(sums, at, off)
        n_groups, method = len(places), method + ", clustered"
        found = spread(np.zeros(n), np.ones(n), group)
        if n_groups == 1:
            return Estimate(float(cut.weight @ np.abs(cut.gap)), 0.0, 1.0, n, 1, "single group")
        sums /= np.sqrt(1 - np.bincount(at) / n)[:, None]
        own = (sums**2).sum(axis=0)
        stretch = found.times(ci) / times(ci, np.inf)
        variance = np.maximum(variance, own * stretch**2)
        factor = _root(sums / np.sqrt(np.where(own > 0, own, 1.0)))
    noise = noise_of(np.sqrt(variance), factor, seed)
    return Estimate(*folded_interval(cut.gap, cut.weight, noise, ci=ci), n, n_groups, method)


def _root(sums: Floats) -> Floats:
    """Return F with F F' the correlations of columns of length 1 or 0."""
    both = sums.T @ sums
    np.fill_diagonal(both, 1.0)
    values, vectors = np.linalg.eigh(both)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
