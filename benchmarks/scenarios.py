"""Scenarios: the simulated years that drift is measured on, those of the goals and rougher ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.agreement.drift import Count
from trueup.testing.weeks import Shift, Truth, simulate_weeks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trueup.agreement.drift import Week

    History = Mapping[str, tuple[Week, ...]]

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
_LOWEST = 0.1
"""Part of the full volume that the emptiest week has, where volumes differ."""


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
    once: bool = False
    """The shifts last one week."""
    twist: Callable[[History, np.random.Generator], History] | None = None
    """What is done to a history that the simulator has no word for."""

    def history(self, truth: Truth, seed: list[int]) -> History:
        """Return a year of this scenario; `truth` has its shifts' weeks set."""
        rng = np.random.default_rng(seed)
        found: History = simulate_weeks(truth, rng)
        if self.once:
            (at,) = {shift.week for shift in truth.shifts}
            # of one seed, so that the same verdicts stick to the same anchors
            calm = simulate_weeks(replace(truth, shifts=()), np.random.default_rng(seed))
            found = {
                name: tuple(calm[name][i] if i != at else week for i, week in enumerate(weeks))
                for name, weeks in found.items()
            }
        return self.twist(found, rng) if self.twist else found


def merged(history: History, _: np.random.Generator) -> History:
    """Return a history in which nobody tells the segments apart."""
    return {
        name: tuple(
            replace(week, judged={"": Count(*np.sum([*week.judged.values()], axis=0).tolist())})
            for week in weeks
        )
        for name, weeks in history.items()
    }


def thinned(history: History, rng: np.random.Generator) -> History:
    """Return a history whose weeks have from a tenth to all of the verdicts."""

    def part(count: Count, share: float) -> Count:
        of = round(share * count.of)
        return Count(int(rng.hypergeometric(count.hits, count.of - count.hits, of)), of)

    return {
        name: tuple(
            replace(week, judged={key: part(n, share) for key, n in week.judged.items()})
            for week, share in zip(weeks, rng.uniform(_LOWEST, 1, len(weeks)), strict=True)
        )
        for name, weeks in history.items()
    }


def of_the_goals() -> Iterator[Scenario]:
    """Yield the settings that have goals."""
    settings = {
        "2,000 items": Truth(),
        "300 items": Truth(items=300),
        "5 criteria, one moved": Truth(criteria=5),
    }
    for setting, truth in settings.items():
        yield Scenario(f"nothing; {setting}", truth, goals=True)
    for setting, truth in settings.items():
        for name, shift in CHANGES.items():
            yield Scenario(f"{name}; {setting}", replace(truth, shifts=(shift,)), 0.2, goals=True)


def quiet() -> Iterator[Scenario]:
    """Yield years in which nothing changes, but that are rougher than what was planned for."""
    settings = {
        "pass rate .5": Truth(pass_rate=0.5),
        "pass rate .95": Truth(pass_rate=0.95, gap=0.05),
        "verdicts drawn anew": Truth(retest=1),
        "weekly shocks .02": Truth(shock=0.02, wobble=0.02),
        "shocks .02, autocorrelation .3": Truth(shock=0.02, shock_rho=0.3),
        "shocks .02, autocorrelation .5": Truth(shock=0.02, shock_rho=0.5),
        "shocks .02, autocorrelation .7": Truth(shock=0.02, shock_rho=0.7),
        "shocks .02, autocorrelation .9": Truth(shock=0.02, shock_rho=0.9),
        "shocks .05, autocorrelation .7": Truth(shock=0.05, shock_rho=0.7),
        "a fifth of the weeks missing": Truth(missing=0.2),
        "half of the weeks missing": Truth(missing=0.5),
        "20 anchors": Truth(anchors=20),
        "no anchors": Truth(anchors=0),
        "10 pairs": Truth(pairs=10),
        "8 criteria": Truth(criteria=8),
        "two years": Truth(weeks=104),
    }
    for setting, truth in settings.items():
        yield Scenario(f"nothing; {setting}", truth)
    yield Scenario("nothing; no segments", Truth(), twist=merged)
    yield Scenario("nothing; unequal volume", Truth(), twist=thinned)
    shaken = Truth(shock=0.02, shock_rho=0.3)
    yield Scenario("nothing; unequal volume, shocks .02, .3", shaken, twist=thinned)


def rough() -> Iterator[Scenario]:
    """Yield years in which one thing changes, in settings that were not planned for."""
    settings = {
        "pass rate .5": Truth(pass_rate=0.5),
        "pass rate .95": Truth(pass_rate=0.95, gap=0.05),
        "verdicts drawn anew": Truth(retest=1),
        "shocks .02, autocorrelation .3": Truth(shock=0.02, shock_rho=0.3),
        "shocks .02, autocorrelation .5": Truth(shock=0.02, shock_rho=0.5),
        "shocks .02, autocorrelation .7": Truth(shock=0.02, shock_rho=0.7),
        "a fifth of the weeks missing": Truth(missing=0.2),
        "20 anchors": Truth(anchors=20),
        "no anchors": Truth(anchors=0),
        "10 pairs": Truth(pairs=10),
        "10 pairs, 20 labels of one": Truth(pairs=10, singles=20),
        "8 criteria, one moved": Truth(criteria=8),
        "raters' error .1": Truth(rater_error=0.1),
    }
    for setting, truth in settings.items():
        for name, shift in CHANGES.items():
            if shift is not RUBRIC:
                yield Scenario(f"{name}; {setting}", replace(truth, shifts=(shift,)), 0.2)
    for setting, twist in (("no segments", merged), ("unequal volume", thinned)):
        for name, shift in CHANGES.items():
            if shift is not RUBRIC:
                yield Scenario(f"{name}; {setting}", Truth(shifts=(shift,)), 0.2, twist=twist)


def in_time() -> Iterator[Scenario]:
    """Yield changes that are slow, short, or two."""
    for name in ("judge", "judge, the same items", "raters", "system"):
        for weeks in (12, 26):
            slow = replace(CHANGES[name], over=weeks)
            yield Scenario(f"{name}; over {weeks} weeks", Truth(shifts=(slow,)), 0.2)
        yield Scenario(f"{name}; for one week", Truth(shifts=(CHANGES[name],)), 0.2, once=True)
    for first, second, later in (
        (JUDGE, SYSTEM, 0), (JUDGE, SYSTEM, 10), (SYSTEM, JUDGE, 10), (TRAFFIC, JUDGE, 10),
        (RATERS, SYSTEM, 10), (JUDGE, RATERS, 0), (SYSTEM, TRAFFIC, 0),
    ):  # fmt: skip
        when = f"{later} weeks apart" if later else "at once"
        name = f"{first.cause} and {second.cause}; {when}"
        yield Scenario(name, Truth(shifts=(first, second)), 0.2, later=later)
