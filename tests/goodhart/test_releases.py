from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pytest

from trueup.errors import DataError
from trueup.goodhart.cells import read_cells
from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.releases import release_looks
from trueup.goodhart.releases.fit import fit
from trueup.goodhart.releases.looks import _history, frozen_arm, plan_of, sequence_of
from trueup.goodhart.releases.regression import Frozen, Models, Regression, models, trend
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import RELEASES, simulate_releases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.look import Look

    Floats = NDArray[np.float64]

SPEC = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    version="version",
    signals=[
        Signal("thumbs", arrived="thumbs_at"),
        Signal("retries", better="lower", arrived="retries_at"),
        Signal("edit_rate", better="lower", arrived="edit_rate_at"),
    ],
)  # fmt: skip
HELD = replace(SPEC, arm="arm")


@cache
def _frame(name: str, count: int = 12) -> pd.DataFrame:
    releases = RELEASES[name]
    scenario = replace(releases.scenario, items=6000, judged=1.0, repeats=0.2)
    # effects twice the usual: one run must be enough to see what is true
    larger = replace(releases, real=2 * releases.real, gamed=2 * releases.gamed, wander=0.01)
    return simulate_releases(replace(larger, count=count, scenario=scenario), 3)


@cache
def _looks(name: str, *, held: bool = False) -> tuple[Look, ...]:
    spec = HELD if held else SPEC
    return tuple(release_looks(read_cells(_frame(name), spec), spec))


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("name", "verdict"), [("gaming", "gaming"), ("gain", "improvement"), ("null", "judge_flat")]
)
def test_a_sequence_of_releases_ends_with_what_is_true_of_it(
    name: str, verdict: str, *, held: bool
) -> None:
    looks = _looks(f"{name}_holdback" if held else name, held=held)
    assert len(looks) == 5
    assert looks[-1].verdict == verdict
    assert looks[-1].design == "releases"


def test_a_look_is_taken_once_its_releases_signals_have_had_their_time() -> None:
    looks = _looks("gaming")
    assert [look.label for look in looks] == ["v8", "v9", "v10", "v11", "v12"]
    assert looks[0].start == dt.datetime(2026, 2, 23, tzinfo=dt.UTC)
    assert looks[0].end == dt.datetime(2026, 3, 16, tzinfo=dt.UTC)


def test_half_a_gain_is_neither_and_its_interval_holds_it() -> None:
    last = _looks("boundary")[-1]
    assert last.verdict == "inconclusive"
    assert last.phi_low is not None
    assert last.phi_high is not None
    assert last.phi_low < 0.5 < last.phi_high


def test_the_signals_change_is_that_over_all_releases() -> None:
    retries = next(s for s in _looks("gain")[-1].signals if s.name == "retries")
    assert retries.expected is not None
    assert retries.change is not None
    assert retries.expected == pytest.approx(-0.11, abs=0.03)
    assert retries.change.low < retries.expected < retries.change.high


def test_fewer_than_eight_releases_are_unidentified() -> None:
    frame = _frame("gaming")
    few = frame[frame["version"].isin([f"v{i}" for i in range(1, 8)])]
    (look,) = release_looks(read_cells(few, SPEC), SPEC)
    assert look.verdict == "unidentified"
    assert look.missing == ("a decision from releases needs 8 of them, and there are 7",)


def test_one_look_at_all_releases_is_had_with_a_horizon_of_one() -> None:
    spec = replace(SPEC, horizon=1)
    (look,) = release_looks(read_cells(_frame("gaming"), spec), spec)
    assert look.label == "v12"


def test_overstatement_and_worth_must_hold_for_gaming() -> None:
    cells = read_cells(_frame("gaming"), SPEC)
    holds = _looks("gaming")[-1].holds_to
    assert holds is not None
    assert holds > 1
    asked = release_looks(cells, replace(SPEC, overstate=2 * holds))[-1]
    assert asked.verdict == "inconclusive"
    assert "overstate" in asked.missing[0]
    worth = release_looks(cells, replace(SPEC, primary="retries", worth=0.001))[-1]
    assert worth.verdict == "inconclusive"


