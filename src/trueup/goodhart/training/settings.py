"""Settings: what a monitor is told before the run; they stay the same for its whole life."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real

from trueup.goodhart.training.advice import UnusableSetting

WHERE = "TrainingMonitor"


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
        for name, high in (("margin", 1.0), ("share", 1.0), ("alpha", 0.5)):
            object.__setattr__(self, name, _between(name, getattr(self, name), 0.0, high))
        window = self.window
        if isinstance(window, bool) or not isinstance(window, Integral) or window < 2:  # noqa: PLR2004 - a slope takes two
            raise UnusableSetting(
                f"window is {window!r}", where=WHERE, mend="Give a whole number of steps above 1."
            )
        object.__setattr__(self, "window", int(window))
        for name in ("scale", "gold_scale"):
            ends = getattr(self, name)
            if ends is not None:
                object.__setattr__(self, name, _ends(name, ends))

    @property
    def of_gold(self) -> tuple[float, float] | None:
        """Scale that gold is read on."""
        return self.scale if self.gold_scale is None else self.gold_scale


def _between(name: str, value: object, low: float, high: float) -> float:
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not low < number < high:
        raise UnusableSetting(
            f"{name} is {value!r}", where=WHERE, mend=f"Give a number between {low:g} and {high:g}."
        )
    return number


def _ends(name: str, ends: object) -> tuple[float, float]:
    given = tuple(ends) if isinstance(ends, Iterable) and not isinstance(ends, str) else ()
    try:
        low, high = map(float, given)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UnusableSetting(
            f"{name} is {ends!r}", where=WHERE, mend="Give two numbers, the lower one first."
        )
    return low, high
