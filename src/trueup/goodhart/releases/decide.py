"""From a sequence of releases to a verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.concurrent.decide import MORE, Plan, against, worth_of
from trueup.goodhart.ledger.realised import Part, mixed, part_of, widened, worth_detail
from trueup.goodhart.look import Change, Look, SignalChange
from trueup.goodhart.releases.fit import FEWEST, fit
from trueup.goodhart.slope import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.history import History
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.ledger.realised import Below
    from trueup.goodhart.releases.fit import Fitted
    from trueup.goodhart.releases.regression import Regression

    Floats = NDArray[np.float64]

SHARES = np.linspace(-6.0, 7.0, 261)
FACTORS = np.geomspace(1.0, 100.0, 70)
Z = 1.96
SIDE = 0.025


def decide_trend(
    history: History, releases: int, base: Look, plan: Plan, posterior: Blend | None = None
) -> Look:
    """Return a look at releases in sequence.

    Args:
        history: A row for each release, then one for the users kept back beside each, if any.
        releases: How many there are.
        base: What is known of the look beside it.
        plan: How far is far enough.
        posterior: What past tests say, as in `concurrent.decide`.
    """
    impossible = _impossible(history, releases)
    if impossible:
        return replace(base, verdict="unidentified", missing=(impossible,))
    fitted = fit(history, releases)
    value, error = fitted.judge
    known = _known(fitted, posterior)
    mean = history.judge.mean[fitted.rows]
    look = replace(
        base,
        rise=Change(value=value, low=value - Z * error, high=value + Z * error,
                    before=float(mean[0])),
        signals=tuple(_signal(fitted, k, known) for k in range(len(history.spec.signals))),
        notes=(*base.notes, *fitted.bias.notes),
        worth=worth_of(known),
        detail=worth_detail(known),
    )  # fmt: skip
    if fitted.regression is not None and value > Z * error:
        part = (
            _phi(fitted.regression)
            if known is None
            else part_of(mixed(known, _below(fitted.regression)))
        )
        bias = fitted.bias
        phi, low, high = widened(part, value, up=2 * bias.up, down=2 * bias.down)
        look = replace(look, phi=phi, phi_low=low, phi_high=high)
    if fitted.chance >= plan.tail:
        return replace(look, verdict="judge_flat", holds_to=math.inf)
    if fitted.regression is None:
        return replace(
            look,
            verdict="unidentified" if plan.last else "inconclusive",
            missing=tuple(fitted.dropped.values()),
        )
    return _verdict(look, fitted, fitted.regression, (plan, known))


def _impossible(history: History, releases: int) -> str:
    if not history.spec.signals:
        return "no signals are named"
    judged = np.isfinite(history.judge.mean[:releases])
    if judged.sum() < FEWEST:
        return f"a decision needs {FEWEST} judged releases, and there are {int(judged.sum())}"
    if np.ptp(history.judge.mean[:releases][judged]) <= 0:
        return "the judge gave all releases one and the same score"
    return ""


def _verdict(
    look: Look, fitted: Fitted, regression: Regression, by: tuple[Plan, Posterior | None]
) -> Look:
    """Return the verdict where the judge is up."""
    plan, known = by
    spec, trust = fitted.history.spec, fitted.history.trust
    # a guard's doubt lowers the share of the rise that users should have got
    doubt = 1 - min(2 * fitted.bias.up / max(fitted.judge[0], 1e-12), 1.0)
    share = spec.c * doubt
    above = float(regression.above(share)[0])
    harmed = float(regression.above(0.0)[0]) < plan.tail
    holds = _holds(regression, share, plan.tail) if not harmed else math.inf
    gamed = below = above < plan.tail
    reasons: tuple[str, ...] = ()
    if known is not None:
        chance = float(mixed(known, _below(regression))(np.array([share])).min())
        gamed, reasons = chance > 1 - plan.tail, ("past tests do not say the same",)
        rule = f"a chance of {chance:.1%} by past tests that users got less than {share:.0%}"
        look = replace(look, worth=worth_of(known, rule))
        holds = math.inf if harmed else _held(known, regression, share, plan.tail)
    elif below:
        reasons, rule = against(spec, holds, _upper(fitted, plan))
        gamed, look = not reasons, replace(look, worth=replace(look.worth, rule=rule))
    if gamed:
        return replace(look, verdict="gaming", backfire=harmed, holds_to=holds)
    if below:
        return replace(look, holds_to=holds, missing=reasons)
    real = float(regression.above(spec.c)[0])
    if 1 - real < plan.tail:
        if trust.value is None:
            return replace(look, missing=(UNKNOWN,))
        if known is not None and look.phi is not None and look.phi < spec.c:
            return replace(look, missing=(MORE,))
        return replace(look, verdict="improvement", holds_to=math.inf)
    chances = 1 - regression.above(spec.c / FACTORS)
    turns = float(FACTORS[np.argmax(chances < plan.tail)]) if (chances < plan.tail).any() else 0.0
    inside = look.phi_low is None or look.phi_high is None or look.phi_low < spec.c < look.phi_high
    return replace(
        look, holds_to=turns or math.inf, missing=_missing(fitted, regression, inside=inside)
    )


def _known(fitted: Fitted, posterior: Blend | None) -> Posterior | None:
    """Return what past tests say a judge point is worth, None where records alone do."""
    composite = fitted.composite
    if posterior is None or composite is None:
        return None
    names = [signal.name for signal in fitted.history.spec.signals]
    pairs = zip(composite.weights, composite.used, strict=True)
    return posterior({names[k]: float(a) for a, k in pairs}, composite.error)


def _below(regression: Regression) -> Below:
    """Return the chance of less than a share of what records promise, for `mixed`."""

    def below(shares: Floats, varies: Floats) -> Floats:
        kinds = (replace(regression, slope_error=float(kind)) for kind in varies)
        return np.array([1 - one.above(shares) for one in kinds])

    return below


def _held(known: Posterior, regression: Regression, share: float, tail: float) -> float:
    """Return up to which overstatement of the slope gaming stands, its worth being certain.

    0 where no worth that is thought possible is enough.
    """
    factors = np.geomspace(1 / float(known.ratios.max()), FACTORS[-1], 2 * len(FACTORS))
    sure = replace(regression, slope_error=0.0)
    stands = np.flatnonzero(sure.above(share * known.records / factors) < tail)
    return float(factors[stands[-1]]) if len(stands) else 0.0


def _holds(regression: Regression, share: float, tail: float) -> float:
    """Return up to which overstatement of the slope gaming stands; 0 where it does not."""
    stands = regression.above(share / FACTORS) < tail
    if not stands[0]:
        return 0.0
    return float(FACTORS[np.argmin(stands) - 1]) if not stands.all() else float(FACTORS[-1])


def _phi(regression: Regression) -> Part:
    """Return the realised part and its 95 % interval, where its chance passes 1/2, .975, .025."""
    above = regression.above(SHARES)

    def passes(at: float) -> float | None:
        below = np.flatnonzero(above < at)
        if not len(below) or below[0] == 0:
            return None
        i = int(below[0])
        part = (above[i - 1] - at) / max(above[i - 1] - above[i], 1e-12)
        return float(SHARES[i - 1] + part * (SHARES[i] - SHARES[i - 1]))

    return Part(passes(0.5), passes(1 - SIDE), passes(SIDE))


def _upper(fitted: Fitted, plan: Plan) -> float | None:
    """Return the primary signal's highest plausible gain over all releases."""
    first = fitted.history.spec.first
    names = [signal.name for signal in fitted.history.spec.signals]
    k = names.index(first.name) if first else 0
    value, error = fitted.change(k)
    if not np.isfinite(value) or (k in fitted.dropped and fitted.history.slopes[k].informs):
        return None
    return value - float(special.ndtri(plan.tail)) * error


