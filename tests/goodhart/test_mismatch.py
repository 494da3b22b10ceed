"""The sample-ratio check: arms that hold other traffic are not compared, and chance is let pass."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.designs import AB, cells_of
from trueup.errors import DataError
from trueup.goodhart import Look, backtest, read_cells
from trueup.goodhart.arms import arms_of, sides_of
from trueup.goodhart.concurrent.ended import courses, ended_row
from trueup.goodhart.concurrent.looks import pair_of
from trueup.goodhart.concurrent.mismatch import Mismatch, find_mismatch
from trueup.testing.histories import EXPERIMENTS, Scenario, simulate_arrays, simulate_experiment

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

SPEC = replace(AB, design="concurrent")


@cache
def _frame(name: str) -> pd.DataFrame:
    return simulate_experiment(replace(EXPERIMENTS[name], items=8_000, users=4_000), 1)


def _without(name: str, share: float, segment: str = "code") -> pd.DataFrame:
    """Return an A/B that lost a share of one segment's outputs in the treatment."""
    frame = _frame(name)
    lost = (frame["arm"] == "treatment") & (frame["segment"] == segment)
    return frame[~lost | (np.random.default_rng(0).random(len(frame)) >= share)]


def _last(frame: pd.DataFrame) -> Look:
    return backtest(frame, SPEC)[-1]


def _found(scenario: Scenario, seed: int) -> Mismatch | None:
    cells = cells_of(simulate_arrays(scenario, seed), scenario)
    pair = pair_of(cells, AB, sides_of(cells, arms_of(cells, AB), "treatment"))
    return pair.mismatch


@pytest.mark.parametrize(("name", "verdict"), [("gain", "improvement"), ("gaming", "gaming")])
def test_a_segment_that_is_missing_from_one_arm_withholds_any_verdict(
    name: str, verdict: str
) -> None:
    assert _last(_frame(name)).verdict == verdict
    last = _last(_without(name, 0.9))

    assert last.verdict == "inconclusive"
    assert last.rise is not None
    assert last.phi is None
    assert last.missing[0].startswith("'code' makes up 2.")
    assert "of the treatment's outputs and 19.8% of the control's" in last.missing[0]
    assert "compare complete logs" in last.missing[0]


def test_a_segment_that_is_missing_altogether_is_named() -> None:
    found = _last(_without("gain", 1.0, "writing"))

    assert found.verdict == "inconclusive"
    assert found.missing[0].startswith("'writing' makes up 0.0% of the treatment's outputs")


def test_a_test_of_unlike_arms_leaves_no_row() -> None:
    frame = _without("gain", 0.9)
    cells = read_cells(frame, SPEC)

    def known(end: dt.datetime, /) -> Any:
        return read_cells(frame, SPEC, origin=cells.origin, edges=cells.edges, until=end)

    (course,) = courses(cells, SPEC)
    with pytest.raises(DataError, match="'code' makes up"):
        ended_row(cells, SPEC, course, as_of=known, name="row")


CLUSTERED = {"users": 200, "user_share": 0.3, "heavy": 1.0, "mood": 0.5}


@pytest.mark.parametrize(
    "fields",
    [{"items": 500}, {"items": 1_000, **CLUSTERED}, {"items": 1_000, "holdback": 0.9}],
    ids=["few", "clustered", "one in ten"],
)
def test_chance_hardly_ever_withholds(fields: dict[str, Any]) -> None:
    scenario = replace(EXPERIMENTS["a/a"], **fields)

    withheld = sum(
        found is not None and found.withholds
        for found in (_found(scenario, seed) for seed in range(60))
    )

    assert withheld <= 1


def test_a_split_that_moves_while_the_mix_does_is_compared_within_weeks() -> None:
    rng = np.random.default_rng(2)
    size = np.array([6_000, 6_000, 6_000, 6_000])
    part, code = np.array([0.01, 0.05, 0.2, 0.5]), np.array([0.1, 0.2, 0.4, 0.6])
    treated, control = (
        np.stack([
            rng.multinomial(int(n * p), np.outer([c, 1 - c], np.full(64, 1 / 64)).ravel())
            for n, p, c in zip(size, share, code, strict=True)
        ]).reshape(4, 2, 64).astype(np.float64)
        for share in (part, 1 - part)
    )  # fmt: skip
    every = np.ones(64, dtype=np.bool_)

    assert find_mismatch(treated, control, buckets=every, segments=("code", "chat")) is None
    treated[:, 0] = rng.binomial(treated[:, 0].astype(int), 0.5)
    found = find_mismatch(treated, control, buckets=every, segments=("code", "chat"))
    assert found is not None
    assert found.withholds


def test_what_is_certain_and_too_small_to_matter_is_a_note() -> None:
    rng = np.random.default_rng(3)
    every = np.ones(64, dtype=np.bool_)
    treated, control = (
        np.stack([rng.poisson(code, (4, 64)), rng.poisson(100_000, (4, 64))], 1).astype(np.float64)
        for code in (95_000, 100_000)
    )
    found = find_mismatch(treated, control, buckets=every, segments=("code", "chat"))

    assert found is not None
    assert not found.withholds
    assert found.note.startswith("'code' makes up 48.7%")


def test_users_in_few_buckets_tell_nothing() -> None:
    treated = np.zeros((1, 2, 64))
    treated[0, 0, :4] = 100.0
    control = np.full((1, 2, 64), 10.0)
    every = np.ones(64, dtype=np.bool_)

    assert find_mismatch(treated, control, buckets=every, segments=("a", "b")) is None
