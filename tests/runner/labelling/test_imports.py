"""Imports: all of a file or nothing, with what the store knows of its items."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.labelling.material import END, RUBRIC, SOUND, START, TONE, item
from trueup.errors import DataError
from trueup.label.model import Label
from trueup.label.write import write_labels
from trueup.rubric.model import Criterion, Level
from trueup.runner.labelling.imports import Imported, import_labels
from trueup.runner.labelling.today import as_asked_today
from trueup.store.labels import labels_for, labels_of_criterion, open_test_labels
from trueup.store.splits import add_splits, splits
from trueup.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.labelling.conftest import Draw

QUESTIONS = [criterion.question for criterion in RUBRIC.criteria]


def row(item_id: str, value: object = "met", criterion: str = "sound", **others: object) -> Any:
    return {"item_id": item_id, "criterion": criterion, "value": value, "annotator": "ana",
            "labelled_at": "2026-11-16T09:00:00Z", **others}  # fmt: skip


def take(store: Store, rows: Any, **others: Any) -> Imported:
    return import_labels(store, rows, rubric=RUBRIC, by="a test", **others)


def held(store: Store) -> list[Label]:
    """Return every label of the store, the test split's too."""
    return labels_for(store, QUESTIONS) + open_test_labels(store, QUESTIONS, by="a test")


def test_labels_come_in_with_question_group_and_part(store: Store) -> None:
    found = take(store, [row("i1"), row("i3", 2, "tone")])
    parts = splits(store)

    assert {(lb.item_id, lb.question, lb.group, lb.split) for lb in held(store)} == {
        ("i1", SOUND.question, "g", parts["g"]),
        ("i3", TONE.question, None, parts["i3"]),
    }
    assert (found.n, found.new, found.known) == (2, 2, 0)
    assert found.by_criterion == {"sound": 1, "tone": 1}
    assert sum(found.parts.values()) == 2
    assert found.annotators == ("ana",)


def test_the_same_file_again_adds_nothing_and_moves_nothing(store: Store) -> None:
    rows = [row(f"i{n}") for n in (1, 2, 3, 4)]
    take(store, rows)
    before = held(store)
    found = take(store, rows)

    assert (found.new, found.known) == (0, 4)
    assert held(store) == before


def test_groups_stay_in_one_part(store: Store) -> None:
    take(store, [row("i1"), row("i2"), row("i3")])
    [one, two] = [lb for lb in held(store) if lb.group == "g"]

    assert one.split == two.split is not None


def test_a_group_that_an_earlier_label_named_holds_where_a_later_file_names_none(
    store: Store,
) -> None:
    log = [item(f"new{n}", group="u") for n in range(9)]
    take(store, [row(one.id) for one in log], items=log)
    take(store, [row("i3", annotator="ben"), *(row(one.id, annotator="ben") for one in log)])
    mine = [label for label in held(store) if label.item_id != "i3"]

    assert [label.group for label in mine] == ["u"] * 18
    assert len({label.split for label in mine}) == 1


def test_labels_of_what_was_drawn_are_a_fresh_sample(store: Store, draw: Draw) -> None:
    draw("i1")
    take(store, [row("i1"), row("i3")])
    by_id = {label.item_id: label for label in held(store)}

    assert (by_id["i1"].design, by_id["i1"].probability) == ("stratified", 0.25)
    assert by_id["i1"].split is None
    assert by_id["i3"].design is None
    assert by_id["i3"].split is not None


def test_what_a_label_says_of_itself_holds(store: Store, draw: Draw) -> None:
    draw("i1")
    own = row("i1", design="random", probability=0.5)
    take(store, [own, row("i3", split="train")])
    by_id = {label.item_id: label for label in held(store)}

    assert (by_id["i1"].design, by_id["i1"].probability) == ("random", 0.5)
    assert by_id["i1"].split is None
    assert by_id["i3"].split == "train"
    assert splits(store) == {"i3": "train"}


@pytest.mark.parametrize("other", ["i1", "i2"])
def test_a_group_is_not_moved_to_another_part(store: Store, other: str) -> None:
    add_splits(store, {"g": "test"})

    with pytest.raises(DataError, match="'g' is put into train, and is in test") as refused:
        take(store, [row("i3"), row(other, split="train")])
    assert "row 2" in str(refused.value)
    assert held(store) == []


def test_a_file_that_splits_a_group_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="'g' is put into dev, and is in train"):
        take(store, [row("i1", split="train"), row("i2", split="dev")])


def test_everything_that_is_wrong_is_said_and_nothing_recorded(store: Store) -> None:
    wrong = [row("i1"), row("i2", "perhaps"), row("i3", criterion="sonud"), row("i4", 9, "tone")]
    with pytest.raises(DataError) as refused:
        take(store, wrong)
    lines = str(refused.value).splitlines()

    assert len(lines) == 3
    assert {line.partition(":")[0] for line in lines} == {
        "list, row 2", "list, row 3", "list, row 4",
    }  # fmt: skip
    assert held(store) == []


def test_of_very_much_that_is_wrong_the_first_is_said_and_the_rest_counted(store: Store) -> None:
    with pytest.raises(DataError) as refused:
        take(store, [row("i1", criterion=f"sonud{n}") for n in range(3000)])
    lines = str(refused.value).splitlines()

    assert len(lines) == 21
    assert lines[-1] == "and 2,980 more of what is wrong"


