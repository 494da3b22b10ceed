"""Simulated A/B tests, sequences of releases, and release ledgers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from trueup.testing.histories import (
    EXPERIMENTS,
    RELEASES,
    Past,
    Releases,
    expected,
    simulate_experiment,
    simulate_ledger,
    simulate_releases,
)


def differences(frame: pd.DataFrame) -> pd.Series:
    names = ["judge", "retries", "edit_rate"]
    means = frame.groupby("arm", observed=True)[names].mean()
    found = means.loc["treatment"] - means.loc["control"]
    assert isinstance(found, pd.Series)
    return found


@pytest.mark.parametrize("name", ["a/a", "gain", "gaming", "backfire"])
def test_arms_of_an_experiment_differ_by_what_the_version_does(name: str) -> None:
    scenario = replace(EXPERIMENTS[name], items=15_000, users=8000, edit_seen=1.0)
    found, truth = differences(simulate_experiment(scenario, 2)), expected(scenario)
    rise = 0.0 if name == "a/a" else truth.judge

    assert found["judge"] == pytest.approx(rise, abs=0.025)
    assert found["retries"] == pytest.approx(truth.signals["retries"], abs=0.012)
    assert found["edit_rate"] == pytest.approx(truth.signals["edit_rate"], abs=0.012)


def test_weekly_shocks_come_to_both_arms_alike() -> None:
    scenario = replace(EXPERIMENTS["a/a"], items=8000, monitored=12, user_shock=1.0, shock_rho=0.0)
    frame = simulate_experiment(scenario, 3, hidden=True)
    weekly = frame.pivot_table(index="week", columns="arm", values="retries", observed=True)

    assert weekly.std().min() > 0.08
    assert (weekly["treatment"] - weekly["control"]).std() < 0.03


def test_each_user_of_an_experiment_is_in_one_arm_of_half_the_users() -> None:
    frame = simulate_experiment("gain", 4)
    pairs = frame[["user", "arm"]].drop_duplicates()

    assert pairs["user"].is_unique
    assert (pairs["arm"] == "control").mean() == pytest.approx(0.5, abs=0.02)


def test_an_experiment_may_have_weeks_from_before_it() -> None:
    scenario = replace(EXPERIMENTS["gain"], reference=3, items=8000, users=5000)
    frame = simulate_experiment(scenario, 5, hidden=True)
    before = frame[frame["week"] < 3]

    assert set(before["version"]) == {"v1"}
    assert abs(differences(before)["judge"]) < 0.06


def test_an_experiment_without_a_second_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="set `holdback`"):
        simulate_experiment(replace(EXPERIMENTS["gain"], holdback=0.0))


def test_gains_of_releases_add_up() -> None:
    releases = Releases(
        count=8, real=0.05, gamed=0.05, wander=0.0,
        scenario=replace(RELEASES["null"].scenario, items=12_000, judged=1.0, user_shock=0.0,
                         judge_shock=0.0, edit_seen=1.0),
    )  # fmt: skip
    frame = simulate_releases(releases, 6)
    means = frame.groupby("version", observed=True)[["judge", "edit_rate"]].mean()
    rises = means - means.iloc[0]
    slope = np.polyfit(np.arange(8), rises["judge"], 1)[0]
    whole = expected(replace(releases.scenario, real=0.35, gamed=0.35))

    assert slope * 7 == pytest.approx(whole.judge, rel=0.1)
    assert rises["edit_rate"].iloc[-1] == pytest.approx(whole.signals["edit_rate"], rel=0.25)
    assert releases.truth == "boundary"


def test_gaming_may_begin_with_a_later_release() -> None:
    releases = replace(
        RELEASES["gaming_late"], wander=0.0, gamed=0.5, since=6,
        scenario=replace(RELEASES["null"].scenario, judged=1.0, judge_shock=0.0),
    )  # fmt: skip
    means = simulate_releases(releases, 7).groupby("version", observed=True)["judge"].mean()

    assert means.iloc[:6].max() - means.iloc[:6].min() < 0.15
    assert means.iloc[6] - means.iloc[5] == pytest.approx(0.38, abs=0.12)


def test_a_tenth_of_the_users_stays_on_the_first_release() -> None:
    frame = simulate_releases("gaming_holdback", 8)
    held = frame[frame["arm"] == "holdback"]

    assert set(held["version"]) == {"v1"}
    assert len(held) / len(frame) == pytest.approx(0.1, abs=0.03)
    assert frame["version"].nunique() == 12


def test_releases_may_live_days() -> None:
    releases = replace(RELEASES["gain"], scenario=replace(RELEASES["gain"].scenario, days=3.0))
    frame = simulate_releases(releases, 9)
    days = (frame["timestamp"].max() - frame["timestamp"].min()).total_seconds() / 86_400

    assert days == pytest.approx(36, abs=0.2)


@pytest.mark.parametrize("overstatement", [1.0, 3.0])
def test_past_effects_scatter_about_the_true_worth_with_their_declared_errors(
    overstatement: float,
) -> None:
    truth = Past(past=4000, overstatement=overstatement, varies=0.0, direct=0.0)
    ledger = simulate_ledger(truth, 10)
    past, worth = ledger.past, ledger.worth
    around = past.signals - np.outer(past.judge, worth)
    covariance = past.covariance[0]
    variance = covariance[2, 2] - 2 * worth[1] * covariance[0, 2] + worth[1] ** 2 * covariance[0, 0]

    assert np.allclose(ledger.records, overstatement * worth)
    slope = (past.judge @ past.signals) / (past.judge @ past.judge)
    assert slope == pytest.approx(worth, rel=0.1)
    assert around[:, 1].std() == pytest.approx(variance**0.5, rel=0.05)


def test_the_composite_of_a_ledger_has_the_declared_error() -> None:
    ledger = simulate_ledger(Past(overstatement=3.0), 11)
    weights = np.array([0.02, 0.63, 0.35]) / ledger.worth
    covariance = ledger.new.covariance[0]

    error = np.sqrt(weights @ covariance[1:, 1:] @ weights)
    assert error == pytest.approx(0.062)
    correlation = weights @ covariance[1:, 0] / error / covariance[0, 0] ** 0.5
    assert correlation == pytest.approx(0.42)


def test_histories_of_winners_and_gamed_ones_are_what_they_say() -> None:
    plain = simulate_ledger(Past(past=2000), 12)
    winners = simulate_ledger(Past(past=2000, winners=True), 12)
    gamed = simulate_ledger(Past(past=2000, gamed=0.25), 12)

    assert winners.past.judge.size == 2000
    assert winners.past.judge.mean() > plain.past.judge.mean() + 0.05
    assert gamed.gamed.mean() == pytest.approx(0.25, abs=0.03)
    hollow = gamed.past.signals[gamed.gamed, 1].mean() / gamed.worth[1]
    assert abs(hollow) < 0.02


def test_a_ledger_may_be_empty_and_the_new_test_has_its_phi() -> None:
    new = [simulate_ledger(Past(past=0, phi=0.5, direct=0.0), seed) for seed in range(300)]
    gains = np.array([ledger.new.signals[0, 1] / ledger.worth[1] for ledger in new])

    assert new[0].past.signals.shape == (0, 3)
    assert new[0].past.covariance.shape == (0, 4, 4)
    assert gains.mean() == pytest.approx(0.115, abs=0.015)
