"""Krippendorff's alpha: equal to the package, invariant where it should be, and honest."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from trueup.agreement.disagreement import LEVELS, Level
from trueup.agreement.krippendorff import alpha
from trueup.errors import TooFewLabels, Undefined

Floats = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SHAPES = st.tuples(st.integers(4, 25), st.integers(2, 4))
FEW = st.one_of(st.just(np.nan), st.integers(0, 4).map(float))
MANY = st.one_of(st.just(np.nan), st.integers(0, 10**6).map(lambda n: n / 64))
FAST = 100


def tables(elements: st.SearchStrategy[float] = FEW) -> st.SearchStrategy[Floats]:
    return hnp.arrays(np.float64, SHAPES, elements=elements)


def value(ratings: Floats, level: Level, **keywords: Any) -> float:
    """Return the estimate; leave out tables that define none."""
    try:
        return alpha(ratings, level=level, resamples=FAST, **keywords).estimate
    except (Undefined, TooFewLabels):
        assume(False)  # noqa: FBT003 - hypothesis' own
        raise


@given(st.one_of(tables(), tables(MANY)), st.sampled_from(LEVELS))
@settings(max_examples=150)
def test_it_equals_the_package_with_missing_ratings(ratings: Floats, level: Level) -> None:
    expected = krippendorff.alpha(ratings.T, level_of_measurement=level) if usable(ratings) else 0

    assert value(ratings, level) == pytest.approx(expected, abs=1e-12)


def usable(ratings: Floats) -> bool:
    twice = ratings[(~np.isnan(ratings)).sum(axis=1) > 1]
    return len(twice) > 1 and len(np.unique(twice[~np.isnan(twice)])) > 1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("levels", [2, 16, 17, 64, 65, 100_000])
def test_it_equals_the_package_by_every_way_of_summing(level: Level, levels: int) -> None:
    rng = np.random.default_rng(levels)
    own = rng.integers(0, levels, (120, 1))
    ratings = np.abs(own + rng.integers(-levels // 8, levels // 8 + 1, (120, 4))).astype(float)
    ratings[rng.random(ratings.shape) < 0.25] = np.nan

    expected = krippendorff.alpha(ratings.T, level_of_measurement=level)

    assert alpha(ratings, level=level, resamples=FAST).estimate == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("shift", [1.7e9, -3e12])
@pytest.mark.parametrize("spread", [10, 1000])
def test_large_values_keep_their_digits(shift: float, spread: int) -> None:
    rng = np.random.default_rng(spread)
    ratings = rng.integers(0, spread, (60, 1)) + rng.integers(0, spread // 5, (60, 3)) + 0.0

    near, far = (alpha(ratings + by, level="interval", resamples=FAST) for by in (0.0, shift))

    assert far.estimate == pytest.approx(near.estimate, abs=1e-12)


@given(tables(), st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_order_of_units_and_of_raters_within_a_unit_does_not_matter(
    ratings: Floats, level: Level, random: Any
) -> None:
    shuffled: list[list[float]] = ratings.tolist()
    random.shuffle(shuffled)
    for unit in shuffled:
        random.shuffle(unit)

    assert value(np.array(shuffled), level) == pytest.approx(value(ratings, level), abs=1e-12)


@given(tables())
def test_nominal_levels_may_be_renamed(ratings: Floats) -> None:
    renamed = np.where(np.isnan(ratings), None, np.vectorize("level {}".format)(3 - ratings))

    assert alpha_or_none(renamed, "nominal") == alpha_or_none(ratings, "nominal")


def alpha_or_none(ratings: Any, level: Level) -> float | None:
    try:
        return round(alpha(ratings, level=level, resamples=FAST).estimate, 12)
    except (Undefined, TooFewLabels):
        return None


@given(tables(), st.floats(0.1, 50), st.floats(-1e3, 1e3))
def test_interval_values_have_neither_unit_nor_origin(
    ratings: Floats, unit: float, origin: float
) -> None:
    expected = value(ratings, "interval")

    assert value(ratings * unit + origin, "interval") == pytest.approx(expected, abs=1e-9)


@given(tables(), st.floats(0.1, 50))
def test_ratio_values_have_no_unit(ratings: Floats, unit: float) -> None:
    assert value(ratings * unit, "ratio") == pytest.approx(value(ratings, "ratio"), abs=1e-9)


@given(tables())
def test_ordinal_values_may_be_stretched_and_turned_round(ratings: Floats) -> None:
    expected = value(ratings, "ordinal")

    assert value(np.exp(ratings), "ordinal") == pytest.approx(expected, abs=1e-12)
    assert value(-ratings, "ordinal") == pytest.approx(expected, abs=1e-12)


@given(tables(), st.integers(2, 4))
def test_a_unit_rated_once_changes_nothing(ratings: Floats, times: int) -> None:
    once = np.full((times, ratings.shape[1]), np.nan)
    once[:, 0] = 1.0
    added = np.vstack([ratings, once])

    assert value(added, "ordinal") == pytest.approx(value(ratings, "ordinal"), abs=1e-12)


@given(tables(), st.sampled_from(LEVELS))
def test_the_interval_is_around_the_estimate_and_at_most_1(ratings: Floats, level: Level) -> None:
    assume(usable(ratings))

    found = alpha(ratings, level=level, resamples=FAST)

    assert np.isfinite([found.low, found.high]).all()
    assert found.low <= found.estimate <= found.high <= 1


def test_texts_of_a_declared_scale_are_ordinal() -> None:
    numbers: list[list[int | None]] = [[1, 2, 3, 3, 2], [1, 2, 3, 2, 2], [None, 3, 3, 3, 2]]
    words = [[n and ("low", "mid", "high")[n - 1] for n in row] for row in numbers]
    scale = ["low", "mid", "high"]

    found = alpha(words, level="ordinal", levels=scale, axis="raters")

    assert found == alpha(numbers, level="ordinal", levels=[1, 2, 3], axis="raters")


def test_it_says_what_went_in() -> None:
    nan = np.nan
    ratings = [[1, 1, nan], [1, 2, nan], [2, nan, nan], [nan, nan, nan], [2, 2, nan]]

    found = alpha(ratings, level="nominal")

    assert (found.n_units, found.n_dropped, found.n_ratings, found.n_raters) == (3, 2, 6, 2)
    assert found.n_clusters == 3
    assert found.resamples == 2000
    assert found.method.startswith("Krippendorff's alpha, nominal; BCa bootstrap of units")


def test_resamples_without_variation_are_counted_and_widen_the_interval() -> None:
    rare = np.zeros((30, 2))
    rare[0] = 1
    same = 29 + 0.25  # units, and the part of the pseudo-unit, that are rated 0 and 0

    found = alpha(rare, level="nominal")

    assert found.estimate == 1
    assert found.n_undefined == pytest.approx(2000 * (same / 31) ** 30, rel=0.15)
    assert found.low <= 0


def test_a_sample_without_disagreement_is_not_certain() -> None:
    ratings = np.repeat([[0.0, 0.0], [1.0, 1.0]], 15, axis=0)

    found = alpha(ratings, level="nominal")

    assert found.estimate == found.high == 1
    assert 0.7 < found.low < 0.9  # an exact binomial bound on disagreement gives 0.77


def test_a_seed_fixes_the_interval_and_a_generator_may_be_given() -> None:
    ratings = np.random.default_rng(0).integers(0, 3, (40, 3))

    first, again = (alpha(ratings, level="nominal", seed=3) for _ in range(2))
    other = alpha(ratings, level="nominal", seed=np.random.default_rng(3))

    assert first == again == other
    assert first != alpha(ratings, level="nominal", seed=4)


def test_a_wider_level_gives_a_wider_interval() -> None:
    ratings = np.random.default_rng(0).integers(0, 3, (60, 3))

    narrow, wide = (alpha(ratings, level="ordinal", ci=ci) for ci in (0.8, 0.99))

    assert wide.low < narrow.low < narrow.high < wide.high


def test_units_repeated_within_clusters_count_once() -> None:
    rng = np.random.default_rng(1)
    ratings = np.clip(rng.integers(0, 4, (60, 1)) + rng.integers(-1, 2, (60, 3)), 0, 3)
    eightfold = np.repeat(ratings, 8, axis=0)

    once = alpha(ratings, level="nominal")
    alone = alpha(eightfold, level="nominal")
    together = alpha(eightfold, level="nominal", cluster=np.repeat(np.arange(60), 8))

    assert together.n_clusters == 60
    assert together.high - together.low == pytest.approx(once.high - once.low, rel=0.1)
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


@pytest.mark.parametrize(
    ("ratings", "keywords", "error", "message"),
    [
        ([[1, 1], [1, None], [1, 1]], {}, Undefined, "are 1.0, so nothing is expected of chance"),
        ([["a", "a"]] * 3, {}, Undefined, "are 'a', so nothing"),
        ([[1, None], [2, None], [1, None]], {}, TooFewLabels, "only one rater gave any rating"),
        ([[1], [2], [1]], {}, TooFewLabels, "only one rater gave any rating"),
        ([[None, None]] * 3, {}, TooFewLabels, "every rating is missing"),
        ([[1, 2], [None, 2], [1, None]], {}, TooFewLabels, "1 of 3 units was rated twice"),
        ([[1, None], [None, 2], [1, None]], {}, TooFewLabels, "none of 3 units was rated twice"),
        ([[1, 2], [1, 1]], {"cluster": ["a", "a"]}, TooFewLabels, "are in one cluster"),
        ([[1, 2]] * 3, {"level": "ordnal"}, ValueError, "Did you mean 'ordinal'"),
        ([[1, -2]] * 3, {"level": "ratio"}, ValueError, "holds -2, and the ratio level has an"),
        ([["a", "b"]] * 3, {"level": "ordinal"}, TypeError, "name the scale from its lowest"),
        ([["a", "b"]] * 3, {"level": "interval"}, TypeError, "map them to numbers"),
        ([[1, 2]] * 3, {"ci": 95}, ValueError, "write 0.95 for 95 %"),
        ([[1, 2]] * 3, {"resamples": 10}, ValueError, "resamples is 10"),
        ([[1, 2]] * 3, {"cluster": [1]}, ValueError, "cluster has 1 values for 3 units"),
    ],
)
def test_what_defines_no_alpha_is_refused_with_a_reason(
    ratings: Any, keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        alpha(ratings, **{"level": "nominal", **keywords})


def test_ratio_data_of_too_many_values_are_refused() -> None:
    ratings = np.random.default_rng(0).random((11_000, 2))

    with pytest.raises(ValueError, match="round them to at most 20,000"):
        alpha(ratings, level="ratio")


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    path = DATA / "llmfao" / "crowd-comparisons.csv.gz"
    if not path.exists():
        pytest.skip("the public data set llmfao is not beside the repository")
    with gzip.open(path, "rt", encoding="utf-8") as text:
        votes = pd.read_csv(io.StringIO(text.read()))
    return votes.pivot_table(index="id", columns="worker", values="winner", aggfunc="first")


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.2906), ("ordinal", 0.2876), ("interval", 0.2878)]
)
def test_a_crowd_of_60_agrees_as_recorded(
    crowd: pd.DataFrame, level: Level, expected: float
) -> None:
    places = crowd.apply(lambda worker: worker.map({"left": 0, "tie": 1, "right": 2}))

    found = alpha(places, level=level)

    assert found.estimate == pytest.approx(expected, abs=5e-5)
    assert (found.n_units, found.n_raters, found.n_dropped) == (2124, 60, 15)
    assert found.high - found.low < 0.06


def binary(rng: np.random.Generator, shape: tuple[int, ...], rare: float, right: float) -> Floats:
    """Return ratings of units of which a share is positive, each rating right with a chance."""
    truth = rng.random((*shape[:-1], 1)) < rare
    return np.where(rng.random(shape) < right, truth, ~truth).astype(float)


def scale(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Return ratings on three skewed levels."""
    own = rng.normal(size=(*shape[:-1], 1)) * 1.2
    return np.digitize(own + rng.normal(size=shape), [0.6, 2.0]).astype(float)


