"""The bootstrap draws what drawing units would, and its interval is honest about what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from trueup.agreement import resample
from trueup.agreement.disagreement import Level, Ranks
from trueup.agreement.krippendorff import alpha, model_of
from trueup.agreement.many_values import linear, moments
from trueup.agreement.ratings import Patterns, merge, read
from trueup.agreement.resample import Rows, add_up, influence, interval

if TYPE_CHECKING:
    from trueup.agreement.coefficient import Model

Floats = NDArray[np.float64]
NOTHING = Rows(np.zeros((1, 2)), np.ones(1))


def mean(sums: Floats) -> Floats:
    """Return a mean from sums of values and counts; undefined where it would be 0."""
    found = sums[:, 0] / np.maximum(sums[:, 1], 1)
    return np.where(found == 0, np.nan, found)


def rows(values: Any, times: Any) -> Rows:
    return Rows(np.column_stack([values, np.ones(len(values))]), np.asarray(times, dtype=float))


def found(data: Rows, **keywords: Any) -> resample.Interval:
    settings: dict[str, Any] = {"ci": 0.95, "resamples": 4000, "rng": np.random.default_rng(0)}
    return interval(mean, data, NOTHING, **{**settings, **keywords})


def some_patterns(levels: int = 12, units: int = 80) -> tuple[Patterns, Floats]:
    rng = np.random.default_rng(levels)
    ratings = rng.integers(0, levels, (units, 1)) + rng.integers(0, 4, (units, 4)) + 0.0
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    table = read(ratings, axis="units")
    return merge(table).rated_by(2), table.values


def test_sums_of_resamples_have_the_mean_and_covariance_of_drawing_units() -> None:
    patterns, values = some_patterns()
    model = model_of("nominal", patterns, values)
    data = Rows(model.rows(patterns), patterns.weight.astype(float))
    n = int(data.weight.sum())

    drawn = resample._draw(data, n, 40_000, np.random.default_rng(1))

    centred = data.sums - data.total() / n
    expected = (centred * data.weight[:, None]).T @ centred
    spread = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(drawn.mean(axis=0), data.total()[0], atol=0.025 * spread.max())
    np.testing.assert_allclose(
        np.cov(drawn.T) / np.outer(spread, spread), expected / np.outer(spread, spread), atol=0.03
    )


def test_merging_units_does_not_change_the_interval() -> None:
    values = np.repeat([1.0, 2.0, 5.0, 9.0], [40, 30, 20, 10])

    merged = found(rows([1.0, 2.0, 5.0, 9.0], [40, 30, 20, 10]), resamples=40_000)
    apart = found(rows(values, np.ones(100)), resamples=40_000)

    assert merged.low == pytest.approx(apart.low, abs=0.02)
    assert merged.high == pytest.approx(apart.high, abs=0.02)


def test_a_billion_units_are_drawn_as_easily_as_ten() -> None:
    one = found(rows([1.0, 2.0], [6e8, 4e8]))

    assert one.low == pytest.approx(1.4, abs=1e-4)
    assert one.low < 1.4 < one.high


def test_the_interval_is_the_bootstraps_of_a_skewed_mean() -> None:
    """BCa of 40 exponential values: wider above, as the gamma distribution of their mean is."""
    values = -np.log(1 - (np.arange(40) + 0.5) / 40)

    got = found(rows(values, np.ones(40)), resamples=40_000)

    assert got.high - values.mean() > 1.15 * (values.mean() - got.low)
    assert got.low == pytest.approx(0.74, abs=0.04)
    assert got.high == pytest.approx(1.37, abs=0.06)


def test_more_rows_than_can_be_drawn_are_dealt_into_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(0).normal(5, 1, resample.MAX_ROWS + 500)
    data = rows(values, np.ones(len(values)))

    grouped = found(data)
    monkeypatch.setattr(resample, "MAX_ROWS", 10_000)
    whole = found(data)

    assert grouped.grouped
    assert not whole.grouped
    assert grouped.high - grouped.low == pytest.approx(whole.high - whole.low, rel=0.1)
    assert grouped.low < values.mean() < grouped.high


def test_groups_are_of_units_not_of_patterns() -> None:
    data = rows(np.arange(3000.0), np.full(3000, 7.0))

    dealt = resample._dealt(data, np.random.default_rng(0))

    assert dealt.sums[:, 1].tolist() == [21.0] * resample.GROUPS
    np.testing.assert_allclose(dealt.total(), data.total())


def test_undefined_resamples_are_counted_as_0_below_and_as_1_above() -> None:
    data = rows([0.0, 0.5], [28, 2])

    got = found(data)

    assert got.n_undefined == pytest.approx(4000 * (29 / 31) ** 30, rel=0.1)
    assert got.low == 0
    assert got.high == 1


def test_where_every_resample_is_undefined_nothing_is_known() -> None:
    def never(sums: Floats) -> Floats:
        return np.where(sums[:, 1] > 10.5, 0.5, np.nan)

    data = rows([1.0, 2.0], [5, 5])

    got = interval(never, data, NOTHING, ci=0.95, resamples=200, rng=np.random.default_rng(0))

    assert (got.low, got.high, got.n_undefined) == (0, 1, 200)


def test_few_clusters_widen_the_interval() -> None:
    data = rows(np.arange(1.0, 9.0), np.ones(8))

    units, clusters = found(data), found(data, few=True)

    assert clusters.low < units.low
    assert clusters.high > units.high


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=30))
def test_sums_by_group_are_those_of_a_loop(units: list[tuple[int, int]]) -> None:
    sums = np.array([[1.0, 2.0], [0.0, 5.0], [3.0, 1.0], [7.0, 0.0]])
    expected = np.zeros((5, 2))
    for pattern, group in units:
        expected[group] += sums[pattern]

    pattern, group = np.array(units).T

    assert add_up(sums, pattern, group, 5).tolist() == expected.tolist()


def test_influence_is_what_leaving_a_unit_out_tells() -> None:
    patterns, values = some_patterns(units=400)
    model = model_of("ordinal", patterns, values)
    data = model.rows(patterns)
    total = (patterns.weight @ data)[None]

    left_out = model(total) - model(total - data)

    np.testing.assert_allclose(influence(model, total, data), left_out, atol=3e-5)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "ratio"])
def test_the_first_order_stand_in_for_many_values_has_the_right_influence(level: Level) -> None:
    patterns, values = some_patterns()
    exact, stand_in = model_of(level, patterns, values), linear(level, patterns, values)

    def centred(model: Model) -> Floats:
        data = model.rows(patterns)
        moved = influence(model, (patterns.weight @ data)[None], data) * patterns.weight.sum()
        return np.asarray(moved - patterns.weight @ moved / patterns.weight.sum())

    np.testing.assert_allclose(centred(stand_in), centred(exact), atol=2e-3)
    total = (patterns.weight @ exact.rows(patterns))[None]
    assert stand_in.estimate == pytest.approx(exact(total)[0], abs=1e-12)


def test_sums_of_squares_are_the_interval_alpha() -> None:
    patterns, values = some_patterns()
    exact, stand_in = model_of("interval", patterns, values), moments(patterns, values)

    times = np.random.default_rng(0).poisson(1, (20, len(patterns.weight))) + 0.0

    np.testing.assert_allclose(
        stand_in(times @ stand_in.rows(patterns)), exact(times @ exact.rows(patterns)), atol=1e-12
    )


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_intervals_of_many_values_are_those_of_their_scale(level: Level) -> None:
    """14 levels are summed exactly; shifted a little, unit by unit, they are many values."""
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 10, (300, 1)) + rng.integers(0, 5, (300, 3)) + 0.0
    many = ratings * (1 + 1e-7 * np.arange(300)[:, None])

    few, other = alpha(ratings, level=level), alpha(many, level=level)

    if level == "nominal":
        assert other.estimate > few.estimate  # units no longer share a value by chance
    else:
        assert other.estimate == pytest.approx(few.estimate, abs=0.01)
    assert other.high - other.low == pytest.approx(few.high - few.low, rel=0.12)


def test_ranks_follow_each_resample() -> None:
    """Ranks of a resample without the middle level are nearer than those of all ratings."""
    counts = np.array([[2.0, 0, 0], [0, 2, 0], [0, 0, 2], [1, 0, 1]])
    codes = np.array([[0, 0], [1, 1], [2, 2], [0, 2]])
    model = Ranks(levels=3)
    ones = np.ones(4, dtype=np.int64)
    data = model.rows(Patterns(codes, ones, np.arange(4), np.full(4, 2)))

    with_middle, without = model(np.array([[2, 6, 2, 2], [2, 0, 2, 2]]) @ data)

    assert counts.sum() == 8
    assert with_middle < without
