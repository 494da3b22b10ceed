"""Who asks what, when: weeks, users, segments and arms of a simulated history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.testing.histories.scenario import Scenario

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


_DAY = 86_400 * 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Replies in order of time, before anybody has judged them; all arrays have shape (n,)."""

    week: Ints
    time: Ints
    """Microseconds since 1970, UTC."""
    user: Ints
    segment: Ints
    held: NDArray[np.bool_]
    """Whether the user is kept on the first version."""
    grown: Floats
    """Which part of the change acts on the reply, from 0 to 1: none for those held back."""
    real: Floats
    """Gain of the reply's version over the first that judge and users see."""
    gamed: Floats
    """Gain that only the judge sees."""
    version: Ints
    """Position of the reply's version, from 0."""


def counts(scenario: Scenario) -> Ints:
    """Return the replies of every week, shape (weeks,)."""
    weeks = scenario.weeks
    growth = 1 + scenario.growth * np.arange(weeks) / max(weeks - 1, 1)
    found = np.round(scenario.items * growth).astype(np.int64)
    found[list(scenario.gaps)] = 0
    return found


def growth(scenario: Scenario) -> Floats:
    """Return which part of the change acts in each week, shape (weeks,)."""
    return np.array([scenario.grown(week) for week in range(scenario.weeks)])


def instants(scenario: Scenario, week: Ints, within: Floats) -> Ints:
    """Return instants in microseconds: `within` their week, from 0 to 1."""
    start = int(np.datetime64(scenario.start, "us").astype(np.int64))
    length = int(scenario.days * _DAY)
    found: Ints = start + week * length + np.minimum(within * length, length - 1).astype(np.int64)
    return found


def draw_traffic(scenario: Scenario, rng: np.random.Generator) -> Traffic:
    """Return who asked what, when."""
    each = counts(scenario)
    week = np.repeat(np.arange(scenario.weeks), each)
    user = _users(scenario, each, rng)
    held = np.zeros(scenario.users, dtype=bool)
    if scenario.holdback:
        held[rng.permutation(scenario.users)[: round(scenario.holdback * scenario.users)]] = True
    kept, path = held[user], growth(scenario)
    real, gamed, version = scenario.real * path, scenario.gamed * path, (path > 0).astype(np.int64)
    if scenario.releases:
        real = np.array([release.real for release in scenario.releases])
        gamed = np.array([release.gamed for release in scenario.releases])
        version = np.arange(scenario.weeks)
    return Traffic(
        week=week,
        time=_times(scenario, each, week, rng),
        user=user,
        segment=_segments(scenario, week, rng),
        held=kept,
        grown=_freed(path, week, kept),
        real=_freed(real, week, kept),
        gamed=_freed(gamed, week, kept),
        version=np.where(kept, 0, version[week]),
    )


def _freed(path: Floats, week: Ints, held: NDArray[np.bool_]) -> Floats:
    """Return a weekly path for each reply, 0 for those held back."""
    found = path[week]
    if held.any():
        found[held] = 0.0
    return found


def _times(scenario: Scenario, each: Ints, week: Ints, rng: np.random.Generator) -> Ints:
    """Return instants spread evenly over their week, in order.

    Sums of exponentials, scaled by their total, are ordered uniforms without a sort.
    """
    gaps = rng.standard_exponential(week.size + scenario.weeks)
    ends = np.cumsum(each + 1)
    total = np.cumsum(gaps)
    last = total[ends - 1]
    first = np.concatenate([[0.0], last[:-1]])
    inside = np.delete(total, ends - 1)
    within = (inside - first[week]) / (last - first)[week]
    return instants(scenario, week, within)


def _users(scenario: Scenario, each: Ints, rng: np.random.Generator) -> Ints:
    """Return the user of every reply: who is there in a week asks in proportion to their weight."""
    weight = np.exp(scenario.heavy * rng.standard_normal(scenario.users))
    if scenario.active >= 1:
        shares = np.cumsum(weight)
        found: Ints = np.searchsorted(shares, rng.random(int(each.sum())) * shares[-1])
        return found
    there = rng.random((scenario.weeks, scenario.users)) < scenario.active
    there[:, 0] |= ~there.any(axis=1)
    shares = np.cumsum(there * weight, axis=1)
    draws = [
        np.searchsorted(row, rng.random(int(n)) * row[-1], side="right")
        for row, n in zip(shares, each, strict=True)
    ]
    return np.concatenate(draws).astype(np.int64)


def _segments(scenario: Scenario, week: Ints, rng: np.random.Generator) -> Ints:
    """Return the segment of every reply.

    A changed mix is the users' doing, not the version's: it comes to those held back as well.
    """
    before = np.array([s.share for s in scenario.segments])
    after = np.array([s.share if s.later is None else s.later for s in scenario.segments])
    grown = growth(scenario)[:, None]
    shares = (1 - grown) * before / before.sum() + grown * after / after.sum()
    bounds = np.cumsum(shares, axis=1)
    luck = rng.random(week.size)
    found = np.zeros(week.size, dtype=np.int64)
    for k in range(len(scenario.segments) - 1):
        found += luck > bounds[week, k]
    return found
