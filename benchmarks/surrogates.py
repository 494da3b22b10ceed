"""Part: verdicts whose slope is blended from records and past A/Bs, with the truth known.

python -m benchmarks.surrogates [--runs 1000] [--jobs 1] [--only WORD]

Records overstate what a judge point is worth 1, 1.5, 3 or 5 times; 0 to 20 A/Bs lie in the ledger;
of the new A/B's judge rise users get all, half (the boundary), a fifth or nothing. `known`: the
same test by one who knows what a judge point is worth. `before`: the figures of the first design,
measured on simulations of its own, at one look and on ledgers without gamed tests.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from dataclasses import dataclass, field, replace
from multiprocessing import Pool
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from benchmarks.meter import Goal, table
from trueup.goodhart.ledger import Effect, Past
from trueup.goodhart.ledger.blend import blend
from trueup.testing.histories import Past as Truth
from trueup.testing.histories import simulate_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from trueup.testing.histories import Effects

    Floats = NDArray[np.float64]

PHIS = (1.0, 0.5, 0.2, 0.0)
C = 0.5
ALPHA = 0.05
RECORDS_ERROR = 0.05
"""Relative standard error of what records say."""
LEVEL = 0.95
"""Of the interval of phi."""
FALSE, BOUNDARY = 0.07, 0.10
BEHIND: Mapping[int, float] = {3: 0.20, 10: 0.10}
"""By past A/Bs: how far power against nothing gained may stay behind that of a known slope."""
LOOKS = 4
STEP = 1.733
"""The boundary of four looks, in standard errors at the last."""
INFORMATION = np.array([0.02, 0.63, 0.35])
"""Part of what is known about users that each signal brings."""

BEFORE: Mapping[tuple[float, int], tuple[float, float, float, float]] = {
    (1, 0): (0, 0.2, 8, 39), (1, 3): (0, 3, 31, 69), (1, 10): (0, 5, 40, 79),
    (1.5, 0): (0, 1, 13, 43), (1.5, 1): (0.2, 3, 22, 55), (1.5, 3): (0, 4, 31, 63),
    (1.5, 10): (0.2, 5, 34, 72),
    (3, 0): (0.2, 5, 26, 53), (3, 1): (0, 6, 26, 50), (3, 3): (0.3, 5, 28, 51),
    (3, 10): (0.6, 6, 29, 54),
    (5, 0): (2.1, 17, 39, 62), (5, 1): (0.5, 9, 26, 43), (5, 3): (0.1, 7, 19, 38),
    (5, 10): (0.4, 6, 18, 36),
}  # fmt: skip
"""Gaming said at `PHIS`, in %, by overstatement and past A/Bs."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of ledger."""

    name: str
    truth: Truth
    looks: int = 1
    goals: bool = True

    @property
    def before(self) -> tuple[float, ...]:
        """Figures of the first design, where the cell is one of its table's."""
        own = self.name == _plain(self.truth)
        return BEFORE.get((self.truth.overstatement, self.truth.past), ()) if own else ()


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of runs, one for each of `PHIS`."""

    gaming: Floats
    improvement: Floats
    known: Floats
    covered: Floats
    """How often the interval of phi held it, not counting what a version does beside the judge."""
    runs: int
    overstatement: float = field(default=0.0)
    """Median over runs of the posterior's median."""


def _plain(truth: Truth) -> str:
    return f"{truth.overstatement:g}x, {truth.past} A/Bs"


