"""Part: a simulated year of weekly runs, many times over, with the truth known.

python -m benchmarks.drift [--years 1000] [--jobs 1] [--only WORD]

A cause is right where it is named at some look from the change on, wrong where anything else is
named at any look of the year, false alarms before the change included.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from dataclasses import dataclass, field, replace
from multiprocessing import Pool
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.meter import Goal, median, table
from trueup.agreement.drift import attribute, watch
from trueup.testing.weeks import Shift, Truth, simulate_weeks, week_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

YEARLY = 0.05
EARLIEST, LATEST = 13, 30
"""A change comes in one of these weeks, the same for all shifts of a scenario unless they say."""

JUDGE = Shift(cause="judge", week=0, size=0.1)
SAME = replace(JUDGE, fixed=True)
RATERS = Shift(cause="raters", week=0, size=0.1)
TRAFFIC = Shift(cause="traffic", week=0, size=0.2)
SYSTEM = Shift(cause="system", week=0, size=-0.08)
RUBRIC = Shift(cause="rubric", week=0, size=-0.08)
CHANGES = {
    "judge": JUDGE,
    "judge, the same items": SAME,
    "raters": RATERS,
    "traffic": TRAFFIC,
    "system": SYSTEM,
    "rubric": RUBRIC,
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A truth to simulate, and how often."""

    name: str
    truth: Truth
    years: float = 1.0
    """Part of the years asked for."""
    goals: bool = False
    later: int = 0
    """Weeks by which the second shift comes later."""


@dataclass(frozen=True, slots=True)
class Year:
    """What was said in a year."""

    alarm: bool
    right: bool
    wrong: tuple[str, ...]
    delay: int | None
    seen: dict[str, int] = field(default_factory=dict)


def scenarios() -> Iterator[Scenario]:
    """Yield all that is measured."""
    settings = {
        "2,000 items": Truth(),
        "300 items": Truth(items=300),
        "5 criteria, one moved": Truth(criteria=5),
    }
    for setting, truth in settings.items():
        yield Scenario(f"nothing; {setting}", truth, goals=True)
    for setting, truth in settings.items():
        part = 0.1 if truth.criteria > 1 else 0.3
        for name, shift in CHANGES.items():
            yield Scenario(f"{name}; {setting}", replace(truth, shifts=(shift,)), part, goals=True)
    quiet = {
        "pass rate .5": Truth(pass_rate=0.5),
        "pass rate .95": Truth(pass_rate=0.95, gap=0.05),
        "verdicts drawn anew": Truth(retest=1),
        "weekly shocks .02": Truth(shock=0.02, wobble=0.02),
        "weekly shocks .02, autocorrelation .3": Truth(shock=0.02, shock_rho=0.3, wobble=0.02),
        "weekly shocks .02, autocorrelation .5": Truth(shock=0.02, shock_rho=0.5),
        "weekly shocks .02, autocorrelation .7": Truth(shock=0.02, shock_rho=0.7),
        "a fifth of the weeks missing": Truth(missing=0.2),
        "20 anchors": Truth(anchors=20),
        "two years": Truth(weeks=104),
    }
    for setting, truth in quiet.items():
        yield Scenario(f"nothing; {setting}", truth, 0.3)
    rough = {
        **{name: quiet[name] for name in list(quiet)[:3]},
        "weekly shocks .02, autocorrelation .3": quiet["weekly shocks .02, autocorrelation .3"],
        "a fifth of the weeks missing": quiet["a fifth of the weeks missing"],
        "20 anchors": quiet["20 anchors"],
        "10 pairs, 20 labels of one": Truth(pairs=10, singles=20),
        "raters' error .1": Truth(rater_error=0.1),
    }
    for setting, truth in rough.items():
        for name, shift in CHANGES.items():
            if shift is not RUBRIC:
                yield Scenario(f"{name}; {setting}", replace(truth, shifts=(shift,)), 0.1)
    for name in ("judge", "raters", "system"):
        slow = replace(CHANGES[name], over=12)
        yield Scenario(f"{name}; over 12 weeks", Truth(shifts=(slow,)), 0.1)
    for first, second, later in (
        (TRAFFIC, JUDGE, 15), (JUDGE, SYSTEM, 15), (SYSTEM, JUDGE, 15), (RATERS, SYSTEM, 15),
        (JUDGE, SYSTEM, 0), (JUDGE, RATERS, 0), (SYSTEM, TRAFFIC, 0),
    ):  # fmt: skip
        when = f"{later} weeks apart" if later else "at once"
        name = f"{first.cause} and {second.cause}; {when}"
        yield Scenario(name, Truth(shifts=(first, second)), 0.1, later=later)


