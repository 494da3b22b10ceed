"""What a rule costs beside records alone, and a `worth` that leaves nothing to find."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import backtest
from trueup.goodhart.ledger import Release
from trueup.goodhart.price import highest, price, worth_note
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

if TYPE_CHECKING:
    from trueup.goodhart import Look, WatchSpec

PAST = tuple(
    Release(
        id=f"past {k}",
        rise=0.2,
        signals={"thumbs": 0.03, "retries": -0.02 - 0.002 * k, "edit_rate": -0.015},
        better={"thumbs": "higher", "retries": "lower", "edit_rate": "lower"},
        errors={"rise": 0.016, "thumbs": 0.02, "retries": 0.005, "edit_rate": 0.005},
    )
    for k in range(4)
)


@cache
def _last(design: str, *, past: bool = False, **said: object) -> Look:
    arm, ledger = "arm" if design == "concurrent" else None, PAST if past else None
    spec = spec_of(design=design, arm=arm, ledger=ledger, **said)
    if design == "concurrent":
        scenario = replace(EXPERIMENTS["gaming"], items=6_000, users=3_000)
        return backtest(simulate_experiment(scenario, 1), spec)[-1]
    return _weekly(spec)


def _weekly(spec: WatchSpec) -> Look:
    scenario = replace(SCENARIOS["gaming"], items=2_000, monitored=8)
    return backtest(simulate_history(scenario, seed=1), spec)[-1]


def test_a_price_is_the_shortfall_over_that_of_records_alone() -> None:
    told = price(records=0.05, rule=-0.05, due=0.2, c=0.5)

    assert told.startswith("gaming takes 3.0 x the shortfall that records alone would")
    assert told.endswith("users at -25% of what was due or less, not at 25%")


@pytest.mark.parametrize(
    ("records", "rule", "due"), [(0.05, 0.049, 0.2), (0.05, 0.02, 0.0), (0.12, 0.02, 0.2)]
)
def test_what_costs_nothing_or_cannot_be_told_has_no_price(
    records: float, rule: float, due: float
) -> None:
    assert not price(records=records, rule=rule, due=due, c=0.5)


@pytest.mark.parametrize("at", [-40.0, -0.3, 0.0, 0.7, 55.0])
def test_the_highest_gain_is_found_wherever_it_lies(at: float) -> None:
    assert highest(lambda gain: gain <= at, 0.0, 0.01) == pytest.approx(at, abs=1e-4)


def test_a_rule_that_no_gain_passes_has_no_highest_one() -> None:
    assert highest(lambda _: False, 0.0, 0.1) is None
    assert highest(lambda _: True, 0.0, 0.1) is None
    assert highest(lambda _: True, 0.0, 0.0) is None


@pytest.mark.parametrize("design", ["concurrent", "weekly"])
def test_records_alone_have_no_price_and_other_rules_are_named_with_theirs(design: str) -> None:
    assert not _last(design).worth.price
    assert "shortfall" not in _last(design).message

    strict, doubled = _last(design, overstate=3.0), _last(design, overstate=1.5)
    assert "By what was declared, gaming takes" in strict.message
    assert _times(strict) > _times(doubled) > 1

    past = _last(design, past=True)
    assert past.worth.experiments == 4
    assert f"By 4 past tests and records, {past.worth.price}." in past.message


@pytest.mark.parametrize("design", ["concurrent", "weekly"])
@pytest.mark.parametrize("overstate", [1.2, 1.5, 2.0, 3.0, 6.0])
def test_a_price_is_where_the_verdict_turns(design: str, overstate: float) -> None:
    look = _last(design, overstate=overstate)
    up_to = float(look.worth.price.split("users at ")[1].split("%")[0]) / 100

    assert look.phi is not None
    assert (look.verdict == "gaming") == (look.phi < up_to)


@pytest.mark.parametrize("design", ["concurrent", "weekly"])
def test_a_worth_costs_the_more_the_smaller_it_is(design: str) -> None:
    some, little = (_last(design, primary="retries", worth=worth) for worth in (0.01, 0.001))
    plenty = _last(design, primary="retries", worth=1.0)

    assert _times(little) > _times(some) > 1
    assert not plenty.worth.price


@pytest.mark.parametrize("design", ["concurrent", "weekly"])
def test_a_worth_above_half_of_what_is_expected_is_warned_of_with_the_numbers(design: str) -> None:
    retries = next(s for s in _last(design).signals if s.name == "retries")
    assert retries.expected is not None
    due = -retries.expected

    low = _last(design, primary="retries", worth=round(0.4 * due, 4))
    high = _last(design, primary="retries", worth=round(0.6 * due, 4))
    assert not [note for note in low.notes if "declared worth" in note]
    [note] = [note for note in high.notes if "declared worth" in note]
    assert f"the declared worth of {round(0.6 * due, 4):.3g} is more than half of the" in note
    assert f"{due:.3g} in retries that records expect" in note
    assert f"declare at most {due / 2:.2g}" in note


def test_past_tests_lower_what_a_worth_is_held_against() -> None:
    retries = next(s for s in _last("concurrent").signals if s.name == "retries")
    assert retries.expected is not None
    worth = round(-0.45 * retries.expected, 4)

    [note] = [n for n in _last("concurrent", primary="retries", worth=worth, past=True).notes
              if "declared worth" in n]  # fmt: skip
    assert "that 4 past tests and records expect" in note
    assert "no part in the verdict" in note


def test_no_warning_without_a_worth_or_a_gain_to_expect() -> None:
    spec = spec_of(worth=0.1)
    assert worth_note(spec, expected=-0.1, rise=0.2, experiments=0) == ()
    assert worth_note(spec_of(), expected=0.1, rise=0.2, experiments=0) == ()


def _times(look: Look) -> float:
    return float(look.worth.price.split(" x ")[0].rsplit(" ", 1)[1])
