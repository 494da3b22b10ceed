"""Part: a simulated year of weekly runs, many times over, with the truth known.

python -m benchmarks.drift [--years 1000] [--jobs 1] [--beyond] [--only WORD]

A cause is right where it is named at some look from the change on (both, where two things change),
wrong where anything else is named at any look of the year, false alarms before the change
included. Inconclusive: an alarm rang, and none was named; silent: none rang.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from multiprocessing import Pool
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.meter import Goal, median, table
from benchmarks.scenarios import Scenario, in_time, of_the_goals, quiet, rough
from trueup.agreement.drift import attribute, watch
from trueup.agreement.drift.week import ordinal
from trueup.testing.weeks import week_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.agreement.drift import Watch

YEAR = 52
RIGHT, WRONG = 0.8, 0.05
YEARLY = 0.05
EARLIEST, LATEST = 13, 30
"""A change comes in one of these weeks, the same for all shifts of a scenario unless they say."""


@dataclass(frozen=True, slots=True)
class Year:
    """What was said in a year."""

    alarm: bool
    """Whether any rang in the last 52 weeks."""
    after: int | None
    """Weeks from the change to the first alarm from then on; 0 in the week of the change."""
    right: bool
    wrong: tuple[str, ...]
    delay: int | None
    """Weeks from the change until its cause was named."""
    named: bool
    """Whether any cause was."""


def year(task: tuple[Scenario, int]) -> Year:
    """Simulate a year and look at each of its weeks as it came."""
    scenario, seed = task
    seeds = [zlib.crc32(scenario.name.encode()), seed]
    at = int(np.random.default_rng(seeds).integers(EARLIEST, LATEST + 1))
    shifts = [
        replace(shift, week=at + scenario.later * i)
        for i, shift in enumerate(scenario.truth.shifts)
    ]
    truth = replace(scenario.truth, shifts=tuple(shifts))
    watched = watch(scenario.history(truth, seeds), yearly=YEARLY)
    rung = sorted(ordinal(alarm.seen) for alarm in watched.alarms)
    begin = ordinal(week_name(truth.weeks - YEAR))
    change = ordinal(week_name(at))
    seen = _named(watched, truth.weeks) if shifts else {}
    started: dict[str, int] = {shift.cause: shift.week for shift in shifts}
    right = bool(shifts) and all(seen.get(c, -1) >= week for c, week in started.items())
    return Year(
        alarm=any(day >= begin for day in rung),
        after=next(((day - change) // 7 for day in rung if day >= change), None),
        right=right,
        wrong=tuple(c for c, week in seen.items() if week < started.get(c, truth.weeks)),
        delay=max(seen[c] - week for c, week in started.items()) if right else None,
        named=bool(seen),
    )


def _named(watched: Watch, weeks: int) -> dict[str, int]:
    """Return each cause that was named, and the first week in which it was."""
    seen: dict[str, int] = {}
    for week in range(weeks):
        for change in attribute(watched, until=week_name(week)):
            for cause in change.causes:
                seen.setdefault(cause.value, week)
    return seen


HEAD = ("what changed; setting", "years", "alarm", "right", "wrong", "inconclusive", "silent",
        "weeks to alarm", "to cause", "to cause, 90 %")  # fmt: skip


def row(scenario: Scenario, years: Sequence[Year]) -> list[object]:
    """Return a scenario's line of the table."""
    n = len(years)
    alarms = _share(sum(y.alarm for y in years), n)
    if not scenario.truth.shifts:
        return [scenario.name, n, alarms, *[""] * (len(HEAD) - 3)]
    delays = sorted(y.delay for y in years if y.delay is not None)
    after = [y.after for y in years if y.after is not None]
    blamed = Counter(cause for y in years for cause in y.wrong)
    worst = f" {blamed.most_common(1)[0][0]}" if blamed else ""
    return [
        scenario.name,
        n,
        alarms,
        _share(sum(y.right for y in years), n),
        _share(sum(bool(y.wrong) for y in years), n) + worst,
        f"{sum(y.after is not None and not y.named for y in years) / n:.1%}",
        f"{sum(y.after is None and not y.named for y in years) / n:.1%}",
        f"{median(after):g}" if after else "",
        f"{median(delays):g}" if delays else "",
        delays[int(0.9 * len(delays))] if delays else "",
    ]


def _share(count: int, of: int) -> str:
    """Return a share with its standard error."""
    share = count / of
    return f"{share:.1%} ± {math.sqrt(share * (1 - share) / of):.1%}"


def goals_of(scenario: Scenario, years: Sequence[Year], *, slack: bool) -> list[Goal]:
    """Return what the scenario should keep; with `slack` less two standard errors of few years."""
    n = len(years)

    def off(share: float) -> float:
        return 2 * math.sqrt(share * (1 - share) / n)

    if not scenario.truth.shifts:
        share = sum(y.alarm for y in years) / n
        return [Goal(f"alarms, {scenario.name}", share, round(YEARLY + off(YEARLY), 3))]
    right = sum(y.right for y in years) / n
    wrong = sum(bool(y.wrong) for y in years) / n
    least, most = RIGHT - slack * off(RIGHT), WRONG + slack * off(WRONG)
    return [
        Goal(f"right cause, {scenario.name}", right, round(least, 3), at_least=True),
        Goal(f"wrong cause, {scenario.name}", wrong, round(most, 3)),
    ]


def measure(
    years: int = 1000, *, jobs: int = 1, of: Iterable[Scenario] = (), slack: bool = False
) -> list[Goal]:
    """Simulate scenarios, print the table as it grows, and return the goals."""
    rows: list[Sequence[object]] = [HEAD]
    goals: list[Goal] = []
    with Pool(jobs) as pool:
        for scenario in of or of_the_goals():
            tasks = [(scenario, seed) for seed in range(round(years * scenario.years))]
            found = pool.map(year, tasks, chunksize=8)
            rows.append(row(scenario, found))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
            goals += goals_of(scenario, found, slack=slack) if scenario.goals else []
    for line in table(rows):
        print(line)
    return goals


def main() -> None:
    """Measure, and print the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--beyond", action="store_true", help="the settings without goals")
    parser.add_argument("--only", default="", help="only scenarios whose name holds this")
    options = parser.parse_args()
    every = (quiet(), rough(), in_time()) if options.beyond else (of_the_goals(),)
    chosen = [one for part in every for one in part if options.only in one.name]
    for goal in measure(options.years, jobs=options.jobs, of=chosen):
        print(goal)


if __name__ == "__main__":
    main()
