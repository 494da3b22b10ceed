"""Where records may come from, and what their columns may hold and be called."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.goodhart.test_cells import BARE, FULL, NOW, START, records, same
from trueup.errors import DataError
from trueup.goodhart.cells import Cells, read_cells
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.testing.histories import simulate_history

if TYPE_CHECKING:
    from pathlib import Path

FRAME = records(7)
WANTED = read_cells(FRAME, FULL, now=NOW)
PLAIN = WatchSpec(time="time", judge="judge", signals=[Signal("thumbs", arrived="thumbs_at")])


def read(source: object, spec: WatchSpec = FULL) -> Cells:
    return read_cells(source, spec, now=NOW)


def test_arrow_and_what_offers_itself_as_arrow_read_alike() -> None:
    class Offers:
        def __init__(self, table: pa.Table) -> None:
            self.table: Any = table

        def __arrow_c_stream__(self, schema: object = None) -> object:
            stream: object = self.table.__arrow_c_stream__(schema)
            return stream

    table = pa.Table.from_pandas(FRAME)
    pieces = pa.concat_tables([table[:100], table[100:]])

    for source in (table, pieces, Offers(table), table.combine_chunks().to_batches()[0]):
        same(read(source), WANTED)


def test_parquet_reads_alike_alone_and_in_pieces(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "whole.parquet")
    FRAME[:150].to_parquet(tmp_path / "part-1.pq")
    FRAME[150:].drop(columns="kind").to_parquet(tmp_path / "part-2.pq")
    odd = tmp_path / "a [1]* file's.parquet"
    FRAME.to_parquet(odd)
    without = FRAME.assign(kind=FRAME["kind"].where(FRAME.index < 150).astype("boolean"))

    same(read(tmp_path / "whole.parquet"), WANTED)
    same(read(str(odd)), WANTED)
    same(read(str(tmp_path / "part-*.pq")), read(without))


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.jsonl", "log.json.gz"])
def test_text_files_read_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    finite = FRAME.replace([np.inf, -np.inf], np.nan)
    if ".csv" in name:
        finite.to_csv(path, index=False)
    else:
        finite.to_json(path, orient="records", lines=True, date_format="iso", date_unit="us")

    found = read(path)

    same(replace(found, canary=WANTED.canary, keys=WANTED.keys), WANTED)
    for key in ("version", "arm", "period", "segment", "bin", "bucket"):
        np.testing.assert_array_equal(found.keys[key], WANTED.keys[key])


def test_text_instants_are_read_in_their_zones(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "time,judge,thumbs,thumbs_at\n"
        "2026-01-05T23:30:00-05:00,1,1,2026-01-06T05:00:00Z\n"
        "2026-01-07,2,0,\n"
        "2026-01-08 10:00:00,3,,x\n",
        "utf-8",
    )

    found = read(path, PLAIN)

    assert found.origin == dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
    assert found.last == dt.datetime(2026, 1, 8, 10, tzinfo=dt.UTC)
    assert found.sums["m0"].sum() == 2
    assert "instants without a zone were taken as UTC (time)" in found.notes or (
        found.notes == ("1 value of 'thumbs_at' is no instant, and taken as missing",)
    )


def test_instants_without_a_zone_are_utc_wherever_the_machine_stands(tmp_path: Path) -> None:
    code = (
        "import pandas as pd, sys; from trueup.goodhart.cells import read_cells\n"
        "from trueup.goodhart.spec import WatchSpec\n"
        "f = pd.DataFrame({'time': ['2026-01-05 10:00:00', '2026-01-05T10:00:00+02:00'],"
        " 'judge': 1.0})\n"
        "f.to_csv(sys.argv[1], index=False)\n"
        "for s in (f, sys.argv[1]):\n"
        "    print(read_cells(s, WatchSpec(time='time', judge='judge', signals=[])).last)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.csv")],
        env={**os.environ, "TZ": "America/New_York"}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert ran.stdout.split("\n")[:2] == ["2026-01-05 10:00:00+00:00"] * 2


def shifted(unit: Any, zone: str | None) -> Any:
    found = FRAME["time"].dt.as_unit(unit)
    return found.dt.tz_convert(zone) if zone else found.dt.tz_localize(None)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "UTC", None])
def test_instants_of_any_unit_and_zone_read_alike(unit: str, zone: str | None) -> None:
    found = read(FRAME.assign(time=shifted(unit, zone)))

    np.testing.assert_array_equal(found.keys["period"], WANTED.keys["period"])
    np.testing.assert_array_equal(found.sums["m0"], WANTED.sums["m0"])
    told = "instants without a zone were taken as UTC (time)"
    assert (told in found.notes) == (zone is None)


def test_objects_of_mixed_types_are_read_as_what_they_say() -> None:
    bare = dt.datetime(2026, 1, 7)  # noqa: DTZ001 - one without a zone
    time: list[Any] = [START, "2026-01-06T00:00:00Z", bare, None, "soon"]
    judge: list[Any] = [1, "2", 3.5, True, None]
    thumbs: list[Any] = [True, "0", None, "yes and no", 1]
    frame = pd.DataFrame({"time": time, "judge": judge, "thumbs": thumbs}, dtype=object)
    spec = WatchSpec(time="time", judge="judge", signals=[Signal("thumbs")])

    found = read(frame, spec)

    assert found.sums["wj"].sum() == 6.5
    assert (found.sums["m0"].sum(), found.sums["s0"].sum()) == (2, 1)
    assert found.notes == (
        "2 records without an instant were left out",
        "1 value of 'time' is no instant, and taken as missing",
        "1 value of 'thumbs' is no number, and taken as missing",
        "instants without a zone were taken as UTC (time)",
    )


@pytest.mark.parametrize(
    "kind",
    ["Int64", "Float64", "float32", "float16", "int64[pyarrow]", "category", "string", "sparse"],
)
def test_numbers_of_any_type_read_alike(kind: str) -> None:
    time = START + pd.to_timedelta(np.arange(50), unit="h")
    base = pd.DataFrame({"time": time, "judge": np.arange(50) % 5 + 1, "thumbs": np.arange(50) % 2})
    base["thumbs_at"] = base["time"]
    dtype: Any = pd.SparseDtype("int64", 0) if kind == "sparse" else kind

    found = read(base.assign(thumbs=base["thumbs"].astype(dtype)), PLAIN)

    np.testing.assert_array_equal(found.sums["s0"], read(base, PLAIN).sums["s0"])


def test_columns_may_be_called_anything() -> None:
    names = {
        "time": "t", "judge": "j", "again": "select", "task": 'a "quoted" name', "user": "source",
        "version": "bücket 中", "thumbs": "Period", "thumbs_at": "period", "weight": "w",
        "arm": "it's", "retries": "",
    }  # fmt: skip
    signals = [
        replace(s, name=names.get(s.name, s.name), arrived=names.get(s.arrived or "?", s.arrived))
        for s in FULL.signals
    ]
    spec = replace(FULL, time="t", judge="j", judge_repeat="select", segment='a "quoted" name',
                   group="source", version="bücket 中", arm="it's", judge_weight="w",
                   signals=signals)  # fmt: skip
    frame = FRAME.rename(columns=names)

    same(replace(read(frame, spec), fingerprint=WANTED.fingerprint), WANTED)


def test_such_names_are_read_from_files(tmp_path: Path) -> None:
    frame = FRAME.rename(columns={"time": 'it\'s "t" 中', "judge": "c0"})
    frame.to_parquet(tmp_path / "log.parquet")
    spec = replace(BARE, time='it\'s "t" 中', judge="c0")

    same(replace(read(tmp_path / "log.parquet", spec), fingerprint=""),
         replace(read(FRAME, BARE), fingerprint=""))  # fmt: skip


def test_columns_that_are_not_named_are_never_looked_at() -> None:
    odd = FRAME.assign(odd=1j, also=pd.Series([object()] * len(FRAME)))
    odd[("a", "tuple")] = 1
    odd[7] = 2

    same(read(odd), WANTED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": 1_767_225_600}, "'time' (time) holds BIGINT, no instants"),
        ({"time": 1.7e9}, "'time' (time) holds DOUBLE, no instants"),
        ({"time": "soon"}, "'time' holds text, and no instant"),
        ({"time": "1767225600"}, "'time' holds text, and no instant"),
        ({"time": None}, "no instant"),
        ({"judge": "good"}, "'judge' (judge) holds text, and no number"),
        ({"judge": START}, "'judge' (judge) holds TIMESTAMP WITH TIME ZONE, no numbers"),
        ({"thumbs": pd.Timedelta(days=1)}, "no numbers"),
        ({"thumbs_at": 3}, "(signal 'thumbs': arrived) holds BIGINT, no instants"),
    ],
)
def test_columns_that_hold_something_else_are_refused(change: Any, message: str) -> None:
    with pytest.raises(DataError) as raised:
        read(FRAME.assign(**change), PLAIN)

    assert message in str(raised.value)
    assert raised.value.mend


def test_what_is_no_table_or_lacks_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("no parquet", "utf-8")
    (tmp_path / "log.txt").write_text("x", "utf-8")
    refused: dict[Any, str] = {
        tmp_path / "absent.csv": "there is no such file",
        tmp_path: "this is a folder. Write folder",
        tmp_path / "log.txt": "no kind of file",
        tmp_path / "bad.parquet": "cannot be read",
        str(tmp_path / "none-*.parquet"): "cannot be read",
        7: "of type int, which is no table",
    }
    for source, message in refused.items():
        with pytest.raises(DataError, match=message):
            read(source)
    with pytest.raises(DataError, match=r"no column 'judge' \(judge\)\. Did you mean 'judged'"):
        read(FRAME.rename(columns={"judge": "judged"}))
    with pytest.raises(DataError, match="is there 2 times"):
        read(pd.concat([FRAME, FRAME[["judge"]]], axis=1))


def test_a_file_whose_types_change_far_down_is_read_as_text(tmp_path: Path) -> None:
    lines = [f"2026-01-05T00:00:00Z,{n % 5},1," for n in range(30_000)]
    (tmp_path / "log.csv").write_text(
        "\n".join(["time,judge,thumbs,thumbs_at", *lines, "2026-01-06T00:00:00Z,n/a,none?,"]),
        "utf-8",
    )
    with gzip.open(tmp_path / "log.jsonl.gz", "wt") as file:
        for n in range(30_000):
            row = {"time": "2026-01-05T00:00:00Z", "judge": n % 5, "thumbs": 1, "thumbs_at": None}
            file.write(json.dumps(row) + "\n")
        file.write('{"time": "2026-01-06T00:00:00Z", "judge": "n/a", "thumbs": "none?"}\n')

    for name in ("log.csv", "log.jsonl.gz"):
        found = read(tmp_path / name, PLAIN)
        assert (found.sums["n"].sum(), found.sums["nj"].sum()) == (30_001, 30_000)
        assert "1 value of 'thumbs' is no number, and taken as missing" in found.notes


def test_outputs_of_nobody_at_one_instant_are_spread_over_the_buckets() -> None:
    frame = simulate_history("null", seed=1).drop(columns=["user"])
    frame = frame[frame["timestamp"] < frame["timestamp"].min() + pd.Timedelta(days=60)]
    frame["judge"] = (frame["judge"] > frame["judge"].median()).astype(float)
    monday = frame["timestamp"].dt.normalize()
    monday -= pd.to_timedelta(monday.dt.day_of_week, unit="D")
    spec = WatchSpec(
        time="timestamp", judge="judge", signals=[Signal("thumbs", arrived="thumbs_at")]
    )
    errors = []
    for times in (frame["timestamp"], monday):
        cells = read_cells(frame.assign(timestamp=times), spec)
        size = np.bincount(cells.keys["bucket"], cells.sums["n"], minlength=64)
        errors.append(float(size.std() / size.mean()))
    assert max(errors) < 0.08


def test_a_period_of_minutes_over_months_is_refused(tmp_path: Path) -> None:
    frame = simulate_history("null", seed=1).iloc[::500]
    spec = WatchSpec(time="timestamp", judge="judge", period="1m", signals=[Signal("thumbs")])
    with pytest.raises(DataError, match=r"which makes 38.,... periods.*m stands for minutes"):
        read_cells(frame, spec)
    file = tmp_path / "log.parquet"
    frame.to_parquet(file)
    with pytest.raises(DataError, match=r"log\.parquet: period is 1m"):
        read_cells(file, spec)


def test_a_file_of_another_encoding_says_how_to_mend_it(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("timestamp,judge,thumbs\n2026-03-01,3,café\n".encode("latin-1") * 3)
    spec = WatchSpec(time="timestamp", judge="judge", signals=[Signal("thumbs")])
    with pytest.raises(DataError, match=r"latin\.csv: it cannot be read: .* text as UTF-8"):
        read_cells(file, spec)
