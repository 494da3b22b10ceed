"""What a user may hand to `watch` by mistake, and the sentence that says how to mend it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.goodhart.conftest import spec_of
from trueup.errors import ConfigError, DataError
from trueup.goodhart import Signal, backtest, read_cells, update_cells, watch
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

if TYPE_CHECKING:
    from pathlib import Path

SPEC = spec_of(signals=[Signal("thumbs", arrived="thumbs_at")])
WEIGHTED = replace(SPEC, judge_weight="weight")


@cache
def _frame() -> pd.DataFrame:
    return simulate_history(replace(SCENARIOS["gain"], items=300), seed=4)


@pytest.mark.parametrize(
    "now",
    ["soon", "", "2026-13-01", dt.date(2026, 5, 1), pd.NaT, 5, np.datetime64("2026-05-01"),
     float("nan"), [dt.datetime(2026, 5, 1, tzinfo=dt.UTC)]],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_now_that_is_no_instant_is_told(now: Any) -> None:
    cells = read_cells(_frame(), SPEC)
    for call in (
        lambda: watch(_frame(), SPEC, now=now),
        lambda: backtest(_frame(), SPEC, now=now),
        lambda: read_cells(_frame(), SPEC, now=now),
        lambda: update_cells(cells, _frame(), SPEC, now=now),
    ):
        with pytest.raises(ConfigError, match=r"now is .*, which is no instant\. Give a datetime"):
            call()


@pytest.mark.parametrize("now", ["2026-05-01", "2026-05-01T12:00", pd.Timestamp("2026-05-01")])
def test_a_now_without_a_zone_is_told(now: Any) -> None:
    with pytest.raises(ConfigError, match=r"now is 2026-05-01T.*, which has no zone\. Give it one"):
        watch(_frame(), SPEC, now=now)


@pytest.mark.parametrize(
    "source",
    [pd.Series([1.0]), [{"judge": 1.0}], {"judge": 1.0}, None, np.zeros((2, 2)), 3,
     pa.array([1, 2])],
    ids=lambda source: type(source).__name__,
)  # fmt: skip
def test_records_that_are_no_table_are_told(source: object) -> None:
    with pytest.raises(DataError, match=r"are of type \w+, which is no table\. Give a pandas"):
        watch(source, SPEC)


def test_a_spec_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match=r"spec is of type dict, which is no WatchSpec\. Write"):
        watch(_frame(), {"judge": "judge"})  # type: ignore[arg-type] # that is the point


def test_a_stream_that_can_be_read_once_is_kept() -> None:
    frame = simulate_experiment(replace(EXPERIMENTS["gaming"], items=400), 1)
    spec = spec_of(design="concurrent", arm="arm", horizon=4)

    def table() -> pa.Table:
        return pa.Table.from_pandas(frame, preserve_index=False)

    assert backtest(table().to_reader(), spec) == backtest(table(), spec)


@pytest.mark.parametrize("offset", [1e4, -8e4])
def test_scores_may_lie_far_from_zero(offset: float) -> None:
    frame = _frame()
    moved = frame.assign(judge=frame["judge"] + offset, judge_rep=frame["judge_rep"] + offset)

    here, there = backtest(frame, SPEC)[-1], backtest(moved, SPEC)[-1]

    assert here.verdict == there.verdict
    assert here.rise is not None
    assert there.rise is not None
    assert there.rise.value == pytest.approx(here.rise.value, abs=1e-4)
    assert there.rise.low == pytest.approx(here.rise.low, abs=1e-3)


@pytest.mark.parametrize("offset", [3e6, 1e8, -1e12])
@pytest.mark.parametrize("name", ["judge", "judge_rep", "thumbs"])
def test_scores_too_far_from_zero_are_not_taken_for_constant(name: str, offset: float) -> None:
    frame = _frame()
    with pytest.raises(DataError, match=rf"column '{name}' .* values around .*Subtract the same"):
        watch(frame.assign(**{name: frame[name] + offset}), SPEC)


def test_a_constant_score_is_called_constant_wherever_it_lies() -> None:
    look = watch(_frame().assign(judge=1e8, judge_rep=1e8), SPEC)

    assert look.verdict == "unidentified"
    assert "the same score" in look.message


@pytest.mark.parametrize("weight", [-1.0, 0.0, float("nan"), float("inf")])
def test_weights_that_cannot_be_are_counted(weight: float) -> None:
    frame = _frame()
    frame = frame.assign(weight=np.where(np.arange(len(frame)) < 100, weight, 2.0))

    notes = watch(frame, WEIGHTED).notes

    assert (
        "100 scores have no weight above 0 in 'weight' (judge_weight), and were left out" in notes
    )


def test_good_weights_and_unjudged_outputs_are_not_told() -> None:
    frame = _frame()
    judged = np.arange(len(frame)) % 2 == 0
    frame = frame.assign(weight=np.where(judged, 2.0, np.nan),
                         judge=frame["judge"].where(judged))  # fmt: skip

    assert watch(frame, WEIGHTED).notes == ()


def test_chances_given_for_weights_are_told() -> None:
    notes = watch(_frame().assign(weight=0.2), WEIGHTED).notes

    assert any("(judge_weight) is above 1: it is 1 / the chance" in note for note in notes)


def test_an_index_and_columns_of_several_levels_are_told() -> None:
    frame = _frame()
    levels = frame.copy()
    levels.columns = pd.MultiIndex.from_product([["log"], frame.columns])

    with pytest.raises(
        DataError, match=r"'timestamp' \(time\) is the frame's index, .*reset_index"
    ):
        watch(frame.set_index(["user", "timestamp"]), SPEC)
    with pytest.raises(DataError, match=r"columns have 2 levels\. Give each column one name"):
        watch(levels, SPEC)


def test_decimals_of_any_length_are_numbers() -> None:
    table = pa.Table.from_pandas(_frame(), preserve_index=False)
    place = table.column_names.index("judge")
    score = table["judge"].cast(pa.decimal128(38, 20)).cast(pa.decimal256(60, 20))

    assert watch(table.set_column(place, "judge", score), SPEC).verdict == watch(
        table, SPEC
    ).verdict  # fmt: skip


def test_scores_of_a_tiny_scale_are_told() -> None:
    frame = _frame()
    tiny = frame.assign(judge=frame["judge"] * 1e-12, judge_rep=frame["judge_rep"] * 1e-12)

    assert any("taken for none: multiply them" in note for note in watch(tiny, SPEC).notes)
    assert not watch(frame, SPEC).notes


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e9])
def test_a_rise_is_told_in_figures_that_show_it(scale: float) -> None:
    frame = _frame()
    message = watch(
        frame.assign(judge=frame["judge"] * scale, judge_rep=frame["judge_rep"] * scale), SPEC
    ).message

    assert "The judge rose by 0.00 " not in message
    assert len(message.split(" from ")[0]) < 60


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_a_damaged_file_is_told_without_sql(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PAR1" + bytes(range(256)) * 30)

    with pytest.raises(DataError, match=f"{name}: ") as told:
        watch(tmp_path / name, SPEC)
    assert "select" not in str(told.value)
