"""Settings: what a monitor is told before the run; they stay the same for its whole life."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Margins, level and scales of a monitor."""

    margin: float = 0.05
    """Smallest change that matters, in shares of the scale."""
    share: float = 0.5
    """Of what the proxy gains, gold should gain at least this share."""
    window: int = 60
    """Steps that the slope is taken over."""
    alpha: float = 0.01
    """Chance that a stopping rule speaks at all in a run in which its null holds."""
    scale: tuple[float, float] | None = None
    """Two values of the proxy whose distance counts as 1; None for values in [0, 1]."""
    gold_scale: tuple[float, float] | None = None
    """The same of gold; the proxy's where None."""

    def __post_init__(self) -> None:
        _between("margin", self.margin, 0, 1)
        _between("share", self.share, 0, 1)
        _between("alpha", self.alpha, 0, 0.5)
        if isinstance(self.window, bool) or not isinstance(self.window, int) or self.window < 2:  # noqa: PLR2004 - a slope takes two
            raise ValueError(f"window is {self.window!r}: give a whole number of steps above 1")
        for name in ("scale", "gold_scale"):
            ends = getattr(self, name)
            if ends is not None:
                object.__setattr__(self, name, _ends(name, ends))

    @property
    def of_gold(self) -> tuple[float, float] | None:
        """Scale that gold is read on."""
        return self.scale if self.gold_scale is None else self.gold_scale


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise ValueError(f"{name} is {value!r}: give a number between {low} and {high}")


def _ends(name: str, ends: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = map(float, ends)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{name} is {ends!r}: give two numbers, the lower one first")
    return low, high
