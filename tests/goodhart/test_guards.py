"""Each guard can withhold a verdict, in each design where what it sees can arise.

Histories in which a verdict is due, and the same with one thing moved beside it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.goodhart.conftest import SIGNALS, spec_of
from trueup.goodhart import backtest
from trueup.testing.histories import (
    EXPERIMENTS,
    RELEASES,
    SCENARIOS,
    simulate_experiment,
    simulate_history,
    simulate_releases,
)

if TYPE_CHECKING:
    import pandas as pd

    from trueup.goodhart import Look

DESIGNS = ("weekly", "concurrent", "releases")
DECIDED = ("gaming", "improvement")


@cache
def _frame(design: str, name: str) -> pd.DataFrame:
    """Return a history with a clear verdict, and in `later` where the new side is."""
    if design == "weekly":
        frame = simulate_history(replace(SCENARIOS[name], items=1_500), seed=1)
        week = (frame["timestamp"] - frame["timestamp"].min().normalize()).dt.days // 7
        return frame.assign(later=week >= 12)
    if design == "concurrent":
        frame = simulate_experiment(replace(EXPERIMENTS[name], items=6_000, users=4_000), 1)
        return frame.assign(later=frame["arm"] == "treatment")
    releases = RELEASES[name]
    larger = replace(
        releases, real=2 * releases.real, gamed=2 * releases.gamed, wander=0.01,
        scenario=replace(releases.scenario, items=5_000, judged=1.0, repeats=0.2),
    )  # fmt: skip
    frame = simulate_releases(larger, 3)
    return frame.assign(later=frame["version"].astype(str).str[1:].astype(int) > 6)


def _clearest(frame: pd.DataFrame, design: str, **fields: object) -> Look:
    """Return the last look that decides, of all that do, or the last one."""
    if design == "concurrent":
        fields = {"arm": "arm", "horizon": 4, **fields}
    if design == "releases":
        fields = {"version": "version", "horizon": "default", **fields}
    spec = spec_of(design=design, **fields)
    looks = backtest(frame, spec)
    decided = [look for look in looks if look.verdict in DECIDED]
    return decided[-1] if decided else looks[-1]


def _said(look: Look) -> str:
    dropped = [signal.dropped for signal in look.signals if signal.dropped]
    return " ".join([look.message, *look.missing, *look.notes, *dropped])


@pytest.mark.parametrize("name", ["gaming", "gain"])
@pytest.mark.parametrize("design", DESIGNS)
def test_without_anything_moved_there_is_a_verdict(design: str, name: str) -> None:
    wanted = "gaming" if name == "gaming" else "improvement"
    assert _clearest(_frame(design, name), design).verdict == wanted


@pytest.mark.parametrize("design", DESIGNS)
def test_another_judge_on_the_new_side_withholds(design: str) -> None:
    frame = _frame(design, "gaming")
    look = _clearest(frame.assign(who=np.where(frame["later"], "b", "a")), design, instrument="who")

    assert look.verdict not in DECIDED
    assert "judge" in _said(look)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_worst_outputs_left_unscored_withhold(design: str) -> None:
    name = {"weekly": "null", "concurrent": "a/a", "releases": "null"}[design]
    frame = _frame(design, name)
    worst = frame["judge"] <= frame["judge"].quantile(0.1)
    look = _clearest(frame.assign(judge=frame["judge"].where(~(frame["later"] & worst))), design)

    assert look.verdict not in DECIDED
    assert "the judge scored" in _said(look)


@pytest.mark.parametrize("everywhere", ["all segments", "one segment"])
@pytest.mark.parametrize("design", DESIGNS)
def test_other_people_answering_withholds(design: str, everywhere: str) -> None:
    frame = _frame(design, "gaming").copy()
    silent = frame["later"] & (np.random.default_rng(0).random(len(frame)) < 0.5)
    if everywhere == "one segment":
        silent &= frame["segment"] == frame["segment"].value_counts().index[0]
    for signal in SIGNALS:
        frame[signal.name] = frame[signal.name].where(~silent)

    look = _clearest(frame, design)

    assert look.verdict not in DECIDED
    assert "are given for" in _said(look)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_judge_of_unknown_noise_withholds_improvement(design: str) -> None:
    look = _clearest(_frame(design, "gain"), design, judge_repeat=None)

    assert look.verdict == "inconclusive"
    assert "reliability is unknown" in _said(look)


@pytest.mark.parametrize("design", DESIGNS)
def test_traffic_that_is_not_that_of_before_withholds(design: str) -> None:
    frame = _frame(design, "gaming")
    kind = frame["segment"].astype(str)
    few = np.random.default_rng(1).random(len(frame)) < 0.2  # of one segment stay as they were
    same = (kind == kind.iloc[0]) & few
    look = _clearest(
        frame.assign(segment=kind.where(same, frame["later"].astype(str) + kind)), design
    )

    assert look.verdict not in DECIDED, _said(look)
