"""Before a test: the smallest judge gain worth believing, what it takes to see it, one more A/B.

The surrogate threshold effect (Burzykowski and Buyse 2006) is the smallest rise of the judge from
which a gain of users can be predicted. That there is none yet is a common and honest answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.entries import Effect, Past

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.ledger.posterior import Posterior

    Floats = NDArray[np.float64]

NONE_YET = "no judge gain predicts a user gain yet"
LARGEST = 100.0
"""Rises are searched up to so many times the one asked about, or standard errors of a rise."""
MOST = 10_000.0
"""Outputs are searched up to so many times those of the planned test."""
DRAWS = 200
REPEATS = 50


@dataclass(frozen=True, slots=True)
class Threshold:
    """The smallest rise of the judge that predicts a gain of users.

    Attributes:
        rise: In points; None where there is none.
        reason: Why there is none, else empty.
    """

    rise: float | None
    reason: str = ""


def threshold(
    posterior: Posterior, *, rise_variance: float, seen_variance: float = 0.0, level: float = 0.95
) -> Threshold:
    """Return the smallest seen rise whose prediction interval lies above 0.

    For a release that is not itself gamed: no rise protects against that.

    Args:
        posterior: Of the worth of a judge point.
        rise_variance: Squared standard error of the rise in a test of the planned size.
        seen_variance: That of the gain, for one that the test will show; 0 for one that is there.
        level: Of the interval.
    """
    tail = (1 - level) / 2

    def doubt(rise: float) -> float:
        return float(
            posterior.gain_below(
                0.0, rise, rise_variance=rise_variance, seen_variance=seen_variance
            )
        )

    unit = max(rise_variance**0.5, seen_variance**0.5 / posterior.worth[0], 1e-9)
    low, high = 0.0, LARGEST * unit
    if doubt(high) > tail:
        return Threshold(None, f"{NONE_YET}: worth varies too much from test to test")
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if doubt(middle) > tail else (low, middle)
    return Threshold(high)


def outputs_to_see(
    posterior: Posterior, rise: float, *, outputs: int, gain_variance: float,
    power: float = 0.8, alpha: float = 0.05,
) -> int | None:  # fmt: skip
    """Return how many outputs a test needs to show the users' gain that a rise should bring.

    Args:
        posterior: Of the worth of a judge point.
        rise: The judge's, in points.
        outputs: Of a test whose `gain_variance` is known.
        gain_variance: Squared standard error of the gain in that test.
        power: Chance of a gain significantly above 0.
        alpha: One-sided level.

    Returns:
        None where no number is enough, because worth varies too much.
    """
    quantile = -float(special.ndtri(alpha))

    def found(times: float) -> float:
        variance = gain_variance / times
        bar = quantile * variance**0.5
        return 1 - float(posterior.gain_below(bar, rise, seen_variance=variance))

    if found(MOST) < power:
        return None
    low, high = -np.log(MOST), np.log(MOST)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if found(float(np.exp(middle))) < power else (low, middle)
    return int(np.ceil(outputs * np.exp(high)))


@dataclass(frozen=True, slots=True)
class OneMore:
    """The chance that a planned test finds gaming where users get nothing.

    An `improvement` rests on records, whatever the ledger holds: its chance stays the same.

    Attributes:
        experiments: Past tests there are.
        now: The chance with these.
        then: With one more.
    """

    experiments: int
    now: float
    then: float


def value_of_one_more(
    records: float, error: float, past: Past | None, *, planned: Effect,
    further: Effect | None = None, c: float = 0.5, alpha: float = 0.05, draws: int = DRAWS,
    seed: int = 0,
) -> OneMore:  # fmt: skip
    """Return what one more A/B in the ledger adds to the power of a planned test.

    Simulated: what a judge point is worth is drawn from what is known of it now, a further test
    from that, and the planned test is decided with and without it.

    Args:
        records: What records say a judge point is worth, as in `blend`.
        error: Its standard error.
        past: Past tests; None for none.
        planned: Rise of the planned test and its variances; its gain is not used.
        further: The same of the further test; as the planned one where left out.
        c: Share of the gain to be expected below which a rise counts as gamed.
        alpha: One-sided level.
        draws: Simulated further tests.
        seed: Equal seeds give equal answers.
    """
    rng = np.random.default_rng(seed)
    now = blend(records, error, past)
    chosen = rng.choice(len(now.ratios), draws, p=now.weights.mean(0))
    worth = records * now.ratios[chosen] * (1 + now.varies[chosen] * rng.standard_normal(draws))
    noise = _noise(planned, (draws, REPEATS), rng)
    more = further or planned
    nothing = np.zeros(REPEATS)
    before, after = 0.0, 0.0
    for k in range(draws):
        hollow = _drawn(planned, nothing, noise[k])
        one = _drawn(more, worth[k : k + 1], _noise(more, (1,), rng))
        before += _found(now, hollow, c, alpha)
        after += _found(blend(records, error, _with(past, one)), hollow, c, alpha)
    return OneMore(now.experiments, before / draws, after / draws)


def _noise(planned: Effect, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return errors of rise and gain on a last axis of 2."""
    both = float(planned.covariance)
    matrix = [[float(planned.rise_variance), both], [both, float(planned.gain_variance)]]
    return rng.multivariate_normal((0.0, 0.0), matrix, shape, method="eigh")


def _drawn(planned: Effect, worth: Floats, noise: Floats) -> Effect:
    same = np.ones(len(worth))
    return Effect(
        rise=planned.rise + noise[:, 0],
        gain=worth * planned.rise + noise[:, 1],
        rise_variance=planned.rise_variance * same,
        gain_variance=planned.gain_variance * same,
        covariance=planned.covariance * same,
    )


def _found(posterior: Posterior, hollow: Effect, c: float, alpha: float) -> float:
    """Return the share of tests without a gain that are found gamed."""
    bar = -float(special.ndtri(alpha))
    up = np.asarray(hollow.rise > bar * np.sqrt(hollow.rise_variance))
    return float(((posterior.below(c, hollow) > 1 - alpha) & up).mean())


def _with(past: Past | None, further: Effect) -> Past:
    """Return past tests and one more, in every alternative."""
    one = _as_past(further)
    if past is None:
        return one
    return Past(
        rise=np.append(past.rise, one.rise),
        gain=np.append(past.gain, one.gain),
        rise_variance=np.append(past.rise_variance, one.rise_variance),
        gain_variance=np.append(past.gain_variance, one.gain_variance),
        covariance=np.append(past.covariance, one.covariance),
        others=tuple(_with(other, further) for other in past.others),
    )


def _as_past(tests: Effect) -> Past:
    return Past(
        rise=np.asarray(tests.rise),
        gain=np.asarray(tests.gain),
        rise_variance=np.asarray(tests.rise_variance),
        gain_variance=np.asarray(tests.gain_variance),
        covariance=np.asarray(tests.covariance),
    )