def covered(level: Level, truth: float, samples: Floats, resamples: int) -> float:
    """Return how often the interval holds the truth; equal samples are computed once."""
    alike = np.sort(samples, axis=2) @ 4.0 ** np.arange(samples.shape[2])
    order = np.argsort(alike, axis=1)
    _, first, times = np.unique(
        np.take_along_axis(alike, order, axis=1), axis=0, return_index=True, return_counts=True
    )
    held = 0
    for number, count in zip(first, times, strict=True):
        try:
            found = alpha(samples[number], level=level, resamples=resamples, seed=number)
        except Undefined:
            held += count  # nothing is claimed
        else:
            held += count * (found.low - 1e-9 <= truth <= found.high + 1e-9)
    return held / len(samples)


@pytest.mark.parametrize(
    ("units", "raters", "rare", "right", "most"),
    [
        (100, 2, 0.5, 0.9, 0.975),
        (400, 2, 0.1, 0.95, 0.975),
        (60, 3, 0.5, 0.85, 0.975),
        (30, 2, 0.1, 0.95, 1.0),
        (30, 3, 0.5, 0.975, 1.0),
    ],
)
def test_95_percent_intervals_of_yes_and_no_cover(
    units: int, raters: int, rare: float, right: float, most: float
) -> None:
    rng = np.random.default_rng(units + raters)
    truth = alpha(binary(rng, (400_000, raters), rare, right), level="nominal", resamples=FAST)
    samples = binary(rng, (5000, units, raters), rare, right)

    share = covered("nominal", truth.estimate, samples, 500)

    assert 0.935 <= share <= most


