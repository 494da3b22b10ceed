"""The scan: its statistic against slow ones, and how often it crosses where nothing changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, norm

from trueup.agreement.drift.scan import YEAR, boundary, inflation_of, scan


def column(values: object) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(values, dtype=float).reshape(-1, 1)


def test_small_counts_get_fishers_tail_less_half_of_what_was_seen() -> None:
    hits, of = column([1, 0, 2, 1, 9, 8]), column([20] * 6)
    found = scan(hits, of, baseline=4, exact=True)
    row = int(np.flatnonzero((found.change == 4) & (found.look == 5))[0])
    table = np.array([[17, 23], [4, 76]])
    upper = fisher_exact(table, alternative="greater")[1]
    beyond = fisher_exact(np.array([[18, 22], [3, 77]]), alternative="greater")[1]

    assert found.z[row] * np.sqrt(found.inflation[row]) == pytest.approx(
        norm.isf((upper + beyond) / 2)
    )


def test_strata_are_compared_within_themselves() -> None:
    """A stratum of 90 % that grows beside one of 10 % moves the total, but nothing within."""
    of = np.column_stack([np.r_[[1000] * 10, [3000] * 10], np.r_[[3000] * 10, [1000] * 10]])
    found = scan(of * [0.9, 0.1], of, baseline=8, exact=False)

    assert np.abs(found.z).max() < 1e-9


@settings(max_examples=30)
@given(st.lists(st.integers(0, 20), min_size=10, max_size=20))
def test_hits_and_misses_are_alike_but_for_the_sign(values: list[int]) -> None:
    hits, of = column(values), column([20] * len(values))
    for exact in (True, False):
        one = scan(hits, of, baseline=4, exact=exact)
        other = scan(of - hits, of, baseline=4, exact=exact)

        assert np.isfinite(one.z).all()
        assert one.z == pytest.approx(-other.z, abs=1e-6)
        assert (one.inflation >= 1).all()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 9)), min_size=8, max_size=16))
def test_fractions_of_weighted_labels_give_numbers(weeks: list[tuple[float, float]]) -> None:
    of = column([n for _, n in weeks])
    found = scan(of * column([share for share, _ in weeks]), of, baseline=4, exact=True)

    assert np.isfinite(found.z).all()


def test_a_look_sees_only_the_last_52_weeks() -> None:
    hits = np.r_[[50.0] * 8, [10.0] * 60]
    found = scan(column(hits), column([100] * 68), baseline=8, exact=False)

    assert found.start[-1] == 68 - YEAR
    assert np.abs(found.z[found.look == 67]).max() < 1e-9


def test_all_met_and_none_met_move_nothing() -> None:
    of = column([50] * 12)
    for hits in (of, 0 * of):
        for exact in (True, False):
            assert not scan(hits, of, baseline=8, exact=exact).z.any()


def test_weekly_shocks_are_allowed_for() -> None:
    rng = np.random.default_rng(2)
    of = column([2000] * 40)
    still = rng.binomial(2000, 0.8, 40)
    shaken = rng.binomial(2000, 0.8 + 0.03 * rng.standard_normal(40).clip(-2, 2))

    assert inflation_of(column(still), of, 20, exact=False) < 2
    assert inflation_of(column(shaken), of, 20, exact=False) > 5
    assert inflation_of(column([1, 2]), column([5, 5]), 1, exact=False) == 1


def normal_paths(paths: int, weeks: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the largest |z| of the second year, as `boundary` says it was simulated."""
    rng = np.random.default_rng(7)
    sums = np.cumsum(np.hstack([np.zeros((paths, 1)), rng.standard_normal((paths, weeks))]), 1)
    largest = np.zeros(paths)
    for look in range(YEAR, weeks):
        start = look + 1 - YEAR
        early = np.arange(8, YEAR)
        before = (sums[:, start + early] - sums[:, [start]]) / early
        after = (sums[:, [look + 1]] - sums[:, start + early]) / (YEAR - early)
        z = np.abs(after - before) * np.sqrt(early * (YEAR - early) / YEAR)
        largest = np.maximum(largest, z.max(axis=1))
    return largest


def test_the_boundary_is_crossed_as_often_as_it_says() -> None:
    largest = normal_paths(10_000, 2 * YEAR)
    for rate in (0.05, 0.02, 0.01):
        crossed = (largest > boundary(rate)).mean()

        assert crossed == pytest.approx(rate, abs=4 * np.sqrt(rate / 10_000))


def test_the_boundary_falls_with_the_rate_beyond_its_table_too() -> None:
    rates = [1e-9, 1e-5, 1e-4, 3e-4, 0.003, 0.05, 0.2, 0.9]
    bounds = [boundary(rate) for rate in rates]

    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] > 0


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        boundary(rate)


@pytest.mark.parametrize(("share", "of"), [(0.03, 60), (0.9, 20), (0.5, 20), (0.8, 5)])
def test_small_counts_cross_no_oftener_than_stated(share: float, of: int) -> None:
    rng = np.random.default_rng(11)
    runs = 200
    crossed = 0
    for _ in range(runs):
        hits = column(rng.binomial(of, share, YEAR))
        found = scan(hits, column([of] * YEAR), baseline=8, exact=True)
        crossed += bool(np.abs(found.z).max() > boundary(0.1))

    assert crossed / runs <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / runs)


@pytest.mark.parametrize("shock", [0.0, 0.02])
def test_thousands_of_verdicts_cross_no_oftener_than_stated(shock: float) -> None:
    rng = np.random.default_rng(12)
    runs = 200
    crossed = 0
    for _ in range(runs):
        rate = np.clip(0.8 + shock * rng.standard_normal(YEAR), 0, 1)
        hits = column(rng.binomial(1000, rate))
        found = scan(hits, column([1000] * YEAR), baseline=8, exact=False)
        crossed += bool(np.abs(found.z).max() > boundary(0.1))

    assert crossed / runs <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / runs)
