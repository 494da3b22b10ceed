from __future__ import annotations

import numpy as np
import pytest

from trueup.goodhart.ledger import Past
from trueup.goodhart.ledger.entries import stacked
from trueup.goodhart.ledger.errors_in_variables import (
    PastSlope,
    errors_in_variables,
    likelihood_set,
    predicted,
    too_weak,
)

SLOPE = 0.7


def history(tests: int, seed: int, *, shared: float = 0.0, between: float = 0.0, sj: float = 0.05,
            rises: tuple[float, float] = (0.12, 0.12)) -> Past:  # fmt: skip
    rng = np.random.default_rng(seed)
    su = 0.04
    rise = rng.normal(*rises, tests)
    errors = rng.multivariate_normal((0, 0), [[sj**2, shared * sj * su], [shared * sj * su, su**2]],
                                     tests)  # fmt: skip
    return Past(
        rise=rise + errors[:, 0],
        gain=SLOPE * rise + between * rng.standard_normal(tests) + errors[:, 1],
        rise_variance=np.full(tests, sj**2),
        gain_variance=np.full(tests, su**2),
        covariance=np.full(tests, shared * sj * su),
    )


def slopes(**settings: float) -> list[PastSlope]:
    found = [errors_in_variables(history(20, seed, **settings)) for seed in range(150)]  # type: ignore[arg-type] # floats only
    return [slope for slope in found if slope is not None]


def test_noise_in_the_judge_does_not_attenuate_the_slope() -> None:
    found = slopes()
    assert np.mean([s.value for s in found]) == pytest.approx(SLOPE, abs=0.03)
    plain = [
        float((past.rise * past.gain).sum() / (past.rise**2).sum())
        for past in (history(20, seed) for seed in range(150))
    ]
    assert np.mean(plain) < 0.95 * SLOPE


def test_errors_that_both_share_do_not_bend_the_slope() -> None:
    assert np.mean([s.value for s in slopes(shared=0.6)]) == pytest.approx(SLOPE, abs=0.03)


def test_its_interval_holds_the_slope_about_as_often_as_it_says() -> None:
    for between in (0.0, 0.05):
        found = slopes(between=between)
        held = np.mean([abs(s.value - SLOPE) <= 2.093 * s.error for s in found])
        assert 0.9 <= held <= 0.995


def test_variance_between_tests_is_found() -> None:
    assert np.mean([s.between for s in slopes(between=0.05)]) == pytest.approx(0.0025, rel=0.3)
    assert np.median([s.between for s in slopes()]) < 0.0004


def test_one_test_says_no_slope() -> None:
    for tests in (0, 1):
        past = history(tests, 0)
        assert errors_in_variables(past) is None
        assert "cannot say how much the worth of a judge point varies" in str(too_weak(past))


def test_tests_that_hardly_moved_the_judge_say_no_slope() -> None:
    past = history(10, 0, rises=(0.0, 0.02))
    assert too_weak(past) == "past tests moved the judge too little"
    assert errors_in_variables(past) is None


def test_assumed_covariances_give_the_less_certain_slope() -> None:
    past, other = history(10, 3), history(10, 3, shared=0.5)
    both = Past(
        rise=past.rise,
        gain=past.gain,
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance,
        covariance=past.covariance,
        others=(other,),
    )
    parts = [errors_in_variables(part) for part in (past, other)]
    found = errors_in_variables(both)
    assert found in parts
    assert found is not None
    assert found.value / found.error == min(s.value / s.error for s in parts if s)


def test_the_likelihood_set_holds_the_slope() -> None:
    held = 0
    for seed in range(200):
        low, high = likelihood_set(history(10, seed))
        held += low is not None and high is not None and low <= SLOPE <= high
    assert 180 <= held <= 200


def test_a_set_with_nothing_in_it_is_told() -> None:
    past = history(10, 1, sj=0.02)
    noisy = Past(
        rise=past.rise,
        gain=past.gain,
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance * 100,
        covariance=past.covariance,
    )
    found = errors_in_variables(noisy)
    assert found is not None
    assert found.low is not None
    assert found.low < 0
    assert found.notes == ("past tests cannot rule out that a judge point is worth nothing",)


def test_a_set_without_end_is_told() -> None:
    past = history(2, 1, rises=(0.02, 0.0), sj=0.02)
    assert likelihood_set(past) == (None, None)


def test_prediction_grows_with_every_doubt() -> None:
    found = errors_in_variables(history(10, 2))
    assert found is not None
    middle, low, high = predicted(found, 0.2)
    assert middle == pytest.approx(0.2 * found.value)
    assert low < middle < high
    assert predicted(found, 0.2, rise_variance=0.01)[2] > high
    assert predicted(found, 0.2, seen_variance=0.01)[2] > high
    assert predicted(found, 0.2, level=0.8)[2] < high


def test_nothing_at_all_says_no_slope() -> None:
    assert errors_in_variables(stacked([])) is None
