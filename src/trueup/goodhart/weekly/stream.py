"""Design `weekly`: a stream, compared with its own past, from known deploys or unknown starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart import guards
from trueup.goodhart.composite import Composite, combine
from trueup.goodhart.look import Look
from trueup.goodhart.series import sampling
from trueup.goodhart.weekly.boundary import SCANNED, Anytime, Spending, starts_of
from trueup.goodhart.weekly.decision import Decision, Tested
from trueup.goodhart.weekly.evidence import Boundary, Evidence
from trueup.goodhart.weekly.shift import FEWEST_AFTER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.history import History
    from trueup.goodhart.ledger.experiments import Blend

    Floats = NDArray[np.float64]


FEWEST_BUCKETS = 5
"""Of users: fewer say nothing about how users differ."""


@dataclass(frozen=True)
class Weekly:
    """One stream under watch.

    Attributes:
        history: Its series.
        alpha: False-alarm rate over the horizon.
        deploys: Monitored periods in which something was deployed; None scans.
        baseline: A holdback arm's series, which is taken off; None without one.
        experiments: How past tests are blended in; None without any.
    """

    history: History
    alpha: float
    deploys: tuple[int, ...] | None = None
    baseline: History | None = None
    experiments: Blend | None = None

    @cached_property
    def judge(self) -> Floats:
        """The judge's series, the holdback's taken off."""
        own = self.history.judge.mean
        return own if self.baseline is None else own - self.baseline.judge.mean

    @cached_property
    def signals(self) -> list[Floats]:
        """Every signal's series, the holdback's taken off."""
        own = [series.mean for series in self.history.signals]
        if self.baseline is None:
            return own
        pairs = zip(own, self.baseline.signals, strict=True)
        return [one - other.mean for one, other in pairs]

    @cached_property
    def judge_apart(self) -> Floats:
        """What leaving users out does to the judge's series: periods x buckets (of both arms)."""
        own = self.history.judge.apart
        if self.baseline is None:
            return own
        return np.concatenate([own, -self.baseline.judge.apart], axis=1)

    @cached_property
    def signal_apart(self) -> list[Floats]:
        """What leaving users out does to every signal's series."""
        own = [series.apart for series in self.history.signals]
        if self.baseline is None:
            return own
        pairs = zip(own, self.baseline.signals, strict=True)
        return [np.concatenate([one, -other.apart], axis=1) for one, other in pairs]

    @cached_property
    def variances(self) -> Floats:
        """What a period's mean of each signal varies by: seen in the reference, or sampled."""
        window = slice(0, self.history.reference)
        found = []
        for series, apart in zip(self.signals, self.signal_apart, strict=True):
            here = np.isfinite(series[window])
            seen = float(series[window][here].var(ddof=1)) if here.sum() > 1 else 0.0
            found.append(max(seen, sampling(apart[window][here]) if here.any() else 0.0))
        return np.array(found)

    @cached_property
    def horizon(self) -> int | None:
        """Monitored periods whose signals will have had their time within the horizon."""
        looks = self.history.spec.looks("weekly")
        return None if looks is None else max(looks - self.history.lag, FEWEST_AFTER)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Monitored periods at which a change may begin."""
        if self.deploys is not None:
            end = self.horizon
            inside = {s for s in self.deploys if s >= 0 and (end is None or s <= end - 2)}
            return tuple(sorted(inside)) or (0,)
        if self.horizon is not None:
            return starts_of(self.horizon)
        return tuple(range(0, max(self.history.rows - self.history.reference, 1), SCANNED))

    @cached_property
    def boundary(self) -> Boundary:
        """How far is far enough."""
        if self.horizon is None:
            return Anytime(self.alpha, self.history.reference, self.starts)
        return Spending(self.alpha, self.history.reference, self.horizon, self.starts)

    def number(self, row: int) -> int:
        """Return the number of a row's period, 0 being the first that is monitored."""
        return self.history.numbers[row] - self.history.spec.reference

    def look(self, done: int, *, period: int, gamed: Collection[int] = ()) -> Look:
        """Return what could be said once so many rows had ended, in a monitored period.

        Args:
            done: Rows that have ended.
            period: Number of the monitored period.
            gamed: Monitored periods of a gaming that is over: no yardstick for a later change,
                and no part of how much weeks differ by themselves.
        """
        mature = done - self.history.lag
        begin, end = self.history.span(self.history.numbers[done - 1])
        first, looks = self.number(self.history.reference), self.history.spec.looks("weekly")
        base = Look(
            verdict="inconclusive", design="weekly", period=period, start=begin, end=end,
            label=begin.date().isoformat(),
            horizon=(first, None if looks is None else first + looks),
        )  # fmt: skip
        if reason := self._hopeless(mature):
            return replace(base, verdict="unidentified", missing=(reason,))
        left = {row for row in range(done) if self.number(row) in gamed}
        found = [t for s in self.starts if (t := self._test(s, mature, left)) is not None]
        if not found:
            return self._too_early(base, mature)
        return Decision(self, base, found).look()

    def _hopeless(self, mature: int) -> str:
        """Return why these data can never tell, empty where they may."""
        history = self.history
        looks, enough = history.spec.looks("weekly"), history.lag + FEWEST_AFTER
        if looks is not None and looks < enough:
            return (
                f"a horizon of {looks} periods is over before signals of {FEWEST_AFTER} periods "
                f"have had their time: at least {enough} are needed, or a longer period, or a "
                "shorter `within`"
            )
        scored = np.isfinite(self.judge[: history.reference]).sum()
        if scored < guards.FEWEST_REFERENCE:
            return (
                f"the judge scored outputs in {scored} of {history.reference} reference periods, "
                f"and at least {guards.FEWEST_REFERENCE} are needed"
            )
        if history.judge_spread <= 0:
            return "the judge gave every output of the reference the same score"
        return self._unheard() if mature >= history.reference else ""

    def _unheard(self) -> str:
        """Return why the reference's signals can tell nothing, empty where they may."""
        history = self.history
        said = [signal.said for signal in history.spec.signals]
        if not any(counts[: history.reference].sum() for counts in history.responders):
            return f"no {' and no '.join(said)} arrived in the reference"
        if int((history.grid.by_bucket("n").sum((0, 1)) > 0).sum()) < FEWEST_BUCKETS:
            whom = f"column '{history.spec.group}'" if history.spec.group else "the records"
            return f"{whom} tells too few users apart to say how far chance reaches"
        if all(history.never_followed(k) for k in range(len(said))):
            return (
                f"{' and '.join(said)} have never followed this judge, so that its rise promises "
                "nothing: either it does not measure what users value, or too few of them answer"
            )
        return ""

    def _test(self, start: int, mature: int, left: Collection[int]) -> Tested | None:
        """Compare the periods from a start on with those before; None where there are too few."""
        history = self.history
        split = history.reference + start
        if mature - split < FEWEST_AFTER:
            return None
        whole = np.isfinite(self.judge[:mature])
        before = [p for p in range(split) if whole[p] and p not in left]
        after = [p for p in range(split, mature) if whole[p]]
        if len(after) < FEWEST_AFTER or len(before) < guards.FEWEST_REFERENCE:
            return None
        reference = [p for p in before if p < history.reference]
        dropped: dict[int, str] = {}
        for k, signal in enumerate(history.spec.signals):
            if not history.slopes[k].informs:
                never, few = "never followed", "is told too rarely to follow"
                followed = never if history.never_followed(k) else few
                dropped[k] = f"'{signal.said}' {followed} this judge's scores in the reference"
            elif reason := guards.feedback(history, k, reference, after):
                dropped[k] = reason
        kept, moved = guards.mix(history, reference, after)
        if kept < guards.LEAST_MIX:
            dropped = dict.fromkeys(range(len(history.spec.signals)), moved)
        used = [k for k in range(len(history.spec.signals)) if k not in dropped]
        composite = combine(history.slopes, self.variances, used)
        bias = guards.coverage(history, reference, after)
        bias |= guards.anchors(history, reference, after)
        bias |= guards.Bias(notes=(moved,) if moved else ())
        rows = [
            p for p in (*before, *after)
            if composite is None or all(np.isfinite(self.signals[k][p]) for k in composite.used)
        ]  # fmt: skip
        count = sum(p < split for p in rows)
        if count < guards.FEWEST_REFERENCE or len(rows) - count < FEWEST_AFTER:
            return None
        return Tested(
            start=start,
            rows=tuple(rows),
            before=count,
            dropped=dropped,
            composite=composite,
            bias=bias,
            evidence=None
            if composite is None
            else self._evidence(start, rows, count, composite, bias),
        )

    def _evidence(
        self, start: int, rows: Sequence[int], before: int, composite: Composite, bias: guards.Bias
    ) -> Evidence:
        here = list(rows)
        judge = self.judge_apart[here]
        signals = composite.of([apart[here] for apart in self.signal_apart])
        return Evidence(
            judge=self.judge[here],
            composite=composite.of([series[here] for series in self.signals]),
            before=before,
            start=start,
            low=composite.low,
            high=composite.high,
            error=composite.error,
            floor_judge=sampling(judge),
            floor_composite=sampling(signals),
            floor_both=sampling(judge, signals),
            bias_up=bias.up,
            bias_down=bias.down,
            boundary=self.boundary,
        )

    def _too_early(self, base: Look, mature: int) -> Look:
        history = self.history
        first = history.reference + FEWEST_AFTER + history.lag - 1
        if mature + history.lag <= first:
            # the periods before this horizon need not be its reference
            row = min(history.reference, history.rows - 1)
            begin, _ = history.span(history.numbers[row] - row)
            when = (begin + (first + 1) * history.spec.step).date()
            reason = (
                f"signals take {history.lag} periods to arrive: the first comparison can be made "
                f"on {when}"
            )
        else:
            reason = "too few periods hold both scores and signals"
        return replace(base, missing=(reason,))
