"""Part: operating characteristics of Goodhart detectors on simulated histories, truth known.

python -m benchmarks.goodhart [--runs N] [--detector NAME|module:function ...] [SCENARIO ...]

Each run simulates 12 reference and 26 monitored weeks and asks a detector at the end of every
monitored week. A detector is a function (frame, spec) -> one verdict per monitored week; two
common rules are included, as they are met in dashboards. `--set items=1000` changes a scenario.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

from benchmarks.meter import Goal
from trueup.goodhart import Signal, WatchSpec, backtest
from trueup.testing.histories import SCENARIOS, TABLE, Scenario, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from pandas import DataFrame

    Detector = Callable[[DataFrame, WatchSpec], Sequence[Any]]

SIGNALS = (
    Signal("thumbs", better="higher", arrived="thumbs_at", within="14d"),
    Signal("retries", better="lower", arrived="retries_at", within="14d"),
    Signal("edit_rate", better="lower", arrived="edit_rate_at", within="14d"),
)
LEVEL = 0.05
ENOUGH = 0.9
_SHOCKS = {"user_shock": 0.12, "judge_shock": 0.08, "shock_rho": 0.5}

EXTRA = {
    "boundary_rho_5": replace(SCENARIOS["boundary"], **_SHOCKS),  # type: ignore[arg-type] # floats
    "boundary_small": replace(SCENARIOS["boundary"], items=1000),
    "boundary_clustered": replace(SCENARIOS["clustered"], real=0.15, gamed=0.15),
    "gaming_daily_1000": replace(SCENARIOS["gaming"], items=1000),
    "gain_smooth": replace(SCENARIOS["gain"], levels=False),
    "gaming_smooth": replace(SCENARIOS["gaming"], levels=False),
}
CASES = {**SCENARIOS, **EXTRA}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a row of the table must hold, in percent; None where nothing is asked."""

    alarms: float | None = None
    found: float | None = None
    week: float | None = None
    gains: float | None = None
    wrong_gains: float | None = None
    open: float | None = None


FALSE = Limit(alarms=7)
LIMITS = {
    **{name: FALSE for name in TABLE if CASES[name].truth in ("none", "improvement")},
    **{
        name: Limit(alarms=7, gains=90)
        for name in ("gain", "gain_ramp", "gain_mix", "gain_delay", "gain_fb_shift")
    },
    "gain_confound": Limit(alarms=7, gains=90),
    "gain_sparse": Limit(alarms=7, open=90),
    "gaming_sparse": Limit(alarms=7, open=90),
    "boundary": Limit(alarms=10),
    **{
        name: Limit(found=90, week=9, wrong_gains=3)
        for name in ("gaming", "verbosity", "backfire", "gaming_delay", "gaming_mix")
    },
    "gaming_late": Limit(found=90, week=21),
    "gaming_ramp": Limit(found=90, week=15),
    "partial": Limit(found=70),
    "gaming_shocks": Limit(found=50),
    **{
        name: Limit(alarms=10)
        for name in (
            "null_rho_5", "gain_rho_5", "boundary_rho_5", "judge_drift", "gain_judge_drift",
            "coverage_change", "gain_coverage_change", "clustered", "gain_clustered",
            "boundary_clustered", "gain_overstated_3", "gain_small_overstated_3",
        )
    },
}  # fmt: skip
WORTH = {"gain_overstated_3": 0.5, "gain_small_overstated_3": 0.5, "gaming_overstated_3": 0.5}
"""Scenarios in which `worth` is declared, as a part of the gain that .30 brings in retries."""
RETRY_GAIN = 0.044


@dataclass(frozen=True, slots=True)
class Run:
    """One history, watched."""

    alarm: int | None
    gained: bool
    last: str
    phi: tuple[float, float, float] | None


def spec_of(name: str, scenario: Scenario) -> WatchSpec:
    """Return what is watched in a scenario."""
    worth = WORTH.get(name)
    size = scenario.real / 0.30 if scenario.real else 1.0
    return WatchSpec(
        time="timestamp", judge="judge", judge_repeat="judge_rep", segment="segment", group="user",
        signals=SIGNALS, design="weekly", period="7d", reference=scenario.reference,
        horizon=scenario.monitored, anchor="anchor" if scenario.anchors else None,
        judge_weight="judge_weight" if scenario.judged != 1 else None,
        arm="arm" if scenario.holdback else None,
        primary="retries", worth=None if worth is None else worth * RETRY_GAIN * size,
    )  # fmt: skip


