"""Means at a fixed mix, their errors by leaving users out, and the slope over records."""

from __future__ import annotations

import numpy as np
import pytest

from trueup.goodhart.composite import combine
from trueup.goodhart.series import jackknife, sampling, shares_of, standardised
from trueup.goodhart.slope import Slope

RNG = np.random.default_rng(4)


def test_a_changed_mix_moves_no_standardised_mean() -> None:
    # two segments of means 1 and 3; the second week holds far more of the second
    count = np.array([[[50.0], [50.0]], [[10.0], [90.0]]])
    total = count * np.array([1.0, 3.0])[None, :, None]

    assert standardised(count, total, np.array([0.5, 0.5])).mean == pytest.approx([2.0, 2.0])


def test_an_empty_segment_drops_out_and_is_told() -> None:
    count = np.array([[[5.0], [0.0]]])
    found = standardised(count, count * 4.0, np.array([0.25, 0.75]))

    assert found.mean == pytest.approx([4.0])
    assert found.kept == pytest.approx([0.25])


def test_a_row_without_anything_has_no_mean() -> None:
    found = standardised(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), np.array([0.5, 0.5]))

    assert np.isnan(found.mean).all()
    assert np.isfinite(found.without).sum() == 0 or np.isnan(found.without).all()


def test_leaving_buckets_out_gives_the_variance_of_independent_outputs() -> None:
    values = RNG.standard_normal((400, 64, 50))
    count = np.full((400, 1, 64), 50.0)
    found = standardised(count, values.sum(2)[:, None, :], np.ones(1))

    assert jackknife(found.without).mean() == pytest.approx(1 / 3200, rel=0.03)
    assert sampling(found.apart) == pytest.approx(1 / 3200, rel=0.03)


def test_what_users_bring_to_every_row_alike_is_no_noise_between_rows() -> None:
    habit = RNG.standard_normal((1, 64, 1)) * 3
    values = RNG.standard_normal((40, 64, 50)) + habit
    count = np.full((40, 1, 64), 50.0)
    found = standardised(count, values.sum(2)[:, None, :], np.ones(1))

    assert jackknife(found.without).mean() > 10 / 3200
    assert sampling(found.apart) == pytest.approx(1 / 3200, rel=0.1)


def test_shares_sum_to_one_even_of_nothing() -> None:
    assert shares_of(np.zeros((2, 4, 3))) == pytest.approx(np.full(4, 0.25))
    assert shares_of(np.ones((2, 4, 3))).sum() == pytest.approx(1.0)


def test_a_composite_is_one_where_signals_follow_fully() -> None:
    slopes = [Slope(0.2, 0.01, 100, np.full(64, 0.2)), Slope(0.5, 0.01, 100, np.full(64, 0.5))]
    found = combine(slopes, np.array([1.0, 4.0]), [0, 1])

    assert found is not None
    assert found.of([np.array([0.2]), np.array([0.5])]) == pytest.approx([1.0])
    assert found.parts.sum() == pytest.approx(1.0)
    # weight goes as slope squared over variance: .04 against .0625
    assert found.parts[1] / found.parts[0] == pytest.approx(0.0625 / 0.04)


def test_without_a_signal_there_is_no_composite() -> None:
    slopes = [Slope(-0.2, 0.01, 100, np.full(64, -0.2))]

    assert combine(slopes, np.array([1.0]), [0]) is None
    assert combine(slopes, np.array([1.0]), []) is None


def test_a_segment_that_is_missing_in_a_row_moves_no_mean() -> None:
    # means 1 and 3 in the reference; then both rise by .5, and the second is not seen
    count = np.array([[[50.0], [50.0]], [[50.0], [0.0]]])
    total = np.array([[[50.0], [150.0]], [[75.0], [0.0]]])
    found = standardised(count, total, np.array([0.5, 0.5]), reference=1)

    assert found.mean == pytest.approx([2.0, 2.5])
    assert found.kept == pytest.approx([1.0, 0.5])


def test_a_segment_that_was_never_seen_in_the_reference_has_no_part() -> None:
    count = np.array([[[50.0], [0.0]], [[50.0], [50.0]]])
    total = np.array([[[50.0], [0.0]], [[50.0], [450.0]]])
    found = standardised(count, total, np.array([0.8, 0.2]), reference=1)

    assert found.mean == pytest.approx([1.0, 1.0])