def test_without_reliability_no_improvement_is_claimed() -> None:
    spec = replace(SPEC, judge_repeat=None)
    last = release_looks(read_cells(_frame("gain"), spec), spec)[-1]
    assert last.verdict == "inconclusive"
    assert "reliability" in last.missing[0]


def test_versions_without_time_are_ordered_by_name_or_as_told() -> None:
    frame = _frame("gaming")
    spec = replace(SPEC, time=None)
    cells = read_cells(frame, spec)
    assert release_looks(cells, spec)[-1].label == "v12"
    backwards = [f"v{i}" for i in range(12, 0, -1)]
    last = release_looks(cells, spec, order=backwards)[-1]
    assert last.label == "v1"
    assert last.verdict == "judge_flat"
    with pytest.raises(DataError, match="leaves out version 'v12'"):
        release_looks(cells, spec, order=backwards[1:])


def test_the_frozen_arm_is_the_one_that_kept_its_version() -> None:
    cells = read_cells(_frame("gaming_holdback"), HELD)
    assert frozen_arm(cells, HELD) == "holdback"
    assert frozen_arm(read_cells(_frame("gaming"), HELD), HELD) is None


def test_shocks_of_a_week_do_not_reach_a_comparison_with_the_frozen_arm() -> None:
    frame = _frame("gaming_holdback").copy()
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    frame["edit_rate"] -= 0.02 * week  # users grow happier with the season, in both arms
    last = release_looks(read_cells(frame, HELD), HELD)[-1]
    assert last.verdict == "gaming"
    assert "kept on one ('holdback')" in last.why


def test_a_constant_judge_is_unidentified() -> None:
    frame = _frame("gaming").assign(judge=3.0)
    last = release_looks(read_cells(frame, SPEC), SPEC)[-1]
    assert last.verdict == "unidentified"


def test_the_design_needs_a_column_of_versions() -> None:
    spec = replace(SPEC, version=None)
    with pytest.raises(DataError, match="no column of versions"):
        release_looks(read_cells(_frame("gaming"), spec), spec)


def _chances(series: Floats, known: Models) -> Floats:
    """Return for each series the chance that it has no upward trend."""
    return np.array([trend(one, 1.0, known)[2] for one in series])


def _shocks(size: int, shock: float, linger: float) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return shock * linger**apart


@pytest.mark.parametrize(("shock", "linger"), [(0.0, 0.0), (2.25, 0.6)])
def test_a_trends_error_knows_of_shocks(shock: float, linger: float) -> None:
    rng = np.random.default_rng(1)
    size, runs = 14, 400
    known = models(np.ones(size), np.arange(size, dtype=float))
    covariance = np.eye(size) + _shocks(size, shock, linger)
    series = rng.multivariate_normal(np.zeros(size), covariance, runs)
    assert 0.01 <= np.mean(_chances(series, known) < 0.05) <= 0.085


@pytest.mark.parametrize(("size", "least"), [(8, 0.9), (12, 0.908), (20, 0.945)])
def test_a_trends_interval_covers_where_large_shocks_linger(size: int, least: float) -> None:
    rng = np.random.default_rng(1)
    known = models(np.ones(size), np.arange(size, dtype=float))
    covariance = np.eye(size) + _shocks(size, 2.8, 0.6)
    chances = _chances(rng.multivariate_normal(np.zeros(size), covariance, 1500), known)
    assert np.mean((chances > 0.025) & (chances < 0.975)) >= least


def _held(size: int, *, own: float = 0.0) -> tuple[Models, Floats]:
    """Return the models of releases beside users kept back, a tenth of all, and their noise."""
    number = np.arange(size, dtype=float)
    kept = np.arange(2 * size) >= size
    known = models(
        np.r_[np.ones(size), np.full(size, 9.0)], np.r_[number, np.zeros(size)],
        number=np.r_[number, number], own=own, frozen=Frozen(rows=kept, apart=0.2),
    )  # fmt: skip
    noise = np.diag(np.r_[np.ones(size), np.full(size, 9.0)]) + 0.2 * np.outer(kept, kept)
    return known, noise


