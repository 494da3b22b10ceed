"""An agreement coefficient with its interval, from ratings and a statistic of sums over units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from trueup.agreement import column
from trueup.agreement.ratings import Patterns
from trueup.agreement.resample import GROUPS, Rows, Statistic, add_up, interval
from trueup.errors import TooFewLabels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.agreement.column import Floats, Ints
    from trueup.agreement.ratings import Ratings

_PAIR = 2
_FEWEST_RESAMPLES = 100
_PSEUDO_LEVELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """How well raters agree, with an interval."""

    estimate: float
    """At most 1, full agreement; 0 is what chance would give, but for percent agreement."""
    low: float
    high: float
    n_units: int
    """Units with two ratings or more."""
    n_dropped: int
    """Units with one rating or none. They say nothing of agreement."""
    n_ratings: int
    """Ratings of the units that count."""
    n_raters: int
    """Raters who gave one of them."""
    n_clusters: int
    """Independent groups of units; equal to `n_units` where every unit stands for itself."""
    n_undefined: int
    """Resamples that left the coefficient undefined: 0 for the lower end, 1 for the upper."""
    resamples: int
    """How many the interval comes from; 0 where a formula gives it."""
    method: str
    """Name of the coefficient and of the interval."""


class Model(Statistic, Protocol):
    """A coefficient: what it takes from each unit, and how it follows from the sums."""

    @property
    def least(self) -> int:
        """Ratings that a unit needs to enter the sums."""

    def rows(self, patterns: Patterns) -> Floats:
        """Return what a unit of each pattern contributes; shape (patterns, sums)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How an interval is found: the keywords that all coefficients share."""

    ci: float
    resamples: int
    seed: int | np.random.Generator
    cluster: Iterable[object] | None

    def __post_init__(self) -> None:
        column.level(self.ci)
        if self.resamples < _FEWEST_RESAMPLES:
            raise ValueError(
                f"resamples is {self.resamples}; an interval needs {_FEWEST_RESAMPLES} or more"
            )


def need_two(table: Ratings, patterns: Patterns) -> None:
    """Refuse data in which nothing was rated twice.

    Raises:
        TooFewLabels: There is one rater, or fewer than two units with two ratings.
    """
    raters = int((patterns.codes >= 0).any(axis=0).sum())
    if raters < _PAIR:
        what = "only one rater gave any rating" if raters else "every rating is missing"
        raise TooFewLabels(
            f"{what}, and agreement is between two",
            mend="Have two people label some of the same units",
        )
    units = int(patterns.weight[patterns.rated >= _PAIR].sum())
    if units < _PAIR:
        raise TooFewLabels(
            f"{units or 'none'} of {len(table.codes):,} units was rated twice, and an interval "
            "needs two such units",
            mend="Have several people label the same units",
        )


def point(model: Model, patterns: Patterns) -> float:
    """Return the coefficient of all units."""
    used = patterns.rated_by(model.least)
    return float(model((used.weight @ model.rows(used))[None])[0])


def coefficient(
    name: str,
    table: Ratings,
    patterns: Patterns,
    *,
    estimate: float,
    model: Model,
    sampling: Sampling,
) -> Coefficient:
    """Put an interval around an estimate.

    Args:
        name: Of the coefficient.
        table: The ratings.
        patterns: The same, merged.
        estimate: Of the coefficient.
        model: The coefficient, or what stands for it in resamples.
        sampling: How to find the interval.

    Raises:
        TooFewLabels: All units are in one cluster.
        ValueError: There is not one cluster label a unit.
    """
    group = column.groups(sampling.cluster, len(table.codes))
    used = patterns.rated_by(model.least)
    rows = Rows(model.rows(used), used.weight.astype(np.float64))
    if group is not None:
        rows = _clustered(rows.sums, model.least, patterns, group)
    found = interval(
        model,
        rows,
        pseudo_unit(used, model, len(table.levels)),
        ci=sampling.ci,
        resamples=sampling.resamples,
        rng=np.random.default_rng(sampling.seed),
        few=group is not None,
    )
    drawn = "units" if group is None else "clusters"
    drawn = f"{drawn} in {GROUPS:,} random groups" if found.grouped else drawn
    return describe(
        f"{name}; BCa bootstrap of {drawn} with one pseudo-unit",
        table,
        patterns,
        group,
        estimate=estimate,
        low=min(found.low, estimate),
        high=max(found.high, estimate),
        n_undefined=found.n_undefined,
        resamples=sampling.resamples,
    )


def describe(
    method: str,
    table: Ratings,
    patterns: Patterns,
    group: Ints | None,
    *,
    estimate: float,
    low: float,
    high: float,
    n_undefined: int = 0,
    resamples: int = 0,
) -> Coefficient:
    """Return a coefficient with the counts of what went in."""
    pairable = patterns.rated >= _PAIR
    units = int(patterns.weight[pairable].sum())
    return Coefficient(
        estimate=estimate,
        low=low,
        high=high,
        n_units=units,
        n_dropped=len(table.codes) - units,
        n_ratings=int((patterns.weight * patterns.rated)[pairable].sum()),
        n_raters=int((patterns.codes[pairable] >= 0).any(axis=0).sum()),
        n_clusters=units if group is None else len(np.unique(group[pairable[patterns.of_unit]])),
        n_undefined=n_undefined,
        resamples=resamples,
        method=method,
    )


def _clustered(sums: Floats, least: int, patterns: Patterns, group: Ints) -> Rows:
    """Return clusters in place of units."""
    units, pattern = patterns.units(least)
    names, mine = np.unique(group[units], return_inverse=True)
    if len(names) < _PAIR:
        raise TooFewLabels(
            "all units with ratings are in one cluster, which leaves nothing to compare",
            mend="Label units of other clusters, or leave `cluster` out if units are independent",
        )
    return Rows(add_up(sums, pattern, mine, len(names)), np.ones(len(names)))


def pseudo_unit(used: Patterns, model: Model, levels: int) -> Rows:
    """Return one unit in all: half of it full agreement, half of it two ratings that differ.

    Agreement is on each level alike; ratings that differ are drawn from all ratings, given that
    they do. Of many levels, 16 evenly among those given stand for all.
    """
    counts = np.bincount(
        used.codes[used.codes >= 0], np.repeat(used.weight, used.rated), minlength=levels
    )
    seen = np.flatnonzero(counts)
    if len(seen) > _PSEUDO_LEVELS:
        middles = (np.arange(_PSEUDO_LEVELS) + 0.5) / _PSEUDO_LEVELS
        seen = seen[(middles * len(seen)).astype(np.int64)]
    apart = seen if len(seen) > 1 else np.arange(min(levels, _PSEUDO_LEVELS))
    one, other = (pair.ravel() for pair in np.meshgrid(apart, apart))
    one, other = one[one != other], other[one != other]
    chance = np.maximum(counts[one], 1) * np.maximum(counts[other], 1)
    typical = max(_PAIR, round(float(used.weight @ used.rated / used.weight.sum())))
    codes = np.full((len(seen) + len(one), used.codes.shape[1]), -1, dtype=np.int64)
    codes[: len(seen), :typical] = seen[:, None]
    codes[len(seen) :, 0], codes[len(seen) :, 1] = one, other
    weight = np.append(np.full(len(seen), 0.5 / len(seen)), 0.5 * chance / chance.sum())
    rated = (codes >= 0).sum(axis=1)
    pseudo = Patterns(codes, np.ones(len(codes), dtype=np.int64), np.arange(len(codes)), rated)
    return Rows(model.rows(pseudo), weight)
