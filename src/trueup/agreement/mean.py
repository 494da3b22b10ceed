"""Means with intervals, from sums that can be added up one row at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.agreement.estimate import Estimate
from trueup.agreement.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Hashable

_LEVEL = 0.95


@dataclass(slots=True)
class MeanSum:
    """Sums from which a mean and its interval come; constant work a row.

    Memory grows with the number of groups, and not at all where rows have none.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    alone_squares: float = 0.0
    """Of the values without a group."""
    binary: bool = True
    groups: dict[Hashable, list[float]] = field(default_factory=dict)

    def add(self, value: float, group: Hashable | None = None) -> None:
        """Add one value in [0, 1], and which group it belongs to."""
        self.n += 1
        self.total += value
        self.squares += value * value
        self.binary = self.binary and value in {0.0, 1.0}
        if group is not None:
            sums = self.groups.setdefault(group, [0.0, 0.0])
            sums[0] += 1
            sums[1] += value
        else:
            self.alone_squares += value * value

    def estimate(self) -> Estimate | None:
        """Return the mean with a 95 % interval within [0, 1]; None where nothing was added."""
        if not self.n:
            return None
        grouped = sum(sums[0] for sums in self.groups.values())
        alone = int(self.n - grouped)
        if self.groups and len(self.groups) + alone < self.n:
            return self._clustered(alone)
        if self.binary:
            low, high = wilson(self.total, self.n)
            return Estimate(self.total / self.n, low, high, self.n, self.n, "wilson")
        return self._student()

    def _student(self) -> Estimate:
        mean = self.total / self.n
        if self.n == 1:
            return Estimate(mean, 0.0, 1.0, 1, 1, "single value")
        variance = max(self.squares - self.n * mean * mean, 0.0) / (self.n - 1)
        half = _t(self.n - 1) * math.sqrt(variance / self.n)
        return Estimate(
            mean, max(mean - half, 0.0), min(mean + half, 1.0), self.n, self.n, "student t"
        )

    def _clustered(self, alone: int) -> Estimate:
        mean = self.total / self.n
        count = len(self.groups) + alone
        if count == 1:
            return Estimate(mean, 0.0, 1.0, self.n, 1, "single group")
        residuals = math.fsum((s[1] - mean * s[0]) ** 2 for s in self.groups.values())
        if alone:  # rows without a group stand for themselves
            rest_total = self.total - math.fsum(s[1] for s in self.groups.values())
            own = self.alone_squares - 2 * mean * rest_total + alone * mean * mean
            residuals += max(own, 0.0)
        variance = count / (count - 1) * residuals / self.n**2
        half = _t(count - 1) * math.sqrt(variance)
        return Estimate(
            mean, max(mean - half, 0.0), min(mean + half, 1.0), self.n, count, "clustered t"
        )


def _t(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415 - heavy, and needed only here

    return float(stdtrit(degrees, (1 + _LEVEL) / 2))
