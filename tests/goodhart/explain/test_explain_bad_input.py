"""Histories that hold too little get an explanation that says less, never a crash or a NaN."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.goodhart.conftest import spec_of
from trueup.goodhart import backtest_cells, read_cells
from trueup.goodhart.explain import explain
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd


@lru_cache(maxsize=1)
def _base() -> pd.DataFrame:
    return simulate_history(replace(SCENARIOS["gain"], monitored=6, items=400), 1)


def no_feedback(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(thumbs=np.nan, retries=np.nan, edit_rate=np.nan)


def constant_judge(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(judge=3.0, judge_rep=np.nan)


def never_judged(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(judge=np.nan, judge_rep=np.nan)


def one_segment(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(segment="all")


def gaps(frame: pd.DataFrame) -> pd.DataFrame:
    week = (frame["timestamp"] - frame["timestamp"].min()).dt.days // 7
    kept: pd.DataFrame = frame.loc[~week.isin([3, 4, 13])]
    return kept


def constant_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(log_length=5.0, markup=0.0)


def twin_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(markup=frame["log_length"])


def new_segment(frame: pd.DataFrame) -> pd.DataFrame:
    segment = frame["segment"].astype(str).where(frame["version"] == "v1", "new")
    return frame.assign(segment=segment)


def one_user(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(user=1)


def no_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(log_length=np.nan, markup=np.nan)


CASES = (
    no_feedback, constant_judge, never_judged, one_segment, gaps, constant_features,
    twin_features, new_segment, one_user, no_features,
)  # fmt: skip


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("spoil", CASES, ids=lambda case: case.__name__)
def test_explanations_bear_any_history(spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    spec = spec_of(features=("log_length", "markup"), criteria=("hedges",), horizon=6)
    cells = read_cells(spoil(_base()), spec)
    for look in backtest_cells(cells, spec)[-2:]:
        found = explain(cells, spec, look)
        assert all(map(math.isfinite, numbers(asdict(found))))
        assert all(sentence.endswith(".") for sentence in found.sentences)


def test_features_that_are_twins_share_what_they_explain() -> None:
    scenario = replace(SCENARIOS["verbosity"], monitored=8)
    frame = twin_features(simulate_history(scenario, 2))
    spec = spec_of(features=("log_length", "markup"), horizon=8)
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).surface
    assert found is not None
    assert found.share == pytest.approx(1.0, abs=0.15)
    shares = [one.share for one in found.features]
    assert shares[0] == pytest.approx(shares[1])


def test_a_history_without_signals_is_still_explained() -> None:
    scenario = replace(SCENARIOS["verbosity"], monitored=6)
    spec = spec_of(signals=(), features=("log_length",), horizon=6)
    cells = read_cells(simulate_history(scenario, 2), spec)
    look = backtest_cells(cells, spec)[-1]
    found = explain(cells, spec, replace(look, period=5))
    assert look.verdict == "unidentified"
    assert found.signals is None
    assert found.surface is not None
    assert found.surface.share == pytest.approx(1.0, abs=0.15)
