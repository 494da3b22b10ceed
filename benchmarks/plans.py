"""Part: what plans promise, beside what watches then achieve, many times over, with truth known.

python -m benchmarks.plans [--runs 200] [--jobs 1] [--only WORD]

Twelve weeks of a simulated product are the pilot of a plan; then a change comes that brings users
nothing or all that is due, and the watch is run on what follows. Promised is the mean over pilots
of the chance that the plan gives to the right verdict, achieved the share of watches that reach it
by then. Weeks are calm or bring strong shocks; changes are of a size at which the verdict is
neither sure nor hopeless. Both changes meet the same weeks, and what helps to find the one hides
the other: the goal is on the mean of the two.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, replace
from multiprocessing import Pool
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.designs import AB, SEQUENCE, SIGNALS, cells_of
from benchmarks.meter import Goal, table
from trueup.goodhart import backtest_cells
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.plan.experiment import ExperimentAim, experiment_power
from trueup.goodhart.plan.pilot import pilot_of
from trueup.goodhart.plan.releases import ReleasesAim, releases_power
from trueup.goodhart.plan.stream import StreamAim, stream_power
from trueup.goodhart.releases import release_looks
from trueup.goodhart.spec import WatchSpec
from trueup.testing.histories import (
    EXPERIMENTS,
    RELEASES,
    SCENARIOS,
    Release,
    draw_releases,
    expected,
    simulate_arrays,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look

    Floats = NDArray[np.float64]

CHANGES = (0.0, 1.0)
"""Parts of what is due that a change brings users."""
PILOT = 12
"""Weeks of the pilot."""
NEAR = 0.10
"""How far promised and achieved may be apart."""
SEED = 90_000
WEEKLY = WatchSpec(
    time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
    signals=SIGNALS, design="weekly",
)  # fmt: skip
CALM = {"user_shock": 0.0, "judge_shock": 0.0}
STRONG = {"user_shock": 0.12, "judge_shock": 0.08, "shock_rho": 0.6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kind of product and a design.

    Attributes:
        name: Of the row.
        design: As in `plan_watch`.
        size: Of the change, in standard deviations of quality; in `releases` from first to last.
        at: Numbers of periods (of releases) at which promised and achieved are compared.
        fields: Of the scenario.
    """

    name: str
    design: str
    size: float
    at: tuple[int, ...]
    fields: Mapping[str, Any]


