"""Every sum of the cells, against an oracle that goes row by row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.goodhart.cells_oracle import check, oracle
from trueup.errors import DataError
from trueup.goodhart.cells import Cells, read_cells
from trueup.goodhart.cells.query import BUCKETS, KEYS
from trueup.goodhart.spec import Signal, WatchSpec

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
START = pd.Timestamp("2026-01-05T08:00:00Z")
SIGNALS = (
    Signal("thumbs", arrived="thumbs_at", within="7d"),
    Signal("retries", better="lower", arrived="retries_at", within="3d", absent=0),
    Signal("edits", better="lower", within="5d"),
    Signal("resolved", within="2d", absent=0),
)
FULL = WatchSpec(
    time="time", judge="judge", judge_repeat="again", segment="task", group="user",
    version="version", arm="arm", judge_weight="weight", instrument="tool", anchor="anchor",
    features=("length", "markup"), criteria=("clear", "kind"), signals=SIGNALS,
)  # fmt: skip
BARE = WatchSpec(time="time", judge="judge", judge_repeat="again", signals=SIGNALS)


def some(rng: np.random.Generator, values: Any, share: float) -> Any:
    """Return values with gaps."""
    found = pd.Series(values)
    return found.where(rng.random(len(found)) < share, None)


def records(seed: int = 0, n: int = 300) -> pd.DataFrame:
    """Return made-up records with everything that real ones do wrong."""
    rng = np.random.default_rng(seed)
    time = pd.Series(START + pd.to_timedelta(rng.integers(0, 40 * 86_400, n), unit="s"))
    judge = rng.integers(1, 6, n).astype(float)
    judge[rng.random(n) < 0.1] = np.nan
    judge[0], judge[1] = np.inf, -np.inf

    def arrived(share: float) -> Any:
        late = pd.to_timedelta(rng.integers(-2_000, 12 * 86_400, n), unit="s")
        return some(rng, time + late, share)

    weight = rng.choice([0.0, 1.0, 2.5, np.nan], n)
    return pd.DataFrame(
        {
            "time": some(rng, time, 0.98),
            "judge": judge,
            "again": some(rng, rng.integers(1, 6, n).astype(float), 0.3),
            "task": some(rng, rng.choice(["chat", "code"], n), 0.9),
            "user": some(rng, rng.integers(0, 30, n), 0.9).astype("Int64"),
            "version": rng.choice(["v1", "v2"], n),
            "arm": pd.Categorical(rng.choice(["a", "b"], n)),
            "weight": weight,
            "tool": "judge-1",
            "anchor": some(rng, rng.choice(["x", "y"], n), 0.05),
            "length": rng.normal(size=n).round(6),
            "markup": some(rng, rng.normal(size=n).round(6), 0.9),
            "clear": some(rng, rng.random(n) < 0.5, 0.8).astype("boolean"),
            "kind": rng.random(n) < 0.5,
            "thumbs": some(rng, rng.integers(0, 2, n), 0.3).astype("Int64"),
            "thumbs_at": arrived(0.25),
            "retries": some(rng, np.ones(n), 0.2),
            "retries_at": arrived(0.5),
            "edits": rng.choice([0.0, 0.25, np.nan, np.inf], n),
            "resolved": some(rng, rng.random(n) < 0.5, 0.4).astype("boolean"),
        }
    )


@pytest.mark.parametrize("spec", [FULL, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("seed", range(3))
def test_every_sum_is_that_of_the_rows(spec: WatchSpec, seed: int) -> None:
    frame = records(seed)

    found = read_cells(frame, spec, now=NOW)

    check(found, oracle(frame, spec, found))


@pytest.mark.parametrize("days", [3, 17, 39])
@pytest.mark.parametrize("seed", range(2))
def test_until_sees_only_what_was_known_then(seed: int, days: int) -> None:
    frame = records(seed)
    frame["thumbs_at"] = frame["thumbs_at"].fillna(frame["time"] + pd.Timedelta(days=1))
    until = START + pd.Timedelta(days=days)

    found = read_cells(frame, FULL, now=NOW, until=until.to_pydatetime())

    check(found, oracle(frame, FULL, found, until))
    assert found.last is not None
    assert found.last < until


def test_until_is_what_a_reader_of_that_day_would_have_found() -> None:
    frame = records(5)
    spec = WatchSpec(time="time", judge="judge", signals=[SIGNALS[0]])
    frame["thumbs_at"] = frame["thumbs_at"].fillna(frame["time"] + pd.Timedelta(days=1))
    until = START + pd.Timedelta(days=20)
    then = frame[frame["time"] < until].copy()
    then.loc[then["thumbs_at"] > until, "thumbs"] = pd.NA

    looking_back = read_cells(frame, spec, now=NOW, until=until.to_pydatetime())
    that_day = read_cells(then, spec, now=NOW)

    for name, values in that_day.sums.items():
        np.testing.assert_array_equal(looking_back.sums[name], values)


def test_until_lets_values_wait_where_some_do_not_say_when_they_came() -> None:
    day = pd.Timedelta(days=1)
    frame = pd.DataFrame({"time": [START, START + 8 * day, START + 8 * day], "judge": 1.0,
                          "thumbs": [1.0, 1.0, 0.0],
                          "thumbs_at": [START + day, START + 9 * day, pd.NaT]})  # fmt: skip
    spec = WatchSpec(time="time", judge="judge", signals=[SIGNALS[0]])

    early = read_cells(frame, spec, now=NOW, until=(START + 10 * day).to_pydatetime())
    late = read_cells(frame, spec, now=NOW, until=(START + 15 * day).to_pydatetime())

    assert early.sums["m0"].sum() == 1
    assert late.sums["m0"].sum() == 3


def test_until_needs_a_time() -> None:
    spec = WatchSpec(version="version", judge="judge", signals=[])

    with pytest.raises(DataError, match="no time is named"):
        read_cells(records(), spec, until=NOW)


def test_a_value_that_came_too_late_is_as_missing_as_one_that_never_came() -> None:
    came = START + pd.to_timedelta([1, 9], unit="D")
    frame = pd.DataFrame({"time": START, "judge": 1.0, "retries": 1.0, "retries_at": came})
    counted = WatchSpec(time="time", judge="judge", signals=[SIGNALS[1]])
    unknown = WatchSpec(
        time="time", judge="judge", signals=[Signal("retries", arrived="retries_at", within="3d")]
    )

    assert read_cells(frame, counted, now=NOW).sums["m0"].sum() == 2
    assert read_cells(frame, counted, now=NOW).sums["s0"].sum() == 1
    assert read_cells(frame, unknown, now=NOW).sums["m0"].sum() == 1


def test_values_before_their_output_are_left_out_and_told() -> None:
    came = START + pd.to_timedelta(["-1h", "-4min", "1h"])
    frame = pd.DataFrame({"time": START, "judge": 1.0, "thumbs": 1.0, "thumbs_at": came})
    spec = WatchSpec(time="time", judge="judge", signals=[SIGNALS[0]])

    found = read_cells(frame, spec, now=NOW)

    assert found.sums["m0"].sum() == 2
    assert found.notes == ("1 thumbs arrived before their output and was left out",)


def test_the_frame_is_left_as_it_was() -> None:
    frame = records()
    before = frame.copy(deep=True)

    read_cells(frame, FULL, now=NOW)

    pd.testing.assert_frame_equal(frame, before)


def test_a_user_stays_in_one_bucket_and_outputs_of_nobody_spread() -> None:
    n = 640
    time = START + pd.to_timedelta(np.arange(n), unit="min")
    frame = pd.DataFrame({"time": time, "judge": 1.0, "user": ["ann"] * 320 + [None] * 320})
    spec = WatchSpec(time="time", judge="judge", group="user", signals=[])

    found = read_cells(frame, spec, now=NOW)

    size = np.bincount(found.keys["bucket"], found.sums["n"], BUCKETS)
    assert size.max() >= 320
    assert (size > 0).sum() > BUCKETS / 2
    assert (found.keys["bucket"] < BUCKETS).all()


def test_keys_that_are_not_named_are_empty_texts_and_cells_are_in_order() -> None:
    found = read_cells(records(), BARE, now=NOW)

    assert tuple(found.keys) == KEYS
    assert all((found.keys[key] == "").all() for key in ("version", "arm", "segment"))
    order = np.lexsort([found.keys[key] for key in reversed(KEYS)])
    np.testing.assert_array_equal(order, np.arange(len(found)))


def test_a_very_long_name_is_cut_and_stays_apart() -> None:
    frame = pd.DataFrame({"time": START, "judge": 1.0, "task": ["x" * 5_000, "x" * 5_001]})
    spec = WatchSpec(time="time", judge="judge", segment="task", signals=[])

    names = set(read_cells(frame, spec, now=NOW).keys["segment"])

    assert len(names) == 2
    assert max(map(len, names)) < 300


def test_anchors_are_no_traffic_and_outputs_are_counted() -> None:
    frame = pd.DataFrame({"time": START + pd.to_timedelta([-30, 0, 1, 9, 9], unit="D"),
                          "judge": [5.0, 1.0, 2.0, 4.0, np.nan],
                          "anchor": ["x", None, None, "x", "x"],
                          "text": ["a", "b", "b", "c", "d"]})  # fmt: skip
    spec = WatchSpec(time="time", judge="judge", anchor="anchor", output="text", signals=[])

    found = read_cells(frame, spec, now=NOW)

    assert found.sums["n"].sum() == 2
    assert found.origin == dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    assert found.anchors is not None
    assert found.anchors["period"].tolist() == [1]
    assert (found.anchors["n"].tolist(), found.anchors["s"].tolist()) == ([1], [4.0])
    assert found.texts is not None
    assert (found.texts["n"].tolist(), found.texts["distinct_outputs"].tolist()) == ([2], [1])


def test_without_time_versions_are_all_there_is() -> None:
    frame = records()
    spec = WatchSpec(version="version", judge="judge", signals=SIGNALS)

    found = read_cells(frame, spec)

    assert found.last is None
    assert (found.keys["period"] == 0).all()
    assert found.sums["n"].sum() == len(frame)
    assert found.sums["m0"].sum() == frame["thumbs"].count()


def test_cells_of_two_halves_add_up_to_those_of_the_whole() -> None:
    frame = records(3)
    whole = read_cells(frame, FULL, now=NOW)
    fixed: dict[str, Any] = {"origin": whole.origin, "edges": whole.edges, "now": NOW}

    halves = [read_cells(half, FULL, **fixed) for half in (frame[::2], frame[1::2])]

    same(halves[0] + halves[1], whole)


def same(found: Cells, wanted: Cells) -> None:
    """Compare cells, the order of joining left aside."""
    found, wanted = found.compact(), wanted.compact()
    for key, values in wanted.keys.items():
        np.testing.assert_array_equal(found.keys[key], values)
    for name, values in wanted.sums.items():
        np.testing.assert_allclose(found.sums[name], values, rtol=1e-12, err_msg=name)
    assert (found.origin, found.edges) == (wanted.origin, wanted.edges)
    assert (found.anchors is None) == (wanted.anchors is None)
    if found.anchors is not None and wanted.anchors is not None:
        for name, values in wanted.anchors.items():
            np.testing.assert_array_equal(found.anchors[name], values)


def test_cells_of_other_bins_or_another_hash_are_never_added() -> None:
    found = read_cells(records(), BARE, now=NOW)

    for other in (replace(found, edges=(9.0,)), replace(found, canary="other"),
                  replace(found, fingerprint="other")):  # fmt: skip
        with pytest.raises(ValueError, match="do not add up"):
            _ = found + other


def test_a_rare_score_far_down_that_shares_a_bin_is_summed_as_it_is() -> None:
    n = 12_000
    judge = np.arange(n) % 5 + 1.0
    judge[-7:] = 4.25
    time = START + pd.to_timedelta(np.arange(n), unit="min")
    frame = pd.DataFrame({"time": time, "judge": judge, "thumbs": 1.0})
    spec = WatchSpec(time="time", judge="judge", signals=[Signal("thumbs")])

    found = read_cells(frame, spec, now=NOW)

    assert found.edges == (1.5, 2.5, 3.5, 4.5)
    np.testing.assert_allclose(found.sums["wjj"].sum(), (judge**2).sum())
    np.testing.assert_allclose(found.sums["gjp0"].sum(), judge.sum())
