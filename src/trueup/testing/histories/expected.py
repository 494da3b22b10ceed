"""What is true of a scenario, in closed form: rises to expect, and what records would suggest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.testing.histories.scale import (
    CUTS,
    POINTS,
    call_noise,
    mean_points,
    step_covariance,
)
from trueup.testing.histories.signals import SIGNALS, Probit, probits, signal_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.testing.histories.scenario import Scenario, Segment

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The truth of a scenario in the units of its columns, at the mix of the reference weeks."""

    judge: float
    """What the change adds to the mean score, drift of the judge left out."""
    signals: dict[str, float]
    """What it adds to each signal's mean."""
    worth: dict[str, float]
    """What a judge point brings to each signal where the gain is real, of this scenario's size."""
    records: dict[str, float]
    """What reliability-corrected records make of a judge point: `worth` times the overstatement,
    but for curvature."""
    reliability: float
    """Correlation of two calls on a reply within segments."""


def expected(scenario: Scenario) -> Expected:
    """Return what the change does, and what a judge point is worth, causally and by records.

    The change is taken at its full size; abstention and changed readiness to answer are left out.

    >>> from trueup.testing.histories import SCENARIOS
    >>> truth = expected(SCENARIOS["gain"])
    >>> round(truth.judge, 2), round(truth.reliability, 2)
    (0.23, 0.55)
    """
    rise = scenario.gained + scenario.apparent
    size = rise if rise > 0 else 0.3
    judge = _judge(scenario, size) - _judge(scenario, 0.0)
    curves = probits(scenario)
    shared, spread = _covariances(scenario)
    return Expected(
        judge=_judge(scenario, rise) - _judge(scenario, 0.0),
        signals={
            name: _signal(scenario, curves[name], scenario.gained)
            - _signal(scenario, curves[name], 0.0)
            for name in SIGNALS
        },
        worth={
            name: (_signal(scenario, curves[name], size) - _signal(scenario, curves[name], 0.0))
            / judge
            for name in SIGNALS
        },
        records={name: _with_signal(scenario, curves[name]) / shared for name in SIGNALS},
        reliability=shared / spread,
    )


def lasting_variance(scenario: Scenario) -> float:
    """Return the variance, within a segment, of what all judge calls on a reply share."""
    surface = (scenario.length_effect * scenario.length_spread) ** 2
    surface += 3 * scenario.markup_effect**2
    return 1 + scenario.sticky**2 + surface


def _noise(scenario: Scenario) -> float:
    return call_noise(scenario.reliability, levels=scenario.levels) ** 2


def _weights(scenario: Scenario) -> list[tuple[Segment, float]]:
    total = sum(s.share for s in scenario.segments)
    return [(s, s.share / total) for s in scenario.segments]


def _judge(scenario: Scenario, shift: float) -> float:
    variance = lasting_variance(scenario) + _noise(scenario)
    return sum(
        share * mean_points(shift + s.quality + s.judge, variance, levels=scenario.levels)
        for s, share in _weights(scenario)
    )


def _signal(scenario: Scenario, curve: Probit, shift: float) -> float:
    variance = signal_variance(scenario)
    return sum(
        share * curve.mean(shift + s.quality + s.users, variance) for s, share in _weights(scenario)
    )


def _steps(scenario: Scenario, segment: Segment) -> Floats:
    """Return the judge's cuts in standard deviations of its latent score in a segment."""
    spread = math.sqrt(lasting_variance(scenario) + _noise(scenario))
    return (CUTS - segment.quality - segment.judge) / spread


def _covariances(scenario: Scenario) -> tuple[float, float]:
    """Return the covariance of two calls and the variance of one, within segments."""
    lasting, noise = lasting_variance(scenario), _noise(scenario)
    if not scenario.levels:
        return POINTS**2 * lasting, POINTS**2 * (lasting + noise)
    both = [(_steps(scenario, s), share) for s, share in _weights(scenario)]
    rho = lasting / (lasting + noise)
    return (
        sum(share * step_covariance(at, at, rho) for at, share in both),
        sum(share * step_covariance(at, at, 1.0) for at, share in both),
    )


def _with_signal(scenario: Scenario, curve: Probit) -> float:
    """Return the covariance of the judge's score and a signal, within segments."""
    variance = signal_variance(scenario)
    spread = math.sqrt(lasting_variance(scenario) + _noise(scenario))
    total = 0.0
    for segment, share in _weights(scenario):
        shift = segment.quality + segment.users
        at = np.array([-(curve.level + curve.slope * shift) / curve.spread(variance)])
        rho = curve.slope * scenario.overstatement / (curve.spread(variance) * spread)
        if scenario.levels:
            total += share * step_covariance(_steps(scenario, segment), at, rho)
        else:
            density = math.exp(-0.5 * float(at[0]) ** 2) / math.sqrt(2 * math.pi)
            total += share * POINTS * spread * rho * density
    return total
