"""What was due at the end of each period: later records change no look that was had before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import Look, WatchSpec, backtest, backtest_cells, read_cells
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

WEEK = dt.timedelta(days=7)
AUTO = {"design": "auto", "version": "version", "reference": 8, "horizon": "default"}


def spec(**fields: object) -> WatchSpec:
    return spec_of(**{**AUTO, **fields})


@lru_cache
def stream_then_ab() -> pd.DataFrame:
    """Return twelve weeks of one version, then four in which half the users see another one."""
    experiment = replace(EXPERIMENTS["gaming"], reference=12, monitored=4)
    frame = simulate_experiment(experiment, seed=1)
    begin = frame["timestamp"].min().normalize() + 12 * WEEK
    new = (frame["arm"] == "treatment") & (frame["timestamp"] >= begin)
    found: pd.DataFrame = frame.assign(version=np.where(new, "v2", "v1")).drop(columns="arm")
    return found


def until(frame: pd.DataFrame, weeks: int) -> pd.DataFrame:
    inside = frame["timestamp"] < frame["timestamp"].min().normalize() + weeks * WEEK
    found: pd.DataFrame = frame[inside]
    return found


def told(looks: list[Look]) -> list[tuple[str, str, str, str]]:
    return [(one.design, one.called, one.verdict, one.message) for one in looks]


def test_an_ab_that_begins_leaves_the_looks_at_the_stream_before_it_as_they_were() -> None:
    looks = backtest(stream_then_ab(), spec())
    before = backtest(until(stream_then_ab(), 12), spec())

    designs = [look.design for look in looks]
    # within one week a switch of versions would look the same
    assert designs == ["weekly"] * 5 + ["concurrent"] * 3
    assert told(looks[:4]) == told(before)
    assert "side by side" in looks[-1].why
    assert looks[-1].verdict == "gaming"


def test_every_look_is_the_last_one_of_the_records_by_its_end() -> None:
    frame = stream_then_ab()
    looks = backtest(frame, spec())

    for weeks in (13, 14, 15):
        now = dt.datetime.fromisoformat(str(frame["timestamp"].min().normalize() + weeks * WEEK))
        seen = backtest(until(frame, weeks), spec(), now=now)
        assert told(seen) == told(looks[: len(seen)])


def test_a_stream_is_gone_on_with_after_an_ab() -> None:
    frame = stream_then_ab()
    shift = frame[frame["version"] == "v1"].copy()
    for name in ("timestamp", "thumbs_at", "retries_at", "edit_rate_at"):
        shift[name] = shift[name] + 16 * WEEK
    shift["version"] = "v3"
    looks = backtest(pd.concat([frame, shift], ignore_index=True), spec())

    ends = [look.end for look in looks]
    assert all(end is not None for end in ends)
    assert ends == sorted(ends, key=str)
    designs = [look.design for look in looks]
    assert designs[5:8] == ["concurrent"] * 3
    assert set(designs[:5] + designs[8:]) == {"weekly"}


@pytest.mark.parametrize("weeks", [9, 10, 11])
def test_versions_that_follow_one_another_within_a_week_are_no_ab(weeks: int) -> None:
    frame = until(simulate_history("gaming", seed=1), weeks)
    days = (frame["timestamp"] - frame["timestamp"].min().normalize()) // dt.timedelta(days=1)
    frame = frame.assign(version=[f"v{max((day + 3) // 7, 1)}" for day in days])
    looks = backtest(frame, spec(reference=8))

    assert {look.design for look in looks} == {"weekly"}


def test_a_third_arm_leaves_the_looks_at_the_second_as_they_were() -> None:
    frame = simulate_experiment(replace(EXPERIMENTS["gaming"], monitored=4), seed=1)
    first = frame["timestamp"].min().normalize()
    third = (frame["arm"] == "treatment") & (frame["user"] % 2 == 0)
    late = frame["timestamp"] >= first + 2 * WEEK
    later = frame.assign(arm=np.where(third & late, "third", frame["arm"]))
    looks = backtest(later, spec_of(design="concurrent", arm="arm", horizon=4))

    assert [look.label for look in looks] == ["treatment"] * 2 + ["third"] * 2
    alone = backtest(until(frame, 2), spec_of(design="concurrent", arm="arm", horizon=4))
    assert told(looks[:2]) == told(alone)


def test_a_few_stray_outputs_of_a_version_are_no_arm() -> None:
    frame = simulate_experiment("gaming", seed=1)
    frame = frame.assign(version=frame["arm"].astype(str)).drop(columns="arm")
    stray = frame["version"].copy()
    stray.iloc[-3:] = "debug"
    looks = backtest(frame.assign(version=stray), spec_of(design="concurrent", version="version"))

    assert {look.label for look in looks} == {"treatment"}


def test_what_a_horizon_left_undecided_is_not_the_next_ones_normal() -> None:
    small = replace(SCENARIOS["gaming"], gamed=0.12, items=500, monitored=32)
    looks = backtest(simulate_history(small, seed=3), spec_of(horizon=26))
    later = [look for look in looks if look.horizon == (26, 52)]

    assert looks[25].verdict == "inconclusive"
    assert later[-1].against == tuple(range(-12, 0))
    assert later[0].end is not None
    assert f"on {(later[0].end + 3 * WEEK).date()}" in later[0].message


def test_a_horizon_in_which_nothing_happened_is_the_next_ones_reference() -> None:
    calm = replace(SCENARIOS["null"], items=500, monitored=31)
    looks = backtest(simulate_history(calm, seed=3), spec_of(horizon=26))

    assert looks[25].verdict == "judge_flat"
    assert looks[-1].against == tuple(range(14, 26))


def test_users_held_back_for_good_are_the_streams_yardstick_once_their_test_is_over() -> None:
    held = replace(SCENARIOS["gaming"], holdback=0.1, onset=8, monitored=16)
    frame = simulate_history(held, seed=1)
    looks = backtest(frame, spec_of(design="auto", arm="arm", horizon="default"))

    assert looks[0].design == "concurrent"
    assert looks[-1].design == "weekly"
    assert "was over after 4 looks" in looks[-1].why
    assert looks[-1].rise is not None
    assert looks[-1].rise.low > 0  # which four looks at the test's first weeks never saw


def test_a_second_gaming_is_found_after_the_first_was_taken_back() -> None:
    frame = simulate_history(replace(SCENARIOS["null"], items=1500), seed=0)
    week = (frame["timestamp"] - frame["timestamp"].min().normalize()) // WEEK
    gamed = week.between(16, 21) | (week >= 28)
    for name in ("judge", "judge_rep"):
        frame[name] += 0.45 * gamed
    looks = backtest_cells(read_cells(frame, spec_of()), spec_of(), latch=False)

    verdicts = [look.verdict for look in looks]
    assert "gaming" in verdicts[6:12]
    assert set(verdicts[14:18]) == {"judge_flat"}
    assert verdicts[20:] == ["gaming"] * 6
    assert looks[-1].since == 16


@pytest.mark.parametrize("start", ["2030-01-01", "2020-01-01", 99])
def test_starts_outside_what_is_monitored_are_said_to_be(start: int | str) -> None:
    frame = until(simulate_history(replace(SCENARIOS["gaming"], items=500), seed=1), 20)
    looks = backtest(frame, spec_of(starts=[start]))

    assert {look.verdict for look in looks} == {"unidentified"}
    assert f"starts ({start}) names nothing between 2026-03-30" in looks[-1].missing[0]


def test_a_start_among_others_that_lie_outside_is_looked_at() -> None:
    frame = until(simulate_history("gaming", seed=1), 24)
    looks = backtest(frame, spec_of(starts=[0, "2030-01-01"]))

    assert looks[-1].verdict == "gaming"
