"""Which record of a unit and signal holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.signal.model import SignalRecord, latest

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def record(value: float | None, day: int = 0, **others: Any) -> SignalRecord:
    at = T0 + timedelta(days=day)
    given: dict[str, Any] = {"unit_id": "a", "name": "thumbs", "event_at": at, "known_at": at}
    return SignalRecord(value=value, **{**given, **others})


def only(*records: SignalRecord, as_of: datetime | None = None) -> float | None:
    [held] = latest(records, as_of=as_of).values()
    return held.value


def test_the_record_that_arrived_last_holds() -> None:
    assert only(record(1, day=2), record(0, day=1)) == 1


def test_a_higher_revision_holds_whenever_it_arrived() -> None:
    assert only(record(0, day=1, revision=2), record(1, day=5, revision=1)) == 0


def test_of_one_instant_the_later_record_holds() -> None:
    assert only(record(1), record(0)) == 0


def test_what_arrived_later_is_not_seen() -> None:
    both = record(1, day=1), record(0, day=9)

    assert only(*both, as_of=T0 + timedelta(days=8)) == 1
    assert latest(both, as_of=T0) == {}


def test_units_and_signals_are_apart() -> None:
    records = [record(1), record(0, unit_kind="session"), record(2, name="retries")]

    assert len(latest(records)) == 3
