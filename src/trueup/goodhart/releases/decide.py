"""From a sequence of releases to a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart import guards
from trueup.goodhart.composite import combine
from trueup.goodhart.concurrent.decide import UNKNOWN, Plan, against
from trueup.goodhart.look import Change, Look, SignalChange, Worth
from trueup.goodhart.releases.regression import Models, Regression, models, trend
from trueup.goodhart.series import sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.history import History

    Floats = NDArray[np.float64]

SHARES = np.linspace(-6.0, 7.0, 261)
FACTORS = np.geomspace(1.0, 100.0, 70)
Z = 1.96
SIDE = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Releases, regressed.

    Attributes:
        history: Series over releases.
        rows: Releases in it.
        regression: Of the signals as one; None where none informs.
        judge: The judge's trend over all releases together, and its error.
        chance: Probability that the judge has no upward trend.
        known: The error models.
        dropped: Number of a signal -> why it has no part.
        parts: Number of a signal -> its part.
        bias: What a guard says may not be quality.
    """

    history: History
    rows: NDArray[np.int64]
    regression: Regression | None
    judge: tuple[float, float]
    chance: float
    known: Models
    dropped: dict[int, str]
    parts: dict[int, float]
    bias: guards.Bias


def decide_trend(history: History, base: Look, plan: Plan) -> Look:
    """Return a look at releases in sequence.

    Args:
        history: One row a release.
        base: What is known of the look beside it.
        plan: How far is far enough.
    """
    impossible = _impossible(history)
    if impossible:
        return replace(base, verdict="unidentified", missing=(impossible,))
    fitted = fit(history)
    value, error = fitted.judge
    mean = history.judge.mean[fitted.rows]
    look = replace(
        base,
        rise=Change(value=value, low=value - Z * error, high=value + Z * error,
                    before=float(mean[0])),
        signals=tuple(_signal(fitted, k) for k in range(len(history.spec.signals))),
        notes=(*base.notes, *fitted.bias.notes),
        worth=Worth(source="records"),
    )  # fmt: skip
    if fitted.regression is not None:
        phi, low, high = _phi(fitted.regression)
        look = replace(look, phi=phi, phi_low=low, phi_high=high)
    if fitted.chance >= plan.tail:
        return replace(look, verdict="judge_flat", holds_to=math.inf)
    if fitted.regression is None:
        return replace(
            look,
            verdict="unidentified" if plan.last else "inconclusive",
            missing=tuple(fitted.dropped.values()),
        )
    return _verdict(look, fitted, fitted.regression, plan)


def _impossible(history: History) -> str:
    if not history.spec.signals:
        return "no signals are named"
    judged = np.isfinite(history.judge.mean)
    if judged.sum() < FEWEST:
        return f"a decision needs {FEWEST} judged releases, and there are {int(judged.sum())}"
    if np.ptp(history.judge.mean[judged]) <= 0:
        return "the judge gave all releases one and the same score"
    return ""


FEWEST = 8


def fit(history: History) -> Fitted:
    """Regress what the signals did on the judge's rise, over releases."""
    half = history.rows // 2
    before, after = range(half), range(half, history.rows)
    dropped = {}
    for k, signal in enumerate(history.spec.signals):
        if not history.slopes[k].informs:
            dropped[k] = f"{signal.said} have not followed this judge"
        elif reason := guards.feedback(history, k, list(before), list(after)):
            dropped[k] = reason
    used = [k for k in range(len(history.spec.signals)) if k not in dropped]
    rows = np.flatnonzero(_whole(history, used))
    if len(rows) < FEWEST:
        dropped |= dict.fromkeys(used, "too few releases hold both scores and signals")
        used, rows = [], np.flatnonzero(np.isfinite(history.judge.mean))
    variances = np.array(
        [sampling(s.apart[rows]) if k in used else 0.0 for k, s in enumerate(history.signals)]
    )
    composite = combine(history.slopes, variances, used) if used else None
    size = history.items.sum(1)[rows]
    known = models(size.mean() / np.maximum(size, 1.0), rows.astype(np.float64))
    apart = history.judge.apart[rows]
    judge = history.judge.mean[rows]
    spread = sampling(apart)
    bias = guards.coverage(history, list(before), list(after))
    span = float(rows[-1] - rows[0])
    value, error, chance = trend(judge, spread, known, less=2 * bias.up / span)
    regression = None
    if composite is not None:
        gain = composite.of([series.mean[rows] for series in history.signals])
        moves = composite.of([series.apart[rows] for series in history.signals])
        regression = Regression(
            judge=judge, gain=gain, judge_variance=spread, gain_variance=sampling(moves),
            both=sampling(moves, apart), slope_error=composite.error, known=known,
        )  # fmt: skip
    parts = {}
    if composite is not None:
        parts = {k: float(p) for k, p in zip(composite.used, composite.parts, strict=True)}
    return Fitted(
        history=history, rows=rows, regression=regression, judge=(value * span, error * span),
        chance=chance, known=known, dropped=dropped, parts=parts, bias=bias,
    )  # fmt: skip


