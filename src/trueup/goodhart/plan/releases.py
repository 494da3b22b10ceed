"""Power of design `releases`: how many versions it takes until their trend can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.plan.pilot import mirrored
from trueup.goodhart.releases.looks import FEWEST, plan_of
from trueup.goodhart.releases.regression import Regression, models, trend
from trueup.goodhart.spec import LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.plan.pilot import Pilot

    Floats = NDArray[np.float64]

RUNS = 150
COUNTS = (8, 12, 16, 20)
DRAWN = 32
"""Releases that are drawn, of which a plan takes the first."""
WANDER = 0.05
"""No release adds just its share: standard deviation of what each adds beside, to judge and users
alike, in rises of the whole sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesAim:
    """How a sequence of versions is to be decided.

    Attributes:
        counts: Numbers of releases to look at.
        alpha: False-alarm rate of a look.
        c: Share of the expected gain below which a rise counts as gamed.
        overstate: By what factor records may overstate before `gaming` falls.
    """

    counts: tuple[int, ...] = COUNTS
    alpha: float = 0.05
    c: float = 0.5
    overstate: float = 1.0


def releases_power(
    pilot: Pilot, aim: ReleasesAim, phi: float, *, runs: int = RUNS, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the chances of `gaming` and of `improvement` after so many releases.

    The chance is that of the best of the looks at these counts alone: all of them together find a
    little more. The judge rises by even steps, `pilot.rise` in all from the first release to the
    last; `pilot.items` are the outputs of one release. Draws are the same whatever the pilot and
    the counts, so that plans differ by what is planned and not by chance.

    Returns:
        Two arrays of shape (counts,).
    """
    rng = np.random.default_rng(seed)
    pilot = pilot.steady()
    gamed, improved = np.zeros(len(aim.counts)), np.zeros(len(aim.counts))
    half = (runs + 1) // 2
    matrix = np.array([[pilot.judge_variance, pilot.both], [pilot.both, pilot.gain_variance]])
    every = _drawn(pilot, max(DRAWN, *aim.counts), runs, matrix, rng)
    doubt = mirrored(rng.standard_normal(half), runs)
    for place, count in enumerate(aim.counts):
        path = np.linspace(0, 1, count)
        known = models(np.ones(count), path)
        error = pilot.slope_error(pilot.items * count)
        level = plan_of(LOOKS["releases"], aim.alpha, max(count, FEWEST)).tail
        drawn = every[:, :count]
        worth = 1 / np.maximum(1 + error * doubt, 0.1)
        for run in range(runs):
            seen = Regression(
                judge=pilot.rise * path + drawn[run, :, 0],
                gain=phi * worth[run] * pilot.rise * path + drawn[run, :, 1],
                judge_variance=float(matrix[0, 0]), gain_variance=float(matrix[1, 1]),
                both=float(matrix[0, 1]), slope_error=error, known=known,
            )  # fmt: skip
            if trend(seen.judge, seen.judge_variance, known)[2] >= level:
                continue
            low, high = seen.above(np.array([aim.c / aim.overstate, aim.c]))
            gamed[place] += low < level
            improved[place] += high > 1 - level
    # what an earlier look has found stays found
    by_then = (np.maximum.accumulate(found / runs) for found in (gamed, improved))
    return next(by_then), next(by_then)


def _drawn(pilot: Pilot, count: int, runs: int, matrix: Floats, rng: np.random.Generator) -> Floats:
    """Return what moves releases beside their trend: runs x releases x 2, judge and gain."""
    half = (runs + 1) // 2
    # judge first, and of the gain what the judge does not tell: a root of the matrix by its eigen-
    # vectors turns where traffic changes, and with it the draws
    own, other = rng.standard_normal((2, half, count))
    judge = math.sqrt(matrix[0, 0])
    slope = matrix[0, 1] / judge
    rest = math.sqrt(max(matrix[1, 1] - slope**2, 0.0))
    noise = np.stack((judge * own, slope * own + rest * other), axis=-1)
    steps = WANDER * pilot.rise * rng.standard_normal((half, count))
    noise += steps.cumsum(1)[..., None]
    return mirrored(noise, runs) + np.stack(pilot.drawn_shocks(runs, count, rng), axis=-1)