def cells() -> list[Cell]:
    """Return all kinds of ledgers."""
    plain = [Truth(overstatement=m, past=k) for m in (1, 1.5, 3, 5) for k in (0, 1, 3, 10)]
    found = [Cell(_plain(t), t) for t in plain]
    found += [Cell(f"four looks, {_plain(t)}", t, looks=LOOKS) for t in plain]
    for name, rises in (("winners only", (0.12, 0.12)), ("small winners only", (0.06, 0.06))):
        for m in (1.5, 3, 5):
            for k in (3, 10):
                truth = Truth(overstatement=m, past=k, winners=True, rises=rises)
                found.append(Cell(f"{name}, {_plain(truth)}", truth))
    for m in (1.5, 3, 5):
        for k in (3, 10, 20):
            truth = Truth(overstatement=m, past=k, gamed=0.25)
            found.append(Cell(f"25 % gamed, {_plain(truth)}", truth))
    for m in (1.5, 3):
        for k in (3, 10):
            truth = Truth(overstatement=m, past=k, varies=0.5, varies_now=0.5)
            found.append(Cell(f"worth varies by half, {_plain(truth)}", truth, goals=False))
            truth = Truth(overstatement=m, past=k, direct=0.0, varies_now=0.2)
            found.append(Cell(f"nothing direct, {_plain(truth)}", truth))
            truth = Truth(overstatement=m, past=k, judge_error=0.05)
            found.append(Cell(f"a tenth judged, {_plain(truth)}", truth))
            truth = Truth(overstatement=m, past=k, more=4)
            found.append(Cell(f"four times the outputs, {_plain(truth)}", truth))
    return found


def composed(effects: Effects, weights: Floats) -> Effect:
    """Return effects in units of a composite."""
    matrix = effects.covariance
    return Effect(
        rise=effects.judge,
        gain=effects.signals @ weights,
        rise_variance=matrix[:, 0, 0].copy(),
        gain_variance=np.einsum("i,kij,j->k", weights, matrix[:, 1:, 1:], weights),
        covariance=matrix[:, 0, 1:] @ weights,
    )


def past_of(effects: Effects, weights: Floats) -> Past:
    """Return past tests in units of a composite."""
    one = composed(effects, weights)
    return Past(
        rise=np.asarray(one.rise),
        gain=np.asarray(one.gain),
        rise_variance=np.asarray(one.rise_variance),
        gain_variance=np.asarray(one.gain_variance),
        covariance=np.asarray(one.covariance),
    )


def looked_at(new: Effect, looks: int, rng: np.random.Generator) -> list[Effect]:
    """Return a test as it was seen after each equal part of its data, the whole last."""
    if looks == 1:
        return [new]
    matrix = [[new.rise_variance[0], new.covariance[0]], [new.covariance[0], new.gain_variance[0]]]  # type: ignore[index]
    parts = rng.multivariate_normal((0, 0), np.array(matrix) / looks, looks).cumsum(0)
    found = []
    for k in range(1, looks + 1):
        off = (parts[k - 1] - k / looks * parts[-1]) * looks / k
        scale = looks / k
        found.append(
            Effect(
                rise=new.rise + off[0],
                gain=new.gain + off[1],
                rise_variance=np.asarray(new.rise_variance) * scale,
                gain_variance=np.asarray(new.gain_variance) * scale,
                covariance=np.asarray(new.covariance) * scale,
            )
        )
    return found


def run(task: tuple[Cell, int]) -> Floats:
    """Return, for each of `PHIS`, what was said in one simulated ledger.

    Columns: gaming, improvement, gaming by the known slope, phi in its interval, overstatement.
    """
    cell, seed = task
    seeds = [zlib.crc32(cell.name.encode()), seed]
    drawn = [
        simulate_ledger(replace(cell.truth, phi=phi), np.random.default_rng(seeds)) for phi in PHIS
    ]
    weights = INFORMATION / drawn[0].records
    posterior = blend(1.0, RECORDS_ERROR, past_of(drawn[0].past, weights))
    tests = [composed(one.new, weights) for one in drawn]
    new = Effect(
        rise=np.concatenate([t.rise for t in tests]),
        gain=np.concatenate([t.gain for t in tests]),
        rise_variance=np.concatenate([t.rise_variance for t in tests]),
        gain_variance=np.concatenate([t.gain_variance for t in tests]),
        covariance=np.concatenate([t.covariance for t in tests]),
    )
    said = np.zeros((len(PHIS), 5))
    for number, look in enumerate(looked_at(new, cell.looks, np.random.default_rng(seeds)), 1):
        bar = STEP * (cell.looks / number) ** 0.5 if cell.looks > 1 else -special.ndtri(ALPHA)
        level = special.ndtr(bar)
        up = look.rise > bar * np.sqrt(look.rise_variance)
        due = C / cell.truth.overstatement
        error = look.gain_variance - 2 * due * look.covariance + due**2 * look.rise_variance
        known = (look.gain - due * look.rise) / np.sqrt(error) < -bar
        open_ = said[:, 0] + said[:, 1] == 0
        said[:, 0] += open_ & up & (posterior.below(C, look) > level)
        said[:, 1] += open_ & up & (posterior.above(C, look) > level) & (said[:, 0] == 0)
        said[:, 2] = np.maximum(said[:, 2], up & known)
    chance = posterior.below(PHIS, new)
    said[:, 3] = (chance > (1 - LEVEL) / 2) & (chance < (1 + LEVEL) / 2)
    said[:, 4] = posterior.overstatement[0]
    return said


