"""What whoever labels needs beside a draw: texts, one's own labels, and who has answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from trueup.label.model import Label
from trueup.store.draws import answered, labels_by, observed, some_items
from trueup.store.labels import add_labels, labels_for
from trueup.store.splits import readings

if TYPE_CHECKING:
    from trueup.store.store import Store

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
LABEL = Label(item_id="i1", criterion="kind", value="met", annotator="ana", question="q1",
              labelled_at=AT)  # fmt: skip


def see(store: Store, run: int, *items: tuple[str, bytes, str | None]) -> None:
    """Write down that a run saw items: id, hash of the content, what is known."""
    rows = [
        {"run": run, "seq": seq, "item_id": id_, "content": content, "known": known}
        for seq, (id_, content, known) in enumerate(items)
    ]
    store.observe({content: f'"{content.decode()}"' for _, content, _ in items}, rows)


def test_an_items_text_is_the_last_one_or_that_of_a_run(store: Store) -> None:
    see(store, 1, ("i1", b"old", '{"group": "g"}'), ("i2", b"two", None))
    see(store, 2, ("i1", b"new", None))
    last, first = observed(store, ["i1", "i2", "i3"]), observed(store, ["i1"], run=1)

    assert {id_: found.body for id_, found in last.items()} == {"i1": '"new"', "i2": '"two"'}
    assert (first["i1"].body, first["i1"].known) == ('"old"', {"group": "g"})
    assert last["i1"].known == {}


def test_ids_are_found_as_they_are_stored(store: Store) -> None:
    see(store, 1, ("a\ufffdb", b"one", None))

    assert observed(store, ["a\0b"]).keys() == {"a\ufffdb"}


def test_many_ids_are_found_at_once(store: Store) -> None:
    see(store, 1, ("i1", b"one", None), ("i2", b"two", None))

    assert observed(store, [*(f"x{n}" for n in range(12_000)), "i1"]).keys() == {"i1"}
    assert observed(store, []) == {}


def test_a_few_items_stand_for_those_that_are_there(store: Store) -> None:
    assert some_items(store, 3) == []
    see(store, 1, *((f"i{n}", b"one", None) for n in range(5)))

    assert len(some_items(store, 3)) == 3


def test_own_labels_are_whole_in_order_and_of_every_part(store: Store) -> None:
    mine = [
        LABEL,
        replace(LABEL, criterion="renamed", value=2.0, labelled_at=AT + timedelta(days=1)),
        replace(LABEL, question="q0", split="test", note="x", probability=0.5),
        replace(LABEL, item_id="i2", value=None, labelled_at=None),
    ]
    others = [
        replace(LABEL, annotator="ben"),
        replace(LABEL, criterion="else", question="q9"),
        replace(LABEL, unit_kind="pair"),
    ]
    add_labels(store, [*mine, *others], source="test")

    assert labels_by(store, "ana", criteria=["kind"], questions=["q1"]) == mine
    assert readings(store, "test split") == []


def test_people_who_have_answered_are_counted_once_each(store: Store) -> None:
    add_labels(
        store,
        [
            LABEL,
            replace(LABEL, value="unmet", labelled_at=AT + timedelta(days=1)),
            replace(LABEL, annotator="ben", split="test"),
            replace(LABEL, annotator="cem"),
            replace(LABEL, annotator="ben", item_id="i2"),
        ],
        source="test",
    )

    assert answered(store, ["q1"], items=["i1"], but="cem") == {("i1", "q1"): 2}
    assert answered(store, ["q1"], items=[], but="cem") == {}


@pytest.mark.parametrize("value", [None, "defer"])
def test_what_was_withdrawn_or_deferred_is_no_answer(store: Store, value: str | None) -> None:
    later = replace(LABEL, value=value, labelled_at=AT + timedelta(days=1))
    add_labels(store, [LABEL, later], source="test")

    assert answered(store, ["q1"], items=["i1"], but="ben") == {}


def test_whole_labels_are_read_as_elsewhere(store: Store) -> None:
    add_labels(store, [LABEL, replace(LABEL, item_id="i2", value=0.5)], source="test")

    assert labels_by(store, "ana", criteria=["kind"], questions=[]) == labels_for(store, ["q1"])
