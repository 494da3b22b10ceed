"""Weeks: which items of a log belong to a sitting, and with which chance each is judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.runner.calibration.material import WEEK, WEEKS, outputs
from trueup.errors import ConfigError, DataError, TooFewLabels
from trueup.item.model import Item
from trueup.runner.calibration.week import (
    Sample,
    bounds,
    sample_split,
    sample_week,
    week_of,
    week_to_measure,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

START, END = bounds(WEEK)


def item(name: str, at: datetime | None = START, **more: str) -> Item:
    return Item(id=name, input="q", output="a", timestamp=at, **more)  # type: ignore[arg-type]


def ids(sample: Sample) -> set[str]:
    return {one.id for one in sample.items}


def drawn(items: Iterable[Item], n: int | None = None, seed: int = 0) -> Sample:
    return sample_week(items, week=WEEK, n=n, but=(), seed=seed)


def test_a_week_begins_on_monday_and_ends_before_the_next_one() -> None:
    second = timedelta(seconds=1)
    log = [item("before", START - second), item("first"), item("last", END - second),
           item("after", END)]  # fmt: skip

    assert ids(drawn(log)) == {"first", "last"}


def test_the_zone_of_a_time_does_not_move_an_item_into_another_week() -> None:
    late = datetime.fromisoformat("2026-07-27T01:00:00+02:00")  # still Sunday in UTC
    assert week_of(late) == WEEK
    assert ids(drawn([item("a", late)])) == {"a"}


@pytest.mark.parametrize(
    "name", ["2026-W54", "2026-W00", "2026-30", "2026-W3", "W30", "", "\uff12026-W30"]
)
def test_what_is_no_week_is_refused_with_how_to_write_one(name: str) -> None:
    with pytest.raises(ConfigError, match="2026-W07"):
        bounds(name)


def test_a_year_of_53_weeks_has_its_last_one() -> None:
    assert bounds("2026-W53")[1] == bounds("2027-W01")[0]


HOUR = timedelta(hours=1)


def test_an_item_from_the_future_is_named_with_its_time() -> None:
    log = [item("a"), item("x-17", END + 9 * HOUR), item("b", END + 8 * HOUR)]
    with pytest.raises(DataError) as caught:
        week_to_measure(log, now=END)

    assert caught.value.what == (
        f"item 'x-17' is from the future ({END + 9 * HOUR:%Y-%m-%d %H:%M} UTC), and 1 more item "
        "with it"
    )
    assert "--week" in (caught.value.mend or "")


def test_on_monday_morning_the_week_that_has_ended_is_measured_and_it_is_said() -> None:
    log = [item("sunday", END - HOUR), item("old", START - HOUR), item("monday", END + HOUR)]
    week, why = week_to_measure(log, now=END + 2 * HOUR)

    assert week == WEEK
    assert why == (
        f"{WEEK} is the last week with items that has ended; {WEEKS[1]}, that of the newest item, "
        "goes on. --week names another."
    )


def test_a_week_that_has_ended_by_the_clock_is_measured_though_no_later_item_is_there() -> None:
    log = [item("old", START - HOUR), item("new", START + HOUR)]

    assert week_to_measure(log, now=END) == (WEEK, "")
    assert week_to_measure(log, now=END + 500 * HOUR) == (WEEK, "")


def test_a_week_that_goes_on_is_measured_where_it_is_the_only_one() -> None:
    log = [item("a", START + HOUR), item("b", None), item("p", START - HOUR, purpose="probe")]

    assert week_to_measure(log, now=START + 2 * HOUR) == (WEEK, "")
    assert week_to_measure([item("b", None)], now=START) == (WEEK, "")


def test_weeks_without_items_are_passed_over() -> None:
    log = [item("old", START), item("new", END + 500 * HOUR)]

    assert week_to_measure(log, now=END + 501 * HOUR)[0] == WEEK


def test_a_sample_has_the_wanted_size_and_the_same_chance_for_all() -> None:
    log = [item(f"i{n}") for n in range(200)]
    sample = drawn(log, 50)

    assert len(sample.items) == 50
    assert {one.p_judged for one in sample.items} == {0.25}
    assert sample.seen == 200


def test_a_whole_week_is_judged_with_certainty() -> None:
    log = [item(f"i{n}") for n in range(5)]

    assert {one.p_judged for one in drawn(log).items} == {1.0}
    assert {one.p_judged for one in drawn(log, 9).items} == {1.0}


def test_order_and_other_weeks_have_no_say_in_a_sample() -> None:
    log = [item(f"i{n}") for n in range(100)]
    more = [*reversed(log), *(item(f"x{n}", END) for n in range(50))]

    assert ids(drawn(log, 10)) == ids(drawn(more, 10))
    assert ids(drawn(log, 10)) != ids(drawn(log, 10, seed=1))


def test_late_rows_displace_few_items_of_a_sample() -> None:
    log = [item(f"i{n}") for n in range(200)]
    first, second = ids(drawn(log, 50)), ids(drawn([*log, item("late"), item("later")], 50))

    assert len(first - second) <= 2


def test_samples_of_many_seeds_are_fair_to_every_item() -> None:
    log = [item(f"i{n}") for n in range(20)]
    seen = dict.fromkeys((one.id for one in log), 0)
    for seed in range(400):
        for name in ids(drawn(log, 5, seed)):
            seen[name] += 1

    assert max(abs(count - 100) for count in seen.values()) < 4.5 * (400 * 0.25 * 0.75) ** 0.5


def test_a_log_without_times_is_one_week() -> None:
    sample = drawn([item("a", None), item("b", None)])

    assert ids(sample) == {"a", "b"}
    assert not sample.notes


def test_items_without_a_time_are_left_out_where_others_have_one_and_it_is_said() -> None:
    sample = drawn([item("a"), item("b", None), item("c", None)])

    assert ids(sample) == {"a"}
    assert sample.notes == ("2 items without a time were left out.",)


def test_anchors_and_probes_are_not_drawn_and_it_is_said() -> None:
    log = [item("a"), item("anchor"), item("p", purpose="probe")]
    sample = sample_week(log, week=WEEK, n=None, but={"anchor"})

    assert ids(sample) == {"a"}
    assert sample.notes == ("2 items were left out: they are anchors or probes.",)


def test_a_single_item_that_is_left_out_is_told_of_in_the_singular() -> None:
    log = [item("a"), item("anchor"), item("b", None)]
    sample = sample_week(log, week=WEEK, n=None, but={"anchor"})

    assert sample.notes == (
        "1 item without a time was left out.",
        "1 item was left out: it is an anchor or a probe.",
    )


def test_a_week_without_items_says_how_many_there_were_of_others() -> None:
    log = [item("a", END), item("b", END)]
    with pytest.raises(TooFewLabels, match=f"none of 2 items is of week {WEEK}"):
        drawn(log)


def test_a_split_is_taken_by_group_and_of_whatever_week() -> None:
    log = [item("a", group="u"), item("b", END, group="u"), item("c", None), item("d", group="v")]
    parts = {"u": "dev", "c": "dev", "v": "test"}
    sample = sample_split(log, split="dev", parts=parts, but=())

    assert ids(sample) == {"a", "b", "c"}
    with pytest.raises(TooFewLabels, match="no item of the log is in the train split"):
        sample_split(log, split="train", parts=parts, but=())


def test_simulated_weeks_are_where_their_names_say() -> None:
    for week in WEEKS[:3]:
        times = [datetime.fromisoformat(row["timestamp"]) for row in outputs(week, 200)]
        assert {week_of(at.astimezone(UTC)) for at in times} == {week}
