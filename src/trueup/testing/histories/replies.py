"""Simulated replies: their quality, what the judge says of them, how long they are.

    quality  q  = segment + user + reply + real gain
    judged   j* = q + a * ease + sticky + surface + gamed gain + judge shock + drift + call noise
    signals  s  = q + b * ease + mood + segment's users + user shock + season

Ease is a property of prompts that no version changes; a is 0 without overstatement. Within a
segment and version q + a * ease has variance 1. `trueup.testing.histories.signals` turns s into
signals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from trueup.testing.histories.scale import call_noise, latent_of, to_points
from trueup.testing.histories.traffic import growth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.testing.histories.scenario import Scenario
    from trueup.testing.histories.traffic import Traffic

    Floats = NDArray[np.float64]

LENGTH = 5.0
MARKUP = 3.0
HEDGES = 1.0
_UNSURE = 0.5
"""Standard deviation of what else than quality decides on whether the judge abstains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shocks:
    """What is common to all replies of a week; arrays have shape (weeks,)."""

    users: Floats
    judge: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What is true of each reply, and what the judge says; all arrays have shape (n,)."""

    quality: Floats
    signal: Floats
    """The latent value that users' signals come from."""
    judge: Floats
    judge_rep: Floats
    weight: Floats
    """1 / the probability of being judged; NaN where not judged."""
    log_length: Floats
    markup: Floats
    hedges: Floats


def ar1(sd: float, rho: float, size: int, rng: np.random.Generator) -> Floats:
    """Return an AR(1) of this standard deviation that starts in its stationary law."""
    noise = rng.standard_normal(size)
    noise[1:] *= math.sqrt(1 - rho * rho)
    for t in range(1, size):
        noise[t] += rho * noise[t - 1]
    return sd * noise


def draw_shocks(scenario: Scenario, rng: np.random.Generator) -> Shocks:
    """Return the weekly shocks, the season among those to users."""
    rho = scenario.shock_rho ** (scenario.days / 7)
    users = ar1(scenario.user_shock, rho, scenario.weeks, rng)
    judge = ar1(scenario.judge_shock, rho, scenario.weeks, rng)
    first, stop = (scenario.reference + week for week in scenario.season_weeks)
    users[max(first, 0) : max(stop, 0)] += scenario.season
    return Shocks(users=users, judge=judge)


def draw_replies(
    scenario: Scenario, traffic: Traffic, shocks: Shocks, rng: np.random.Generator
) -> Replies:
    """Return the replies to the traffic and the judge's scores."""
    n, week, segment = traffic.week.size, traffic.week, traffic.segment
    parts = scenario.segments
    spread = math.sqrt(1 - scenario.ease_in_judge**2)
    inner = spread * _of_users(scenario, traffic, rng)
    quality = inner + np.array([s.quality for s in parts])[segment]
    quality += traffic.real
    signal = quality + np.array([s.users for s in parts])[segment]
    seen = quality + np.array([s.judge for s in parts])[segment]
    if scenario.ease_in_judge:
        ease = _of_users(scenario, traffic, rng)
        seen += scenario.ease_in_judge * ease
        signal += scenario.ease_in_signals * ease
    if scenario.mood:
        signal += scenario.mood * rng.standard_normal(scenario.users)[traffic.user]
    signal += shocks.users[week]
    surface = _surface(scenario, traffic, rng)
    seen += _in_judges_eyes(scenario, traffic, surface, rng) + shocks.judge[week]
    judge, repeat, weight = _scores(scenario, traffic, seen, surface[0], rng)
    if scenario.abstains:
        unsure = inner + _UNSURE * rng.standard_normal(n)
        limit = math.hypot(spread, _UNSURE) * ndtri(scenario.abstains * growth(scenario))[week]
        judge[unsure < limit] = np.nan
        repeat[unsure < limit] = np.nan
    length, markup, hedges = surface
    return Replies(
        quality=quality, signal=signal, judge=judge, judge_rep=repeat, weight=weight,
        log_length=length, markup=markup, hedges=hedges,
    )  # fmt: skip


def drift_latent(scenario: Scenario) -> float:
    """Return the judge's drift as a shift of its latent score."""
    noise = call_noise(scenario.reliability, levels=scenario.levels)
    return latent_of(scenario.judge_drift, 1 + noise**2, levels=scenario.levels)


def _of_users(scenario: Scenario, traffic: Traffic, rng: np.random.Generator) -> Floats:
    """Return standard normals of which a part is the user's."""
    drawn = rng.standard_normal(traffic.user.size)
    if not scenario.user_share:
        return drawn
    drawn *= math.sqrt(1 - scenario.user_share)
    own = math.sqrt(scenario.user_share) * rng.standard_normal(scenario.users)
    drawn += own[traffic.user]
    return drawn


def _surface(
    scenario: Scenario, traffic: Traffic, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return log length, markup and hedges."""
    n = traffic.week.size
    length = scenario.length_spread * rng.standard_normal(n)
    length += (LENGTH + np.array([s.length for s in scenario.segments]))[traffic.segment]
    if scenario.length_shift:
        length += scenario.length_shift * traffic.grown
    markup = rng.poisson(MARKUP, n).astype(float)
    if scenario.markup_shift > 0:
        markup += rng.poisson(scenario.markup_shift * traffic.grown)
    return length, markup, rng.poisson(HEDGES, n).astype(float)


def _in_judges_eyes(
    scenario: Scenario,
    traffic: Traffic,
    surface: tuple[Floats, Floats, Floats],
    rng: np.random.Generator,
) -> Floats:
    """Return what the judge sees in a reply beside its quality."""
    rise = traffic.gamed.copy()
    if scenario.length_effect:
        usual = (LENGTH + np.array([s.length for s in scenario.segments]))[traffic.segment]
        rise += scenario.length_effect * (surface[0] - usual)
    if scenario.markup_effect:
        rise += scenario.markup_effect * (surface[1] - MARKUP)
    if scenario.sticky:
        rise += scenario.sticky * rng.standard_normal(traffic.week.size)
    if scenario.judge_drift:
        rise += (drift_latent(scenario) * growth(scenario))[traffic.week]
    return rise


def _scores(
    scenario: Scenario, traffic: Traffic, seen: Floats, length: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return the judge's scores, second scores and weights, NaN where there are none."""
    n = seen.size
    noise = call_noise(scenario.reliability, levels=scenario.levels)
    judge = to_points(seen + noise * rng.standard_normal(n), levels=scenario.levels)
    repeat, weight = np.full(n, np.nan), np.ones(n)
    chance = _chances(scenario, traffic, length)
    if chance is not None:
        left = rng.random(n) >= chance
        weight = 1 / chance
        judge[left] = weight[left] = np.nan
    again = np.flatnonzero((rng.random(n) < scenario.repeats) & ~np.isnan(judge))
    second = seen[again] + noise * rng.standard_normal(again.size)
    repeat[again] = to_points(second, levels=scenario.levels)
    return judge, repeat, weight


def _chances(scenario: Scenario, traffic: Traffic, length: Floats) -> Floats | None:
    """Return each reply's probability of being judged; None where all are."""
    if scenario.judged == 1:
        return None
    chance = np.full(length.size, float(scenario.judged))
    if scenario.judged > 1:
        each = np.bincount(traffic.week, minlength=scenario.weeks)
        chance = np.minimum(scenario.judged / np.maximum(each, 1), 1)[traffic.week]
    if scenario.judged_tilt:
        chance = chance * np.exp(scenario.judged_tilt * (length - LENGTH))
    chances: Floats = np.clip(chance, 0.01 * min(scenario.judged, 1), 1)
    return chances
