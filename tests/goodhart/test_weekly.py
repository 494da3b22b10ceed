"""A stream under watch: what is found in histories whose truth is known."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import SIGNALS, spec_of
from trueup.errors import DataError
from trueup.goodhart import Release, Signal, backtest, watch
from trueup.testing.histories import SCENARIOS, as_of, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.goodhart import Look

    Looks = Callable[..., tuple[Look, ...]]


def said(found: tuple[Look, ...]) -> set[str]:
    return {look.verdict for look in found}


@pytest.mark.parametrize("name", ["gaming", "verbosity", "gaming_mix", "gaming_delay", "backfire"])
def test_gaming_is_found_and_never_called_improvement(looks: Looks, name: str) -> None:
    found = looks(name)

    assert found[-1].verdict == "gaming"
    assert "improvement" not in said(found)
    assert next(look.period for look in found if look.verdict == "gaming") <= 11


@pytest.mark.parametrize("name", ["gain", "gain_mix", "gain_delay", "gain_fb_shift", "gain_ramp"])
def test_a_gain_is_found_and_never_called_gaming(looks: Looks, name: str) -> None:
    found = looks(name)

    assert found[-1].verdict == "improvement"
    assert "gaming" not in said(found)


@pytest.mark.parametrize("name", ["null", "null_shocks", "null_season", "mix_shift", "fb_shift"])
def test_nothing_is_not_called_gaming(looks: Looks, name: str) -> None:
    assert "gaming" not in said(looks(name))
    assert looks(name)[-1].verdict == "judge_flat"


@pytest.mark.parametrize("name", ["gain_sparse", "gaming_sparse"])
def test_too_few_signals_leave_it_open_and_say_what_would_help(looks: Looks, name: str) -> None:
    last = looks(name)[-1]

    assert last.verdict == "inconclusive"
    assert last.missing
    assert "feedback" in " ".join(last.missing)


def test_one_look_per_monitored_period(looks: Looks) -> None:
    found = looks("gain")

    assert [look.period for look in found] == list(range(26))
    assert found[0].start == dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
    assert all(one.end == two.start for one, two in pairwise(found))
    assert all(look.design == "weekly" for look in found)


def test_a_late_change_is_dated_to_when_it_began(looks: Looks) -> None:
    alarm = next(look for look in looks("gaming_late") if look.verdict == "gaming")

    assert 8 <= (alarm.since or 0) <= 12


def test_an_alarm_stands_until_somebody_accepts_it(looks: Looks) -> None:
    found = looks("gaming")
    first = next(i for i, look in enumerate(found) if look.verdict == "gaming")

    assert all(look.verdict == "gaming" for look in found[first:])
    assert {look.alarm for look in found[first:]} == {found[first].period}
    assert all(look.alarm is None for look in found[:first])


def test_backfire_is_said_where_users_are_worse_off(looks: Looks) -> None:
    assert looks("backfire")[-1].backfire
    assert "worse off" in looks("backfire")[-1].message
    assert not looks("gain")[-1].backfire


@pytest.mark.parametrize(
    ("name", "phi"), [("gain", 1.0), ("gaming", 0.0), ("partial", 0.2), ("boundary", 0.5)]
)
def test_phi_is_near_the_truth_and_its_interval_has_a_width(
    looks: Looks, name: str, phi: float
) -> None:
    last = looks(name, seed=2)[-1]

    assert last.phi is not None
    assert last.phi == pytest.approx(phi, abs=0.25)
    assert last.phi_low is not None
    assert last.phi_high is not None
    assert last.phi_low < last.phi < last.phi_high
    assert last.phi_high - last.phi_low < 0.6


def test_every_number_is_a_number(looks: Looks) -> None:
    for name in ("gain", "gaming_sparse", "null"):
        for look in looks(name):
            figures = [look.phi, look.phi_low, look.phi_high, look.holds_to, *look.detail.values()]
            for signal in look.signals:
                figures += [signal.expected, signal.slope, signal.weight]
                if signal.change:
                    figures += [signal.change.value, signal.change.low, signal.change.high]
            assert not [figure for figure in figures if figure is not None and math.isnan(figure)]


def test_what_should_have_happened_is_told_in_the_signals_own_unit(looks: Looks) -> None:
    last = looks("gaming")[-1]
    retries = next(signal for signal in last.signals if signal.name == "retries")

    assert retries.expected is not None
    assert -0.06 < retries.expected < -0.02
    assert retries.change is not None
    assert retries.change.low < 0.005
    assert "Retries should have fallen by" in last.message
    assert "per 100 outputs" in last.message


def test_a_look_sees_nothing_that_had_not_arrived(looks: Looks) -> None:
    frame = simulate_history("gaming", seed=1)
    full = looks("gaming")
    for period in (6, 12):
        end = full[period].end
        assert end is not None
        then = as_of(frame, pd.Timestamp(end))
        assert backtest(then, spec_of())[-1].verdict == full[period].verdict
        assert backtest(then, spec_of())[-1].phi == pytest.approx(full[period].phi)


def test_watch_is_the_latest_look(looks: Looks) -> None:
    assert watch(simulate_history("gain", seed=1), spec_of()) == looks("gain")[-1]


def test_two_backtests_of_the_same_records_agree_and_change_nothing() -> None:
    frame = simulate_history("gaming", seed=3)
    before = frame.copy(deep=True)

    shuffled = backtest(frame.sample(frac=1, random_state=1), spec_of())
    for one, other in zip(backtest(frame, spec_of()), shuffled, strict=True):
        assert (one.verdict, one.since) == (other.verdict, other.since)
        assert one.phi == pytest.approx(other.phi, abs=1e-6)
    pd.testing.assert_frame_equal(frame, before)


def test_the_verdict_holds_to_an_overstatement_that_can_be_demanded(looks: Looks) -> None:
    last = looks("gaming")[-1]
    assert last.holds_to is not None
    frame = simulate_history("gaming", seed=1)

    assert 1 <= last.holds_to < 5
    assert backtest(frame, spec_of(overstate=1.3))[-1].verdict == "gaming"
    strict = backtest(frame, spec_of(overstate=5.0))[-1]
    assert strict.verdict == "inconclusive"
    assert "overstate" in " ".join(strict.missing)


def test_worth_protects_a_gain_whose_slope_is_overstated() -> None:
    frame = simulate_history("gain_overstated_4", seed=5)
    plain = backtest(frame, spec_of())
    worthy = backtest(frame, spec_of(primary="retries", worth=0.02))

    assert "gaming" in {look.verdict for look in plain}
    assert "gaming" not in {look.verdict for look in worthy}
    assert "may still have gained" in " ".join(m for look in worthy for m in look.missing)


def test_unknown_reliability_withholds_improvement_but_not_gaming() -> None:
    gain = backtest(simulate_history("gain", seed=1), spec_of(judge_repeat=None))
    backfire = backtest(simulate_history("backfire", seed=1), spec_of(judge_repeat=None))

    assert "improvement" not in {look.verdict for look in gain}
    assert "reliability is unknown" in " ".join(gain[-1].missing)
    assert backfire[-1].verdict == "gaming"


def test_a_declared_reliability_stands_in_for_repeats() -> None:
    found = backtest(simulate_history("gain", seed=1), spec_of(judge_repeat=None, reliability=0.55))

    assert found[-1].verdict == "improvement"


def test_a_judge_that_drifts_is_seen_on_its_anchors(looks: Looks) -> None:
    found = looks("judge_drift", seed=4)

    assert "gaming" not in said(found)
    assert "the judge itself moved" in " ".join(note for look in found for note in look.notes)


def test_a_judge_that_stops_scoring_the_worst_outputs_is_no_gaming(looks: Looks) -> None:
    found = looks("coverage_change")

    assert "gaming" not in said(found)
    assert "the judge scored" in " ".join(found[-1].notes)


def test_a_judged_sample_is_enough(looks: Looks) -> None:
    assert looks("gaming_judged_few")[-1].verdict == "gaming"


def test_a_holdback_arm_takes_a_season_out() -> None:
    frame = simulate_history("gain_season_holdback", seed=1)
    found = backtest(frame, spec_of(arm="arm"))

    assert "gaming" not in {look.verdict for look in found}
    assert "improvement" in {look.verdict for look in found}


def test_a_control_that_is_no_arm_is_not_passed_over() -> None:
    frame = simulate_history("gain_season_holdback", seed=1)

    with pytest.raises(DataError, match="control is 'contrl'"):
        backtest(frame, spec_of(arm="arm", control="contrl"))


def test_known_deploys_replace_the_scan() -> None:
    frame = simulate_history("gaming_late", seed=1)
    known = backtest(frame, spec_of(starts=[10]))
    by_date = backtest(frame, spec_of(starts=["2026-06-08"]))

    assert known[-1].verdict == "gaming"
    assert known[-1].since == 10
    assert [look.verdict for look in known] == [look.verdict for look in by_date]


def test_without_a_horizon_the_boundary_is_anytime() -> None:
    frame = simulate_history("gaming", seed=1)

    assert backtest(frame, spec_of(horizon=None))[-1].verdict == "gaming"


def test_a_second_horizon_begins_with_a_new_reference() -> None:
    found = backtest(simulate_history("gain", seed=1), spec_of(horizon=10))

    # the gain is part of the second horizon's reference
    assert [look.verdict for look in found[:10]].count("improvement") > 0
    assert found[-1].verdict == "judge_flat"
    assert found[-1].since is not None


def test_another_judge_is_a_judge_change_and_no_gaming() -> None:
    frame = simulate_history("null", seed=1)
    later = frame["timestamp"] >= pd.Timestamp("2026-05-04", tz="UTC")
    frame["who"] = np.where(later, "judge-2", "judge-1")
    frame.loc[later, "judge"] = np.minimum(frame.loc[later, "judge"] + 1, 5)
    found = backtest(frame, spec_of(instrument="who"))

    assert "gaming" not in {look.verdict for look in found}
    assert "the judge changed" in found[8].message
    assert found[8].verdict == "unidentified"
    # with a reference of its own the new judge is watched again
    assert found[-1].verdict == "judge_flat"


def test_signals_that_never_followed_the_judge_make_it_unidentified() -> None:
    frame = simulate_history("gain", seed=1)
    rng = np.random.default_rng(0)
    for name in ("thumbs", "retries", "edit_rate"):
        order = rng.permutation(len(frame))
        frame[[name, f"{name}_at"]] = frame[[name, f"{name}_at"]].iloc[order].to_numpy()
        frame[f"{name}_at"] = pd.NaT
    found = backtest(frame, spec_of(signals=[Signal("retries", better="lower")]))

    assert found[-1].verdict == "unidentified"
    assert "never followed" in found[-1].message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signals": ()}, "no signal is named"),
        ({"reference": 40}, "more periods are needed"),
        ({"reference": 5}, "too few"),
    ],
)
def test_what_cannot_be_told_is_said(change: dict[str, object], words: str) -> None:
    found = backtest(simulate_history("gain", seed=1), spec_of(**change))

    assert found[-1].verdict == "unidentified"
    assert words in found[-1].message


def test_a_constant_judge_cannot_rise() -> None:
    frame = simulate_history("gain", seed=1)
    frame["judge"] = 4

    assert "same score" in backtest(frame, spec_of())[-1].message


def test_feedback_that_never_arrived_is_named() -> None:
    frame = simulate_history("gain", seed=1)
    for signal in SIGNALS:
        frame[signal.name] = np.nan

    last = backtest(frame, spec_of())[-1]
    assert last.verdict == "unidentified"
    assert "no thumbs and no retries and no edit rate arrived" in last.message


def test_missing_weeks_are_gone_around() -> None:
    frame = simulate_history("gaming", seed=1)
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    found = backtest(frame[~week.isin([3, 4, 15, 20])], spec_of())

    assert found[-1].verdict == "gaming"
    assert len(found) == 26


def test_one_segment_and_no_users_are_enough() -> None:
    frame = simulate_history("gaming", seed=1)

    assert backtest(frame, spec_of(segment=None, group=None))[-1].verdict == "gaming"


def test_a_column_that_is_not_there_is_named_with_what_was_meant() -> None:
    with pytest.raises(DataError, match=r"no column 'judg'.*Did you mean 'judge'"):
        backtest(simulate_history("gain", seed=1), spec_of(judge="judg"))


def test_since_and_what_it_is_compared_with_are_numbered_as_periods_in_a_second_horizon() -> None:
    frame = simulate_history(replace(SCENARIOS["gain"], monitored=30, onset=16), seed=3)
    spec = spec_of(horizon=12, reference=12)
    found = backtest(frame, spec)[-1]

    assert found.horizon == (24, 36)
    assert found.since is not None
    assert found.since >= 24
    assert found.against == tuple(range(12, found.since))


@pytest.mark.parametrize("gone", ["code", "writing"])
def test_a_segment_that_goes_moves_neither_judge_nor_verdict(gone: str) -> None:
    frame = simulate_history("null", seed=4)
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    found = backtest(frame[~((frame["segment"] == gone) & (week >= 12))], spec_of())[-1]

    assert found.verdict == "judge_flat"
    assert f"'{gone}' brought" in " ".join(found.notes)


def test_too_small_a_rest_of_the_old_traffic_is_not_compared() -> None:
    frame = simulate_history("gain", seed=4)
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    found = backtest(frame[~((frame["segment"] != "code") & (week >= 12))], spec_of())[-1]

    assert found.verdict in {"inconclusive", "unidentified"}
    assert found.message.count("too little is left to compare") == 1


def test_users_held_back_too_late_change_no_look() -> None:
    frame = simulate_history("gaming", seed=2).assign(arm="treated")
    late = frame["timestamp"] >= frame["timestamp"].max() - pd.Timedelta(days=7)
    held = late & (frame["user"].map(hash) % 10 == 0)
    spec = spec_of(arm="arm")
    before = backtest(frame, spec)
    after = backtest(frame.assign(arm=frame["arm"].where(~held, "holdback")), spec)

    assert [look.phi for look in after[:-3]] == [look.phi for look in before[:-3]]
    assert after[-1].verdict == "gaming"


def test_later_anchors_change_no_earlier_look() -> None:
    frame = simulate_history("gaming_anchors", seed=2)
    gone = frame["anchor"].notna() & (np.random.default_rng(1).random(len(frame)) < 0.4)
    frame = frame[~gone]
    end = frame["timestamp"].min() + pd.Timedelta(days=7 * 20)
    later = frame["anchor"].notna() & (frame["timestamp"] >= end)
    odd = later & (frame["anchor"].astype("string").fillna("").str.len() % 2 == 0)
    moved = frame.assign(judge=frame["judge"].mask(later, 1.0).mask(odd, 5.0))
    spec = spec_of(anchor="anchor")
    pairs = zip(backtest(frame, spec)[:7], backtest(moved, spec)[:7], strict=True)

    assert all((a.notes, a.detail) == (b.notes, b.detail) for a, b in pairs)


def test_a_rise_that_is_not_clear_at_this_look_is_not_called_flat_in_words() -> None:
    looks = [
        look
        for seed in range(6)
        for look in backtest(simulate_history("gaming_ramp", seed=seed), spec_of())
        if look.verdict == "judge_flat" and look.rise is not None and look.rise.low > 0
    ]

    assert looks
    assert all("may have risen" in look.message for look in looks)


def test_a_horizon_that_is_over_before_signals_come_is_refused() -> None:
    look = backtest(simulate_history("gaming", seed=1), spec_of(horizon=3))[-1]

    assert look.verdict == "unidentified"
    assert "at least 4 are needed" in look.missing[0]


def test_a_guard_that_withholds_promises_no_date() -> None:
    for look in backtest(simulate_history("coverage_change", seed=1), spec_of())[4:]:
        if any("the judge scored" in reason for reason in look.missing):
            assert not any("more period" in reason for reason in look.missing)


def test_one_user_tells_nothing_and_it_is_said() -> None:
    frame = simulate_history("gaming", seed=1).assign(user="one")
    look = backtest(frame, spec_of())[-1]

    assert look.verdict == "unidentified"
    assert "column 'user' tells too few users apart" in look.missing[0]


def test_infinite_values_are_counted() -> None:
    frame = simulate_history("null", seed=1)
    frame.loc[frame.index[:7], "judge"] = math.inf

    assert "7 values of 'judge' are infinite, and taken as missing" in watch(frame, spec_of()).notes


def test_amounts_are_told_per_output_and_shares_per_hundred() -> None:
    frame = simulate_history("gain", seed=1)
    frame = frame.assign(seconds=600 * frame["edit_rate"])
    signals = [Signal("seconds", better="lower"), Signal("retries", better="lower")]
    look = watch(frame, spec_of(signals=signals))

    assert [signal.per for signal in look.signals] == [1, 100]


def test_past_tests_take_the_place_of_worth() -> None:
    frame = simulate_history("gaming", seed=1)
    rows = [
        Release(
            id=f"t{i}", rise=0.2, signals={"thumbs": 0.04, "retries": -0.038, "edit_rate": -0.028},
            better={"thumbs": "higher", "retries": "lower", "edit_rate": "lower"},
            errors={"rise": 0.02, "thumbs": 0.01, "retries": 0.004, "edit_rate": 0.004},
        )
        for i in range(3)
    ]  # fmt: skip
    spec = spec_of(ledger=rows, worth=1e-6)
    look = watch(frame, spec)

    assert look.verdict == "gaming"
    assert look.worth.source == "experiments"


@pytest.mark.parametrize("name", ["gain_judge_drift", "gain_coverage_change"])
def test_what_a_guard_takes_off_the_rise_widens_the_interval_of_phi(
    looks: Looks, name: str
) -> None:
    last = looks(name)[-1]

    assert last.phi is not None
    assert last.phi < 0.8  # a judge that drifts promises more than users ever got
    assert last.phi_low is not None
    assert last.phi_low <= last.phi
    assert last.phi_high is None or last.phi_high >= 1
