from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.designs import cells_of
from trueup.errors import DataError
from trueup.goodhart import backtest
from trueup.goodhart.arms import arms_of, sides_of
from trueup.goodhart.cells import Cells, read_cells
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.concurrent.looks import compare, effects_of, pair_of
from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import EXPERIMENTS, simulate_arrays, simulate_experiment

if TYPE_CHECKING:
    from trueup.goodhart.look import Look

SPEC = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    arm="arm",
    signals=[
        Signal("thumbs", arrived="thumbs_at"),
        Signal("retries", better="lower", arrived="retries_at"),
        Signal("edit_rate", better="lower", arrived="edit_rate_at"),
    ],
)  # fmt: skip


@cache
def _frame(name: str, seed: int = 1) -> pd.DataFrame:
    # more traffic than usual: one run must be enough to see what is true
    return simulate_experiment(replace(EXPERIMENTS[name], items=8_000, users=4_000), seed)


def _looks(frame: pd.DataFrame, spec: WatchSpec = SPEC, **more: Any) -> list[Look]:
    cells = read_cells(frame, spec)

    def known(end: dt.datetime) -> Cells:
        return read_cells(frame, spec, origin=cells.origin, edges=cells.edges, until=end)

    return concurrent_looks(cells, spec, as_of=known, **more)


@cache
def _usual(name: str) -> tuple[Look, ...]:
    return tuple(_looks(_frame(name)))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("gaming", "gaming"), ("gain", "improvement"), ("a/a", "judge_flat"), ("backfire", "gaming")],
)
def test_an_ab_test_ends_with_what_is_true_of_it(name: str, verdict: str) -> None:
    looks = _usual(name)
    assert len(looks) == 4
    assert looks[-1].verdict == verdict
    assert looks[-1].backfire == (name == "backfire")


def test_half_a_gain_is_called_neither_gaming_nor_improvement() -> None:
    last = _usual("boundary")[-1]
    assert last.verdict == "inconclusive"
    assert last.missing
    assert last.phi_low is not None
    assert last.phi_high is not None
    assert last.phi_low < 0.5 < last.phi_high


def test_a_signal_is_told_in_its_own_unit_and_direction() -> None:
    retries = next(s for s in _usual("gaming")[-1].signals if s.name == "retries")
    assert retries.expected is not None
    assert retries.change is not None
    assert retries.expected == pytest.approx(-0.044, abs=0.012)
    assert retries.change.low < 0 < retries.change.high


def test_gaming_says_up_to_which_overstatement_it_holds() -> None:
    last = _usual("gaming")[-1]
    assert last.holds_to is not None
    assert 1.5 < last.holds_to < 50
    asked = replace(SPEC, overstate=last.holds_to * 1.1)
    other = _looks(_frame("gaming"), asked)[-1]
    assert other.verdict == "inconclusive"
    assert "overstate" in other.missing[0]


def test_gaming_needs_the_primary_signal_below_its_declared_worth() -> None:
    spec = replace(SPEC, primary="retries", worth=0.03)
    assert _looks(_frame("gaming"), spec)[-1].verdict == "gaming"
    last = _looks(_frame("gaming"), replace(spec, worth=0.001))[-1]
    assert last.verdict == "inconclusive"
    assert "worth" in last.missing[0]


def test_without_reliability_no_improvement_is_claimed_and_gaming_still_is() -> None:
    spec = replace(SPEC, judge_repeat=None)
    last = _looks(_frame("gain"), spec)[-1]
    assert last.verdict == "inconclusive"
    assert "reliability" in last.missing[0]
    assert _looks(_frame("gaming"), spec)[-1].verdict == "gaming"


def test_a_look_uses_nothing_that_came_after_it() -> None:
    frame = _frame("gaming")
    second = pd.Timestamp("2026-01-19", tz="UTC")
    later = frame["timestamp"] >= second
    spoilt = frame.copy()
    spoilt.loc[later, "judge"] = 1.0
    for name in ("thumbs", "retries", "edit_rate"):
        spoilt.loc[spoilt[f"{name}_at"] >= second, name] = 0.0
    assert _looks(frame)[1].phi == _looks(spoilt)[1].phi


def test_looks_that_wait_for_all_signals_see_none_before_their_window_has_closed() -> None:
    looks = concurrent_looks(read_cells(_frame("gaming"), SPEC), SPEC)
    assert [look.phi is None for look in looks] == [True, True, False, False]


def test_after_the_planned_looks_the_last_verdict_stays() -> None:
    looks = _looks(_frame("gaming"), replace(SPEC, horizon=3))
    assert looks[3].verdict == looks[2].verdict == "gaming"
    assert looks[3].phi == looks[2].phi
    assert "stays" in looks[3].notes[-1]


