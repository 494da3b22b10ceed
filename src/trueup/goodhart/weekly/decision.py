"""What the comparisons at several starts say together, in design `weekly`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.ledger.realised import mixed, part_of, widened, worth_detail
from trueup.goodhart.look import Change, Look, SignalChange, Worth
from trueup.goodhart.noise import interval
from trueup.goodhart.price import worth_note
from trueup.goodhart.series import sampling
from trueup.goodhart.slope import UNKNOWN
from trueup.goodhart.weekly.forecast import until_decided
from trueup.goodhart.weekly.shift import shift
from trueup.goodhart.weekly.stakes import (
    Primary,
    by_experiments,
    held_by_experiments,
    price_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.composite import Composite
    from trueup.goodhart.guards import Bias
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.look import Verdict
    from trueup.goodhart.weekly.evidence import Evidence
    from trueup.goodhart.weekly.stream import Weekly

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One start, compared.

    Attributes:
        start: Monitored period at which the change may have begun.
        rows: Rows compared.
        before: How many of them come before the start.
        dropped: Signal -> why it has no part.
        composite: Of the signals that have; None where none has.
        bias: What else may have moved the judge's score.
        evidence: None without a composite.
    """

    start: int
    rows: tuple[int, ...]
    before: int
    dropped: dict[int, str]
    composite: Composite | None
    bias: Bias
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Decision:
    """All starts at one look."""

    weekly: Weekly
    base: Look
    found: Sequence[Tested]

    def look(self) -> Look:
        """Return the look."""
        usable = [tested for tested in self.found if tested.evidence is not None]
        if not usable:
            few = (
                *dict.fromkeys(self.found[0].dropped.values()),
                "more feedback, or signals that are always there",
            )
            return replace(self.base, missing=few)
        gamed = self._strongest(usable, self._gamed)
        if gamed is not None:
            return self._tell(gamed, "gaming")
        real = self._strongest(usable, self._real)
        if real is not None and self.weekly.history.trust.value is not None:
            if self._short(real):  # tests say that a judge point is worth more than records do
                return self._tell(real, "inconclusive")
            return self._tell(real, "improvement")
        ups = [tested.evidence.up(bias=False) for tested in usable if tested.evidence]
        tested = usable[int(np.argmax(ups))]
        return self._tell(tested, "inconclusive" if max(ups) >= 1 else "judge_flat")

    def _strongest(
        self, usable: Sequence[Tested], test: Callable[[Tested], float]
    ) -> Tested | None:
        scored = [(test(tested), tested) for tested in usable]
        best = max(scored, key=lambda pair: pair[0])
        return best[1] if best[0] >= 1 else None

    def _gamed(self, tested: Tested) -> float:
        """Return how clearly it is gaming by every rule that must hold, 1 at the boundary."""
        evidence, spec = tested.evidence, self.weekly.history.spec
        if evidence is None:
            return -math.inf
        if self.weekly.experiments is not None:
            return min(evidence.up(), self._by_experiments(tested))
        found = min(evidence.up(), evidence.gamed(spec.c, overstate=spec.overstate))
        if spec.worth is not None and found >= 1:
            found = min(found, self._below_worth(tested))
        return found

    def _real(self, tested: Tested) -> float:
        evidence = tested.evidence
        if evidence is None:
            return -math.inf
        return min(evidence.up(), evidence.real(self.weekly.history.spec.c))

    def _by_experiments(self, tested: Tested) -> float:
        """Return how clearly users got too little by what past tests say, 1 at the boundary."""
        evidence, known = tested.evidence, self._posterior(tested)
        if evidence is None or known is None:
            return -math.inf
        return by_experiments(evidence, known, self.weekly.history.spec.c)()

    def _short(self, tested: Tested) -> bool:
        """Say whether users more likely than not got too little by what past tests say."""
        evidence, known = tested.evidence, self._posterior(tested)
        if evidence is None or known is None:
            return False
        got = part_of(mixed(known, evidence.below)).value
        return got is not None and got < self.weekly.history.spec.c

    def _posterior(self, tested: Tested) -> Posterior | None:
        composite, learnt = tested.composite, self.weekly.experiments
        if composite is None or learnt is None:
            return None
        names = [signal.name for signal in self.weekly.history.spec.signals]
        pairs = zip(composite.weights, composite.used, strict=True)
        return learnt({names[k]: float(a) for a, k in pairs}, composite.error)

    def _below_worth(self, tested: Tested) -> float:
        """Return how far the primary signal's gain is below `worth`, 1 at the boundary."""
        spec = self.weekly.history.spec
        names = [signal.name for signal in spec.signals]
        k = names.index(spec.first.name) if spec.first else 0
        series = self.weekly.signals[k][list(tested.rows)]
        if k in tested.dropped or not np.isfinite(series).all():
            return -math.inf
        apart = self.weekly.signal_apart[k][list(tested.rows)]
        moved = shift(series, tested.before, floor=sampling(apart))
        distance = (spec.worth or 0.0) - float(moved.delta)
        critical = float(self.weekly.boundary.critical(tested.start, moved))
        return distance / (float(moved.error) * critical)

    def _tell(self, tested: Tested, verdict: Verdict) -> Look:
        evidence = tested.evidence
        assert evidence is not None  # noqa: S101 - only usable starts get here
        weekly, c = self.weekly, self.weekly.history.spec.c
        known = self._posterior(tested)
        holds = math.inf
        if verdict == "gaming" or (verdict == "inconclusive" and evidence.gamed(c) >= 1):
            holds = evidence.breaks_at(c)
            if known is not None:
                holds = held_by_experiments(evidence, known, c)
        elif verdict == "inconclusive":
            holds = evidence.turns_at(c)
        rise = _change(weekly.judge, weekly.judge_apart, tested)
        phi = low = high = None
        if moved := rise is not None and rise.low > 0:
            part = evidence.phi() if known is None else part_of(mixed(known, evidence.below))
            phi, low, high = widened(part, rise.value, up=tested.bias.up, down=tested.bias.down)
        worth = self._worth(tested)
        return replace(
            self.base,
            verdict=verdict,
            backfire=verdict == "gaming" and evidence.harmed() >= 1,
            phi=phi,
            phi_low=low,
            phi_high=high,
            holds_to=holds,
            since=weekly.number(weekly.history.reference + tested.start),
            against=tuple(weekly.number(row) for row in tested.rows[: tested.before]),
            rise=rise,
            signals=tuple(self._signal(k, tested, rise, known) for k in range(len(weekly.signals))),
            worth=worth,
            missing=self._missing(tested, verdict),
            notes=(*tested.bias.notes, *self._too_large(tested, worth, rise if moved else None)),
            detail=self._detail(evidence) | worth_detail(known),
        )

    def _worth(self, tested: Tested) -> Worth:
        evidence, spec = tested.evidence, self.weekly.history.spec
        known = self._posterior(tested)
        rules = []
        if known is not None:
            rules.append("by records and past tests together")
        elif spec.overstate > 1:
            rules.append(
                f"must hold if records overstate a judge point's worth {spec.overstate:g} x"
            )
        if known is None and spec.worth is not None and spec.first is not None:
            rules.append(f"the {spec.first.said} must also have gained less than {spec.worth:g}")
        worth = Worth(source="records" if known is None else "experiments", rule="; ".join(rules))
        if known is not None:
            worth = replace(worth, experiments=known.experiments, overstatement=known.overstatement)
        if evidence is None or not rules:
            return worth
        by_worth = known is None and spec.worth is not None
        primary = self._primary(tested) if by_worth else None
        return replace(worth, price=price_of(evidence, spec, known, primary))

    def _primary(self, tested: Tested) -> Primary | None:
        """Return the primary signal's change beside its slope; None where it has gaps or none."""
        spec = self.weekly.history.spec
        k = [signal.name for signal in spec.signals].index(spec.first.name) if spec.first else 0
        slope = self.weekly.history.slopes[k]
        series = self.weekly.signals[k][list(tested.rows)]
        if k in tested.dropped or not slope.informs or not np.isfinite(series).all():
            return None
        apart = self.weekly.signal_apart[k][list(tested.rows)]
        return Primary(shift(series, tested.before, floor=sampling(apart)), slope.value)

    def _too_large(self, tested: Tested, worth: Worth, rise: Change | None) -> tuple[str, ...]:
        """Return that `worth` is declared too large, where it is and the judge is up."""
        spec = self.weekly.history.spec
        if rise is None or spec.worth is None or (primary := self._primary(tested)) is None:
            return ()
        overstated = 1.0 if worth.overstatement is None else worth.overstatement[0]
        expected = primary.slope * rise.value / overstated
        return worth_note(
            spec, expected=expected, rise=rise.value, experiments=worth.experiments,
            decides=worth.source == "records",
        )  # fmt: skip

    def _missing(self, tested: Tested, verdict: str) -> tuple[str, ...]:
        evidence, weekly = tested.evidence, self.weekly
        if verdict in ("gaming", "improvement", "judge_flat") or evidence is None:
            return ()
        spec, found = weekly.history.spec, []
        if evidence.up() < 1 or evidence.gamed(spec.c) < 1 <= evidence.gamed(spec.c, bias=False):
            found += list(tested.bias.notes)
        moved = len(found)
        if self._short(tested) and evidence.real(spec.c) >= 1:
            found.append(
                "users gained what records predict, but past tests say that a judge point is worth "
                "more than that"
            )
        elif weekly.experiments is not None and evidence.gamed(spec.c) >= 1:
            found.append("users got less than records predict, but past tests do not say the same")
        elif spec.overstate > 1 and evidence.gamed(spec.c) >= 1:
            held = evidence.breaks_at(spec.c)
            found.append(
                f"users got less than records predict, but that holds only if records overstate "
                f"a judge point's worth by less than {held:.1f} x (asked for: {spec.overstate:g})"
            )
        elif spec.worth is not None and evidence.gamed(spec.c) >= 1 and spec.first is not None:
            found.append(
                f"users got less than records predict, but {spec.first.said} may still have gained "
                f"the {spec.worth:g} that matters"
            )
        elif weekly.history.trust.value is None and evidence.real(spec.c) >= 1:
            found.append(UNKNOWN)
        # by what no further period changes
        barred = len(found) > moved and weekly.experiments is None
        found += tested.dropped.values()
        if evidence.up() >= 1 and not barred:
            found.append(until_decided(weekly, tested, self._posterior(tested)))
        return tuple(dict.fromkeys(part for part in found if part))

    def _signal(
        self, k: int, tested: Tested, rise: Change | None, known: Posterior | None
    ) -> SignalChange:
        history = self.weekly.history
        signal, slope = history.spec.signals[k], history.slopes[k]
        part = 0.0
        if tested.composite is not None and k in tested.composite.used:
            part = float(tested.composite.parts[tested.composite.used.index(k)])
        delta = rise.value if rise else 0.0
        error = (rise.high - rise.low) / (2 * 1.96) if rise else 0.0
        expected = slope.value * delta * signal.sign
        wide = 1.96 * float(np.hypot(slope.value * error, slope.error * delta))
        low, high, worth = expected - wide, expected + wide, slope.value * signal.sign
        if known is not None:
            expected, low, high = known.promised(
                delta, worth, rise_error=error, slope_error=slope.error
            )
            worth *= known.ratio()[0]
        return SignalChange(
            name=signal.name,
            said=signal.said,
            better=signal.better,
            per=signal.per or 100,
            change=_change(
                self.weekly.signals[k] * signal.sign, self.weekly.signal_apart[k], tested
            ),
            expected=expected if slope.informs else None,
            expected_low=low if slope.informs else None,
            expected_high=high if slope.informs else None,
            slope=worth if slope.error > 0 else None,
            count=int(history.responders[k][list(tested.rows[tested.before :])].sum()),
            weight=part,
            dropped=tested.dropped.get(k),
        )

    def _detail(self, evidence: Evidence) -> dict[str, float]:
        c = self.weekly.history.spec.c
        d = evidence.contrast(c)
        return {
            "up": evidence.up(),
            "gamed": evidence.gamed(c),
            "real": evidence.real(c),
            "autocorrelation": float(d.correlation),
            "contrast_error": float(d.error),
            "slope_error": evidence.error,
        }


def _change(series: Floats, apart: Floats, tested: Tested) -> Change | None:
    """Return by how much a series moved at a start; None where it has gaps there."""
    rows = list(tested.rows)
    here = series[rows]
    if not np.isfinite(here).all():
        return None
    delta, low, high = interval(here, tested.before, sampling(apart[rows]))
    return Change(value=delta, low=low, high=high, before=float(here[: tested.before].mean()))
