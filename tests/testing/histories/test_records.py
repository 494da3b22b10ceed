"""The shape of simulated records: columns, arrival, samples, anchors, users, seeds."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trueup.testing.histories import (
    SCENARIOS,
    TABLE,
    Scenario,
    as_of,
    simulate_arrays,
    simulate_history,
    week_end,
)

SMALL: dict[str, Any] = {"items": 400, "reference": 3, "monitored": 4}


def small(name: str, **fields: Any) -> Scenario:
    return replace(SCENARIOS[name], **(SMALL | fields))


@lru_cache
def plain() -> pd.DataFrame:
    return simulate_history(small("gain"), 1, hidden=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_ordered_rows_in_its_weeks(name: str) -> None:
    scenario = small(name)
    frame = simulate_history(scenario, 2)

    assert len(frame) == 7 * (400 + scenario.anchors)
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["timestamp"].min() >= pd.Timestamp(scenario.start, tz="UTC")
    assert frame["timestamp"].max() < week_end(scenario, 3)
    assert frame["id"].is_unique
    assert ("anchor" in frame) == (scenario.anchors > 0)
    assert ("judge_weight" in frame) == (scenario.judged != 1)


def test_the_table_is_the_one_of_the_limits() -> None:
    assert len(TABLE) == 28
    assert all(SCENARIOS[name].weeks == 38 and SCENARIOS[name].items == 3000 for name in TABLE)


def test_equal_seeds_give_equal_frames_and_others_do_not() -> None:
    one, same, other = (simulate_history(small("gaming_mix"), seed) for seed in (5, 5, 6))

    pd.testing.assert_frame_equal(one, same)
    assert not one["timestamp"].equals(other["timestamp"])


def test_what_the_product_cannot_know_is_left_out_unless_asked_for() -> None:
    assert {"week", "quality"} <= set(plain())
    assert not {"week", "quality"} & set(simulate_history(small("gain"), 1))


@pytest.mark.parametrize(
    ("name", "share"), [("thumbs", 0.02), ("retries", 1.0), ("edit_rate", 0.3)]
)
def test_signals_are_seen_in_their_share_and_arrive_after_the_reply(
    name: str, share: float
) -> None:
    frame = plain()
    given = frame[name].notna()

    assert given.mean() == pytest.approx(share, abs=0.03)
    assert (frame[f"{name}_at"].notna() == given).all()
    assert (frame.loc[given, f"{name}_at"] >= frame.loc[given, "timestamp"]).all()
    assert frame[name].dropna().between(0, 1).all()


@pytest.mark.parametrize(("name", "days"), [("null", 2.0), ("null_delay", 10.0)])
def test_delays_have_the_declared_mean(name: str, days: float) -> None:
    frame = simulate_history(small(name, items=2000), 3)
    waited = (frame["retries_at"] - frame["timestamp"]).dt.total_seconds() / 86_400

    assert waited.mean() == pytest.approx(days, rel=0.05)


def test_an_earlier_view_lacks_later_replies_and_signals() -> None:
    when = week_end(small("gain"), 0)
    known = as_of(plain(), when)
    late = plain()["retries_at"] >= when

    assert len(known) == 4 * 400
    assert known["retries"].isna().sum() == late[: len(known)].sum() > 0
    assert (known["retries_at"].dropna() < when).all()
    assert plain()["retries"].notna().all()


def test_zeros_may_lack_a_time_and_retries_may_be_counts() -> None:
    frame = simulate_history(small("null", zeros_timed=False, retry_again=0.4), 4)

    assert frame["retries"].max() > 1
    assert (frame["retries_at"].isna() == (frame["retries"] == 0)).all()


def test_a_judged_sample_carries_weights_that_undo_its_tilt() -> None:
    scenario = small("gain_judged_tilted", items=20_000, real=0.0)
    frame = simulate_history(scenario, 5)
    judged = frame["judge"].notna()

    assert (frame["judge_weight"].notna() == judged).all()
    assert frame.loc[judged, "judge_weight"].sum() == pytest.approx(len(frame), rel=0.05)
    assert frame.loc[judged, "log_length"].mean() > frame["log_length"].mean() + 0.15
    weighted = np.average(
        frame.loc[judged, "log_length"], weights=frame.loc[judged, "judge_weight"]
    )
    assert weighted == pytest.approx(frame["log_length"].mean(), abs=0.03)


def test_a_number_judged_a_week_is_met() -> None:
    frame = simulate_history(small("gaming_judged_few", items=3000), 6, hidden=True)

    assert frame["judge"].notna().groupby(frame["week"]).sum().mean() == pytest.approx(300, rel=0.1)
    assert frame["judge_rep"].notna().sum() / frame["judge"].notna().sum() > 0.4


def test_anchors_are_the_same_outputs_every_week_and_have_no_signals() -> None:
    frame = simulate_history(small("judge_drift"), 7, hidden=True)
    anchors = frame[frame["anchor"].notna()]

    assert len(anchors) == 7 * 40
    assert len(anchors[["anchor", "quality", "log_length"]].drop_duplicates()) == 40
    assert anchors.groupby("anchor", observed=True)["judge"].nunique().mean() > 1
    assert anchors[["thumbs", "retries", "edit_rate", "retries_at"]].isna().all().all()


def test_a_judge_that_abstains_leaves_out_the_worst_from_the_onset_on() -> None:
    frame = simulate_history(small("coverage_change", items=4000), 8, hidden=True)
    silent = frame["judge"].isna()

    assert not silent[frame["week"] < 3].any()
    assert silent[frame["week"] >= 3].mean() == pytest.approx(0.08, abs=0.01)
    assert frame.loc[silent, "quality"].mean() < -1


def test_a_changed_mix_and_readiness_to_rate_begin_at_the_onset() -> None:
    mixed = simulate_history(small("mix_shift", items=3000), 9, hidden=True)
    asked = simulate_history(small("fb_shift", items=20_000), 9, hidden=True)
    code = (mixed["segment"] == "code").groupby(mixed["week"] >= 3).mean()
    rated = asked["thumbs"].notna().groupby(asked["week"] >= 3).mean()
    up = asked["thumbs"].groupby(asked["week"] >= 3).mean()

    assert code.tolist() == pytest.approx([0.2, 0.55], abs=0.02)
    assert rated[True] / rated[False] == pytest.approx(1.32, abs=0.1)
    assert up[True] < up[False] - 0.08


def test_those_held_back_stay_on_the_first_version() -> None:
    frame = simulate_history(small("gain", holdback=0.3, items=4000), 10, hidden=True)
    means = frame[frame["week"] >= 3].groupby("arm", observed=True)["judge"].mean()

    assert frame[["user", "arm"]].drop_duplicates()["user"].is_unique
    assert set(frame.loc[frame["arm"] == "holdback", "version"]) == {"v1"}
    assert means["main"] - means["holdback"] == pytest.approx(0.23, abs=0.06)


def test_clustered_users_are_few_and_unequal() -> None:
    counts = simulate_history(small("clustered", items=3000), 11)["user"].value_counts()

    assert len(counts) <= 200
    assert counts.iloc[:20].sum() > 0.3 * counts.sum()


def test_growth_gaps_ramps_and_late_onsets_shape_the_weeks() -> None:
    scenario = small("gain", growth=1.0, gaps=(1,), ramp=2, onset=1)
    arrays = simulate_arrays(scenario, 12)
    each = np.bincount(arrays["week"], minlength=7)

    assert each.tolist() == [400, 0, 533, 600, 667, 733, 800]
    assert [scenario.grown(week) for week in range(7)] == [0, 0, 0, 0, 0.5, 1, 1]
    assert set(arrays["version"][arrays["week"] < 4]) == {0}


@pytest.mark.parametrize(
    "wrong",
    [{"active": 1.2}, {"reliability": 0.0}, {"overstatement": 0.5}, {"items": 0}, {"ramp": 0}],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        small("gain", **wrong)


def test_an_unknown_name_is_met_with_the_closest_one() -> None:
    with pytest.raises(ValueError, match="Did you mean 'gaming_late'"):
        simulate_history("gaming_lat")
