"""What a reward says of its judge is what the store's calibration ledger says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import ONE, judge, labels, outputs
from trueup import Reward, Scorer, calibrate

if TYPE_CHECKING:
    from pathlib import Path

WEEK = "2026-W10"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a store in which the judge stood beside people for a week."""
    items = outputs(WEEK, 120)
    calibrate(
        items, rubric=ONE, judge=judge(), store=tmp_path / "s.db", labels=labels(items), week=WEEK
    )
    return tmp_path / "s.db"


def one(place: Path | None, judging: Any) -> Reward:
    with Scorer(ONE, judging, store=place) as scorer:
        (found,) = scorer.score_batch(outputs(WEEK, 1))
    assert isinstance(found, Reward)
    return found


def test_a_calibrated_judge_tells_since_when(place: Path) -> None:
    trust = one(place, judge()).trust

    assert trust.calibrated == dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    assert trust.age(dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)) == 3.5
    assert trust.drifted is None  # one week cannot tell


def test_another_judge_is_not_calibrated_by_it(place: Path) -> None:
    assert one(place, judge(version="2")).trust.calibrated is None
    assert one(None, judge()).trust.calibrated is None
