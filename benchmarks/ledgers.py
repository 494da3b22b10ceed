"""Part: A/Bs decided as shipped, with past A/Bs in the ledger, truth known.

python -m benchmarks.ledgers [--runs 100] [--jobs 1]

`surrogates` measures the blended worth by itself, on effects that are drawn. Here are records:
simulated A/Bs of four weeks go through `trueup.goodhart` as users' do, with a ledger, guards,
looks and all. Records overstate what a judge point is worth once or three times; without a past
A/B nothing can correct that, so that there `overstate` is declared. `improvement` is the test by
records, whatever the ledger holds.

To declare exactly the factor that is true is to know what a judge point is worth: with past A/Bs as
much should be found, but for what they leave open. `before` is the first design's figure for such a
ledger, at one look at drawn effects whose errors are smaller than those of records here (.035 and
.062 judge points where records overstate once and three times; here .042 and .093).
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import Pool
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.designs import AB, FALSE
from benchmarks.meter import Goal, table
from benchmarks.surrogates import BEFORE, BEHIND
from trueup.goodhart import Release, backtest_cells, read_cells
from trueup.testing.histories import EXPERIMENTS, expected, simulate_experiment, simulate_ledger
from trueup.testing.histories import Past as Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from trueup.goodhart import Cells, WatchSpec

PHIS = {1.0: "gain", 0.5: "boundary", 0.0: "gaming"}
"""Part of the judge's rise that users get, and the A/B of that name."""
BOUNDARY = 10.0
"""Percent of runs in which half of the gain may be called gaming."""
SEED = 70_000
BETTER = {signal.name: signal.better for signal in AB.signals}
RUNS = 100
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
"""All simulated records are past."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What records are wrong by, and how many A/Bs lie in the ledger."""

    overstatement: float
    past: int

    @property
    def name(self) -> str:
        """How it is called."""
        rule = "" if self.past or self.overstatement == 1 else f", overstate {self.overstatement:g}"
        return f"{self.overstatement:g}x, {self.past} A/Bs{rule}"

    def spec(self, rows: tuple[Release, ...]) -> WatchSpec:
        """Return what is watched, with the first rows of a ledger."""
        if self.past:
            return replace(AB, ledger=rows[: self.past])
        return replace(AB, overstate=self.overstatement)


SETTINGS = tuple(Setting(m, k) for m in (1.0, 3.0) for k in (0, 3, 10))
MOST = max(one.past for one in SETTINGS)


def rows_of(overstatement: float, seed: int) -> tuple[Release, ...]:
    """Return a ledger of A/Bs of the product whose next one is simulated."""
    drawn = simulate_ledger(Truth(past=MOST, overstatement=overstatement), seed)
    truth = expected(replace(EXPERIMENTS["gain"], overstatement=overstatement)).worth
    by_unit = np.array([truth[name] for name in drawn.names]) / drawn.worth
    both = np.concatenate([[1.0], by_unit])
    return tuple(
        Release(
            id=f"past-{k}",
            rise=float(drawn.past.judge[k]),
            signals=dict(
                zip(drawn.names, map(float, drawn.past.signals[k] * by_unit), strict=True)
            ),
            better=BETTER,
            covariance=tuple(
                tuple(map(float, row)) for row in drawn.past.covariance[k] * np.outer(both, both)
            ),
        )
        for k in range(MOST)
    )


def read(frame: pd.DataFrame) -> tuple[Cells, Callable[[dt.datetime], Cells]]:
    """Return the cells of an A/B, and those of what was known at an instant, each read once.

    With them `backtest_cells` does what `backtest` does with the frame (a test holds that).
    """
    cells = read_cells(frame, AB, now=LATER)

    @cache
    def as_of(end: dt.datetime) -> Cells:
        return read_cells(frame, AB, origin=cells.origin, edges=cells.edges, now=LATER, until=end)

    return cells, as_of


Found = dict[tuple[Setting, float], str]
"""The first verdict that decides, else the last one, by setting and phi."""


def run(task: tuple[Sequence[Setting], int]) -> Found:
    """Return what was said of each A/B in one simulated product for each overstatement."""
    settings, seed = task
    found: Found = {}
    for overstatement in sorted({one.overstatement for one in settings}):
        rows = rows_of(overstatement, seed)
        for phi, name in PHIS.items():
            frame = simulate_experiment(
                replace(EXPERIMENTS[name], overstatement=overstatement), SEED + seed
            )
            cells, as_of = read(frame)
            for one in settings:
                if one.overstatement == overstatement:
                    looks = backtest_cells(cells, one.spec(rows), as_of=as_of)
                    said = [look.verdict for look in looks]
                    decided = [v for v in said if v in ("gaming", "improvement")]
                    found[one, phi] = (decided or said[-1:])[0]
    return found


HEAD = ("ledger", "gaming at phi 1", ".5", "0", "before", "improvement at phi 1", ".5", "0")


def rows_and_goals(
    settings: Sequence[Setting], found: Sequence[Found], *, slack: bool = False
) -> Iterator[tuple[tuple[object, ...], list[Goal]]]:
    """Yield a line and the limits of each setting, in percent."""
    runs = len(found)

    def off(percent: float) -> float:
        return 200 * slack * math.sqrt(percent / 100 * (1 - percent / 100) / runs)

    for one in settings:
        counts = {phi: Counter(each[one, phi] for each in found) for phi in PHIS}
        gaming, real = (
            [100 * counts[phi][verdict] / runs for phi in PHIS]
            for verdict in ("gaming", "improvement")
        )
        was = BEFORE[one.overstatement, one.past][-1]
        line = (one.name, *(f"{x:.0f}" for x in gaming), was, *(f"{x:.0f}" for x in real))
        goals = [
            Goal(f"false gaming, {one.name}", gaming[0], round(FALSE + off(FALSE), 1), " %"),
            Goal(f"boundary, {one.name}", gaming[1], round(BOUNDARY + off(BOUNDARY), 1), " %"),
        ]
        if one.past:
            known = Counter(each[Setting(one.overstatement, 0), 0.0] for each in found)
            behind = 100 * known["gaming"] / runs - gaming[2]
            most = 100 * BEHIND[one.past]
            what = f"found behind the declared factor, {one.name}"
            goals.append(Goal(what, behind, round(most + off(most), 1), " points"))
        yield line, goals


def measure(
    runs: int = RUNS, *, jobs: int = 1, of: Sequence[Setting] = SETTINGS, slack: bool = False
) -> list[Goal]:
    """Simulate A/Bs, print the table, and return the limits; with `slack`, wider for few runs."""
    found: list[Found] = []
    with Pool(jobs) as pool:
        for each in pool.imap(run, [(of, seed) for seed in range(runs)]):
            found.append(each)
            if not len(found) % 20:
                print(f"{len(found)} of {runs} runs", file=sys.stderr, flush=True)
    lines: list[Sequence[object]] = [HEAD]
    goals: list[Goal] = []
    for line, limits in rows_and_goals(of, found, slack=slack):
        lines.append(line)
        goals += limits
    for text in table(lines):
        print(text)
    return goals


def main() -> None:
    """Measure, and print the limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    for goal in measure(options.runs, jobs=options.jobs, slack=True):
        print(goal)


if __name__ == "__main__":
    main()