def test_scores_left_out_in_one_arm_withhold_what_they_may_have_added() -> None:
    frame = _frame("a/a").copy()
    treated = (frame["arm"] == "treatment").to_numpy()
    lowest = (frame["judge"] <= 1).to_numpy()
    frame.loc[treated & lowest, "judge"] = np.nan
    last = _looks(frame)[-1]
    assert last.rise is not None
    assert last.rise.low > 0
    assert last.verdict == "inconclusive"
    assert "the judge scored" in last.missing[0]


def test_a_signal_that_other_people_give_in_one_arm_has_no_part() -> None:
    frame = _frame("gaming").copy()
    treated = (frame["arm"] == "treatment").to_numpy()
    half = np.random.default_rng(0).random(len(frame)) < 0.5
    frame.loc[treated & half, "edit_rate"] = np.nan
    edits = next(s for s in _looks(frame)[-1].signals if s.name == "edit_rate")
    assert edits.weight == 0
    assert edits.dropped is not None
    assert "are given for" in edits.dropped


def test_arms_whose_sizes_move_with_the_weeks_are_compared_within_weeks() -> None:
    frame = _frame("a/a").copy()
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    frame["judge"] += 2.0 * week
    treated = (frame["arm"] == "treatment").to_numpy()
    late = treated & (np.random.default_rng(0).random(len(frame)) < week / 4)
    last = _looks(frame[~treated | late])[-1]
    assert last.verdict == "judge_flat"


def test_records_from_before_the_treatment_count_as_control() -> None:
    before = replace(EXPERIMENTS["gaming"], reference=4)
    frame = simulate_experiment(before, 1)
    looks = _looks(frame, replace(SPEC, version="version"))
    assert len(looks) == 4
    assert looks[0].start == dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
    assert looks[-1].verdict == "gaming"


def test_the_same_tasks_run_by_two_versions_need_neither_users_nor_time() -> None:
    rng = np.random.default_rng(3)
    quality = rng.standard_normal(400)
    parts = []
    for version, gamed in (("v1", 0.0), ("v2", 1.0)):
        own = quality + 0.3 * rng.standard_normal(400)
        judge, again = (own + gamed + 0.5 * rng.standard_normal(400) for _ in range(2))
        right = (own + 0.5 * rng.standard_normal(400) > 0).astype(float)
        parts.append(
            pd.DataFrame(
                {"task": np.arange(400), "version": version, "judge": judge, "again": again,
                 "right": right}
            )
        )  # fmt: skip
    spec = WatchSpec(
        judge="judge", judge_repeat="again", version="version", unit="task",
        signals=[Signal("right", label="right answers")],
    )  # fmt: skip
    (look,) = concurrent_looks(read_cells(pd.concat(parts), spec), spec)
    assert look.verdict == "gaming"
    assert "'v2' against the control 'v1'" in look.why


def test_a_judge_raised_on_the_very_same_outcomes_is_gaming() -> None:
    rng = np.random.default_rng(4)
    right = (rng.random(120) < 0.7).astype(float)
    judge = 60 + 20 * right + 15 * rng.standard_normal(120)
    old = pd.DataFrame({"task": np.arange(120), "version": "0", "judge": judge, "right": right})
    new = old.assign(version="1", judge=judge + 10 + 5 * rng.standard_normal(120))
    spec = WatchSpec(judge="judge", version="version", unit="task", signals=[Signal("right")])
    (look,) = concurrent_looks(read_cells(pd.concat([old, new]), spec), spec)
    assert look.verdict == "gaming"
    assert look.phi == pytest.approx(0, abs=0.01)
    assert look.holds_to == np.inf


def test_the_control_is_found_by_its_name_or_by_its_age() -> None:
    cells = read_cells(_frame("a/a"), SPEC)
    arms = arms_of(cells, SPEC)
    assert (arms.control, arms.treatments, arms.why) == ("control", ("treatment",), "by its name")
    declared = arms_of(cells, replace(SPEC, control="treatment"))
    assert declared.control == "treatment"
    with pytest.raises(DataError, match="no arm is called"):
        arms_of(cells, replace(SPEC, control="contrl"))


def test_the_newest_of_several_treatments_is_compared_and_others_are_named() -> None:
    frame = _frame("gaming").copy()
    frame["arm"] = frame["arm"].astype(str)
    early = (frame["arm"] == "treatment") & (frame["user"] % 2 == 0)
    frame.loc[early, "arm"] = "first try"
    started = frame["timestamp"] >= pd.Timestamp("2026-01-12", tz="UTC")
    looks = _looks(frame[started | (frame["arm"] != "treatment")])
    assert {look.label for look in looks} == {"treatment"}
    assert looks[0].notes[0] == "not compared in this look: 'first try'"
    other = _looks(frame, treatment="first try")
    assert {look.label for look in other} == {"first try"}


