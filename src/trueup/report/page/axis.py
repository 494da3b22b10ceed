"""Axes: which part of a scale is shown, where its ticks are, and what stands at them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_STEPS = (0.05, 0.1, 0.2, 0.5)
_MOST_TICKS = 5
_LEAST_STEPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A part of a scale, drawn between two positions."""

    low: float
    high: float
    ticks: tuple[float, ...]
    start: float
    """Where `low` is drawn, in units of the drawing."""
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value is drawn; those outside at the border."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)


def fitted(
    values: Iterable[float], *, within: tuple[float, float], start: float, end: float
) -> Axis:
    """Return an axis with round ticks over what is to be shown, and no more than there can be.

    Args:
        values: What is to be shown.
        within: The ends of the scale.
        start: Where its low end is drawn.
        end: Where its high end is drawn.
    """
    bottom, top = within
    every = [min(max(value, bottom), top) for value in values] or [bottom, top]
    for step in _STEPS:
        first, last = math.floor(min(every) / step + 1e-9), math.ceil(max(every) / step - 1e-9)
        # a hair's breadth of noise is not to fill the picture
        while last - first < _LEAST_STEPS:
            first, last = (first - 1, last) if first * step > bottom else (first, last + 1)
        if last - first <= _MOST_TICKS:
            break
    ticks = tuple(round(n * step, 2) for n in range(first, last + 1))
    return Axis(low=ticks[0], high=ticks[-1], ticks=ticks, start=start, end=end)


def labelled(names: Sequence[str], *, step: float, width: Callable[[str], float]) -> list[int]:
    """Return which of several names in a row can be written without touching, the last among them.

    Args:
        names: In the order in which they stand.
        step: The distance between two.
        width: How wide a name is written.
    """
    widest = max(map(width, names), default=0)
    every = max(math.ceil(widest / step), 1) if step > 0 else len(names)
    return [at for at in range(len(names)) if (len(names) - 1 - at) % every == 0]


def rounded(values: Iterable[float], *, start: float, end: float, most: int = 6) -> Axis:
    """Return an axis over values of any size, whose ticks are 1, 2 or 5 times a power of ten.

    Args:
        values: What is to be shown; those that are no number are passed over.
        start: Where its low end is drawn.
        end: Where its high end is drawn.
        most: The most steps between ticks.
    """
    every = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(every), max(every)
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high == low:
        room = abs(high) / 2 or 1.0
        low, high = low - room, high + room
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    ticks = tuple(float(f"{n * step:.12g}") for n in range(first, last + 1))
    return Axis(low=ticks[0], high=ticks[-1], ticks=ticks, start=start, end=end)


def decimals(axis: Axis) -> int:
    """Return how many decimals an axis' ticks need."""
    step = axis.ticks[1] - axis.ticks[0] if len(axis.ticks) > 1 else 1.0
    return min(max(-math.floor(math.log10(step) + 1e-9), 0), 8)
