from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trueup.errors import DataError
from trueup.goodhart.cells import read_cells
from trueup.goodhart.releases import release_looks
from trueup.goodhart.releases.looks import frozen_arm
from trueup.goodhart.releases.regression import Regression, models, trend
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import RELEASES, simulate_releases

if TYPE_CHECKING:
    import pandas as pd

    from trueup.goodhart.look import Look

SPEC = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    version="version",
    signals=[
        Signal("thumbs", arrived="thumbs_at"),
        Signal("retries", better="lower", arrived="retries_at"),
        Signal("edit_rate", better="lower", arrived="edit_rate_at"),
    ],
)  # fmt: skip
HELD = replace(SPEC, arm="arm")


@cache
def _frame(name: str, count: int = 12) -> pd.DataFrame:
    releases = RELEASES[name]
    scenario = replace(releases.scenario, items=6000, judged=1.0, repeats=0.2)
    # effects twice the usual: one run must be enough to see what is true
    larger = replace(releases, real=2 * releases.real, gamed=2 * releases.gamed, wander=0.01)
    return simulate_releases(replace(larger, count=count, scenario=scenario), 3)


@cache
def _looks(name: str, *, held: bool = False) -> tuple[Look, ...]:
    spec = HELD if held else SPEC
    return tuple(release_looks(read_cells(_frame(name), spec), spec))


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("name", "verdict"), [("gaming", "gaming"), ("gain", "improvement"), ("null", "judge_flat")]
)
def test_a_sequence_of_releases_ends_with_what_is_true_of_it(
    name: str, verdict: str, *, held: bool
) -> None:
    looks = _looks(f"{name}_holdback" if held else name, held=held)
    assert len(looks) == 5
    assert looks[-1].verdict == verdict
    assert looks[-1].design == "releases"


def test_a_look_is_taken_once_its_releases_signals_have_had_their_time() -> None:
    looks = _looks("gaming")
    assert [look.label for look in looks] == ["v8", "v9", "v10", "v11", "v12"]
    assert looks[0].start == dt.datetime(2026, 2, 23, tzinfo=dt.UTC)
    assert looks[0].end == dt.datetime(2026, 3, 16, tzinfo=dt.UTC)


def test_half_a_gain_is_neither_and_its_interval_holds_it() -> None:
    last = _looks("boundary")[-1]
    assert last.verdict == "inconclusive"
    assert last.phi_low is not None
    assert last.phi_high is not None
    assert last.phi_low < 0.5 < last.phi_high


def test_the_signals_change_is_that_over_all_releases() -> None:
    retries = next(s for s in _looks("gain")[-1].signals if s.name == "retries")
    assert retries.expected is not None
    assert retries.change is not None
    assert retries.expected == pytest.approx(-0.11, abs=0.03)
    assert retries.change.low < retries.expected < retries.change.high


def test_fewer_than_eight_releases_are_unidentified() -> None:
    frame = _frame("gaming")
    few = frame[frame["version"].isin([f"v{i}" for i in range(1, 8)])]
    (look,) = release_looks(read_cells(few, SPEC), SPEC)
    assert look.verdict == "unidentified"
    assert look.missing == ("a decision from releases needs 8 of them, and there are 7",)


def test_one_look_at_all_releases_is_had_with_a_horizon_of_one() -> None:
    spec = replace(SPEC, horizon=1)
    (look,) = release_looks(read_cells(_frame("gaming"), spec), spec)
    assert look.label == "v12"


def test_overstatement_and_worth_must_hold_for_gaming() -> None:
    cells = read_cells(_frame("gaming"), SPEC)
    holds = _looks("gaming")[-1].holds_to
    assert holds is not None
    assert holds > 1
    asked = release_looks(cells, replace(SPEC, overstate=2 * holds))[-1]
    assert asked.verdict == "inconclusive"
    assert "overstate" in asked.missing[0]
    worth = release_looks(cells, replace(SPEC, primary="retries", worth=0.001))[-1]
    assert worth.verdict == "inconclusive"


def test_without_reliability_no_improvement_is_claimed() -> None:
    spec = replace(SPEC, judge_repeat=None)
    last = release_looks(read_cells(_frame("gain"), spec), spec)[-1]
    assert last.verdict == "inconclusive"
    assert "reliability" in last.missing[0]


def test_versions_without_time_are_ordered_by_name_or_as_told() -> None:
    frame = _frame("gaming")
    spec = replace(SPEC, time=None)
    cells = read_cells(frame, spec)
    assert release_looks(cells, spec)[-1].label == "v12"
    backwards = [f"v{i}" for i in range(12, 0, -1)]
    last = release_looks(cells, spec, order=backwards)[-1]
    assert last.label == "v1"
    assert last.verdict == "judge_flat"
    with pytest.raises(DataError, match="leaves out version 'v12'"):
        release_looks(cells, spec, order=backwards[1:])


def test_the_frozen_arm_is_the_one_that_kept_its_version() -> None:
    cells = read_cells(_frame("gaming_holdback"), HELD)
    assert frozen_arm(cells, HELD) == "holdback"
    assert frozen_arm(read_cells(_frame("gaming"), HELD), HELD) is None


def test_shocks_of_a_week_do_not_reach_a_comparison_with_the_frozen_arm() -> None:
    frame = _frame("gaming_holdback").copy()
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    frame["edit_rate"] -= 0.02 * week  # users grow happier with the season, in both arms
    last = release_looks(read_cells(frame, HELD), HELD)[-1]
    assert last.verdict == "gaming"
    assert "kept on one ('holdback')" in last.why


def test_a_constant_judge_is_unidentified() -> None:
    frame = _frame("gaming").assign(judge=3.0)
    last = release_looks(read_cells(frame, SPEC), SPEC)[-1]
    assert last.verdict == "unidentified"


def test_the_design_needs_a_column_of_versions() -> None:
    spec = replace(SPEC, version=None)
    with pytest.raises(DataError, match="no column of versions"):
        release_looks(read_cells(_frame("gaming"), spec), spec)


@pytest.mark.parametrize(("shock", "linger"), [(0.0, 0.0), (1.5, 0.6)])
def test_a_trends_error_knows_of_shocks(shock: float, linger: float) -> None:
    rng = np.random.default_rng(1)
    size, runs = 14, 400
    known = models(np.ones(size), np.arange(size, dtype=float))
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    covariance = np.eye(size) + shock**2 * linger**apart
    series = rng.multivariate_normal(np.zeros(size), covariance, runs)
    passed = [trend(one, 1.0, known)[2] < 0.05 for one in series]
    assert 0.01 <= np.mean(passed) <= 0.085


def test_gain_over_rise_is_not_pulled_towards_nothing_by_noise_in_the_judge() -> None:
    rng = np.random.default_rng(2)
    path = np.arange(12, dtype=float)
    above = []
    for _ in range(300):
        judge = 0.1 * path + 0.3 * rng.standard_normal(12)
        gain = 0.1 * path + 0.1 * rng.standard_normal(12)
        found = Regression(
            judge=judge, gain=gain, judge_variance=0.09, gain_variance=0.01, both=0.0,
            slope_error=0.0, known=models(np.ones(12), path),
        )  # fmt: skip
        above.append(float(found.above(1.0)[0]))
    assert np.median(above) == pytest.approx(0.5, abs=0.08)
