"""Reading people's answers: one a row, or a column for every criterion."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.label.material import label
from trueup.errors import DataError
from trueup.item.model import Item
from trueup.label.model import Label
from trueup.label.read import read_label_file, read_labels

if TYPE_CHECKING:
    from pathlib import Path


def test_labels_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "item_id,criterion,value,annotator,labelled_at\n"
        "7,grounded,met,ann1,2026-01-05T09:30:00Z\n"
        "8,grounded,,ann1,\n"
        "8,grounded,0.5,,\n"
    )

    assert read_labels(path) == [
        Label(
            item_id="7",
            criterion="grounded",
            value="met",
            annotator="ann1",
            labelled_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        ),
        Label(item_id="8", criterion="grounded", value=0.5),
    ]


@pytest.mark.parametrize("name", ["item_id", "id", "item", "example_id", "Item-ID"])
def test_the_item_goes_by_several_names(name: str) -> None:
    [found] = read_labels([{name: 7, "criterion": "grounded", "value": "met"}])

    assert found.item_id == "7"


def test_a_number_as_text_is_a_number() -> None:
    rows = [
        {"id": n, "criterion": "tone", "value": v} for n, v in enumerate(["2", 2, 2.0, " 2 ", ".5"])
    ]

    assert [found.value for found in read_labels(rows)] == [2.0, 2.0, 2.0, 2.0, 0.5]


def test_true_and_false_are_kept_as_words() -> None:
    rows = [{"id": n, "criterion": "c", "value": v} for n, v in enumerate([True, False, "nan"])]

    assert [found.value for found in read_labels(rows)] == ["true", "false", "nan"]


def test_columns_of_other_names_are_declared() -> None:
    row = {"case": {"id": 7}, "q": "grounded", "verdict": "met", "value": "x"}
    fields = {"item_id": "case.id", "criterion": "q", "value": "verdict"}

    assert read_labels([row], fields=fields) == [label("met", item_id="7")]


def test_rows_without_a_column_for_the_criterion_are_all_the_named_ones(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,value\na,met\nb,\nc,unmet\n")

    assert read_labels(path, criterion="tone") == [
        label("met", "tone", item_id="a"),
        label("unmet", "tone", item_id="c"),
    ]
    with pytest.raises(DataError, match=r"no column holds the criterion.*name it.*--criterion ID"):
        read_labels(path)


def test_a_column_for_the_criterion_goes_before_the_named_one() -> None:
    row = {"item_id": "a", "criterion": "grounded", "value": "met"}

    assert read_labels([row], criterion="tone") == [label("met", "grounded", item_id="a")]
    with pytest.raises(DataError, match="names no criterion"):
        read_labels([{**row, "criterion": None}], criterion="tone")


def test_a_column_for_every_criterion_has_to_be_declared() -> None:
    row = {"id": 7, "grounded": "yes", "tone": 3, "padding": None}

    with pytest.raises(DataError, match=r"no column holds the criterion.*one answer"):
        read_labels([row])
    named = {f"criterion.{name}": name for name in ("grounded", "tone", "padding")}
    assert read_labels([row], fields=named) == [
        label("yes", item_id="7"),
        label(3.0, "tone", item_id="7"),
    ]


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        (
            [{"id": 1, "criterion": "c", "valu": 1}],
            {},
            "no column holds the value; the columns are: id",
        ),
        ([{"criterion": "c", "value": 1}], {}, "no column holds the item_id.*--map item_id=COLUMN"),
        ([{"id": None, "criterion": "c", "value": 1}], {}, "row 1: this label names no item"),
        ([{"id": 1, "criterion": "", "value": 1}], {}, "row 1: this label names no criterion"),
        ([{"id": 1, "criterion": "c", "value": None}], {}, "there are no labels in it"),
        ([], {}, "there are no labels in it"),
        ([Item(id="1", output="")], {}, "row 1: this is an item, no label"),
        (
            [{"id": 1, "criterion": "c", "value": 1, "labelled_at": "2026-01-05"}],
            {},
            "row 1: timestamp '2026-01-05' does not say in which time zone",
        ),
        ([{"id": 1}], {"fields": {"value": "x"}}, "no column 'x' to map value to"),
        ([{"id": 1}], {"fields": {"valeu": "id"}}, "'valeu' is no field of a label. Did you mean"),
        (
            [{"id": 1, "tone": 1}],
            {"fields": {"criterion.tone": "tome"}},
            "no column 'tome'.*mean 'tone'",
        ),
    ],
)
def test_labels_that_cannot_be_used_are_refused(
    rows: list[Any], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_labels(rows, **options)


def test_naive_times_of_labelling_take_the_declared_zone() -> None:
    row = {"id": 1, "criterion": "c", "value": 1, "labelled_at": "2026-01-05T10:30:00"}
    [found] = read_labels([row], timezone="Europe/Berlin")

    assert found.labelled_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def test_every_field_of_a_label_is_read() -> None:
    row = {
        "item_id": "a", "criterion": "grounded", "value": "met", "annotator": "p",
        "question": "0123456789abcdef", "unit_kind": "Session", "split": "test",
        "label_design": "case-control", "inclusion_probability": "0.25", "saw_judge": "no",
        "prelabelled": 1, "comment": "n", "group": 7,
    }  # fmt: skip

    assert read_labels([row]) == [
        label(
            "met", annotator="p", question="0123456789abcdef", unit_kind="session", split="test",
            design="case_control", probability=0.25, saw_judge=False, prelabelled=True, note="n",
            group="7",
        )
    ]  # fmt: skip


def test_a_column_that_repeats_the_question_is_no_hash() -> None:
    row = {"id": 1, "criterion": "c", "value": 1, "question": "Is it grounded?"}

    assert read_labels([row])[0].question is None


@pytest.mark.parametrize(
    ("field", "cell", "says"),
    [
        ("design", "randm", "design is 'randm'. Did you mean 'random'"),
        ("unit_kind", "reply", "unit_kind is 'reply'. Known: item, pair, session, turn"),
        ("saw_judge", "perhaps", "saw_judge is 'perhaps', neither true nor false"),
        ("probability", 1.5, r"probability is '1.5', no probability in \(0, 1\]"),
        ("value", float("inf"), "'inf' is no answer"),
        ("value", {"spans": []}, "this is no single answer"),
    ],
)
def test_a_field_that_holds_what_it_cannot_hold_is_refused(
    field: str, cell: object, says: str
) -> None:
    row = {"id": 1, "criterion": "c", "value": 1, field: cell}

    with pytest.raises(DataError, match=f"row 1: {says}"):
        read_labels([row])


def test_a_withdrawal_is_a_label_without_a_value() -> None:
    row = {"id": "a", "criterion": "grounded", "value": None, "withdrawn": True}

    assert read_labels([row]) == [label(None)]


def test_what_is_withdrawn_does_not_stand_whatever_is_beside_it() -> None:
    row = {"id": "a", "criterion": "grounded", "value": "met", "withdrawn": "yes"}

    assert read_labels([row]) == [label(None)]


def test_blanks_around_a_name_make_nobody_else_of_a_person(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,criterion,value,annotator\na,tone,1, ana \nb,tone,1,ana\nc,tone,1, \n")

    assert [found.annotator for found in read_labels(path)] == ["ana", "ana", None]


def test_names_of_which_an_encoding_lost_a_letter_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,criterion,value,annotator\na,tone,1,zo\xeb\n", "latin-1")

    with pytest.raises(DataError, match=r"line 2: the annotator 'zo.' is no whole text. Save the"):
        read_labels(path)


def test_names_of_criteria_are_declared_or_nearly_the_same() -> None:
    rows = [{"id": "a", "metric": name, "value": 1} for name in ("Faithfulness", "To-ne", "other")]

    assert [
        found.criterion
        for found in read_labels(
            rows, fields={"criterion.grounded": "Faithfulness"}, criteria=["tone", "grounded"]
        )
    ] == ["grounded", "tone", "other"]


def test_columns_for_criteria_are_declared_as_fields_or_known() -> None:
    row = {"id": "a", "Is it grounded?": "yes", "Tone": 3, "else": 1}
    expected = [label("yes"), label(3.0, "tone")]

    assert read_labels([row], criteria=["tone"]) == expected[1:]
    assert (
        read_labels(
            [row], fields={"criterion.grounded": "Is it grounded?", "criterion.tone": "Tone"}
        )
        == expected
    )
    with pytest.raises(DataError, match=r"no column 'Tome' to map tone to. Did you mean 'Tone'"):
        read_labels([row], fields={"criterion.tone": "Tome"})
    with pytest.raises(DataError, match="a criterion is mapped without its id"):
        read_labels([row], fields={"criterion.": "Tone"})


def test_a_criterion_may_be_called_like_a_field() -> None:
    row = {"id": "a", "note": "met", "remark": "n"}

    assert read_labels([row], fields={"criterion.note": "note"}) == [label("met", "note", note="n")]


def test_a_file_says_where_each_label_is_from_and_what_was_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,criterion,value\na,tone,1\nb,tone,\nc,tone,2\n")
    found = read_label_file(path)

    assert found.source_format == "CSV"
    assert found.passed_over == {"no answer": 1}
    assert [found.place(index) for index in range(2)] == [
        "labels.csv, line 2",
        "labels.csv, line 4",
    ]


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize("field", ["value", "probability"])
def test_nan_that_is_written_in_a_file_is_refused_with_its_line(
    tmp_path: Path, ending: str, field: str
) -> None:
    row = {"item_id": "a", "criterion": "c", "value": 1.0, "probability": 0.5}
    rows = [json.dumps(row), json.dumps({**row, "item_id": "b", field: float("nan")})]
    path = tmp_path / f"labels.{ending}"
    path.write_text("\n".join(rows) if ending == "jsonl" else f"[{', '.join(rows)}]", "utf-8")

    with pytest.raises(DataError, match=f"{field} is NaN") as caught:
        read_labels(path)
    assert caught.value.where == f"{path.name}, {'line' if ending == 'jsonl' else 'row'} 2"
    assert "null" in (caught.value.mend or "")


def test_nan_for_the_probability_of_a_stratified_draw_is_refused_in_a_frame_too() -> None:
    row = {"item_id": "a", "criterion": "c", "value": 1.0, "probability": float("nan")}

    assert read_labels([{**row, "design": "random"}])[0].probability is None
    with pytest.raises(DataError, match="list, row 1: probability is NaN, and the design is strat"):
        read_labels([{**row, "design": "stratified"}])
