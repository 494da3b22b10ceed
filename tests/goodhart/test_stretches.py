"""What was due at the end of each period: later records change no look that was had before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import Look, WatchSpec, backtest
from trueup.testing.histories import EXPERIMENTS, simulate_experiment, simulate_history

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
