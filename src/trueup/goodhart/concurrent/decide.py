"""From two arms' difference to a verdict: gaming, improvement, or what is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from trueup.goodhart.concurrent.stakes import Stakes
from trueup.goodhart.ledger import Effect
from trueup.goodhart.ledger.realised import widened, worth_detail
from trueup.goodhart.look import Change, Look, SignalChange, Worth
from trueup.goodhart.price import highest
from trueup.goodhart.slope import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.goodhart.concurrent.difference import Contrast, Difference, Estimate
    from trueup.goodhart.concurrent.looks import Pair
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.spec import WatchSpec

    Blend = Callable[[Mapping[str, float], float], Posterior]

POWER = 0.8
FEWEST_BUCKETS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What is planned of a test.

    Attributes:
        alpha: False-alarm rate over all looks.
        looks: How many are planned.
        periods: Periods seen.
    """

    alpha: float
    looks: int
    periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How far is far enough at a look.

    Attributes:
        tail: One-sided error that this look may make.
        last: Whether no look follows.
        prospect: What is planned.
    """

    tail: float
    last: bool
    prospect: Prospect

    def critical(self, freedom: int) -> float:
        """Return the t value that must be passed."""
        return float(-special.stdtrit(freedom, self.tail))


def decide(
    found: Difference,
    pair: Pair,
    base: Look,
    plan: Plan,
    posterior: Blend | None = None,
) -> Look:
    """Return a look at two arms' difference.

    Args:
        found: The difference.
        pair: The arms it is of.
        base: What is known of the look beside it.
        plan: How far is far enough.
        posterior: From the weights of the signals (judge points per unit, in its good direction)
            and the relative error of the record slope to what past tests say by these weights.
    """
    spec = pair.spec
    impossible = _impossible(found, spec)
    if impossible:
        return replace(base, verdict="unidentified", missing=(impossible,))
    critical = plan.critical(found.judge.freedom)
    mix = pair.mismatch
    known = _known(found, spec, posterior)
    look = replace(
        base,
        rise=_change(found.judge, found.before[0]),
        signals=tuple(_signal(found, spec, k, known) for k in range(len(spec.signals))),
        notes=(
            *base.notes,
            *pair.notes,
            *found.bias.notes,
            *((mix.note,) if mix and mix.note else ()),
        ),
        worth=worth_of(known),
    )
    if mix is not None and mix.withholds:
        return replace(look, missing=(mix.missing,))
    if found.composite is None:
        return _without_signals(look, found, plan, critical)
    contrast = found.contrast()
    look = replace(look, detail=_detail(found, contrast) | worth_detail(known))
    if look.rise is not None and look.rise.low > 0:
        part = contrast.phi()
        if known is not None:
            part = known.phi(_effect(found), freedom=found.gain.freedom)
        phi, low, high = widened(part, found.judge.value, up=found.bias.up, down=found.bias.down)
        look = replace(look, phi=phi, phi_low=low, phi_high=high)
    if found.judge.value < critical * found.judge.error:
        return replace(look, verdict="judge_flat", holds_to=math.inf)
    if found.judge.value - found.bias.up < critical * found.judge.error:
        return replace(look, missing=found.bias.notes)
    return _verdict(look, _Evidence(found, contrast, spec, plan, critical, known))


@dataclass(frozen=True, slots=True)
class _Evidence:
    found: Difference
    contrast: Contrast
    spec: WatchSpec
    plan: Plan
    critical: float
    known: Posterior | None


def _known(found: Difference, spec: WatchSpec, posterior: Blend | None) -> Posterior | None:
    """Return what past tests say a judge point is worth, None where records alone do."""
    composite = found.composite
    if posterior is None or composite is None:
        return None
    names = [signal.name for signal in spec.signals]
    pairs = zip(composite.weights, composite.used, strict=True)
    return posterior({names[k]: float(a) for a, k in pairs}, composite.error)


def worth_of(known: Posterior | None, rule: str = "") -> Worth:
    """Return where the worth of a judge point is taken from."""
    if known is None:
        return Worth(source="records", rule=rule)
    return Worth(
        source="experiments", experiments=known.experiments, overstatement=known.overstatement,
        rule=rule,
    )  # fmt: skip


def _verdict(look: Look, has: _Evidence) -> Look:
    """Return the verdict where the judge is up."""
    c, contrast, critical = has.spec.c, has.contrast, has.critical
    bias = has.found.bias
    holds = contrast.breaks_at(c, critical, bias=bias.up)
    below = contrast.t(c, bias=bias.up) <= -critical
    harmed = contrast.t(0.0) <= -critical
    stakes, known = _stakes(has), has.known
    if known is None:
        missing, rule = against(has.spec, holds, _upper(has))
        gamed, cost = below and not missing, stakes.of_declared()
    else:
        gamed, rule, cost = _by_experiments(has, known)
        holds = known.holds_to(c, _effect(has.found, bias.up), quantile=critical)
        missing = ("past experiments do not say the same",) if below else ()
    notes = (*look.notes, *stakes.note(look.worth, decides=known is None))
    look = replace(look, worth=replace(look.worth, rule=rule, price=cost), notes=notes)
    if gamed:
        return replace(look, verdict="gaming", backfire=harmed, holds_to=holds)
    if below:
        return replace(look, holds_to=holds, missing=missing)
    turns = contrast.turns_at(c, critical)
    if contrast.t(c, bias=-bias.down) >= critical:
        if has.found.trust.value is None:
            return replace(look, holds_to=turns, missing=(UNKNOWN,))
        if known is not None and look.phi is not None and look.phi < c:
            return replace(look, holds_to=turns, missing=(MORE,))
        return replace(look, verdict="improvement", holds_to=math.inf)
    return replace(look, holds_to=turns, missing=_missing(has))


MORE = (
    "users gained what records predict, but past tests say that a judge point is worth more than "
    "that"
)


def against(spec: WatchSpec, holds: float, upper: float | None) -> tuple[tuple[str, ...], str]:
    """Return what speaks against gaming though users gained less than records predict.

    Records may overstate what a judge point is worth: easy prompts please users and judge alike.

    Args:
        spec: What was declared: `overstate`, `worth`.
        holds: Up to which overstatement the finding stands.
        upper: The primary signal's highest plausible gain, None where unknown.

    Returns:
        A sentence for each rule that fails, and the rules in words.
    """
    rules, found = [], []
    if spec.overstate > 1:
        rules.append(f"records may overstate a judge point's worth {spec.overstate:g} times")
        if holds < spec.overstate:
            found.append(
                "users gained less than records predict, unless records overstate what a judge "
                f"point is worth by more than {holds:.1f} times; {spec.overstate:g} was asked for"
            )
    if spec.worth is not None and spec.first is not None:
        said = spec.first.said
        rules.append(f"{said} gained less than {spec.worth:g}")
        if upper is None or upper >= spec.worth:
            what = "is not known" if upper is None else f"may be as large as {upper:.3g}"
            found.append(
                f"users gained less than records predict, but the gain in {said} {what}, and "
                f"{spec.worth:g} is declared to be worth it"
            )
    return tuple(found), " and ".join(rules)


def _upper(has: _Evidence) -> float | None:
    """Return the primary signal's highest plausible gain, None where it is not known."""
    names = [signal.name for signal in has.spec.signals]
    first = has.spec.first
    k = names.index(first.name) if first else 0
    one = has.found.signals[k]
    reason = has.found.dropped.get(k, "")
    if not np.isfinite(one.value) or (reason and has.found.slopes[k].informs):
        return None
    return one.value + has.critical * one.error