@pytest.mark.parametrize(("shock", "linger"), [(0.0, 0.0), (0.6, 0.6), (2.8, 0.6), (2.8, 0.8)])
def test_users_kept_back_tell_shocks_from_a_trend(shock: float, linger: float) -> None:
    rng = np.random.default_rng(4)
    known, noise = _held(12)
    covariance = noise + np.tile(_shocks(12, shock, linger), (2, 2))
    chances = _chances(rng.multivariate_normal(np.zeros(24), covariance, 1000), known)
    assert np.mean(chances < 0.05) <= 0.06
    assert np.mean((chances > 0.025) & (chances < 0.975)) >= 0.94


def test_users_kept_back_add_to_what_releases_alone_tell() -> None:
    rng = np.random.default_rng(5)
    known, noise = _held(12)
    alone = models(np.ones(12), np.arange(12, dtype=float))
    covariance = noise + np.tile(_shocks(12, 2.8, 0.6), (2, 2))
    rise = np.r_[0.24 * np.arange(12), np.zeros(12)]
    series = rise + rng.multivariate_normal(np.zeros(24), covariance, 600)
    found = np.mean(_chances(series, known) < 0.05)
    assert found > 0.1 + np.mean(_chances(series[:, :12], alone) < 0.05)


@pytest.mark.parametrize("drift", [0.5, 3.0])
def test_a_drift_that_comes_to_all_users_is_seldom_taken_for_the_releases_doing(
    drift: float,
) -> None:
    rng = np.random.default_rng(6)
    known, noise = _held(12)
    series = drift * np.tile(np.arange(12), 2) + rng.multivariate_normal(np.zeros(24), noise, 400)
    assert np.mean(_chances(series, known) < 0.05) <= 0.16
    alone = models(np.ones(12), np.arange(12, dtype=float))
    assert np.mean(_chances(series[:, :12], alone) < 0.05) > 0.9


def test_what_each_release_brings_of_its_own_is_part_of_the_error() -> None:
    rng = np.random.default_rng(7)
    steps = rng.normal(0.0, 0.6, (600, 12))
    steps[:, 0] = 0.0
    walk = np.c_[steps.cumsum(1), np.zeros((600, 12))]
    known, noise = _held(12, own=0.36)
    series = walk + rng.multivariate_normal(np.zeros(24), noise, 600)
    assert np.mean(_chances(series, known) < 0.05) <= 0.06
    assert np.mean(_chances(series, _held(12)[0]) < 0.05) > 0.08


def test_a_sequences_error_grows_with_its_steps() -> None:
    """Where signals are plenty, what releases bring of their own is all that is not known."""
    slight, steep = (_known_error(factor) for factor in (1.0, 3.0))
    assert steep > 1.5 * slight


def _known_error(factor: float) -> float:
    """Return the error of all trends over releases whose steps are so many times the usual."""
    releases = replace(RELEASES["gaming_holdback"], gamed=0.07 * factor, wander=0.0)
    scenario = replace(releases.scenario, items=3000, judged=1.0, repeats=0.2)
    frame = simulate_releases(replace(releases, scenario=scenario), 3)
    cells = read_cells(frame, HELD)
    sides = cells.keys["arm"] == "main", cells.keys["arm"] == "holdback"
    history = _history(cells, HELD, sequence_of(cells, sides[0], None), sides, 12)
    return float(np.sqrt(fit(history, 12).known.spread.min()))


