"""Leaks: what a judge is shown must not be what it is measured on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import ONE, WEEKS, labels, outputs
from trueup.errors import DataError
from trueup.item.model import as_text
from trueup.item.read import open_items
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.calibrate import calibrate
from trueup.runner.leaks import refuse_rows, refuse_shown_examples
from trueup.store.splits import add_splits, splits
from trueup.store.store import Store
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.runner.calibration.material import Rows
    from trueup.rubric.model import Rubric

FIRST, SECOND = WEEKS[:2]


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(None) as opened:
        yield opened


@pytest.fixture
def items() -> Rows:
    return outputs(FIRST, 25)


def showing(output: str, **more: Any) -> Rubric:
    """Return the usual rubric with this output as an example."""
    example = json.dumps({"output": output, "answer": "met", **more})
    return parse_rubric(
        "name: one\ntask: The assistant replies.\ncriteria:\n"
        f"  - id: kind\n    ask: Is the reply kind?\n    examples: [{example}]\n"
    )


def run(items: object, store: Store, rubric: Rubric, **more: Any) -> None:
    judge = ScriptedJudge(answers=True)
    calibrate(items, rubric=rubric, judge=judge, store=store, label_next=(0, 1), **more)


def refused(items: object, store: Store, rubric: Rubric, **more: Any) -> DataError:
    before = len(store.runs())
    with pytest.raises(DataError) as caught:
        run(items, store, rubric, **more)
    assert len(store.runs()) == before  # nothing was judged
    assert "train split" in (caught.value.mend or "")
    return caught.value


def test_an_example_that_is_a_freshly_labelled_item_is_refused_in_the_first_sitting(
    store: Store, items: Rows
) -> None:
    rubric = showing(items[3]["output"])
    error = refused(items, store, rubric, labels=labels(items[:9], rubric=rubric),
                    label_design="random")  # fmt: skip

    assert error.what == (
        f"example 1 of criterion kind is item '{items[3]['id']}' of a sitting's sample, "
        "which measures the judge"
    )


@pytest.mark.parametrize("part", ["dev", "test"])
def test_an_example_out_of_dev_or_test_is_refused(store: Store, items: Rows, part: str) -> None:
    rubric = showing(items[3]["output"])
    said = labels(items[:9], rubric=rubric, split=part)

    assert f"of the {part} split" in refused(items, store, rubric, labels=said).what


def test_an_example_out_of_train_is_what_examples_are_for(store: Store, items: Rows) -> None:
    rubric = showing(items[3]["output"])
    run(items, store, rubric, labels=labels(items[:9], rubric=rubric, split="train"))

    assert len(store.runs()) == 1


def test_an_unlabelled_item_may_be_an_example(store: Store, items: Rows) -> None:
    rubric = showing(items[20]["output"])
    run(items, store, rubric, labels=labels(items[:9], rubric=rubric), label_design="random")

    assert len(store.runs()) == 1


def test_labels_of_the_wording_before_the_example_count_as_well(store: Store, items: Rows) -> None:
    run(items, store, ONE, labels=labels(items[:9]), label_design="random")

    assert "which measures the judge" in refused(items, store, showing(items[3]["output"])).what


def test_items_of_earlier_weeks_are_found_by_their_texts(store: Store, items: Rows) -> None:
    run(items, store, ONE, labels=labels(items[:9]), label_design="random")
    later = outputs(SECOND, 9)

    assert items[3]["id"] in refused(later, store, showing(items[3]["output"])).what


def test_white_space_does_not_hide_a_leak(store: Store, items: Rows) -> None:
    rubric = showing(f"  {items[3]['output'].replace(' ', '  ')}\n")

    refused(items, store, rubric, labels=labels(items[:9], rubric=rubric), label_design="random")


def test_messages_are_compared_as_the_text_that_is_judged(store: Store, items: Rows) -> None:
    chat = {**items[3], "output": [{"role": "assistant", "content": "A reply."}]}
    (item,) = open_items([chat])
    rubric = showing(as_text(item.output))
    said = labels([chat], rubric=rubric)

    refused([chat, *items[4:]], store, rubric, labels=said, label_design="random")


def test_an_anchor_may_be_no_example(store: Store, items: Rows, tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    anchor = {"id": "a", "output": "a frozen reply", "labels": {"kind": "met"}}
    path.write_text(json.dumps(anchor), "utf-8")
    error = refused(items, store, showing("a frozen reply"), anchors=path)

    assert "example 1 of criterion kind is anchor 'a'" in error.what


def test_the_second_example_of_a_criterion_is_named_as_such(store: Store, items: Rows) -> None:
    examples = json.dumps([{"output": "another", "answer": "met"},
                           {"output": items[0]["output"], "answer": "unmet"}])  # fmt: skip
    rubric = parse_rubric(
        "name: one\ntask: t\ncriteria:\n  - {id: brief, ask: Is it brief?}\n"
        f"  - id: kind\n    ask: Is the reply kind?\n    examples: {examples}\n"
    )
    said = labels(items[:4], criteria=["kind"])
    error = refused(items, store, rubric, labels=said, label_design="random")

    assert error.what.startswith("example 2 of criterion kind is item")


def test_a_rubric_without_examples_reads_no_label(items: Rows) -> None:
    class Closed:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    refuse_shown_examples(Closed(), ONE, items=items)  # type: ignore[arg-type]
    assert not any(criterion.examples for criterion in ONE.criteria)


def test_rows_to_be_fitted_on_come_from_train(store: Store) -> None:
    add_splits(store, {"u": "dev", "v": "train", "i3": "test"})
    question = ONE.by_id["kind"].question
    refuse_rows(store, question, {"i1": "v", "i2": None})

    for groups in ({"i1": "u", "i2": "v"}, {"i3": None}):
        with pytest.raises(DataError, match="dev or test split") as caught:
            refuse_rows(store, question, groups)
        assert f"1 of {len(groups)} labelled items" in caught.value.what
    assert splits(store)["u"] == "dev"