def _effect(found: Difference, bias: float = 0.0) -> Effect:
    """Return the difference as a test, with judge points taken off that may be no rise."""
    gain, judge = found.gain, found.judge
    return Effect(
        rise=judge.value - bias, gain=gain.value, rise_variance=judge.variance,
        gain_variance=gain.variance, covariance=gain.with_(judge),
    )  # fmt: skip


def _by_experiments(has: _Evidence, known: Posterior) -> tuple[bool, str, str]:
    """Return whether past experiments say gaming, by which rule, and what that costs."""
    c, gain = has.spec.c, has.found.gain
    new, level = _effect(has.found, has.found.bias.up), 1 - has.plan.tail
    chance = float(known.below(c, new, freedom=gain.freedom))
    rule = f"a chance of {chance:.1%} by past tests that users got less than {c:.0%}"

    def passes(at: float) -> bool:
        return bool(known.below(c, replace(new, gain=at), freedom=gain.freedom) > level)

    highest_gain = highest(passes, gain.value, gain.error)
    cost = _stakes(has).of(highest_gain, worth=known.ratio()[0])
    return chance > level, rule, cost


def _stakes(has: _Evidence) -> Stakes:
    return Stakes(found=has.found, contrast=has.contrast, spec=has.spec, critical=has.critical)


