"""What `now` means: where it is given, nothing that came later is seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import SIGNALS, spec_of
from trueup.errors import DataError
from trueup.goodhart import Signal, WatchSpec, backtest, watch
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

ABSENT = Signal("retries", better="lower", arrived="retries_at", absent=0)


@cache
def _ab() -> pd.DataFrame:
    return simulate_experiment(replace(EXPERIMENTS["gaming"], items=1_500, monitored=6), 1)


@cache
def _stream() -> pd.DataFrame:
    frame = simulate_history(replace(SCENARIOS["gaming"], items=400), seed=1)
    fortnight = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 14
    found: pd.DataFrame = frame.assign(version="v" + fortnight.astype(str))
    return found


def _as_it_was(frame: pd.DataFrame, now: dt.datetime) -> pd.DataFrame:
    """Return a frame as it was at an instant."""
    then = frame[frame["timestamp"] < now].copy()
    for name in ("thumbs", "retries", "edit_rate"):
        later = then[f"{name}_at"] > now
        then.loc[later, name] = np.nan
        then.loc[later, f"{name}_at"] = pd.NaT
    return then


CASES = {
    "concurrent": (_ab, spec_of(design="concurrent", arm="arm", horizon=4)),
    "absent": (_ab, spec_of(design="concurrent", arm="arm", signals=(SIGNALS[0], ABSENT))),
    "weekly": (_stream, spec_of(reference=8)),
    "releases": (_stream, spec_of(design="releases", version="version", horizon="default")),
    "auto": (_stream, spec_of(design="auto", version="version", reference=8)),
}


@pytest.mark.parametrize("days", [16.5, 21.0])
@pytest.mark.parametrize("case", CASES)
def test_a_past_now_sees_what_the_frame_of_that_day_shows(case: str, days: float) -> None:
    source, spec = CASES[case]
    frame = source()
    days = days if source is _ab else days + 120
    now = (frame["timestamp"].min() + pd.Timedelta(days=days)).to_pydatetime()
    spoilt = frame.copy()
    spoilt.loc[spoilt["timestamp"] >= now, "judge"] = np.inf

    that_day = watch(_as_it_was(frame, now), spec, now=now)

    assert watch(frame, spec, now=now) == that_day
    assert watch(spoilt, spec, now=now) == that_day


def test_the_same_tasks_are_found_by_what_had_been_run_by_then() -> None:
    rng = np.random.default_rng(3)
    parts = [
        pd.DataFrame({"task": np.arange(300) + 1_000 * (week == 2), "version": f"v{week}",
                      "time": pd.Timestamp("2026-01-05", tz="UTC") + week * pd.Timedelta(days=7),
                      "judge": rng.standard_normal(300), "right": rng.random(300) < 0.5})
        for week in range(3)
    ]  # fmt: skip
    spec = WatchSpec(judge="judge", time="time", version="version", unit="task",
                     signals=[Signal("right", within="1d")])  # fmt: skip
    now = dt.datetime(2026, 1, 18, tzinfo=dt.UTC)

    then = watch(pd.concat(parts[:2]), spec, now=now)

    assert "each task with itself" in then.why
    assert watch(pd.concat(parts), spec, now=now) == then


def test_without_now_a_frame_of_the_future_is_taken_as_it_is() -> None:
    later = _ab().copy()
    for name in ("timestamp", "thumbs_at", "retries_at", "edit_rate_at"):
        later[name] += pd.Timedelta(days=364 * 60)

    looks = backtest(later, spec_of(design="concurrent", arm="arm", horizon=4))

    assert len(looks) == 6
    assert "all records are dated in the future, and were taken as they are" in looks[-1].notes


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "no records with an instant before 2020"),
        (dt.datetime(2026, 3, 1), "now is 2026-03-01T00:00:00, which has no zone"),  # noqa: DTZ001 - that is the point
    ],
)
def test_a_now_that_nothing_can_be_seen_at_is_refused(now: Any, what: str) -> None:
    with pytest.raises(DataError, match=what):
        watch(_ab(), spec_of(design="concurrent", arm="arm"), now=now)
