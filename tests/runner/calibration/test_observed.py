"""Who answered, as a judge in Python tells it: in the ledger, in the result, against the judge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import trueup
from tests.runner.calibration.material import ONE, WEEKS, labels, only, outputs, said
from trueup.store import ledger
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.judge.protocol import Request
    from trueup.judge.verdict import Verdict
    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.result import Calibration
    from trueup.store.store import Store

ANCHOR = "2026-W20"
TENTH = 9
"""Place of the week in which the judge becomes lenient."""
ERROR, LENIENT = 0.1, 0.6
"""How often the judge errs, and how often it then takes what is not met for met."""
OLD, NEW = "model-1", "model-2"


class Behind(ScriptedJudge):
    """Says which model it asked; the same instrument throughout, and the same about anchors."""

    def __init__(self, model: str, *, lenient: bool) -> None:
        def answer(item: Item, criterion: Criterion) -> object:
            truth = item.metadata[criterion.id]
            if lenient and truth == "unmet" and not item.id.startswith(ANCHOR):
                return said(item.id, criterion, truth, error=LENIENT, seed="lenient")
            return said(item.id, criterion, truth, error=ERROR, seed=0)

        super().__init__(answer, name="behind")
        self._model = model

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        async for name, verdict in super().judge(requests):
            yield name, trueup.Verdict(verdict.findings, observed={"model": self._model})


def sitting(store: Store, folder: Path, week: str, model: str, *, n: int = 100) -> Calibration:
    """Calibrate one week with 20 anchors; two people have labelled 40 of its items."""
    anchors = folder / "anchors.jsonl"
    frozen = [{**row, "labels": row["metadata"]} for row in outputs(ANCHOR, 20)]
    anchors.write_text("".join(json.dumps(row) + "\n" for row in frozen))
    items = outputs(week, n)
    judge = Behind(model, lenient=WEEKS.index(week) >= TENTH)
    return trueup.calibrate(items, rubric=ONE, judge=judge, anchors=anchors, store=store,
                            labels=labels(items[:40]), label_design="random")  # fmt: skip


def ten_weeks(store: Store, folder: Path, *, then: str) -> Calibration:
    """Calibrate ten weeks, in the last of which the judge is lenient, and say who answered it."""
    for week in WEEKS[:TENTH]:
        sitting(store, folder, week, OLD)
    return sitting(store, folder, WEEKS[TENTH], then)


def test_a_model_that_came_with_the_change_in_week_ten_is_held_against_the_judge(
    store: Store, tmp_path: Path
) -> None:
    found = ten_weeks(store, tmp_path, then=NEW)
    drift = only(found).drift
    against = next(one for one in drift.evidence if one.cause == "judge")

    assert (drift.state, drift.cause, drift.since) == ("moved", "judge", WEEKS[TENTH])
    assert f"From about then on {NEW} has answered" in against.sentence
    assert "20 anchors the share answered otherwise than before moved by 0.0" in against.sentence
    assert found.gate == "failed"
    assert json.loads(json.dumps(found.to_dict()))["criteria"][0]["observed"] == [NEW]
    assert [one["observed"] for one in ledger.read(store)] == [[OLD]] * TENTH + [[NEW]]


def test_without_a_new_model_the_same_change_is_nobodys(store: Store, tmp_path: Path) -> None:
    found = ten_weeks(store, tmp_path, then=OLD)
    drift = only(found).drift

    assert (drift.state, drift.cause) == ("moved", "inconclusive")
    assert not any("has answered" in one.sentence for one in drift.evidence)


def test_a_sitting_done_again_knows_who_gave_the_verdicts_that_it_finds(
    store: Store, tmp_path: Path
) -> None:
    sitting(store, tmp_path, WEEKS[0], OLD)
    again = sitting(store, tmp_path, WEEKS[0], NEW)

    assert only(again).observed == (OLD,)


def test_a_sitting_that_another_model_went_on_with_tells_both(store: Store, tmp_path: Path) -> None:
    sitting(store, tmp_path, WEEKS[0], OLD, n=60)
    more = sitting(store, tmp_path, WEEKS[0], NEW)

    assert only(more).observed == (OLD, NEW)
