"""A run over one table or several products: looks, alarms kept, one budget, forecasts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd
import pytest

from trueup.errors import ConfigError, DataError
from trueup.goodhart import Signal, WatchSpec, backtest
from trueup.runner.goodhart.budget import JOINING, divide, rate_words
from trueup.runner.goodhart.forecasts import promised
from trueup.runner.goodhart.parts import split
from trueup.runner.goodhart.run import run_watch
from trueup.runner.goodhart.standing import accept, standing
from trueup.store.signals import held_out
from trueup.store.store import Store
from trueup.testing.histories import SCENARIOS, simulate_history

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[3] / "examples" / "goodhart" / "history.parquet"
SIGNALS = (
    Signal("retries", better="lower", arrived="retries_at"),
    Signal("edit_rate", better="lower", arrived="edit_rate_at"),
)
SPEC = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    signals=SIGNALS, design="weekly",
)  # fmt: skip


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(None) as opened:
        yield opened


@pytest.fixture(scope="module")
def gain() -> pd.DataFrame:
    return simulate_history(replace(SCENARIOS["gain"], items=1500, monitored=12), seed=2)


def test_the_looks_of_a_run_are_those_of_the_facade() -> None:
    found = run_watch(EXAMPLE, SPEC, name="w")

    [one] = found.watched
    shown = [(look.verdict, look.phi, look.alarm) for look in one.looks]
    assert shown == [(look.verdict, look.phi, look.alarm) for look in backtest(EXAMPLE, SPEC)]
    assert (found.gate, one.last.verdict, found.store) == ("failed", "gaming", None)
    assert found.rate == "False alarms: at most 5 % a horizon of 26 looks, 9.8 % a year."


def test_an_alarm_is_kept_until_it_is_accepted_and_signals_are_held_out(store: Store) -> None:
    first = run_watch(EXAMPLE, SPEC, name="w", store=store)
    again = run_watch(EXAMPLE, SPEC, name="w", store=store)
    [alarm] = standing(store)
    accept(store, alarm.id, reason="v2 was taken back", by="anna")
    after = run_watch(EXAMPLE, SPEC, name="w", store=store)

    assert (first.gate, again.gate, after.gate) == ("failed", "failed", "passed")
    assert len(standing(store)) == 1
    assert after.watched[0].last.verdict == "gaming"  # what was found stays found
    assert after.watched[0].accepted == standing(store)[0]
    assert {"retries", "editrate"} <= held_out(store).keys()


def test_the_change_of_an_alarm_is_dated(store: Store) -> None:
    run_watch(EXAMPLE, SPEC, name="w", store=store)

    [alarm] = standing(store)

    assert alarm.begin == dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
    assert alarm.until == alarm.begin + 26 * SPEC.step
    assert alarm.since == alarm.begin + 4 * SPEC.step
    assert alarm.lag == dt.timedelta(days=14)


def test_products_are_watched_apart_within_one_budget(store: Store) -> None:
    frame = pd.read_parquet(EXAMPLE)
    quiet = frame.assign(judge=frame["judge"].where(frame["version"] == "v1", 3.36))
    both = pd.concat([frame.assign(product="loud"), quiet.assign(product="quiet\x1b[2J")])

    found = run_watch(both, SPEC, name="w", by=["product"], store=store)

    assert {one.part: one.spec.alpha for one in found.watched} == pytest.approx(
        {"loud": 0.02, "quiet\x1b[2J": 0.02}
    )
    assert "at most 5 % a horizon of 26 looks over all 2 watches together" in found.rate
    assert {alarm.part for alarm in standing(store)} <= {"loud"}


def test_declared_parts_share_everything_and_others_are_left_out() -> None:
    found = run_watch(EXAMPLE, SPEC, name="w", by=["segment"], parts=["chat", "code"])

    assert [one.part for one in found.watched] == ["chat", "code"]
    assert [one.spec.alpha for one in found.watched] == [0.025, 0.025]
    assert any("'writing'" in note for note in found.notes)


def test_a_product_that_joins_takes_nothing_from_the_others() -> None:
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    early = {"a": start, "b": start + 3 * SPEC.step}
    late = {**early, "c": start + 20 * SPEC.step, "d": start + 15 * SPEC.step}

    before, after = divide(early, SPEC), divide(late, SPEC)

    assert (before.of["a"], before.of["b"]) == (after.of["a"], after.of["b"])
    assert after.joined == ("d", "c")
    assert after.of["d"] == pytest.approx(0.05 * JOINING / 2)
    assert after.of["c"] == pytest.approx(0.05 * JOINING / 6)
    assert sum(after.of.values()) + after.kept == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("design", "horizon", "said"),
    [
        ("weekly", None, "at most 5 % however long it is watched, 5 % a year"),
        ("concurrent", "default", "at most 5 % a test of 4 looks."),
        ("concurrent", None, "at most 5 % a test of 4 looks."),
        ("releases", "default", "at most 5 % a horizon of 12 looks."),
        ("releases", 1, "at most 5 % a horizon of 1 look."),
        ("releases", None, "at most 5 % however many versions follow."),
    ],
)
def test_the_promise_is_said_in_the_words_of_the_design(
    design: str, horizon: int | Literal["default"] | None, said: str
) -> None:
    spec = replace(SPEC, horizon=horizon)

    assert said in rate_words(divide({"": None}, spec), spec, design)


def test_an_improvement_registers_what_signals_should_do_next(
    gain: pd.DataFrame, store: Store
) -> None:
    now = gain["timestamp"].min() + 20 * SPEC.step
    early = gain[gain["timestamp"] < now]
    first = run_watch(early, SPEC, name="w", store=store)
    again = run_watch(early, SPEC, name="w", store=store)
    [promise] = promised(store, watch="w")
    later = run_watch(gain, SPEC, name="w", store=store)

    assert (first.gate, first.watched[0].last.verdict) == ("passed", "improvement")
    assert {one.name for one in promise.signals} <= {"retries", "edit_rate"}
    assert first.watched[0].forecasts == [promise.message]
    assert again.watched[0].forecasts[0].startswith("Open: what the improvement of")
    assert later.watched[0].forecasts[0].startswith(("Kept:", "Broken:", "Open:"))


def test_a_part_that_cannot_be_told_is_said_and_spares_the_others(tmp_path: Path) -> None:
    frame = pd.read_parquet(EXAMPLE)
    bare = frame[frame["segment"] != "code"]
    none = frame[frame["segment"] == "code"].copy()
    none["timestamp"] = pd.NaT
    pd.concat([bare, none]).to_parquet(tmp_path / "t.parquet")

    found = run_watch(tmp_path / "t.parquet", SPEC, name="w", by=["segment"])

    verdicts = {one.part: one.last.verdict for one in found.watched}
    assert verdicts["code"] == "unidentified"
    assert verdicts["chat"] != "unidentified"


def test_splitting_by_too_many_values_or_none_is_refused(tmp_path: Path) -> None:
    frame = pd.read_parquet(EXAMPLE)

    with pytest.raises(ConfigError, match="more than 200 parts"):
        split(frame, ["user"], SPEC, folder=tmp_path)
    with pytest.raises(DataError, match="empty in every record"):
        split(frame.assign(p=None), ["p"], SPEC, folder=tmp_path)
    with pytest.raises(DataError, match="no column 'prodct'"):
        split(frame.assign(product="a"), ["prodct"], SPEC, folder=tmp_path)
    with pytest.raises(DataError, match="no record of 'chatt'"):
        split(frame, ["segment"], SPEC, folder=tmp_path, declared=["chatt"])
