"""What changes between weeks: instrument, wording or judge, and the ledger that shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import (
    WEEKS,
    judge,
    labels,
    lines,
    number,
    only,
    outputs,
)
from trueup.rubric.load import parse_rubric
from trueup.store import ledger
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate
    from trueup.runner.calibration.result import Calibration
    from trueup.store.store import Store

FIRST, SECOND, THIRD = WEEKS[:3]
REWORDED = parse_rubric(
    "name: one\ntask: The assistant replies.\ncriteria:\n  - {id: kind, ask: Is it really kind?}\n"
)


def weekly(run: Calibrate, weeks: tuple[str, ...], **more: Any) -> Calibration:
    """Calibrate week after week; all labels come with their week."""
    for week in weeks:
        items = outputs(week, 60)
        given = {"labels": labels(items[:30]), "label_design": "random", **more}
        found = run(items, **given)
    return found


def test_another_instrument_starts_anew_and_is_no_drift(run: Calibrate) -> None:
    weekly(run, WEEKS[:2])
    items = outputs(THIRD, 60)
    found = run(items, judge=judge(0.4, version="2"), labels=labels(items[:30]),
                label_design="random")  # fmt: skip

    assert found.gate == "passed"
    assert only(found).drift.state == "unknown"
    assert f"The instrument was changed in {THIRD}" in only(found).drift.sentence
    assert len({one.instrument for one in only(found).weeks}) == 2


def test_a_reworded_question_ends_its_own_ledger_and_no_other(run: Calibrate, store: Store) -> None:
    two = (
        "name: two\ntask: t\ncriteria:\n"
        "  - {id: kind, ask: %s}\n  - {id: brief, ask: Is it brief?}\n"
    )
    old, new = (parse_rubric(two % ask) for ask in ("Is it kind?", "Is it very kind?"))
    first = outputs(FIRST, 40, rubric=old)
    run(first, rubric=old, labels=labels(first[:20], rubric=old), label_design="random")
    found = run(outputs(SECOND, 40, rubric=new), rubric=new)

    kind, brief = only(found, "kind"), only(found, "brief")
    assert (kind.drift.state, kind.drift.cause) == ("moved", "rubric")
    assert (kind.stale, brief.stale) == (40, 0)
    assert brief.drift.state == "unknown"
    assert {one["question"] for one in ledger.read(store)} == {
        *(c.question for c in old.criteria), *(c.question for c in new.criteria)
    }  # fmt: skip
    assert found.gate != "failed"


def test_labels_that_flip_with_the_wording_are_shown_once_an_item(run: Calibrate) -> None:
    items = outputs(FIRST, 40)
    run(items, labels=labels(items[:10]), label_design="random")
    flips = [{**row, "value": {"met": "unmet", "unmet": "met"}[row["value"]]}
             for row in labels(items[:3])]  # fmt: skip
    found = run(items, rubric=REWORDED, labels=[*flips, *labels(items[3:10])],
                label_design="random")  # fmt: skip

    assert set(only(found).flipped) == {item["id"] for item in items[:3]}
    assert len(only(found).flipped) == 3
    assert only(found).stale == 20


def drifted(run: Calibrate, **more: Any) -> Calibration:
    """Calibrate ten weeks with 40 anchors; in the last two the judge says met to almost all."""
    anchors = more.pop("anchors")
    for number_, week in enumerate(WEEKS[:10]):
        generous = number_ > 7
        judge_ = ScriptedJudge(
            lambda item, c, g=generous: "met" if g else item.metadata[c.id], version="1"
        )
        items = outputs(week, 60)
        found = run(items, judge=judge_, anchors=anchors, labels=labels(items[:24]),
                    label_design="random", **more)  # fmt: skip
    return found


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    rows = outputs(WEEKS[-1], 40)
    path = tmp_path / "anchors.jsonl"
    path.write_text("".join(json.dumps({**row, "labels": row["metadata"]}) + "\n" for row in rows))
    return path


def test_a_judge_that_moves_on_the_anchors_fails_the_gate(run: Calibrate, anchors: Path) -> None:
    found = drifted(run, anchors=anchors)

    assert (only(found).drift.state, only(found).drift.cause) == ("moved", "judge")
    assert only(found).drift.since == WEEKS[8]
    assert found.gate == "failed"
    assert number(only(found).weeks[7].anchors).estimate == 1
    assert number(only(found).weeks[9].anchors).estimate < 0.8


def test_an_alarm_that_is_known_fails_no_more(run: Calibrate, anchors: Path) -> None:
    found = drifted(run, anchors=anchors, accepted=[WEEKS[8], WEEKS[9]])

    assert only(found).drift.state != "moved"
    assert found.gate == "passed"


def test_the_text_file_holds_what_the_store_does_and_survives_it(
    run: Calibrate, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "ledger.jsonl"
    weekly(run, WEEKS[:3], ledger=path)
    assert [json.loads(line) for line in lines(path)] == ledger.read(store)

    rows = outputs(WEEKS[3], 40)
    elsewhere = run(rows, store=None, ledger=path)
    assert [one.week for one in only(elsewhere).weeks] == list(WEEKS[:4])
    assert len(lines(path)) == 4


def test_comparing_some_criteria_hears_the_alarms_that_all_of_them_would(
    run: Calibrate, tmp_path: Path
) -> None:
    two = parse_rubric(
        "name: two\ntask: t\ncriteria:\n"
        "  - {id: kind, ask: Is it kind?}\n  - {id: brief, ask: Is it brief?}\n"
    )
    anchors = tmp_path / "anchors.jsonl"
    held = outputs("2026-W20", 40, rubric=two)
    anchors.write_text("".join(json.dumps({**row, "labels": row["metadata"]}) + "\n"
                               for row in held))  # fmt: skip
    for at, week in enumerate(WEEKS[:11]):
        moved = judge(0.02 if at < 10 else 0.5)
        whole = run(outputs(week, 40, rubric=two), rubric=two, judge=moved, anchors=anchors)
    part = run(outputs(week, 40, rubric=two), rubric=two, judge=moved, anchors=anchors,
               criteria=["brief"])  # fmt: skip

    assert [one.id for one in part.criteria] == ["brief"]
    assert only(part, "brief").drift == only(whole, "brief").drift
    assert only(part, "brief").drift.cause == "judge"
