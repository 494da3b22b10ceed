"""Latency: how long batches and their groups took, as quantiles over the latest ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LATEST = 2048
"""So many are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a scorer has done so far.

    Attributes:
        batches: Batches scored.
        outputs: Outputs in them.
        asked: Distinct outputs that a judge was asked about.
        abstained: Outputs without a reward.
        p50: Median seconds from the start of a batch until the last output of a group has its
            result, over the latest 2,048 groups; None before the first one.
        p99: The 99th percentile of the same.
    """

    batches: int = 0
    outputs: int = 0
    asked: int = 0
    abstained: int = 0
    p50: float | None = None
    p99: float | None = None

    @property
    def abstain_rate(self) -> float:
        """Share of outputs without a reward; 0 before the first one."""
        return self.abstained / self.outputs if self.outputs else 0.0


class Latency:
    """Keeps the latest durations."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_LATEST)

    def add(self, seconds: Iterable[float]) -> None:
        """Take durations in."""
        self._seconds.extend(seconds)

    def quantile(self, share: float) -> float | None:
        """Return the smallest duration that this share does not exceed; None without any."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
