"""`trueup.calibrate` and `acalibrate`: what Python programs and notebooks call."""

from __future__ import annotations

import asyncio
import inspect
import json
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

import trueup
from tests.runner.calibration.material import (
    ONE,
    WEEK,
    judge,
    labels,
    number,
    only,
    outputs,
    wrong_numbers,
)
from trueup.runner.calibration import surface
from trueup.runner.calibration.result import CriterionResult
from trueup.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.runner.progress import Progress


@pytest.fixture(autouse=True)
def _no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 10)


def test_a_calibration_says_everything_as_plain_data() -> None:
    items = outputs(WEEK, 30)
    found = trueup.calibrate(items, rubric=ONE, judge=judge(), labels=labels(items),
                             label_design="random")  # fmt: skip
    told = found.to_dict()

    assert isinstance(found, trueup.Calibration)
    assert json.loads(json.dumps(told, allow_nan=False))["sitting"] == WEEK
    assert told["criteria"][0].keys() == {field.name for field in fields(CriterionResult)}
    assert list(wrong_numbers(told)) == []


def test_both_doors_take_the_same_and_default_to_the_same() -> None:
    plain, waiting = (inspect.signature(door).parameters
                      for door in (trueup.calibrate, trueup.acalibrate))  # fmt: skip

    assert plain == waiting
    assert [p.kind for p in plain.values()][1:] == [inspect.Parameter.KEYWORD_ONLY] * 24


def test_it_works_inside_a_running_event_loop() -> None:
    items = outputs(WEEK, 9)

    async def notebook() -> tuple[trueup.Calibration, trueup.Calibration]:
        once = trueup.calibrate(items, rubric=ONE, judge=judge())
        return once, await trueup.acalibrate(items, rubric=ONE, judge=judge())

    first, second = asyncio.run(notebook())
    assert first.criteria == second.criteria


def test_a_store_that_was_given_stays_open_and_a_place_is_closed(tmp_path: Path) -> None:
    items = outputs(WEEK, 9)
    with Store.open(tmp_path / "a.db") as store:
        trueup.calibrate(items, rubric=ONE, judge=judge(), store=store)
        assert len(store.runs()) == 1
    trueup.calibrate(items, rubric=ONE, judge=judge(), store=tmp_path / "a.db")
    with Store.open(tmp_path / "a.db") as store:
        assert len(store.runs()) == 2


def test_rubrics_judges_and_logs_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "name: one\ntask: t\ncriteria:\n  - {id: kind, ask: Is the reply kind?}\n"
    )
    (tmp_path / "kind.py").write_text(
        'from trueup import Rules\njudge = Rules("kind", version="1")\n\n\n'
        '@judge.rule("kind")\ndef kind(item):\n    return item.metadata["kind"] == "met"\n'
    )
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in outputs(WEEK, 12)))
    found = trueup.calibrate(log, rubric=tmp_path / "one.yaml", judge=tmp_path / "kind.py",
                             ledger=tmp_path / "ledger.jsonl")  # fmt: skip

    assert found.sampled.source == log.name
    assert found.judge == "kind"
    met = sum(row["metadata"]["kind"] == "met" for row in outputs(WEEK, 12))
    assert number(only(found).pass_rate.judge).estimate == pytest.approx(met / 12)
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 1


def test_recorded_verdicts_can_be_calibrated(tmp_path: Path) -> None:
    items = outputs(WEEK, 20)
    recording = tmp_path / "recorded.jsonl"
    said = [{"item_id": item["id"], "criterion": "kind", "level": item["metadata"]["kind"]}
            for item in items[:15]]  # fmt: skip
    recording.write_text("".join(json.dumps(row) + "\n" for row in said))
    replay = tmp_path / "replay.yaml"
    replay.write_text("kind: replay\npath: recorded.jsonl\n")
    found = trueup.calibrate(items, rubric=ONE, judge=replay, labels=labels(items),
                             label_design="random")  # fmt: skip

    assert found.sampled.outcomes == {"scored": 15, "abstained": 5}
    assert number(only(found).agreement.accuracy).estimate == 1  # type: ignore[union-attr] # labelled


def test_progress_is_told_to_the_end() -> None:
    seen: list[int] = []

    def told(progress: Progress) -> None:
        seen.append(sum(progress.outcomes.values()))

    trueup.calibrate(outputs(WEEK, 30), rubric=ONE, judge=judge(), on_progress=told)
    assert seen[-1] == 30


def test_a_named_seed_draws_and_shuffles_otherwise() -> None:
    items = outputs(WEEK, 60)
    runs = [trueup.calibrate(items, rubric=ONE, judge=judge(), sample=30, seed=seed)
            for seed in (0, 0, 1)]  # fmt: skip
    drawn = [{one.item_id for one in run.next} for run in runs]

    assert drawn[0] == drawn[1] != drawn[2]


def test_surface_features_that_tell_the_verdict_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "MOST", 400)
    items = outputs(WEEK, 60)
    for item in items:
        item["output"] = "So it is. " * (9 if item["metadata"]["kind"] == "met" else 1) + item["id"]
    found = trueup.calibrate(items, rubric=ONE, judge=judge(0.0))

    assert number(only(found).surface).estimate > 0.5
    last = number(only(found).weeks[-1].surface)
    assert last.estimate == pytest.approx(number(only(found).surface).estimate, rel=1e-3)
