"""Whole runs: recorded ones with a known onset, and simulated ones with a known truth.

An alarm is the first action that is not `continue`; `benchmarks/training.py` runs more of each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.training import GAMED, HONEST, Setting, in_time, optimised, outcomes, replayed

CURVES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "cherrl" / "curves.json"

RUNS = 9
SOME = ("nothing moves", "autocorrelation .5", "gold every 5 steps", "gold gains .6 of it")
GAMED_SOME = ("gold falls, from 150", "gold flat, from 50", "gold rises slower, from 250",
              "gold flat, noise sd .10")  # fmt: skip


@pytest.fixture(scope="module")
def curves() -> dict[str, Any]:
    if not CURVES.exists():
        pytest.skip(f"no {CURVES}")
    found: dict[str, Any] = json.loads(CURVES.read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", ["A", "C", "F", "G"])
def test_a_recorded_run_is_alarmed_near_its_onset_and_a_control_never(
    name: str, curves: dict[str, Any]
) -> None:
    run = curves[name]
    plain = replayed(run["proxy"], run["gold"], sd=0.0, runs=1)[0]
    noisy = replayed(run["proxy"], run["gold"], sd=0.05, runs=RUNS)

    assert in_time(run["onset"], plain.warned)
    assert in_time(run["onset"], plain.stopped)
    assert sum(in_time(run["onset"], one.warned) for one in noisy) >= RUNS - 1
    assert sum(in_time(run["onset"], one.stopped) for one in noisy) >= RUNS - 1


@pytest.mark.parametrize(
    "setting", [one for one in HONEST if one.name in SOME], ids=lambda one: one.name
)
def test_a_run_that_is_not_gamed_is_left_alone(setting: Setting) -> None:
    found = outcomes(setting, 5)

    assert sum(one.stopped is not None for one in found) == 0
    assert sum(one.warned is not None for one in found) <= 1


@pytest.mark.parametrize(
    "setting", [one for one in GAMED if one.name in GAMED_SOME], ids=lambda one: one.name
)
def test_a_gamed_run_is_stopped_soon_after_its_onset(setting: Setting) -> None:
    found = outcomes(setting, 8)

    assert sum(in_time(setting.onset, one.warned) for one in found) >= 7
    assert sum(in_time(setting.onset, one.stopped) for one in found) >= 7


@pytest.mark.parametrize("with_kl", [True, False])
def test_going_back_keeps_nearly_all_gold_and_patience_does_not(*, with_kl: bool) -> None:
    rng = np.random.default_rng(0)
    found = [optimised(100, rng, with_kl=with_kl) for _ in range(10)]
    kept = {name: [one.gold[name] for one in found] for name in found[0].gold}

    for name in ("monitor", "fall alone", *(["curve alone"] if with_kl else [])):
        assert np.mean(kept[name]) > 0.98
        assert np.mean(kept[name]) > np.mean(kept["patience 5"]) > np.mean(kept["patience 3"])
    early = {name: sum(one.early[name] for one in found) for name in found[0].early}
    assert early["fall alone"] == 0
    assert early.get("curve alone", 0) <= 1
    assert early["monitor"] < early["patience 3"]
