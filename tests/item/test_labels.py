"""Labels: reading people's answers, and the values they give a criterion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.errors import DataError
from trueup.item.labels import Label, label_targets, read_labels
from trueup.item.model import Item
from trueup.rubric.model import Criterion, Level, Rubric

if TYPE_CHECKING:
    from pathlib import Path


def levels(values: dict[str, float]) -> tuple[Level, ...]:
    return tuple(Level(key, "", value) for key, value in values.items())


RUBRIC = Rubric(
    name="billing",
    task="Answer.",
    criteria=(
        Criterion("grounded", "Is it grounded?", levels({"unmet": 0, "met": 1})),
        Criterion("padding", "Is it padded?", levels({"unmet": 0, "met": 1}), weight=-1),
        Criterion("tone", "How is it?", levels({"1": 0, "2": 0.5, "3": 1}), kind="scale"),
        Criterion("steep", "How is it?", levels({"0": 0, "1": 0.2, "2": 1}), kind="scale"),
        Criterion("words", "How?", levels({"Poor": 0, "Fair": 0.4, "Good": 1}), kind="scale"),
        Criterion("place", "Where?", levels({"10": 1, "20": 0.3}), kind="choices"),
        Criterion("truth", "Is it?", levels({"yes": 0, "no": 1, "partly": 0.5}), kind="choices"),
    ),
)


def label(value: str | float, criterion: str = "grounded", **others: Any) -> Label:
    return Label(item_id=others.pop("item_id", "a"), criterion=criterion, value=value, **others)


def value_of(value: str | float, criterion: str) -> float | None:
    return label_targets([label(value, criterion)], RUBRIC, criterion).get("a")


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
    assert read_labels(
        [row], wide={"grounded": "grounded", "tone": "tone", "padding": "padding"}
    ) == [
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
        ([{"id": 1, "tone": 1}], {"wide": {"tone": "tome"}}, "no column 'tome'.*mean 'tone'"),
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
