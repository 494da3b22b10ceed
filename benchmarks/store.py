"""Part 3: what a verdict costs on its way into the store, from the first to the millionth.

A run of trueup with a scripted judge, over items that exist one at a time; then the very rows
that it wrote, inserted into a second file by bare sqlite3, as many in one transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients.work import peak_mb
from benchmarks.meter import Goal, run, say, table
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WINDOWS = 10
_WINDOW = 100_000
"""Verdicts in a window from which the cost of the first and the last can be compared."""
_ROWS = 256
"""Rows in one transaction, as trueup's writer commits them."""
_TABLES = ("content", "observation", "verdict")
_PRAGMAS = ("journal_mode", "synchronous", "cache_size", "wal_autocheckpoint", "temp_store")
_RUBRIC = "name: short\ntask: Say it.\ncriteria:\n  - {id: said, ask: Does the reply say it?}\n"


def measure(verdicts: int) -> list[Goal]:
    """Measure trueup and bare sqlite3, print both by windows and return the goals."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [folder, str(verdicts)]
        ours = run(["-m", "benchmarks.store", "trueup", *arguments]).said
        bare = run(["-m", "benchmarks.store", "sqlite3", *arguments]).said
        size = (Path(folder) / "trueup.db").stat().st_size / verdicts
    pairs = list(zip(ours["windows"], bare["windows"], strict=True))
    rows: list[Sequence[object]] = [["verdicts up to", "trueup ms", "sqlite3 ms", "ratio"]]
    for number, (mine, floor) in enumerate(pairs, 1):
        upto = f"{verdicts * number // _WINDOWS:,}"
        rows.append([upto, f"{mine:.4f}", f"{floor:.4f}", f"{mine / floor:.1f}"])
    for line in table(rows):
        print(line)
    print(f"peak memory {ours['peak_mb']:.0f} MB, {size:.0f} bytes of file a verdict")
    goals = [
        Goal("CPU of a verdict, dearest window", max(ours["windows"]), 0.15, " ms"),
        Goal("peak memory", ours["peak_mb"], 400, " MB"),
    ]
    if verdicts < _WINDOWS * _WINDOW:
        print("Too few verdicts to say whether the cost grows: indexes start shallow.")
        return goals
    growth = ours["windows"][-1] / ours["windows"][0]
    return [*goals, Goal("CPU of a verdict, last window over first", growth, 1.5, " x")]


class _Windows:
    """CPU milliseconds a verdict, window by window."""

    def __init__(self, verdicts: int) -> None:
        self._size = verdicts // _WINDOWS
        self._since = time.process_time()
        self._seen = 0
        self.found: list[float] = []

    def add(self, verdicts: int, *, spent: float | None = None) -> None:
        """Count verdicts; `spent` overrides the clock, in seconds since the last window."""
        self._seen += verdicts
        if self._seen < self._size * (len(self.found) + 1):
            return
        now = time.process_time()
        seconds = now - self._since if spent is None else spent
        self.found.append(seconds * 1000 / self._size)
        self._since = now


def score(folder: Path, verdicts: int) -> None:
    """Run trueup and say what it cost."""
    windows = _Windows(verdicts)

    def stream() -> Iterator[Item]:
        for n in range(verdicts):
            yield Item(id=f"item-{n}", input="Say it.", output=f"This is said for the {n}th time.")
            windows.add(1)

    with Store.open(folder / "trueup.db") as store:
        scoring = ScoringRun(store, parse_rubric(_RUBRIC), ScriptedJudge())
        asyncio.run(scoring.run(stream(), source="stream", total=verdicts))
        scored_ = scoring.progress.outcomes["scored"]
    if scored_ != verdicts:
        sys.exit(f"{scored_} of {verdicts} verdicts were scored")
    say(windows=windows.found, peak_mb=peak_mb())


def insert(folder: Path, verdicts: int) -> None:
    """Insert the rows that trueup wrote into an empty file with the same tables, and say so."""
    source = sqlite3.connect(folder / "trueup.db")
    target = sqlite3.connect(folder / "bare.db", isolation_level=None)
    with Store.open(folder / "trueup.db") as store, store.transaction() as connection:
        for pragma in _PRAGMAS:  # tuned alike
            value = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            target.execute(f"PRAGMA {pragma}={value}")
    for (statement,) in source.execute("select sql from sqlite_master where sql is not null"):
        target.execute(statement)
    readers = {name: source.execute(f"select * from {name}") for name in _TABLES}  # noqa: S608 - names of our own
    widths = {name: len(reader.description) for name, reader in readers.items()}
    inserts = {
        name: f"insert into {name} values ({','.join('?' * width)})"  # noqa: S608 - same
        for name, width in widths.items()
    }
    windows, spent, done = _Windows(verdicts), 0.0, Counter[str]()
    each = _ROWS // len(_TABLES)
    while done["verdict"] < verdicts:
        rows = {name: reader.fetchmany(each) for name, reader in readers.items()}
        started = time.process_time()
        target.execute("begin immediate")
        for name, values in rows.items():
            target.executemany(inserts[name], values)
            done[name] += len(values)
        target.execute("commit")
        spent += time.process_time() - started
        before = len(windows.found)
        windows.add(len(rows["verdict"]), spent=spent)
        if len(windows.found) > before:
            spent = 0.0
    say(windows=windows.found, peak_mb=peak_mb())


if __name__ == "__main__":
    part = {"trueup": score, "sqlite3": insert}[sys.argv[1]]
    part(Path(sys.argv[2]), int(sys.argv[3]))
