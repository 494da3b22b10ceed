"""Scores of a run: columns, counts, bounds, and values that follow the rubric unasked."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from trueup.errors import DataError, StoreError
from trueup.item.model import Item
from trueup.judge.adapt import as_judge
from trueup.judge.protocol import Capabilities
from trueup.judge.verdict import Finding, Verdict, scored, unscored
from trueup.rubric.load import parse_rubric
from trueup.runner.result import COLUMNS, ITEM_COLUMNS, Scores
from trueup.store.store import Store
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Score
    from trueup.judge.protocol import Request

MET = scored(1.0, "met")
UNMET = scored(0.0, "unmet")
RUBRIC = """\
name: r
version: 3
task: t
criteria:
  - {id: polite, ask: Is it polite?, weight: 3}
  - {id: padded, ask: Is it padded?, weight: -1}
  - id: tone
    ask: How is the tone?
    scale: {1: {text: curt, value: 0}, 2: {text: plain, value: 0.4}, 3: {text: warm, value: 1}}
"""
Answers = dict[str, dict[str, Finding]]


class Scripted:
    """A judge that says what it was told, by the item's output."""

    name = "scripted"
    version = "1"
    capabilities = Capabilities()

    def __init__(self, answers: Mapping[str, Mapping[str, Finding]]) -> None:
        self._answers = answers
        self.asked = 0

    def instrument(self, _rubric: object, _criterion: str) -> dict[str, Any]:
        return {"kind": "scripted"}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            self.asked += 1
            said = self._answers[str(request.item.output)]
            yield request.id, Verdict({c: said[c] for c in request.criteria})


def answers(polite: Finding, padded: Finding, tone: Finding) -> dict[str, Finding]:
    return {"polite": polite, "padded": padded, "tone": tone}


def level(key: str, value: float) -> Finding:
    return scored(value, key)


SAID: Answers = {
    "best": answers(MET, UNMET, level("3", 1.0)),
    "plain": answers(MET, MET, level("2", 0.4)),
    "partly": answers(MET, unscored("refused", "refused"), level("3", 1.0)),
    "silent": answers(*[unscored("abstained", "cannot_tell", "who knows")] * 3),
    "broken": answers(MET, UNMET, unscored("failed", "timed_out")),
    "alien": answers(*[unscored("not_applicable", "condition_false")] * 3),
}
ITEMS = [Item(id=f"the-{name}", output=name) for name in SAID]


@pytest.fixture
def scores(score: Score) -> Scores:
    return score(ITEMS, parse_rubric(RUBRIC), as_judge(Scripted(SAID)))


def by_item(scores: Scores) -> dict[str, dict[str, Any]]:
    return {row["item_id"]: row for row in scores.item_rows()}


def test_the_frame_has_a_row_for_each_item_and_criterion_in_their_order(scores: Scores) -> None:
    frame = scores.frame()

    assert list(frame.columns) == [
        "item_id", "criterion", "judge", "instrument", "replicate",
        "outcome", "reason", "value", "level", "explanation",
    ]  # fmt: skip
    assert str(frame["value"].dtype) == "float64"
    assert list(frame["item_id"]) == [item.id for item in ITEMS for _ in range(3)]
    assert list(frame["criterion"][:3]) == ["polite", "padded", "tone"]
    assert set(frame["judge"]) == {"scripted"}
    silent = frame[frame["item_id"] == "the-silent"]
    assert silent["value"].isna().all()
    assert set(silent["reason"]) == {"cannot_tell"}
    assert set(silent["explanation"]) == {"who knows"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["the-alien", "the-best", "nobody"], ["the-best", "the-alien"]),
        (["nobody"], []),
        ([], []),
    ],
)
def test_some_items_come_in_the_order_of_the_run(
    scores: Scores, monkeypatch: pytest.MonkeyPatch, asked: list[str], found: list[str]
) -> None:
    monkeypatch.setattr("trueup.store.store._SEARCHED", 2)
    whole = {one.item_id: one for one in scores.judged()}

    assert list(scores.judged(asked)) == [whole[name] for name in found]


