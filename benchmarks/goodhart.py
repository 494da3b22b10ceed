"""Operating characteristics of Goodhart detectors on simulated histories with known truth.

python -m benchmarks.goodhart [--runs N] [--detector NAME|module:function ...] [SCENARIO ...]

Each run simulates 12 reference and 26 monitored weeks and asks a detector at the end of every
monitored week. A detector is a function (frame, spec) -> one verdict per monitored week; two
common rules are included, as they are met in dashboards. `--set items=1000` changes a scenario.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from trueup.goodhart import Signal, WatchSpec, backtest
from trueup.testing.histories import SCENARIOS, TABLE, Scenario, simulate_history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def row(name: str, detector: str, runs: Sequence[Run]) -> tuple[str, list[str]]:
    """Return a row of the table, and what it misses."""
    scenario, limit = CASES[name], LIMITS.get(name, Limit())
    alarms = 100 * float(np.mean([run.alarm is not None for run in runs]))
    weeks = [run.alarm for run in runs if run.alarm is not None]
    week = float(np.median(weeks)) if weeks else None
    gains = 100 * float(np.mean([run.gained for run in runs]))
    still = 100 * float(np.mean([run.last == "inconclusive" for run in runs]))
    known = [run.phi for run in runs if run.phi is not None]
    truth = scenario.phi
    covered = None
    if truth is not None and known:
        covered = 100 * float(np.mean([low <= truth <= high for _, low, high in known]))
    missed = [
        text
        for wrong, text in (
            (limit.alarms is not None and alarms > limit.alarms, f"alarms over {limit.alarms} %"),
            (limit.found is not None and alarms < limit.found, f"found under {limit.found} %"),
            (limit.week is not None and (week or 0) > limit.week, f"later than week {limit.week}"),
            (limit.gains is not None and gains < limit.gains, f"gains under {limit.gains} %"),
            (
                limit.wrong_gains is not None and gains > limit.wrong_gains,
                f"wrong gains over {limit.wrong_gains} %",
            ),
            (limit.open is not None and still < limit.open, f"open under {limit.open} %"),
        )
        if wrong and detector == "trueup"
    ]
    cells = [
        name, detector, scenario.truth, f"{alarms:.1f}", "-" if week is None else f"{week:.0f}",
        f"{gains:.1f}", f"{still:.1f}", "-" if covered is None else f"{covered:.1f}",
        "; ".join(missed) or "ok",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", missed


def main() -> int:
    """Print the table; return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", default=[], metavar="SCENARIO")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--detector", action="append", default=[])
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    options = parser.parse_args()
    changes = {k: float(v) if "." in v else int(v) for k, v in (s.split("=") for s in options.set)}
    names = options.scenarios or [*TABLE, *(n for n in LIMITS if n not in TABLE)]
    print("| scenario | detector | truth | gaming % | week | improvement % | open at the end % | "
          "phi covered % | limits |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    missed, begun = [], time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        for detector in options.detector or ["trueup"]:
            for name in names:
                watched = partial(one, name=name, detector=detector, changes=changes)
                seeds = range(options.seed, options.seed + options.runs)
                line, wrong = row(name, detector, list(pool.map(watched, seeds, chunksize=5)))
                missed += [f"{name}: {text}" for text in wrong]
                print(line, flush=True)
    print(f"\n{options.runs} runs each, {time.monotonic() - begun:.0f} s; "
          f"missed: {', '.join(missed) or 'nothing'}")  # fmt: skip
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