def year(task: tuple[Scenario, int]) -> Year:
    """Simulate a year and look at each of its weeks as it came."""
    scenario, seed = task
    rng = np.random.default_rng([zlib.crc32(scenario.name.encode()), seed])
    at = int(rng.integers(EARLIEST, LATEST + 1))
    shifts = [
        replace(shift, week=at + scenario.later * i)
        for i, shift in enumerate(scenario.truth.shifts)
    ]
    truth = replace(scenario.truth, shifts=tuple(shifts))
    watched = watch(simulate_weeks(truth, rng), yearly=YEARLY)
    last_year = watched.history["criterion-1"][-52:]
    rung = {watched.history[alarm.criterion][alarm.look].week for alarm in watched.alarms} & {
        week.week for week in last_year
    }
    declared = any(shift.cause == "rubric" for shift in shifts)
    seen: dict[str, int] = {}
    if shifts and (watched.alarms or declared):
        for week in range(truth.weeks):
            for change in attribute(watched, until=week_name(week)):
                for cause in change.causes:
                    seen.setdefault(cause.value, week)
    started: dict[str, int] = {shift.cause: shift.week for shift in shifts}
    right = bool(shifts) and all(seen.get(c, -1) >= week for c, week in started.items())
    wrong = tuple(c for c, week in seen.items() if week < started.get(c, truth.weeks))
    delay = max(seen[c] - week for c, week in started.items()) if right else None
    return Year(bool(rung), right, wrong, delay, seen)


def row(scenario: Scenario, years: Sequence[Year]) -> list[object]:
    """Return a scenario's line of the table."""
    n = len(years)
    delays = sorted(y.delay for y in years if y.delay is not None)
    blamed = [cause for y in years for cause in y.wrong]
    worst = max(set(blamed), key=blamed.count) if blamed else ""
    changed = bool(scenario.truth.shifts)
    return [
        scenario.name,
        n,
        f"{sum(y.alarm for y in years) / n:.1%}",
        f"{sum(y.right for y in years) / n:.1%}" if changed else "",
        f"{sum(bool(y.wrong) for y in years) / n:.1%} {worst}".strip() if changed else "",
        median(delays) if delays else "",
        delays[int(0.9 * len(delays))] if delays else "",
    ]


def goals_of(scenario: Scenario, years: Sequence[Year]) -> list[Goal]:
    """Return what the scenario should keep."""
    n = len(years)
    if not scenario.truth.shifts:
        slack = 2 * (YEARLY * (1 - YEARLY) / n) ** 0.5
        share = sum(y.alarm for y in years) / n
        return [Goal(f"alarms, {scenario.name}", share, YEARLY + slack)]
    right = sum(y.right for y in years) / n
    wrong = sum(bool(y.wrong) for y in years) / n
    return [
        Goal(f"right cause, {scenario.name}", right, 0.8, at_least=True),
        Goal(f"wrong cause, {scenario.name}", wrong, 0.05),
    ]


def measure(years: int = 1000, *, jobs: int = 1, only: str = "") -> list[Goal]:
    """Simulate every scenario, print the table as it grows, and return the goals."""
    rows: list[list[object]] = [
        ["what changed; setting", "years", "alarm", "right", "wrong", "delay", "90 %"]
    ]
    goals: list[Goal] = []
    with Pool(jobs) as pool:
        for scenario in scenarios():
            if only not in scenario.name:
                continue
            tasks = [(scenario, seed) for seed in range(round(years * scenario.years))]
            found = pool.map(year, tasks, chunksize=8)
            rows.append(row(scenario, found))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
            goals += goals_of(scenario, found) if scenario.goals else []
    for line in table(rows):
        print(line)
    return goals


def main() -> None:
    """Measure, and print the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="only scenarios whose name holds this")
    options = parser.parse_args()
    for goal in measure(options.years, jobs=options.jobs, only=options.only):
        print(goal)


if __name__ == "__main__":
    main()
