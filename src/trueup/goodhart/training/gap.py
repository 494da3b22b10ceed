"""Gap: the confirmation, an e-process for a gap between proxy and gold that has opened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.training.series import Point

    Floats = NDArray[np.float64]

BASELINE = 10
"""Readings before a change may begin."""
AFTER = 5
"""Readings after it before it counts, so that no single bad reading can stop a run."""
KEPT = 256
"""Possible beginnings that are kept; of the older ones every second goes, again and again."""
SHORT = 2.33
"""Deviate by which gold has to be short of its share: one-sided 99 %."""
_FLOOR = 0.05
"""Least standard deviation of a reading, in margins: rounded scores may repeat exactly."""
_PRECISION = 1.0
"""Of the normal prior on the change in standard deviations: changes of about one are expected."""

_COUNT, _STEP, _WEIGHT, _GAP, _GAP2, _SHORT, _SHORT2 = range(7)


class Opened(NamedTuple):
    """The likeliest opening of the gap."""

    since: int
    gap: float
    low: float
    high: float
    evidence: float
    """Natural logarithm of the e-process, 0 at least."""
    short: bool
    """Gold gained less than its share of what the proxy gained, one-sided 99 %."""


@dataclass(slots=True)
class Gap:
    """Sums of all readings, and as they were at every kept beginning.

    Null hypothesis: the expected gap, proxy minus gold, never moves above an earlier mean of its
    own by more than `margin`. For each beginning nu the shift of the mean from nu on, less the
    margin, is tested in the regression on a constant and a step. With right-Haar priors on constant
    and standard deviation and a normal one on shift / standard deviation the Bayes factor
    is a martingale whatever constant and standard deviation are: so the baseline's uncertainty is
    in it. Taken only where the shift is upward it is at most the Bayes factor of a half-normal
    prior, which rises with t; and as moving the later readings down changes no residual, a shift
    below the margin makes it smaller on every path. Mixed over beginnings with weights
    1 / (j (1 + log j)^2), j = 2, 3, ... in their order, which sum to less than 1, it is an
    e-process: by Ville's inequality the chance that it ever reaches 1 / alpha, however long the run
    and however often it is looked at, is at most alpha. Autocorrelation divides each logarithm by
    its variance inflation, which can only make the mixture reach 1 / alpha later (concavity of
    roots).

    It is exact for independent normal noise of constant variance about a constant gap, or about one
    with a step of at most the margin; `benchmarks/training.py` measures others. Weights instead of
    the plain sum of the e-detectors bound the chance per run instead of the average run length.

    Source: Lindon, Ham, Tingley and Bojinov (2022), "Anytime-valid linear models"; Shin, Ramdas
    and Rinaldo (2022), "E-detectors"; Perez-Ortiz et al. (2022), "E-statistics, group invariance
    and anytime-valid testing".
    """

    sums: Floats
    """Shape (7,): readings, their last step, and sums of weight, gap, its square, shortfall
    (share * proxy - gold) and its square."""
    starts: Floats
    """Shape (beginnings, 7): the same before each possible beginning, but with its own step."""

    @classmethod
    def empty(cls) -> Self:
        """Return one that has seen nothing."""
        return cls(np.zeros(7), np.zeros((0, 7)))

    @property
    def readings(self) -> int:
        """Readings so far."""
        return int(self.sums[_COUNT])

    def add(self, step: int, point: Point, *, share: float) -> None:
        """Count a reading."""
        if self.readings >= BASELINE:
            row = self.sums.copy()
            row[_STEP] = step
            self.starts = np.vstack([self.starts, row])
            if len(self.starts) > KEPT:
                self.starts = np.vstack([self.starts[: KEPT // 2 : 2], self.starts[KEPT // 2 :]])
        gap, short, w = point.proxy - point.gold, share * point.proxy - point.gold, point.weight
        self.sums += (1, 0, w, w * gap, w * gap**2, w * short, w * short**2)
        self.sums[_STEP] = step

    def opened(self, inflation: float, *, margin: float) -> Opened | None:
        """Return where the gap is likeliest to have opened, None where there are too few readings.

        Args:
            inflation: Of variances, by the readings' autocorrelation.
            margin: Smallest gap that matters.
        """
        starts = self.starts[self.starts[:, _COUNT] <= self.readings - AFTER]
        if not len(starts):
            return None
        floor = (_FLOOR * margin) ** 2
        gap, size, variance = self._shift(starts, _GAP, floor)
        df = self.readings - 2
        over = gap - margin
        r = _PRECISION / (_PRECISION + size)
        ratio = over**2 * size / variance / df
        factor = np.log(r) / 2 + (df + 1) / 2 * (np.log1p(ratio) - np.log1p(r * ratio))
        place = np.log(starts[:, _COUNT] - BASELINE + 2)
        weight = -place - 2 * np.log1p(place)
        each = np.where(over > 0, factor / inflation + weight, -np.inf)
        t = gap * np.sqrt(size / variance)
        best = int(each.argmax() if (over > 0).any() else t.argmax())
        se = math.sqrt(variance[best] / size[best] * inflation)
        half = float(stdtrit(df, 0.975)) * se
        short, size, variance = self._shift(starts[best : best + 1], _SHORT, floor)
        bound = SHORT * math.sqrt(variance[0] / size[0] * inflation)
        return Opened(
            since=int(starts[best, _STEP]),
            gap=float(gap[best]),
            low=float(gap[best]) - half,
            high=float(gap[best]) + half,
            evidence=max(float(np.logaddexp.reduce(each)), 0.0),
            short=bool(short[0] > bound),
        )

    def _shift(self, starts: Floats, of: int, floor: float) -> tuple[Floats, Floats, Floats]:
        """Return the mean after less that before, its size (1 / variance factor), the variance."""
        before, after = starts[:, _WEIGHT], self.sums[_WEIGHT] - starts[:, _WEIGHT]
        first = starts[:, of] / before
        later = (self.sums[of] - starts[:, of]) / after
        rest = self.sums[of + 1] - before * first**2 - after * later**2
        variance = np.maximum(rest / (self.readings - 2), floor)
        return later - first, before * after / (before + after), variance
