"""A release is looked at once, when it has had about as much use as others and its signals."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import backtest
from trueup.testing.histories import RELEASES, as_of, simulate_releases

if TYPE_CHECKING:
    from trueup.goodhart import Look

DAY = pd.Timedelta(days=1)
SPEC = spec_of(design="releases", version="version")


@cache
def _frame() -> pd.DataFrame:
    """Return eleven releases, of which the ninth stays for three weeks longer than the others."""
    releases = RELEASES["gaming"]
    frame = simulate_releases(
        replace(releases, count=11, scenario=replace(releases.scenario, items=400)), 1
    )
    times = [name for name in frame.columns if name == "timestamp" or name.endswith("_at")]
    late = frame["version"].isin(["v10", "v11"])
    stays = frame[frame["version"] == "v9"]
    longer = [
        stays.assign(**{name: stays[name] + 7 * turn * DAY for name in times}) for turn in (1, 2, 3)
    ]
    frame = frame.copy()
    for name in times:
        frame.loc[late, name] += 21 * DAY
    return pd.concat([frame, *longer], ignore_index=True)


def _begin(version: str) -> pd.Timestamp:
    frame = _frame()
    return pd.Timestamp(frame.loc[frame["version"] == version, "timestamp"].min()).normalize()


def _seen(days: float, version: str) -> list[Look]:
    """Return the looks of so many days after a version's first one."""
    now = _begin(version) + days * DAY
    return backtest(as_of(_frame(), now), SPEC, now=now.to_pydatetime())


def test_a_release_that_runs_on_stays_one_look_at_what_it_was_then() -> None:
    final = {look.label: look for look in backtest(_frame(), SPEC)}
    found = [_seen(days, "v9")[-1] for days in range(12, 27, 3)]

    assert {look.label for look in found} == {"v9"}
    assert {look.start for look in found} == {final["v9"].start}
    assert {look.end for look in found} == {final["v9"].end}
    # late signals of its own period still come in until their window is over, those of others not
    whole = [look for look in found[3:] if look.message == final["v9"].message]
    assert len(whole) == len(found[3:])


@pytest.mark.parametrize(
    ("days", "why"),
    [(3, "it is decided once it has had"), (5, "is decided when its period is over"),
     (8, "waits for its signals until")],
)  # fmt: skip
def test_the_newest_release_waits_and_says_for_what(days: float, why: str) -> None:
    last = _seen(days, "v9")[-1]

    assert last.label == "v8"
    assert any("'v9'" in note and why in note for note in last.notes), last.notes


def test_a_short_release_is_decided_when_the_next_one_has_begun() -> None:
    frame = _frame()
    short = frame[~((frame["version"] == "v8") & (frame["timestamp"] > _begin("v8") + 4 * DAY))]
    before = _begin("v9").to_pydatetime()
    waiting = backtest(short[short["timestamp"] < before], SPEC, now=before)
    later = backtest(short, SPEC)

    assert [look.label for look in later] == ["v8", "v9", "v10", "v11"]
    assert waiting[-1].verdict == "inconclusive"
    assert "two thirds of what releases usually have" in waiting[-1].missing[0]


def test_releases_of_equal_use_are_looked_at_when_each_is_two_thirds_through() -> None:
    looks = backtest(_frame(), SPEC)

    assert [look.label for look in looks] == ["v8", "v9", "v10", "v11"]
    for look in looks:
        assert look.label is not None
        assert look.end is not None
        assert dt.timedelta(13) < look.end - _begin(look.label) < dt.timedelta(22)
