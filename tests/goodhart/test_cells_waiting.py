"""Signals of which no value is one: they count once hardly any could still come."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from trueup.goodhart import Look, Signal, WatchSpec, backtest, read_cells
from trueup.goodhart.concurrent.ended import courses, ended_row

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells

START = pd.Timestamp("2026-01-05", tz="UTC")
WEEK = dt.timedelta(days=7)
SIZE = 20_000


def _spec(**fields: Any) -> WatchSpec:
    given = {"arrived": "retries_at", "within": "14d", "absent": 0, **fields}
    return WatchSpec(
        time="time", judge="judge", judge_repeat="again", group="user", arm="arm",
        version="version", design="concurrent",
        signals=[Signal("retries", better="lower", **given)],
    )  # fmt: skip


@cache
def _frame(delay: float, past: int = 6, filled: bool = False) -> pd.DataFrame:  # noqa: FBT001, FBT002 - a cache's key
    """Return an A/B in which users got all that the judge's rise should have brought.

    Half the users see the second version after so many weeks of the first. One retry in three or
    so, and none is an empty value, or a zero known at once where `filled`.
    """
    rng = np.random.default_rng(11)
    n = SIZE * (past + 4)
    day = rng.random(n) * 7 * (past + 4)
    user = rng.integers(0, 4_000, n)
    treated = (user % 2 == 0) & (day >= 7 * past)
    quality = rng.standard_normal(n) + 0.3 * treated
    judge, again = (3 + quality + 0.7 * rng.standard_normal(n) for _ in range(2))
    retried = rng.random(n) < np.clip(0.3 - 0.08 * quality, 0.01, 0.99)
    time = START + pd.Series(pd.to_timedelta((day * 86_400e6).astype(np.int64), unit="us"))
    late = rng.exponential(delay, n) * retried  # a zero is known at once
    took = pd.to_timedelta((late * 86_400e6).astype(np.int64), unit="us")
    frame = pd.DataFrame({
        "time": time, "user": user, "judge": judge,
        "again": np.where(rng.random(n) < 0.2, again, np.nan),
        "arm": np.where(user % 2 == 0, "treatment", "control"),
        "version": np.where(treated, "v2", "v1"),
        "retries": np.where(retried, 1.0, 0.0 if filled else np.nan),
        "retries_at": (time + took).where(retried | filled),
    })  # fmt: skip
    return frame[(frame["arm"] == "control") | (frame["time"] >= START + past * WEEK)]


def _seen(look: Look) -> int:
    return look.signals[0].count


def test_young_outputs_do_not_pull_the_users_share_of_a_rise_to_nothing() -> None:
    looks = backtest(_frame(7.0), _spec(within="14d"))

    assert len(looks) == 4
    assert _seen(looks[0]) == 0
    assert "old enough to count its retries" in looks[0].missing[0]
    assert "up to 14 days" in looks[0].missing[0]
    for look in looks[2:]:
        assert look.phi_low is not None
        assert look.phi_high is not None
        assert look.phi_low < 1 < look.phi_high
        assert look.phi_low > 0.5
    assert looks[-1].verdict == "improvement"


def test_a_signal_whose_window_outlasts_the_test_is_unidentified_and_says_why() -> None:
    last = backtest(_frame(7.0, past=0), _spec(within="28d"))[-1]

    assert last.verdict == "unidentified"
    assert "up to 28 days" in last.missing[0]


@pytest.mark.parametrize("filled", [False, True])
def test_what_comes_within_hours_does_not_wait_for_its_window(filled: bool) -> None:  # noqa: FBT001 - a case
    looks = backtest(_frame(0.1, filled=filled), _spec(within="14d"))

    assert _seen(looks[0]) > 0.8 * SIZE
    assert [look.verdict for look in looks[1:]] == ["improvement"] * 3


def test_zeros_that_are_known_at_once_do_not_hide_how_long_ones_take() -> None:
    looks = backtest(_frame(7.0, filled=True), _spec(within="14d"))

    assert looks[-1].phi_low is not None
    assert looks[-1].phi_high is not None
    assert looks[-1].phi_low < 1 < looks[-1].phi_high


def test_without_a_past_all_wait_until_outputs_of_the_test_have_had_their_time() -> None:
    counts = [_seen(look) for look in backtest(_frame(0.1, past=0), _spec(within="14d"))]

    assert counts[:2] == [0, 0]
    assert counts[2] > 2.8 * SIZE
    assert counts[3] > 3.8 * SIZE


def test_a_signal_that_says_no_arrival_waits_for_its_window() -> None:
    looks = backtest(_frame(7.0), _spec(arrived=None))

    assert [round(_seen(look) / SIZE) for look in looks] == [0, 0, 1, 2]
    assert looks[-1].phi_low is not None
    assert looks[-1].phi_high is not None
    assert looks[-1].phi_low < 1 < looks[-1].phi_high


def test_a_thumb_counts_from_when_it_was_given() -> None:
    counts = [_seen(look) for look in backtest(_frame(0.1), _spec(absent=None))]

    assert counts[0] > 0.25 * SIZE
    assert counts[3] > 3.5 * counts[0]


def test_the_row_of_a_test_has_the_whole_effect() -> None:
    frame, spec = _frame(7.0), _spec(within="14d")
    cells = read_cells(frame, spec)

    def known(end: dt.datetime, /) -> Cells:
        return read_cells(frame, spec, origin=cells.origin, edges=cells.edges, until=end)

    (course,) = courses(cells, spec)
    row = ended_row(cells, spec, course, as_of=known, name="row")

    assert row.covariance is not None
    error = row.covariance[1][1] ** 0.5
    # of retries that take a week on average so many come within two
    assert row.signals["retries"] == pytest.approx(-0.3 * 0.08 * (1 - np.exp(-2)), abs=2.5 * error)
    assert error < 0.006
