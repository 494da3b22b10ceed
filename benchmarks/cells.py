"""Part: what turning records into cells costs, beside the same sums by a bare DuckDB query.

python -m benchmarks.cells                 # 10 million records, twice
python -m benchmarks.cells --large         # and 100 million: ten names of one file
python -m benchmarks.cells --rows 1000000
"""

# ruff: noqa: S608 - written by hand, and nothing of a user's goes in

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.meter import Goal, median, run, say, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trueup.goodhart.spec import WatchSpec

ROWS = 10_000_000
_TIMES = 3
_PIECE = 1_000_000
_WEEKS = 38
_DAY = 86_400_000_000
_START = 1_736_121_600_000_000  # Monday, 6 January 2025
_SIGNALS = {"thumbs": 0.02, "retries": 1.0, "edit_rate": 0.3}
_WITHIN = 14 * _DAY


def generate(path: Path, *, rows: int, users: int) -> None:
    """Write simulated records in order of time, the same ones each time."""
    import numpy as np  # noqa: PLC0415 - measured processes do without
    import pyarrow as pa  # noqa: PLC0415 - same
    import pyarrow.parquet as pq  # noqa: PLC0415 - same

    rng = np.random.default_rng(7)
    instant = pa.timestamp("us", tz="UTC")
    segments = pa.array([f"segment {number:02d}" for number in range(12)])
    writer = None
    for done in range(0, rows, _PIECE):
        n = min(_PIECE, rows - done)
        at = (done + np.sort(rng.random(n)) * n) / rows * _WEEKS * 7 * _DAY
        times = _START + at.astype(np.int64)
        quality = rng.normal(size=n)
        scores = np.clip(np.rint(3 + quality + 0.7 * rng.normal(size=(2, n))), 1, 5)
        columns = {
            "timestamp": pa.array(times, type=instant),
            "user": pa.array(rng.integers(0, users, n)),
            "segment": segments.take(rng.integers(0, 12, n)),
            "judge": pa.array(scores[0], mask=rng.random(n) < 0.01),  # noqa: PLR2004 - abstained
            "judge_rep": pa.array(scores[1], mask=rng.random(n) < 0.9),  # noqa: PLR2004 - not asked
        }
        values = {
            "thumbs": (quality + rng.normal(size=n) > 0) * 1.0,
            "retries": (rng.random(n) < 0.2) * 1.0,  # noqa: PLR2004 - a share
            "edit_rate": np.round(rng.beta(2, 5, n), 4),
        }
        for name, share in _SIGNALS.items():
            gone = rng.random(n) >= share
            came = times + (rng.exponential(2.0, n) * _DAY).astype(np.int64)
            columns[name] = pa.array(values[name], mask=gone)
            columns[f"{name}_at"] = pa.array(came, type=instant, mask=gone)
        piece = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, piece.schema, compression="zstd")
        writer.write_table(piece, row_group_size=250_000)
    if writer is not None:
        writer.close()


def bare(path: str) -> dict[str, Any]:
    """Return the sums as somebody who knows DuckDB well would ask for them, by hand."""
    import duckdb  # noqa: PLC0415 - measured

    signals = ""
    masks = ""
    wanted = ""
    for k, name in enumerate(_SIGNALS):
        signals += (
            f", case when {name}_at is null or epoch_us({name}_at) between "
            f"epoch_us(timestamp) - 300000000 and epoch_us(timestamp) + {_WITHIN} "
            f"then {name} end as p{k}"
        )
        masks += f", case when p{k} is not null then judge end as j{k}"
        masks += f", case when judge is not null then p{k} end as u{k}"
        wanted += (
            f", count(p{k}) as m{k}, sum(p{k}) as s{k}, sum(p{k} * p{k}) as q{k}"
            f", count(j{k}) as g{k}, sum(j{k}) as gj{k}, sum(j{k} * j{k}) as gjj{k}"
            f", sum(u{k}) as gp{k}, sum(judge * p{k}) as gjp{k}"
        )
    query = f"""
        select week, segment, judge as bin, bucket, count(*) as n, count(judge) as nj,
            count(judge) as w, sum(judge) as wj, sum(judge * judge) as wjj {wanted},
            count(ja) as rn, sum(ja) as ra, sum(jb) as rb, sum(ja * ja) as raa,
            sum(jb * jb) as rbb, sum(ja * jb) as rab
        from (
            select *, case when judge_rep is not null then judge end as ja,
                case when judge is not null then judge_rep end as jb {masks}
            from (
                select (epoch_us(timestamp) - {_START}) // {7 * _DAY} as week, segment, judge,
                    judge_rep, hash("user") % 64 as bucket {signals}
                from '{path}'
            )
        )
        group by week, segment, judge, bucket"""
    with duckdb.connect() as database:
        found: dict[str, Any] = database.execute(query).fetchnumpy()
    return {k: v for k, v in found.items() if k not in ("week", "segment", "bin", "bucket")}


def ours(path: str) -> dict[str, Any]:
    """Return the sums of the cells."""
    from trueup.goodhart.cells import read_cells  # noqa: PLC0415 - measured

    return dict(read_cells(path, _spec()).sums)


def _spec() -> WatchSpec:
    from trueup.goodhart.spec import Signal, WatchSpec  # noqa: PLC0415 - measured

    signals = [Signal(name, arrived=f"{name}_at", within="14d") for name in _SIGNALS]
    return WatchSpec(
        time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment",
        group="user", signals=signals,
    )  # fmt: skip


