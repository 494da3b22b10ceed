"""Stores of earlier schemas: opening one brings it up to date and keeps what is in it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.store.conftest import found
from tests.store.test_open import heading, tables
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import scored
from trueup.label.model import Label
from trueup.signal.model import SignalRecord
from trueup.store import migrate, schema
from trueup.store.labels import add_labels, labels_for
from trueup.store.signals import add_signals
from trueup.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import CallRow, VerdictRow


@pytest.fixture
def first(path: Path, verdict_row: VerdictRow, call_row: CallRow) -> Path:
    """Return a store of the first schema, in which two runs were answered."""
    said = [("m-1", ""), ("m-1", ""), ("m-1", "fp_2"), ("", "")]
    calls = [
        call_row(n, Reply(text="", model=model, fingerprint=fingerprint), run=1 + n // 2)
        for n, (model, fingerprint) in enumerate(said)
    ]
    with Store.open(path) as store:
        store.write({"verdict": [verdict_row(1, scored(1.0, "met"))], "call": calls})
    connection = sqlite3.connect(path)
    for table in ("answerer", "signal", "held_out", "watch"):
        connection.execute(f"drop table {table}")
    connection.execute("update heading set value = '1' where name = 'schema'")
    connection.commit()
    connection.close()
    return path


def test_a_store_of_the_first_schema_becomes_todays_with_all_that_is_in_it(first: Path) -> None:
    before = {**heading(first), "schema": str(migrate.VERSION)}

    with Store.open(first) as store:
        assert found(store, 1)[1].level == "met"
        assert len(store.replies([n.to_bytes(16, "big") for n in range(4)])) == 4

    assert heading(first) == before
    assert tables(first) == schema.metadata.tables.keys()


def test_models_of_earlier_runs_are_taken_from_their_calls(first: Path) -> None:
    with Store.open(first) as store, store.reading() as connection:
        rows = connection.execute(sa.select(schema.answerer).order_by("run", "model")).all()

    assert [tuple(row) for row in rows] == [(1, "m-1"), (2, "m-1 fp_2")]


def test_an_old_and_a_new_store_have_the_same_tables(first: Path, tmp_path: Path) -> None:
    def made(path: Path) -> set[str]:
        Store.open(path).close()
        connection = sqlite3.connect(path)
        rows = connection.execute("select sql from sqlite_master where sql is not null").fetchall()
        connection.close()
        return {row[0] for row in rows}

    assert made(first) == made(tmp_path / "new.db")


@pytest.fixture
def second(path: Path, verdict_row: VerdictRow) -> Path:
    """Return a store of the second schema, with a verdict, a label and a model that answered."""
    labels = [Label(item_id="a", criterion="c", value="met", annotator="anna", question="q")]
    with Store.open(path) as store:
        store.write({"verdict": [verdict_row(1, scored(1.0, "met"))],
                     "answerer": [{"run": 1, "model": "m-1"}]})  # fmt: skip
        add_labels(store, labels, source="test")
    connection = sqlite3.connect(path)
    for table in ("signal", "held_out", "watch"):
        connection.execute(f"drop table {table}")
    connection.execute("update heading set value = '2' where name = 'schema'")
    connection.commit()
    connection.close()
    return path


def test_a_store_of_the_second_schema_takes_signals_and_keeps_what_is_in_it(second: Path) -> None:
    before = {**heading(second), "schema": str(migrate.VERSION)}
    at = datetime(2026, 1, 5, tzinfo=UTC)
    record = SignalRecord(unit_id="a", name="thumbs", value=1, event_at=at, known_at=at)

    with Store.open(second) as store:
        assert found(store, 1)[1].level == "met"
        assert [label.value for label in labels_for(store, ["q"])] == ["met"]
        assert add_signals(store, [record], source="test") == 1

    assert heading(second) == before
    assert tables(second) == schema.metadata.tables.keys()
