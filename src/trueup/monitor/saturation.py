"""Saturation: a reward that is full teaches nothing more but how to please the judge."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from trueup.errors import ConfigError
from trueup.monitor.rule import Rule, Ruling
from trueup.reward import Reward

if TYPE_CHECKING:
    from trueup.monitor.rule import Scored

FEWEST = 50


class Saturation(Rule):
    """Warn when nearly all outputs have the highest reward: the rubric is used up.

    Whether that is quality is for gold to say; join it as `Saturation() | HeldOut(...)`.

    Args:
        top: Rewards from which on an output is at the ceiling.
        most: Share of the outputs that may be there.
        window: Rewarded outputs that the share is taken over.
    """

    def __init__(self, *, top: float = 0.99, most: float = 0.9, window: int = 500) -> None:
        if window < FEWEST:
            raise ConfigError(f"window is {window!r}", mend=f"Give {FEWEST} outputs or more")
        self.top, self.most = top, most
        self._at: deque[bool] = deque(maxlen=window)
        self._step: int | None = None

    @property
    def share(self) -> float:
        """Share of the last rewarded outputs at the ceiling."""
        return sum(self._at) / len(self._at) if self._at else 0.0

    def saw(self, batch: Scored) -> None:
        """Count the outputs at the ceiling."""
        self._step = batch.step
        self._at += (one.value >= self.top for one in batch.results if isinstance(one, Reward))

    def ruling(self) -> Ruling:
        """Return `warn` while too many are there."""
        count, share = len(self._at), self.share
        if count < FEWEST or share <= self.most:
            return Ruling(rule="saturation", step=self._step, reason=f"{share:.0%} at the ceiling.")
        why = (
            f"{share:.0%} of the last {count} outputs have the highest reward, so that it no "
            "longer tells them apart. Add criteria, or sharpen those that all meet."
        )
        return Ruling(action="warn", rule="saturation", step=self._step, reason=why)

    def metrics(self) -> dict[str, float]:
        """Return the share."""
        return {"saturation/share": self.share}
