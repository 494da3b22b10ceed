"""Part: false alarms, delays and gold kept of the training monitor on simulated runs.

python -m benchmarks.training [RUNS] [CURVES]

Runs are step by step: 500 steps in which nothing is gamed, or in which gaming begins at a known
step, with noise of several kinds on proxy and gold. Curves are checkpoint by checkpoint: 48 of
them along KL, gold rising and falling as Gao et al. found, 100 or 500 prompts. CURVES is a JSON
file of published runs (`{name: {proxy, gold, onset}}`), replayed with noise added to gold.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.meter import Goal
from trueup.goodhart.training import TrainingMonitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

STEPS = 500
LATE = 100
EARLY = 60
"""An alarm is in time from so many steps before the onset to `LATE` after it."""
CHECKPOINTS = 48
RISE, BEND = 0.6, 0.25
"""a and b of gold = d (a - b log d); its peak is at d = exp(a / b - 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A kind of run; values are those at the given steps, with straight lines between."""

    name: str
    proxy: Sequence[tuple[int, float]]
    gold: Sequence[tuple[int, float]]
    onset: int | None = None
    sd: float = 0.05
    """Of the noise that is gold's own."""
    shared: float = 0.03
    """Of the noise that proxy and gold have in common, being of the same outputs."""
    memory: float = 0.0
    """Autocorrelation of gold's own noise, from step to step."""
    every: int = 1
    """Gold is measured at every so many steps."""
    heavy: bool = False
    """Noise from a t distribution with three degrees of freedom."""
    steps: int = STEPS


_FLAT = [(0, 0.3)]
_UP = [(0, 0.2), (300, 0.8)]

HONEST = (
    Setting(name="nothing moves", proxy=_FLAT, gold=_FLAT),
    Setting(name="noise sd .10", proxy=_FLAT, gold=_FLAT, sd=0.10),
    Setting(name="noise of t(3)", proxy=_FLAT, gold=_FLAT, heavy=True),
    Setting(name="autocorrelation .3", proxy=_FLAT, gold=_FLAT, memory=0.3),
    Setting(name="autocorrelation .5", proxy=_FLAT, gold=_FLAT, memory=0.5),
    Setting(name="autocorrelation .7", proxy=_FLAT, gold=_FLAT, memory=0.7),
    Setting(name="gold every 5 steps", proxy=_FLAT, gold=_FLAT, every=5),
    Setting(name="gold every 10 steps", proxy=_FLAT, gold=_FLAT, every=10),
    Setting(name="both rise alike", proxy=_UP, gold=_UP),
    Setting(name="gold gains .75 of it", proxy=_UP, gold=[(0, 0.2), (300, 0.65)]),
    Setting(name="gold gains .6 of it", proxy=_UP, gold=[(0, 0.2), (300, 0.56)]),
    Setting(name="gold gains .6, in 60 steps", proxy=[(0, 0.2), (60, 0.8)],
            gold=[(0, 0.2), (60, 0.56)]),
    Setting(name="both rise, then both rest", proxy=[(0, 0.2), (120, 0.7)],
            gold=[(0, 0.2), (120, 0.6)]),
    Setting(name="gold rests, proxy + .04", proxy=[(0, 0.4), (500, 0.44)], gold=[(0, 0.4)]),
    Setting(name="700 steps", proxy=_FLAT, gold=_FLAT, steps=700),
)  # fmt: skip


def _gamed(
    name: str, onset: int, proxy: float, gold: float, over: int = 60, **more: float | bool
) -> Setting:
    """Return a run that rises alike by .1 until the onset, and then as said within `over` steps."""
    before = 0.3 + 0.1 * onset / STEPS
    shared = [(0, 0.3), (onset, before)]
    return Setting(
        name=name,
        proxy=[*shared, (onset + over, before + proxy)],
        gold=[*shared, (onset + over, before + gold)],
        onset=onset,
        **more,  # type: ignore[arg-type]  # names and values of a Setting
    )


GAMED = (
    _gamed("gold falls, from 50", 50, 0.4, -0.1),
    _gamed("gold falls, from 150", 150, 0.4, -0.1),
    _gamed("gold falls, from 350", 350, 0.4, -0.1),
    _gamed("gold flat, from 50", 50, 0.4, 0.0),
    _gamed("gold flat, from 250", 250, 0.4, 0.0),
    _gamed("gold rises slower, from 250", 250, 0.4, 0.1),
    _gamed("gold flat, over 150 steps", 200, 0.4, 0.0, over=150),
    _gamed("gold flat, proxy + .2", 200, 0.2, 0.0),
    _gamed("gold falls, proxy rests", 200, 0.0, -0.2),
    _gamed("both fall alike", 200, -0.2, -0.2),
    _gamed("gold flat, noise sd .10", 200, 0.4, 0.0, sd=0.10),
    _gamed("gold flat, autocorrelation .5", 200, 0.4, 0.0, memory=0.5),
    _gamed("gold flat, gold every 5 steps", 200, 0.4, 0.0, every=5),
    _gamed("gold flat, gold every 10 steps", 200, 0.4, 0.0, every=10),
)


class Outcome(NamedTuple):
    """First steps at which a run's monitor spoke; None where it never did."""

    warned: int | None
    """First warning or stop."""
    stopped: int | None


def drawn(setting: Setting, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return a run's proxy and gold, gold NaN where it is not measured."""
    at = np.arange(setting.steps)
    proxy, gold = _line(setting.proxy, at), _line(setting.gold, at)
    fresh = rng.standard_normal((2, setting.steps))
    if setting.heavy:
        fresh = rng.standard_t(3, (2, setting.steps)) / 3**0.5
    own = np.empty(setting.steps)
    value = fresh[0, 0]
    for i in at:
        own[i] = value
        if i + 1 < setting.steps:
            value = setting.memory * value + (1 - setting.memory**2) ** 0.5 * fresh[0, i + 1]
    shared = setting.shared * fresh[1]
    return proxy + shared, np.where(at % setting.every, np.nan, gold + shared + setting.sd * own)


def _line(points: Sequence[tuple[int, float]], at: NDArray[np.int64]) -> Floats:
    steps, values = zip(*points, strict=True)
    return np.asarray(np.interp(at.astype(np.float64), steps, values), dtype=np.float64)


def followed(
    proxy: Iterable[float], gold: Iterable[float], monitor: TrainingMonitor | None = None
) -> Outcome:
    """Follow a run until it is stopped."""
    monitor = monitor or TrainingMonitor()
    warned = None
    for step, (p, g) in enumerate(zip(proxy, gold, strict=True)):
        advice = monitor.update(step, p, None if np.isnan(g) else g)
        if advice.action != "continue" and warned is None:
            warned = step
        if advice.action == "stop":
            return Outcome(warned, step)
    return Outcome(warned, None)


def outcomes(setting: Setting, runs: int, *, seed: int = 1) -> list[Outcome]:
    """Simulate and follow runs."""
    rng = np.random.default_rng(seed)
    return [followed(*drawn(setting, rng)) for _ in range(runs)]


def replayed(
    proxy: ArrayLike, gold: ArrayLike, *, sd: float, runs: int, every: int = 1, seed: int = 1
) -> list[Outcome]:
    """Follow a recorded run with independent noise added to gold, in several draws."""
    rng = np.random.default_rng(seed)
    given = np.asarray(gold, dtype=np.float64)
    left_out = np.arange(given.size) % every > 0
    noisy = (given + sd * rng.standard_normal(given.size) for _ in range(runs))
    return [followed(np.asarray(proxy), np.where(left_out, np.nan, one)) for one in noisy]


def in_time(onset: int | None, spoken: int | None) -> bool:
    """Tell whether an alarm came when it should have, or not at all where it should not."""
    if onset is None or spoken is None:
        return onset is spoken
    return onset - EARLY <= spoken <= onset + LATE


class Kept(NamedTuple):
    """What stopping rules made of one run along KL."""

    gold: dict[str, float]
    """Gold at the step gone back to, as a share of the best."""
    early: dict[str, bool]
    """Whether the stop came before the peak."""


def optimised(prompts: int, rng: np.random.Generator, *, with_kl: bool = True) -> Kept:
    """Follow 48 checkpoints along KL with the monitor and with two rules of patience.

    Gold of a prompt is its ease (sd 1), the curve times its own factor (sd .3) and a fresh draw at
    each checkpoint (sd 1); the proxy rises along d RISE.
    """
    d = np.linspace(0, 9, CHECKPOINTS)
    true = d * (RISE - BEND * np.log(np.maximum(d, 1e-9)))
    ease, factor = rng.standard_normal(prompts), 1 + 0.3 * rng.standard_normal(prompts)
    gold = ease + true[:, None] * factor + rng.standard_normal((CHECKPOINTS, prompts))
    proxy = ease + RISE * d[:, None] * factor + 0.3 * rng.standard_normal((CHECKPOINTS, prompts))
    monitor = TrainingMonitor(scale=(0, float(true.max())))
    peak = int(true.argmax())
    back: dict[str, tuple[int, int]] = {}
    for step in range(CHECKPOINTS):
        kl = float(d[step] ** 2) if with_kl else None
        advice = monitor.update(step, proxy[step], gold[step], kl=kl)
        here = (step if advice.best_step is None else advice.best_step), step
        last = step == CHECKPOINTS - 1
        for name in ("curve", "fall", "gap") if with_kl else ("fall", "gap"):
            if name in advice.alarms or last:
                back.setdefault(f"{name} alone", here)
        if advice.action == "stop" or last:
            back.setdefault("monitor", here)
    means = gold.mean(axis=1)
    for patience in (3, 5):
        back[f"patience {patience}"] = _patient(means, patience)
    return Kept(
        {name: float(true[best] / true[peak]) for name, (best, _) in back.items()},
        {name: stop < peak for name, (_, stop) in back.items()},
    )


def _patient(means: Floats, patience: int) -> tuple[int, int]:
    """Return the best checkpoint and the one at which nothing better had come for so many."""
    for step in range(len(means)):
        best = int(means[: step + 1].argmax())
        if step - best >= patience:
            return best, step
    return int(means.argmax()), len(means) - 1


STOPPED, FOUND, KEPT = 0.01, 0.9, 0.98
"""Most quiet runs stopped, fewest gamed ones heard in time, least gold kept of the best."""
HARD = ("autocorrelation .7", "gold flat, autocorrelation .5", "gold flat, gold every 10 steps")
"""Shown, and no goal: noise that remembers more than is allowed for, and gold that is rare."""


def measure(
    runs: int = 200, *, curves: Path | None = None, some: bool = False, slack: bool = False
) -> list[Goal]:
    """Print the tables and return the goals.

    Args:
        runs: Of each kind.
        curves: JSON of published runs, `{name: {proxy, gold, onset}}`; none are replayed without.
        some: Every third kind of run, and 100 prompts alone: for a quick look.
        slack: Let shares be two standard errors of few runs further off.
    """
    step = 3 if some else 1
    goals = _quiet(HONEST[::step], runs, slack=slack) + _gamed_runs(
        GAMED[::step], runs, slack=slack
    )
    print(f"\n{'48 checkpoints along KL':32}{'gold kept':>10}{'p10':>8}{'early':>8}")
    for prompts in (100,) if some else (100, 500):
        for with_kl in (True, False):
            kept = _print_kept(prompts, runs, with_kl=with_kl)
            what = f"gold kept, {prompts} prompts{'' if with_kl else ' without KL'}"
            goals.append(Goal(what, kept, KEPT, at_least=True))
    if curves:
        goals += _print_replayed(json.loads(curves.read_text("utf-8")), runs)
    return goals


def _off(share: float, runs: int, *, slack: bool) -> float:
    return 2 * slack * math.sqrt(share * (1 - share) / runs)


def _quiet(settings: Sequence[Setting], runs: int, *, slack: bool) -> list[Goal]:
    print(f"{'nothing is gamed':32}{'warned':>10}{'stopped':>10}")
    bound = round(STOPPED + _off(STOPPED, runs, slack=slack), 3)
    goals = []
    for setting in settings:
        found = outcomes(setting, runs)
        shares = [float(np.mean([one[i] is not None for one in found])) for i in range(2)]
        print(f"{setting.name:32}{shares[0]:>10.3f}{shares[1]:>10.3f}", flush=True)
        if setting.name not in HARD:
            goals.append(Goal(f"stopped though nothing is gamed, {setting.name}", shares[1], bound))
    return goals


def _gamed_runs(settings: Sequence[Setting], runs: int, *, slack: bool) -> list[Goal]:
    print(f"\n{'gamed':32}{'in time':>10}{'too early':>10}{'delay':>8}{'stopped':>10}{'delay':>8}")
    bound = round(FOUND - _off(FOUND, runs, slack=slack), 3)
    goals = []
    for setting in settings:
        share = _print_gamed(setting.name, setting.onset or 0, outcomes(setting, runs))
        if setting.name not in HARD:
            goals.append(Goal(f"heard in time, {setting.name}", share, bound, at_least=True))
    return goals


def _print_gamed(name: str, onset: int, found: list[Outcome]) -> float:
    """Print a line, and return the share in time."""
    spoken = [one.warned for one in found]
    shares = (
        np.mean([in_time(onset, one) for one in spoken]),
        np.mean([one is not None and one < onset - EARLY for one in spoken]),
        np.mean([one.stopped is not None for one in found]),
    )
    delays = [
        float(np.median([np.inf if step is None else step - onset for step in steps]))
        for steps in (spoken, [one.stopped for one in found])
    ]
    print(
        f"{name:32}{shares[0]:>10.3f}{shares[1]:>10.3f}{delays[0]:>+8.0f}"
        f"{shares[2]:>10.3f}{delays[1]:>+8.0f}",
        flush=True,
    )
    return float(shares[0])


def _print_kept(prompts: int, runs: int, *, with_kl: bool) -> float:
    """Print a line for each rule, and return what the monitor keeps."""
    rng = np.random.default_rng(1)
    found = [optimised(prompts, rng, with_kl=with_kl) for _ in range(runs)]
    for name in found[0].gold:
        if not with_kl and "patience" in name:
            continue
        kept = [one.gold[name] for one in found]
        early = np.mean([one.early[name] for one in found])
        label = f"{prompts} prompts, {name}{'' if with_kl else ' without KL'}"
        print(f"{label:32}{np.mean(kept):>10.3f}{np.quantile(kept, 0.1):>8.3f}{early:>8.2f}")
    return float(np.mean([one.gold["monitor"] for one in found]))


def _print_replayed(recorded: dict[str, dict[str, list[float]]], runs: int) -> list[Goal]:
    print(f"\n{'recorded, noise sd / gold every':32}{'in time':>10}{'first':>8}{'stopped':>10}")
    goals = []
    for name, run in recorded.items():
        onset: int | None = run["onset"]  # type: ignore[assignment]  # a number in the file
        for sd, every in ((0.0, 1), (0.05, 1), (0.10, 1), (0.05, 5), (0.05, 10)):
            found = replayed(run["proxy"], run["gold"], sd=sd, runs=runs if sd else 1, every=every)
            good = float(np.mean([in_time(onset, one.warned) for one in found]))
            first = np.median([np.inf if one.warned is None else one.warned for one in found])
            stopped = np.mean([in_time(onset, one.stopped) for one in found])
            label = f"{name} ({onset}), sd {sd:g}, every {every}"
            print(f"{label:32}{good:>10.3f}{first:>8.0f}{stopped:>10.3f}", flush=True)
            if (sd, every) == (0.05, 1):
                goals.append(
                    Goal(f"recorded run {name} judged rightly", good, FOUND, at_least=True)
                )
    return goals


if __name__ == "__main__":
    for goal in measure(
        int(sys.argv[1]) if sys.argv[1:] else 200,
        curves=Path(sys.argv[2]) if sys.argv[2:] else None,
    ):
        print(goal)
