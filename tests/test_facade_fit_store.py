"""Fitting beside a store of labels: only what does not measure judges may teach them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from trueup.label.model import Label
from trueup.rubric.load import parse_rubric
from trueup.store.labels import add_labels
from trueup.store.splits import add_splits
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

RUBRIC = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: long, ask: Is it long?}\n")
QUESTION = RUBRIC.by_id["long"].question


def world() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return outputs, long and short ones, and what people say of their length."""
    draw = random.Random(0)  # noqa: S311 - simulated texts
    items, labels = [], []
    for n in range(60):
        met = draw.random() < 0.5
        text = " ".join(draw.choice(["oven", "bread", "salt"]) for _ in range(40 if met else 5))
        items.append({"id": f"i{n}", "input": "x", "output": text})
        value = "met" if met else "unmet"
        labels.append({"item_id": f"i{n}", "criterion": "long", "value": value})
    return items, labels


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open() as opened:
        yield opened


def record(store: Store, labels: list[dict[str, Any]], split: str | None) -> None:
    rows = [Label(**row, annotator="ana", question=QUESTION, split=split) for row in labels]
    add_labels(store, rows, source="a test")


def test_without_a_file_the_train_split_teaches(store: Store) -> None:
    items, labels = world()
    record(store, labels[:40], "train")
    record(store, labels[40:], "test")

    judge = trueup.fit(items, rubric=RUBRIC, criterion="long", store=store)

    assert judge.agreement.n == 40


def test_labels_that_measure_judges_are_refused(store: Store) -> None:
    items, labels = world()
    record(store, labels[:2], "dev")
    record(store, labels[2:3], None)

    with pytest.raises(trueup.DataError, match="3 of 60 labelled items, as 'i0', measure judges"):
        trueup.fit(items, labels, rubric=RUBRIC, criterion="long", store=store)

    assert trueup.fit(items, labels[3:], rubric=RUBRIC, criterion="long", store=store)


def test_items_of_a_group_that_is_kept_for_measuring_are_refused(store: Store) -> None:
    items, labels = world()
    add_splits(store, {"g": "test"})
    items[0]["group"] = "g"

    with pytest.raises(trueup.DataError, match="1 of 60 labelled items, as 'i0'"):
        trueup.fit(items, labels, rubric=RUBRIC, criterion="long", store=store)


def test_without_any_labels_it_says_where_to_get_some(store: Store) -> None:
    with pytest.raises(trueup.TooFewLabels, match="the train split has no labels"):
        trueup.fit(world()[0], rubric=RUBRIC, criterion="long", store=store)
    with pytest.raises(trueup.DataError, match="neither given nor in a store"):
        trueup.fit(world()[0], rubric=RUBRIC, criterion="long")
