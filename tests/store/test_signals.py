"""Signals in a store: added once, held out by name, forgotten with their item."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from trueup.errors import DataError
from trueup.signal.model import SignalRecord
from trueup.signal.read import open_signals
from trueup.store import schema, signals
from trueup.store.forget import forget
from trueup.store.signals import (
    add_signals,
    held_out,
    hold_out,
    import_signals,
    signal_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.store.store import Store

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def record(unit: str = "a", value: float | None = 1, day: int = 0, **others: Any) -> SignalRecord:
    at = T0 + timedelta(days=day)
    given: dict[str, Any] = {"name": "thumbs", "event_at": at, "known_at": at}
    return SignalRecord(unit_id=unit, value=value, **{**given, **others})


def rows(store: Store) -> list[tuple[Any, ...]]:
    table = schema.signal
    with store.reading() as connection:
        found = connection.execute(sa.select(table.c.unit_kind, table.c.unit_id, table.c.name))
        return sorted(tuple(row) for row in found)


def observe(store: Store, run: int, item_id: str, **known: str) -> None:
    body = json.dumps(["in", f"out {item_id}", None, None, {}, None])
    row = {"run": run, "seq": 0, "item_id": item_id, "content": item_id.encode(),
           "known": json.dumps(known) if known else None}  # fmt: skip
    store.observe({item_id.encode(): body}, [row])


def test_the_same_records_twice_are_recorded_once(store: Store) -> None:
    every = [record("a"), record("b", 0), record("b", None, exposed=True), record("a", day=1)]

    assert add_signals(store, every, source="x") == 4
    assert add_signals(store, iter(every), source="y") == 0
    assert rows(store) == [("item", "a", "thumbs")] * 2 + [("item", "b", "thumbs")] * 2


def test_a_record_that_differs_in_anything_is_another(store: Store) -> None:
    others: list[dict[str, Any]] = [
        {}, {"value": 0}, {"revision": 1}, {"exposed": True}, {"unit_kind": "session"},
        {"name": "retries"}, {"known_at": T0 + timedelta(microseconds=1)},
        {"event_at": T0 - timedelta(days=1)},
    ]  # fmt: skip

    assert add_signals(store, [record(**other) for other in others], source="x") == len(others)


def test_records_are_written_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_CHUNK", 3)

    assert add_signals(store, (record(str(n)) for n in range(10)), source="x") == 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"known_at": datetime(2026, 1, 5)}, "names no time zone"),  # noqa: DTZ001 - what is refused
        ({"value": float("nan")}, "no finite number"),
        ({"unit_kind": "pair"}, "no kind of unit"),
    ],
)
def test_a_record_that_cannot_be_kept_is_refused(
    store: Store, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        add_signals(store, [record(**change)], source="x")


def test_recorded_signals_are_held_out_with_the_columns_they_came_in(store: Store) -> None:
    add_signals(store, [record()], source="x", columns={"User_Thumbs": "thumbs"})
    hold_out(store, ["csat"])

    assert held_out(store) == {"userthumbs": "thumbs", "thumbs": "thumbs", "csat": "csat"}
    assert signal_names(store) == ["csat", "thumbs"]


def test_an_import_says_what_it_took_and_what_it_left_out(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "signals.csv"
    path.write_text(
        "id,thumbs,thumbs_at\na,up,2026-01-05T09:00:00Z\nb,down,2026-01-05T09:00:00Z\nc,,\n",
        "utf-8",
    )

    done = import_signals(store, open_signals(path), by="test")
    again = import_signals(store, open_signals(path), by="test")

    assert (done.source, done.source_format, done.n, done.new) == ("signals.csv", "CSV", 2, 2)
    assert done.by_name == {"thumbs": 2}
    assert list(done.left_out.values()) == [1]
    assert list(done.first.values()) == ["signals.csv, line 4"]
    assert (again.n, again.new) == (2, 0)


def test_an_import_records_nothing_where_a_line_is_wrong(store: Store) -> None:
    good = {"unit_id": "a", "name": "thumbs", "value": 1, "known_at": "2026-01-05T09:00:00Z"}

    with pytest.raises(DataError, match="row 2"):
        import_signals(store, open_signals([good, {**good, "value": "meh"}]), by="test")

    assert rows(store) == []


def test_what_can_be_read_once_is_imported_too(store: Store) -> None:
    def stream() -> Iterator[dict[str, Any]]:
        yield {"unit_id": "a", "name": "thumbs", "value": 1, "known_at": "2026-01-05T09:00:00Z"}

    assert import_signals(store, open_signals(stream()), by="test").new == 1
    with pytest.raises(DataError, match="there are no signals in it"):
        import_signals(store, open_signals(iter([])), by="test")


def test_forgetting_an_item_takes_its_signals(store: Store) -> None:
    observe(store, 1, "a")
    add_signals(store, [record("a"), record("b"), record("a", name="retries")], source="x")

    found = forget(store, "a")

    assert found.signals == 2
    assert rows(store) == [("item", "b", "thumbs")]


def test_forgetting_takes_what_is_said_of_a_session_or_trace_that_was_the_items_alone(
    store: Store,
) -> None:
    observe(store, 1, "a", session_id="s", trace_id="t")
    observe(store, 2, "b", session_id="s")
    every = [record("s", unit_kind="session"), record("t", unit_kind="trace")]
    add_signals(store, every, source="x")

    forget(store, "a")
    assert rows(store) == [("session", "s", "thumbs")]

    forget(store, "b")
    assert rows(store) == []


def test_what_is_said_of_a_user_outlives_one_of_their_items(store: Store) -> None:
    observe(store, 1, "a", group="u")
    add_signals(store, [record("u", unit_kind="group")], source="x")

    assert forget(store, "a").signals == 0
    assert rows(store) == [("group", "u", "thumbs")]
