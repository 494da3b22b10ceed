"""Users' signals on simulated replies: thumbs, retries, edit rates, and when each arrived.

All come from the reply's latent signal s by a probit, whose slope k is positive where more of the
signal is better: P(thumbs up) = Phi(a + k s), P(retry) = Phi(a - k s), and edit rate =
Phi(a - k s + noise), with intercepts that give the declared means. With the normal law of s this
makes every mean and covariance a closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.testing.histories.replies import Replies
    from trueup.testing.histories.scenario import Scenario
    from trueup.testing.histories.traffic import Traffic

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SIGNALS = ("thumbs", "retries", "edit_rate")
NEVER = np.iinfo(np.int64).min
"""The instant of what never arrives: numpy's NaT."""
_DAY = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal of all replies: NaN and NEVER where nobody gave it; arrays have shape (n,)."""

    value: Floats
    at: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Probit:
    """A signal's value as Phi of a line in the latent signal, or a draw with that chance."""

    level: float
    slope: float
    noise: float = 0.0

    def mean(self, shift: float, variance: float) -> float:
        """Return the mean over latent signals of this mean and variance."""
        return float(ndtr((self.level + self.slope * shift) / self.spread(variance)))

    def spread(self, variance: float) -> float:
        """Return the standard deviation of the line, its own noise and the draw's included."""
        return math.sqrt(1 + self.noise**2 + self.slope**2 * variance)


def signal_variance(scenario: Scenario) -> float:
    """Return the variance of the latent signal within a segment and week."""
    quality = 1 - scenario.ease_in_judge**2
    return quality + scenario.ease_in_signals**2 + scenario.mood**2


def probits(scenario: Scenario) -> dict[str, Probit]:
    """Return the signals' curves by name."""
    variance = signal_variance(scenario)

    def curve(mean: float, slope: float, noise: float = 0.0) -> Probit:
        spread = Probit(level=0.0, slope=slope, noise=noise).spread(variance)
        return Probit(level=float(ndtri(mean)) * spread, slope=slope, noise=noise)

    return {
        "thumbs": curve(scenario.thumbs_up, scenario.thumbs_slope),
        "retries": curve(scenario.retry_rate, -scenario.retry_slope),
        "edit_rate": curve(scenario.edit_rate, -scenario.edit_slope, scenario.edit_noise),
    }


def draw_signals(
    scenario: Scenario, traffic: Traffic, replies: Replies, rng: np.random.Generator
) -> dict[str, Signal]:
    """Return the signals by name."""
    curves, latent = probits(scenario), replies.signal
    return {
        "thumbs": _thumbs(scenario, traffic, latent, curves["thumbs"], rng),
        "retries": _retries(scenario, traffic, latent, curves["retries"], rng),
        "edit_rate": _edits(scenario, traffic, latent, curves["edit_rate"], rng),
    }


def _thumbs(
    scenario: Scenario, traffic: Traffic, latent: Floats, curve: Probit, rng: np.random.Generator
) -> Signal:
    """Return ratings; how happy a user is may decide on whether they rate."""
    factor = np.array([s.answers for s in scenario.segments])
    most = max(scenario.answer_shift, 1.0) * max(float(factor.max()), 1.0)
    luck = rng.random(latent.size)
    asked = np.flatnonzero(luck < scenario.thumbs_rate * most)
    up = curve.level + curve.slope * latent[asked] + rng.standard_normal(asked.size) > 0
    grown = traffic.grown[asked]
    chance = scenario.thumbs_rate * (1 + grown * (factor[traffic.segment[asked]] - 1))
    chance *= np.where(up, 1.0, 1 + grown * (scenario.answer_shift - 1))
    given = luck[asked] < chance
    return _given(scenario, traffic, asked[given], up[given].astype(float), rng)


def _retries(
    scenario: Scenario, traffic: Traffic, latent: Floats, curve: Probit, rng: np.random.Generator
) -> Signal:
    """Return whether, or how often, the user asked again."""
    seen = _seen(scenario.retry_seen, latent.size, rng)
    luck = rng.standard_normal(seen.size)
    tried = (curve.level + curve.slope * latent[seen] + luck > 0).astype(float)
    if scenario.retry_again:
        tried *= rng.geometric(1 - scenario.retry_again, seen.size)
    found = _given(scenario, traffic, seen, tried, rng)
    if not scenario.zeros_timed:
        found.at[found.value == 0] = NEVER
    return found


def _edits(
    scenario: Scenario, traffic: Traffic, latent: Floats, curve: Probit, rng: np.random.Generator
) -> Signal:
    """Return which part of the reply the user rewrote."""
    seen = _seen(scenario.edit_seen, latent.size, rng)
    noise = curve.noise * rng.standard_normal(seen.size)
    rate = ndtr(curve.level + curve.slope * latent[seen] + noise)
    return _given(scenario, traffic, seen, rate, rng)


def _seen(share: float, n: int, rng: np.random.Generator) -> Ints:
    """Return the replies of which the signal is recorded."""
    return np.arange(n) if share >= 1 else np.flatnonzero(rng.random(n) < share)


def _given(
    scenario: Scenario, traffic: Traffic, which: Ints, value: Floats, rng: np.random.Generator
) -> Signal:
    """Return values that arrive after exponential delays."""
    values, at = np.full(traffic.time.size, np.nan), np.full(traffic.time.size, NEVER)
    values[which] = value
    wait = rng.standard_exponential(which.size) * (scenario.delay * _DAY)
    at[which] = traffic.time[which] + wait.astype(np.int64)
    return Signal(value=values, at=at)
