"""Weeks stand where they belong, and only what is comparable is joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.report.calibration import material
from trueup.report.calibration.timeline import stretches, timeline

if TYPE_CHECKING:
    from trueup.report.calibration.timeline import Timeline
    from trueup.runner.calibration.result import Drift, Point

STEADY = material.grounded().drift
MOVED = material.next_step().drift


def line_of(*points: Point, drift: Drift = STEADY) -> Timeline:
    return timeline(points, drift)


def joined(line: Timeline, *, people: bool = False) -> list[list[int]]:
    runs = stretches(line, lambda p: p.people if people else p.alpha, people=people)
    return [[at for at, _ in run] for run in runs]


def test_weeks_that_were_left_out_keep_their_place() -> None:
    line = line_of(material.point(0), material.point(3))

    assert line.weeks == ("2026-W40", "2026-W41", "2026-W42", "2026-W43")
    assert [point is None for point in line.points] == [False, True, True, False]
    assert joined(line) == [[0], [3]]


def test_weeks_go_on_over_the_end_of_a_long_year() -> None:
    first, last = (replace(material.point(0), week=w) for w in ("2026-W52", "2027-W01"))

    assert line_of(first, last).weeks == ("2026-W52", "2026-W53", "2027-W01")


def test_a_gap_of_years_is_shortened_and_odd_names_stand_side_by_side() -> None:
    far = line_of(*(replace(material.point(0), week=w) for w in ("1990-W01", "2026-W40")))
    odd = line_of(*(replace(material.point(0), week=w) for w in ("b", "2026-W99", "a", "a")))

    assert len(far.weeks) == 28
    assert odd.weeks == ("b", "2026-W99", "a", "a")


def test_a_week_without_labels_is_a_gap() -> None:
    points = [material.point(at, n_labels=0 if at == 2 else 40) for at in range(5)]

    assert joined(line_of(*points)) == [[0, 1], [3, 4]]


def test_another_instrument_ends_the_judges_line_and_not_the_peoples() -> None:
    points = [material.point(at, instrument="a" if at < 2 else "b") for at in range(4)]
    line = line_of(*points)

    assert joined(line) == [[0, 1], [2, 3]]
    assert joined(line, people=True) == [[0, 1, 2, 3]]
    assert [(mark.kind, mark.at, mark.week) for mark in line.marks] == [
        ("instrument", 1.5, "2026-W42")
    ]


def test_another_question_ends_every_line_and_is_marked_once() -> None:
    new = {"question": "q", "instrument": "b"}
    line = line_of(*(material.point(at, **(new if at > 1 else {})) for at in range(4)))

    assert joined(line) == joined(line, people=True) == [[0, 1], [2, 3]]
    assert [mark.kind for mark in line.marks] == ["question"]


def test_a_change_in_a_gap_is_marked_before_the_week_that_shows_it() -> None:
    line = line_of(material.point(0), material.point(4, instrument="b"))

    assert [(mark.at, mark.week) for mark in line.marks] == [(3.5, "2026-W44")]


def test_an_alarm_stands_in_its_week_from_where_the_change_began() -> None:
    (mark,) = line_of(*material.weeks(), drift=MOVED).marks

    assert (mark.kind, mark.at, mark.since, mark.week) == ("alarm", 6, 5, "2026-W46")
    assert mark.since_week == "2026-W45"


def test_an_alarm_of_a_week_that_is_not_shown_is_not_drawn() -> None:
    assert line_of(material.point(0), drift=MOVED).marks == ()
    (mark,) = line_of(material.point(6), drift=MOVED).marks
    assert mark.since == mark.at


def test_a_reworded_question_rings_no_alarm() -> None:
    line = timeline(material.padding().weeks, material.padding().drift)

    assert [mark.kind for mark in line.marks] == ["question"]


def test_no_week_is_no_timeline() -> None:
    assert line_of(drift=MOVED).weeks == ()