def test_users_kept_back_stand_beside_the_release_of_their_week() -> None:
    cells = read_cells(_frame("gaming_holdback"), HELD)
    sides = cells.keys["arm"] == "main", cells.keys["arm"] == "holdback"
    history = _history(cells, HELD, sequence_of(cells, sides[0], None), sides, 12)
    items = history.items.sum(1)
    assert history.rows == 24
    assert items[:12] == pytest.approx(5400, rel=0.08)
    assert items[:12] + items[12:] == pytest.approx(6000)


def test_a_drift_of_all_users_does_not_make_a_gain_gaming() -> None:
    frame = _frame("gain_holdback").copy()
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    frame["edit_rate"] += 0.02 * week  # users grow unhappier with the season, in both arms
    frame["retries"] = frame["retries"].where(week % 4 > 0, 1.0)
    last = release_looks(read_cells(frame, HELD), HELD)[-1]
    assert last.verdict != "gaming"


def test_without_time_users_kept_back_are_left_out_and_it_is_said() -> None:
    spec = replace(HELD, time=None, horizon=1)
    (look,) = release_looks(read_cells(_frame("gaming_holdback"), spec), spec)
    assert look.label == "v12"
    assert "were left out: without a column of time" in look.notes[-1]
    assert look.why == "12 versions in sequence"


def test_gain_over_rise_is_not_pulled_towards_nothing_by_noise_in_the_judge() -> None:
    rng = np.random.default_rng(2)
    path = np.arange(12, dtype=float)
    above = []
    for _ in range(300):
        judge = 0.1 * path + 0.3 * rng.standard_normal(12)
        gain = 0.1 * path + 0.1 * rng.standard_normal(12)
        found = Regression(
            judge=judge, gain=gain, judge_variance=0.09, gain_variance=0.01, both=0.0,
            slope_error=0.0, known=models(np.ones(12), path),
        )  # fmt: skip
        above.append(float(found.above(1.0)[0]))
    assert np.median(above) == pytest.approx(0.5, abs=0.08)