def test_95_percent_intervals_of_a_scale_cover() -> None:
    rng = np.random.default_rng(5)
    truth = alpha(scale(rng, (400_000, 2)), level="ordinal", resamples=FAST).estimate

    share = covered("ordinal", truth, scale(rng, (5000, 50, 2)), 300)

    assert 0.935 <= share <= 0.975


def clustered(rng: np.random.Generator, groups: int) -> Floats:
    """Return ratings by three people of four units a group; groups differ in how hard they are."""
    truth = rng.random((groups, 4, 1)) < np.clip(rng.normal(0.4, 0.2, (groups, 1, 1)), 0.05, 0.95)
    right = np.clip(rng.normal(0.88, 0.08, (groups, 1, 1)), 0.5, 1)
    given_ = np.where(rng.random((groups, 4, 3)) < right, truth, ~truth)
    return given_.reshape(-1, 3).astype(float)


def test_95_percent_intervals_cover_where_units_come_in_25_clusters() -> None:
    rng = np.random.default_rng(8)
    truth = alpha(clustered(rng, 200_000), level="nominal", resamples=FAST).estimate
    cluster = np.repeat(np.arange(25), 4)

    held = 0
    for seed in range(5000):
        ratings = clustered(rng, 25)
        found = alpha(ratings, level="nominal", resamples=250, seed=seed, cluster=cluster)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.975


def test_95_percent_intervals_cover_where_hardly_two_ratings_are_alike() -> None:
    rng = np.random.default_rng(4)
    truth = 1 / (1 + 0.7**2)  # the variance of units over that of ratings
    held = 0
    for seed in range(5000):
        ratings = rng.normal(size=(60, 1)) + 0.7 * rng.normal(size=(60, 2))
        found = alpha(ratings, level="interval", resamples=250, seed=seed)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.975
