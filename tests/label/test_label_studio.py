"""Label Studio: its exports are read without a declaration, and what is written it can import."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.label.material import RUBRIC, label
from trueup.errors import DataError
from trueup.item.model import Item
from trueup.label.read import read_label_file, read_labels
from trueup.label.write import write_labels

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 3, 9, 21, 52, 49, 513742, tzinfo=UTC)


def result(name: str, kind: str, value: object, **others: Any) -> dict[str, Any]:
    key = "text" if kind == "textarea" else kind
    return {"from_name": name, "to_name": "out", "type": kind, "value": {key: value}, **others}


def annotation(*results: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "id": 11,
        "completed_by": 4,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-03-09T21:52:49.513742Z",
        "updated_at": "2026-03-09T22:00:00Z",
        "lead_time": 4.2,
        **others,
    }


def task(*annotations: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"item_id": "a", "reply": "Hi"}, "annotations": list(annotations),
            "predictions": [], **others}  # fmt: skip


def test_every_kind_of_control_gives_an_answer_and_texts_become_notes(tmp_path: Path) -> None:
    answers = annotation(
        result("grounded", "choices", ["met"]),
        result("tone", "rating", 3),
        result("steep", "number", 1.5),
        result("tone-note", "textarea", ["curt", "at the end"]),
        result("remarks", "textarea", ["read twice"]),
        parent_prediction=None,
    )
    path = tmp_path / "project-1.json"
    path.write_text(json.dumps([task(answers)]))
    found = read_label_file(path)

    assert found.source_format == "Label Studio"
    assert found.passed_over == {}
    common: dict[str, Any] = {"annotator": "4", "labelled_at": AT, "prelabelled": False}
    assert list(found.labels) == [
        label("met", note="read twice", **common),
        label(3.0, "tone", note="curt\nat the end", **common),
        label(1.5, "steep", note="read twice", **common),
    ]
    assert found.place(2) == "project-1.json, row 1"


def test_several_people_label_one_task() -> None:
    people = [
        annotation(result("grounded", "choices", ["met"]), completed_by={"id": 4, "email": "p@x"}),
        annotation(result("grounded", "choices", ["unmet"]), completed_by={"id": 5}),
    ]

    assert [one.annotator for one in read_labels([task(*people)])] == ["p@x", "5"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"item_id": "x", "id": "y"}, "x"),
        ({"id": 7}, "7"),
        ({"reply": "Hi"}, "1"),
        ({"Item ID": "z"}, "z"),
    ],
)
def test_the_item_is_named_in_the_data_or_else_is_the_task(
    data: dict[str, Any], expected: str
) -> None:
    one = task(annotation(result("grounded", "choices", ["met"])), data=data)

    assert read_labels([one])[0].item_id == expected


def test_a_path_may_be_declared_for_the_item_and_ids_for_names() -> None:
    one = task(
        annotation(result("Is it grounded?", "choices", ["met"])),
        data={"item_id": "x", "trace": {"key": "k"}},
    )
    fields = {"item_id": "data.trace.key", "criterion.grounded": "is it grounded?"}

    assert read_labels([one], fields=fields)[0] == label(
        "met", item_id="k", annotator="4", labelled_at=AT
    )
    with pytest.raises(DataError, match="value is read from the answers themselves in an export"):
        read_labels([one], fields={"value": "data.x"})


def test_what_is_no_persons_answer_about_the_item_is_counted() -> None:
    prediction = {"model_version": "m", "result": [result("grounded", "choices", ["met"])]}
    one = task(
        annotation(result("grounded", "choices", ["met"])),
        annotation(result("grounded", "choices", ["met"]), was_cancelled=True),
        annotation(result("grounded", "choices", ["met", "unmet"])),
        annotation(result("grounded", "choices", [])),
        annotation(),
        annotation({**result("span", "labels", ["claim"]), "value": {"start": 0, "labels": ["c"]}}),
        predictions=[prediction, prediction],
        drafts=[{"result": []}],
    )
    found = read_label_file([one])

    assert len(found.labels) == 1
    assert found.passed_over == {
        "made by a model or an automatic evaluator": 2,
        "unfinished or discarded": 1,
        "skipped by the annotator": 1,
        "several choices in one answer": 1,
        "no answer": 2,
        "a result of type labels, not about the whole item": 1,
    }


def test_a_file_of_predictions_alone_holds_no_labels() -> None:
    only = task(predictions=[{"result": [result("grounded", "choices", ["met"])]}])

    with pytest.raises(DataError, match=r"no person's answer \(1 made by a model.*are verdicts"):
        read_labels([only])


@pytest.mark.parametrize(
    ("others", "origin", "predictions", "expected"),
    [
        ({"parent_prediction": 9}, "manual", [], True),
        ({"parent_prediction": None}, "prediction-changed", [], True),
        ({"parent_prediction": None}, "manual", [], False),
        ({"parent_prediction": None}, "manual", [3], None),
        ({}, "manual", [], None),
    ],
)
def test_an_answer_that_a_prediction_filled_in_is_prelabelled(
    others: dict[str, Any], origin: str, predictions: list[Any], expected: object
) -> None:
    answers = annotation(result("grounded", "choices", ["met"], origin=origin), **others)
    [found] = read_labels([task(answers, predictions=predictions)])

    assert found.prelabelled is expected


def test_a_box_may_be_declared_to_be_the_note() -> None:
    one = task(annotation(result("grounded", "choices", ["met"]), result("why", "number", 3)))

    [found] = read_labels([one], fields={"note": "why"})
    assert (found.criterion, found.note) == ("grounded", "3")


MINIMAL = {
    "id": 3, "reply": "Hi", "grounded": "met", "Tone": [{"rating": 3}], "annotator": 4,
    "annotation_id": 11, "created_at": "2026-03-09T21:52:49.513742Z", "lead_time": 4.2,
}  # fmt: skip


def test_a_minimal_export_needs_to_be_told_which_columns_are_answers() -> None:
    common: dict[str, Any] = {"item_id": "3", "annotator": "4", "labelled_at": AT}
    expected = [label("met", **common), label(3.0, "tone", **common)]
    fields = {"criterion.grounded": "grounded", "criterion.tone": "Tone"}

    assert read_labels([MINIMAL], fields=fields) == expected
    assert read_labels([MINIMAL], criteria=RUBRIC.by_id) == expected
    with pytest.raises(DataError, match=r"which columns are answers.*--map criterion.ID=COLUMN"):
        read_labels([MINIMAL])


def test_a_minimal_export_as_csv_is_read_likewise(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        '"annotation_id","annotator","created_at","id","lead_time","tone"\n'
        '11,"4","2026-03-09T21:52:49.513742Z",3,4.2,"[{""rating"": 3}]"\n'
    )

    assert read_labels(path, criteria=["tone"]) == [
        label(3.0, "tone", item_id="3", annotator="4", labelled_at=AT)
    ]


def test_several_answers_in_one_cell_are_refused() -> None:
    row = {**MINIMAL, "grounded": ["met", "unmet"]}

    with pytest.raises(DataError, match="row 1: there are 2 answers in one"):
        read_labels([row], criteria=["grounded"])


def test_what_is_written_is_what_the_tool_imports() -> None:
    stream = StringIO()
    labels = [
        label("met", annotator="p@x", labelled_at=AT, note="n"),
        label(3.0, "tone", annotator="p@x", labelled_at=AT),
        label("unmet", annotator="7"),
        label("unmet", annotator="q", item_id="b"),
    ]
    items = [Item(id="a", input="Q", output="A"), Item(id="c", output="unlabelled")]
    write_labels(labels, stream, form="label-studio", items=items)
    first, unlabelled, other = json.loads(stream.getvalue())

    assert first["data"] == {"id": "a", "input": "Q", "output": "A"}
    assert [one["completed_by"] for one in first["annotations"]] == [{"email": "p@x"}, 7]
    assert not any(one["ground_truth"] for one in first["annotations"])
    assert [
        (part["from_name"], part["type"], part["value"])
        for part in first["annotations"][0]["result"]
    ] == [("grounded", "choices", {"choices": ["met"]}), ("tone", "number", {"number": 3})]
    assert unlabelled == {"data": {"id": "c", "output": "unlabelled"}, "annotations": []}
    assert "completed_by" not in other["annotations"][0]


def test_an_answer_that_was_changed_in_the_tool_is_its_new_authors() -> None:
    stream = StringIO()
    write_labels([label("met", annotator="q", note="n")], stream, form="label-studio")
    [exported] = json.loads(stream.getvalue())
    [changed] = exported["annotations"]
    changed["completed_by"] = 4
    changed["result"][0]["value"] = {"choices": ["unmet"]}

    assert read_labels([exported]) == [label("unmet", annotator="4")]
