"""Reading signals: what holds at an instant, beside which items, for whom, and written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.errors import DataError
from trueup.item.model import Item
from trueup.signal.model import SignalRecord
from trueup.store.signal_reading import READING, held_records
from trueup.store.signal_table import Joined, signal_table
from trueup.store.signals import add_signals, hold_out
from trueup.store.splits import readings
from trueup.store.store import Store

if TYPE_CHECKING:
    from trueup.signal.model import UnitKind

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
BY: dict[str, Any] = {"by": "test", "purpose": "goodhart"}


def add(store: Store, *records: tuple[str, float | None, int], **others: Any) -> None:
    every = []
    for unit, value, day in records:
        at = T0 + timedelta(days=day)
        fields: dict[str, Any] = {"name": "thumbs", "event_at": at, "known_at": at, **others}
        every.append(SignalRecord(unit_id=unit, value=value, **fields))
    add_signals(store, every, source="test")


def item(id_: str, **others: Any) -> Item:
    return Item(id=id_, output="x", timestamp=T0, **others)


def test_the_record_that_holds_is_the_last_of_what_had_arrived(store: Store) -> None:
    add(store, ("a", 1, 0), ("a", 0, 3), ("b", 1, 2))

    now = held_records(store, "thumbs", **BY)["item"]
    then = held_records(store, "thumbs", as_of=T0 + timedelta(days=1), **BY)["item"]

    assert dict(zip(now.unit_ids, now.value, strict=True)) == {"a": 0, "b": 1}
    assert dict(zip(then.unit_ids, then.value, strict=True)) == {"a": 1}
    assert now.known_at[0] == int((T0 + timedelta(days=3)).timestamp() * 1e6)


def test_a_higher_revision_holds_and_of_one_instant_what_was_imported_last(store: Store) -> None:
    add(store, ("a", 1, 5))
    add(store, ("a", 0, 1), revision=1)
    add(store, ("b", 1, 1))
    add(store, ("b", 0, 1))

    held = held_records(store, "thumbs", **BY)["item"]

    assert list(held.value) == [0, 0]


def test_items_get_their_signals_with_the_time_of_arrival(store: Store) -> None:
    add(store, ("a", 1, 2))
    add(store, ("b", None, 1), exposed=True)

    table = signal_table(store, ["thumbs"], items=[item("a"), item("b"), item("c")], **BY)

    frame = table.frame
    assert list(frame["item_id"]) == ["a", "b", "c"]
    np.testing.assert_array_equal(frame["thumbs"], [1, np.nan, np.nan])
    assert frame["thumbs_at"][0] == pd.Timestamp(T0 + timedelta(days=2))
    assert frame["thumbs_at"].isna().tolist() == [False, True, True]
    assert frame["thumbs_exposed"].tolist() == [pd.NA, True, pd.NA]
    assert table.joined["thumbs"] == Joined(units=2, matched=2, items=1, early=0)


def test_the_narrowest_unit_of_an_item_counts(store: Store) -> None:
    add(store, ("g", 4, 0), unit_kind="group")
    add(store, ("s", 3, 0), unit_kind="session")
    add(store, ("t", 2, 0), unit_kind="trace")
    add(store, ("a", 1, 0))
    items = [
        item("a", trace_id="t", session_id="s", group="g"),
        item("b", trace_id="t", session_id="s", group="g"),
        item("c", session_id="s", group="g"),
        item("d", group="g"),
        item("e"),
    ]

    frame = signal_table(store, ["thumbs"], items=items, **BY).frame

    np.testing.assert_array_equal(frame["thumbs"], [1, 2, 3, 4, np.nan])


def test_an_item_that_is_a_trace_is_found_by_its_own_id(store: Store) -> None:
    add(store, ("a", 1, 0), unit_kind="trace")

    assert signal_table(store, ["thumbs"], items=[item("a")], **BY).frame["thumbs"][0] == 1


def test_a_frame_keeps_its_columns_and_is_left_as_it_was(store: Store) -> None:
    add(store, ("7", 1, -2))
    frame = pd.DataFrame({"id": [7], "judge": [0.5], "timestamp": [T0.isoformat()]})

    table = signal_table(store, ["thumbs"], items=frame, **BY)

    assert table.frame[["item_id", "judge", "thumbs"]].iloc[0].tolist() == ["7", 0.5, 1]
    assert table.joined["thumbs"].early == 1
    assert list(frame.columns) == ["id", "judge", "timestamp"]


def test_the_items_of_runs_are_those_last_seen_and_not_forgotten(store: Store) -> None:
    for run, known in ((1, {"version": "1"}), (2, {"version": "2"})):
        row = {"run": run, "seq": 0, "item_id": "a", "content": b"a", "known": json.dumps(known)}
        gone = {"run": run, "seq": 1, "item_id": "forgotten-1", "content": b"a",
                "known": json.dumps({"forgotten": True})}  # fmt: skip
        store.observe({b"a": "[]"}, [row, gone])
    add(store, ("a", 1, 0))

    every = signal_table(store, ["thumbs"], **BY).frame
    first = signal_table(store, ["thumbs"], run=1, **BY).frame

    assert every[["item_id", "version", "thumbs"]].to_numpy().tolist() == [["a", "2", 1]]
    assert first["version"].tolist() == ["1"]


def test_no_items_make_an_empty_table(store: Store) -> None:
    add(store, ("a", 1, 0))

    assert signal_table(store, ["thumbs"], items=[], **BY).frame.empty


def test_a_signal_that_is_not_there_is_met_with_the_closest(store: Store) -> None:
    add(store, ("a", 1, 0))

    with pytest.raises(DataError, match="Did you mean 'thumbs'"):
        signal_table(store, ["thumb"], **BY)


def test_a_frame_without_ids_is_refused(store: Store) -> None:
    add(store, ("a", 1, 0))

    with pytest.raises(DataError, match="no column item_id"):
        signal_table(store, ["thumbs"], items=pd.DataFrame({"x": [1]}), **BY)


def test_a_frame_with_times_that_name_no_zone_is_refused(store: Store) -> None:
    add(store, ("a", 1, 0))
    frame = pd.DataFrame({"id": ["a"], "timestamp": [pd.Timestamp("2026-01-05 09:00")]})

    with pytest.raises(DataError, match="does not say in which time zone"):
        signal_table(store, ["thumbs"], items=frame, **BY)


def walked(
    records: list[SignalRecord], as_of: datetime
) -> dict[tuple[UnitKind, str, str], float | None]:
    """Return what holds at an instant: the highest revision, then what arrived last."""
    held: dict[tuple[UnitKind, str, str], SignalRecord] = {}
    for record in records:
        key = (record.unit_kind, record.unit_id, record.name)
        before = held.get(key, record)
        newer = (record.revision, record.known_at) >= (before.revision, before.known_at)
        if record.known_at <= as_of and newer:
            held[key] = record
    return {key: record.value for key, record in held.items()}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(["item", "session"]), st.integers(0, 2),
            st.integers(0, 3), st.sampled_from([0.0, 1.0, None]),
        ),
        max_size=12,
    ),
    st.integers(0, 3),
)  # fmt: skip
def test_the_store_holds_what_a_walk_over_all_records_holds(
    rows: list[tuple[str, UnitKind, int, int, float | None]], day: int
) -> None:
    records = [
        SignalRecord(
            unit_id=unit, unit_kind=kind, name="thumbs", value=value, revision=revision,
            event_at=T0, known_at=T0 + timedelta(days=known), exposed=True,
        )
        for unit, kind, revision, known, value in rows
    ]  # fmt: skip
    # a record that comes again adds nothing, so that its first place is the one that counts
    first = list(dict.fromkeys(records))
    as_of = T0 + timedelta(days=day)

    with Store.open() as store:
        hold_out(store, ["thumbs"])
        assert add_signals(store, records, source="test") == len(first)
        found = held_records(store, "thumbs", as_of=as_of, **BY)

    held = {
        (kind, unit, "thumbs"): None if np.isnan(value) else value
        for kind, one in found.items()
        for unit, value in zip(one.unit_ids, one.value, strict=True)
    }
    assert held == walked(first, as_of)


def test_every_reading_is_written_down(store: Store) -> None:
    add(store, ("a", 1, 0), ("b", 1, 0))

    held_records(store, "thumbs", by="trueup goodhart", purpose="goodhart", as_of=T0)
    signal_table(store, ["thumbs"], by="weekly", purpose="report", items=[])

    told = [(reading.by, reading.n) for reading in readings(store, READING)]
    assert told == [
        ("trueup goodhart, for goodhart: thumbs, as of 2026-01-05T09:00:00+00:00", 2),
        ("weekly, for report: thumbs", 2),
    ]


@pytest.mark.parametrize("purpose", ["judge", "fit", "reward", "rubric", "", "curiosity"])
def test_who_may_not_read_signals_is_refused_and_reads_nothing(store: Store, purpose: str) -> None:
    add(store, ("a", 1, 0))

    with pytest.raises(DataError, match="held out, and may not be read for"):
        signal_table(store, ["thumbs"], by="test", purpose=purpose, items=[])  # type: ignore[arg-type] # what is refused

    assert readings(store, READING) == []


def test_who_does_not_say_who_they_are_is_refused(store: Store) -> None:
    add(store, ("a", 1, 0))

    with pytest.raises(DataError, match="does not say who"):
        held_records(store, "thumbs", by=" ", purpose="goodhart")
