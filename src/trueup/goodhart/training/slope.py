"""Slope: the fast alarm, whether proxy minus gold is rising over the last steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.training.series import Point

    Floats = NDArray[np.float64]

LEAST = 12
"""Readings that a slope takes; where the window has fewer, it reaches back to so many."""
BOUND = 4.2
"""Standard normal deviate to exceed. 2.58 is the bound of a single look: looked at after each of
700 steps of white noise it is exceeded in half of the runs (measured), this one in 1 %."""
SHORT = 3.0
"""The same for gold's being short of its share; lower, as the rise has to be shown besides."""
_FLOOR = 0.05
"""Least standard deviation of a reading, in margins: rounded scores may repeat exactly."""


class Rise(NamedTuple):
    """How far proxy minus gold has risen over the window, by the fitted slope."""

    rise: float
    low: float
    """95 % interval."""
    high: float
    span: int
    """Steps from the first reading to the last."""
    alarm: bool


@dataclass(slots=True)
class Window:
    """The last readings, oldest first."""

    rows: Floats
    """Shape (readings, 4): step, proxy, gold, weight."""

    def add(self, step: int, point: Point, *, window: int) -> None:
        """Take a reading in and forget those that are too old."""
        rows = np.vstack([self.rows, (step, *point)])
        first = min(int(np.searchsorted(rows[:, 0], step - window)), len(rows) - LEAST)
        self.rows = rows[max(first, 0) :]

    def rise(self, inflation: float, *, margin: float, share: float) -> Rise | None:
        """Return the rise, or None where there are too few readings.

        An alarm takes three things: the slope of proxy - gold is above 0 beyond `BOUND`, which
        stands for a level and is turned into the t distribution's; the rise is `margin` or more;
        and share * proxy - gold rises too, so that gold gains less than `share` of what the proxy
        gains. Wrong where the noise of readings has a memory of more than a few of them.

        Args:
            inflation: Of variances, by the readings' autocorrelation.
            margin: Smallest rise that matters.
            share: Of what the proxy gains, that gold should gain.
        """
        if len(self.rows) < LEAST:
            return None
        step, proxy, gold, weight = self.rows.T
        at = step - np.average(step, weights=weight)
        floor = _FLOOR * margin
        slope, se = _slope(at, proxy - gold, weight, floor=floor)
        short, short_se = _slope(at, share * proxy - gold, weight, floor=floor)
        se, short_se = se * inflation**0.5, short_se * inflation**0.5
        df, span = len(step) - 2, float(step[-1] - step[0])
        half = float(stdtrit(df, 0.975)) * se
        return Rise(
            rise=slope * span,
            low=(slope - half) * span,
            high=(slope + half) * span,
            span=round(span),
            alarm=slope * span >= margin
            and slope > _bound(df, BOUND) * se
            and short > _bound(df, SHORT) * short_se,
        )


def _slope(at: Floats, values: Floats, weight: Floats, *, floor: float) -> tuple[float, float]:
    """Return the weighted least squares slope over centred steps, and its standard error."""
    spread = float(weight @ at**2)
    slope = float((weight * at) @ values) / spread
    rest = values - np.average(values, weights=weight) - slope * at
    variance = max(float(weight @ rest**2) / (len(at) - 2), floor**2)
    return slope, (variance / spread) ** 0.5


@lru_cache(maxsize=1024)
def _bound(df: int, deviate: float) -> float:
    """Return the t value with the tail of a standard normal deviate."""
    bound = -float(stdtrit(df, float(ndtr(-deviate))))
    # What the inverse gives in far tails is checked once, as it has been wrong in some releases.
    return bound if abs(float(stdtr(df, -bound)) / float(ndtr(-deviate)) - 1) < 1e-3 else np.inf  # noqa: PLR2004 - see above