def frames() -> float:
    """Return the CPU seconds that the cells of a frame of 114,000 records take."""
    from trueup.goodhart.cells import read_cells  # noqa: PLC0415 - measured
    from trueup.testing.histories import simulate_history  # noqa: PLC0415 - measured

    frame, spec = simulate_history("gaming", seed=1), _spec()
    read_cells(frame, spec)
    found = []
    for _ in range(15):
        begin = time.process_time()
        read_cells(frame, spec)
        found.append(time.process_time() - begin)
    return median(found)


def looks() -> float:
    """Return the CPU seconds that 26 weekly looks at the cells of 114,000 records take."""
    from trueup.goodhart import backtest_cells, read_cells  # noqa: PLC0415 - measured
    from trueup.testing.histories import simulate_history  # noqa: PLC0415 - measured

    spec = _spec()
    cells = read_cells(simulate_history("gaming", seed=1), spec)
    backtest_cells(cells, spec)
    found = []
    for _ in range(5):
        begin = time.process_time()
        backtest_cells(cells, spec)
        found.append(time.process_time() - begin)
    return median(found)


_CHILDREN: dict[str, Callable[[str], dict[str, Any]]] = {"bare": bare, "trueup": ours}


def _child(name: str, path: str) -> None:
    import numpy as np  # noqa: PLC0415 - both need it anyway

    begin = time.perf_counter()
    sums = _CHILDREN[name](path)
    taken = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    totals = {k: float(np.ma.filled(v, 0).sum(dtype=np.float64)) for k, v in sums.items()}
    say(wall=taken, peak=peak / (1024 if sys.platform != "darwin" else 1024**2), totals=totals,
        cells=len(sums["n"]))  # fmt: skip


def _differs(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the largest relative difference between the sums that both have."""
    shared = one.keys() & other.keys()
    return max(abs(one[k] - other[k]) / max(abs(other[k]), 1.0) for k in shared)


def measure(*, rows: int = ROWS, large: bool = False, quick: bool = False) -> list[Goal]:
    """Measure both, in turns, print the medians and return the goals."""
    goals = []
    shown: list[Sequence[object]] = [["", "CPU s", "wall s", "peak MB", "cells"]]
    times = 1 if quick else _TIMES
    with tempfile.TemporaryDirectory() as folder:
        for users in (2_000, 1_000_000):
            path = Path(folder, f"{users}.parquet")
            # in a process of its own: one that this starts inherits this one's peak
            run(["-m", "benchmarks.cells", "--child", "generate", str(path), str(rows), str(users)])
            cost: dict[str, list[tuple[float, float, float, int]]] = {k: [] for k in _CHILDREN}
            totals = {}
            for _ in range(times):
                for name in _CHILDREN:
                    ended = run(["-m", "benchmarks.cells", "--child", name, str(path)])
                    said = ended.said
                    cost[name].append((ended.cpu, said["wall"], said["peak"], said["cells"]))
                    totals[name] = said["totals"]
            mid = {k: [median(c) for c in zip(*v, strict=True)] for k, v in cost.items()}
            for name, (cpu, wall, peak, cells) in mid.items():
                shown.append([f"{name}, {rows:,} records, {users:,} users", f"{cpu:.2f}",
                              f"{wall:.2f}", f"{peak:.0f}", f"{cells:,.0f}"])  # fmt: skip
            label = f"{users:,} users"
            ratio = [a / b for a, b in zip(mid["trueup"], mid["bare"], strict=True)]
            goals += [
                Goal(f"CPU of cells over the bare query, {label}", ratio[0], 1.3),
                Goal(f"peak memory of cells over the bare query, {label}", ratio[2], 1.3),
                Goal(f"difference of the sums, {label}",
                     _differs(totals["trueup"], totals["bare"]), 1e-9),
            ]  # fmt: skip
            if users == 2_000 and large:  # noqa: PLR2004 - the first file
                shown += _large(path, rows)
            path.unlink()
    for line in table(shown):
        print(line)
    ended = run(["-m", "benchmarks.cells", "--child", "frames"])
    print(f"a frame of 114,000 records: {1000 * ended.said['cpu']:.0f} ms of CPU")
    ended = run(["-m", "benchmarks.cells", "--child", "looks"])
    return [*goals, Goal("CPU of 26 looks at cells", ended.said["cpu"], 0.5, " s")]


def _large(path: Path, rows: int) -> list[Sequence[object]]:
    """Return what ten names of one file cost."""
    many = path.parent / "many"
    many.mkdir()
    for number in range(10):
        os.link(path, many / f"{number}.parquet")
    shown: list[Sequence[object]] = []
    for name in _CHILDREN:
        ended = run(["-m", "benchmarks.cells", "--child", name, str(many / "*.parquet")])
        said = ended.said
        shown.append([f"{name}, {10 * rows:,} records", f"{ended.cpu:.1f}", f"{said['wall']:.1f}",
                      f"{said['peak']:.0f}", f"{said['cells']:,}"])  # fmt: skip
    return shown


def main() -> None:
    """Measure, or be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child in (["frames"], ["looks"]):
        say(cpu=frames() if given.child == ["frames"] else looks())
    elif given.child and given.child[0] == "generate":
        generate(Path(given.child[1]), rows=int(given.child[2]), users=int(given.child[3]))
    elif given.child:
        _child(*given.child)
    else:
        for goal in measure(rows=given.rows, large=given.large, quick=given.quick):
            print(goal)


if __name__ == "__main__":
    main()
