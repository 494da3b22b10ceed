"""The alarm: what rings, what does not, and that later weeks change nothing said before."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from trueup.agreement.drift import Count, Week, watch
from trueup.testing.weeks import Shift, Truth, simulate_weeks

JUDGE = Truth(weeks=40, items=400, shifts=(Shift(cause="judge", week=20, size=0.15),))


def test_the_anchors_tell_of_a_judge_that_moved_and_about_when() -> None:
    watched = watch(simulate_weeks(JUDGE, 3))
    first = next(alarm for alarm in watched.alarms if alarm.stream == "anchors")

    assert 20 <= first.look <= 25
    assert abs(first.change - 20) <= 2
    assert first.z > first.bound


def test_the_order_in_which_weeks_are_given_means_nothing() -> None:
    history = simulate_weeks(JUDGE, 3)
    weeks = list(history["criterion-1"])
    random.Random(1).shuffle(weeks)  # noqa: S311 - any order will do

    assert watch({"criterion-1": weeks}) == watch(history)


def test_what_segments_and_anchors_are_called_means_nothing() -> None:
    history = simulate_weeks(JUDGE, 3)
    renamed = [
        replace(
            week,
            judged={f"z{name}": count for name, count in week.judged.items()},
            anchors={f"z{name}": met for name, met in week.anchors.items()},
        )
        for week in history["criterion-1"]
    ]
    one, other = watch(history).alarms, watch({"criterion-1": renamed}).alarms

    assert [(a.look, a.change, a.z) for a in one] == [(a.look, a.change, a.z) for a in other]


@pytest.mark.parametrize("seed", range(4))
def test_later_weeks_change_no_alarm_that_rang(seed: int) -> None:
    shifts = (
        Shift(cause="judge", week=15, size=0.15),
        Shift(cause="traffic", week=22, size=0.1),
        Shift(cause="system", week=30, size=-0.15),
    )
    truth = Truth(weeks=45, items=400, shifts=shifts, missing=0.1)
    weeks = simulate_weeks(truth, seed)["criterion-1"]
    alarms = watch({"c": weeks}).alarms

    assert alarms
    for seen in range(9, len(weeks), 5):
        then = watch({"c": weeks[:seen]}).alarms

        assert [(a.stream, a.look, a.change, a.start) for a in then] == [
            (a.stream, a.look, a.change, a.start) for a in alarms if a.look < seen
        ]


def test_a_stream_starts_again_after_its_alarm_and_sees_the_next_change() -> None:
    shifts = (
        Shift(cause="system", week=14, size=-0.3),
        Shift(cause="system", week=34, size=0.3),
    )
    watched = watch(simulate_weeks(Truth(weeks=52, shifts=shifts), 5))
    passes = [alarm for alarm in watched.alarms if alarm.stream == "pass"]

    assert [abs(a.change - at) <= 2 for a, at in zip(passes, (14, 34), strict=True)] == [True] * 2
    assert passes[1].start == passes[0].change


def test_streams_of_the_judge_start_again_with_its_instrument_and_people_go_on() -> None:
    weeks = simulate_weeks(Truth(weeks=30, items=300), 1)["criterion-1"]
    changed = [replace(w, instrument="new") if i >= 15 else w for i, w in enumerate(weeks)]
    tracks = watch({"c": changed}).tracks["c"]
    runs = {name: [t.weeks[0] for t in tracks if t.stream == name] for name in
            ("anchors", "pass", "tpr", "tnr", "overlap", "mix segment-1")}  # fmt: skip

    assert runs == {
        "anchors": [0, 15], "pass": [0, 15], "tpr": [0, 15], "tnr": [0, 15],
        "overlap": [0], "mix segment-1": [0],
    }  # fmt: skip


def test_a_judge_that_another_instrument_replaces_is_no_alarm() -> None:
    before = simulate_weeks(Truth(weeks=15), 1)["criterion-1"]
    other = simulate_weeks(Truth(weeks=40, tpr=0.7, tnr=0.7), 2)["criterion-1"][15:]
    weeks = [*before, *(replace(week, instrument="new") for week in other)]

    assert not watch({"c": weeks}).alarms


def test_nothing_rings_before_there_is_a_baseline() -> None:
    watched = watch(simulate_weeks(replace(JUDGE, weeks=8), 1))

    assert not watched.alarms
    assert not any(track.looks for track in watched.tracks["criterion-1"])


def test_a_week_in_which_nothing_was_measured_is_passed_over() -> None:
    history = simulate_weeks(JUDGE, 3)["criterion-1"]
    empty = [Week(week=f"2025-W{n}", question="question", instrument="judge") for n in (40, 45)]
    plain, holed = watch({"c": history}), watch({"c": [*empty, *history]})

    assert [a.z for a in holed.alarms] == [a.z for a in plain.alarms]
    assert [a.look - 2 for a in holed.alarms] == [a.look for a in plain.alarms]


def test_no_weeks_and_no_criteria_ring_nothing() -> None:
    assert not watch({}).alarms
    assert watch({"c": []}).tracks == {"c": ()}
    assert not watch({"c": [Week(week="2026-W01", question="q", instrument="i")]}).alarms


def test_one_segment_has_no_mix() -> None:
    watched = watch(simulate_weeks(replace(JUDGE, mix=(1.0,), gap=0.0), 1))

    assert not [t for t in watched.tracks["criterion-1"] if t.stream.startswith("mix")]


def test_a_new_segment_rings_for_the_mix_alone() -> None:
    weeks = list(simulate_weeks(Truth(weeks=40, items=500), 2)["criterion-1"])
    for i in range(25, 40):
        hits, of = weeks[i].judged["segment-2"]
        new = Count(hits // 3, of // 3)
        rest = Count(hits - new.hits, of - new.of)
        judged = {**weeks[i].judged, "new": new, "segment-2": rest}
        weeks[i] = replace(weeks[i], judged=judged)
    rung = {alarm.stream for alarm in watch({"c": weeks}).alarms}

    assert rung == {"mix segment-2", "mix new"}


def test_an_anchor_that_joins_later_or_gets_no_answer_is_no_flip() -> None:
    rng = np.random.default_rng(4)
    weeks = []
    for i, week in enumerate(simulate_weeks(Truth(weeks=30, retest=0.0), 4)["criterion-1"]):
        anchors = {name: met for name, met in week.anchors.items() if rng.random() > 0.2}
        anchors |= {f"late-{j}": bool(rng.random() < 0.5) for j in range(20)} if i > 15 else {}
        weeks.append(replace(week, anchors=anchors))
    track = next(t for t in watch({"c": weeks}).tracks["c"] if t.stream == "anchors")

    assert not any(track.hits)
    assert 0 < min(track.of) <= max(track.of) < 60


def test_criteria_share_the_yearly_rate() -> None:
    one, five = (watch(simulate_weeks(Truth(weeks=10, criteria=n), 1)) for n in (1, 5))
    bounds = [
        next(track.bounds for track in watched.tracks["criterion-1"] if track.stream == "pass")
        for watched in (one, five)
    ]

    assert len(bounds[0]) == len(bounds[1]) == 2
    assert bounds[1] > bounds[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_criterion_that_is_added_later_unsays_no_alarm(seed: int) -> None:
    truth = Truth(weeks=30, items=400, shifts=(Shift(cause="system", week=9, size=-0.16),))
    history = simulate_weeks(truth, seed)
    (other,) = simulate_weeks(Truth(weeks=30, items=400), 9).values()
    more = {f"late-{n}": other for n in range(20)}
    late = {name: weeks[20:] for name, weeks in more.items()}
    alone, added, from_the_start = (watch(history | part) for part in ({}, late, more))
    rung = [alarm for alarm in alone.alarms if alarm.look < 20]

    assert rung
    assert [alarm for alarm in added.alarms if alarm.look < 20] == rung
    # which the later bound would have taken away
    assert abs(rung[0].z) < from_the_start.tracks["criterion-1"][0].bounds[0]
    for one, then in zip(alone.tracks["criterion-1"], added.tracks["criterion-1"], strict=True):
        before = sum(look < 20 for look in one.looks)

        assert then.bounds[:before] == one.bounds[:before]
        assert min(then.bounds[before:]) > max(one.bounds)


def test_a_criterion_that_is_asked_no_more_gives_its_part_back_after_a_year() -> None:
    history = simulate_weeks(Truth(weeks=75, items=200, criteria=2), 1)
    gone = {"criterion-1": history["criterion-1"], "criterion-2": history["criterion-2"][:12]}
    (track,) = (t for t in watch(gone).tracks["criterion-1"] if t.stream == "pass")
    # asked in the weeks 0 to 11, and so within the last 52 up to the 62nd
    cut = track.looks.index(63)

    assert len({*track.bounds[:cut]}) == len({*track.bounds[cut:]}) == 1
    assert track.bounds[cut] < track.bounds[cut - 1]


def test_a_tracks_shares_carry_intervals() -> None:
    track = watch(simulate_weeks(JUDGE, 3)).tracks["criterion-1"][0]

    for share, hits, of in zip(track.shares(), track.hits, track.of, strict=True):
        assert share.low <= share.estimate == hits / of <= share.high


@pytest.mark.parametrize("baseline", [2, 7])
def test_a_baseline_that_cannot_be_is_refused(baseline: int) -> None:
    with pytest.raises(ValueError, match="even number"):
        watch({}, baseline=baseline)
