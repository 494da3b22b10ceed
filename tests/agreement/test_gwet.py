"""Gwet's AC1 and AC2 and percent agreement: published figures, sums by hand, coverage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trueup.agreement.gwet import ac1, ac2, percent_agreement
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FAST = 100
FEW = st.one_of(st.just(np.nan), st.integers(1, 4).map(float))
TABLES = hnp.arrays(np.float64, st.tuples(st.integers(4, 15), st.integers(2, 4)), elements=FEW)

_: Any = None
FOUR_RATERS = [  # of 12 units: Gwet's handbook, 4th edition, page 120
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, _],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]
FIVE_OBSERVERS = [  # of 15 units: the same, page 125, shortened
    [1, 1, 2, _, 0, 0, 1, 1, 2, 2, _, 0, 1, 3, 1],
    [1, 1, 3, 0, 0, 0, 0, _, 2, 1, 1, 0, 2, 3, 1],
    [2, 0, 3, 0, 0, 0, 2, 2, 2, 1, 0, 0, 2, 2, 1],
    [_, 1, 3, _, _, _, _, 0, _, 1, 0, 0, 2, 2, _],
    [2, _, _, 0, 0, 0, 1, _, 2, _, _, _, _, 3, 1],
]


@pytest.mark.parametrize(
    ("ratings", "weights", "expected"),
    [
        (FOUR_RATERS, None, 0.775),  # Gwet's irrCAC on both tables
        (FOUR_RATERS, "linear", 0.859),
        (FOUR_RATERS, "quadratic", 0.914),
        (FIVE_OBSERVERS, None, 0.497),
    ],
)
def test_published_figures_of_several_raters_come_out(
    ratings: Any, weights: Any, expected: float
) -> None:
    found = ac2(ratings, weights=weights, axis="raters") if weights else ac1(ratings, axis="raters")

    assert found.estimate == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("table", "plain", "linear", "quadratic"),
    [
        ([[13, 0, 0], [0, 20, 7], [0, 4, 56]], 0.849, 0.900, 0.940),
        ([[40, 4, 4, 17], [6, 25, 2, 13], [4, 1, 21, 12], [15, 5, 9, 45]], 0.456, 0.377, 0.299),
    ],
)
def test_published_figures_of_two_raters_come_out(
    table: list[list[int]], plain: float, linear: float, quadratic: float
) -> None:
    size = range(len(table))
    pairs = [(a, b) for a in size for b in size for _ in range(table[a][b])]

    assert ac1(pairs).estimate == pytest.approx(plain, abs=5e-4)
    assert ac2(pairs, weights="linear").estimate == pytest.approx(linear, abs=5e-4)
    assert ac2(pairs, weights="quadratic").estimate == pytest.approx(quadratic, abs=5e-4)


def by_hand(
    ratings: NDArray[np.float64], weight: Callable[[float, float], float]
) -> tuple[float, float]:
    """Return percent agreement and AC, unit by unit."""
    units = [[float(r) for r in unit if not math.isnan(r)] for unit in ratings]
    levels = sorted({r for unit in units for r in unit})
    agreed = [
        sum(weight(a, b) for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j)
        / (len(unit) * (len(unit) - 1))
        for unit in units
        if len(unit) > 1
    ]
    rated = [unit for unit in units if unit]
    shares = [sum(unit.count(k) / len(unit) for unit in rated) / len(rated) for k in levels]
    total = sum(weight(a, b) for a in levels for b in levels)
    q = len(levels)
    chance = total * sum(s * (1 - s) for s in shares) / (q * (q - 1))
    observed = sum(agreed) / len(agreed)
    return observed, (observed - chance) / (1 - chance)


def usable(ratings: NDArray[np.float64]) -> bool:
    given_ = ~np.isnan(ratings)
    twice = (given_.sum(axis=1) > 1).sum() > 1
    return bool(twice and len(np.unique(ratings[given_])) > 1)


@given(TABLES)
def test_they_equal_sums_by_hand(ratings: NDArray[np.float64]) -> None:
    assume(usable(ratings))
    span = np.nanmax(ratings) - np.nanmin(ratings)

    share, plain = by_hand(ratings, lambda a, b: float(a == b))
    _, weighed = by_hand(ratings, lambda a, b: 1 - ((a - b) / span) ** 2)

    assert percent_agreement(ratings).estimate == pytest.approx(share, abs=1e-12)
    assert ac1(ratings, resamples=FAST).estimate == pytest.approx(plain, abs=1e-12)
    assert ac2(ratings, resamples=FAST).estimate == pytest.approx(weighed, abs=1e-12)


@given(TABLES, st.randoms(use_true_random=False))
def test_order_of_units_and_of_raters_within_a_unit_does_not_matter(
    ratings: NDArray[np.float64], random: Any
) -> None:
    assume(usable(ratings))
    shuffled: list[list[float]] = ratings.tolist()
    random.shuffle(shuffled)
    for unit in shuffled:
        random.shuffle(unit)

    found = ac1(np.array(shuffled), resamples=FAST)

    assert found.estimate == pytest.approx(ac1(ratings, resamples=FAST).estimate, abs=1e-12)
    assert found.low <= found.estimate <= found.high <= 1


def test_levels_that_nobody_used_lower_what_chance_gives() -> None:
    ratings = [[1, 1], [1, 2], [2, 2], [1, 1]]

    seen, whole = ac1(ratings), ac1(ratings, levels=[1, 2, 3, 4, 5])

    assert whole.estimate > seen.estimate
    assert percent_agreement(ratings).estimate == 0.75


def test_one_level_alone_is_full_agreement_on_a_declared_scale() -> None:
    found = ac1([["met", "met"]] * 20, levels=["unmet", "met"])

    assert found.estimate == found.high == 1
    assert found.low < 1
    assert found.n_undefined == 0


def test_one_rating_alone_informs_chance_but_not_agreement() -> None:
    ratings = [[1, 1], [1, 1], [2, 2], [2, 1]]

    found = ac1([*ratings, [2, None], [2, None]])

    assert (found.n_units, found.n_dropped, found.n_ratings) == (4, 2, 8)
    assert found.estimate != ac1(ratings).estimate


def test_agreement_on_a_common_level_is_not_forgotten_as_kappa_does() -> None:
    ratings = [[0, 0]] * 96 + [[0, 1], [1, 0], [0, 1], [1, 1]]

    assert ac1(ratings).estimate > 0.95
    assert percent_agreement(ratings).estimate == 0.97


@pytest.mark.parametrize(
    ("function", "ratings", "keywords", "error", "message"),
    [
        (ac1, [["met", "met"]] * 4, {}, Undefined, "all ratings are 'met' and chance depends"),
        (ac1, [[1, None], [2, None]], {}, TooFewLabels, "only one rater gave any rating"),
        (ac2, [["a", "b"]] * 3, {}, TypeError, "weights is 'quadratic', which needs an order"),
        (ac2, [[1, 2]] * 3, {"weights": "cubic"}, ValueError, "weights is 'cubic'"),
        (ac2, [[1, 2]] * 3, {"weights": [[1, 2], [2, 1]]}, ValueError, "outside 0 and 1"),
        (percent_agreement, np.arange(600.0).reshape(-1, 2), {}, ValueError, "counts levels"),
        (percent_agreement, [[None, None]] * 3, {}, TooFewLabels, "every rating is missing"),
    ],
)
def test_what_defines_none_is_refused_with_a_reason(
    function: Any, ratings: Any, keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        function(ratings, **keywords)


def samples(
    rng: np.random.Generator, size: int, units: int, right: float = 0.92
) -> NDArray[np.float64]:
    """Return tables of yes and no by three raters, one in ten units positive, some missing."""
    truth = rng.random((size, units, 1)) < 0.1
    ratings = np.where(rng.random((size, units, 3)) < right, truth, ~truth).astype(float)
    ratings[rng.random(ratings.shape) < 0.1] = np.nan
    return ratings


def test_95_percent_intervals_of_ac1_cover() -> None:
    rng = np.random.default_rng(2)
    truth = ac1(samples(rng, 1, 400_000)[0], resamples=FAST).estimate

    held = 0
    for seed, ratings in enumerate(samples(rng, 5000, 60)):
        found = ac1(ratings, resamples=250, seed=seed)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.975


def test_95_percent_intervals_of_ac2_cover() -> None:
    rng = np.random.default_rng(4)

    def scale(size: int, units: int) -> NDArray[np.float64]:
        slip = rng.choice([-1, 0, 0, 0, 1], (size, units, 3))
        levels = rng.integers(1, 5, (size, units, 1)) + slip
        found: NDArray[np.float64] = np.clip(levels, 1, 4).astype(float)
        return found

    truth = ac2(scale(1, 400_000)[0], resamples=FAST).estimate
    held = 0
    for seed, ratings in enumerate(scale(5000, 60)):
        found = ac2(ratings, resamples=250, seed=seed)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.975


@pytest.mark.parametrize(("units", "right"), [(60, 0.92), (30, 0.8), (100, 0.99)])
def test_95_percent_intervals_of_percent_agreement_cover(units: int, right: float) -> None:
    rng = np.random.default_rng(units)
    truth = percent_agreement(samples(rng, 1, 400_000, right)[0]).estimate

    held = 0
    for ratings in samples(rng, 5000, units, right):
        found = percent_agreement(ratings)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.98


def test_units_repeated_within_clusters_count_once_in_percent_agreement() -> None:
    ratings = np.random.default_rng(3).integers(0, 2, (50, 2))
    eightfold = np.repeat(ratings, 8, axis=0)

    once = percent_agreement(ratings)
    together = percent_agreement(eightfold, cluster=np.repeat(np.arange(50), 8))

    assert together.n_clusters == 50
    assert together.high - together.low == pytest.approx(once.high - once.low, rel=0.1)


def test_full_agreement_on_one_level_is_not_certain() -> None:
    found = percent_agreement([["met", "met"]] * 20)

    assert found.estimate == found.high == 1
    assert found.low == pytest.approx(0.8389, abs=1e-4)  # Wilson of 20 in 20
    assert found.resamples == 0
