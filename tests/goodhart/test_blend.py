from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from trueup.errors import Undefined
from trueup.goodhart.ledger import Effect, Past
from trueup.goodhart.ledger.blend import PRIOR_MEDIAN, VARIES, VARIES_PRIOR, blend
from trueup.goodhart.ledger.entries import stacked
from trueup.goodhart.ledger.posterior import breaking_slope
from trueup.testing.histories import Past as Truth
from trueup.testing.histories import simulate_ledger

INFORMATION = np.array([0.02, 0.63, 0.35])
NEW = Effect(
    rise=0.23, gain=0.05, rise_variance=0.016**2, gain_variance=0.045**2, covariance=0.0003
)


def history(tests: int, worth: float = 0.5, error: float = 0.03, seed: int = 1) -> Past:
    rng = np.random.default_rng(seed)
    rise = rng.normal(0.12, 0.12, tests)
    return stacked(
        [
            Effect(
                rise=x + rng.normal(0, 0.016),
                gain=worth * x + rng.normal(0, error),
                rise_variance=0.016**2,
                gain_variance=error**2,
                covariance=0.0,
            )
            for x in rise
        ]
    )


def test_without_tests_the_prior_is_all_there_is() -> None:
    posterior = blend(2.0, 0.1)
    median, low, high = posterior.overstatement
    assert posterior.experiments == 0
    assert median == pytest.approx(PRIOR_MEDIAN, rel=0.1)
    assert low < 0.6
    assert 5 < high < 20
    assert posterior.worth[0] == pytest.approx(2 / median, rel=0.01)


def test_an_empty_past_is_the_same_as_none() -> None:
    empty, none = blend(1.0, 0.0, stacked([])), blend(1.0, 0.0)
    assert empty.overstatement == none.overstatement


def test_weights_are_a_distribution() -> None:
    for tests in (0, 1, 20):
        posterior = blend(1.0, 0.05, history(tests))
        assert posterior.weights.sum() == pytest.approx(1.0)
        assert (posterior.weights >= 0).all()


@pytest.mark.parametrize("worth", [0.2, 0.5, 1.0, 2.0])
def test_many_tests_find_the_worth_whatever_records_say(worth: float) -> None:
    median, low, high = blend(1.0, 0.05, history(40, worth, 0.02)).worth
    assert low < worth < high
    assert median == pytest.approx(worth, rel=0.15)


def test_every_test_more_narrows_the_range() -> None:
    widths = []
    for tests in (0, 1, 3, 10, 30):
        _, low, high = blend(1.0, 0.05, history(tests)).overstatement
        widths.append(high / low)
    assert widths == sorted(widths, reverse=True)


def test_an_uncertain_record_slope_widens_the_prior() -> None:
    _, low, high = blend(1.0, 0.05).overstatement
    _, lower, higher = blend(1.0, 0.9).overstatement
    assert higher / lower > high / low


def test_units_of_the_composite_do_not_matter() -> None:
    past = history(5)
    times = 7.0
    scaled = Past(
        rise=past.rise,
        gain=past.gain * times,
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance * times**2,
        covariance=past.covariance * times,
    )
    one, other = blend(1.0, 0.05, past), blend(times, 0.05 * times, scaled)
    assert other.overstatement == pytest.approx(one.overstatement)
    assert other.worth[0] == pytest.approx(times * one.worth[0])


def test_below_is_the_average_over_what_worth_may_be() -> None:
    posterior = blend(1.0, 0.0)
    rng = np.random.default_rng(5)
    chosen = rng.choice(len(posterior.ratios), 200_000, p=posterior.weights[0])
    ratio, varies = posterior.ratios[chosen], posterior.varies[chosen]
    due = 0.5 * ratio
    spread = NEW.gain_variance - 2 * due * NEW.covariance + due**2 * NEW.rise_variance
    spread = spread + (varies * due * NEW.rise) ** 2
    simulated = (NEW.gain + np.sqrt(spread) * rng.standard_normal(len(due)) < due * NEW.rise).mean()
    assert float(posterior.below(0.5, NEW)) == pytest.approx(simulated, abs=0.01)


