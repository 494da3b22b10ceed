"""What else could make two arms differ: other people answering, scores left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from trueup.goodhart.concurrent.difference import Estimate
from trueup.goodhart.grid import left_out
from trueup.goodhart.guards import (
    COVERAGE_ERRORS,
    LEAST_LOSS,
    RATE_ERRORS,
    RATE_RANGE,
    SEGMENT_PART,
    Bias,
)
from trueup.goodhart.series import TINY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEWEST = 5
"""Responders that a segment must have in an arm before its feedback rate is compared."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of outputs in two arms, at the same mix of periods.

    Attributes:
        treated: Share in the treatment.
        control: Share in the control.
        ratio: Logarithm of treated over control.
    """

    treated: float
    control: float
    ratio: Estimate

    @property
    def errors(self) -> float:
        """How many standard errors the ratio lies from 1."""
        return abs(self.ratio.value) / max(self.ratio.error, TINY)


def rate(
    treated: tuple[Floats, Floats], control: tuple[Floats, Floats], buckets: Bools
) -> Rate | None:
    """Return how often something is there in each arm; None where it is in neither.

    Args:
        treated: Outputs and outputs with it, periods x segments x buckets.
        control: The same of the other arm.
        buckets: Those that hold anything.
    """
    n1, m1 = (left_out(x, buckets) for x in treated)
    n0, m0 = (left_out(x, buckets) for x in control)
    both = (n1 > TINY) & (n0 > TINY)
    size = np.where(both, n1 + n0, 1.0)
    one = np.where(both, m1 * n0 / size, 0.0).sum((0, 1))
    other = np.where(both, m0 * n1 / size, 0.0).sum((0, 1))
    weight = np.where(both, n1 * n0 / size, 0.0).sum((0, 1))
    if weight[0] <= TINY or one[0] + other[0] <= TINY:
        return None
    # half an output more in each: a share of 0 has no logarithm
    ratio = np.log((one + 0.25) / (other + 0.25))
    return Rate(
        float(one[0] / weight[0]),
        float(other[0] / weight[0]),
        Estimate(float(ratio[0]), ratio[1:]),
    )


def feedback(
    treated: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
    *,
    buckets: Bools,
    said: str,
    segments: Sequence[str],
) -> str:
    """Return why a signal speaks for other people in one arm, empty where it does not.

    Args:
        treated: Outputs and values, periods x segments x buckets.
        control: The same of the other arm.
        buckets: Those that hold anything.
        said: How reports call the signal.
        segments: Their names.
    """
    whole = rate(treated, control, buckets)
    if whole is None:
        return f"no {said} arrived"
    if _moved(whole):
        return (
            f"{said} are given for {whole.treated:.2%} of the treatment's outputs, "
            f"{whole.control:.2%} of the control's"
        )
    counts = np.minimum(treated[1].sum((0, 2)), control[1].sum((0, 2)))
    size = control[1].sum((0, 2))
    for s in np.flatnonzero((size >= SEGMENT_PART * size.sum()) & (counts >= FEWEST)):
        here = [tuple(x[:, [s]] for x in arm) for arm in (treated, control)]
        each = rate((here[0][0], here[0][1]), (here[1][0], here[1][1]), buckets)
        if each is not None and _moved(each):
            return (
                f"in {segments[int(s)] or 'all'}, {said} are given for {each.treated:.2%} of the "
                f"treatment's outputs, {each.control:.2%} of the control's"
            )
    return ""


def _moved(found: Rate) -> bool:
    inside = RATE_RANGE[0] <= np.exp(found.ratio.value) <= RATE_RANGE[1]
    return bool(not inside and found.errors > RATE_ERRORS)


def coverage(
    treated: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
    *,
    buckets: Bools,
    spread: float,
) -> Bias:
    """Return what outputs that the judge left out in one arm alone may have added to its mean.

    A further share d lost from the bottom raises the mean of a normal score by at most
    phi(z_d)/(1 - d) standard deviations.

    Args:
        treated: Outputs and (weighted) judged outputs, periods x segments x buckets.
        control: The same of the other arm.
        buckets: Those that hold anything.
        spread: Standard deviation of the score.
    """
    found = rate(treated, control, buckets)
    if found is None:
        return Bias()
    change = 1 - float(np.exp(found.ratio.value))
    if abs(change) < LEAST_LOSS or found.errors < COVERAGE_ERRORS:
        return Bias()
    size = min(abs(change), 0.99)
    possible = float(stats.norm.pdf(stats.norm.isf(size)) / (1 - size)) * spread
    note = (
        f"the judge scored {found.treated:.1%} of the treatment's outputs, {found.control:.1%} of "
        f"the control's: that alone can have moved the difference by {possible:.2f}"
    )
    return Bias(possible, 0.0, (note,)) if change > 0 else Bias(0.0, possible, (note,))
