"""LangSmith: feedback that people gave in its interface is a label, nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from tests.label.material import label
from trueup.errors import DataError
from trueup.label.read import read_label_file, read_labels
from trueup.label.write import write_labels

AT = datetime(2026, 4, 10, 15, 28, 15, tzinfo=UTC)


def feedback(kind: str = "app", **others: Any) -> dict[str, Any]:
    return {
        "id": "f1",
        "run_id": "a",
        "key": "grounded",
        "score": 1.0,
        "value": "met",
        "comment": "n",
        "correction": None,
        "created_at": "2026-04-10T15:28:15",
        "feedback_source": {"type": kind, "user_id": "p", "metadata": {}},
        **others,
    }


LABEL = label("met", annotator="p", labelled_at=AT, note="n")


def test_people_s_feedback_is_read_and_times_without_a_zone_are_utc() -> None:
    found = read_label_file([feedback()])

    assert list(found.labels) == [LABEL]
    assert found.source_format == "LangSmith"


@pytest.mark.parametrize(
    ("value", "score", "expected"), [(None, 0.5, 0.5), (None, True, "true"), ("unmet", 1, "unmet")]
)
def test_a_category_goes_before_a_score(value: object, score: object, expected: object) -> None:
    assert read_labels([feedback(value=value, score=score)])[0].value == expected


def test_feedback_of_judges_and_programs_never_becomes_a_label() -> None:
    rows = [
        feedback(),
        feedback("model"),
        feedback("auto_eval"),
        feedback("api"),
        feedback("other"),
        feedback(feedback_source=None),
        feedback(feedback_group_id="g"),
        feedback(run_id=None),
        feedback(value=None, score=None),
        feedback(value={"a": 1}),
    ]
    found = read_label_file(rows)

    assert list(found.labels) == [LABEL]
    assert found.passed_over == {
        "made by a model or an automatic evaluator": 2,
        "sent by a program, which may be a judge or a user's click": 1,
        "of source 'other'": 1,
        "of source ''": 1,
        "a preference between runs, not an answer about one": 1,
        "about a whole project, not a run": 1,
        "no answer": 1,
        "a structured value, not an answer to a criterion": 1,
    }


def test_a_table_may_have_a_column_for_each_part_of_the_source() -> None:
    row = feedback()
    source = row.pop("feedback_source")
    row |= {f"feedback_source.{name}": cell for name, cell in source.items()}

    assert read_labels([row]) == [LABEL]


def test_feedback_without_a_source_is_refused() -> None:
    row = feedback()
    del row["feedback_source"]

    with pytest.raises(DataError, match=r"there is no 'feedback_source'.*--map item_id=COLUMN"):
        read_labels([row])


def test_what_is_written_are_bodies_that_create_feedback_and_read_back() -> None:
    stream = StringIO()
    labels = [LABEL, label(2.5, "tone", annotator="p")]
    write_labels(labels, stream, form="langsmith")
    first, second = json.loads(stream.getvalue())

    assert {key: first[key] for key in ("run_id", "key", "value", "score", "comment")} == {
        "run_id": "a", "key": "grounded", "value": "met", "score": 1, "comment": "n",
    }  # fmt: skip
    assert first["feedback_source"]["type"] == "app"
    assert second["score"] == 2.5
    assert read_labels([first, second]) == labels
