"""The part of what was due that users got, and what was due, where past tests say the worth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special

from tests.goodhart.conftest import spec_of
from trueup.goodhart import backtest_cells, read_cells
from trueup.goodhart.ledger import Effect, Release
from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.entries import stacked
from trueup.goodhart.ledger.realised import Part, mixed, part_of, widened
from trueup.report.goodhart.draw import picture_of
from trueup.testing.histories import (
    EXPERIMENTS,
    SCENARIOS,
    Scenario,
    expected,
    simulate_experiment,
    simulate_history,
    simulate_releases,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart import Cells, Look, WatchSpec
    from trueup.goodhart.ledger.posterior import Posterior

    Floats = NDArray[np.float64]

BETTER = {"thumbs": "higher", "retries": "lower", "edit_rate": "lower"}
ERRORS = {"rise": 0.016, "thumbs": 0.04, "retries": 0.008, "edit_rate": 0.007}
NEW = Effect(rise=0.23, gain=0.05, rise_variance=0.016**2, gain_variance=0.03**2, covariance=0.0002)


def past_tests(
    scenario: Scenario, count: int, *, seed: int = 1, times: float = 1.0
) -> list[Release]:
    """Return past A/Bs in which a judge point brought `times` what it brings in a scenario."""
    rng, worth = np.random.default_rng(seed), expected(scenario).worth
    found = []
    for number in range(count):
        rise = rng.normal(0.15, 0.1)
        own = {name: rng.normal(0, error) for name, error in ERRORS.items()}
        signals = {name: times * worth[name] * rise + own[name] for name in BETTER}
        found.append(
            Release(
                id=f"ab-{number}", rise=rise + own["rise"], signals=signals, better=BETTER,
                errors=ERRORS,
            )
        )  # fmt: skip
    return found


def posterior(*tests: tuple[float, float]) -> Posterior:
    effects = [
        Effect(rise=x, gain=y, rise_variance=0.016**2, gain_variance=0.03**2, covariance=0.0)
        for x, y in tests
    ]
    return blend(1.0, 0.05, stacked(effects))


SOME = posterior((0.2, 0.08), (0.3, 0.1), (0.1, 0.05), (0.25, 0.09))


def in_a_stream(scenario: Scenario, seed: int = 1) -> tuple[Cells, WatchSpec]:
    spec = spec_of(starts=("2026-03-30",))
    return read_cells(simulate_history(scenario, seed=seed), spec), spec


def in_an_ab(scenario: Scenario, seed: int = 1) -> tuple[Cells, WatchSpec]:
    spec = spec_of(design="concurrent", arm="arm", horizon=4)
    return read_cells(simulate_experiment(scenario, seed), spec), spec


STREAM = replace(SCENARIOS["gain"], overstatement=3.0, items=1_000, monitored=10)
AB = replace(EXPERIMENTS["gain_overstated_3"], items=3_000)
MADE = {"weekly": (in_a_stream, STREAM), "concurrent": (in_an_ab, AB)}


@cache
def last(
    design: str, tests: int = 0, *, seed: int = 1, times: float = 1.0, gamed: bool = False
) -> Look:
    make, scenario = MADE[design]
    if gamed:
        scenario = replace(scenario, real=0.0, gamed=0.3, overstatement=1.0)
    cells, spec = make(scenario, seed)
    if tests:
        spec = replace(spec, ledger=past_tests(scenario, tests, seed=seed, times=times))
    return backtest_cells(cells, spec, latch=False)[-1]


def test_the_part_is_where_less_is_as_likely_as_more_and_lies_in_its_interval() -> None:
    part = SOME.phi(NEW)
    assert part.value is not None
    assert part[1:] == SOME.phi_interval(NEW)
    assert float(SOME.below(part.value, NEW)) == pytest.approx(0.5, abs=1e-6)
    assert part.value == pytest.approx(NEW.gain / (0.23 * SOME.worth[0]), rel=0.1)


@pytest.mark.parametrize("gain", [-0.1, -0.01, 0.0, 0.02, 0.08, 0.3])
def test_gaming_by_the_chance_is_gaming_by_the_interval(gain: float) -> None:
    test = replace(NEW, gain=gain)
    for c in (0.2, 0.5, 0.8):
        chance, high = float(SOME.below(c, test)), SOME.phi(test).high
        assert (chance > 0.975) == (high is not None and high < c)


@pytest.mark.parametrize(
    "ledger", [((0.2, 0.0),), ((0.2, 0.01),), ((0.2, 0.0), (0.3, 0.0), (0.1, 0.0)), ((0.01, 0.3),)]
)
@pytest.mark.parametrize("gain", [-0.2, 0.0, 0.1, 2.0])
def test_weak_and_gamed_ledgers_leave_ends_open_and_nothing_out_of_order(
    ledger: tuple[tuple[float, float], ...], gain: float
) -> None:
    known = posterior(*ledger)
    value, low, high = known.phi(replace(NEW, gain=gain))
    ends = [-np.inf if low is None else low, np.inf if high is None else high]
    assert value is None or ends[0] <= value <= ends[1]
    assert np.isfinite(known.promised(0.23, -0.2, rise_error=0.02, slope_error=0.01)).all()


def test_tests_in_which_a_rise_brought_nothing_leave_the_upper_end_open() -> None:
    known = posterior((0.2, 0.0), (0.3, 0.0), (0.25, 0.0))
    assert known.phi(replace(NEW, gain=0.1)).high is None


def test_without_a_rise_nothing_bounds_the_part() -> None:
    flat = replace(NEW, rise=0.0, rise_variance=0.02**2)
    assert SOME.phi(flat)[1:] == (None, None)


def test_a_design_with_its_own_errors_is_mixed_as_finely_as_need_be() -> None:
    def below(shares: Floats, varies: Floats) -> Floats:
        spread = NEW.gain_variance - 2 * shares * NEW.covariance + shares**2 * NEW.rise_variance
        spread = spread + (varies[:, None] * shares * NEW.rise) ** 2
        return np.asarray(special.ndtr((shares * NEW.rise - NEW.gain) / np.sqrt(spread)))

    shares = np.linspace(-5, 6, 45)
    assert mixed(SOME, below)(shares)[:, 0] == pytest.approx(SOME.below(shares, NEW), abs=1e-4)
    assert part_of(mixed(SOME, below)) == pytest.approx(SOME.phi(NEW), abs=2e-3)


def test_what_a_rise_should_bring_is_what_past_tests_say_with_all_errors() -> None:
    rng = np.random.default_rng(3)
    at = rng.choice(len(SOME.ratios), 200_000, p=SOME.weights[0])
    ratio, noise = SOME.ratios[at], rng.standard_normal((3, len(at)))
    due = ratio * (1 + SOME.varies[at] * noise[0]) * 0.23 * -0.2
    due = due + ratio * (0.2 * 0.02 * noise[1] + 0.23 * 0.01 * noise[2])
    found = SOME.promised(0.23, -0.2, rise_error=0.02, slope_error=0.01)
    assert found == pytest.approx(np.quantile(due, [0.5, 0.025, 0.975]).tolist(), rel=0.03)


@pytest.mark.parametrize("design", ["weekly", "concurrent"])
def test_a_real_gain_that_records_overstate_is_told_by_what_past_tests_say(design: str) -> None:
    records, told = last(design), last(design, 8)
    truth = expected(MADE[design][1]).signals
    assert records.phi is not None
    assert told.phi is not None
    assert records.phi_high is not None
    assert records.phi_high < 1 < (told.phi_high or np.inf)
    assert told.phi > 2 * records.phi
    assert "By 8 past tests and records, users got" in told.message
    for one, before in zip(told.signals, records.signals, strict=True):
        low, due, high = one.expected_low, one.expected, one.expected_high
        assert low is not None
        assert due is not None
        assert high is not None
        assert before.expected is not None
        assert low < due < high
        assert low < truth[one.name] < high
        assert abs(due) < abs(before.expected) / 2


def test_the_interval_holds_the_truth_in_most_runs() -> None:
    held = 0
    for seed in range(12):
        look = last("concurrent", 8, seed=seed)
        low, high = look.phi_low, look.phi_high
        held += (low is None or low <= 1) and (high is None or high >= 1)
    assert held >= 11


@pytest.mark.parametrize("design", ["weekly", "concurrent"])
def test_where_a_point_is_worth_more_than_records_say_the_rule_has_no_price(design: str) -> None:
    look = last(design, 8, times=2.0, gamed=True)
    assert look.worth.overstatement is not None
    assert look.worth.overstatement[2] < 0.8
    assert look.verdict == "gaming"
    assert look.phi_high is not None
    assert look.phi_high < 0.55
    assert look.holds_to is not None
    assert look.holds_to > 0.3
    assert "shortfall" not in look.message
    assert "by more than 0" not in look.message


@pytest.mark.parametrize("design", ["weekly", "concurrent"])
def test_what_past_tests_call_too_little_is_no_improvement(design: str) -> None:
    make, scenario = MADE[design]
    plain = replace(scenario, overstatement=1.0, items=4_000)
    cells, spec = make(plain)
    assert backtest_cells(cells, spec)[-1].verdict == "improvement"
    rows = past_tests(plain, 8, times=2.6)
    look = backtest_cells(cells, replace(spec, ledger=rows))[-1]
    assert look.phi is not None
    assert look.phi < 0.5
    assert look.verdict in ("inconclusive", "gaming")
    if look.verdict == "inconclusive":
        assert "worth more than that" in look.message


@pytest.mark.parametrize("name", ["gain", "gaming"])
def test_releases_are_told_by_past_tests_too(name: str) -> None:
    spec = spec_of(design="releases", version="version", horizon=1)
    cells = read_cells(simulate_releases(name, seed=4), spec)
    records = backtest_cells(cells, spec)[-1]
    rows = past_tests(SCENARIOS["gain"], 8, times=1 / 3)
    look = backtest_cells(cells, replace(spec, ledger=rows))[-1]
    assert records.phi is not None
    assert look.phi is not None
    assert look.phi_low is not None
    assert look.phi_low < look.phi < (look.phi_high or np.inf)
    assert abs(look.phi) > 2 * abs(records.phi)
    for one, before in zip(look.signals, records.signals, strict=True):
        assert abs(one.expected or 0) < abs(before.expected or 0) / 2
    picture = picture_of(cells, spec, [look])
    assert picture is not None
    assert picture.expected.mean == picture.judge.mean


def test_the_picture_counts_users_by_what_the_look_does() -> None:
    cells, spec = in_a_stream(STREAM)
    spec = replace(spec, ledger=past_tests(STREAM, 8))
    looks = backtest_cells(cells, spec)
    picture = picture_of(cells, spec, looks)
    look = looks[-1]
    assert picture is not None
    assert picture.after is not None
    assert look.phi is not None
    assert look.rise is not None
    users = [one for one in picture.users.mean[12:] if one is not None]
    assert np.mean(users) == pytest.approx(look.phi * look.rise.value, abs=0.01)
    assert picture.expected.mean == picture.judge.mean
    at = 15
    mean, low, high = (part[at] for part in (
        picture.expected.mean, picture.expected.low, picture.expected.high))  # fmt: skip
    assert mean is not None
    assert low is not None
    assert high is not None
    assert low <= mean * look.detail["worth_low"] / look.detail["worth"]
    assert high >= mean * look.detail["worth_high"] / look.detail["worth"]


@pytest.mark.parametrize(
    ("part", "low", "high"),
    [
        (Part(0.6, 0.4, 0.8), 0.4 / 1.5, 1.6),  # half of the rise is none, or as much was hidden
        (Part(-0.1, -0.4, 0.2), -0.8, 0.4),
        (Part(-0.3, -0.4, -0.2), -0.8, -0.2 / 1.5),
        (Part(0.6, None, 0.8), None, 1.6),
    ],
)
def test_a_guards_doubt_of_the_rise_widens_the_interval(
    part: Part, low: float | None, high: float
) -> None:
    found = widened(part, 0.2, up=0.1, down=0.1)

    assert found == pytest.approx(Part(part.value, low, high))


def test_where_all_of_the_rise_may_be_none_the_part_has_no_end() -> None:
    found = widened(Part(0.2, -0.1, 0.5), 0.2, up=0.3, down=0.0)

    assert found == Part(0.2, None, None)
