"""Which records take part: strays, the future, doubles, gaps, and histories with little in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.goodhart.conftest import spec_of
from tests.goodhart.test_cells import BARE, FULL, NOW, START, records, same
from trueup.errors import DataError
from trueup.goodhart import backtest
from trueup.goodhart.cells import read_cells, repeats
from trueup.goodhart.cells.extent import main_run
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import EXPERIMENTS, simulate_experiment

SPEC = WatchSpec(time="time", judge="judge", unit="id", signals=[Signal("thumbs")])
ORIGIN = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def stream(n: int = 600) -> pd.DataFrame:
    time = START + pd.to_timedelta(np.arange(n), unit="h")
    return pd.DataFrame(
        {"id": [f"r{i}" for i in range(n)], "time": time, "judge": np.arange(n) % 5 + 1.0,
         "thumbs": 1.0, "version": "v1"}
    )  # fmt: skip


def at(*instants: str) -> pd.DataFrame:
    """Return records of these instants."""
    time = pd.to_datetime(list(instants), utc=True)
    ids = [f"x{i}" for i in range(len(instants))]
    return pd.DataFrame({"id": ids, "time": time, "judge": 3.0, "thumbs": 0.0, "version": "v1"})


@pytest.mark.parametrize(
    ("stray", "note"),
    [
        (["1970-01-01"], "1 record far from all others in time was left out"),
        (["1970-01-01", "2001-09-09"], "2 records far from all others in time were left out"),
        (["2099-01-01"], "1 record dated in the future was left out"),
        (["1970-01-01", "2099-01-01"], "1 record dated in the future was left out"),
    ],
)
def test_a_few_records_out_of_place_are_set_aside(stray: list[str], note: str) -> None:
    wanted = read_cells(stream(), SPEC, now=NOW)

    found = read_cells(pd.concat([stream(), at(*stray)]), SPEC, now=NOW)

    same(found, wanted)
    assert note in found.notes
    assert (found.origin, found.last) == (wanted.origin, wanted.last)


def test_strays_are_told_once_where_the_origin_is_known() -> None:
    frame = pd.concat([stream(), at("1970-01-01")])
    first = read_cells(frame, SPEC, now=NOW)

    again = read_cells(frame, SPEC, now=NOW, origin=first.origin)

    same(again, first)
    assert again.notes == ("1 record far from all others in time was left out",)


def test_a_history_of_instants_that_no_calendar_has_is_refused() -> None:
    column = pa.array([9_000_000_000_000_000_000], type=pa.timestamp("us", tz="UTC"))
    table = pa.table({"time": column, "judge": pa.array([1.0])})

    with pytest.raises(DataError, match="beyond the year 9999"):
        read_cells(table, replace(SPEC, unit=None, signals=()), now=NOW)


def test_a_future_record_in_the_last_period_is_set_aside_too() -> None:
    now = (START + pd.Timedelta(hours=600)).to_pydatetime()
    soon = at((now + dt.timedelta(minutes=1)).isoformat())

    found = read_cells(pd.concat([stream(), soon]), SPEC, now=now)

    assert found.sums["n"].sum() == 600


def test_a_history_dated_in_the_future_is_kept() -> None:
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    found = read_cells(stream(), SPEC, now=now)
    partly = read_cells(stream(), SPEC, now=(START + pd.Timedelta(hours=300)).to_pydatetime())

    same(found, read_cells(stream(), SPEC, now=NOW))
    assert found.notes == ("all records are dated in the future, and were taken as they are",)
    assert partly.notes == (
        "299 records of all are dated in the future, and were taken as they are",
    )


def test_a_gap_of_half_a_year_is_a_gap() -> None:
    later = stream().assign(time=lambda f: f["time"] - pd.Timedelta(days=180))
    later["id"] += "-old"

    found = read_cells(pd.concat([stream(), later[:3]]), SPEC, now=NOW)

    assert found.sums["n"].sum() == 603
    assert not found.notes


def test_hours_without_records_are_no_strays() -> None:
    weekend = pd.concat([at("2025-12-30"), stream()])

    found = read_cells(weekend, replace(SPEC, period="1h"), now=NOW)

    assert found.sums["n"].sum() == 601


def test_the_main_run_reaches_to_every_run_that_is_not_small() -> None:
    def run(periods: list[int], counts: list[int]) -> tuple[int, int]:
        return main_run(np.array(periods), np.array(counts), 52)

    assert run([0, 53], [1, 1]) == (0, 53)
    assert run([0, 53], [1, 1_000]) == (0, 53)
    assert run([0, 54], [1, 1_000]) == (54, 54)
    assert run([0, 54], [50, 1_000]) == (0, 54)
    assert run([0, 100, 200, 300], [500, 1, 500, 1]) == (0, 200)
    assert run([7], [1]) == (7, 7)


def test_records_without_an_instant_are_left_out_and_told() -> None:
    frame = stream()
    frame.loc[3, "time"] = pd.NaT

    found = read_cells(frame, SPEC, now=NOW)

    assert found.sums["n"].sum() == 599
    assert found.notes == ("1 record without an instant was left out",)


def test_a_given_origin_leaves_out_what_lies_before() -> None:
    found = read_cells(stream(), SPEC, now=NOW, origin=ORIGIN + dt.timedelta(days=7))

    assert found.keys["period"].min() == 0
    assert found.sums["n"].sum() == 600 - 7 * 24 + 8
    assert found.notes == ("160 records before the first period were left out",)
    with pytest.raises(DataError, match="before the first period"):
        read_cells(stream(), SPEC, now=NOW, origin=NOW)


@pytest.mark.parametrize("at_once", [20_000_000, 100])
def test_doubled_records_count_once(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(repeats, "AT_ONCE", at_once)
    frame = stream()
    wanted = read_cells(frame, SPEC, now=NOW)

    found = read_cells(pd.concat([frame[::2], frame, frame[:10]]), SPEC, now=NOW)

    same(found, wanted)
    assert found.notes == (
        "310 records were there before (same id, version, arm and time) and left out",
    )
    assert wanted.repeats is None


def test_of_doubles_the_fullest_counts_whatever_the_order() -> None:
    full, empty = stream(), stream().assign(thumbs=np.nan)

    for pieces in ([full, empty], [empty, full]):
        same(read_cells(pd.concat(pieces), SPEC, now=NOW), read_cells(full, SPEC, now=NOW))


def test_the_same_id_at_another_time_or_of_another_version_is_no_double() -> None:
    frame = stream()
    spec = replace(SPEC, version="version")
    other = frame.assign(version="v2")
    later = frame.assign(time=frame["time"] + pd.Timedelta(minutes=1))
    nameless = frame.assign(id=None)

    for more in (other, later, pd.concat([nameless, nameless])):
        found = read_cells(pd.concat([frame, more]), spec, now=NOW)
        assert found.sums["n"].sum() == len(frame) + len(more)
        assert found.repeats is None
        assert bool(found.notes) == (more is later)


def test_ids_that_come_again_at_other_instants_are_told() -> None:
    frame = stream()
    again = frame[:40].assign(time=frame["time"] + pd.Timedelta(minutes=1))

    found = read_cells(pd.concat([frame, again, again[:10]]), SPEC, now=NOW)

    assert found.sums["n"].sum() == 640
    again_note, twice_note = found.notes
    assert again_note == (
        "40 records repeat the id of another one at another time, and were counted: where id names "
        "an output, the log holds it more than once"
    )
    assert twice_note == (
        "10 records were there before (same id, version, arm and time) and left out"
    )


def test_tasks_that_are_run_week_after_week_are_no_slip() -> None:
    first = stream(100)
    weekly = [first.assign(time=first["time"] + w * pd.Timedelta(days=7)) for w in range(4)]

    found = read_cells(pd.concat(weekly), SPEC, now=NOW)

    assert found.sums["n"].sum() == 400
    assert not found.notes


LITTLE: dict[str, Any] = {
    "nothing judged": {"judge": np.nan},
    "a constant judge": {"judge": 3.0},
    "no feedback": {"thumbs": None, "retries": np.nan, "thumbs_at": pd.NaT},
    "one segment": {"task": "chat"},
    "no users": {"user": None},
    "no weights": {"weight": np.nan},
    "weights of nothing": {"weight": 0},
    "no features": {"length": None},
    "all at once": {"time": START},
}


@pytest.mark.parametrize("change", LITTLE.values(), ids=LITTLE)
@pytest.mark.parametrize("spec", [FULL, BARE], ids=["full", "bare"])
def test_little_data_give_cells_without_gaps(change: dict[str, Any], spec: WatchSpec) -> None:
    frame = records().assign(**change)

    found = read_cells(frame, spec, now=NOW)

    assert all(np.isfinite(values).all() for values in found.sums.values())
    assert all(not np.ma.is_masked(values) for values in found.keys.values())
    assert found.edges == tuple(sorted(set(found.edges)))


@pytest.mark.parametrize(
    ("size", "what"),
    [
        (np.inf, "infinite"),
        (1e200, "infinite or beyond 1e+50"),
        (-1e51, "infinite or beyond 1e+50"),
    ],
)
def test_values_of_no_possible_size_are_missing_and_told(size: float, what: str) -> None:
    frame, spec = stream(), replace(SPEC, signals=[Signal("edits")])
    frame["edits"] = np.where(frame.index % 200 == 0, size, 0.5)

    found = read_cells(frame, spec, now=NOW)

    assert found.sums["m0"].sum() == 597
    assert found.sums["q0"].sum() == 597 / 4
    assert found.notes == (f"3 values of 'edits' are {what}, and taken as missing",)


def test_values_as_large_as_can_be_crash_nothing() -> None:
    frame = simulate_experiment(replace(EXPERIMENTS["gaming"], items=600), 1)
    frame["retries"] = frame["retries"].astype(float)
    frame.loc[frame.index[::50], "retries"] = 9e49
    frame.loc[frame.index[1::50], "edit_rate"] = -9e49

    for design, fields in (("concurrent", {"arm": "arm"}), ("weekly", {"reference": 8})):
        for look in backtest(frame, spec_of(design=design, **fields)):
            assert "nan" not in look.message.lower().split()


def test_empty_tables_say_so() -> None:
    frame = records()

    with pytest.raises(DataError, match="there are no records"):
        read_cells(frame[:0], FULL, now=NOW)
    with pytest.raises(DataError, match="there are no records"):
        read_cells(frame[:0], replace(FULL, time=None))
    with pytest.raises(DataError, match="no records with an instant before 2025"):
        read_cells(frame, FULL, now=NOW, until=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(DataError, match="origin is 2026-01-01T00:00:00, which has no zone"):
        read_cells(frame, FULL, origin=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_all_anchors_and_no_traffic_say_so() -> None:
    with pytest.raises(DataError, match="there are no records"):
        read_cells(records().assign(anchor="x"), FULL, now=NOW)


def test_bins_are_values_where_they_are_few_else_of_equal_size() -> None:
    rng = np.random.default_rng(0)
    frame = stream()

    assert read_cells(frame, SPEC, now=NOW).edges == (1.5, 2.5, 3.5, 4.5)
    found = read_cells(frame.assign(judge=rng.random(600)), SPEC, now=NOW)
    size = np.bincount(found.keys["bin"], found.sums["n"])
    assert len(found.edges) == 4
    assert (abs(size - 120) < 3).all()
    head_unjudged = frame.assign(judge=frame["judge"].where(frame.index > 500))
    assert read_cells(head_unjudged, SPEC, now=NOW).edges == (1.5, 2.5, 3.5, 4.5)
