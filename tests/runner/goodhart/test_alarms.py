"""Alarms latch, end with an acceptance alone, and do not ring twice for one change."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from trueup.errors import ConfigError
from trueup.goodhart.look import Look
from trueup.runner.goodhart.alarms import Alarm, latched, raised
from trueup.runner.goodhart.places import Place
from trueup.runner.goodhart.standing import accept, record, standing
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.goodhart.look import Verdict

FIRST = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
LAG = 2
HORIZON = 26


def look(week: int, verdict: Verdict, since: int = 0) -> Look:
    begin = FIRST + week * WEEK
    return Look(
        verdict=verdict, design="weekly", period=week, start=begin, end=begin + WEEK,
        label=begin.date().isoformat(), since=since, message=f"Week {week}.", holds_to=2.0,
    )  # fmt: skip


def place(one: Look) -> Place:
    turn = one.period // HORIZON
    begin = FIRST + turn * HORIZON * WEEK
    assert one.end is not None
    return Place(
        begin=begin, until=begin + HORIZON * WEEK, since=begin + (one.since or 0) * WEEK,
        seen=one.end - LAG * WEEK,
    )  # fmt: skip


def rung(looks: list[Look], known: list[Alarm] | None = None) -> list[Alarm]:
    return raised(looks, [place(one) for one in looks], known or [], watch="w")


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(None) as opened:
        yield opened


def test_the_first_gaming_look_raises_one_alarm_and_later_ones_are_part_of_it() -> None:
    looks = [look(3, "inconclusive"), look(4, "gaming"), look(5, "gaming", 4), look(6, "gaming")]

    [alarm] = rung(looks)

    assert (alarm.label, alarm.phi, alarm.holds_to, alarm.message) == (
        "2026-04-27", None, 2.0, "Week 4.",
    )  # fmt: skip
    assert alarm.since == FIRST


def test_an_open_alarm_stands_through_unclear_weeks() -> None:
    looks = [look(3, "inconclusive"), look(4, "gaming"), look(5, "inconclusive")]
    alarms = rung(looks)

    found = latched(looks, alarms)

    assert [one.verdict for one in found] == ["inconclusive", "gaming", "gaming"]
    assert [one.alarm for one in found] == [None, 4, 4]
    assert found[2].message == f"Alarm {alarms[0].id} of 2026-04-27 is open. Week 5."


def test_an_alarm_stands_in_the_last_look_even_where_records_have_changed_since() -> None:
    [alarm] = rung([look(9, "gaming")])

    assert [one.verdict for one in latched([look(3, "judge_flat")], [alarm])] == ["gaming"]


def test_an_accepted_alarm_latches_nothing_and_does_not_ring_again_for_its_change(
    store: Store,
) -> None:
    looks = [look(4, "gaming"), look(5, "inconclusive"), look(6, "gaming")]
    record(store, rung(looks))
    [alarm] = standing(store)

    done = accept(store, alarm.id, reason="known", by="anna", at=FIRST + 6 * WEEK)

    assert done.accepted is not None
    assert (done.accepted.by, done.accepted.reason, done.open) == ("anna", "known", False)
    assert latched(looks, [done]) == looks
    assert rung(looks, [done]) == []


def test_a_change_that_began_after_what_was_accepted_rings(store: Store) -> None:
    record(store, rung([look(4, "gaming")]))
    done = accept(store, standing(store)[0].id, reason="known", by="anna", at=FIRST + 10 * WEEK)

    # signals take two weeks: what began in week 9 could not be seen in week 10
    [new] = rung([look(14, "gaming", 8), look(15, "gaming", 9), look(16, "gaming", 9)], [done])

    assert new.since == FIRST + 9 * WEEK
    assert new.id != done.id


def test_the_next_horizon_rings_anew_for_the_same_change(store: Store) -> None:
    record(store, rung([look(4, "gaming")]))
    done = accept(store, standing(store)[0].id, reason="known", by="anna", at=FIRST + 40 * WEEK)

    assert rung([look(HORIZON - 1, "gaming")], [done]) == []
    assert len(rung([look(HORIZON + 4, "gaming")], [done])) == 1


def test_a_log_whose_beginning_moves_on_does_not_ring_again_within_the_horizon(
    store: Store,
) -> None:
    record(store, rung([look(4, "gaming")]))
    done = accept(store, standing(store)[0].id, reason="known", by="anna", at=FIRST + 8 * WEEK)
    moved = look(8, "gaming")
    stands = replace(place(moved), begin=FIRST + 3 * WEEK, since=FIRST + 3 * WEEK)

    assert raised([moved], [stands], [done], watch="w") == []


def test_an_accepted_version_does_not_excuse_another(store: Store) -> None:
    one = Look(verdict="gaming", design="releases", period=8, label="v9")
    other = replace(one, period=9, label="v10")
    record(store, raised([one], [Place(about="v9")], [], watch="w"))
    done = accept(store, standing(store)[0].id, reason="known", by="anna")

    found = raised([one, other], [Place(about="v9"), Place(about="v10")], [done], watch="w")

    assert [alarm.about for alarm in found] == ["v10"]


def test_the_same_alarm_is_kept_once_and_comes_back_as_it_was(store: Store) -> None:
    alarms = rung([look(4, "gaming")])

    record(store, alarms)
    record(store, alarms)

    assert standing(store) == alarms
    assert standing(store, watch="another") == []


def test_accepting_wants_a_reason_and_an_alarm_that_is_there_and_open(store: Store) -> None:
    record(store, rung([look(4, "gaming")]))
    [alarm] = standing(store)

    with pytest.raises(ConfigError, match="without a reason"):
        accept(store, alarm.id, reason="  ", by="anna")
    with pytest.raises(ConfigError, match="no alarm 'ffffffff'"):
        accept(store, "ffffffff", reason="known", by="anna")
    accept(store, alarm.id[:4].upper(), reason="known", by="anna")
    with pytest.raises(ConfigError, match="was accepted by anna"):
        accept(store, alarm.id, reason="again", by="bert")
