"""What could be changed before a watch begins, and how much each change would help."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueup.goodhart.plan.experiment import ExperimentAim
from trueup.goodhart.plan.releases import ReleasesAim
from trueup.goodhart.plan.stream import StreamAim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from trueup.goodhart.plan.pilot import Pilot

    Floats = NDArray[np.float64]

Aim = StreamAim | ExperimentAim | ReleasesAim

HELD = 0.2
NEARLY = 0.95
MANY_REPEATS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One change.

    Attributes:
        kind: traffic, feedback, judged, repeats, twice, holdback, longer, reference or deploys.
        what: The change in words.
        now: Chance of a decision at the end of the plan as it is.
        then: With the change.
        gain: What it adds to the chance, on average over the plan: sooner counts as well.
        sentence: The same in words.
    """

    kind: str
    what: str
    now: float
    then: float
    gain: float
    sentence: str


def levers_of(
    pilot: Pilot, aim: Aim, now: Floats, chances: Callable[[Pilot, Aim], Floats]
) -> list[Lever]:
    """Return what would help, most first.

    Args:
        pilot: What is known.
        aim: How it is to be decided.
        now: Chance of a decision over time, as it is.
        chances: Works it out.
    """
    found = []
    for kind, what, changed, wanted in _changes(pilot, aim):
        then = chances(changed, wanted)
        # a longer plan has later looks that the present one lacks: there it has decided nothing new
        now_long = [float(x) for x in now] + [float(now[-1])] * max(len(then) - len(now), 0)
        gain = sum(float(t) - n for t, n in zip(then, now_long, strict=False)) / len(then)
        end, before = float(then[-1]), float(now[-1])
        told = f"{before:.0%} to {end:.0%} by the end of the plan"
        if f"{before:.0%}" == f"{end:.0%}":
            told = f"sooner: {gain:.0%} more on average until the end of the plan"
        found.append(
            Lever(
                kind=kind, what=what, now=before, then=end, gain=gain,
                sentence=f"{what} ({told})",
            )
        )  # fmt: skip
    return sorted(found, key=lambda lever: -lever.gain)


def scaled(pilot: Pilot, factor: float) -> Pilot:
    """Return a pilot with so many times the outputs and users."""
    return replace(
        pilot, items=max(pilot.items * factor, 1.0),
        judge_lasting=pilot.judge_lasting / factor, gain_lasting=pilot.gain_lasting / factor,
    )  # fmt: skip


def averaged(pilot: Pilot) -> Pilot:
    """Return a pilot whose scores are means of two answers (Spearman and Brown 1910)."""
    reliability = 2 * pilot.reliability / (1 + pilot.reliability)
    spread = pilot.judge_spread * math.sqrt((1 + pilot.reliability) / 2)
    return replace(pilot, reliability=reliability, judge_spread=spread)


def _changes(pilot: Pilot, aim: Aim) -> Iterator[tuple[str, str, Pilot, Aim]]:
    yield "traffic", "twice the traffic", scaled(pilot, 2.0), aim
    for k, signal in enumerate(pilot.signals):
        if signal.rate < NEARLY:
            more = replace(signal, rate=min(2 * signal.rate, 1.0))
            signals = (*pilot.signals[:k], more, *pilot.signals[k + 1 :])
            said = signal.name.replace("_", " ")
            yield "feedback", f"twice the feedback by {said}", replace(pilot, signals=signals), aim
    if pilot.judged < NEARLY:
        judged = min(2 * pilot.judged, 1.0)
        yield "judged", f"judging {judged:.0%} of the outputs", replace(pilot, judged=judged), aim
    if pilot.reliability < NEARLY:
        if pilot.repeats < MANY_REPEATS:
            more_often = replace(pilot, repeats=min(max(4 * pilot.repeats, 0.05), 1.0))
            yield "repeats", f"judging {more_often.repeats:.0%} of them twice", more_often, aim
        yield "twice", "taking the mean of two answers of the judge", averaged(pilot), aim
    yield from _settings(pilot, aim)


def _settings(pilot: Pilot, aim: Aim) -> Iterator[tuple[str, str, Pilot, Aim]]:
    if isinstance(aim, ExperimentAim):
        yield "longer", "twice as long a test", pilot, replace(aim, looks=2 * aim.looks)
    elif isinstance(aim, ReleasesAim):
        more = tuple(count + 4 for count in aim.counts)
        yield "longer", "four more releases", pilot, replace(aim, counts=more)
    else:
        if not aim.holdback:
            what = f"holding {HELD:.0%} of users back on the old version"
            yield "holdback", what, pilot, replace(aim, holdback=HELD)
        if not aim.known:
            yield "deploys", "naming the deploys as starts", pilot, replace(aim, known=True)
        twice = 2 * aim.reference
        what = f"a reference of {twice} periods (a backfill gives it)"
        yield "reference", what, pilot, replace(aim, reference=twice)