def shares(found: Sequence[Floats]) -> Shares:
    """Return what was said how often."""
    every = np.array(found)
    mean = every.mean(0)
    median = float(np.median(every[:, 0, 4]))
    return Shares(mean[:, 0], mean[:, 1], mean[:, 2], mean[:, 3], len(found), median)


HEAD = ("ledger", "gaming at phi 1 / .5", ".2 / 0", "before", "known 0",
        "improvement 1 / .5", ".2 / 0", "phi covered", "overstated")  # fmt: skip


def row(cell: Cell, found: Shares) -> list[object]:
    """Return a cell's line of the table, in %."""
    before = cell.before
    return [
        cell.name,
        _pair(found.gaming[:2]),
        _pair(found.gaming[2:]),
        f"{before[0]:g} / {before[1]:g}, {before[2]:g} / {before[3]:g}" if before else "",
        f"{found.known[3]:.0%}",
        _pair(found.improvement[:2]),
        _pair(found.improvement[2:]),
        f"{found.covered.min():.1%} to {found.covered.max():.1%}",
        f"{found.overstatement:.2g}",
    ]


def _pair(parts: Floats) -> str:
    return " / ".join(
        f"{100 * part:.1f}" if part < FALSE else f"{100 * part:.0f}" for part in parts
    )


def goals_of(cell: Cell, found: Shares, *, slack: bool = False) -> list[Goal]:
    """Return the limits; with `slack` two standard errors of few runs wider."""
    if not cell.goals:
        return []

    def off(share: float) -> float:
        return 2 * slack * math.sqrt(share * (1 - share) / found.runs)

    past, times = cell.truth.past, cell.truth.overstatement
    goals = [
        Goal(f"false gaming, {cell.name}", float(found.gaming[0]), round(FALSE + off(FALSE), 3))
    ]
    if past or times < 5:  # noqa: PLR2004 - without any A/B nothing speaks against records
        bound = round(BOUNDARY + off(BOUNDARY), 3)
        goals.append(Goal(f"boundary, {cell.name}", float(found.gaming[1]), bound))
    if past in BEHIND and cell.truth == Truth(overstatement=times, past=past):
        behind = float(found.known[3] - found.gaming[3])
        bound = BEHIND[past] + off(BEHIND[past])
        goals.append(Goal(f"power behind a known slope, {cell.name}", behind, round(bound, 3)))
    return goals


def measure(
    runs: int = 1000, *, jobs: int = 1, of: Sequence[Cell] = (), slack: bool = False
) -> list[Goal]:
    """Simulate cells, print the table, and return the limits."""
    rows: list[Sequence[object]] = [HEAD]
    goals: list[Goal] = []
    with Pool(jobs) as pool:
        for cell in of or cells():
            tasks = [(cell, seed) for seed in range(runs)]
            found = shares(pool.map(run, tasks, chunksize=25))
            rows.append(row(cell, found))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
            goals += goals_of(cell, found, slack=slack)
    for line in table(rows):
        print(line)
    return goals


def main() -> None:
    """Measure, and print the limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="only ledgers whose name holds this")
    options = parser.parse_args()
    chosen = [cell for cell in cells() if options.only in cell.name]
    for goal in measure(options.runs, jobs=options.jobs, of=chosen):
        print(goal)


if __name__ == "__main__":
    main()