def test_versions_that_never_met_are_refused() -> None:
    frame = _frame("a/a").copy()
    half = frame["timestamp"] < pd.Timestamp("2026-01-19", tz="UTC")
    frame["arm"] = np.where(half, "old", "new")
    with pytest.raises(DataError, match="never there in the same period"):
        _looks(frame)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"judge": 3.0}, "one and the same score"),
        ({"judge": np.nan}, "scored no outputs"),
        ({"user": 1}, "fewer than 5 users"),
    ],
)
def test_data_that_cannot_tell_are_unidentified(change: dict[str, Any], reason: str) -> None:
    frame = _frame("gaming").iloc[::20].assign(**change)
    last = _looks(frame)[-1]
    assert last.verdict == "unidentified"
    assert reason in last.missing[0]


def test_a_judge_that_signals_never_followed_is_unidentified_at_the_last_look() -> None:
    frame = _frame("gaming").copy()
    shuffled = np.random.default_rng(3).permutation(len(frame))
    for name in ("thumbs", "retries", "edit_rate"):
        frame[name] = frame[name].to_numpy()[shuffled]
        frame[f"{name}_at"] = frame["timestamp"]
    looks = _looks(frame)
    assert looks[-1].verdict == "unidentified"
    assert "have not followed this judge" in looks[-1].missing[0]


def test_effects_of_a_test_carry_their_whole_covariance() -> None:
    cells = read_cells(_frame("gain"), SPEC)
    sides = sides_of(cells, arms_of(cells, SPEC), "treatment")
    found = effects_of(compare(pair_of(cells, SPEC, sides), sides.periods, 0), SPEC)
    matrix = np.array(found.covariance)
    assert found.names == ("thumbs", "retries", "edit_rate")
    assert matrix.shape == (4, 4)
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert found.judge == pytest.approx(0.23, abs=0.05)
    assert found.signals[1] < 0
    assert found.reliability == pytest.approx(0.55, abs=0.1)


def test_past_tests_take_the_place_of_the_records_rules() -> None:
    last = _looks(_frame("gaming"), posterior=lambda _, error: blend(1.0, error))[-1]
    assert last.worth.source == "experiments"
    assert "by past tests" in last.worth.rule


def test_the_interval_of_phi_covers_it() -> None:
    scenario = EXPERIMENTS["partial"]
    inside = []
    for seed in range(40):
        cells = cells_of(simulate_arrays(scenario, 900 + seed), scenario)
        sides = sides_of(cells, arms_of(cells, SPEC), "treatment")
        _, low, high = compare(pair_of(cells, SPEC, sides), 4, 0).contrast().phi()
        inside.append((low is None or low <= 0.2) and (high is None or high >= 0.2))
    assert 0.88 <= np.mean(inside) <= 1


def test_the_benchmarks_cells_hold_the_sums_that_reading_gives() -> None:
    scenario = EXPERIMENTS["gaming"]
    until = dt.datetime(2026, 1, 19, tzinfo=dt.UTC)
    quick = cells_of(simulate_arrays(scenario, 5), scenario, until)
    read = read_cells(simulate_experiment(scenario, 5), SPEC, until=until)
    for name, values in quick.sums.items():
        assert values.sum() == pytest.approx(read.sums[name].sum()), name


def test_a_version_that_replaces_both_arms_leaves_their_test_as_it_was() -> None:
    frame = _frame("gaming")
    spec = replace(SPEC, arm=None, version="version", horizon=4, design="concurrent")
    named = frame.assign(version=np.where(frame["arm"] == "treatment", "v2", "v1"))
    later = named.assign(version="v3", timestamp=named["timestamp"] + pd.Timedelta(days=28))
    later = later.drop(columns=[f"{name}_at" for name in ("thumbs", "retries", "edit_rate")])
    found = backtest(pd.concat([named, later], ignore_index=True), spec)
    before = backtest(named, spec)

    assert [look.verdict for look in found[:3]] == [look.verdict for look in before[:3]]
    assert "nothing stood beside 'v3'" in " ".join(found[0].notes)


def test_a_judge_that_has_not_risen_has_no_share_of_its_rise() -> None:
    for look in _looks(_frame("a/a")):
        if look.verdict == "judge_flat" and look.rise is not None and look.rise.low <= 0:
            assert look.phi is None
