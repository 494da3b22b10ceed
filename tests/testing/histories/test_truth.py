"""Simulated records hold what their scenario says: rises, slopes, reliability, overstatement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from trueup.testing.histories import (
    SCENARIOS,
    TABLE,
    Scenario,
    Segment,
    expected,
    simulate_arrays,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNALS = ("thumbs", "retries", "edit_rate")
LARGE = replace(
    SCENARIOS["gain"], items=40_000, reference=6, monitored=6, users=20_000, repeats=0.3,
    thumbs_rate=0.5, edit_seen=1.0,
)  # fmt: skip


def within(arrays: dict[str, NDArray[Any]], weeks: int, x: str, y: str) -> NDArray[np.float64]:
    """Return variances and covariance of two columns within segment and reference week."""
    ok = (arrays["week"] < weeks) & ~np.isnan(arrays[x]) & ~np.isnan(arrays[y])
    cell = (arrays["week"] * 100 + arrays["segment"])[ok]
    n = np.maximum(np.bincount(cell), 1)
    both = np.array([arrays[name][ok] for name in (x, y)])
    both -= np.array([np.bincount(cell, row) / n for row in both])[:, cell]
    return np.cov(both)


def rise(arrays: dict[str, NDArray[Any]], weeks: int, name: str) -> float:
    before = arrays["week"] < weeks
    return float(np.nanmean(arrays[name][~before]) - np.nanmean(arrays[name][before]))


def reliability(arrays: dict[str, NDArray[Any]], weeks: int) -> float:
    found = within(arrays, weeks, "judge", "judge_rep")
    return float(found[0, 1] / np.sqrt(found[0, 0] * found[1, 1]))


@pytest.mark.parametrize("levels", [True, False])
def test_two_calls_agree_as_declared_and_a_gain_moves_judge_and_signals_as_expected(
    levels: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    scenario = replace(LARGE, levels=levels)
    arrays, truth = simulate_arrays(scenario, 3), expected(scenario)

    assert reliability(arrays, 6) == pytest.approx(0.55, abs=0.02)
    assert truth.judge == pytest.approx(0.23, abs=0.005)
    assert rise(arrays, 6, "judge") == pytest.approx(truth.judge, abs=0.015)
    for name in SIGNALS:
        assert rise(arrays, 6, name) == pytest.approx(truth.signals[name], rel=0.12)


def test_whole_points_have_the_mean_and_range_of_the_scale() -> None:
    judge = simulate_arrays(SCENARIOS["null"], 1)["judge"]

    assert set(np.unique(judge)) == {1, 2, 3, 4, 5}
    assert judge.mean() == pytest.approx(3.3, abs=0.1)


@pytest.mark.parametrize("overstatement", [1.0, 1.4, 2.3, 3.0, 4.1])
def test_corrected_record_slopes_overstate_a_judge_point_as_declared(overstatement: float) -> None:
    scenario = replace(LARGE, overstatement=overstatement)
    arrays, truth = simulate_arrays(scenario, 4), expected(scenario)

    assert truth.reliability == pytest.approx(0.55, abs=0.005)
    for name in SIGNALS:
        found = within(arrays, 6, "judge", name)
        slope = found[0, 1] / found[0, 0] / reliability(arrays, 6)
        assert slope == pytest.approx(truth.records[name], rel=0.06)
        assert truth.records[name] / truth.worth[name] == pytest.approx(overstatement, rel=0.04)


def test_gamed_points_move_the_judge_and_no_signal() -> None:
    scenario = replace(LARGE, real=0.0, gamed=0.3)
    arrays = simulate_arrays(scenario, 5)

    assert rise(arrays, 6, "judge") == pytest.approx(0.23, abs=0.015)
    assert abs(rise(arrays, 6, "retries")) < 0.006
    assert expected(scenario).signals == dict.fromkeys(SIGNALS, 0.0)


def test_length_moves_the_judge_where_it_is_rewarded() -> None:
    scenario = replace(SCENARIOS["verbosity"], items=20_000, reference=4, monitored=4)
    arrays = simulate_arrays(scenario, 6)

    assert rise(arrays, 4, "log_length") == pytest.approx(0.5, abs=0.02)
    assert rise(arrays, 4, "judge") == pytest.approx(expected(scenario).judge, abs=0.02)
    assert scenario.apparent == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("kind", "count"), [("none", 6), ("improvement", 10), ("boundary", 1), ("gaming", 11)]
)
def test_the_table_has_its_scenarios_of_each_truth(kind: str, count: int) -> None:
    assert sum(SCENARIOS[name].truth == kind for name in TABLE) == count


@pytest.mark.parametrize(
    ("name", "phi"), [("gain", 1), ("partial", 0.2), ("backfire", -1 / 3), ("verbosity", 0)]
)
def test_phi_is_the_part_of_the_rise_that_users_get(name: str, phi: float) -> None:
    assert SCENARIOS[name].phi == pytest.approx(phi)


def test_a_drift_of_the_judge_is_no_rise_of_the_product() -> None:
    scenario = replace(SCENARIOS["judge_drift"], items=20_000, anchors=2000, gamed=0.0)
    arrays = simulate_arrays(scenario, 7)
    frozen = arrays["anchor"] >= 0
    replies = {name: values[~frozen] for name, values in arrays.items()}
    anchors = {name: values[frozen] for name, values in arrays.items()}

    assert scenario.truth == "none"
    assert rise(replies, 12, "judge") == pytest.approx(0.25, abs=0.02)
    assert rise(anchors, 12, "judge") == pytest.approx(0.25, abs=0.03)


def test_shocks_have_the_declared_spread_and_autocorrelation() -> None:
    scenario = Scenario(
        reference=400, monitored=400, items=400, user_shock=0.5, judge_shock=0.0, shock_rho=0.6,
        edit_seen=1.0, segments=(Segment(name="all", share=1.0),),
    )  # fmt: skip
    arrays = simulate_arrays(scenario, 8)
    weekly = np.bincount(arrays["week"], arrays["edit_rate"]) / 400
    slope = expected(scenario).worth["edit_rate"] * expected(replace(scenario, real=0.3)).judge
    latent = (weekly - weekly.mean()) / (slope / 0.3)
    judged = np.bincount(arrays["week"], arrays["judge"]) / 400

    assert latent.std() == pytest.approx(0.5, rel=0.2)
    assert np.corrcoef(latent[1:], latent[:-1])[0, 1] == pytest.approx(0.6, abs=0.12)
    assert judged.std() < 0.08
