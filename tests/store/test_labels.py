"""Labels, draws, splits and the ledger in a store: added to, never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.label.model import Label
from trueup.store import ledger
from trueup.store.draws import Drawn, add_draw, draws
from trueup.store.forget import forget
from trueup.store.labels import (
    add_labels,
    labels_for,
    labels_of_criterion,
    notes_of,
    open_test_labels,
)
from trueup.store.splits import add_splits, readings, splits
from trueup.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

LABEL = Label(item_id="i1", criterion="kind", value="met", annotator="ana", question="q1")
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_unsigned_labels_that_say_the_same_are_those_of_several_people(store: Store) -> None:
    unsigned = replace(LABEL, annotator=None)
    given = [unsigned, unsigned, replace(unsigned, value="unmet"), LABEL, LABEL]

    assert add_labels(store, given, source="a file") == 4
    assert add_labels(store, given, source="the same file") == 0
    assert [label.value for label in labels_for(store, ["q1"])].count("met") == 3


def test_a_label_comes_back_as_it_was(store: Store) -> None:
    whole = Label(
        item_id="i2",
        criterion="kind",
        value=0.5,
        annotator="ben",
        labelled_at=AT,
        question="q1",
        split="dev",
        design="stratified",
        probability=0.25,
        saw_judge=False,
        prelabelled=True,
        note="a near thing",
        group="g",
    )
    add_labels(store, [LABEL, whole], source="a test")

    assert labels_for(store, ["q1"]) == [LABEL, whole]


def test_the_same_label_again_is_one_label(store: Store) -> None:
    later = replace(LABEL, value="unmet", labelled_at=AT)

    assert add_labels(store, [LABEL, later], source="labels.jsonl") == 2
    assert add_labels(store, [LABEL, later, replace(LABEL, note="x")], source="again") == 0
    assert add_labels(store, [replace(LABEL, value=None, labelled_at=AT)], source="undo") == 1
    assert len(labels_for(store, ["q1"])) == 3


def test_a_label_without_a_question_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="i1 names no question"):
        add_labels(store, [replace(LABEL, question=None)], source="a test")

    assert labels_for(store, ["q1"]) == []


def test_the_test_split_is_read_only_through_what_logs_it(store: Store) -> None:
    closed = replace(LABEL, item_id="i2", split="test")
    add_labels(store, [LABEL, closed], source="a test")

    assert labels_for(store, ["q1"]) == [LABEL]
    assert readings(store, "test split") == []
    assert open_test_labels(store, ["q1"], by="trueup calibrate --split test") == [closed]
    [found] = readings(store, "test split")
    assert (found.by, found.n) == ("trueup calibrate --split test", 1)


def test_labels_of_an_earlier_question_are_found_by_their_criterion(store: Store) -> None:
    old = replace(LABEL, question="q0")
    add_labels(store, [old, LABEL], source="a test")

    assert labels_of_criterion(store, "kind", but="q1") == [old]


def test_a_forgotten_items_labels_and_notes_are_gone(store: Store, path: Path) -> None:
    add_labels(store, [replace(LABEL, note="kestrel"), replace(LABEL, item_id="i2")], source="t")
    assert notes_of(store, ["i1", "i2"]) == {("i1", "kind"): ["kestrel"]}

    assert forget(store, "i1").labels == 1

    assert [label.item_id for label in labels_for(store, ["q1"])] == ["i2"]
    assert notes_of(store, ["i1"]) == {}
    assert b"kestrel" not in path.read_bytes()


@given(value=st.none() | st.text() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_value_survives(value: str | float | None) -> None:
    label = replace(LABEL, value=value)
    with Store.open() as store:
        add_labels(store, [label], source="a test")

        assert labels_for(store, ["q1"]) == [label]


def test_a_group_stays_in_its_split(store: Store) -> None:
    add_splits(store, {"g1": "train", "g2": "test"})
    add_splits(store, {"g1": "test", "g3": "dev"})

    assert splits(store) == {"g1": "train", "g2": "test", "g3": "dev"}


def test_a_drawn_item_stays_drawn_as_it_was(store: Store) -> None:
    first = Drawn(
        sitting="2026-W07", item_id="i1", place=0, run=1, design="stratified", probability=0.2,
        people=2, why="",
    )  # fmt: skip
    add_draw(store, [first])
    add_draw(store, [replace(first, probability=0.9), replace(first, item_id="i2", place=1)])

    assert draws(store, "2026-W07") == [first, replace(first, item_id="i2", place=1)]
    assert draws(store, "2026-W08") == []
    assert len(draws(store)) == 2


def test_the_ledger_takes_what_is_new_and_keeps_what_was() -> None:
    entry = {"criterion": "kind", "question": "q", "judge": "j", "instrument": "i",
             "week": "2026-W07", "n": 3}  # fmt: skip
    with Store.open() as store:
        assert ledger.append(store, [entry]) == 1
        assert ledger.append(store, [entry]) == 0
        assert ledger.append(store, [{**entry, "n": 5}]) == 1

        assert [found["n"] for found in ledger.read(store)] == [3, 5]