def test_below_takes_many_shares_and_many_tests_at_once() -> None:
    posterior = blend(1.0, 0.05, history(3))
    shares = np.array([0.0, 0.5, 1.0])
    many = posterior.below(shares, NEW)
    assert many.tolist() == pytest.approx([float(posterior.below(c, NEW)) for c in shares])
    assert (np.diff(many) > 0).all()
    gains = Effect(
        rise=np.full(2, 0.23),
        gain=np.array([0.05, -0.1]),
        rise_variance=np.full(2, NEW.rise_variance),
        gain_variance=np.full(2, NEW.gain_variance),
        covariance=np.full(2, NEW.covariance),
    )
    assert posterior.below(0.5, gains)[0] == pytest.approx(many[1])
    assert posterior.below(0.5, gains)[1] > many[1]


def test_at_no_share_worth_does_not_matter() -> None:
    expected = special.ndtr(-NEW.gain / 0.045)
    assert float(blend(1.0, 0.05).below(0.0, NEW)) == pytest.approx(expected)


def test_unsure_standard_errors_make_it_less_sure() -> None:
    posterior = blend(1.0, 0.05, history(10))
    sure = posterior.below(1.5, NEW)
    assert posterior.below(1.5, NEW, freedom=4) < sure
    assert posterior.below(1.5, NEW, freedom=1e6) == pytest.approx(sure, abs=1e-4)


def test_below_and_above_add_up_where_nothing_was_assumed() -> None:
    posterior = blend(1.0, 0.05, history(4))
    assert posterior.below(0.5, NEW) + posterior.above(0.5, NEW) == pytest.approx(1)


def test_assumed_covariances_leave_a_gap_between_both() -> None:
    past = history(4)
    shared = 0.5 * np.sqrt(past.rise_variance * past.gain_variance)
    other = Past(
        rise=past.rise,
        gain=past.gain,
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance * 2,
        covariance=shared,
    )
    bounded = Past(
        rise=past.rise,
        gain=past.gain,
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance,
        covariance=past.covariance,
        others=(other,),
    )
    both = blend(1.0, 0.05, bounded)
    parts = [blend(1.0, 0.05, part) for part in (past, other)]
    assert both.weights.shape[0] == 2
    lowest = min(float(part.below(0.5, NEW)) for part in parts)
    assert float(both.below(0.5, NEW)) == pytest.approx(lowest, abs=1e-4)
    assert both.below(0.5, NEW) + both.above(0.5, NEW) < 1


def test_the_interval_of_phi_ends_where_the_probabilities_do() -> None:
    posterior = blend(1.0, 0.05, history(10))
    low, high = posterior.phi_interval(NEW)
    assert low is not None
    assert high is not None
    assert float(posterior.below(low, NEW)) == pytest.approx(0.025, abs=5e-4)
    assert float(posterior.below(high, NEW)) == pytest.approx(0.975, abs=5e-4)


def test_the_interval_of_phi_is_open_where_nothing_bounds_it() -> None:
    flat = Effect(rise=0.001, gain=0.05, rise_variance=0.02**2, gain_variance=0.04**2, covariance=0)
    assert blend(1.0, 0.05).phi_interval(flat) == (None, None)


def test_the_expected_gain_is_that_of_the_worth() -> None:
    posterior = blend(1.0, 0.05, history(10))
    median, low, high = posterior.expected(0.2)
    assert median == pytest.approx(0.2 * posterior.worth[0], rel=0.05)
    assert low < median < high
    assert float(posterior.gain_below(low, 0.2)) == pytest.approx(0.025, abs=2e-3)
    shown = posterior.expected(0.2, seen_variance=0.05**2)
    assert shown[2] - shown[1] > high - low


def test_gamed_tests_do_not_dilute_the_worth() -> None:
    past = history(12, 0.6, 0.02)
    gain = past.gain.copy()
    gain[:3] = 0.0
    mixed = Past(
        rise=past.rise, gain=gain, rise_variance=past.rise_variance,
        gain_variance=past.gain_variance, covariance=past.covariance,
    )  # fmt: skip
    careful, plain = blend(1.0, 0.05, mixed), blend(1.0, 0.05, mixed, gamed=0.0)
    assert abs(careful.worth[0] - 0.6) < abs(plain.worth[0] - 0.6)


