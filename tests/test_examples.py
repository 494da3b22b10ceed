"""What ships beside the code is what the code makes today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import trueup
from trueup.rubric.schema import rubric_schema
from trueup.runner.fit import fit_all

ROOT = Path(__file__).parents[1]
SUPPORT = ROOT / "examples" / "support"
RUBRIC = SUPPORT / "rubrics" / "support-demo.yaml"


def test_the_shipped_schema_is_the_one_that_the_command_prints() -> None:
    shipped = json.loads((ROOT / "rubrics" / "rubric.schema.json").read_text("utf-8"))

    assert shipped == rubric_schema()


def test_the_examples_judge_is_what_its_labels_teach() -> None:
    fitted = fit_all(SUPPORT / "outputs.jsonl", SUPPORT / "labels.jsonl", rubric=RUBRIC)
    shipped = trueup.load_judge(SUPPORT / "judges" / "surface.yaml")

    assert isinstance(shipped, trueup.FeaturesJudge)
    assert shipped.heads.keys() == fitted.judge.heads.keys()
    for criterion, head in fitted.judge.heads.items():
        kept = shipped.heads[criterion]
        assert kept.coefficients == pytest.approx(head.coefficients, abs=1e-6)
        assert kept.agreement.low == pytest.approx(head.agreement.low, abs=1e-6)


def test_the_example_is_scored_as_it_was_written() -> None:
    scores = trueup.score(
        SUPPORT / "outputs.jsonl", rubric=RUBRIC, judge=SUPPORT / "judges" / "support.yaml"
    )
    frame = scores.frame().set_index(["item_id", "criterion"])

    # two replies are empty: the gate says so, and nobody is asked about them
    for item in ("sup-077", "sup-160"):
        assert frame.loc[(item, "answered"), "level"] == "unmet"
        assert frame.loc[(item, "padding"), "reason"] == "empty_output"
    assert set(scores.items().set_index("item_id").loc[["sup-077", "sup-160"], "score"]) == {0.0}
    # two replies speak to their grader, and no others do
    steering = frame.xs("steers-judge", level="criterion")
    assert set(steering.index[steering["level"] == "met"]) == {"sup-032", "sup-122"}


def test_items_and_labels_of_the_example_fit_together() -> None:
    outputs, labels = (
        [json.loads(line) for line in (SUPPORT / name).read_text("utf-8").splitlines()]
        for name in ("outputs.jsonl", "labels.jsonl")
    )
    rubric = trueup.load_rubric(RUBRIC)

    assert len({row["id"] for row in outputs}) == len(outputs)
    assert {row["item_id"] for row in labels} <= {row["id"] for row in outputs}
    assert {row["criterion"] for row in labels} <= rubric.by_id.keys()
    assert all(row["metadata"]["simulated"] for row in outputs)
