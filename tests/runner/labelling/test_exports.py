"""Exports: what is written, what stays closed, and what people in a tool get to see."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.labelling.material import RUBRIC, SOUND, START, item
from trueup.errors import ConfigError, DataError
from trueup.label.model import Label
from trueup.label.read import read_labels
from trueup.runner.labelling.exports import Exported, export_labels, form_of
from trueup.runner.labelling.imports import import_labels
from trueup.store.labels import add_labels, labels_for
from trueup.store.splits import readings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.labelling.conftest import Draw
    from trueup.store.store import Store

PARTS = {"i1": "train", "i2": "dev", "i3": "test", "i4": None}


@pytest.fixture
def labelled(store: Store) -> Store:
    labels = [
        Label(item_id=id_, criterion="sound", value="met", annotator="ana", split=part,
              question=SOUND.question)
        for id_, part in PARTS.items()
    ]  # fmt: skip
    old = Label(item_id="i1", criterion="sound", value="unmet", annotator="ben", split="train",
                question="abcdef01")  # fmt: skip
    add_labels(store, [old, *labels], source="test")
    return store


def write(store: Store, target: Path, form: str = "jsonl", **others: Any) -> Exported:
    return export_labels(
        store, target, rubric=RUBRIC, criteria=RUBRIC.criteria, form=form, by="a test", **others
    )


def ids(target: Path) -> list[str]:
    return [label.item_id for label in read_labels(target)]


def test_the_test_split_is_left_out_and_that_is_said(labelled: Store, tmp_path: Path) -> None:
    found = write(labelled, tmp_path / "labels.jsonl")

    assert ids(tmp_path / "labels.jsonl") == ["i1", "i1", "i2", "i4"]
    assert found.parts == {"train": 2, "dev": 1, "fresh": 1}
    assert "--split all" in found.notes[0]
    assert readings(labelled, "test split") == []


@pytest.mark.parametrize(
    ("part", "wanted"),
    [("train", ["i1", "i1"]), ("dev", ["i2"]), ("fresh", ["i4"]), ("test", ["i3"]),
     ("all", ["i1", "i1", "i2", "i4", "i3"])],
)  # fmt: skip
def test_a_part_alone_is_written_and_opening_the_test_split_is_noted(
    labelled: Store, tmp_path: Path, part: Any, wanted: list[str]
) -> None:
    found = write(labelled, tmp_path / "labels.jsonl", part=part)

    assert ids(tmp_path / "labels.jsonl") == wanted
    assert found.notes == ()
    assert [one.by for one in readings(labelled, "test split")] == (
        ["a test"] if part in {"test", "all"} else []
    )


def test_one_persons_labels_alone(labelled: Store, tmp_path: Path) -> None:
    assert write(labelled, tmp_path / "labels.csv", "csv", annotator="ben").n == 1


def test_tools_get_todays_labels_with_the_items(
    labelled: Store, tmp_path: Path, draw: Draw
) -> None:
    draw("i3")
    target = tmp_path / "tasks.json"
    found = write(labelled, target, "label-studio")
    tasks = json.loads(target.read_text("utf-8"))

    assert (found.n, found.items) == (3, 4)
    assert {task["data"]["output"] for task in tasks} == {f"Reply to i{n}." for n in (1, 2, 3, 4)}
    assert "unmet" not in target.read_text("utf-8")


def test_items_alone_show_nobodys_answer(labelled: Store, tmp_path: Path, draw: Draw) -> None:
    draw("i1", "i3")
    target = tmp_path / "tasks.json"
    found = write(labelled, target, "label-studio", blind=True)

    assert (found.n, found.items, found.notes) == (0, 2, ())
    assert "met" not in target.read_text("utf-8")


def test_items_of_a_file_take_the_place_of_those_that_were_drawn(
    labelled: Store, tmp_path: Path
) -> None:
    target = tmp_path / "tasks.json"
    write(labelled, target, "argilla", blind=True, items=[item("x")])

    assert "Reply to x." in target.read_text("utf-8")
    assert "Reply to i1." not in target.read_text("utf-8")


def test_a_file_of_answers_cannot_be_blind(labelled: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds answers and nothing else") as caught:
        write(labelled, tmp_path / "labels.jsonl", "jsonl", blind=True)
    assert caught.value.mend == "Use --as csv, label-studio or argilla"


def test_a_sheet_of_what_was_drawn_comes_back_as_drawn_labels(
    store: Store, tmp_path: Path, draw: Draw
) -> None:
    draw("i1", "i3", "i4")
    target = tmp_path / "tasks.csv"
    found = write(store, target, "csv", blind=True, annotator="ana")
    text = target.read_text("utf-8-sig")

    assert (found.n, found.items, found.notes) == (0, 3, ())
    assert all(f"Reply to {name}." in text for name in ("i1", "i3", "i4"))
    assert "scored" not in text
    with target.open(encoding="utf-8-sig", newline="") as file:
        head, *lines = csv.reader(file)
    for line in lines:
        line[3] = "met" if line[0] else line[3]
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *lines])
    taken = import_labels(store, target, rubric=RUBRIC, by="a test")

    assert (taken.n, taken.annotators, taken.parts) == (3, ("ana",), {"fresh": 3})
    assert {(lb.question, lb.design, lb.probability, lb.value)
            for lb in labels_for(store, [SOUND.question])} == {
        (SOUND.question, "stratified", 0.25, "met")
    }  # fmt: skip


def test_a_sheet_s_order_is_a_person_s_own(store: Store, tmp_path: Path, draw: Draw) -> None:
    draw("i1", "i2", "i3", "i4")
    orders = set()
    for who in "abcdefgh":
        write(store, tmp_path / "tasks.csv", "csv", blind=True, annotator=who)
        rows = csv.reader((tmp_path / "tasks.csv").read_text("utf-8-sig").splitlines())
        orders.add(tuple(row[0] for row in rows if row[0].startswith("i") and len(row[0]) == 2))

    assert len(orders) > 1
    assert {frozenset(order) for order in orders} == {frozenset({"i1", "i2", "i3", "i4"})}


def test_a_sheet_of_nothing_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing was drawn to be labelled with rubric reply"):
        write(store, tmp_path / "tasks.csv", "csv", blind=True)


def test_nothing_to_write_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no labels of rubric reply"):
        write(store, tmp_path / "labels.csv", "csv")


def test_the_ending_says_the_form_or_it_is_named(tmp_path: Path) -> None:
    assert form_of(tmp_path / "a.CSV", None) == "csv"
    assert form_of(tmp_path / "a.json", "argilla") == "argilla"
    with pytest.raises(ConfigError, match="--as label-studio"):
        form_of(tmp_path / "a.json", None)


@pytest.fixture
def signed(store: Store) -> Store:
    """Return a store with labels of two people, with their times."""
    rows = [
        {"item_id": item_id, "criterion": "sound", "value": "met", "annotator": who,
         "labelled_at": START.isoformat()}
        for item_id in PARTS
        for who in ("ana", "Zoe K.")
    ]  # fmt: skip
    import_labels(store, [*rows, {**rows[0], "criterion": "tone", "value": 2}], rubric=RUBRIC,
                  by="a test")  # fmt: skip
    return store


def test_a_round_trip_through_argillas_form_adds_nothing_and_nobody(
    signed: Store, tmp_path: Path
) -> None:
    target = tmp_path / "ar.json"
    write(signed, target, "argilla", part="all")
    found = import_labels(signed, target, rubric=RUBRIC, by="a test")

    assert (found.n, found.new, found.annotators) == (9, 0, ("Zoe K.", "ana"))


def test_answers_that_come_back_out_of_argilla_are_of_the_people_whom_it_was_given(
    signed: Store, tmp_path: Path
) -> None:
    target = tmp_path / "ar.json"
    write(signed, target, "argilla", part="all")
    records = json.loads(target.read_text("utf-8"))
    for record in records:
        del record["trueup"]  # Argilla does not keep it
    stranger = {"value": "unmet", "user_id": "00000000-0000-4000-8000-00000000000a"}
    records[0]["responses"]["sound"][0]["value"] = "unmet"
    records[1]["responses"]["sound"].append(stranger)
    found = import_labels(signed, records, rubric=RUBRIC, by="a test")

    assert (found.n, found.new) == (10, 2)
    assert found.annotators == (stranger["user_id"], "Zoe K.", "ana")
