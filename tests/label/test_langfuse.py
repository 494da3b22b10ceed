"""Langfuse: people's scores are labels; its judges' and programs' are not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.label.material import label
from trueup.errors import DataError
from trueup.label.read import read_label_file, read_labels
from trueup.label.write import write_labels

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 5, 29, 13, 46, 19, 963000, tzinfo=UTC)


def score(**others: Any) -> dict[str, Any]:
    return {
        "id": "s1",
        "traceId": "a",
        "observationId": None,
        "name": "grounded",
        "value": 1,
        "stringValue": "met",
        "dataType": "CATEGORICAL",
        "source": "ANNOTATION",
        "comment": "cites the clause",
        "timestamp": "2026-05-29T13:46:19.963Z",
        "authorUserId": "p",
        "metadata": {},
        **others,
    }


LABEL = label("met", annotator="p", labelled_at=AT, note="cites the clause")


@pytest.mark.parametrize(
    ("kind", "value", "text", "expected"),
    [
        ("CATEGORICAL", 1, "met", "met"),
        ("BOOLEAN", 0, "False", "false"),
        ("BOOLEAN", True, None, "true"),
        ("NUMERIC", 2.5, None, 2.5),
    ],
)
def test_scores_of_every_type_are_read(
    kind: str, value: object, text: str | None, expected: object
) -> None:
    [found] = read_labels([score(dataType=kind, value=value, stringValue=text)])

    assert found.value == expected


def test_the_api_writes_its_scores_as_a_page(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"data": [score()], "meta": {"page": 1}}))

    assert read_labels(path) == [LABEL]


def test_blob_storage_has_snake_case_and_times_in_utc_without_saying_so() -> None:
    row = {
        "id": "s1", "timestamp": "2026-05-29 13:46:19.963000", "project_id": "x", "trace_id": "a",
        "observation_id": "", "session_id": None, "dataset_run_id": None, "name": "grounded",
        "value": 1, "source": "ANNOTATION", "comment": "cites the clause",
        "data_type": "CATEGORICAL", "string_value": "met", "author_user_id": "p",
    }  # fmt: skip

    assert read_labels([row]) == [LABEL]


@pytest.mark.parametrize("metadata", ["second look", ["a"], 3, "{"])
def test_metadata_of_any_kind_is_no_obstacle(metadata: object) -> None:
    assert read_labels([score(metadata=metadata)]) == [LABEL]


def test_the_third_api_names_a_subject() -> None:
    row = {"id": "s1", "name": "grounded", "source": "ANNOTATION", "value": True,
           "timestamp": "2026-05-29T13:46:19.963Z"}  # fmt: skip
    rows = [
        {**row, "subject": {"kind": "observation", "id": "o", "traceId": "t"}},
        {**row, "subject": {"kind": "session", "id": "s"}},
        {**row, "subject": {"kind": "experiment", "id": "e"}},
    ]
    found = read_label_file(rows)

    assert [(one.item_id, one.unit_kind) for one in found.labels] == [
        ("o", "item"),
        ("s", "session"),
    ]
    assert found.passed_over == {"about a whole run of a dataset, not an item": 1}


def test_the_interface_writes_csv_with_the_authors_name(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "id,traceId,source,name,dataType,value,stringValue,metadata,authorUserName\n"
        's1,a,ANNOTATION,grounded,BOOLEAN,1,True,"{}",p\n'
        's2,a,EVAL,grounded,BOOLEAN,1,True,"{}",\n'
    )

    assert read_labels(path) == [label("True", annotator="p")]


def test_an_observation_goes_before_its_trace_unless_declared() -> None:
    row = score(observationId="o")

    assert read_labels([row])[0].item_id == "o"
    assert read_labels([row], fields={"item_id": "traceId"})[0].item_id == "a"


def test_scores_of_judges_and_programs_never_become_labels() -> None:
    rows = [
        score(),
        score(source="EVAL"),
        score(source="EVAL"),
        score(source="API"),
        score(dataType="TEXT"),
        score(value=None, stringValue=None),
        score(traceId=None, datasetRunId="r"),
    ]
    found = read_label_file(rows)

    assert list(found.labels) == [LABEL]
    assert found.source_format == "Langfuse"
    assert found.passed_over == {
        "made by a model or an automatic evaluator": 2,
        "sent by a program, which may be a judge or a user's click": 1,
        "a text, not an answer to a criterion": 1,
        "no answer": 1,
        "about a whole run of a dataset, not an item": 1,
    }
    with pytest.raises(DataError, match="there are no labels in it: what it holds is no person's"):
        read_labels(rows[1:4])


def test_scores_that_do_not_say_who_gave_them_are_refused_unless_all_is_declared() -> None:
    row = {"traceId": "a", "name": "grounded", "value": 1, "dataType": "BOOLEAN"}
    fields = {"item_id": "traceId", "criterion": "name", "value": "value"}

    with pytest.raises(DataError, match=r"do not say who gave them \(there is no 'source'\)"):
        read_labels([row])
    assert read_labels([row], fields=fields) == [label(1.0)]
    with pytest.raises(DataError, match="no person's answer"):
        read_labels([{**row, "source": "EVAL"}], fields=fields)


def test_what_is_written_are_bodies_that_create_scores() -> None:
    stream = StringIO()
    labels = [
        label("met", annotator="p", note="n", labelled_at=AT),
        label(2.5, "tone", annotator="p", unit_kind="session", item_id="s"),
        label("met"),
        label("met"),
    ]
    write_labels(labels, stream, form="langfuse")
    first, second, *others = json.loads(stream.getvalue())

    assert {key: first[key] for key in ("traceId", "name", "value", "dataType", "comment")} == {
        "traceId": "a", "name": "grounded", "value": "met", "dataType": "CATEGORICAL",
        "comment": "n",
    }  # fmt: skip
    assert (second["sessionId"], second["value"], second["dataType"]) == ("s", 2.5, "NUMERIC")
    assert len({body["id"] for body in (first, second, *others)}) == 4


def test_sending_an_answer_again_replaces_it() -> None:
    sent = []
    for value in ("met", "unmet"):
        stream = StringIO()
        write_labels([label(value, annotator="p")], stream, form="langfuse")
        sent.append(json.loads(stream.getvalue())[0]["id"])

    assert sent[0] == sent[1]


def test_what_was_sent_is_read_back_from_an_export_but_not_where_a_program_changed_it() -> None:
    stream = StringIO()
    write_labels([LABEL], stream, form="langfuse")
    [body] = json.loads(stream.getvalue())
    exported = {**body, "source": "API", "stringValue": body["value"], "value": 0,
                "timestamp": "2026-09-01T00:00:00Z", "authorUserId": None}  # fmt: skip

    assert read_labels([exported]) == [LABEL]
    with pytest.raises(DataError, match="1 sent by a program"):
        read_labels([{**exported, "stringValue": "unmet"}])
