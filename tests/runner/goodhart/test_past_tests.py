"""A/Bs that are over enter the release ledger by themselves, once, whatever came of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from trueup.errors import DataError
from trueup.goodhart import Signal, WatchSpec, watch
from trueup.goodhart.ledger import read_ledger
from trueup.goodhart.ledger.file import append
from trueup.runner.goodhart.run import run_watch
from trueup.testing.histories import EXPERIMENTS, SCENARIOS, simulate_experiment, simulate_history

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.runner.goodhart.past_tests import Kept
    from trueup.runner.goodhart.results import Watched

SPEC = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    arm="arm", instrument="made_by", design="concurrent",
    signals=(
        Signal("retries", better="lower", arrived="retries_at"),
        Signal("thumbs", arrived="thumbs_at"),
    ),
)  # fmt: skip
BEGIN = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
MADE_BY = "local, rubric replies 1f3a9c2e, sitting spring"


@cache
def _frame(name: str, seed: int = 1) -> pd.DataFrame:
    frame = simulate_experiment(replace(EXPERIMENTS[name], items=4_000, users=2_000), seed)
    return frame.assign(made_by=MADE_BY)


def _weeks(frame: pd.DataFrame, weeks: float) -> pd.DataFrame:
    return frame[frame["timestamp"] < BEGIN + dt.timedelta(days=7 * weeks)]


def _run(frame: pd.DataFrame, ledger: Path, *, name: str = "w", **more: Any) -> Watched:
    spec = replace(SPEC, ledger=str(ledger), **more.pop("fields", {}))
    [one] = run_watch(frame, spec, name=name, **more).watched
    return one


def _kept(frame: pd.DataFrame, ledger: Path, **more: Any) -> Kept:
    [kept] = _run(frame, ledger, **more).past_tests
    return kept


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("gaming", "gaming"), ("gain", "improvement"), ("a/a", "judge_flat"),
     ("boundary", "inconclusive")],
)  # fmt: skip
def test_a_test_that_is_over_is_kept_whatever_came_of_it(
    tmp_path: Path, name: str, verdict: str
) -> None:
    ledger = tmp_path / "past.jsonl"
    one = _run(_frame(name), ledger)
    [kept], [row] = one.past_tests, read_ledger(ledger)

    assert (one.last.verdict, kept.status, kept.id) == (
        verdict, "added", "w: treatment against control, 2026-01-05",
    )  # fmt: skip
    assert one.last.rise is not None
    assert row.rise == pytest.approx(one.last.rise.value)
    assert {s.name: s.change.value for s in one.last.signals if s.change} == pytest.approx(
        dict(row.signals)
    )
    assert row.better == {"retries": "lower", "thumbs": "higher"}
    assert row.matrix().shape == (3, 3)
    assert row.errors is None
    assert (row.kind, row.arms) == ("experiment", ("treatment", "control"))
    assert (row.started, row.ended) == (dt.date(2026, 1, 5), dt.date(2026, 2, 1))
    assert (row.instrument, row.sitting) == ("local, rubric replies 1f3a9c2e", "spring")
    assert row.n == len(_frame(name))


def test_a_second_run_changes_neither_ledger_nor_verdict(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    first = _run(_frame("gaming"), ledger)
    before = ledger.read_bytes()
    again = _run(_frame("gaming"), ledger)
    late = _frame("gaming")[np.arange(len(_frame("gaming"))) % 32 > 0]  # what they say today

    assert [kept.status for kept in again.past_tests] == ["there"]
    assert again.looks == first.looks
    assert again.last.worth.source == "records"
    assert _kept(late, ledger).status == "there"
    assert _run(late, ledger).last.worth.source == "records"
    assert ledger.read_bytes() == before


def test_the_row_under_test_is_known_under_another_name_and_by_the_facade(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    frame, spec = _frame("gaming"), replace(SPEC, ledger=str(ledger))
    _run(frame, ledger)
    renamed = _run(frame, ledger, name="other")

    assert [(kept.status, kept.id[:2]) for kept in renamed.past_tests] == [("there", "w:")]
    assert renamed.last.worth.source == "records"
    assert watch(frame, spec).worth.source == "records"
    assert len(read_ledger(ledger)) == 1


def test_a_later_test_learns_from_it(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    _run(_frame("gain"), ledger, name="first")
    second = _run(_frame("gaming"), ledger, name="second")

    assert (second.last.worth.source, second.last.worth.experiments) == ("experiments", 1)
    assert len(read_ledger(ledger)) == 2


def test_another_judges_tests_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    _run(_frame("gain"), ledger, name="first")
    other = _frame("gaming").assign(made_by="another judge")
    again = _frame("gaming").assign(made_by=MADE_BY.replace("spring", "summer"))

    last = _run(other, ledger, name="second", backtest=True).last
    assert last.worth.source == "records"
    assert any("another instrument than another judge" in note for note in last.notes)
    assert _run(again, ledger, name="third").last.worth.source == "experiments"


@pytest.mark.parametrize("weeks", [0.5, 2, 3.9])
def test_a_test_that_runs_is_not_kept(tmp_path: Path, weeks: float) -> None:
    ledger = tmp_path / "past.jsonl"
    frame = _weeks(_frame("gaming"), weeks)
    kept = _kept(frame, ledger, now=BEGIN + dt.timedelta(days=7 * weeks))

    assert (kept.status, kept.row) == ("running", None)
    assert "of 4 looks were had" in kept.message
    assert not ledger.exists()


def test_gaming_that_is_found_early_ends_no_test(tmp_path: Path) -> None:
    loud = replace(EXPERIMENTS["backfire"], items=20_000, users=8_000)
    frame = _weeks(simulate_experiment(loud, 1).assign(made_by=MADE_BY), 3)
    one = _run(frame, tmp_path / "past.jsonl")

    assert one.last.verdict == "gaming"
    assert [kept.status for kept in one.past_tests] == ["running"]


def test_what_came_after_the_last_look_is_not_in_the_row(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    _run(_frame("gaming"), ledger, fields={"horizon": 2})
    [row] = read_ledger(ledger)

    assert row.n == len(_weeks(_frame("gaming"), 2))
    assert row.ended == dt.date(2026, 1, 18)
    assert row.result_at == BEGIN + dt.timedelta(days=14)


def test_a_backtest_says_which_row_it_would_have_written_and_writes_none(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    would = _kept(_frame("gaming"), ledger, backtest=True)

    assert (would.status, ledger.exists()) == ("would be added", False)
    done = _kept(_frame("gaming"), ledger)
    assert done.row == would.row
    assert _kept(_frame("gaming"), ledger, backtest=True).status == "there"


def test_every_arm_of_a_test_gets_a_row_and_none_informs_the_others(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    frame = _frame("gaming").copy()
    half = (frame["arm"] == "treatment") & (frame["user"] % 2 == 0)
    frame["arm"] = np.where(half, "second", frame["arm"].astype(str))
    _run(frame, ledger)
    again = _run(frame, ledger)

    assert {row.arms for row in read_ledger(ledger)} == {
        ("second", "control"), ("treatment", "control"),
    }  # fmt: skip
    assert len({row.experiment for row in read_ledger(ledger)}) == 1
    assert {look.worth.source for look in again.looks} == {"records"}


def test_products_have_rows_of_their_own(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    both = [_frame("gaming").assign(product="chat"), _frame("gain", 2).assign(product="mail")]
    spec = replace(SPEC, ledger=str(ledger))
    run_watch(pd.concat(both), spec, name="w", by=["product"])

    assert [row.id.split(": ")[:2] for row in read_ledger(ledger)] == [["w", "chat"], ["w", "mail"]]


def test_without_time_the_only_look_is_the_last(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    kept = _kept(_frame("gaming"), ledger, fields={"time": None, "version": "version"})
    again = _run(_frame("gaming"), ledger, fields={"time": None, "version": "version"})

    assert (kept.status, kept.id) == ("added", "w: treatment against control")
    assert again.last.worth.source == "records"


def test_a_ledger_that_cannot_be_added_to_is_said_and_stops_no_watch(tmp_path: Path) -> None:
    table = tmp_path / "past.csv"
    table.write_text(
        "id,rise,error:rise,effect:retries,better:retries,error:retries\n"
        "one,0.2,0.02,-0.03,lower,0.01\n"
    )
    one = _run(_frame("gain"), table)

    [kept] = one.past_tests
    assert (kept.status, one.gate) == ("impossible", "passed")
    assert "appended to as JSON lines only" in kept.message


def test_a_missing_ledger_is_begun_by_an_ab_alone(tmp_path: Path) -> None:
    history = simulate_history(replace(SCENARIOS["gain"], items=300, monitored=6), seed=2)
    stream = replace(SPEC, arm=None, instrument=None, version="version", design="auto",
                     ledger=str(tmp_path / "past.jsonl"))  # fmt: skip

    with pytest.raises(DataError, match="there is no such ledger"):
        run_watch(history, stream, name="w")
    with pytest.raises(DataError, match="there is no such ledger"):
        _run(_frame("gaming"), tmp_path / "no" / "past.jsonl")


def test_a_signal_that_nobody_gave_is_left_out_and_a_constant_judge_has_no_row(
    tmp_path: Path,
) -> None:
    ledger = tmp_path / "past.jsonl"
    silent = _frame("gaming").assign(thumbs=np.nan)
    constant = _frame("gaming").assign(judge=3.0)

    assert list((_kept(silent, ledger).row or {})["signals"]) == ["retries"]
    kept = _kept(constant, ledger, name="other")
    assert kept.status == "impossible"
    assert "judge's scores tell no change" in kept.message


def test_equal_tests_are_told_by_their_changes_not_by_their_dates(tmp_path: Path) -> None:
    ledger = tmp_path / "past.jsonl"
    _run(_frame("gaming"), ledger)
    [row] = read_ledger(ledger)
    append(ledger, replace(row, id="near", rise=row.rise * 1.01, experiment="near"))

    assert _run(_frame("gaming"), ledger).last.worth.experiments == 1
