"""Do the arms hold the same traffic? The sample-ratio check, segment by segment.

Chance gives every arm the same shares of segments in the same period, however unequal the split is
planned and however it moves from week to week. Where shares differ by more than chance, outputs are
missing from one arm's log, or users were not put there by chance: nothing that is compared then
speaks of the version alone (Fabijan et al. 2019 on sample-ratio mismatch).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.grid import left_out
from trueup.goodhart.series import TINY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

CHANCE = 0.001
"""Arms whose shares differ so by chance once in a thousand looks hold other traffic."""
LEAST_LOSS = 0.1
"""With less than this part of a segment's outputs missing in an arm a note is enough, ..."""
LEAST_SHARE = 0.01
"""... and so it is where the segment's share differs by less than this."""
FEWEST = 20
"""Outputs that a segment should have in each arm before its share is compared."""
FEWEST_BUCKETS = 5
"""User buckets that must hold outputs of an arm: of fewer nothing tells how far chance reaches."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A segment that one arm holds more of than chance allows.

    Attributes:
        text: What is found, in a clause.
        withholds: Whether it is enough to say nothing of the arms.
    """

    text: str
    withholds: bool

    @property
    def note(self) -> str:
        """What a look notes."""
        return "" if self.withholds else self.text

    @property
    def missing(self) -> str:
        """What a look lacks."""
        return (
            f"{self.text}: outputs are missing from one arm's log, or users were not put there by "
            "chance; find out which (filters, failures, routing) and compare complete logs, or "
            "run the test again"
        )


def find_mismatch(
    treated: Floats, control: Floats, *, buckets: Bools, segments: Sequence[str]
) -> Mismatch | None:
    """Return the segment whose shares differ most between arms, None where all differ by chance.

    Shares are compared within periods, as Mantel and Haenszel (1959) do. Errors come from leaving
    out one bucket of users at a time, so that users who come back count as one; Bonferroni's bound
    is over segments.

    Args:
        treated: Outputs, periods x segments x buckets.
        control: The same of the other arm.
        buckets: Those that hold anything.
        segments: Their names.
    """
    held = [int((x.sum((0, 1)) > 0).sum()) for x in (treated, control)]
    if min(held) < FEWEST_BUCKETS:
        return None
    one, other, weight = _shares(treated[..., buckets], control[..., buckets])
    size = (one + other)[:, 0]
    common = size / size.sum() if size.sum() > TINY else size
    asked = (common * min(treated.sum(), control.sum()) >= FEWEST) & (common < 1)
    if not asked.any():
        return None
    apart = (one - other) / np.maximum(weight, TINY)
    left = apart[:, 1:] - apart[:, 1:].mean(1, keepdims=True)
    count = left.shape[1]
    error = np.sqrt((count - 1) / count * (left**2).sum(1))
    critical = -float(special.stdtrit(min(held) - 1, CHANCE / 2 / asked.sum()))
    far = asked & (np.abs(apart[:, 0]) > critical * np.maximum(error, TINY))
    if not far.any():
        return None
    whole = weight[0]
    shares = one[:, 0] / whole, other[:, 0] / whole
    odds = [np.maximum(x, TINY) / np.maximum(1 - x, TINY) for x in shares]
    ratio = np.abs(np.log(odds[0] / odds[1]))
    worst = int(np.argmax(np.where(far, ratio, -1.0)))
    large = -np.log(1 - LEAST_LOSS), LEAST_SHARE
    return Mismatch(
        text=(
            f"'{segments[worst] or '(none)'}' makes up {shares[0][worst]:.1%} of the treatment's "
            f"outputs and {shares[1][worst]:.1%} of the control's in the same periods, which "
            "chance brings less than once in a thousand looks"
        ),
        withholds=bool((far & (ratio > large[0]) & (np.abs(apart[:, 0]) > large[1])).any()),
    )


def _shares(treated: Floats, control: Floats) -> tuple[Floats, Floats, Floats]:
    """Return weighted shares of both arms, segments x (1 + buckets), and the sum of weights.

    The first column is of all users, the others leave one bucket out. A period weighs as much as
    it tells of the arms' difference.
    """
    n1, n0 = (left_out(x) for x in (treated, control))
    all1, all0 = n1.sum(1, keepdims=True), n0.sum(1, keepdims=True)
    both = (all1 > TINY) & (all0 > TINY)
    total = np.where(both, all1 + all0, 1.0)
    one = np.where(both, n1 * all0 / total, 0.0).sum(0)
    other = np.where(both, n0 * all1 / total, 0.0).sum(0)
    return one, other, np.where(both, all1 * all0 / total, 0.0).sum((0, 1))
