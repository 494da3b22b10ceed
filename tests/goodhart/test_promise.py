"""What improvements promise, and whether it is kept."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.errors import DataError, Undefined
from trueup.goodhart import backtest_cells, read_cells
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.promise import Promise, register, score
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

if TYPE_CHECKING:
    from trueup.goodhart import Cells, Look
    from trueup.goodhart.promise import Scored

SPEC = spec_of(horizon=16)
WEEK = dt.timedelta(days=7)


@lru_cache(maxsize=16)
def history(name: str, seed: int) -> tuple[Cells, tuple[Look, ...]]:
    scenario = replace(SCENARIOS[name], monitored=16, items=2000)
    cells = read_cells(simulate_history(scenario, seed), SPEC)
    return cells, tuple(backtest_cells(cells, SPEC))


def first(looks: tuple[Look, ...]) -> Look:
    return next(look for look in looks if look.verdict == "improvement")


def until(cells: Cells, period: int) -> Cells:
    keep = cells.keys["period"] <= period
    return replace(
        cells,
        keys={k: v[keep] for k, v in cells.keys.items()},
        sums={k: v[keep] for k, v in cells.sums.items()},
        last=cells.origin + (period + 1) * WEEK,
    )


def test_a_promise_says_where_every_signal_will_be() -> None:
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    by_name = {one.name: one for one in promise.signals}
    retries = by_name["retries"]
    assert retries.low < retries.expected < retries.high < retries.before
    assert sum(retries.shares.values()) == pytest.approx(1.0)
    assert promise.last - promise.first == 3
    assert "this should stay per 100 outputs" in promise.message
    assert promise.first == 12 + first(looks).period + 1


def test_a_promise_uses_nothing_that_came_later() -> None:
    cells, looks = history("gain", 1)
    look = first(looks)
    known = until(cells, 12 + look.period)
    assert register(look, known, SPEC).signals == register(look, cells, SPEC).signals


def test_a_promise_is_plain_json() -> None:
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    assert Promise.from_dict(json.loads(json.dumps(promise.to_dict()))) == promise
    with pytest.raises(DataError, match="no promise"):
        Promise.from_dict({"label": "x"})


def test_a_promise_is_open_until_its_signals_have_had_their_time() -> None:
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    found = score(promise, until(cells, promise.last), SPEC)
    assert found.status == "open"
    assert "will have had their time by" in found.message
    assert score(promise, until(cells, promise.last + 2), SPEC).status != "open"


def test_a_promise_is_not_scored_before_the_last_signal_has_had_its_time() -> None:
    scenario = replace(SCENARIOS["gain"], monitored=16, items=2000)
    frame = simulate_history(scenario, 1)
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    ready = cells.origin + (promise.last + 3) * WEEK

    def scored(before: dt.timedelta) -> Scored:
        there = pd.to_datetime(frame["timestamp"], utc=True) <= ready - before
        return score(promise, read_cells(frame[there], SPEC, now=ready - before), SPEC)

    assert scored(dt.timedelta(days=6, hours=22)).status == "open"
    assert scored(dt.timedelta(days=1)).status == "open"
    # a weekly job that reads records up to midnight
    early = {one.name: one.observed for one in scored(dt.timedelta(hours=9)).signals}
    late = {one.name: one.observed for one in score(promise, cells, SPEC).signals}
    for one in promise.signals:
        assert early[one.name] == pytest.approx(late[one.name], abs=0.02 * (one.high - one.low))


def test_gains_that_last_keep_their_promises() -> None:
    # nominal 95 %; measured on 57 histories with strong weekly shocks: 99 % at the first
    # improvement, where 1.2 % of signals break their promise, and 93 % and 3.5 % at the last
    inside: list[bool | None] = []
    kept: list[bool] = []
    for seed in range(1, 9):
        cells, looks = history("gain", seed)
        found = score(register(first(looks), cells, SPEC), cells, SPEC)
        kept.append(found.status == "kept")
        inside += [one.inside for one in found.signals]
    assert len(inside) >= 20
    assert sum(map(bool, inside)) >= 0.85 * len(inside)
    assert sum(kept) >= 7


def test_more_than_was_due_is_partly_put_down_to_luck() -> None:
    cells, looks = history("gain_shocks", 3)
    look = first(looks)
    lucky, plain, modest = (
        register(
            replace(look, signals=tuple(replace(one, expected=part) for one in look.signals)),
            cells, SPEC,
        ).signals[1]
        for part in (-1e-3, None, -1.0)
    )  # fmt: skip
    assert plain == modest
    assert plain.expected < lucky.expected < lucky.before
    assert lucky.high - lucky.low == pytest.approx(plain.high - plain.low)


def test_a_gain_that_is_lost_breaks_its_promise() -> None:
    scenario = replace(SCENARIOS["gain"], monitored=16, items=2000)
    frame = simulate_history(scenario, 2)
    cells = read_cells(frame, SPEC)
    promise = register(first(tuple(backtest_cells(cells, SPEC))), cells, SPEC)
    later = frame["timestamp"] >= str((cells.origin + promise.first * WEEK).date())
    rng = np.random.default_rng(1)
    frame.loc[later & (rng.random(len(frame)) < 0.1), "retries"] = 1.0
    found = score(promise, read_cells(frame, SPEC), SPEC)
    assert found.status == "broken"
    assert {one.name for one in found.signals if one.status == "broken"} == {"retries"}
    assert "was promised" in found.message


def test_an_experiment_promises_for_its_treatment() -> None:
    spec = spec_of(design="concurrent", arm="arm", horizon=4)
    cells = read_cells(simulate_experiment(replace(EXPERIMENTS["gain"], monitored=10), 3), spec)
    look = next(x for x in concurrent_looks(cells, spec) if x.verdict == "improvement")
    promise = register(look, cells, spec, periods=2)
    assert (promise.column, promise.value, promise.apart) == ("arm", "treatment", False)
    found = score(promise, cells, spec)
    assert found.status in ("kept", "broken", "open")
    assert promise.first == look.period + 1


def test_only_an_improvement_promises() -> None:
    cells, looks = history("gain", 1)
    with pytest.raises(Undefined, match="only an improvement promises"):
        register(looks[0], cells, SPEC)


def test_cells_of_another_day_are_refused() -> None:
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    moved = replace(cells, origin=cells.origin + WEEK)
    with pytest.raises(DataError, match="counts periods from"):
        score(promise, moved, SPEC)


def test_a_signal_that_is_no_longer_watched_stays_open() -> None:
    cells, looks = history("gain", 1)
    promise = register(first(looks), cells, SPEC)
    fewer = replace(SPEC, signals=SPEC.signals[:1])
    found = score(promise, cells, fewer)
    assert found.status == "open"
    assert "not watched any more" in found.message
