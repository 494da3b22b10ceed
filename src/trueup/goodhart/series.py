"""Means per period with the mix of segments held fixed, and their errors by leaving users out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

TINY = 1e-9
THIN = 0.02
"""A segment with less than this part of its usual share in a row counts as missing there: a few
stray outputs would speak for all of it."""


@dataclass(frozen=True, slots=True)
class Series:
    """A mean per row, standardised to fixed shares of segments.

    Attributes:
        mean: One per row, NaN where there is nothing.
        without: rows x buckets: the mean with one bucket of users left out.
        count: Outputs behind each mean.
        kept: Share of the reference's mix that a row has outputs for.
    """

    mean: Floats
    without: Floats
    count: Floats
    kept: Floats

    @property
    def apart(self) -> Floats:
        """How far leaving a bucket out moves the mean: rows x buckets.

        Scaled so that the sum of squares over buckets is the jackknife's variance.
        """
        count = self.without.shape[-1]
        scaled: Floats = (self.without - self.without.mean(-1, keepdims=True)) * np.sqrt(
            (count - 1) / count
        )
        return scaled


def jackknife(without: Floats, other: Floats | None = None) -> Floats:
    """Return the delete-one jackknife's variance over the last axis, or a covariance.

    Efron and Stein (1981): (B-1)/B times the sum of squared deviations of the B estimates.
    """
    count = without.shape[-1]
    apart = without - without.mean(-1, keepdims=True)
    also = apart if other is None else other - other.mean(-1, keepdims=True)
    found: Floats = (count - 1) / count * (apart * also).sum(-1)
    return found


def sampling(apart: Floats, other: Floats | None = None) -> float:
    """Return the mean sampling (co)variance of rows, as far as rows do not share it.

    Users who come back differ from others in every row alike. That part of the scatter between
    buckets drops out of a comparison of rows, so each bucket's mean over rows is taken off first.

    Args:
        apart: rows x buckets, from `Series.apart`, without NaN.
        other: Of another series over the same rows, for a covariance.
    """
    rows = len(apart)
    one = apart - apart.mean(0)
    also = one if other is None else other - other.mean(0)
    return float((one * also).sum() / max(rows - 1, 1))


def standardised(
    count: Floats,
    total: Floats,
    shares: Floats,
    counted: Floats | None = None,
    *,
    reference: int | None = None,
) -> Series:
    """Return the mean per row at fixed shares of segments.

    What is averaged is how far each segment lies from its own mean over the reference, so that a
    row in which a segment is missing differs by what the others did, not by their being others.
    Where all are there, it is the plain weighted mean (Hajek's form).

    Args:
        count: rows x segments x buckets: weights of what was observed.
        total: rows x segments x buckets: weighted sums of the values.
        shares: Reference share of each segment, summing to 1. Segments without anything in the
            reference are left out.
        counted: rows x segments x buckets: numbers behind the weights; `count` where left out.
        reference: First rows that a segment's own mean is taken over; all where left out.
    """
    all_count, all_total = count.sum(2)[..., None], total.sum(2)[..., None]
    there = all_count > THIN * shares[:, None] * all_count.sum(1, keepdims=True)
    mean, kept = _mix(all_count, all_total, there, shares, reference)
    without, _ = _mix(all_count - count, all_total - total, there, shares, reference)
    lost = np.isnan(without) & ~np.isnan(mean)
    if lost.any():
        without = np.where(lost, mean, without)
    numbers = count if counted is None else counted
    return Series(mean[:, 0], without, numbers.sum((1, 2)), kept[:, 0])


def _mix(
    count: Floats, total: Floats, there: Bools, shares: Floats, reference: int | None
) -> tuple[Floats, Floats]:
    """Return means and the kept share over segments (axis 1)."""
    base, known = _mean(total[:reference].sum(0), count[:reference].sum(0))
    means, here = _mean(total, count)
    own = shares[:, None] * known
    weight = own * (here & there)
    kept = weight.sum(1)
    level, _ = _mean((own * base).sum(0), own.sum(0))
    apart = (weight * (means - base)).sum(1)
    found = np.divide(apart, kept, out=np.full_like(kept, np.nan), where=kept > TINY)
    return found + level, kept


def _mean(total: Floats, count: Floats) -> tuple[Floats, Bools]:
    """Return totals over counts, 0 where there is nothing, and where there is something."""
    here = count > TINY
    return np.divide(total, count, out=np.zeros_like(total), where=here), here


def shares_of(count: Floats) -> Floats:
    """Return each segment's share of rows x segments x buckets."""
    size = count.sum((0, 2))
    total = size.sum()
    return size / total if total > TINY else np.full(len(size), 1 / max(len(size), 1))
