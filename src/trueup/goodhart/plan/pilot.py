"""What is known before a watch begins: traffic, judge, signals and how weeks scatter.

Read from a reference window with `pilot_of`, or stated by hand. Everything is within segment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import ConfigError, DataError
from trueup.goodhart.composite import combine
from trueup.goodhart.history import stream
from trueup.goodhart.noise import scatter_of
from trueup.goodhart.series import jackknife, sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.history import History
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]

FEWEST_PERIODS = 4
TINY = 1e-12
_STATE = "State numbers: --items, --spread and --known signals (from Python, a Pilot)"
CALM = 0.4
"""Prior probability that periods bring no shocks, ..."""
LARGE = 3.0
"""... and the scale of their prior, in standard deviations of sampling. A dozen periods cannot rule
shocks out. With the prior of `noise`, which suits intervals, plans of streams under strong shocks
promised 5 to 15 points too much; with this one 1 to 9, of small streams up to 13, and where weeks
were calm up to 7 too little, of releases up to 14 (`benchmarks.plans`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotSignal:
    """What is known of a signal.

    Attributes:
        name: Its name.
        rate: Share of outputs that have a value.
        spread: Standard deviation of a value; where users come back with several outputs, what a
            period's mean shows of it.
        worth: What one judge point brings, in its own unit, in the good direction: positive.
    """

    name: str
    rate: float
    spread: float
    worth: float

    def __post_init__(self) -> None:
        """Check what cannot be."""
        if not 0 < self.rate <= 1 or self.spread <= 0 or self.worth <= 0:
            message = f"signal '{self.name}': rate {self.rate}, spread {self.spread} and "
            message += f"worth {self.worth} of a judge point cannot be planned with"
            raise ConfigError(message, mend="Give a rate in (0, 1], a spread and worth above 0.")


@dataclass(frozen=True, slots=True)
class Shock:
    """How shocks of periods may be.

    Attributes:
        chance: That they are so.
        scatter: Their standard deviation, in judge points.
        lingering: Their correlation from one period to the next.
    """

    chance: float
    scatter: float
    lingering: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """What is known before a watch begins.

    Attributes:
        items: Outputs a period.
        judge_spread: Standard deviation of a score.
        signals: What users give back; those that follow the judge.
        rise: The judge's rise to plan for, in points.
        reliability: Correlation of two answers of the judge on one output.
        judged: Share of outputs that are judged.
        repeats: Share of judged outputs that are judged twice.
        judge_scatter: Standard deviation of shocks to the judge that a whole period shares.
        gain_scatter: Of shocks to users, in judge points.
        lingering: Correlation of such shocks from one period to the next.
        judge_lasting: Variance that lasting differences of users bring to the judge's mean, over
            all users; half as many users have twice as much.
        gain_lasting: The same of the signals as one, in judge points.
        judge_shocks: How shocks to the judge may be, by what a pilot shows: a dozen periods leave
            much open, and power is averaged over it. Empty: as the three numbers above say.
        gain_shocks: The same of shocks to users.
        stated: Whether a person stated it, rather than a pilot showed it.
    """

    items: float
    judge_spread: float
    signals: tuple[PilotSignal, ...]
    rise: float
    reliability: float = 1.0
    judged: float = 1.0
    repeats: float = 0.05
    judge_scatter: float = 0.0
    gain_scatter: float = 0.0
    lingering: float = 0.3
    judge_lasting: float = 0.0
    gain_lasting: float = 0.0
    judge_shocks: tuple[Shock, ...] = ()
    gain_shocks: tuple[Shock, ...] = ()
    stated: bool = True

    def __post_init__(self) -> None:
        """Check what cannot be."""
        wrong = ""
        if not self.signals:
            wrong = "there is no signal: without one nothing can be found"
        elif self.items < 1 or self.judge_spread <= 0 or self.rise <= 0:
            wrong = "outputs, the judge's spread and its rise must be above 0"
        elif not (0 < self.reliability <= 1 and 0 < self.judged <= 1 and 0 <= self.repeats <= 1):
            wrong = "reliability and shares must lie between 0 and 1"
        elif not 0 <= self.lingering < 1:
            wrong = f"lingering is {self.lingering}, and must lie in [0, 1)"
        if wrong:
            raise ConfigError(wrong, where="Pilot")

    def weights(self) -> tuple[float, ...]:
        """Return each signal's weight in judge points per unit, as `composite` chooses them."""
        raw = [s.worth / v for s, v in zip(self.signals, self._variances(), strict=True)]
        total = sum(w * s.worth for w, s in zip(raw, self.signals, strict=True))
        return tuple(w / total for w in raw)

    def steady(self) -> Pilot:
        """Return it with signals weighed as where periods are not compared with one another.

        Arms of one test share their shocks, and releases are weighed by their sampling alone: a
        signal is not trusted less there for the shocks that it shares with the others.
        """
        judge, gain = self.shocks
        return replace(self, gain_scatter=0.0, judge_shocks=judge, gain_shocks=gain)

    def _variances(self) -> list[float]:
        return [
            s.spread**2 / (self.items * s.rate) + (s.worth * self.gain_scatter) ** 2
            for s in self.signals
        ]

    def drawn_shocks(
        self, runs: int, periods: int, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Return simulated shocks to judge and users, each runs x periods; `mirrored`."""
        judge, gain = (_drawn(one, runs, periods, rng) for one in self.shocks)
        return judge, gain

    @property
    def shocks(self) -> tuple[tuple[Shock, ...], tuple[Shock, ...]]:
        """How shocks to judge and users may be: as a pilot shows, or as it was stated."""
        stated = [
            (Shock(1.0, size, self.lingering),) for size in (self.judge_scatter, self.gain_scatter)
        ]
        return self.judge_shocks or stated[0], self.gain_shocks or stated[1]

    def shocked(self, contrast: Floats) -> tuple[float, float]:
        """Return the variances that shocks bring to a weighted sum of periods: judge and users."""
        apart = np.abs(np.subtract.outer(np.arange(len(contrast)), np.arange(len(contrast))))
        judge, gain = (
            sum(s.chance * s.scatter**2 * float(contrast @ s.lingering**apart @ contrast)
                for s in one)
            for one in self.shocks
        )  # fmt: skip
        return judge, gain

    @property
    def judge_variance(self) -> float:
        """Sampling variance of a period's judge mean."""
        return self.judge_spread**2 / (self.items * self.judged)

    @property
    def gain_variance(self) -> float:
        """Sampling variance of a period's signals as one, in judge points."""
        pairs = zip(self.weights(), self.signals, strict=True)
        return sum(a * a * s.spread**2 / (self.items * s.rate) for a, s in pairs)

    @property
    def both(self) -> float:
        """Their covariance: outputs that score higher also do better."""
        own = self.reliability * self.judge_spread**2 / self.items
        return min(own, 0.95 * math.sqrt(self.judge_variance * self.gain_variance))

    def slope_error(self, outputs: float) -> float:
        """Return the relative standard error of what a judge point is worth, from records.

        Args:
            outputs: How many there are to learn it from.
        """
        scored = outputs * self.judged
        total = 0.0
        for a, s in zip(self.weights(), self.signals, strict=True):
            part, seen = a * s.worth, s.worth * self.reliability * self.judge_spread
            total += part**2 * s.spread**2 / (seen**2 * scored * s.rate)
        if self.reliability < 1 and self.repeats > 0:
            own = (1 - self.reliability**2) ** 2 / (scored * self.repeats)
            total += own / self.reliability**2
        return math.sqrt(total)


def _drawn(shocks: tuple[Shock, ...], runs: int, periods: int, rng: np.random.Generator) -> Floats:
    half = (runs + 1) // 2
    chances = np.array([shock.chance for shock in shocks])
    chosen = rng.choice(len(shocks), half, p=chances / chances.sum())
    size = np.array([shock.scatter for shock in shocks])[chosen]
    linger = np.array([shock.lingering for shock in shocks])[chosen]
    found = rng.standard_normal((half, periods))
    for k in range(1, periods):
        found[:, k] = linger * found[:, k - 1] + np.sqrt(1 - linger**2) * found[:, k]
    return mirrored(found * size[:, None], runs)


def mirrored(half: Floats, runs: int) -> Floats:
    """Return draws and the same with their signs turned, so many in all.

    What helps gaming to be found hides a gain: with both signs neither looks easier by chance.
    """
    return np.concatenate([half, -half])[:runs]


def pilot_of(cells: Cells, spec: WatchSpec, *, rise: float, periods: int | None = None) -> Pilot:
    """Return what a reference window shows.

    Args:
        cells: From `read_cells`.
        spec: What will be watched.
        rise: The judge's rise to plan for, in points.
        periods: How many of the first periods are the pilot; `spec.reference` where left out.

    Raises:
        DataError: No signal follows the judge there, or there are too few periods.
    """
    there = int(cells.keys["period"].max(initial=-1)) + 1
    count = min(periods or spec.reference, there)
    if count < FEWEST_PERIODS:
        message = f"a pilot of {count} periods is too short: at least {FEWEST_PERIODS} are needed"
        raise DataError(message, mend=f"{_STATE}.")
    history = stream(cells, spec, numbers=range(count), reference=count)
    used = [k for k, slope in enumerate(history.slopes) if slope.informs]
    signals = tuple(_signal(history, k) for k in used)
    scored = float(history.grid.total("nj").sum())
    items = float(history.items.sum()) / count
    if not signals or scored <= 0:
        message = "no signal follows the judge in the pilot, so that nothing can be planned"
        raise DataError(message, mend=f"Collect more feedback, or {_STATE[0].lower()}{_STATE[1:]}.")
    judge = history.judge
    found = Pilot(
        items=items, judge_spread=_spread(judge.apart, judge.mean, items * scored / items / count),
        signals=signals, rise=rise, reliability=history.trust.value or 1.0,
        judged=min(scored / count / items, 1.0), repeats=min(history.trust.repeats / scored, 1.0),
        stated=False,
    )  # fmt: skip
    return _scattered(found, history, used)


def _signal(history: History, k: int) -> PilotSignal:
    series, count = history.signals[k], float(history.responders[k].sum())
    periods = history.rows
    spread = _spread(series.apart, series.mean, count / periods)
    rate = min(count / float(history.items.sum()), 1.0)
    name = history.spec.signals[k].name
    return PilotSignal(name=name, rate=rate, spread=spread, worth=history.slopes[k].value)


def _spread(apart: Floats, mean: Floats, count: float) -> float:
    """Return the standard deviation of one value that a period's mean shows."""
    here = np.isfinite(mean)
    return math.sqrt(max(sampling(apart[here]) * count, TINY))


def _scattered(found: Pilot, history: History, used: list[int]) -> Pilot:
    """Add how periods scatter beyond their sampling, and how users differ for good."""
    variances = np.array([max(sampling(s.apart), TINY) for s in history.signals])
    composite = combine(history.slopes, variances, used)
    assert composite is not None  # noqa: S101 - at least one signal informs
    gain = composite.of([s.mean for s in history.signals])
    apart = composite.of([s.apart for s in history.signals])
    judge = history.judge
    here = np.isfinite(gain) & np.isfinite(judge.mean)
    rows = int(here.sum())
    found = replace(
        found,
        judge_shocks=shocks_of(judge.mean[here], sampling(judge.apart[here])),
        gain_shocks=shocks_of(gain[here], sampling(apart[here])),
        judge_lasting=_lasting(judge.apart[here], rows),
        gain_lasting=_lasting(apart[here], rows),
    )  # fmt: skip
    sizes = [
        math.sqrt(sum(shock.chance * shock.scatter**2 for shock in shocks))
        for shocks in (found.judge_shocks, found.gain_shocks)
    ]
    return replace(found, judge_scatter=sizes[0], gain_scatter=sizes[1])


def shocks_of(series: Floats, variance: float) -> tuple[Shock, ...]:
    """Return how shocks of periods may be, by what a pilot shows of them.

    Args:
        series: Periods without a change.
        variance: Sampling variance of a period's mean.
    """
    known = scatter_of(series, max(variance, TINY), none=CALM, scale=LARGE)
    each = zip(known.chance, known.sizes, known.lingering, strict=True)
    return tuple(Shock(float(chance), float(size), float(linger)) for chance, size, linger in each)


def _lasting(apart: Floats, rows: int) -> float:
    """Return what lasting differences of users add to the variance of a mean over all periods."""
    return max(_whole(apart) - sampling(apart) / rows, 0.0)


def _whole(apart: Floats) -> float:
    """Return the variance of the mean over all periods that users bring."""
    buckets = apart.shape[1]
    return float(jackknife(apart.mean(0) * math.sqrt(buckets / (buckets - 1))))
