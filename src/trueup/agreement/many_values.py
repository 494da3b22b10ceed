"""Krippendorff's alpha of data whose values are too many to count one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trueup.agreement.disagreement import distance, from_sums

if TYPE_CHECKING:
    from trueup.agreement.column import Bools, Floats, Ints
    from trueup.agreement.disagreement import Level
    from trueup.agreement.ratings import Patterns

_MOST_RATIOS: Final = 20_000
_CELLS: Final = 4_000_000
_FLAT: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """For interval data of many values: sums of d_u, of ratings, their values and squares."""

    scaled: Floats
    """Values, their mean taken off: alpha knows neither origin nor unit."""
    least: int = 2

    def rows(self, patterns: Patterns) -> Floats:
        """Return d_u, ratings, sum and sum of squares of each pattern."""
        given = patterns.codes >= 0
        x = np.where(given, self.scaled[patterns.codes], 0.0)
        return np.column_stack([
            _squares(x, given, patterns.rated), patterns.rated, x.sum(axis=1), (x**2).sum(axis=1)
        ])  # fmt: skip

    def __call__(self, sums: Floats) -> Floats:
        """Return alpha."""
        observed, n, total, squares = sums.T
        expected = 2 * (n * squares - total**2)
        return from_sums(observed, np.where(expected > _FLAT * n * squares, expected, 0.0), n)


def moments(patterns: Patterns, values: Floats) -> Moments:
    """Centre and scale values, so that sums of squares keep their digits."""
    n = _times(patterns, len(values))
    centred = values - n @ values / n.sum()
    return Moments(scaled=centred / max(float(np.abs(centred).max()), np.finfo(float).tiny))


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """For many values of other levels: what each unit adds to d, and to the log of its expectation.

    The former is exact but for ordinal data, whose ranks move with the sample; both are then first
    derivatives. `estimate` is exact.
    """

    level: Level
    score: Floats
    """Values, or mid-ranks where ordinal."""
    on_observed: Floats
    """What a rating of each level adds to d by moving ranks."""
    on_log_expected: Floats
    usual: tuple[float, float]
    """What the derivatives of a unit are on average, which is no change."""
    units: float
    """Of the whole sample."""
    scale: float
    """Factor that turns the mean d of a unit into 1 - alpha."""
    estimate: float
    least: int = 2

    def rows(self, patterns: Patterns) -> Floats:
        """Return both, and 1 for each unit."""
        given = patterns.codes >= 0
        ranks = np.where(given, self.on_observed[patterns.codes], 0.0).sum(axis=1)
        slope = np.where(given, self.on_log_expected[patterns.codes], 0.0).sum(axis=1)
        own = _own(self.level, patterns, self.score)
        return np.column_stack([own + ranks, slope, np.ones(len(given))])

    def __call__(self, sums: Floats) -> Floats:
        """Return alpha."""
        observed, log_expected, units = sums.T
        share = np.maximum(observed / units - self.usual[0], 0.0) * self.scale
        return np.asarray(1 - share * np.exp(self.units * (self.usual[1] - log_expected / units)))


def linear(level: Level, patterns: Patterns, values: Floats) -> Linear:
    """Find the derivatives, of which a unit's are those of its ratings."""
    given = _times(patterns, len(values))
    n, units = float(given.sum()), float(patterns.weight.sum())
    ordinal = level == "ordinal"
    score = (np.cumsum(given) - given / 2 - n / 2) / n if ordinal else values
    apart = _apart(level, given, score)
    expected = float(given @ apart)
    slope = 2 * apart
    on_observed = np.zeros(len(given))
    if ordinal:
        on_observed = _by_ranks(_away(patterns, score)) / n
        slope += _by_ranks(given * (n * score - given @ score)) / n
    slope = slope / expected - 1 / (n - 1)
    scale = (n - 1) * units / expected
    return Linear(
        level=level,
        score=score,
        on_observed=on_observed,
        on_log_expected=slope,
        usual=(float(given @ on_observed) / units, float(given @ slope) / units),
        units=units,
        scale=scale,
        estimate=1 - float(patterns.weight @ _own(level, patterns, score)) * scale / units,
    )


def _own(level: Level, patterns: Patterns, score: Floats) -> Floats:
    """Return d_u at the ranks of the whole sample."""
    given = patterns.codes >= 0
    if level == "ordinal":
        return _squares(np.where(given, score[patterns.codes], 0.0), given, patterns.rated)
    x = score[patterns.codes]
    own = np.zeros(len(x))
    for one in range(x.shape[1]):
        for other in range(one):
            both = given[:, one] & given[:, other]
            own += both * distance(level, x[:, one], x[:, other])
    return 2 * own / (patterns.rated - 1)


def _away(patterns: Patterns, score: Floats) -> Floats:
    """Return how far, summed, the ratings of each level are from those beside them."""
    given = patterns.codes >= 0
    x = np.where(given, score[patterns.codes], 0.0)
    beside = (x.sum(axis=1, keepdims=True) - x) / (patterns.rated - 1)[:, None]
    away = (patterns.weight[:, None] * (x - beside))[given]
    return _by_level(patterns.codes[given], away, len(score))


def _by_ranks(away: Floats) -> Floats:
    """Turn the derivative by each level's rank into that by its count.

    A rating more lifts the ranks above it by 1 and its own by 1/2.
    """
    return np.asarray(4 * (away.sum() - np.cumsum(away) + away / 2))


def _squares(x: Floats, given: Bools, rated: Ints) -> Floats:
    """Return d_u of squared differences, from each unit's own mean."""
    mean = x.sum(axis=1) / rated
    around = np.where(given, x - mean[:, None], 0.0)
    return np.asarray(2 * rated * (around**2).sum(axis=1) / (rated - 1))


def _times(patterns: Patterns, levels: int) -> Floats:
    """Return how often each level was given."""
    given = patterns.codes >= 0
    weight = np.broadcast_to(patterns.weight[:, None], given.shape)[given]
    return _by_level(patterns.codes[given], weight.astype(np.float64), levels)


def _by_level(codes: Ints, amount: Floats, levels: int) -> Floats:
    return np.asarray(np.bincount(codes, weights=amount, minlength=levels), dtype=np.float64)


def _apart(level: Level, given: Floats, score: Floats) -> Floats:
    """Return the difference of each level from all ratings, summed."""
    if level == "nominal":
        return np.asarray(given.sum() - given)
    if level == "ordinal":
        return np.asarray(given.sum() * score**2 - 2 * score * (given @ score) + given @ score**2)
    if len(score) > _MOST_RATIOS:
        raise ValueError(
            f"ratings has {len(score):,} distinct values, and the ratio level compares each with "
            f"each; round them to at most {_MOST_RATIOS:,}"
        )
    step = max(1, _CELLS // len(score))
    parts = (score[k : k + step, None] for k in range(0, len(score), step))
    return np.concatenate([distance(level, part, score) @ given for part in parts])