def test_the_frame_of_items_has_scores_bounds_and_outcomes(scores: Scores) -> None:
    frame = scores.items().set_index("item_id")

    assert list(frame.columns) == ["score", "low", "high", "outcome"]
    rows = {name: list(row) for name, row in zip(frame.index, frame.to_numpy(), strict=True)}
    assert rows["the-best"] == [1.0, 1.0, 1.0, "scored"]
    assert rows["the-plain"] == [pytest.approx(0.6)] * 3 + ["scored"]
    assert rows["the-partly"][1:] == [pytest.approx(0.75), 1.0, "refused"]
    assert rows["the-silent"][1:] == [0.0, 1.0, "abstained"]
    assert rows["the-broken"][1:] == [0.75, 1.0, "failed"]
    assert rows["the-alien"][3] == "not_applicable"
    for name in ("the-partly", "the-silent", "the-broken", "the-alien"):
        assert math.isnan(rows[name][0])


@pytest.mark.parametrize("names", [(), ("silent",), ("alien",), tuple(SAID)], ids=str)
def test_frames_have_the_same_columns_and_types_whatever_a_run_holds(
    score: Score, tmp_path: Path, names: tuple[str, ...]
) -> None:
    items = [Item(id=f"the-{name}", output=name) for name in names]
    found = score(items, parse_rubric(RUBRIC), as_judge(Scripted(SAID)))

    for frame, columns in ((found.frame(), COLUMNS), (found.items(), ITEM_COLUMNS)):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == columns
        assert list(frame.columns) == list(columns)
        frame.to_parquet(tmp_path / "f.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "f.parquet"), frame)


def test_only_value_and_level_have_gaps_in_a_frame_and_only_numbers_in_that_of_items(
    scores: Scores,
) -> None:
    frame, items = scores.frame(), scores.items()

    assert set(frame.columns[frame.isna().any()]) == {"value", "level"}
    assert set(items.columns[items.isna().any()]) == {"score", "low", "high"}
    alien = items[items["item_id"] == "the-alien"]
    assert alien[["score", "low", "high"]].isna().all(axis=None)


def test_the_summary_counts_everything_and_takes_nothing_without_a_value_for_a_zero(
    scores: Scores,
) -> None:
    summary = scores.summary()

    assert summary["items"] == {
        "n": 6,
        "outcomes": {
            "scored": 2, "not_applicable": 1, "abstained": 1, "refused": 1, "failed": 1,
        },
    }  # fmt: skip
    assert summary["score"]["n"] == 2
    assert summary["score"]["estimate"] == pytest.approx((1.0 + 0.6) / 2)
    assert summary["score"]["low_bound"] == pytest.approx((1 + 0.6 + 0.75 + 0 + 0.75) / 5)
    assert summary["score"]["high_bound"] == pytest.approx((1 + 0.6 + 1 + 1 + 1) / 5)
    polite, padded, tone = summary["criteria"]
    assert (polite["mean"]["estimate"], polite["mean"]["n"]) == (1.0, 4)
    assert (padded["mean"]["estimate"], padded["mean"]["n"]) == (pytest.approx(1 / 3), 3)
    assert padded["outcomes"] == {"scored": 3, "not_applicable": 1, "abstained": 1, "refused": 1}
    assert padded["reasons"]["refused: refused"] == 1
    assert tone["levels"] == {"3": 2, "2": 1}
    assert (summary["status"], summary["judge"], summary["calibration"]) == (
        "done", "scripted", "uncalibrated",
    )  # fmt: skip
    assert summary["rubric"]["version"] == "3"


def test_a_run_in_which_nothing_has_a_value_has_no_mean(score: Score) -> None:
    one = [ITEMS[3]]

    summary = score(one, parse_rubric(RUBRIC), as_judge(Scripted(SAID))).summary()

    assert summary["score"]["estimate"] is None
    assert summary["score"]["n"] == 0
    assert all(part["mean"]["estimate"] is None for part in summary["criteria"])


@pytest.mark.parametrize(
    ("old", "new", "scores_after"),
    [
        ("value: 0.4", "value: 0.9", {"the-plain": (3 - 1 + 0.9) / 4}),
        ("weight: 3", "weight: 1", {"the-plain": (1 - 1 + 0.4) / 2}),
        ("weight: 3", "weight: 3, gate: true", {"the-best": 1.0}),
    ],
)
def test_scoring_that_changes_gives_other_scores_without_a_question(
    score: Score, old: str, new: str, scores_after: dict[str, float]
) -> None:
    judge = Scripted(SAID)
    score(ITEMS[:2], parse_rubric(RUBRIC), as_judge(judge))

    changed = score(ITEMS[:2], parse_rubric(RUBRIC.replace(old, new)), as_judge(judge))

    assert judge.asked == 2
    for item, value in scores_after.items():
        assert by_item(changed)[item]["score"] == pytest.approx(value)


def test_a_run_of_the_past_keeps_the_values_of_its_own_rubric(score: Score, path: Path) -> None:
    judge = as_judge(Scripted(SAID))
    score(ITEMS[:2], parse_rubric(RUBRIC), judge)
    score(ITEMS[:2], parse_rubric(RUBRIC.replace("value: 0.4", "value: 0.9")), judge)

    with Store.open(path) as store:
        assert by_item(Scores(store, 1))["the-plain"]["score"] == pytest.approx(0.6)


def test_a_mean_over_answers_follows_the_levels_too_and_any_other_value_stands(
    score: Score,
) -> None:
    shares = {"1": 0.25, "2": 0.5, "3": 0.25}
    spread = Finding(outcome="scored", value=0.45, level="2", detail={"distribution": shares})
    predicted = Finding(outcome="scored", value=0.37, level="2")
    said: Answers = {
        "spread": answers(MET, UNMET, spread),
        "predicted": answers(MET, UNMET, predicted),
    }
    items = [Item(id=name, output=name) for name in said]
    judge = as_judge(Scripted(said))
    score(items, parse_rubric(RUBRIC), judge)

    changed = score(items, parse_rubric(RUBRIC.replace("value: 0.4", "value: 0.8")), judge)

    values = {row["item_id"]: row["value"] for row in changed.rows() if row["criterion"] == "tone"}
    assert values == {"spread": pytest.approx(0.25 * 0 + 0.5 * 0.8 + 0.25), "predicted": 0.37}


def test_replicates_are_averaged_and_one_that_is_missing_leaves_bounds(
    judge_at: JudgeAt, score: Score
) -> None:
    one = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: polite, ask: Is it polite?}\n")
    said = iter(["met", "unmet", "met", "met", "unmet", "cannot_tell"])

    def answer(_request: dict[str, Any]) -> str:
        word = next(said)
        reason = "undecidable" if word == "cannot_tell" else "none"
        answers = {"answer": word, "cannot_tell_reason": reason}
        return json.dumps({"evidence": [], "explanation": "x", **answers})

    items = [Item(id=name, output=f"reply {name}") for name in ("a", "b")]

    with FaultServer(answer=answer) as server:
        found = score(items, one, judge_at(server, concurrency=1), replicates=3)

    assert by_item(found)["a"]["score"] == pytest.approx(2 / 3)
    assert by_item(found)["b"]["score"] is None
    assert (by_item(found)["b"]["low"], by_item(found)["b"]["high"]) == (0.0, 1.0)
    assert [row["replicate"] for row in found.rows()] == [0, 1, 2, 0, 1, 2]


def test_everything_about_one_item_is_found_by_its_id(scores: Scores) -> None:
    found = scores.of_item("the-partly")

    assert found["outcome"] == "refused"
    assert found["text"]["output"] == "partly"
    assert [part["criterion"] for part in found["findings"]] == ["polite", "padded", "tone"]
    with pytest.raises(DataError, match="no item 'nobody'"):
        scores.of_item("nobody")


def test_a_run_that_does_not_exist_is_refused(scores: Scores) -> None:
    with pytest.raises(StoreError, match="there is no run 99"):
        Scores(scores.store, 99)
