"""The values that labels give a criterion."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.label.material import RUBRIC, label
from trueup.errors import DataError, TooFewLabels
from trueup.label.target import label_targets, level_of
from trueup.rubric.model import Criterion, Level


def value_of(value: str | float, criterion: str) -> float | None:
    return label_targets([label(value, criterion)], RUBRIC, criterion).get("a")


@pytest.mark.parametrize(
    ("criterion", "value", "target"),
    [
        ("grounded", "met", 1.0),
        ("grounded", "Unmet", 0.0),
        ("grounded", "true", 1.0),
        ("grounded", "NO", 0.0),
        ("grounded", 1.0, 1.0),
        ("grounded", 0.25, 0.25),
        ("padding", "met", 1.0),
        ("tone", 1.0, 0.0),
        ("tone", 2.0, 0.5),
        ("tone", "3", 1.0),
        ("tone", 2.5, 0.75),
        ("steep", 1.0, 0.2),
        ("steep", 0.5, 0.1),
        ("steep", 1.5, 0.6),
        ("words", "fair", 0.4),
        ("words", 0.7, 0.7),
        ("place", 20.0, 0.3),
        ("truth", "yes", 0.0),
        ("truth", "no", 1.0),
        ("grounded", "not_applicable", None),
        ("tone", "Cannot tell", None),
    ],
)
def test_a_label_gives_its_criterion_a_value(
    criterion: str, value: str | float, target: float | None
) -> None:
    found = value_of(value, criterion)

    assert found == (None if target is None else pytest.approx(target))


@pytest.mark.parametrize(
    ("criterion", "value", "says"),
    [
        (
            "grounded",
            "mett",
            "item a: label 'mett' is no level of criterion grounded. Did you mean 'met'",
        ),
        (
            "grounded",
            2.0,
            "label '2' is no level of criterion grounded. Write a number from 0 to 1",
        ),
        ("grounded", -0.1, "label '-0.1' is no level"),
        ("tone", 4.0, "label '4' is no level of criterion tone. Its levels are 1, 2, 3"),
        ("tone", -1.0, "label '-1' is no level of criterion tone"),
        ("place", 15.0, "label '15' is no level of criterion place. Its levels are 10, 20"),
        ("words", "true", "label 'true' is no level of criterion words"),
        ("truth", "met", "label 'met' is no level of criterion truth"),
    ],
)
def test_a_label_that_is_no_level_is_refused(criterion: str, value: str | float, says: str) -> None:
    with pytest.raises(DataError, match=says):
        value_of(value, criterion)


def test_numbers_that_can_only_be_values_are_values() -> None:
    labels = [label(0.5, "tone", item_id="a"), label(1.0, "tone", item_id="b")]

    assert label_targets(labels, RUBRIC, "tone") == {"a": 0.5, "b": 1.0}


def test_values_among_keys_are_refused() -> None:
    labels = [label(0.5, "tone", item_id="a"), label(3.0, "tone", item_id="b")]

    with pytest.raises(DataError, match=r"item a: label '0.5' is no level of criterion tone"):
        label_targets(labels, RUBRIC, "tone")


def test_an_unknown_criterion_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        DataError, match=r"rubric billing has no criterion 'tome'. Did you mean 'tone'"
    ):
        label_targets([], RUBRIC, "tome")


def test_labels_of_a_misspelt_criterion_are_noticed() -> None:
    with pytest.raises(
        DataError, match=r"no label is for criterion 'grounded', but some are for 'gruonded'"
    ):
        label_targets([label("met", "gruonded")], RUBRIC, "grounded")


def test_labels_of_other_criteria_count_for_nothing() -> None:
    assert label_targets([label("met", "padding"), label(1.0, "else")], RUBRIC, "grounded") == {}


def test_people_are_averaged() -> None:
    labels = [
        label("met", annotator="p"),
        label("unmet", annotator="q"),
        label("met", annotator="r"),
    ]

    assert label_targets(labels, RUBRIC, "grounded") == {"a": pytest.approx(2 / 3)}


def test_a_later_label_of_one_person_supersedes() -> None:
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    first = label("unmet", annotator="p", labelled_at=late)
    second = label("met", annotator="p", labelled_at=early)

    assert label_targets([first, second], RUBRIC, "grounded") == {"a": 0.0}
    assert label_targets([second, first], RUBRIC, "grounded") == {"a": 0.0}
    assert label_targets([label("met", annotator="p"), first], RUBRIC, "grounded") == {"a": 0.0}


def test_unsigned_labels_do_not_supersede_each_other() -> None:
    assert label_targets([label("met"), label("unmet")], RUBRIC, "grounded") == {"a": 0.5}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("pqr"), st.floats(0, 1)), min_size=1)
)
def test_targets_lie_between_the_labels(found: list[tuple[str, str, float]]) -> None:
    labels = [label(value, item_id=item, annotator=who) for item, who, value in found]
    targets = label_targets(labels, RUBRIC, "grounded")

    assert set(targets) == {item for item, _, _ in found}
    for item, target in targets.items():
        values = [value for other, _, value in found if other == item]
        assert min(values) - 1e-12 <= target <= max(values) + 1e-12


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pass", 1.0), ("FAILED", 0.0), ("thumbs_up", 1.0), ("Thumbs down", 0.0), ("👍", 1.0),
        ("y", 1.0), ("defer", None), ("n/a", None),
    ],
)  # fmt: skip
def test_a_binary_takes_words_for_good_and_bad(value: str, expected: float | None) -> None:
    assert value_of(value, "grounded") == expected


def test_on_a_penalty_words_for_good_and_bad_are_refused() -> None:
    with pytest.raises(DataError, match="padding is a penalty, where met is the bad case"):
        value_of("thumbs up", "padding")
    assert value_of("yes", "padding") == 1.0


def test_a_level_may_be_named_by_its_text() -> None:
    levels = (Level("1", "curt or chatty", 0.0), Level("2", "Exactly  right", 1.0))
    question = Criterion("tone", "How?", levels, kind="scale")

    assert level_of("exactly right", question) == "2"
    assert level_of("exactly", question) is None
    assert level_of(2.0, question) == "2"


@pytest.mark.parametrize(
    ("criterion", "value", "key"),
    [
        ("grounded", 1.0, "met"), ("grounded", 0.5, None), ("tone", 3.0, "3"),
        ("place", 10.0, "10"), ("words", "good", "Good"), ("words", 1.0, None),
        ("truth", "YES", "yes"), ("grounded", None, None),
    ],
)  # fmt: skip
def test_an_answer_names_a_level_or_none(
    criterion: str, value: str | float | None, key: str | None
) -> None:
    assert level_of(value, RUBRIC.by_id[criterion]) == key


def test_another_spelling_of_the_criterion_counts() -> None:
    assert label_targets([label("met", "Groun_ded")], RUBRIC, "grounded") == {"a": 1.0}


def test_labels_of_an_earlier_wording_do_not_count() -> None:
    old = label("unmet", question="0123456789abcdef")
    new = label("met", "another-id", question=RUBRIC.by_id["grounded"].question)

    assert label_targets([old, new], RUBRIC, "grounded") == {"a": 1.0}
    with pytest.raises(TooFewLabels, match="no label of 'grounded' answers its present wording, 1"):
        label_targets([old], RUBRIC, "grounded")


def test_units_other_than_items_and_withdrawn_answers_do_not_count() -> None:
    labels = [
        label("met", unit_kind="session"),
        label("met", annotator="p", item_id="b"),
        label(None, annotator="p", item_id="b"),
    ]

    assert label_targets(labels, RUBRIC, "grounded") == {}
