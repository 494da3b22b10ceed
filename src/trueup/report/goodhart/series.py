"""Series on their way to a picture: their errors, their index, and what they should have been."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from trueup.goodhart.composite import combine
from trueup.report.goodhart.picture import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.look import Look
    from trueup.goodhart.weekly import Weekly

    Floats = NDArray[np.float64]

_Z = 1.96
Triple: TypeAlias = tuple[float, float, float] | None
"""A mean and the ends of its interval, or nothing."""


class Worth(NamedTuple):
    """A judge point's worth by past tests, over what records say, and its 95 % range."""

    value: float
    low: float
    high: float


class Series(NamedTuple):
    """A mean per row with its sampling error; NaN where there is none."""

    mean: Floats
    error: Floats

    def until(self, rows: int) -> Series:
        """Return the series with nothing after its first rows."""
        here = np.arange(len(self.mean)) < rows
        return Series(np.where(here, self.mean, np.nan), np.where(here, self.error, np.nan))

    def since(self, rows: int) -> Series:
        """Return the series as the difference from the mean of its first rows."""
        return Series(self.mean - base_of(self.mean, rows), self.error)

    def owed(self, slope: float, error: float) -> Series:
        """Return what this movement of the judge should bring, with the errors of both."""
        return Series(self.mean * slope, np.hypot(self.error * slope, self.mean * error))

    def over(self, worth: Worth | None) -> Series:
        """Return users' index in judge points of another worth; records' where None."""
        return self if worth is None else Series(self.mean / worth.value, self.error / worth.value)

    def owed_by(self, worth: Worth, slope: float, error: float, *, base: float = 0.0) -> Line:
        """Return what this movement should bring by past tests, from a base on.

        Args:
            worth: By past tests.
            slope: What records say a judge point is worth.
            error: Its standard error.
            base: What it is added to.
        """
        own = _Z * np.hypot(self.error * slope, self.mean * error) * worth.value
        mean = self.mean * slope * worth.value
        ends = [self.mean * slope * (end - worth.value) for end in (worth.low, worth.high)]
        low = mean - np.hypot(own, np.minimum(*ends)) + base
        high = mean + np.hypot(own, np.maximum(*ends)) + base
        rows = zip(mean + base, low, high, strict=True)
        return line_of([(float(a), float(b), float(c)) for a, b, c in rows])

    def line(self) -> Line:
        """Return the series with its 95 % intervals."""
        low, high = self.mean - _Z * self.error, self.mean + _Z * self.error
        rows = zip(self.mean, low, high, strict=True)
        return line_of([(float(a), float(b), float(c)) for a, b, c in rows])


def worth_of(look: Look | None) -> Worth | None:
    """Return what past tests told a look, None where records alone did."""
    if look is None or "worth" not in look.detail:
        return None
    told = look.detail
    return Worth(told["worth"], told["worth_low"], told["worth_high"])


def judge_of(weekly: Weekly) -> Series:
    """Return the judge's mean per row."""
    return Series(weekly.judge, _error(weekly.judge_apart))


def signal_of(weekly: Weekly, number: int) -> Series:
    """Return a signal's mean per row, in its own direction."""
    sign = weekly.history.spec.signals[number].sign
    return Series(weekly.signals[number] * sign, _error(weekly.signal_apart[number]))


def users_of(weekly: Weekly, dropped: Collection[str]) -> tuple[Series, float]:
    """Return all signals as one, in judge points, and the relative error of its slope."""
    history = weekly.history
    used = [
        k
        for k, signal in enumerate(history.spec.signals)
        if history.slopes[k].informs and signal.name not in dropped
    ]
    composite = combine(history.slopes, weekly.variances, used)
    if composite is None:
        nothing = np.full(history.rows, np.nan)
        return Series(nothing, nothing), 0.0
    error = _error(composite.of(weekly.signal_apart))
    return Series(composite.of(weekly.signals), error), composite.error


def base_of(mean: Floats, rows: int) -> float:
    """Return the mean of the first rows, NaN where there is none."""
    here = mean[:rows][np.isfinite(mean[:rows])]
    return float(here.mean()) if len(here) else math.nan


def line_of(found: Sequence[Triple]) -> Line:
    """Return a line; what is no number is nothing."""
    whole = [one if one is not None and all(map(math.isfinite, one)) else None for one in found]
    mean, low, high = (tuple(None if one is None else one[k] for one in whole) for k in range(3))
    return Line(mean=mean, low=low, high=high)


def _error(apart: Floats) -> Floats:
    """Return the sampling error per row, from what leaving users out does."""
    found: Floats = np.sqrt((apart * apart).sum(1))
    return found