def _signal(fitted: Fitted, k: int, tests: Posterior | None) -> SignalChange:
    signal, slope = fitted.history.spec.signals[k], fitted.history.slopes[k]
    value, error = fitted.change(k)
    count = int(fitted.history.responders[k].sum())
    seen = None
    if np.isfinite(value):
        before = float(fitted.history.signals[k].mean[fitted.rows[0]]) * signal.sign
        middle = value * signal.sign
        seen = Change(value=middle, low=middle - Z * error, high=middle + Z * error, before=before)
    known = slope.error > 0
    due = slope.value * fitted.judge[0] * signal.sign
    wide = Z * math.hypot(slope.value * fitted.judge[1], slope.error * fitted.judge[0])
    low, high, worth = due - wide, due + wide, slope.value * signal.sign
    if tests is not None:
        rise, error = fitted.judge
        due, low, high = tests.promised(rise, worth, rise_error=error, slope_error=slope.error)
        worth *= tests.ratio()[0]
    return SignalChange(
        name=signal.name, said=signal.said, better=signal.better, per=signal.per or 100,
        change=seen,
        expected=due if known else None,
        expected_low=low if known else None,
        expected_high=high if known else None,
        slope=worth if known else None,
        count=count, weight=fitted.parts.get(k, 0.0), dropped=fitted.dropped.get(k),
    )  # fmt: skip


def _missing(fitted: Fitted, regression: Regression, *, inside: bool) -> tuple[str, ...]:
    """Return how many releases a decision would take, at this rate of rise.

    Args:
        fitted: The releases.
        regression: Of the signals on the judge.
        inside: Whether the dividing share lies in the interval of what users got.
    """
    c = fitted.history.spec.c
    _, error = regression.trend(c)
    due = regression.rise()
    apart = min(c, 1 - c) * due
    if apart <= 0:
        return ()
    # a trend's variance falls with the cube of the number of releases
    times = ((1.645 + 0.842) * error / apart) ** (2 / 3)
    if times <= 1 and inside:
        return ("what users got is close to the share that divides gaming from improvement",)
    if times <= 1:
        return ("a look among several takes more than its own interval: wait for the next release",)
    seen = int((~fitted.kept).sum())
    rest = "" if fitted.kept.any() else ", or users kept on one frozen version"
    told = (
        f"to tell a full gain from none: about {math.ceil(seen * times)} releases at this rate of "
        f"rise ({seen} so far){rest}"
    )
    return (told,)
