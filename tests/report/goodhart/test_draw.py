"""The picture's figures come from cells and looks, for each design."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.report.goodhart import material
from trueup.goodhart import Signal, WatchSpec, backtest_cells, read_cells
from trueup.goodhart.look import Change
from trueup.report.goodhart.draw import picture_of
from trueup.testing.histories import RELEASES, SCENARIOS, simulate_history, simulate_releases

if TYPE_CHECKING:
    from trueup.goodhart import Cells, Look
    from trueup.report.goodhart.picture import Known, Picture

SIGNALS = (
    Signal("thumbs", arrived="thumbs_at"),
    Signal("retries", better="lower", arrived="retries_at"),
    Signal("edit_rate", better="lower", arrived="edit_rate_at"),
)
WEEKLY = WatchSpec(time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment",
                   group="user", signals=SIGNALS, design="weekly")  # fmt: skip


def known(values: Known) -> list[float]:
    return [value for value in values if value is not None]


def mean(values: Known, first: int, last: int | None = None) -> float:
    return float(np.mean(known(values[first:last])))


@pytest.fixture(scope="module")
def gaming() -> tuple[Cells, list[Look], Picture]:
    cells = read_cells(simulate_history("gaming", seed=1), WEEKLY)
    looks = backtest_cells(cells, WEEKLY)
    picture = picture_of(cells, WEEKLY, looks)
    assert picture is not None
    return cells, looks, picture


def test_a_gamed_stream_shows_a_judge_that_rose_and_users_who_stayed(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    _, looks, picture = gaming
    rise = looks[-1].rise
    assert rise is not None

    assert mean(picture.judge.mean, 0, 12) == pytest.approx(0, abs=1e-9)
    assert mean(picture.judge.mean, 12) == pytest.approx(rise.value, abs=0.03)
    assert mean(picture.users.mean, 12) < 0.3 * rise.value
    assert picture.after is not None
    assert picture.after.high < rise.low


def test_a_real_gain_shows_in_both_lines_alike() -> None:
    cells = read_cells(simulate_history("gain", seed=2), WEEKLY)
    picture = picture_of(cells, WEEKLY, backtest_cells(cells, WEEKLY))
    assert picture is not None

    judge, users = (mean(line.mean, 12) for line in (picture.judge, picture.users))
    assert users == pytest.approx(judge, rel=0.35)
    assert picture.alarm is None


def test_the_alarm_stands_at_the_look_that_first_said_so(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    _, looks, picture = gaming
    first = next(look for look in looks if look.verdict == "gaming")

    assert picture.alarm is not None
    assert picture.starts[picture.alarm] == first.start
    assert picture.since == 12


def test_the_latest_weeks_wait_for_their_signals(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    picture = gaming[2]

    assert picture.waiting == 2
    assert picture.users.mean[-2:] == (None, None)
    assert len(known(picture.judge.mean)) == len(picture.labels) == 38


def test_signals_are_in_their_own_unit_and_direction(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    retries = gaming[2].signals[1]

    assert all(0.2 < value < 0.4 for value in known(retries.realised.mean))
    # a rise of the judge should have brought fewer
    assert mean(retries.expected.mean, 12) < mean(retries.expected.mean, 0, 12) - 0.02


def test_ends_of_intervals_lie_around_their_mean(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    picture = gaming[2]
    for line in (picture.judge, picture.expected, picture.users):
        for value, low, high in zip(line.mean, line.low, line.high, strict=True):
            if value is not None and low is not None and high is not None:
                assert low < value < high


def test_a_stream_without_looks_has_a_picture_without_marks(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    bare = picture_of(gaming[0], WEEKLY)
    assert bare is not None

    assert (bare.since, bare.alarm, bare.after) == (None, None, None)
    assert bare.beside == gaming[2].beside == ""
    assert bare.judge == gaming[2].judge


def test_too_short_a_history_still_has_its_lines() -> None:
    spec = replace(WEEKLY, reference=20)
    short = replace(SCENARIOS["null"], monitored=1, items=500)
    cells = read_cells(simulate_history(short, seed=3), spec)
    looks = backtest_cells(cells, spec)
    picture = picture_of(cells, spec, looks)
    assert picture is not None

    assert looks[-1].verdict == "unidentified"
    assert picture.reference == len(picture.labels) == 13
    assert picture.since is None


def test_a_history_without_signals_has_no_picture(
    gaming: tuple[Cells, list[Look], Picture],
) -> None:
    assert picture_of(gaming[0], replace(WEEKLY, signals=())) is None


def test_a_holdback_is_taken_off_both_lines() -> None:
    spec = replace(WEEKLY, arm="arm", control="holdback")
    cells = read_cells(simulate_history("gaming_holdback", seed=4), spec)
    looks = backtest_cells(cells, spec)
    picture = picture_of(cells, spec, looks)
    assert picture is not None

    assert looks[-1].design == "weekly"
    assert picture.beside == "holdback"
    assert mean(picture.judge.mean, 12) == pytest.approx(0.2, abs=0.08)
    assert mean(picture.users.mean, 12) == pytest.approx(0.0, abs=0.08)


def test_releases_are_drawn_against_the_first() -> None:
    spec = replace(WEEKLY, design="releases", version="version")
    cells = read_cells(simulate_releases(RELEASES["gain"], seed=5), spec)
    look = material.look("improvement", 11, design="releases", since=None)
    picture = picture_of(cells, spec, [look])
    assert picture is not None

    assert picture.kind == "releases"
    assert picture.labels[0] == "v1"
    assert picture.judge.mean[0] == pytest.approx(0)
    assert picture.waiting == picture.reference == 0
    assert picture.after is not None
    assert picture.after.value == pytest.approx(1.09 * 0.22)


def test_versions_side_by_side_are_drawn_look_by_look() -> None:
    early = material.look("inconclusive", 0, design="concurrent", label="b", rise=None)
    other = material.look("gaming", 1, design="concurrent", label="c")
    looks = [
        early, other,
        *(material.look("gaming", at, design="concurrent", label="b") for at in (1, 2)),
    ]  # fmt: skip
    cells = read_cells(simulate_history(replace(SCENARIOS["null"], items=50, monitored=1)), WEEKLY)
    picture = picture_of(cells, WEEKLY, looks)
    assert picture is not None

    assert (picture.kind, len(picture.labels), picture.alarm) == ("looks", 2, 0)
    # -0.5 retries per 100 outputs, at -20 a judge point
    assert known(picture.users.mean) == pytest.approx([0.025, 0.025])
    assert picture.judge.mean == (0.22, 0.22)


def test_a_signal_that_moved_against_its_slope_is_a_loss() -> None:
    worse = material.signal(change=Change(value=0.02, low=0.01, high=0.03, before=0.3))
    look = material.look("gaming", design="concurrent", label="b", signals=(worse,))
    cells = read_cells(simulate_history(replace(SCENARIOS["null"], items=50, monitored=1)), WEEKLY)
    picture = picture_of(cells, WEEKLY, [look])
    assert picture is not None

    assert known(picture.users.mean) == pytest.approx([-0.1])
    assert picture.users.low[0] == pytest.approx(-0.15)
