"""From a sequence of releases to a verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.concurrent.decide import UNKNOWN, Plan, against
from trueup.goodhart.look import Change, Look, SignalChange, Worth
from trueup.goodhart.releases.fit import FEWEST, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.history import History
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
    mean = history.judge.mean[fitted.rows]
    look = replace(
        base,
        rise=Change(value=value, low=value - Z * error, high=value + Z * error,
                    before=float(mean[0])),
        signals=tuple(_signal(fitted, k) for k in range(len(history.spec.signals))),
        notes=(*base.notes, *fitted.bias.notes),
        worth=Worth(source="records" if posterior is None else "experiments"),
    )  # fmt: skip
    if fitted.regression is not None:
        phi, low, high = _phi(fitted.regression)
        if value > Z * error:
            look = replace(look, phi=phi, phi_low=low, phi_high=high)
    if fitted.chance >= plan.tail:
        return replace(look, verdict="judge_flat", holds_to=math.inf)
    if fitted.regression is None:
        return replace(
            look,
            verdict="unidentified" if plan.last else "inconclusive",
            missing=tuple(fitted.dropped.values()),
        )
    return _verdict(look, fitted, fitted.regression, (plan, posterior))


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
    look: Look, fitted: Fitted, regression: Regression, by: tuple[Plan, Blend | None]
) -> Look:
    """Return the verdict where the judge is up."""
    plan, posterior = by
    spec, trust = fitted.history.spec, fitted.history.trust
    # a guard's doubt lowers the share of the rise that users should have got
    doubt = 1 - min(2 * fitted.bias.up / max(fitted.judge[0], 1e-12), 1.0)
    share = spec.c * doubt
    above = float(regression.above(share)[0])
    harmed = float(regression.above(0.0)[0]) < plan.tail
    holds = _holds(regression, share, plan.tail) if not harmed else math.inf
    gamed = below = above < plan.tail
    reasons: tuple[str, ...] = ()
    if posterior is not None:
        chance, worth = _by_experiments(fitted, regression, share, posterior)
        gamed, reasons = chance > 1 - plan.tail, ("past tests do not say the same",)
        look = replace(look, worth=worth)
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
        return replace(look, verdict="improvement", holds_to=math.inf)
    chances = 1 - regression.above(spec.c / FACTORS)
    turns = float(FACTORS[np.argmax(chances < plan.tail)]) if (chances < plan.tail).any() else 0.0
    inside = look.phi_low is None or look.phi_high is None or look.phi_low < spec.c < look.phi_high
    return replace(
        look, holds_to=turns or math.inf, missing=_missing(fitted, regression, inside=inside)
    )


def _by_experiments(
    fitted: Fitted, regression: Regression, share: float, posterior: Blend
) -> tuple[float, Worth]:
    """Return the chance, by past tests and records, of less than a share of what was due."""
    composite = fitted.composite
    assert composite is not None  # noqa: S101 - without signals there is no regression
    names = [signal.name for signal in fitted.history.spec.signals]
    pairs = zip(composite.weights, composite.used, strict=True)
    known = posterior({names[k]: float(a) for a, k in pairs}, composite.error)
    mean = known.weights.mean(0)
    # what is known of the worth is in the ratios: left is how it varies from test to test
    varied = replace(regression, slope_error=float(np.sqrt(mean @ known.varies**2)))
    below = 1 - varied.above(share * known.records * known.ratios)
    chance = float((known.weights @ below).min())
    rule = f"a chance of {chance:.1%} by past tests that users got less than {share:.0%}"
    return chance, Worth(
        source="experiments", experiments=known.experiments, overstatement=known.overstatement,
        rule=rule,
    )  # fmt: skip


def _holds(regression: Regression, share: float, tail: float) -> float:
    """Return up to which overstatement of the slope gaming stands; 0 where it does not."""
    stands = regression.above(share / FACTORS) < tail
    if not stands[0]:
        return 0.0
    return float(FACTORS[np.argmin(stands) - 1]) if not stands.all() else float(FACTORS[-1])


def _phi(regression: Regression) -> tuple[float | None, float | None, float | None]:
    """Return the realised part and its 95 % interval, where its chance passes 1/2, .975, .025."""
    above = regression.above(SHARES)

    def passes(at: float) -> float | None:
        below = np.flatnonzero(above < at)
        if not len(below) or below[0] == 0:
            return None
        i = int(below[0])
        part = (above[i - 1] - at) / max(above[i - 1] - above[i], 1e-12)
        return float(SHARES[i - 1] + part * (SHARES[i] - SHARES[i - 1]))

    low, high = passes(1 - SIDE), passes(SIDE)
    return passes(0.5), low, high


def _upper(fitted: Fitted, plan: Plan) -> float | None:
    """Return the primary signal's highest plausible gain over all releases."""
    first = fitted.history.spec.first
    names = [signal.name for signal in fitted.history.spec.signals]
    k = names.index(first.name) if first else 0
    value, error = fitted.change(k)
    if not np.isfinite(value) or (k in fitted.dropped and fitted.history.slopes[k].informs):
        return None
    return value - float(special.ndtri(plan.tail)) * error


def _signal(fitted: Fitted, k: int) -> SignalChange:
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
    return SignalChange(
        name=signal.name, said=signal.said, better=signal.better, per=signal.per or 100,
        change=seen,
        expected=due if known else None,
        expected_low=due - wide if known else None,
        expected_high=due + wide if known else None,
        slope=slope.value * signal.sign if known else None,
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
