"""How low users' gain has to be in a stream for a rule to say gaming, and what the rule costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from scipy import special

from trueup.goodhart.ledger import Effect
from trueup.goodhart.price import highest, price

if TYPE_CHECKING:
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.spec import WatchSpec
    from trueup.goodhart.weekly.evidence import Evidence
    from trueup.goodhart.weekly.shift import Shift

_SUREST = 1 - 1e-12


class Primary(NamedTuple):
    """The signal that matters most."""

    moved: Shift
    slope: float
    """What a judge point is worth in it."""


class Clear(Protocol):
    """How clearly users got too little at a gain, 1 at the boundary; at theirs where left out."""

    def __call__(self, gain: float | None = None) -> float:
        """Return it."""
        ...


def effect_of(evidence: Evidence) -> Effect:
    """Return the change as a test; what a guard doubts is no rise."""
    rise, gained, both = evidence.rise(), evidence.contrast(0.0), evidence.contrast(1.0)
    variances = float(rise.error) ** 2, float(gained.error) ** 2
    return Effect(
        rise=float(rise.delta) - evidence.bias_up,
        gain=float(gained.delta),
        rise_variance=variances[0],
        gain_variance=variances[1],
        covariance=(sum(variances) - float(both.error) ** 2) / 2,
    )


def by_experiments(evidence: Evidence, known: Posterior, c: float) -> Clear:
    """Return how clearly users got less than a share of what was due, by past tests."""
    new, freedom = effect_of(evidence), evidence.contrast(0.0).freedom
    critical = _critical(evidence, evidence.contrast(c))

    def clear(gain: float | None = None) -> float:
        test = new if gain is None else replace(new, gain=gain)
        chance = float(known.below(c, test, freedom=freedom))
        return float(special.stdtrit(freedom, min(chance, _SUREST))) / critical

    return clear


def held_by_experiments(evidence: Evidence, known: Posterior, c: float) -> float:
    """Return up to which overstatement of the slope that finding stands."""
    quantile = _critical(evidence, evidence.contrast(c))
    return known.holds_to(c, effect_of(evidence), quantile=quantile)


def price_of(
    evidence: Evidence, spec: WatchSpec, known: Posterior | None, primary: Primary | None
) -> str:
    """Return what the rules in use cost beside records alone.

    Args:
        evidence: At the start in question.
        spec: What was declared.
        known: What past tests say; None where records decide.
        primary: The signal that `worth` is about, whose gain is taken to come to all signals; None
            where nothing is declared or known of it.
    """
    rise = float(evidence.rise().delta)
    if known is None:
        bounds = [_up_to(evidence, spec.c * evidence.low / spec.overstate)]
    else:
        clear, gained = by_experiments(evidence, known, spec.c), evidence.contrast(0.0)
        found = highest(lambda at: clear(at) >= 1, float(gained.delta), float(gained.error))
        if found is None:
            return ""
        bounds = [found]
    if known is None and spec.worth is not None and primary is not None and rise > 0:
        most = spec.worth - _critical(evidence, primary.moved) * float(primary.moved.error)
        bounds.append(most / primary.slope)
    records = _up_to(evidence, spec.c * evidence.low)
    worth = 1.0 if known is None else known.ratio()[0]
    return price(records=records, rule=min(bounds), due=rise, c=spec.c, worth=worth)


def _up_to(evidence: Evidence, share: float) -> float:
    """Return the highest gain that lies demonstrably below a share of the judge's rise."""
    moved, rise = evidence.contrast(share), float(evidence.rise().delta)
    return share * (rise - evidence.bias_up) - _critical(evidence, moved) * float(moved.error)


def _critical(evidence: Evidence, moved: Shift) -> float:
    return float(evidence.boundary.critical(evidence.start, moved))
