"""Power of design `weekly`: the test itself, run on simulated series of a planned size.

Shifts, starts and boundary are those of `weekly`; simulated is only what the records would give:
means of judge and signals with their sampling noise and the shocks of periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.plan.pilot import mirrored
from trueup.goodhart.slope import Z
from trueup.goodhart.weekly.boundary import SCANNED, Anytime, Spending, starts_of
from trueup.goodhart.weekly.shift import FEWEST_AFTER, shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.plan.pilot import Pilot
    from trueup.goodhart.weekly.evidence import Boundary

    Floats = NDArray[np.float64]

RUNS = 400
FURTHEST = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAim:
    """How a stream is to be decided.

    Attributes:
        reference: Periods before.
        horizon: Monitored periods that share one false-alarm rate; None without an end.
        lag: Periods until all signals have had their time.
        alpha: False-alarm rate.
        c: Share of the expected gain below which a rise counts as gamed.
        overstate: By what factor records may overstate before `gaming` falls.
        known: Whether the start is known, rather than scanned for.
        holdback: Share of users held back; 0 for none.
    """

    reference: int = 12
    horizon: int | None = 26
    lag: int = 2
    alpha: float = 0.05
    c: float = 0.5
    overstate: float = 1.0
    known: bool = False
    holdback: float = 0.0

    @property
    def weeks(self) -> int:
        """Monitored periods whose signals will have had their time."""
        return FURTHEST if self.horizon is None else max(self.horizon - self.lag, FEWEST_AFTER)

    @property
    def starts(self) -> tuple[int, ...]:
        """Monitored periods at which a change may begin."""
        if self.known:
            return (0,)
        if self.horizon is None:
            return tuple(range(0, self.weeks, SCANNED))
        return starts_of(self.weeks)

    def boundary(self) -> Boundary:
        """Return how far is far enough."""
        if self.horizon is None:
            return Anytime(self.alpha, self.reference, self.starts)
        return Spending(self.alpha, self.reference, self.weeks, self.starts)


def stream_power(
    pilot: Pilot, aim: StreamAim, phi: float, *, runs: int = RUNS, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the chances of `gaming` and of `improvement` by each monitored period.

    The rise comes in the first monitored period.

    Args:
        pilot: What is known.
        aim: How it is to be decided.
        phi: Realised part of the expected gain.
        runs: Simulated histories.
        seed: Equal seeds give equal answers, and comparable ones for different pilots.

    Returns:
        Two arrays of shape (lag + weeks,): by the end of each monitored period.
    """
    rng = np.random.default_rng(seed)
    if aim.holdback:
        pilot = pilot.steady()
    error = pilot.slope_error(pilot.items * aim.reference)
    judge, gain = _series(pilot, aim, phi, error=error, runs=runs, rng=rng)
    low, high = max(1 - Z * error, 0.0), 1 + Z * error
    boundary, before = aim.boundary(), aim.reference
    floors = _noise(pilot, aim.holdback)
    gaming = np.full(runs, np.inf)
    real = np.full(runs, np.inf)
    for after in range(FEWEST_AFTER, aim.weeks + 1):
        for start in aim.starts:
            if after - start < FEWEST_AFTER:
                continue
            here = slice(0, before + after)
            split = before + start
            rise = shift(judge[:, here], split, floor=floors[0])
            up = rise.delta >= boundary.critical(start, rise) * rise.error
            if not up.any():
                continue
            for side, share in ((-1, aim.c * low / aim.overstate), (1, aim.c * high)):
                series = gain[:, here] - share * judge[:, here]
                floor = max(floors[1] - 2 * share * floors[2] + share**2 * floors[0], 0.0)
                moved = shift(series, split, floor=floor)
                passed = side * moved.delta >= boundary.critical(start, moved) * moved.error
                first = gaming if side < 0 else real
                first[up & passed & (first > after)] = after
    weeks = np.arange(1, aim.lag + aim.weeks + 1)
    gamed, improved = (
        (first[:, None] + aim.lag <= weeks[None, :]).mean(0) for first in (gaming, real)
    )
    return gamed, improved


def _noise(pilot: Pilot, holdback: float) -> tuple[float, float, float]:
    """Return the sampling variances of a period's judge mean and gain, and their covariance."""
    factor = 1.0 if not holdback else 1 / holdback + 1 / (1 - holdback)
    return pilot.judge_variance * factor, pilot.gain_variance * factor, pilot.both * factor


def _series(
    pilot: Pilot, aim: StreamAim, phi: float, *, error: float, runs: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the judge's series and the gain's, runs x periods."""
    weeks = aim.reference + aim.weeks
    judge_variance, gain_variance, both = _noise(pilot, aim.holdback)
    matrix, half = [[judge_variance, both], [both, gain_variance]], (runs + 1) // 2
    noise = rng.multivariate_normal((0.0, 0.0), matrix, (half, weeks), method="eigh")
    noise = mirrored(noise, runs)
    shocks = pilot.drawn_shocks(runs, weeks, rng)
    if not aim.holdback:
        noise = noise + np.stack(shocks, axis=-1)
    step = np.arange(weeks) >= aim.reference
    worth = 1 / np.maximum(1 + error * mirrored(rng.standard_normal(half), runs), 0.1)
    judge = noise[..., 0] + pilot.rise * step
    gain = noise[..., 1] + phi * pilot.rise * worth[:, None] * step
    return judge, gain
