"""The t test of two means, its boundary over many looks, and its intervals."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special, stats

from trueup.goodhart.noise import interval, models, weights
from trueup.goodhart.weekly.boundary import (
    CORRELATIONS,
    Anytime,
    Spending,
    _Sums,
    constant,
    simulated,
    starts_of,
)
from trueup.goodhart.weekly.shift import FEWEST_AFTER, corrected, shift, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCAN = (0, 4, 8, 12, 16, 20)


def weeks(
    runs: int, count: int, *, shocks: float = 0.0, rho: float = 0.0, seed: int = 0
) -> NDArray[np.float64]:
    """Return histories of unit sampling noise plus autoregressive shocks."""
    rng = np.random.default_rng(seed)
    fresh = rng.standard_normal((runs, count))
    path = fresh.copy()
    for week in range(1, count):
        path[:, week] = rho * path[:, week - 1] + np.sqrt(1 - rho**2) * fresh[:, week]
    found: NDArray[np.float64] = np.sqrt(shocks) * path + rng.standard_normal((runs, count))
    return found


def test_the_difference_of_means_is_students_where_weeks_are_independent() -> None:
    series = np.array([1.0, 3.0, 2.0, 4.0, 7.0, 6.0])
    moved = shift(series, 4)
    student = stats.ttest_ind(series[4:], series[:4])
    # the only difference is the inflation for autocorrelation
    plain = float(moved.t) * np.sqrt(float(spread(moved.correlation, 4, 2)) / (1 / 4 + 1 / 2))

    assert float(moved.delta) == pytest.approx(4.0)
    assert plain == pytest.approx(float(student.statistic))
    assert moved.freedom == 4


def test_a_week_is_never_believed_to_vary_less_than_its_sampling() -> None:
    flat = np.zeros(10)

    assert float(shift(flat, 6, floor=4.0).error) == pytest.approx(
        2 * np.sqrt(float(spread(shift(flat, 6).correlation, 6, 4)))
    )
    assert float(shift(flat, 6).error) == 0


def test_the_autocorrelation_of_long_histories_is_found() -> None:
    found = shift(weeks(200, 400, shocks=1e6, rho=0.6, seed=1), 200).correlation

    assert found.mean() == pytest.approx(0.6, abs=0.03)


def test_short_histories_are_drawn_to_the_prior() -> None:
    assert float(corrected(np.array(0.0), 12)) == pytest.approx((2 + 0.2 * 8) / 20)
    assert float(corrected(np.array(-0.9), 400)) == 0.0
    assert float(corrected(np.array(0.99), 400)) == 0.85


def test_running_sums_give_the_same_t_as_the_test_itself() -> None:
    paths = weeks(20, 30, shocks=1.0, rho=0.5)
    sums = _Sums(paths)

    for before, after in ((12, 2), (12, 18), (20, 7)):
        expected = shift(paths[:, : before + after], before).t
        assert sums.t(before, after) == pytest.approx(expected)


@pytest.mark.parametrize("starts", [(0,), SCAN])
def test_false_alarms_over_all_looks_are_as_promised(starts: tuple[int, ...]) -> None:
    boundary = Spending(0.05, 12, 24, starts)
    paths = weeks(2000, 36, seed=7)
    crossed = np.zeros(len(paths), dtype=bool)
    for start in starts:
        for after in range(2, 24 - start + 1):
            moved = shift(paths[:, : 12 + start + after], 12 + start)
            crossed |= moved.t > boundary.critical(start, moved)

    # 2,000 runs: two standard errors are one point
    assert crossed.mean() <= 0.06
    assert crossed.mean() >= 0.02


def test_the_defaults_constants_are_those_that_are_simulated() -> None:
    assert constant(0.05, 12, 24, SCAN) == pytest.approx(simulated(0.05, 12, 24, SCAN), abs=1e-3)


def test_lingering_shocks_raise_the_constant() -> None:
    constants = constant(0.05, 12, 24, SCAN)

    assert len(constants) == len(CORRELATIONS)
    assert all(a < b for a, b in pairwise(constants))


def test_the_boundary_falls_as_weeks_come_in_and_is_lowest_at_the_first_start() -> None:
    boundary = Spending(0.05, 12, 24, SCAN)
    rng = np.random.default_rng(3)
    levels = [
        float(boundary.critical(0, shift(rng.standard_normal(12 + after), 12)))
        for after in (2, 6, 12, 24)
    ]
    later = float(boundary.critical(20, shift(rng.standard_normal(36), 32)))

    assert levels[0] > levels[1] > levels[3]
    assert later > levels[3]


def test_the_anytime_boundary_holds_at_any_time() -> None:
    boundary = Anytime(0.05, 12, (0,))
    paths = weeks(1000, 112, seed=5)
    crossed = np.zeros(len(paths), dtype=bool)
    for after in range(2, 101):
        moved = shift(paths[:, : 12 + after], 12)
        crossed |= moved.t > boundary.critical(0, moved)

    assert crossed.mean() <= 0.05


def test_the_anytime_boundary_shares_its_rate_among_deploys_of_any_weeks() -> None:
    moved = shift(np.random.default_rng(1).standard_normal(112), 12)
    spread_out = Anytime(0.05, 12, (0, 4, 8, 12))
    at_once = Anytime(0.05, 12, (0, 1, 2, 3))
    apart = [float(spread_out.critical(start, moved)) for start in spread_out.starts]
    assert [float(at_once.critical(start, moved)) for start in at_once.starts] == apart
    assert apart == sorted(set(apart))


def test_four_deploys_in_a_month_err_no_more_often_than_one() -> None:
    deploys = (0, 1, 2, 3)
    boundary = Anytime(0.05, 12, deploys)
    paths = weeks(1500, 64, shocks=1.0, rho=0.5, seed=5)
    crossed = np.zeros(len(paths), dtype=bool)
    for end in range(2, 53):
        for start in deploys:
            if end - start >= FEWEST_AFTER:
                moved = shift(paths[:, : 12 + end], 12 + start)
                crossed |= moved.t > boundary.critical(start, moved)

    assert crossed.mean() <= 0.045


def test_where_no_t_is_enough_the_anytime_boundary_is_infinite_and_never_nan() -> None:
    moved = shift(np.arange(9.0), 8)

    assert float(Anytime(0.001, 8, SCAN).critical(20, moved)) == np.inf


def test_a_scan_starts_every_four_periods() -> None:
    assert starts_of(24) == SCAN
    assert starts_of(2) == (0,)
    assert starts_of(1) == (0,)


@pytest.mark.parametrize(
    ("shocks", "rho"), [(0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (4.0, 0.5), (16.0, 0.6)]
)
@pytest.mark.parametrize("after", [8, 24])
def test_intervals_cover_with_and_without_shocks(shocks: float, rho: float, after: int) -> None:
    paths = weeks(1500, 12 + after, shocks=shocks, rho=rho, seed=11)
    known = models(12, after)
    squares = np.einsum("ri,gij,rj->rg", paths, known.left, paths, optimize=True)
    tail = (
        weights(squares, known)
        * special.ndtr(-np.abs(paths @ known.contrast)[:, None] / np.sqrt(known.spread))
    ).sum(1)

    assert 0.905 <= (tail >= 0.025).mean() <= 0.985


def test_an_interval_is_its_mixtures_quantile() -> None:
    series = weeks(1, 30, seed=2)[0]
    delta, low, high = interval(series, 12, 1.0)
    known = models(12, 18)
    squares = np.einsum("i,gij,j->g", series, known.left, series)
    tail = float(weights(squares, known) @ special.ndtr(-(high - delta) / np.sqrt(known.spread)))

    assert delta == pytest.approx(series[12:].mean() - series[:12].mean())
    assert high - delta == pytest.approx(delta - low)
    assert tail == pytest.approx(0.025, abs=1e-6)


def test_a_series_without_sampling_noise_still_has_an_interval() -> None:
    delta, low, high = interval(np.ones(20), 12, 0.0)

    assert low <= delta <= high
    assert np.isfinite([delta, low, high]).all()