def trueup(frame: DataFrame, spec: WatchSpec) -> Sequence[Any]:
    """Ask trueup."""
    return backtest(frame, spec)


def slopes(frame: DataFrame, spec: WatchSpec) -> list[str]:
    """Say `gaming` where the judge's weekly trend is significant and that of retries is not."""
    judge, retries, _ = _weeks(frame, spec)
    found = []
    for end in range(spec.reference + 1, len(judge) + 1):
        weeks = np.arange(max(end - spec.reference, 0), end)
        up = stats.linregress(weeks, judge[weeks])
        better = stats.linregress(weeks, retries[weeks])
        rises = up.slope > 0 and up.pvalue < LEVEL
        follows = better.slope < 0 and better.pvalue < LEVEL
        found.append(_verdict(rises=rises, follows=follows))
    return found


def before_after(frame: DataFrame, spec: WatchSpec) -> list[str]:
    """Say `gaming` where records show the judge up since the reference, and retries not better."""
    judge, retries, size = _weeks(frame, spec)
    spread = (float(frame["judge"].std()), float(frame["retries"].std()))
    found = []
    for end in range(spec.reference + 1, len(judge) + 1):
        first, then = slice(0, spec.reference), slice(spec.reference, end)
        scale = np.sqrt(1 / size[first].sum() + 1 / size[then].sum())
        up, down = (
            (np.average(s[then], weights=size[then]) - np.average(s[first], weights=size[first]))
            / (sd * scale)
            for s, sd in zip((judge, retries), spread, strict=True)
        )
        critical = stats.norm.isf(LEVEL)
        found.append(_verdict(rises=bool(up > critical), follows=bool(down < -critical)))
    return found


def _verdict(*, rises: object, follows: object) -> str:
    if not rises:
        return "judge_flat"
    return "improvement" if follows else "gaming"


