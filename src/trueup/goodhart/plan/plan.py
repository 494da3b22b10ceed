"""Before a watch begins: what a decision needs, what would help most, and what cannot help.

    plan = plan_watch(pilot_of(cells, spec, rise=0.2), spec)          # from a reference window
    plan = plan_watch(Pilot(items=3000, judge_spread=1.1, rise=0.2, reliability=0.55,
                            signals=(PilotSignal(name="retries", rate=1.0, spread=0.46,
                                                 worth=0.2),)), design="concurrent")
    plan.message

Power is that of the tests themselves on simulated means (`plan_stream`, `plan_experiment`,
`plan_releases`), with their boundaries. What is planned holds for a rise that comes at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from trueup.goodhart.history import lag_of
from trueup.goodhart.plan.experiment import ExperimentAim, experiment_power
from trueup.goodhart.plan.levers import Lever, levers_of, scaled
from trueup.goodhart.plan.past import Believed, believed
from trueup.goodhart.plan.pilot import Pilot, PilotSignal, pilot_of
from trueup.goodhart.plan.releases import ReleasesAim, releases_power
from trueup.goodhart.plan.stream import StreamAim, stream_power

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.plan.levers import Aim
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]

__all__ = ["Believed", "Curve", "Lever", "Pilot", "PilotSignal", "Plan", "pilot_of", "plan_watch"]

Planned = Literal["weekly", "concurrent", "releases"]

PHIS = (0.0, 0.2, 1.0)
TARGET = 0.8
MOST = 64.0
"""Traffic is searched up to so many times that of the pilot."""
STEPS = 7
MUCH = 0.05
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The chance of the right verdict, as time goes on.

    Attributes:
        phi: Part of the expected gain that users get.
        finds: The right verdict.
        after: Numbers of periods (of releases in `releases`).
        chance: Of that verdict by then.
        wrong: Of the opposite verdict by then.
    """

    phi: float
    finds: Literal["gaming", "improvement"]
    after: tuple[int, ...]
    chance: tuple[float, ...]
    wrong: tuple[float, ...]

    def reaches(self, target: float) -> int | None:
        """Return after how many periods the chance is at least so high; None where never."""
        pairs = zip(self.after, self.chance, strict=True)
        return next((after for after, chance in pairs if chance >= target), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a decision needs.

    Attributes:
        design: How versions would be compared.
        pilot: What is known, or was stated.
        target: Chance of the right verdict to plan for.
        curves: For no gain, a fifth of it and all of it.
        periods: After how many periods both gaming and a gain are found at `target`; None where
            not within the plan.
        outputs: Outputs a period that reach `target` by the end of the plan; None where no traffic
            does.
        limit: Chance at the end of the plan with `MOST` times the traffic.
        helps: What would help, most first.
        traffic_helps: Whether more traffic would.
        believed: The smallest judge gain worth believing and what one more A/B adds, by the
            ledger, or what is missing.
        message: The same in words.
    """

    design: str
    pilot: Pilot
    target: float
    curves: tuple[Curve, ...]
    periods: int | None
    outputs: int | None
    limit: float
    helps: tuple[Lever, ...]
    traffic_helps: bool
    believed: Believed
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """Works out power for a pilot and an aim, everything else held fixed."""

    runs: int | None
    seed: int

    def power(self, pilot: Pilot, aim: Aim, phi: float) -> tuple[Floats, Floats]:
        more = {} if self.runs is None else {"runs": self.runs}
        if isinstance(aim, ExperimentAim):
            return experiment_power(pilot, aim, phi, seed=self.seed, **more)
        if isinstance(aim, ReleasesAim):
            return releases_power(pilot, aim, phi, seed=self.seed, **more)
        return stream_power(pilot, aim, phi, seed=self.seed, **more)

    def chances(self, pilot: Pilot, aim: Aim) -> Floats:
        """Return the smaller of the chances to find gaming and to find a gain, over time."""
        return np.minimum(self.power(pilot, aim, 0.0)[0], self.power(pilot, aim, 1.0)[1])


def plan_watch(
    pilot: Pilot,
    spec: WatchSpec | None = None,
    *,
    design: Planned = "weekly",
    aim: Aim | None = None,
    target: float = TARGET,
    compare: bool = True,
    runs: int | None = None,
    seed: int = 0,
) -> Plan:
    """Return what a decision needs in a design.

    Chances are those of verdicts that rest on records; what a ledger changes is in `believed`.

    Args:
        pilot: From `pilot_of`, or stated by hand. In `releases` its `items` are those of a release
            and its rise is that from the first release to the last.
        spec: What will be watched; the usual settings where left out.
        design: How versions will be compared.
        aim: Settings in detail, instead of those of the spec.
        target: Chance of the right verdict to plan for.
        compare: Whether to work out what would help most.
        runs: Simulated histories for each figure; enough for 2 to 3 points where left out.
        seed: Equal seeds give equal plans.

    Raises:
        DataError: The spec's ledger cannot be read.
    """
    wanted = aim or aim_of(spec, design)
    engine = _Engine(runs=runs, seed=seed)
    after = _after(wanted)
    powers = [engine.power(pilot, wanted, phi) for phi in PHIS]
    curves = tuple(
        _curve(phi, after, gamed, real, wanted.c)
        for phi, (gamed, real) in zip(PHIS, powers, strict=True)
    )
    both = np.minimum(powers[0][0], powers[-1][1])
    limit = float(engine.chances(scaled(pilot, MOST), wanted)[-1])
    helps: list[Lever] = []
    if compare:
        helps = levers_of(pilot, wanted, both, engine.chances)
    twice = next((lever for lever in helps if lever.kind == "traffic"), None)
    found = Plan(
        design=design if aim is None else _design(aim),
        pilot=pilot,
        target=target,
        curves=curves,
        periods=next((a for a, p in zip(after, both, strict=True) if p >= target), None),
        outputs=_outputs(pilot, wanted, target, limit, engine),
        limit=limit,
        helps=tuple(helps),
        traffic_helps=limit >= target or (twice is not None and twice.then - twice.now >= MUCH),
        believed=believed(pilot, wanted, spec, seed=seed),
    )
    return replace(found, message=" ".join(_sentences(found)))


def aim_of(spec: WatchSpec | None, design: Planned) -> Aim:
    """Return the settings of a design that a spec asks for."""
    if spec is None:
        usual: dict[str, Aim] = {
            "weekly": StreamAim(), "concurrent": ExperimentAim(), "releases": ReleasesAim()
        }  # fmt: skip
        return usual[design]
    if design == "concurrent":
        return ExperimentAim(
            looks=spec.looks("concurrent") or ExperimentAim().looks,
            alpha=spec.alpha, c=spec.c, overstate=spec.overstate,
        )  # fmt: skip
    if design == "releases":
        return ReleasesAim(alpha=spec.alpha, c=spec.c, overstate=spec.overstate)
    return StreamAim(
        reference=spec.reference, horizon=spec.looks("weekly"), lag=lag_of(spec),
        alpha=spec.alpha, c=spec.c, overstate=spec.overstate,
        known=not isinstance(spec.starts, str),
    )  # fmt: skip


def _design(aim: Aim) -> str:
    if isinstance(aim, ExperimentAim):
        return "concurrent"
    return "releases" if isinstance(aim, ReleasesAim) else "weekly"


def _after(aim: Aim) -> tuple[int, ...]:
    if isinstance(aim, ReleasesAim):
        return aim.counts
    count = aim.looks if isinstance(aim, ExperimentAim) else aim.lag + aim.weeks
    return tuple(range(1, count + 1))


def _curve(phi: float, after: Sequence[int], gamed: Floats, real: Floats, c: float) -> Curve:
    finds: Literal["gaming", "improvement"] = "gaming" if phi < c else "improvement"
    right, wrong = (gamed, real) if phi < c else (real, gamed)
    return Curve(
        phi=phi, finds=finds, after=tuple(after),
        chance=tuple(float(x) for x in right), wrong=tuple(float(x) for x in wrong),
    )  # fmt: skip


def _outputs(pilot: Pilot, aim: Aim, target: float, limit: float, engine: _Engine) -> int | None:
    """Return the outputs a period that reach the target by the end of the plan."""
    if limit < target:
        return None
    low, high = -np.log(MOST), np.log(MOST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        enough = float(engine.chances(scaled(pilot, float(np.exp(middle))), aim)[-1]) >= target
        low, high = (low, middle) if enough else (middle, high)
    return _rounded(pilot.items * float(np.exp(high)))


def _rounded(count: float) -> int:
    digits = max(len(str(int(count))) - 2, 0)
    return int(-(-count // 10**digits) * 10**digits)


def _sentences(plan: Plan) -> list[str]:
    unit = "releases" if plan.design == "releases" else "periods"
    each = "release" if plan.design == "releases" else "period"
    pilot = plan.pilot
    parts = [
        f"Planned for {pilot.items:,.0f} outputs a {each} and a judge's rise of {pilot.rise:.2f}."
    ]
    nothing, fifth, real = plan.curves
    for curve, what in (
        (nothing, "A rise with nothing behind it is found"),
        (fifth, "one with a fifth of its gain behind it"),
        (real, "a real gain is confirmed"),
    ):
        parts.append(_reached(curve, what, plan.target, unit))
    parts = [parts[0], "; ".join(parts[1:]) + "."]
    parts.append(_traffic(plan, nothing.after[-1], each, unit))
    best = [lever for lever in plan.helps if lever.gain >= MUCH / 2 and lever.then > lever.now][
        :SHOWN
    ]
    if best:
        parts.append(f"What would help most: {'; '.join(lever.sentence for lever in best)}.")
    parts.append(plan.believed.sentence)
    return parts


def _traffic(plan: Plan, end: int, each: str, unit: str) -> str:
    """Say what traffic is needed, or that none is enough."""
    if plan.outputs is not None:
        return (
            f"A chance of {plan.target:.0%} to find either, nothing or all of the gain, within "
            f"{end} {unit} needs about {plan.outputs:,} outputs a {each}."
        )
    stays = f"even {MOST:.0f} times as much finds either with a chance of {plan.limit:.0%} only"
    if plan.traffic_helps:
        return f"More traffic helps but is not enough: {stays}."
    mend = {
        "weekly": "Users held back on the old version would help, or more periods",
        "releases": "Users held back on the first version would help, or more releases",
        "concurrent": "A longer test, or other signals, would help",
    }[plan.design]
    return (
        f"More traffic cannot help: {stays}, because {unit} differ by more than their outputs "
        f"explain. {mend}."
    )


def _reached(curve: Curve, what: str, target: float, unit: str) -> str:
    when = curve.reaches(target)
    if when is None:
        return f"{what} with a chance of {curve.chance[-1]:.0%} within {curve.after[-1]} {unit}"
    return f"{what} with a chance of {target:.0%} within {when} {unit}"