def test_winners_only_are_seen_through() -> None:
    truth = Truth(past=10, overstatement=5, winners=True, rises=(0.06, 0.06))
    found = []
    for seed in range(30):
        drawn = simulate_ledger(truth, seed)
        weights = INFORMATION / drawn.records
        matrix = drawn.past.covariance
        past = Past(
            rise=drawn.past.judge,
            gain=drawn.past.signals @ weights,
            rise_variance=matrix[:, 0, 0],
            gain_variance=np.einsum("i,kij,j->k", weights, matrix[:, 1:, 1:], weights),
            covariance=matrix[:, 0, 1:] @ weights,
        )
        posterior, plain = blend(1.0, 0.05, past), blend(1.0, 0.05, past, losers_left_out=0.0)
        assert plain.selected == 0
        found.append((posterior.overstatement[0], plain.overstatement[0], posterior.selected))
    careful, naive, selected = np.median(found, axis=0)
    assert naive < 3.9
    assert 4 < careful < 6.5
    assert selected > 0.9


def test_winners_by_one_signal_are_seen_through() -> None:
    rng = np.random.default_rng(8)
    found = []
    for _ in range(30):
        rise = rng.normal(0.06, 0.06, 400)
        own = 0.2 * rise[:, None] + rng.normal(0, 0.018 * np.sqrt(2), (400, 2))
        kept = np.flatnonzero(own[:, 0] > 1.645 * 0.018 * np.sqrt(2))[:10]
        past = Past(
            rise=rise[kept],
            gain=own[kept].mean(1),
            rise_variance=np.full(10, 1e-6),
            gain_variance=np.full(10, 0.018**2),
            covariance=np.zeros(10),
        )
        found.append([blend(1.0, 0.05, past, losers_left_out=p).worth[0] for p in (0.2, 0.0)])
    careful, naive = np.median(found, axis=0)
    assert naive > 0.28
    assert careful < 0.25


def test_losers_in_the_ledger_show_that_losers_are_kept() -> None:
    past = history(10)
    lost = Past(
        rise=past.rise,
        gain=np.where(np.arange(10) < 3, -0.1, past.gain),
        rise_variance=past.rise_variance,
        gain_variance=past.gain_variance,
        covariance=past.covariance,
    )
    assert blend(1.0, 0.05, lost).selected < 0.01


def test_a_varying_worth_is_found_in_the_tests() -> None:
    rng = np.random.default_rng(2)
    rise = rng.normal(0.2, 0.1, 60)
    own = 0.6 * (1 + 0.5 * rng.standard_normal(60))
    past = Past(
        rise=rise, gain=own * rise, rise_variance=np.full(60, 1e-6),
        gain_variance=np.full(60, 1e-6), covariance=np.zeros(60),
    )  # fmt: skip
    posterior = blend(1.0, 0.05, past, gamed=0.0)
    assert VARIES @ VARIES_PRIOR < 0.2
    assert float(posterior.weights[0] @ posterior.varies) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("records", [0.0, -1.0, float("nan")])
def test_records_that_say_nothing_are_refused(records: float) -> None:
    with pytest.raises(Undefined, match="Leave out the signals that do not follow it"):
        blend(records, 0.1)


def test_a_verdict_holds_to_the_overstatement_at_which_the_contrast_meets_its_bar() -> None:
    new = Effect(
        rise=0.23, gain=0.0, rise_variance=0.016**2, gain_variance=0.045**2,
        covariance=0.4 * 0.016 * 0.045,
    )  # fmt: skip
    slope = breaking_slope(0.5, new, quantile=1.645)
    assert slope is not None
    variance = new.gain_variance - slope * new.covariance + 0.25 * slope**2 * new.rise_variance
    assert -0.5 * slope * new.rise / np.sqrt(variance) == pytest.approx(-1.645)
    assert blend(1.5, 0.1).holds_to(0.5, new, quantile=1.645) == pytest.approx(2.42, abs=0.01)


def test_a_verdict_holds_to_no_end_where_users_are_worse_off() -> None:
    new = Effect(rise=0.2, gain=-0.2, rise_variance=1e-4, gain_variance=1e-3, covariance=0.0)
    assert blend(1.0, 0.1).holds_to(0.5, new, quantile=1.645) == np.inf


def test_no_verdict_holds_where_the_judge_has_not_moved() -> None:
    new = Effect(rise=0.01, gain=0.0, rise_variance=1e-4, gain_variance=1e-3, covariance=0.0)
    assert breaking_slope(0.5, new, quantile=1.645) is None
    assert blend(1.0, 0.1).holds_to(0.5, new, quantile=1.645) == 0.0
