"""What past A/Bs tell a plan: the smallest judge gain worth believing, and what one more is worth.

Records overstate what a judge point brings where easy prompts please users and judge alike. Only
tests with chance in them say from which judge gain on users gain too (`ledger.threshold`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.concurrent.boundary import even, tail
from trueup.goodhart.ledger import Effect
from trueup.goodhart.ledger.blend import blend
from trueup.goodhart.ledger.file import read_ledger
from trueup.goodhart.ledger.past import past_effects
from trueup.goodhart.ledger.threshold import outputs_to_see, threshold, value_of_one_more
from trueup.goodhart.plan.experiment import ExperimentAim
from trueup.goodhart.plan.releases import ReleasesAim
from trueup.goodhart.weekly.shift import PRIOR_CORRELATION, Shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.ledger.threshold import OneMore
    from trueup.goodhart.plan.levers import Aim
    from trueup.goodhart.plan.pilot import Pilot
    from trueup.goodhart.plan.stream import StreamAim
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]

UNDECLARED = (
    "From which judge gain on users gain too is not known: that takes past A/Bs, and no ledger of "
    "them is declared."
)
LITTLE = 0.02
FINE = 0.1
"""Gains below this are told to two figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What past A/Bs say of a plan.

    Attributes:
        experiments: Past A/Bs that can be used.
        rise: Smallest judge gain whose 95 % prediction interval of the users' gain excludes none;
            None where there is none, or nothing is known.
        shown: Smallest one of which the plan's end will show users' gain, in as many of 100 cases.
        overstatement: By what factor records overstate a judge point: median, 5 % and 95 % points.
        outputs: Outputs of both arms of an A/B that show the users' gain of the planned rise with
            a chance of 80 %; None in other designs, and where no number does.
        one_more: Chance to find gaming by these A/Bs, and by one more; None where the design's
            verdicts do not rest on A/Bs.
        notes: What of the ledger was left out, and what is doubtful.
        sentence: The same in words, or what is missing.
    """

    experiments: int = 0
    rise: float | None = None
    shown: float | None = None
    overstatement: tuple[float, float, float] | None = None
    outputs: int | None = None
    one_more: OneMore | None = None
    notes: tuple[str, ...] = ()
    sentence: str = UNDECLARED


def believed(pilot: Pilot, aim: Aim, spec: WatchSpec | None, *, seed: int = 0) -> Believed:
    """Return what the declared ledger says of a plan.

    Args:
        pilot: What is known.
        aim: How it is to be decided.
        spec: Its `ledger` is a path, rows, or None.
        seed: Equal seeds give equal answers.

    Raises:
        DataError: The ledger cannot be read.
    """
    if spec is None or spec.ledger is None:
        return Believed()
    if isinstance(aim, ExperimentAim | ReleasesAim) or aim.holdback:
        pilot = pilot.steady()
    rows = read_ledger(spec.ledger) if isinstance(spec.ledger, str) else tuple(spec.ledger)
    weights = {s.name: a for s, a in zip(pilot.signals, pilot.weights(), strict=True)}
    better = {signal.name: signal.better for signal in spec.signals}
    past = past_effects(rows, weights, better=better)
    if not len(past):
        why = "; ".join(past.notes) or "it is empty"
        sentence = (
            "From which judge gain on users gain too is not known: the ledger holds no A/B that "
            f"can be used ({why})."
        )
        return Believed(notes=past.notes, sentence=sentence)
    error, planned = _slope_error(pilot, aim), planned_effect(pilot, aim)
    posterior = blend(1.0, error, past)
    errors = float(planned.rise_variance), float(planned.gain_variance)
    found = threshold(posterior, rise_variance=errors[0])
    shown = threshold(posterior, rise_variance=errors[0], seen_variance=errors[1])
    outputs, one_more = None, None
    if isinstance(aim, ExperimentAim) and found.rise is not None:
        outputs = outputs_to_see(
            posterior, pilot.rise, outputs=round(pilot.items * aim.looks),
            gain_variance=errors[1], alpha=aim.alpha,
        )  # fmt: skip
    if not isinstance(aim, ReleasesAim):
        one_more = value_of_one_more(
            1.0, error, past, planned=planned, further=planned_effect(pilot, ExperimentAim()),
            c=aim.c, alpha=_level(aim), seed=seed,
        )  # fmt: skip
    known = Believed(
        experiments=len(past), rise=found.rise, shown=shown.rise,
        overstatement=posterior.overstatement, outputs=outputs, one_more=one_more,
        notes=past.notes,
    )  # fmt: skip
    return replace(known, sentence=_sentence(known, pilot))


def planned_effect(pilot: Pilot, aim: Aim) -> Effect:
    """Return the end of the plan as one row of the ledger, for `ledger.threshold`.

    In judge points: what records say a judge point is worth is 1 there. Of a sequence of releases
    it is what the trend says of the last one.
    """
    if isinstance(aim, ExperimentAim):
        arms = 1 / aim.share + 1 / (1 - aim.share)
        scale = arms / aim.looks
        return Effect(
            rise=pilot.rise, gain=pilot.rise,
            rise_variance=pilot.judge_variance * scale + pilot.judge_lasting * arms,
            gain_variance=pilot.gain_variance * scale + pilot.gain_lasting * arms,
            covariance=pilot.both * scale,
        )  # fmt: skip
    contrast, factor, shocks = _contrast(aim), 1.0, (0.0, 0.0)
    if isinstance(aim, ReleasesAim) or not aim.holdback:
        shocks = pilot.shocked(contrast)
    else:
        factor = 1 / aim.holdback + 1 / (1 - aim.holdback)
    scale = factor * float(contrast @ contrast)
    return Effect(
        rise=pilot.rise, gain=pilot.rise,
        rise_variance=pilot.judge_variance * scale + shocks[0],
        gain_variance=pilot.gain_variance * scale + shocks[1],
        covariance=pilot.both * scale,
    )  # fmt: skip


def _contrast(aim: StreamAim | ReleasesAim) -> Floats:
    """Return the weights of periods in what has changed by the end."""
    if isinstance(aim, ReleasesAim):
        path = np.linspace(0, 1, aim.counts[-1])
        apart = path - path.mean()
        trend: Floats = apart / (apart @ apart)
        return trend
    return np.repeat([-1 / aim.reference, 1 / aim.weeks], [aim.reference, aim.weeks])


def _slope_error(pilot: Pilot, aim: Aim) -> float:
    """Return the relative error of what records say by then."""
    if isinstance(aim, ExperimentAim):
        return pilot.slope_error(pilot.items * (1 - aim.share) * aim.looks)
    if isinstance(aim, ReleasesAim):
        return pilot.slope_error(pilot.items * aim.counts[-1])
    return pilot.slope_error(pilot.items * aim.reference)


def _level(aim: StreamAim | ExperimentAim) -> float:
    """Return the one-sided error that the last look may make."""
    if isinstance(aim, ExperimentAim):
        return tail(aim.looks - 1, even(aim.looks), aim.alpha)
    freedom = aim.reference + aim.weeks - 2
    usual = np.full(1, PRIOR_CORRELATION)
    last = Shift(np.zeros(1), np.ones(1), usual, freedom, aim.reference, aim.weeks)
    return float(special.stdtr(freedom, -aim.boundary().critical(0, last))[0])


def _sentence(known: Believed, pilot: Pilot) -> str:
    count = f"{known.experiments} past A/B{'' if known.experiments == 1 else 's'}"
    if known.rise is None:
        first = (
            f"No judge gain, however large, promises users a gain yet: by {count} what a judge "
            "point brings them may still be nothing. What is missing is more A/Bs in the ledger."
        )
    else:
        first = (
            f"A judge gain below {_points(known.rise)} points promises nothing: by {count}, only "
            "from there on does the 95 % range of what it brings users leave out no gain at all."
        )
    parts = [first]
    if known.rise is not None and known.shown is not None:
        parts.append(
            f"From {_points(known.shown)} points on, the gain that the plan's end shows will lie "
            f"above 0 as well, in 97 of 100 cases; the planned rise is {_points(pilot.rise)}."
        )
    if known.outputs is not None:
        digits = 2 - len(str(known.outputs))
        parts.append(
            f"To see what it brings users, an A/B needs about {round(known.outputs, digits):,} "
            "outputs in both arms."
        )
    if known.one_more is not None:
        now, then = known.one_more.now, known.one_more.then
        rest = "that A/B decides" if known.experiments == 1 else "these A/Bs decide"
        more = f"makes that {then:.0%}" if then - now >= LITTLE else "would hardly change that"
        parts.append(
            f"Where {rest} as well, and not records alone, a rise with nothing behind it is found "
            f"with a chance of {now:.0%} by the end of the plan; one more A/B {more}."
        )
    return " ".join(parts)


def _points(value: float) -> str:
    return f"{value:.2f}" if value >= FINE else f"{value:.2g}"