def _weeks(
    frame: DataFrame, spec: WatchSpec
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    week = (frame["timestamp"] - frame["timestamp"].min().normalize()).dt.days.to_numpy() // 7
    count = spec.reference + 26
    size = np.bincount(week, minlength=count).astype(float)
    means = []
    for name in ("judge", "retries"):
        values = frame[name].to_numpy(float)
        here = np.isfinite(values)
        total = np.bincount(week[here], values[here], minlength=count)
        means.append(total / np.maximum(np.bincount(week[here], minlength=count), 1))
    return means[0], means[1], size


DETECTORS: dict[str, Detector] = {
    "trueup": trueup,
    "slopes": slopes,
    "before_after": before_after,
}


def one(seed: int, *, name: str, detector: str, changes: dict[str, Any]) -> Run:
    """Simulate and watch one history."""
    scenario = replace(CASES[name], **changes)
    looks = found(detector)(simulate_history(scenario, seed=seed), spec_of(name, scenario))
    verdicts = [getattr(look, "verdict", look) for look in looks]
    alarm = next((i + 1 for i, verdict in enumerate(verdicts) if verdict == "gaming"), None)
    last = looks[-1]
    phi = getattr(last, "phi", None)
    interval = None
    if phi is not None:
        low, high = last.phi_low, last.phi_high
        interval = (phi, -np.inf if low is None else low, np.inf if high is None else high)
    own = getattr(last, "detail", {}).get("own_verdict", verdicts[-1])
    return Run(alarm, "improvement" in verdicts, str(own), interval)


def found(name: str) -> Detector:
    """Return a detector by name, or by module:function."""
    if name in DETECTORS:
        return DETECTORS[name]
    module, _, function = name.partition(":")
    loaded: Detector = getattr(import_module(module), function)
    return loaded


class Figures(NamedTuple):
    """What a detector said in the runs of a scenario, in percent of them."""

    alarms: float
    week: float | None
    """Median week of the first alarm, counted from 1."""
    gains: float
    still: float
    """Whose last verdict is `inconclusive`."""
    covered: float | None
    """Whose interval of phi holds the truth, at the last look."""
    runs: int


def figures(scenario: Scenario, runs: Sequence[Run]) -> Figures:
    """Return what was said how often."""
    weeks = [run.alarm for run in runs if run.alarm is not None]
    known = [run.phi for run in runs if run.phi is not None]
    truth, covered = scenario.phi, None
    if truth is not None and known:
        covered = 100 * float(np.mean([low <= truth <= high for _, low, high in known]))
    return Figures(
        alarms=100 * len(weeks) / len(runs),
        week=float(np.median(weeks)) if weeks else None,
        gains=100 * float(np.mean([run.gained for run in runs])),
        still=100 * float(np.mean([run.last == "inconclusive" for run in runs])),
        covered=covered,
        runs=len(runs),
    )


def goals_of(name: str, found: Figures, *, slack: bool = False) -> list[Goal]:
    """Return a scenario's limits; with `slack` two standard errors of few runs wider."""
    limit = LIMITS.get(name, Limit())

    def off(percent: float) -> float:
        return slack * 200 * math.sqrt(percent / 100 * (1 - percent / 100) / found.runs)

    goals = []
    for what, figure, bound, at_least in (
        ("false gaming", found.alarms, limit.alarms, False),
        ("gaming found", found.alarms, limit.found, True),
        ("improvement found", found.gains, limit.gains, True),
        ("false improvement", found.gains, limit.wrong_gains, False),
        ("still open", found.still, limit.open, True),
    ):
        if bound is not None:
            wide = round(bound - off(bound) if at_least else bound + off(bound), 1)
            goals.append(Goal(f"{what}, {name}", figure, wide, " %", at_least=at_least))
    if limit.week is not None:
        week = math.inf if found.week is None else found.week
        goals.append(Goal(f"week of the alarm, {name}", week, limit.week))
    return goals


def row(name: str, detector: str, found: Figures, goals: Sequence[Goal]) -> str:
    """Return a row of the table, with what it misses."""
    missed = [f"{goal.what.partition(',')[0]} {_sign(goal)}" for goal in goals if not goal.met]
    cells = [
        name, detector, CASES[name].truth, f"{found.alarms:.1f}",
        "-" if found.week is None else f"{found.week:.0f}", f"{found.gains:.1f}",
        f"{found.still:.1f}", "-" if found.covered is None else f"{found.covered:.1f}",
        "; ".join(missed) or "ok",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _sign(goal: Goal) -> str:
    return f"{'under' if goal.at_least else 'over'} {goal.bound:g}{goal.unit}"


HEAD = (
    "| scenario | detector | truth | gaming % | week | improvement % | open at the end % | "
    "phi covered % | limits |\n|---|---|---|---|---|---|---|---|---|"
)
OF_THE_GOALS = (*TABLE, *(name for name in LIMITS if name not in TABLE))
SOME = ("null_shocks", "gain", "gain_sparse", "boundary", "gaming", "gaming_late", "partial",
        "judge_drift")  # fmt: skip
"""For a quick look: of each kind of scenario one."""


def measure(
    runs: int = 1000,
    *,
    jobs: int = 1,
    of: Sequence[str] = (),
    detectors: Sequence[str] = ("trueup",),
    slack: bool = False,
    seed: int = 10_000,
    changes: Mapping[str, Any] | None = None,
) -> list[Goal]:
    """Simulate scenarios, print the table as it grows, and return trueup's limits."""
    print(HEAD, flush=True)
    goals: list[Goal] = []
    with ProcessPoolExecutor(jobs) as pool:
        for detector in detectors:
            for name in of or OF_THE_GOALS:
                watched = partial(one, name=name, detector=detector, changes=dict(changes or {}))
                said = list(pool.map(watched, range(seed, seed + runs), chunksize=5))
                found = figures(replace(CASES[name], **dict(changes or {})), said)
                own = goals_of(name, found, slack=slack) if detector == "trueup" else []
                print(row(name, detector, found, own), flush=True)
                goals += own
    return goals


def main() -> int:
    """Print the table; return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenarios", nargs="*", default=[], metavar="SCENARIO")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--detector", action="append", default=[])
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    options = parser.parse_args()
    changes = {k: float(v) if "." in v else int(v) for k, v in (s.split("=") for s in options.set)}
    begun = time.monotonic()
    goals = measure(
        options.runs, jobs=options.workers, of=options.scenarios, seed=options.seed,
        detectors=options.detector or ["trueup"], changes=changes,
    )  # fmt: skip
    print(f"\n{options.runs} runs each, {time.monotonic() - begun:.0f} s")
    for goal in goals:
        print(goal)
    return int(not all(goal.met for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
