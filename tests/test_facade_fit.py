"""`trueup.fit`: the embedded judge from labels, with its agreement on items it has not seen."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import trueup
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.rubric.model import Rubric

Rows = list[dict[str, Any]]


@pytest.fixture
def rubric() -> Rubric:
    return parse_rubric(
        "name: r\ntask: t\ncriteria:\n  - {id: full, ask: Does the reply name each step?}\n"
        "  - {id: said, check: {not_empty: true}}\n"
    )


@pytest.fixture
def rows() -> Rows:
    """Ninety simulated replies of thirty users, one to twelve steps long."""
    draw = random.Random(3)  # noqa: S311 - simulated data
    steps = [draw.randint(1, 12) for _ in range(90)]
    return [
        {"id": f"i{n}", "input": "How?", "output": "Then press the next button. " * count,
         "steps": count, "user": f"u{n // 3}"}
        for n, count in enumerate(steps)
    ]  # fmt: skip


@pytest.fixture
def labels(rows: Rows) -> Rows:
    """What two simulated people say: the longer, the likelier `met`."""
    draw = random.Random(5)  # noqa: S311 - simulated data
    return [
        {"item_id": row["id"], "criterion": "full", "annotator": person,
         "value": "met" if row["steps"] + draw.gauss(0, 2) > 6 else "unmet"}
        for row in rows
        for person in ("a", "b")
    ]  # fmt: skip


def as_items(rows: Rows) -> list[trueup.Item]:
    return [
        trueup.Item(id=r["id"], input=r["input"], output=r["output"], group=r["user"]) for r in rows
    ]


def test_a_fitted_judge_scores_as_people_do(rubric: Rubric, rows: Rows, labels: Rows) -> None:
    judge = trueup.fit(rows, labels, rubric=rubric, criterion="full")
    frame = trueup.score(rows, rubric=rubric, judge=judge).frame()
    scored = frame[frame.criterion == "full"]
    steps = pd.Series([row["steps"] for row in rows])

    assert 0.5 < judge.agreement.low < judge.agreement.estimate < judge.agreement.high < 1
    assert judge.agreement.n == 90
    assert scored.value.reset_index(drop=True).corr(steps, method="spearman") > 0.9


@pytest.mark.parametrize("items", ["rows", "frame", "generator"])
def test_items_and_labels_come_from_whatever_holds_them(
    rubric: Rubric, rows: Rows, labels: Rows, items: str
) -> None:
    sources = {"rows": rows, "frame": pd.DataFrame(rows), "generator": (row for row in rows)}
    expected = trueup.fit(rows, labels, rubric=rubric, criterion="full")
    found = trueup.fit(sources[items], iter(labels), rubric=rubric, criterion="full")

    assert found.to_dict() == expected.to_dict()


@pytest.mark.parametrize("frame", [False, True])
def test_labels_without_a_column_for_the_criterion_are_the_named_ones(
    rubric: Rubric, rows: Rows, labels: Rows, *, frame: bool
) -> None:
    bare = [{k: v for k, v in label.items() if k != "criterion"} for label in labels]
    expected = trueup.fit(rows, labels, rubric=rubric, criterion="full")
    source = pd.DataFrame(bare) if frame else bare
    found = trueup.fit(rows, source, rubric=rubric, criterion="full")

    assert found.to_dict() == expected.to_dict()


def test_a_group_is_a_column_the_items_own_or_a_mapping(
    rubric: Rubric, rows: Rows, labels: Rows
) -> None:
    users = {row["id"]: row["user"] for row in rows}
    alone = trueup.fit(rows, labels, rubric=rubric, criterion="full").agreement
    grouped = [
        trueup.fit(source, labels, rubric=rubric, criterion="full", group=group).agreement
        for source, group in ((rows, "user"), (as_items(rows), None), (rows, users))
    ]

    assert (alone.n, alone.n_groups) == (90, 90)
    assert [(found.n, found.n_groups) for found in grouped] == [(90, 30)] * 3
    assert len({found.estimate for found in grouped}) == 1


def test_items_have_no_columns_to_group_by(rubric: Rubric, rows: Rows, labels: Rows) -> None:
    with pytest.raises(trueup.DataError, match="no column 'user'"):
        trueup.fit(as_items(rows), labels, rubric=rubric, criterion="full", group="user")


@pytest.mark.parametrize(("count", "enough"), [(0, False), (29, False), (30, True)])
def test_thirty_labelled_items_are_needed(
    rubric: Rubric, rows: Rows, labels: Rows, count: int, *, enough: bool
) -> None:
    strangers = [{**label, "item_id": f"z{label['item_id']}"} for label in labels]
    some = [*labels[: 2 * count], *strangers[2 * count :]]
    if enough:
        assert trueup.fit(rows, some, rubric=rubric, criterion="full").agreement.n == count
        return
    with pytest.raises(trueup.TooFewLabels, match=f"{count} labelled items") as refused:
        trueup.fit(rows, some, rubric=rubric, criterion="full")
    assert "fit no item" in str(refused.value)


def test_names_of_columns_are_declared_for_items_and_labels(
    rubric: Rubric, rows: Rows, labels: Rows
) -> None:
    expected = trueup.fit(rows, labels, rubric=rubric, criterion="full").to_dict()
    texts = [{**row, "output": None, "antwort": row["output"]} for row in rows]
    other = {"item_id": "id", "criterion": "frage", "value": "urteil"}
    said = [{other.get(key, key): label[key] for key in label} for label in labels]
    names = {"output": "antwort", "criterion": "frage", "value": "urteil"}
    found = trueup.fit(texts, said, rubric=rubric, criterion="full", field_map=names)

    assert found.to_dict() == expected


def test_a_label_that_is_no_level_is_named(rubric: Rubric, rows: Rows, labels: Rows) -> None:
    with pytest.raises(trueup.DataError, match="'maybe'"):
        trueup.fit(rows, [*labels, {**labels[0], "annotator": "c", "value": "maybe"}],
                   rubric=rubric, criterion="full")  # fmt: skip


def test_a_saved_judge_measures_the_same_under_its_files_name(
    rubric: Rubric, rows: Rows, labels: Rows, tmp_path: Path
) -> None:
    judge = trueup.fit(rows, labels, rubric=rubric, criterion="full")
    judge.save(tmp_path / "j.yaml")
    held = trueup.score(rows, rubric=rubric, judge=judge).frame()
    read = trueup.score(rows, rubric=rubric, judge=tmp_path / "j.yaml").frame()

    assert set(read[read.criterion == "full"].judge) == {"j"}
    pd.testing.assert_frame_equal(held.drop(columns="judge"), read.drop(columns="judge"))