def test_labels_of_items_that_are_not_there_are_kept_with_a_note(store: Store) -> None:
    found = take(store, [row("i1"), row("later")])

    assert found.new == 2
    assert any("'later'" in note for note in found.notes)


def test_ids_of_which_none_is_known_are_the_wrong_column(store: Store) -> None:
    with pytest.raises(DataError, match="no label is of an item that is there"):
        take(store, [row("x1"), row("x2")])


def test_a_file_of_items_makes_them_known_with_their_groups(store: Store) -> None:
    take(store, [row("x1"), row("x2")], items=[item("x1", group="u"), item("x2", group="u")])

    assert {label.group for label in held(store)} == {"u"}


def test_a_store_without_items_knows_none_and_asks_for_none(tmp_path: Path) -> None:
    with Store.open(tmp_path / "new.db") as store:
        assert take(store, [row("x1"), row("x2")]).new == 2


def test_parts_can_be_left_out(store: Store) -> None:
    take(store, [row("i1")], split="none")

    assert [label.split for label in held(store)] == [None]
    assert splits(store) == {}


def test_parts_are_balanced_by_answer(tmp_path: Path) -> None:
    rows = [row(f"x{n}", "met" if n < 20 else "unmet") for n in range(40)]
    with Store.open(tmp_path / "new.db") as store:
        take(store, rows)
        labels = held(store)
    trained = [str(label.value) for label in labels if label.split == "train"]

    assert sorted(trained) == ["met"] * 4 + ["unmet"] * 4


def test_rows_without_a_name_are_the_annotators_that_is_given(store: Store) -> None:
    nameless = {"item_id": "i1", "criterion": "sound", "value": "met"}
    found = take(store, [nameless, row("i3")], annotator=" ben ")

    assert found.annotators == ("ana", "ben")


def test_one_criterion_may_be_named_for_all_rows(store: Store) -> None:
    take(store, [{"id": "i1", "label": 2, "annotator": "ana"}], criterion="tone")

    assert [(label.criterion, label.value) for label in held(store)] == [("tone", 2.0)]


def test_what_answers_an_earlier_wording_keeps_its_hash(store: Store) -> None:
    found = take(store, [row("i1"), row("i3", question="0123456789abcdef")])
    old = labels_of_criterion(store, "sound", but=SOUND.question)

    assert [label.question for label in old] == ["0123456789abcdef"]
    assert any("earlier wording" in note for note in found.notes)


def test_an_answer_to_todays_question_gets_its_id_of_today(store: Store) -> None:
    take(store, [row("i1", criterion="was-sound", question=SOUND.question)])

    assert [label.criterion for label in held(store)] == ["sound"]


def test_what_was_exported_comes_back_as_the_same_labels(store: Store, tmp_path: Path) -> None:
    take(store, [row("i1", note="odd", split="train"), row("i3", 2, "tone"), row("i4", "n/a")])
    before = held(store)
    write_labels(before, tmp_path / "labels.csv", form="csv")

    assert take(store, tmp_path / "labels.csv").new == 0
    with Store.open(tmp_path / "new.db") as other:
        take(other, tmp_path / "labels.csv")
        assert sorted(map(str, held(other))) == sorted(map(str, before))


# --- levels ----------------------------------------------------------------------------------


def read(*values: str | float, criterion: Criterion = SOUND) -> list[str | float | None]:
    labels = [
        Label(item_id=f"i{n}", criterion=criterion.id, value=value, labelled_at=START)
        for n, value in enumerate(values)
    ]
    rubric = replace(RUBRIC, criteria=(criterion,))
    return [label.value for label in as_asked_today(labels, rubric)]


def test_answers_are_kept_by_the_keys_of_levels() -> None:
    assert read("Yes", 0.0, "thumbs_up", 0.5) == ["met", "unmet", "met", 0.5]
    assert read("It is done.", 0.0, "Moved", criterion=END) == ["done", "refused", "moved"]
    assert read("2", 0.0, 1.5, criterion=TONE) == [2.0, 0.0, 1.5]


def test_why_there_is_no_value_is_kept_in_one_spelling() -> None:
    values = ("N/A", "Not applicable", "cannot tell", "deferred", "Defer")

    assert read(*values) == [
        "not_applicable", "not_applicable", "cannot_tell", "defer", "defer",
    ]  # fmt: skip


def test_values_of_a_scale_are_counted_in_its_keys() -> None:
    five = tuple(Level(str(n), "", (n - 1) / 4) for n in range(1, 6))
    scale = Criterion("grade", "Which?", five, kind="scale")

    assert read(0.0, 0.25, 1.0, 0.9, criterion=scale) == [1.0, 2.0, 5.0, pytest.approx(4.6)]
    assert read(1.0, 5.0, 4.5, criterion=scale) == [1.0, 5.0, 4.5]


def test_a_value_that_two_choices_share_stays_a_number() -> None:
    same = (Level("refused", "", 0.0), Level("empty", "", 0.0), Level("done", "", 1.0))
    choice = Criterion("end", "What?", same, kind="choices")

    assert read(0.0, 1.0, "empty", criterion=choice) == [0.0, "done", "empty"]


def test_withdrawn_labels_stay_withdrawn(store: Store) -> None:
    later = row("i1", None, withdrawn=True)
    later["labelled_at"] = (START + timedelta(days=1)).isoformat()
    take(store, [row("i1"), later])

    assert [label.value for label in held(store)] == ["met", None]
