"""Part 5: what an interval of alpha costs, over the least it can, and over looping a package."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import krippendorff
import numpy as np

from benchmarks.meter import Goal, median, run, say, table
from trueup.agreement.krippendorff import alpha

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_UNITS, _RATERS, _LEVELS, _MISSING = 100_000, 5, 5, 0.1
_SAME = 0.7
_RESAMPLES = 2_000
_LOOPED = 2
_TIMES = 5
_EXACT = 1e-12
_OURS, _BARE, _LOOP = "trueup alpha", "bare merged patterns", "loop over krippendorff"


def measure() -> list[Goal]:
    """Measure in a process of its own, print and return the goals."""
    said = run(["-m", "benchmarks.agreement"]).said
    seconds, ratio = said["seconds"], said["ratio"]
    rows: list[Sequence[object]] = [["ordinal alpha, 2,000 resamples", "CPU s", "x trueup"]]
    for name, spent in seconds.items():
        rows.append([name, f"{spent:.3f}", f"{spent / seconds[_OURS]:,.1f}"])
    for line in table(rows):
        print(line)
    print(f"{_UNITS:,} units x {_RATERS} raters, {_LEVELS} levels, {_MISSING:.0%} missing;")
    print(f"the loop is extrapolated from {_LOOPED} of its resamples.")
    return [
        Goal("CPU of alpha with its interval", seconds[_OURS], 0.5, " s"),
        Goal("the same over bare merged patterns", ratio, 1.5, " x"),
        Goal("difference from krippendorff", said["difference"], _EXACT),
    ]


def _simulated(rng: np.random.Generator) -> Floats:
    """Return ratings that repeat the unit's own level in 7 of 10 cases."""
    shape = (_UNITS, _RATERS)
    own, any_level = rng.integers(1, _LEVELS + 1, (_UNITS, 1)), rng.integers(1, _LEVELS + 1, shape)
    ratings = np.where(rng.random(shape) < _SAME, own, any_level).astype(np.float64)
    ratings[rng.random(shape) < _MISSING] = np.nan
    return ratings


def _bare(ratings: Floats, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return alpha and a percentile interval by the least work: nothing is checked or corrected.

    It is told the levels, and encodes the counts of a unit in one number as trueup does.
    """
    digits = np.append((_RATERS + 1) ** np.arange(_LEVELS), 0)
    key = digits[np.where(np.isnan(ratings), _LEVELS + 1, ratings).astype(np.int64) - 1].sum(axis=1)
    weight = np.bincount(key)
    keys = np.flatnonzero(weight)
    counts = (keys[:, None] // digits[:-1] % (_RATERS + 1)).astype(np.float64)
    rated = counts.sum(axis=1)
    keys, counts, rated = keys[rated > 1], counts[rated > 1], rated[rated > 1]
    weight = weight[keys]
    low, high = np.triu_indices(_LEVELS, 1)
    pairs = 2 * counts[:, low] * counts[:, high] / (rated - 1)[:, None]
    units = int(weight.sum())
    drawn = rng.multinomial(units, weight / units, _RESAMPLES)

    def alphas(times: NDArray[np.int64]) -> Floats:
        given = (times @ counts)[:, :, None]
        ranks = np.cumsum(given[..., 0], axis=1) - given[..., 0] / 2
        apart = (ranks[:, low] - ranks[:, high]) ** 2
        observed = ((times @ pairs) * apart).sum(axis=1)
        expected = 2 * (given[:, low, 0] * given[:, high, 0] * apart).sum(axis=1)
        return np.asarray(1 - (given.sum(axis=(1, 2)) - 1) * observed / expected)

    return float(alphas(weight[None])[0]), np.quantile(alphas(drawn), [0.025, 0.975])


def _loop(ratings: Floats, rng: np.random.Generator) -> None:
    for _ in range(_LOOPED):
        units = rng.integers(0, _UNITS, _UNITS)
        krippendorff.alpha(ratings[units].T, level_of_measurement="ordinal")


def _main() -> None:
    ratings = _simulated(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    steps: dict[str, Callable[[], object]] = {
        _OURS: lambda: alpha(ratings, level="ordinal", resamples=_RESAMPLES),
        _BARE: lambda: _bare(ratings, rng),
    }
    found: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(_TIMES + 1):
        for name, step in steps.items():
            spent = _spent(step)
            if turn:
                found[name].append(spent)
    exact = krippendorff.alpha(ratings.T, level_of_measurement="ordinal")
    loop = _spent(lambda: _loop(ratings, rng)) / _LOOPED * _RESAMPLES
    ours = alpha(ratings, level="ordinal", resamples=_RESAMPLES).estimate
    pairs = zip(found[_OURS], found[_BARE], strict=True)
    say(
        seconds={**{name: median(spent) for name, spent in found.items()}, _LOOP: loop},
        ratio=median(one / other for one, other in pairs),
        difference=max(abs(ours - exact), abs(_bare(ratings, rng)[0] - exact)),
    )


def _spent(step: Callable[[], object]) -> float:
    started = time.process_time()
    step()
    return time.process_time() - started


if __name__ == "__main__":
    _main()