def _whole(history: History, used: list[int]) -> NDArray[np.bool_]:
    found = np.isfinite(history.judge.mean)
    for k in used:
        found = found & np.isfinite(history.signals[k].mean)
    return found


def _verdict(look: Look, fitted: Fitted, regression: Regression, plan: Plan) -> Look:
    """Return the verdict where the judge is up."""
    spec, trust = fitted.history.spec, fitted.history.trust
    # a guard's doubt lowers the share of the rise that users should have got
    doubt = 1 - min(2 * fitted.bias.up / max(fitted.judge[0], 1e-12), 1.0)
    share = spec.c * doubt
    above = float(regression.above(share)[0])
    harmed = float(regression.above(0.0)[0]) < plan.tail
    holds = _holds(regression, share, plan.tail) if not harmed else math.inf
    if above < plan.tail:
        upper = _upper(fitted, plan)
        reasons, rule = against(spec, holds, upper)
        look = replace(look, holds_to=holds, worth=replace(look.worth, rule=rule))
        if reasons:
            return replace(look, missing=reasons)
        return replace(look, verdict="gaming", backfire=harmed)
    real = float(regression.above(spec.c)[0])
    if 1 - real < plan.tail:
        if trust.value is None:
            return replace(look, missing=(UNKNOWN,))
        return replace(look, verdict="improvement", holds_to=math.inf)
    chances = 1 - regression.above(spec.c / FACTORS)
    turns = float(FACTORS[np.argmax(chances < plan.tail)]) if (chances < plan.tail).any() else 0.0
    return replace(look, holds_to=turns or math.inf, missing=_missing(regression, spec.c))


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
    value, error, _ = _of_signal(fitted, k)
    if not np.isfinite(value) or (k in fitted.dropped and fitted.history.slopes[k].informs):
        return None
    return value - float(special.ndtri(plan.tail)) * error


def _of_signal(fitted: Fitted, k: int) -> tuple[float, float, int]:
    """Return a signal's change over all releases, its error and its count; up is good."""
    series = fitted.history.signals[k]
    mean, apart = series.mean[fitted.rows], series.apart[fitted.rows]
    count = int(fitted.history.responders[k].sum())
    if not np.isfinite(mean).all():
        return float("nan"), float("nan"), count
    span = float(fitted.rows[-1] - fitted.rows[0])
    value, error, _ = trend(mean, sampling(apart), fitted.known)
    return value * span, error * span, count


def _signal(fitted: Fitted, k: int) -> SignalChange:
    signal, slope = fitted.history.spec.signals[k], fitted.history.slopes[k]
    value, error, count = _of_signal(fitted, k)
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


def _missing(regression: Regression, c: float) -> tuple[str, ...]:
    """Return how many releases a decision would take, at this rate of rise."""
    _, error = regression.trend(c)
    due = regression.rise()
    apart = min(c, 1 - c) * due
    if apart <= 0:
        return ()
    # a trend's variance falls with the cube of the number of releases
    times = ((1.645 + 0.842) * error / apart) ** (2 / 3)
    if times <= 1:
        return ("what users got is close to the share that divides gaming from improvement",)
    count = math.ceil(len(regression.judge) * times)
    told = (
        f"to tell a full gain from none: about {count} releases at this rate of rise "
        f"({len(regression.judge)} so far), or users kept on one frozen version"
    )
    return (told,)
