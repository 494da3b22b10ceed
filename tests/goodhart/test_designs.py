"""All designs through the facade: who is compared with whom, and what past tests change."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.goodhart.conftest import spec_of
from trueup.errors import DataError
from trueup.goodhart import Signal, WatchSpec, backtest, backtest_cells, read_cells
from trueup.goodhart.ledger import Release
from trueup.testing.histories import simulate_experiment, simulate_history, simulate_releases

if TYPE_CHECKING:
    from pathlib import Path


def experiment_spec(**fields: object) -> WatchSpec:
    return spec_of(**{"design": "auto", "arm": "arm", "horizon": 4, **fields})


def releases(count: int, worth: float = 1.0) -> list[Release]:
    """Return past A/Bs in which a judge point brought a part of what records promise."""
    return [
        Release(
            id=f"ab-{number}",
            rise=0.1 + 0.05 * number,
            signals={
                "thumbs": 0.22 * worth * (0.1 + 0.05 * number),
                "retries": -0.19 * worth * (0.1 + 0.05 * number),
                "edit_rate": -0.14 * worth * (0.1 + 0.05 * number),
            },
            better={"thumbs": "higher", "retries": "lower", "edit_rate": "lower"},
            errors={"rise": 0.012, "thumbs": 0.02, "retries": 0.006, "edit_rate": 0.005},
        )
        for number in range(count)
    ]


def test_an_ab_is_found_by_itself_and_says_so() -> None:
    looks = backtest(simulate_experiment("gaming", seed=1), experiment_spec())

    assert {look.design for look in looks} == {"concurrent"}
    assert "side by side" in looks[0].why
    assert len(looks) == 4
    assert looks[-1].end is not None


@pytest.mark.parametrize(("name", "verdict"), [("gaming", "gaming"), ("gain", "improvement")])
def test_an_ab_is_decided_within_four_weeks(name: str, verdict: str) -> None:
    decided: list[str] = [
        backtest(simulate_experiment(name, seed=seed), experiment_spec())[-1].verdict
        for seed in range(6)
    ]

    assert decided.count(verdict) >= 4
    assert not {"gaming", "improvement"} - {verdict} & set(decided)


def test_versions_one_after_another_are_releases() -> None:
    frame = simulate_releases("gaming", seed=1)
    looks = backtest(frame, spec_of(design="releases", version="version", horizon="default"))

    assert {look.design for look in looks} == {"releases"}
    assert {look.verdict for look in looks} <= {"gaming", "inconclusive", "judge_flat"}


def test_too_few_versions_are_said_to_be() -> None:
    frame = simulate_releases("gaming", seed=1)
    few = frame[frame["version"].isin(sorted(frame["version"].unique())[:3])]
    looks = backtest(few, spec_of(design="releases", version="version"))

    assert looks[-1].verdict == "unidentified"
    assert "8" in looks[-1].message


def test_past_tests_take_a_false_alarm_back() -> None:
    frame = simulate_history("gain_overstated_4", seed=5)
    by_records = {look.verdict for look in backtest(frame, spec_of())}
    looks = backtest(frame, spec_of(ledger=releases(6, worth=0.25)))

    assert "gaming" in by_records
    assert "gaming" not in {look.verdict for look in looks}
    assert looks[-1].worth.source == "experiments"
    assert looks[-1].worth.experiments == 6
    assert looks[-1].worth.overstatement is not None
    assert looks[-1].worth.overstatement[0] > 1.5


def test_past_tests_leave_plain_gaming_found() -> None:
    looks = backtest(simulate_history("gaming", seed=1), spec_of(ledger=releases(6)))

    assert looks[-1].verdict == "gaming"
    assert looks[-1].worth.source == "experiments"


def test_an_empty_ledger_is_no_ledger(tmp_path: Path) -> None:
    file = tmp_path / "releases.jsonl"
    file.write_text("")
    looks = backtest(simulate_history("gaming", seed=1), spec_of(ledger=str(file)))

    assert looks[-1].worth.source == "records"


def test_one_arm_is_no_comparison() -> None:
    frame = simulate_experiment("gaming", seed=1)
    frame["arm"] = "treatment"

    with pytest.raises(DataError, match="one value alone"):
        backtest(frame, experiment_spec(design="concurrent"))


def test_a_week_that_has_hardly_begun_is_not_looked_at() -> None:
    frame = simulate_history("gaming", seed=1)
    cut = pd.Timestamp(dt.datetime(2026, 6, 17, tzinfo=dt.UTC))

    assert len(backtest(frame[frame["timestamp"] < cut], spec_of())) == 11


def test_an_empty_history_is_told_apart_from_a_broken_one() -> None:
    frame = simulate_history("gaming", seed=1)

    with pytest.raises(DataError, match="no records"):
        backtest(frame.iloc[:0], spec_of())
    with pytest.raises(DataError, match="no table"):
        backtest([1, 2, 3], spec_of())


def test_a_signal_without_arrival_times_waits_for_its_window() -> None:
    frame = simulate_history("gaming", seed=1)
    plain = [
        Signal("thumbs", better="higher"),
        Signal("retries", better="lower"),
        Signal("edit_rate", better="lower"),
    ]

    assert backtest(frame, spec_of(signals=plain))[-1].verdict == "gaming"


def test_a_past_test_is_no_part_of_looks_before_its_result() -> None:
    frame = simulate_history("gain_overstated_4", seed=5)
    begin = frame["timestamp"].min().normalize().date()
    ended = begin + dt.timedelta(weeks=30)  # 18 monitored weeks later
    rows = [replace(row, ended=ended) for row in releases(6, worth=0.25)]
    looks = backtest_cells(read_cells(frame, spec_of()), spec_of(ledger=rows), latch=False)
    alone = backtest_cells(read_cells(frame, spec_of()), spec_of(), latch=False)

    sources = [look.worth.source for look in looks]
    assert "experiments" not in sources[:18]
    assert sources[18:] == ["experiments"] * 8
    assert [look.message for look in looks[:18]] == [look.message for look in alone[:18]]
    assert "gaming" in {look.verdict for look in looks[:18]}
    assert "gaming" not in {look.verdict for look in looks[18:]}


def test_a_result_is_known_when_it_is_said_to_be_or_its_last_day_is_over() -> None:
    row = releases(1)[0]
    known = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)

    assert row.known_at is None
    assert replace(row, ended=dt.date(2026, 3, 1)).known_at == dt.datetime(
        2026, 3, 2, tzinfo=dt.UTC
    )
    assert replace(row, ended=dt.date(2026, 3, 1), result_at=known).known_at == known
