"""Power of design `concurrent`: two arms, a few looks, nothing known of weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.cells.query import BUCKETS
from trueup.goodhart.concurrent.boundary import even, tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.plan.pilot import Pilot

    Floats = NDArray[np.float64]

RUNS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentAim:
    """How an A/B is to be decided.

    Attributes:
        looks: Periods that it runs, with a look at the end of each.
        share: Share of users in the treatment.
        delay: Periods that signals come late by, on average: where a look waits until all have had
            their time, that many periods.
        alpha: False-alarm rate over all looks.
        c: Share of the expected gain below which a rise counts as gamed.
        overstate: By what factor records may overstate before `gaming` falls.
    """

    looks: int = 4
    share: float = 0.5
    delay: float = 0.3
    alpha: float = 0.05
    c: float = 0.5
    overstate: float = 1.0


def experiment_power(
    pilot: Pilot, aim: ExperimentAim, phi: float, *, runs: int = RUNS, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the chances of `gaming` and of `improvement` by each look.

    T(c) = gain - c x rise as it accumulates, its error with users' lasting differences and that of
    what a judge point is worth, which the control's records tell.

    Args:
        pilot: What is known; `items` are the outputs of both arms together.
        aim: How it is to be decided.
        phi: Realised part of the expected gain.
        runs: Simulated tests.
        seed: Equal seeds give equal answers.

    Returns:
        Two arrays of shape (looks,).
    """
    rng = np.random.default_rng(seed)
    pilot = pilot.steady()
    arms = 1 / aim.share + 1 / (1 - aim.share)
    seen = np.arange(1.0, aim.looks + 1)
    ripe = np.maximum(seen - aim.delay, 0.05)
    judge = _mean(pilot.judge_variance * arms, pilot.judge_lasting * arms, seen, runs, rng)
    part = pilot.both / pilot.judge_variance
    own = max(pilot.gain_variance - part * pilot.both, 0.0) * arms
    gain = part * judge[0] + _mean(own, pilot.gain_lasting * arms, ripe, runs, rng)[0]
    control = pilot.items * (1 - aim.share)
    slope = _mean(pilot.slope_error(control) ** 2, 0.0, ripe, runs, rng)
    rise = pilot.rise + judge[0]
    judge_error = np.sqrt(judge[1])
    gain_variance = own / ripe + part**2 * judge[1] + pilot.gain_lasting * arms
    due = rise * np.maximum(1 + slope[0], 0.05)
    spans = even(aim.looks)
    critical = np.array(
        [-special.stdtrit(BUCKETS - 1, tail(k, spans, aim.alpha)) for k in range(aim.looks)]
    )
    found = []
    for side, c in ((-1, aim.c / aim.overstate), (1, aim.c)):
        contrast = phi * pilot.rise + gain - c * due
        both = part * judge[1]
        variance = gain_variance - 2 * c * both + c**2 * (judge[1] + rise**2 * slope[1])
        passed = side * contrast >= critical * np.sqrt(np.maximum(variance, 0.0))
        passed &= rise >= critical * judge_error
        found.append(np.logical_or.accumulate(passed, axis=1).mean(0))
    return found[0], found[1]


def _mean(
    variance: float, lasting: float, seen: Floats, runs: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return errors of a mean as it accumulates, runs x looks, and their variances."""
    steps = np.diff(seen, prepend=0.0)
    walk = np.cumsum(rng.standard_normal((runs, len(seen))) * np.sqrt(steps), axis=1) / seen
    stays = rng.standard_normal((runs, 1))
    errors = np.sqrt(variance) * walk + np.sqrt(lasting) * stays
    return errors, variance / seen + lasting
