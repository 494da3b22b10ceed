"""What a reward says of its judge is what the store's calibration ledger says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import ONE, judge, labels, outputs
from trueup import Reward, Scorer, calibrate
from trueup.reward import Trust
from trueup.reward.trust import trust_in
from trueup.runner.calibration.history import entry
from trueup.store import ledger
from trueup.store.store import Store
from trueup.testing import Shift, Truth, simulate_weeks

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


def test_a_judge_that_has_moved_says_where(tmp_path: Path) -> None:
    truth = Truth(weeks=20, pairs=60, shifts=[Shift(cause="judge", week=12, size=0.4)])
    by_criterion = simulate_weeks(truth, seed=1)
    with Store.open(tmp_path / "s.db") as store:
        told = [
            entry(week, criterion=name, judge="j", n_labels=truth.pairs)
            for name, weeks in by_criterion.items()
            for week in weeks
        ]
        ledger.append(store, told)
        now = {one["criterion"]: one["instrument"] for one in told}
        asked = {**now, "another": "0" * 16}
        moved = trust_in(store, judge="j", instruments=asked)

        assert moved.drifted == tuple(now)
        assert trust_in(store, judge="k", instruments=now) == Trust()
