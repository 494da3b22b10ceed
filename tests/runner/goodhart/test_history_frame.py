"""The frame of a sitting: all traffic, the judged items with what they stand for, and signals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests.runner.goodhart.backfill_material import (
    RUBRIC,
    SIGNALS,
    START,
    TableJudge,
    as_items,
    judge_of,
    log,
    record,
    record_signals,
    simulated,
)
from trueup.errors import ConfigError, DataError
from trueup.goodhart import Signal, watch
from trueup.runner.calibration.anchors import write_anchors
from trueup.runner.goodhart.backfill import backfill
from trueup.runner.goodhart.history_frame import history_frame
from trueup.runner.goodhart.history_spec import watch_spec_for
from trueup.store.signals import add_signals
from trueup.store.splits import readings
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as opened:
        yield opened


def judged(store: Store, items: object = None, **options: Any) -> None:
    usual = {"rubric": RUBRIC, "judge": TableJudge(), "per_period": 10, "store": store}
    backfill(log() if items is None else items, **{**usual, **options})


def frame_of(store: Store, items: object = None, **options: Any) -> pd.DataFrame:
    return history_frame(store, items=log() if items is None else items, by="a test", **options)


def test_every_logged_item_has_a_row_and_judged_ones_weigh_what_they_stand_for(
    store: Store,
) -> None:
    judged(store)
    frame = frame_of(store)
    drawn = frame["judge_weight"].notna()
    assert (len(frame), drawn.sum()) == (120, 30)
    assert set(frame.loc[drawn, "judge_weight"]) == {4.0}
    assert set(frame.loc[drawn, "judge"]) == {0.5}  # level 3 of 5
    assert frame.loc[~drawn, ["judge", "judge_rep", "outcome", "instrument"]].isna().all(axis=None)
    assert frame["judge_rep"].notna().sum() == 15
    assert len(frame["instrument"].dropna().unique()) == 1
    assert frame["user"].tolist() == [one["group"] for one in log()]
    assert frame["timestamp"].iloc[0] == START
    assert [str(frame[c].dtype) for c in ("version", "arm", "segment")] == ["category"] * 3


def test_a_failure_of_the_judge_is_no_score_and_keeps_its_weight(store: Store) -> None:
    fails = {f"reply {i} of batch c": "refused" for i in range(40)}
    judged(store, judge=TableJudge(fails=fails))
    frame = frame_of(store)
    last = frame[frame["version"] == "v2"]
    assert last["judge"].isna().all()
    assert last["judge_weight"].sum() == 40
    assert (last["outcome"] == "refused").sum() == 10
    scored = frame[frame["judge"].notna()].groupby("version", observed=False)["judge_weight"].sum()
    assert scored.to_dict() == {"v0": 40, "v1": 40, "v2": 0}


def test_what_a_budget_left_is_not_drawn_and_the_rest_stands_for_it(store: Store) -> None:
    judged(store)
    with store.transaction() as connection:  # as if the run had stopped before these were asked
        connection.exec_driver_sql("delete from verdict where content % 2 = 0")
    frame = frame_of(store)
    asked = frame["judge_weight"].notna()
    assert 0 < asked.sum() < 30
    assert frame.loc[~asked, "outcome"].isna().all()
    assert frame.groupby("version", observed=True)["judge_weight"].sum().tolist() == [40.0] * 3


def test_first_and_second_answers_are_kept_apart(store: Store) -> None:
    answers = {f"reply {i} of batch {b}": ("1", "5") for i in range(40) for b in "abc"}
    judged(store, judge=TableJudge(answers))
    frame = frame_of(store)
    both = frame[frame["judge_rep"].notna()]
    assert set(both["judge"]) == {0.0}
    assert set(both["judge_rep"]) == {1.0}


def test_signals_stand_beside_all_traffic_and_their_reading_is_logged(store: Store) -> None:
    judged(store)
    at = START + timedelta(days=3)
    add_signals(
        store,
        [record("w0-1", "retries", 1.0, at), record("u3", "csat", 0.5, at, unit_kind="group")],
        source="a test",
    )
    frame = frame_of(store, signals=["retries:lower", "csat"])
    row = frame.set_index("item_id").loc["w0-1"]
    assert (row["retries"], row["retries_at"]) == (1.0, pd.Timestamp(at))
    assert frame["retries"].notna().sum() == 1
    assert (frame["csat"].notna() == (frame["user"] == "u3")).all()
    assert [one.by for one in readings(store, "signals")] == [
        "a test, for goodhart: retries",
        "a test, for goodhart: csat",
    ]
    early = frame_of(store, signals=["retries"], as_of=START)
    assert early["retries"].isna().all()


def test_anchors_are_rows_at_the_end_without_signals(store: Store, tmp_path: Path) -> None:
    anchor = {"id": "w0-1", "input": "question 1", "output": "reply 1 of batch a"}
    write_anchors(tmp_path / "anchors.jsonl", [(anchor, {"help": "3"})], RUBRIC)
    judged(store, anchors=tmp_path / "anchors.jsonl")
    add_signals(store, [record("w0-1", "retries", 1.0, START)], source="a test")
    frame = frame_of(store, signals=["retries"])
    last = frame.iloc[-1]
    assert (last["anchor"], last["judge"], last["judge_rep"]) == ("w0-1", 0.5, 0.5)
    assert last["timestamp"] > datetime.now(UTC) - timedelta(hours=1)
    assert frame["anchor"].notna().sum() == 1
    assert frame["retries"].isna().all()  # the anchor's copy in the log is no traffic
    assert np.isnan(last["judge_weight"])
    assert watch_spec_for(frame, ["retries:lower"]).anchor == "anchor"


def test_a_frame_is_that_of_one_sitting(store: Store) -> None:
    judged(store, sitting="one")
    judged(
        store, sitting="two", judge=TableJudge({f"reply {i} of batch a": "44" for i in range(40)})
    )
    one, two = frame_of(store, sitting="one"), frame_of(store)
    assert set(one["judge"].dropna()) == {0.5}
    assert set(two["judge"].dropna()) == {0.5, 0.75}
    assert set(one["instrument"].dropna()) & set(two["instrument"].dropna()) == set()
    with pytest.raises(ConfigError, match="there is no sitting 'thre'"):
        frame_of(store, sitting="thre")


def test_traffic_before_the_window_is_left_out_and_later_traffic_is_not(store: Store) -> None:
    judged(store, since="2026-01-12", until="2026-01-19")
    frame = frame_of(store)
    assert sorted(frame["version"].astype(str).unique()) == ["v1", "v2"]
    assert frame.groupby("version", observed=True)["judge_weight"].sum().to_dict() == {
        "v1": 40,
        "v2": 0,
    }


def test_criteria_stand_in_columns_of_their_own_where_asked(store: Store) -> None:
    judged(store)
    frame = frame_of(store, criteria=True)
    assert (frame["criterion.help"].dropna() == 0.5).sum() == 30
    assert list(watch_spec_for(frame, ["retries:lower"]).criteria) == ["criterion.help"]


def test_a_log_without_the_judged_items_or_a_signal_named_like_a_column_is_refused(
    store: Store,
) -> None:
    judged(store)
    with pytest.raises(DataError, match="items of this sitting's draw are not in the log"):
        frame_of(store, log(weeks=1))
    with pytest.raises(DataError, match="'judge' is called like a column"):
        frame_of(store, signals=["judge"])
    with pytest.raises(DataError, match="there is no signal 'thumbs'"):
        frame_of(store, signals=["thumbs"])


def test_the_spec_names_what_is_there(store: Store) -> None:
    judged(store, repeat=0)
    frame = frame_of(store)
    spec = watch_spec_for(frame, [Signal("thumbs")], reference=8, period="7d")
    assert (spec.judge_repeat, spec.arm, spec.version, spec.anchor) == (None, None, None, None)
    assert (spec.segment, spec.group, spec.judge_weight) == ("segment", "user", "judge_weight")
    assert spec.reference == 8


def from_logs(
    store: Store, history: pd.DataFrame, judge: TableJudge, *, per_period: int = 60
) -> pd.DataFrame:
    """Backfill a simulated log and return its frame."""
    items = as_items(history)
    record_signals(store, history)
    judged(store, items, judge=judge, per_period=per_period)
    return frame_of(store, items, signals=SIGNALS)


def test_twelve_weeks_of_logs_and_ten_more_have_their_verdict_on_the_first_day(
    store: Store,
) -> None:
    history = simulated("gaming", gamed=0.9, seed=2)
    judge = judge_of(history)
    frame = from_logs(store, history, judge)
    assert len(judge.seen) == 22 * 90
    look = watch(frame, watch_spec_for(frame, SIGNALS, horizon=10))
    assert look.verdict == "gaming", look.message
    assert look.rise is not None
    assert look.rise.value > 0.05  # of [0, 1]


def test_a_real_gain_is_no_gaming(store: Store) -> None:
    history = simulated("gain", real=0.9)
    frame = from_logs(store, history, judge_of(history))
    look = watch(frame, watch_spec_for(frame, SIGNALS))
    assert look.verdict == "improvement", look.message


def test_a_judge_that_refuses_the_worst_since_the_change_moves_the_coverage_guard(
    store: Store,
) -> None:
    history = simulated("null")
    late = history["timestamp"] >= pd.Timestamp(START + timedelta(weeks=12))
    worst = history[late & (history["judge"] <= 2)]
    fails = {f"simulated reply {id_}": "refused" for id_ in worst["id"]}
    frame = from_logs(store, history, judge_of(history, fails=fails))
    look = watch(frame, watch_spec_for(frame, SIGNALS))
    assert look.rise is not None
    assert look.rise.value > 0.02  # by what it refuses alone
    assert look.verdict not in {"gaming", "improvement"}, look.message
    assert "the judge scored" in f"{look.message} {look.missing} {look.notes}"
