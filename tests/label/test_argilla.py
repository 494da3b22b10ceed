"""Argilla: submitted responses are labels, whichever way they were exported."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.label.material import label
from trueup.errors import DataError
from trueup.item.model import Item
from trueup.label.read import read_label_file, read_labels
from trueup.label.write import write_labels

if TYPE_CHECKING:
    from pathlib import Path

P = "00000000-0000-4000-8000-00000000000a"
Q = "00000000-0000-4000-8000-00000000000b"

FLAT: dict[str, Any] = {
    "id": "a",
    "status": "completed",
    "_server_id": "s",
    "reply": "Hi",
    "grounded.responses": ["met", "unmet", "met"],
    "grounded.responses.users": [P, Q, P],
    "grounded.responses.status": ["submitted", "submitted", "draft"],
    "grounded.suggestion": None,
    "grounded.suggestion.score": None,
    "grounded.suggestion.agent": None,
    "tone.responses": [3],
    "tone.responses.users": [P],
    "tone.responses.status": ["submitted"],
    "tone.suggestion": 2,
    "tone.suggestion.agent": "some-model",
}
LABELS = [
    label("met", annotator=P, prelabelled=False),
    label("unmet", annotator=Q, prelabelled=False),
    label(3.0, "tone", annotator=P, prelabelled=True),
]


def test_flattened_records_are_read_and_drafts_counted() -> None:
    found = read_label_file([FLAT])

    assert found.source_format == "Argilla"
    assert list(found.labels) == LABELS
    assert found.passed_over == {"unfinished or discarded": 1}


@pytest.mark.parametrize("ending", ["json", "jsonl", "parquet"])
def test_flattened_records_are_read_from_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"data.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist([FLAT]), path)
    else:
        path.write_text(json.dumps([FLAT] if ending == "json" else FLAT))

    assert read_labels(path) == LABELS


def test_flattened_records_are_read_from_a_frame_whose_lists_are_arrays() -> None:
    row = {k: np.array(v, dtype=object) if isinstance(v, list) else v for k, v in FLAT.items()}

    assert read_labels(pd.DataFrame([row])) == LABELS


def test_lists_that_were_written_as_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("id,grounded.responses\na,\"['met' 'unmet']\"\n")

    with pytest.raises(DataError, match=r"line 2: 'grounded.responses' holds text that is no JSON"):
        read_labels(path)


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match=r"'tone.responses' and its users and status are of diff"):
        read_labels([{**FLAT, "tone.responses": [3, 4]}])


def test_a_suggested_class_that_may_be_none_leaves_it_open_whether_there_was_one() -> None:
    row = {"id": "a", "grounded.responses": ["met"], "grounded.suggestion": 0}

    assert read_labels([row])[0].prelabelled is None


def test_nested_records_are_read() -> None:
    record = {
        "id": "a",
        "fields": {"reply": "Hi"},
        "metadata": {},
        "suggestions": {"tone": {"value": 2, "score": None, "agent": "some-model"}},
        "responses": {
            "grounded": [{"value": "met", "user_id": P}, {"value": "unmet", "user_id": Q}],
            "tone": [{"value": 3, "user_id": P}, {"value": None, "user_id": Q}],
        },
    }
    found = read_label_file([record])

    assert list(found.labels) == LABELS
    assert found.passed_over == {"no answer": 1}


@pytest.mark.parametrize(
    "cell",
    [
        [
            {"user_id": P, "value": "met", "status": "submitted"},
            {"user_id": Q, "value": "unmet", "status": "discarded"},
        ],
        {"user_id": [P, Q], "value": ["met", "unmet"], "status": ["submitted", "discarded"]},
    ],
)
def test_records_of_the_first_version_are_read(cell: object) -> None:
    row = {"external_id": "a", "reply": "Hi", "grounded": cell, "grounded-suggestion": "met"}
    found = read_label_file([row])

    assert list(found.labels) == [label("met", annotator=P, prelabelled=True)]
    assert found.passed_over == {"unfinished or discarded": 1}


def test_answers_that_are_no_single_one_are_counted() -> None:
    row = {"id": "a", "topics.responses": [["x", "y"], ["x"], []]}
    found = read_label_file([row])

    assert list(found.labels) == [label("x", "topics", prelabelled=False)]
    assert found.passed_over == {"several choices in one answer": 1, "no answer": 1}


def test_a_question_of_text_may_be_declared_to_be_the_note() -> None:
    row = {
        **FLAT,
        "why.responses": ["It cites the clause."],
        "why.responses.users": [Q],
        "why.responses.status": ["submitted"],
    }

    assert [(one.criterion, one.note) for one in read_labels([row], fields={"note": "why"})] == [
        ("grounded", None),
        ("grounded", "It cites the clause."),
        ("tone", None),
    ]


def test_what_is_written_is_what_the_tool_reads() -> None:
    stream = StringIO()
    labels = [label("met", annotator=P), label(3.0, "tone", annotator="q", item_id="b")]
    write_labels(labels, stream, form="argilla", items=[Item(id="a", output="A")])
    first, second = json.loads(stream.getvalue())

    assert first["fields"] == {"output": "A"}
    assert first["responses"] == {
        "grounded": [{"value": "met", "user_id": P, "status": "submitted"}]
    }
    assert second["responses"]["tone"][0]["value"] == 3
    assert second["responses"]["tone"][0]["user_id"] not in {"q", P}
    assert read_labels([first, second]) == [replace(one, prelabelled=False) for one in labels]


def test_a_mark_holds_for_the_answer_that_it_was_written_with() -> None:
    stream = StringIO()
    write_labels([label("met", annotator="q", note="Fine.")], stream, form="argilla")
    record = json.loads(stream.getvalue())[0]
    answer = record["responses"]["grounded"][0]
    answer["value"] = "unmet"
    found = read_labels([record])[0]

    assert (found.value, found.annotator, found.note) == ("unmet", answer["user_id"], None)
    assert set(answer) == {"value", "user_id", "status"}, "the tool refuses what it does not know"


@pytest.mark.parametrize(
    ("others", "says"),
    [({}, "this label names no annotator"), ({"unit_kind": "session"}, "this is a label of a ses")],
)
def test_labels_that_the_tool_cannot_take_are_refused(others: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=f"item a, criterion grounded: {says}"):
        write_labels([label("met", **others)], StringIO(), form="argilla")
