"""Abstaining: a judge that fails too often teaches which outputs it fails on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from scipy import special

from trueup.errors import ConfigError
from trueup.monitor.rule import Rule, Ruling
from trueup.reward import Abstain

if TYPE_CHECKING:
    from trueup.monitor.rule import Scored

CHANCE = 0.01
"""So many abstentions or more must be less likely than this where the share is as allowed."""


class Abstaining(Rule):
    """Pause while too many of the last outputs had no reward.

    Outputs without a reward are left out of training, and those are not a random part: a judge may
    fail on just those that fool it, or on all while its endpoint is down. A single failure in a
    small batch is no reason yet: more must be missing than chance explains (binomial, 1 %).

    Args:
        most: Share of outputs that may abstain.
        window: Outputs that the share is taken over, the last batch whole.
    """

    def __init__(self, *, most: float = 0.02, window: int = 200) -> None:
        if not 0 <= most < 1:
            raise ConfigError(f"most is {most!r}", mend="Give a share from 0 to below 1")
        if window < 1:
            raise ConfigError(f"window is {window!r}", mend="Give a number of outputs")
        self.most, self.window = most, window
        self._batches: deque[tuple[int, int]] = deque()
        self._step: int | None = None
        self._why = ""

    @property
    def rate(self) -> float:
        """Share of the last outputs that had no reward."""
        count, lost = self._counts()
        return lost / count if count else 0.0

    def _counts(self) -> tuple[int, int]:
        return sum(n for n, _ in self._batches), sum(lost for _, lost in self._batches)

    def saw(self, batch: Scored) -> None:
        """Count the abstentions of a batch."""
        if not batch.results:
            return
        lost = [one for one in batch.results if isinstance(one, Abstain)]
        self._batches.append((len(batch.results), len(lost)))
        while sum(n for n, _ in self._batches) - self._batches[0][0] >= self.window:
            self._batches.popleft()
        self._step = batch.step
        if lost:
            self._why = lost[-1].message

    def ruling(self) -> Ruling:
        """Return `pause` where the share is too high."""
        rate, (count, lost) = self.rate, self._counts()
        if rate <= self.most or special.bdtrc(lost - 1, count, self.most) >= CHANCE:
            return Ruling(rule="abstaining", step=self._step, reason=f"{rate:.1%} had no reward.")
        why = (
            f"{rate:.1%} of the last {count} outputs had no reward, more than {self.most:.1%}. "
            f"The last reason was: {self._why}."
        )
        return Ruling(action="pause", rule="abstaining", step=self._step, reason=why)

    def metrics(self) -> dict[str, float]:
        """Return the share."""
        return {"abstaining/rate": self.rate}
