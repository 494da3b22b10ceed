from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trueup.goodhart.ledger import Effect, Past
from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.posterior import Posterior
from trueup.goodhart.ledger.threshold import (
    outputs_to_see,
    threshold,
    value_of_one_more,
)

PLANNED = Effect(
    rise=0.23, gain=0.0, rise_variance=0.016**2, gain_variance=0.045**2, covariance=0.0003
)


def history(tests: int, worth: float = 0.67, seed: int = 4) -> Past:
    rng = np.random.default_rng(seed)
    rise = rng.normal(0.12, 0.12, tests)
    return Past(
        rise=rise + rng.normal(0, 0.016, tests),
        gain=worth * rise + rng.normal(0, 0.03, tests),
        rise_variance=np.full(tests, 0.016**2),
        gain_variance=np.full(tests, 0.03**2),
        covariance=np.zeros(tests),
    )


def varying(varies: float) -> Posterior:
    return Posterior(1.0, np.array([1.0]), np.array([varies]), np.array([[1.0]]), 5)


def test_the_threshold_is_where_the_prediction_leaves_nothing() -> None:
    posterior = blend(1.0, 0.05, history(10))
    found = threshold(posterior, rise_variance=0.016**2)
    assert found.rise is not None
    doubt = float(posterior.gain_below(0.0, found.rise, rise_variance=0.016**2))
    assert doubt == pytest.approx(0.025, abs=1e-4)
    assert found.rise >= 1.96 * 0.016


def test_a_gain_that_the_test_must_show_needs_a_larger_rise() -> None:
    posterior = blend(1.0, 0.05, history(10))
    there = threshold(posterior, rise_variance=0.016**2).rise
    shown = threshold(posterior, rise_variance=0.016**2, seen_variance=0.03**2).rise
    assert there is not None
    assert shown is not None
    assert shown > 1.5 * there


def test_more_tests_lower_the_threshold() -> None:
    found = [
        threshold(
            blend(1.0, 0.05, history(tests)), rise_variance=0.016**2, seen_variance=0.03**2
        ).rise
        or np.inf
        for tests in (0, 3, 20)
    ]
    assert found == sorted(found, reverse=True)


def test_worth_that_varies_too_much_predicts_nothing() -> None:
    found = threshold(varying(0.8), rise_variance=0.016**2)
    assert found.rise is None
    assert found.reason.startswith("no judge gain predicts a user gain yet")


def test_outputs_to_see_a_gain_follow_the_usual_formula_where_worth_is_known() -> None:
    found = outputs_to_see(varying(0.0), 0.1, outputs=1000, gain_variance=0.05**2)
    assert found == pytest.approx(1000 * (0.05 * (1.645 + 0.8416) / 0.1) ** 2, abs=2)


def test_a_larger_rise_needs_fewer_outputs() -> None:
    posterior = blend(1.0, 0.05, history(10))
    few, many = (
        outputs_to_see(posterior, rise, outputs=6000, gain_variance=0.045**2) for rise in (0.4, 0.1)
    )
    assert few is not None
    assert many is not None
    assert few < many / 5


def test_no_number_of_outputs_shows_what_may_not_be_there() -> None:
    assert outputs_to_see(varying(3.0), 0.1, outputs=1000, gain_variance=0.05**2) is None


def test_one_more_test_is_worth_much_at_first_and_little_later() -> None:
    first = value_of_one_more(1.0, 0.05, None, planned=PLANNED, draws=80)
    later = value_of_one_more(1.0, 0.05, history(15), planned=PLANNED, draws=80)
    assert (first.experiments, later.experiments) == (0, 15)
    gained = [x.then - x.now for x in (first, later)]
    assert gained[0] > 0.05
    assert abs(gained[1]) < 0.05
    assert 0 < first.now < first.then < later.then < 1


def test_a_further_test_of_another_size_teaches_as_much_as_it_shows() -> None:
    known = history(2)
    rough = replace(PLANNED, rise=0.05, gain_variance=0.2**2)
    own, little = (
        value_of_one_more(1.0, 0.05, known, planned=PLANNED, further=further, draws=60)
        for further in (None, rough)
    )
    assert own.now == pytest.approx(little.now, abs=0.1)
    assert abs(little.then - little.now) < abs(own.then - own.now) + 0.02


def test_equal_seeds_give_equal_answers() -> None:
    one, other = (
        value_of_one_more(1.0, 0.05, history(2), planned=PLANNED, draws=5, seed=3) for _ in "ab"
    )
    assert one == other