def cases() -> list[Case]:
    """Return every row."""
    few = {"judged": 300, "repeats": 0.5}
    rows: tuple[tuple[str, str, tuple[float, float], tuple[int, ...], dict[str, Any]], ...] = (
        ("stream", "weekly", (0.12, 0.30), (10, 16, 26), {}),
        ("stream of 1,000", "weekly", (0.25, 0.25), (10, 16, 26), {"items": 1000}),
        ("A/B", "concurrent", (0.18, 0.18), (2, 3, 4), {"users": 1500}),
        ("A/B of 1,000", "concurrent", (0.30, 0.30), (2, 3, 4), {"items": 1000, "users": 500}),
        ("releases", "releases", (0.385, 0.385), (8, 16), {"items": 1500, **few}),
        ("large releases", "releases", (0.20, 0.385), (12,), {"items": 6000, "judged": 1000}),
    )
    return [
        Case(name=f"{name}, {weeks}", design=design, size=sizes[k], at=at, fields=shocks | fields)
        for k, (weeks, shocks) in enumerate((("calm", CALM), ("shocks", STRONG)))
        for name, design, sizes, at, fields in rows
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Pilots, their plans and the watches after them; shape (changes, at), of `CHANGES`."""

    promised: Floats
    achieved: Floats


def run(task: tuple[Case, int]) -> Outcome:
    """Plan from a pilot and watch what follows, for each of `CHANGES`."""
    case, seed = task
    watch = {"weekly": _stream, "concurrent": _experiment, "releases": _releases}[case.design]
    found = [watch(case, phi, SEED + seed) for phi in CHANGES]
    return Outcome(*(np.array(part, dtype=np.float64) for part in zip(*found, strict=True)))


def _change(case: Case, phi: float) -> dict[str, Any]:
    return {"real": case.size} if phi else {"gamed": case.size}


def _first(looks: Sequence[Look], phi: float) -> float:
    """Return after how many periods the right verdict was first said."""
    said = "improvement" if phi else "gaming"
    return next((look.period + 1 for look in looks if look.verdict == said), math.inf)


def _stream(case: Case, phi: float, seed: int) -> tuple[list[float], list[bool]]:
    scenario = replace(SCENARIOS["null"], **_change(case, phi), **case.fields)
    cells = cells_of(simulate_arrays(scenario, seed), scenario)
    pilot = pilot_of(cells, WEEKLY, rise=expected(scenario).judge)
    chance = stream_power(pilot, StreamAim(), phi, seed=seed)[int(phi)]
    first = _first(backtest_cells(cells, WEEKLY), phi)
    return [float(chance[at - 1]) for at in case.at], [first <= at for at in case.at]


def _experiment(case: Case, phi: float, seed: int) -> tuple[list[float], list[bool]]:
    base = replace(EXPERIMENTS["a/a"], reference=PILOT, **_change(case, phi), **case.fields)
    arrays = simulate_arrays(base, seed)
    before, test = _split(cells_of(arrays, base))
    pilot = pilot_of(before, AB, rise=expected(base).judge)
    chance = experiment_power(pilot, ExperimentAim(), phi, seed=seed)[int(phi)]

    def known(end: dt.datetime, /) -> Cells:
        return _split(cells_of(arrays, base, end + PILOT * AB.step))[1]

    first = _first(concurrent_looks(test, AB, as_of=known), phi)
    return [float(chance[at - 1]) for at in case.at], [first <= at for at in case.at]


def _releases(case: Case, phi: float, seed: int) -> tuple[list[float], list[bool]]:
    promised, achieved = [], []
    for count in case.at:
        rng = np.random.default_rng(seed)
        product = replace(RELEASES["null"].scenario, **case.fields)
        steps = {name: size / (count - 1) for name, size in _change(case, phi).items()}
        drawn = draw_releases(
            replace(RELEASES["null"], count=count, scenario=product, **steps), rng
        )
        whole = replace(
            drawn, monitored=PILOT + count, releases=(Release(),) * PILOT + drawn.releases
        )
        before, later = _split(cells_of(simulate_arrays(whole, rng), whole))
        ends = (Release(), Release(**_change(case, phi)))
        truth = replace(drawn, releases=ends, monitored=2)
        pilot = pilot_of(before, replace(AB, arm=None), rise=expected(truth).judge)
        power = releases_power(pilot, ReleasesAim(counts=(count,)), phi, seed=seed)[int(phi)]
        promised.append(float(power[0]))
        looks = release_looks(later, replace(SEQUENCE, horizon="default"))
        achieved.append(_first(looks, phi) <= count)
    return promised, achieved


def _split(cells: Cells) -> tuple[Cells, Cells]:
    """Return the pilot and what comes after it, whose periods count from 0."""
    late = cells.keys["period"] >= PILOT
    before, after = (
        replace(
            cells,
            keys={name: values[here] for name, values in cells.keys.items()},
            sums={name: values[here] for name, values in cells.sums.items()},
        )
        for here in (~late, late)
    )
    after.keys["period"] -= PILOT
    moved = None if cells.last is None else cells.last - PILOT * AB.step
    return before, replace(after, last=moved)


HEAD = ("watch", "after", "nothing gained: promised / achieved", "all gained", "mean apart")


def goals_of(
    case: Case, found: Sequence[Outcome], rows: list[Sequence[object]], *, slack: bool = False
) -> list[Goal]:
    """Add a case's lines to the table and return its goals; with `slack` two errors wider."""
    promised = np.mean([one.promised for one in found], 0)
    each = np.array([one.achieved for one in found])
    achieved = each.mean(0)
    apart = promised.mean(0) - achieved.mean(0)
    error = each.mean(1).std(0) / math.sqrt(len(found))
    goals = []
    for k, at in enumerate(case.at):
        pairs = [f"{promised[i, k]:.0%} / {achieved[i, k]:.0%}" for i in range(len(CHANGES))]
        rows.append((case.name, at, *pairs, f"{100 * apart[k]:+.0f}"))
        bound = round(NEAR + 2 * slack * float(error[k]), 3)
        what = f"promised and achieved apart, {case.name}, after {at}"
        goals.append(Goal(what, abs(float(apart[k])), bound))
    return goals


def measure(
    runs: int = 200, *, jobs: int = 1, of: Sequence[Case] = (), slack: bool = False
) -> list[Goal]:
    """Simulate, print the table, and return the goals."""
    rows: list[Sequence[object]] = [HEAD]
    goals: list[Goal] = []
    with Pool(jobs) as pool:
        for case in of or cases():
            tasks = [(case, seed) for seed in range(runs)]
            goals += goals_of(case, pool.map(run, tasks, chunksize=10), rows, slack=slack)
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    for line in table(rows):
        print(line)
    return goals


def main() -> None:
    """Measure, and print the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="only watches whose name begins like this")
    options = parser.parse_args()
    chosen = [case for case in cases() if case.name.startswith(options.only)]
    for goal in measure(options.runs, jobs=options.jobs, of=chosen):
        print(goal)


if __name__ == "__main__":
    main()