def _with_anchors(frame: pd.DataFrame, drift: float) -> pd.DataFrame:
    """Add 40 anchors to each week, on which the judge moves by `drift` points a week."""
    rng = np.random.default_rng(5)
    start = frame["timestamp"].min().normalize()
    weeks = int((frame["timestamp"].max() - start).days // 7) + 1
    own = rng.uniform(2, 4, 40)
    rows = [
        {
            "timestamp": start + pd.Timedelta(days=7 * week + 3), "anchor": f"a{i}",
            "judge": own[i] + drift * week + rng.normal(0, 0.3),
        }
        for week in range(weeks)
        for i in range(40)
    ]  # fmt: skip
    return pd.concat([frame.assign(anchor=None), pd.DataFrame(rows)], ignore_index=True)


def test_a_judge_that_drifts_on_anchors_is_no_gaming() -> None:
    frame = _frame("gaming")
    rise = _looks("gaming")[-1].rise
    assert rise is not None
    spec = replace(SPEC, anchor="anchor")
    found = release_looks(read_cells(_with_anchors(frame, rise.value / 11), spec), spec)[-1]
    still = release_looks(read_cells(_with_anchors(frame, 0.0), spec), spec)[-1]

    assert found.verdict == "judge_flat"
    assert "the judge itself moved by +" in found.notes[-1]
    assert found.phi_high is None  # all of the rise may be the judge's own
    assert still.verdict == "gaming"
    assert still.phi_high is not None


def test_releases_of_another_judge_are_not_compared() -> None:
    frame = _frame("gain")
    row = frame["version"].str[1:].astype(int)
    spec = replace(SPEC, instrument="by")
    looks = release_looks(read_cells(frame.assign(by=np.where(row > 9, "new", "old")), spec), spec)

    assert [look.verdict for look in looks][:2] == [look.verdict for look in _looks("gain")[:2]]
    assert {look.verdict for look in looks[2:]} == {"unidentified"}
    assert "'new' scored 3 of these 12 releases, from 'v10' on" in " ".join(looks[-1].notes)


def test_a_version_that_comes_back_changes_no_earlier_look() -> None:
    frame = _frame("gaming")
    last = frame["timestamp"].max() - pd.Timedelta(days=2)
    back = frame["version"].where(frame["timestamp"] < last, "v1")
    looks = release_looks(read_cells(frame.assign(version=back), SPEC), SPEC)

    assert [look.phi for look in looks[:-1]] == [look.phi for look in _looks("gaming")[:-1]]
    assert looks[0].why.startswith("8 versions")


def test_versions_side_by_side_are_no_sequence() -> None:
    frame = _frame("null")
    look = release_looks(read_cells(frame.assign(version=frame["user"].map(hash) % 9), SPEC), SPEC)

    assert look[-1].verdict == "unidentified"
    assert "side by side" in look[-1].missing[0]


def test_past_tests_take_the_place_of_the_records_rules() -> None:
    cells = read_cells(_frame("gaming"), SPEC)
    found = release_looks(cells, SPEC, posterior=lambda _, error: blend(1.0, error))[-1]

    assert found.worth.source == "experiments"
    assert "by past tests" in found.worth.rule


def _as_of(frame: pd.DataFrame, when: dt.datetime) -> pd.DataFrame:
    """Return records as they were at an instant: signals that came later are not there."""
    now = pd.Timestamp(when)
    found: pd.DataFrame = frame[frame["timestamp"] < now].copy()
    for name in ("thumbs", "retries", "edit_rate"):
        late = found[f"{name}_at"] >= now
        found.loc[late, name] = np.nan
        found.loc[late, f"{name}_at"] = pd.NaT
    return found


def _told(looks: Sequence[Look]) -> list[tuple[str, str]]:
    return [(look.label, look.verdict) for look in looks]


def test_a_release_whose_signals_are_still_to_come_waits() -> None:
    # a log without arrivals, in which a retry that has not come yet reads 0
    frame = _frame("gaming", 10)
    end = frame["timestamp"].max()
    logged = frame.assign(retries=(frame["retries_at"] < end) * frame["retries"].fillna(0.0))
    spec = replace(SPEC, signals=[Signal("retries", better="lower")])
    looks = release_looks(read_cells(logged, spec), spec)

    assert [look.label for look in looks] == ["v8"]
    assert looks[0].verdict != "improvement"
    assert "'v9' waits for its signals until 2026-03-23" in looks[0].notes[-1]

    eight = logged[logged["version"].isin([f"v{number}" for number in range(1, 9)])]
    none = release_looks(read_cells(eight, spec), spec)
    assert [look.verdict for look in none] == ["inconclusive"]
    assert "'v8' waits for its signals" in none[0].missing[0]
    then = read_cells(eight, spec, until=end + dt.timedelta(days=14))
    assert release_looks(then, spec)[0].missing != none[0].missing


@pytest.mark.parametrize("horizon", ["default", 4, None])
def test_later_releases_change_nothing_that_was_said(
    horizon: int | Literal["default"] | None,
) -> None:
    spec = replace(SPEC, horizon=horizon)
    frame = _frame("gaming")
    looks = release_looks(read_cells(frame, spec), spec)

    assert looks[-1].verdict == "gaming"
    for number in (1, 3):
        when = looks[number - 1].end
        assert when is not None
        seen = release_looks(read_cells(_as_of(frame, when), spec), spec)
        # nearly all signals come within days, so that a release may be looked at before its time
        assert _told(seen[:number]) == _told(looks[:number])


def test_a_horizon_of_releases_is_followed_by_the_next() -> None:
    plans = [plan_of(4, 0.05, count) for count in range(8, 16)]

    assert [plan.last for plan in plans] == 2 * [False, False, False, True]
    assert all(plan.tail < 0.05 for plan in plans)
    open_end = [plan_of(None, 0.05, count) for count in (8, 20, 32)]
    rates = [plan.prospect.alpha for plan in open_end]
    assert rates == pytest.approx([0.05 * 6 / np.pi**2 / k**2 for k in (1, 2, 3)])
