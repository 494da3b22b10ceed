"""What weeks show of their own scatter."""

from __future__ import annotations

import numpy as np
import pytest

from trueup.goodhart import noise


def series(shock: float, seed: int = 1, weeks: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found: np.ndarray = rng.standard_normal(weeks) + shock * rng.standard_normal(weeks)
    return found


def test_scatter_is_what_an_interval_is_made_of() -> None:
    weeks = series(1.0, weeks=20)
    value, low, high = noise.interval(weeks, 12, 1.0)
    known = noise.scatter_of(weeks, 1.0, before=12)
    contrast = np.r_[np.full(12, -1 / 12), np.full(8, 1 / 8)]
    half = known.half_width(contrast, np.arange(20))
    assert (value - half, value + half) == pytest.approx((low, high))


def test_chances_of_error_models_follow_what_weeks_do() -> None:
    calm, shaken = (noise.scatter_of(series(shock), 1.0) for shock in (0.0, 3.0))
    assert calm.chance.sum() == pytest.approx(1.0)
    assert calm.chance[0] > 0.6
    assert shaken.chance[0] < 0.01
    assert float(shaken.chance @ shaken.sizes) == pytest.approx(3.0, rel=0.3)


def test_a_step_that_is_known_is_no_shock() -> None:
    weeks = series(0.0) + 5.0 * (np.arange(40) >= 20)
    assert noise.scatter_of(weeks, 1.0, before=20).chance[0] > 0.6
    assert noise.scatter_of(weeks, 1.0).chance[0] < 0.01


def test_less_belief_in_calm_weeks_leaves_more_room_for_shocks() -> None:
    usual, doubtful = (noise.scatter_of(series(0.0), 1.0, none=p) for p in (0.7, 0.2))
    assert doubtful.chance[0] < usual.chance[0]


def test_weeks_further_away_are_told_less_well_where_shocks_linger() -> None:
    known = noise.scatter_of(np.cumsum(series(0.0, seed=4)), 1.0)
    near, far = (known.half_width(np.array([-1.0, 1.0]), np.array([0, ahead])) for ahead in (1, 10))
    assert far > near