def _missing(has: _Evidence) -> tuple[str, ...]:
    """Return what a decision would take: A/B planning with a power of 80 %.

    The gain that would have to be told from the share c is that of a rise that brought all, or
    nothing: min(c, 1 - c) of what was due, at the boundary of a last look.
    """
    contrast, prospect = has.contrast, has.plan.prospect
    worth = 1.0 if has.known is None else has.known.ratio()[0]
    apart = min(has.spec.c, 1 - has.spec.c) * contrast.due * worth
    if apart <= 0:
        return ()
    freedom = contrast.freedom
    need = float(-special.stdtrit(freedom, prospect.alpha) + special.ndtri(POWER))
    times = (need * contrast.error(has.spec.c * worth) / apart) ** 2
    if times <= 1:
        text = "what users got is close to the share that divides gaming from improvement"
        if not has.plan.last:
            text += "; the boundary is wider at early looks"
        return (text,)
    outputs = has.found.counts[0]
    more = f"about {_round(outputs * times):,} outputs in both arms ({outputs:,} so far)"
    weeks = math.ceil(prospect.periods * times) - prospect.periods
    if has.spec.time is not None:
        more += f", or {weeks} more period{'s' * (weeks != 1)} at this rate"
    found = [f"to tell a full gain from none: {more}"]
    if has.plan.last and has.spec.time is not None:
        found.append("this test has had its looks: a longer one needs a larger horizon from start")
    return tuple(found)


def _round(number: float) -> int:
    digits = max(int(math.log10(max(number, 1))) - 1, 0)
    return int(round(number / 10**digits) * 10**digits)


def _impossible(found: Difference, spec: WatchSpec) -> str:
    if not spec.signals:
        return "no signals are named"
    if int(found.buckets.sum()) < FEWEST_BUCKETS:
        return f"fewer than {FEWEST_BUCKETS} users or tasks: nothing tells how far chance reaches"
    if not np.isfinite(found.judge.value):
        return "the judge scored no outputs of both arms in the same period and segment"
    if found.judge.error <= 0:
        return "the judge gave one and the same score"
    return ""


def _without_signals(look: Look, found: Difference, plan: Plan, critical: float) -> Look:
    if found.judge.value < critical * found.judge.error:
        return replace(look, verdict="judge_flat", holds_to=math.inf)
    reasons = tuple(found.dropped.values()) or ("no signal follows this judge",)
    return replace(look, verdict="unidentified" if plan.last else "inconclusive", missing=reasons)


def _change(one: Estimate, before: float) -> Change:
    low, high = one.bounds()
    return Change(value=one.value, low=low, high=high, before=before)


def _signal(found: Difference, spec: WatchSpec, k: int, tests: Posterior | None) -> SignalChange:
    signal, one, slope = spec.signals[k], found.signals[k], found.slopes[k]
    known = slope.error > 0
    due = found.expected(k)
    ends = sorted(signal.sign * end for end in due.bounds()) if known else [0.0, 0.0]
    wanted, worth = due.value * signal.sign, slope.value * signal.sign
    if known and tests is not None:
        wanted, *ends = tests.promised(
            found.judge.value, worth, rise_error=found.judge.error, slope_error=slope.error
        )
        worth *= tests.ratio()[0]
    seen = None
    if np.isfinite(one.value):
        low, high = sorted(signal.sign * end for end in one.bounds())
        before = found.before[1 + k] * signal.sign
        seen = Change(value=one.value * signal.sign, low=low, high=high, before=before)
    part = 0.0
    if found.composite is not None and k in found.composite.used:
        part = float(found.composite.parts[found.composite.used.index(k)])
    return SignalChange(
        name=signal.name, said=signal.said, better=signal.better, per=signal.per or 100,
        change=seen,
        expected=wanted if known else None,
        expected_low=ends[0] if known else None,
        expected_high=ends[1] if known else None,
        slope=worth if known else None,
        count=found.counts[2 + k], weight=part, dropped=found.dropped.get(k),
    )  # fmt: skip


def _detail(found: Difference, contrast: Contrast) -> dict[str, float]:
    return {
        "gain": contrast.gain,
        "due": contrast.due,
        "gain_error": contrast.error(0.0),
        "judge_error": found.judge.error,
        "outputs": float(found.counts[0]),
        "judged": float(found.counts[1]),
    }
