"""Another instrument: its figures are set beside the old one's over anchors, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import WEEKS, judge, number, only, outputs
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = outputs("2026-W20", 40)
    found = tmp_path / "anchors.jsonl"
    found.write_text("".join(json.dumps({**row, "labels": row["metadata"]}) + "\n" for row in rows))
    return found


def lenient(**more: Any) -> ScriptedJudge:
    """Return a judge that calls everything met."""
    return ScriptedJudge(lambda *_: "met", **more)


def test_a_new_instruments_share_is_told_as_the_old_one_would_have_given_it(
    run: Calibrate, path: Path
) -> None:
    for week in WEEKS[:2]:
        run(outputs(week, 80), anchors=path, judge=judge(0))
    items = outputs(WEEKS[2], 80)
    found = only(run(items, anchors=path, judge=lenient(name="scripted", version="2")))
    truth = sum(item["metadata"]["kind"] == "met" for item in items) / 80

    assert found.bridged is not None
    assert (found.bridged.week, found.bridged.link.n) == (WEEKS[1], 40)
    assert number(found.pass_rate.judge).estimate == 1
    assert found.bridged.link.estimate < -0.2
    assert found.bridged.judged.low < truth < found.bridged.judged.high
    assert found.bridged.judged.high - found.bridged.judged.low > 0.1  # the link's error is in it


def test_the_same_instrument_needs_no_bridge(run: Calibrate, path: Path) -> None:
    run(outputs(WEEKS[0], 20), anchors=path)
    found = run(outputs(WEEKS[1], 20), anchors=path)

    assert only(found).bridged is None


@pytest.mark.parametrize("kept", [0, 19])
def test_without_enough_anchors_in_common_there_is_none(
    run: Calibrate, path: Path, tmp_path: Path, kept: int
) -> None:
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("".join(path.read_text().splitlines(keepends=True)[:kept]))
    run(outputs(WEEKS[0], 20), anchors=fewer if kept else None)
    found = run(outputs(WEEKS[1], 20), anchors=path, judge=judge(version="2"))

    assert only(found).bridged is None


def test_a_change_of_long_ago_is_no_longer_bridged(run: Calibrate, path: Path) -> None:
    run(outputs("2026-W10", 20), anchors=path)
    second = judge(version="2")
    near = run(outputs("2026-W23", 20), anchors=path, judge=second)
    far = run(outputs("2026-W24", 20), anchors=path, judge=second)

    assert only(near).bridged is not None
    assert only(far).bridged is None
