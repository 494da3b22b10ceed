"""A period is decided once, when it is over: never from a part of its records."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import (
    Look,
    Signal,
    WatchSpec,
    backtest,
    load_cells,
    read_cells,
    save_cells,
    watch,
)
from trueup.goodhart.cells import table
from trueup.goodhart.watching import whole_periods
from trueup.testing.histories import (
    EXPERIMENTS,
    SCENARIOS,
    as_of,
    simulate_experiment,
    simulate_history,
)

if TYPE_CHECKING:
    from pathlib import Path

WEEK = pd.Timedelta(days=7)
MONDAY = pd.Timestamp("2026-01-05", tz="UTC")
SPEC = WatchSpec(time="time", judge="judge", signals=[Signal("kept", within="7d")])


def _same(one: Look, other: Look) -> bool:
    said = [(x.verdict, x.start, x.message, x.missing) for x in (one, other)]
    return said[0] == said[1]


def _records(weeks: float, *, hours: float = 0.1, days: int = 7) -> pd.DataFrame:
    """Return a record every so many hours of the first days of each week."""
    time = MONDAY + pd.to_timedelta(np.arange(0, weeks * 168, hours), unit="h")
    time = time[time.day_of_week < days]
    rng = np.random.default_rng(1)
    return pd.DataFrame({"time": time, "judge": rng.normal(size=len(time)),
                         "kept": rng.random(len(time)) < 0.5})  # fmt: skip


@pytest.mark.parametrize("told", ["now", "clock"])
@pytest.mark.parametrize("design", ["concurrent", "weekly"])
def test_who_watches_daily_sees_each_period_decided_once(
    design: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if design == "concurrent":
        frame = simulate_experiment(replace(EXPERIMENTS["gaming"], items=700, monitored=6), 1)
        spec, begin = spec_of(design="concurrent", arm="arm", horizon=4), 0
    else:
        frame = simulate_history(replace(SCENARIOS["gaming"], items=200), seed=2)
        spec, begin = spec_of(reference=8, signals=[Signal("thumbs", arrived="thumbs_at")]), 154
    final = {look.start: look for look in backtest(frame, spec)}
    seen = set()
    for hours in range(24 * begin + 7, 24 * (begin + 29), 31):
        now = frame["timestamp"].min().normalize() + pd.Timedelta(hours=hours)
        monkeypatch.setattr(table, "clock", now.to_pydatetime)
        look = watch(as_of(frame, now), spec, now=now.to_pydatetime() if told == "now" else None)
        if look.start is None or look.end is None:
            continue
        assert look.end <= now
        assert final[look.start].alarm is not None or _same(look, final[look.start])
        seen.add(look.start)
    assert len(seen) >= 4


@pytest.mark.parametrize(
    ("weeks", "whole"), [(3, 3), (2.999, 3), (2.95, 3), (2.7, 2), (2.1, 2), (0.5, 1)]
)
def test_a_period_counts_once_its_records_are_there(weeks: float, whole: int) -> None:
    assert whole_periods(read_cells(_records(weeks), SPEC), SPEC) == whole


@pytest.mark.parametrize(("after", "whole"), [(0, 3), (0.5, 3), (2.0, 4)])
def test_a_clock_past_the_end_does_not_finish_a_part_of_a_period(after: float, whole: int) -> None:
    """Records may be on their way; after a whole period without any, none will come."""
    now = (MONDAY + (4 + after) * WEEK).to_pydatetime()

    cells = read_cells(_records(3.6), SPEC, now=now, until=now)

    assert whole_periods(cells, SPEC) == whole


def test_a_period_that_the_clock_shows_running_is_not_over() -> None:
    frame = _records(4, hours=24)
    thursday = (MONDAY + 3.5 * WEEK).to_pydatetime()
    by_week = frame.assign(time=MONDAY + (frame["time"] - MONDAY) // WEEK * WEEK)

    assert whole_periods(read_cells(frame, SPEC, now=thursday, until=thursday), SPEC) == 3
    assert whole_periods(read_cells(by_week, SPEC, now=thursday), SPEC) == 3
    assert whole_periods(read_cells(by_week, SPEC), SPEC) == 4


@pytest.mark.parametrize("days", [5, 6])
def test_a_period_that_always_ends_quietly_is_over_when_it_does(days: int) -> None:
    frame = _records(4, days=days)
    friday = frame[frame["time"] < MONDAY + 3 * WEEK + pd.Timedelta(days=days - 1)]

    assert whole_periods(read_cells(frame, SPEC), SPEC) == 4
    assert whole_periods(read_cells(friday, SPEC), SPEC) == 3


@pytest.mark.parametrize("seed", range(3))
def test_sparse_records_end_some_time_before_their_period(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = MONDAY + pd.to_timedelta(np.sort(rng.random(100)) * 5 * 168, unit="h")
    frame = pd.DataFrame({"time": time, "judge": rng.normal(size=100), "kept": 1.0})

    assert whole_periods(read_cells(frame, SPEC), SPEC) == 5


def test_what_is_over_outlives_a_file(tmp_path: Path) -> None:
    cells = read_cells(_records(2.5), SPEC)
    save_cells(tmp_path / "cells.parquet", cells)

    assert cells.over == MONDAY + 2 * WEEK
    assert load_cells(tmp_path / "cells.parquet").over == cells.over


def test_records_that_stopped_are_named_with_their_last_instant() -> None:
    frame = simulate_history(replace(SCENARIOS["null"], items=200), seed=1)
    spec = spec_of(signals=[Signal("thumbs", arrived="thumbs_at")])
    last = frame["timestamp"].max()
    now = (last + pd.Timedelta(days=30)).to_pydatetime()

    ended, then = watch(frame, spec, now=now), watch(frame, spec)

    assert len([text for text in ended.missing if "no records since" in text]) == 1
    assert f"no records since {last:%Y-%m-%d %H:%M}" in ended.message
    assert (ended.period, ended.verdict, ended.rise) == (then.period, then.verdict, then.rise)
    assert "no records since" not in then.message
    soon = (last + pd.Timedelta(days=3)).to_pydatetime()
    assert "no records since" not in watch(frame, spec, now=soon).message


def test_a_test_that_is_over_needs_no_more_records() -> None:
    frame = simulate_experiment(replace(EXPERIMENTS["a/a"], items=400, monitored=4), 1)
    spec = spec_of(design="concurrent", arm="arm", horizon=4)
    now = (frame["timestamp"].max() + pd.Timedelta(days=30)).to_pydatetime()
    half = frame[frame["timestamp"] < frame["timestamp"].min().normalize() + 2 * WEEK]

    assert "no records since" not in watch(frame, spec, now=now).message
    assert "no records since" in watch(half, spec, now=now).message


def test_a_pause_that_the_records_had_before_is_no_end() -> None:
    frame = _records(30)
    frame = frame[(frame["time"] < MONDAY + 14 * WEEK) | (frame["time"] >= MONDAY + 18 * WEEK)]

    def message(weeks: int) -> str:
        return watch(frame, SPEC, now=(MONDAY + (30 + weeks) * WEEK).to_pydatetime()).message

    assert "no records since" not in message(3)
    assert "no records since" in message(6)


@pytest.mark.parametrize("zone", [dt.UTC, dt.timezone(dt.timedelta(hours=5))])
def test_now_is_an_instant_in_any_zone_or_its_text(zone: dt.timezone) -> None:
    frame = _records(3)
    now = (MONDAY + 2 * WEEK).tz_convert(zone)

    assert watch(frame, SPEC, now=now.isoformat()) == watch(frame, SPEC, now=now.to_pydatetime())


@pytest.mark.parametrize("weeks", [5, 16, 30])
def test_how_far_it_holds_stands_on_every_look(weeks: int) -> None:
    frame = simulate_history(replace(SCENARIOS["gaming"], items=200), seed=1)
    frame = frame[frame["timestamp"] < frame["timestamp"].min() + weeks * WEEK]

    looks = backtest(frame, spec_of(signals=[Signal("thumbs", arrived="thumbs_at")]))

    assert all(look.holds_to is not None for look in looks)
    assert all(look.holds_to == math.inf for look in looks if look.verdict == "unidentified")


def test_no_signal_and_no_judge_are_what_no_overstatement_removes() -> None:
    frame = _records(3)
    for spec in (replace(SPEC, signals=()), SPEC):
        look = watch(frame.assign(judge=float("nan")), spec)
        assert (look.verdict, look.holds_to) == ("unidentified", math.inf)
