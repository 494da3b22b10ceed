"""What is wrong with labels is said once, with its place and how to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.label.material import RUBRIC, label
from trueup.label.check import LabelProblem, validate
from trueup.label.read import LabelFile, read_label_file

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.label.model import Label

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUESTION = RUBRIC.by_id["grounded"].question


def problems(*labels: Label, **options: Any) -> list[LabelProblem]:
    numbers = tuple(range(1, len(labels) + 1))
    found = LabelFile(labels=labels, source_format="list", passed_over={}, name="list",
                      unit="row", numbers=numbers)  # fmt: skip
    return validate(found, RUBRIC, now=NOW, **options)


def only(*labels: Label, **options: Any) -> LabelProblem:
    [found] = problems(*labels, **options)
    return found


def sound() -> list[Label]:
    return [
        label("met", annotator="p", labelled_at=NOW, item_id="a"),
        label("unmet", annotator="p", labelled_at=NOW, item_id="b"),
        label("Met", annotator="q", labelled_at=NOW, item_id="a"),
        label("defer", annotator="q", item_id="b"),
    ]


def test_sound_labels_have_no_problems() -> None:
    assert problems(*sound(), item_ids=["a", "b", "c"]) == []


def test_a_place_is_the_line_where_there_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,criterion,value\na,grounded,met\n\nb,grounded,mett\nc,grounded,unmet")
    [found] = validate(read_label_file(path), RUBRIC)

    assert str(found) == (
        "labels.csv, line 4: label 'mett' is no level of criterion grounded. Did you mean 'met'?"
    )
    assert (found.kind, found.count) == ("error", 1)


def test_an_unknown_criterion_is_an_error_with_a_suggestion() -> None:
    found = only(*sound(), label("met", "gruonded"), label("unmet", "gruonded"))

    assert found.kind == "error"
    assert found.where == "list, row 5 and 1 more"
    assert "no rubric has a criterion 'gruonded'" in found.what
    assert found.mend.startswith("Did you mean 'grounded'? Say what it stands for: `--map crit")


def test_a_known_question_under_another_id_and_another_spelling_are_no_problem() -> None:
    renamed = [replace(one, criterion="faithful", question=QUESTION) for one in sound()]

    assert problems(*renamed) == []
    assert problems(*[replace(one, criterion="Grounded") for one in sound()]) == []


def test_labels_of_an_earlier_wording_are_noted() -> None:
    old = label("met", annotator="q", question="0123456789abcdef")
    found = only(*sound(), old, replace(old, item_id="b"))

    assert (found.kind, found.count) == ("note", 2)
    assert found.what == "an earlier wording of 'grounded' was answered"


def test_some_unknown_items_are_noted_and_none_known_is_an_error() -> None:
    some = only(*sound(), item_ids={"a"})
    none = only(*sound(), item_ids={"x", "y"})

    assert (some.kind, some.count) == ("note", 2)
    assert some.what == "items are labelled that are not there: 'b'"
    assert (none.kind, none.count) == ("error", 4)
    assert "labels name 'a', 'b', items '" in none.what


@pytest.mark.parametrize(
    ("value", "criterion", "says"),
    [
        ("mett", "grounded", "label 'mett' is no level"),
        (2.0, "grounded", "label '2' is no level"),
        (7.0, "tone", "label '7' is no level of criterion tone"),
        ("pass", "padding", "label 'pass' is no level of criterion padding"),
    ],
)
def test_a_value_that_is_no_level_is_an_error(
    value: str | float, criterion: str, says: str
) -> None:
    wrong = [label(value, criterion, item_id=item_id) for item_id in "ab"]
    errors = [one for one in problems(*wrong) if one.kind == "error"]

    assert [one.count for one in errors] == [2]
    assert errors[0].what.startswith(says)


@pytest.mark.parametrize(
    ("at", "when"), [(NOW, "at the same instant"), (None, "at no stated time")]
)
def test_a_person_who_contradicts_herself_is_an_error(at: datetime | None, when: str) -> None:
    twice = [label(value, annotator="z", labelled_at=at, item_id="a") for value in ("met", "unmet")]
    found = only(*sound(), *twice)

    assert found.kind == "error"
    assert found.what.startswith("z answered 'met' and 'unmet' to the same question")
    assert found.what.endswith(when)


@pytest.mark.parametrize(("criterion", "value"), [("Grounded", "unmet"), ("grounded", 0.0)])
def test_a_contradiction_may_be_spelled_in_another_way(criterion: str, value: str | float) -> None:
    other = label(value, criterion, annotator="p", labelled_at=NOW, item_id="a")

    assert only(*sound(), other).what.startswith("p answered '")


def test_one_answer_in_two_spellings_is_no_contradiction() -> None:
    twice = [label(value, annotator="z", item_id="a") for value in ("met", 1.0, "yes")]

    assert problems(*sound(), *twice) == []


def test_many_contradictions_are_summed_up() -> None:
    twice = [
        label(value, annotator="z", item_id=str(n)) for n in range(9) for value in ("met", "unmet")
    ]

    assert [one.count for one in problems(*sound(), *twice)] == [2, 2, 2, 12]


def test_a_correction_is_no_contradiction() -> None:
    corrected = label("unmet", annotator="p", labelled_at=NOW - timedelta(days=1), item_id="a")

    assert problems(*sound(), corrected) == []


def test_times_from_the_future_and_without_a_zone_are_errors() -> None:
    ahead = label("met", annotator="z", labelled_at=NOW + timedelta(hours=2))
    naive = replace(ahead, labelled_at=datetime(2026, 1, 1))  # noqa: DTZ001 - what is looked for

    assert "is in the future, up to 2026-06-01 14:00 UTC" in only(*sound(), ahead).what
    assert "names no time zone" in only(*sound(), naive).what
    assert problems(*sound(), replace(ahead, labelled_at=NOW + timedelta(minutes=1))) == []


def test_an_unknown_split_is_an_error() -> None:
    found = only(*sound(), label("met", annotator="z", split="trian"))

    assert (found.kind, found.what) == ("error", "'trian' is no split")
    assert only(*sound(), label("met", annotator="z", split="xxxxx")).mend == (
        "Known: dev, test, train"
    )
    assert found.mend.startswith("Did you mean 'train'?")


def test_one_person_alone_and_one_answer_alone_are_noted() -> None:
    alone = [label("met", annotator="p", item_id="a"), label(1.0, annotator="p", item_id="b")]
    notes = problems(*alone)

    assert [one.kind for one in notes] == ["note", "note"]
    assert "one person alone labelled 'grounded'" in notes[0].what
    assert notes[1].what == "every label of 'grounded' is 'met'"


def test_answers_that_say_only_why_there_is_none_are_not_noted_for_being_alike() -> None:
    alone = [label("cannot_tell", annotator=who, item_id="a") for who in ("p", "q")]

    assert problems(*alone) == []


def test_what_a_form_of_export_leaves_open_is_noted() -> None:
    answers = [{"value": "met", "user_id": "p"}, {"value": "unmet", "user_id": "q"}]
    record = {"id": "a", "fields": {}, "responses": {"grounded": answers}}
    found = validate(read_label_file([record]), RUBRIC)

    assert [one.kind for one in found] == ["note"]
    assert str(found[0]).startswith("list: this form of export does not say which answers were su")


def test_errors_come_first() -> None:
    every = problems(label("met", annotator="p"), label("met", "gruonded", annotator="p"))

    assert [one.kind for one in every] == sorted(one.kind for one in every)
    assert every[0].kind == "error"
