"""Design `concurrent`: users randomised over versions that run at the same time.

Both arms live through the same weeks, so that no history is needed and no shock can imitate a
change. Judge and signals are compared within period and segment; what the judge's rise should have
brought comes from the control's records, or from past experiments (`posterior`).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from trueup.goodhart.arms import Arms, Sides, arms_of, sides_of
from trueup.goodhart.concurrent import guards
from trueup.goodhart.concurrent.boundary import even, tail
from trueup.goodhart.concurrent.decide import Plan, Prospect, decide
from trueup.goodhart.concurrent.difference import Difference, Effects, difference, weigh
from trueup.goodhart.concurrent.mismatch import find_mismatch
from trueup.goodhart.grid import lay_out, segments_of
from trueup.goodhart.history import lag_of
from trueup.goodhart.instruments import without_scores
from trueup.goodhart.look import Look
from trueup.goodhart.slope import record_slope, reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.concurrent.mismatch import Mismatch
    from trueup.goodhart.grid import Grid
    from trueup.goodhart.spec import Signal, WatchSpec

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

LOOKS = 4
"""Of a test without a horizon."""


class Snapshots(Protocol):
    """What was known at an instant, as cells of all periods up to it."""

    def __call__(self, end: dt.datetime, /) -> Cells:
        """Return the cells."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two arms laid out: periods x segments x buckets.

    Attributes:
        spec: What is watched.
        treated: Cells of the treatment.
        control: Cells of the control.
        records: Cells of the old version, which tell what a judge point was worth.
        buckets: User buckets that hold anything.
        notes: What was set aside.
    """

    spec: WatchSpec
    treated: Grid
    control: Grid
    records: Grid
    buckets: Bools
    notes: tuple[str, ...] = ()

    @property
    def mismatch(self) -> Mismatch | None:
        """A segment that one arm holds more of than chance allows."""
        return find_mismatch(
            self.treated.by_bucket("n"), self.control.by_bucket("n"),
            buckets=self.buckets, segments=self.treated.segments,
        )  # fmt: skip


def concurrent_looks(
    cells: Cells,
    spec: WatchSpec,
    *,
    as_of: Snapshots | None = None,
    treatment: str | None = None,
    posterior: Blend | None = None,
    alpha: float | None = None,
) -> list[Look]:
    """Compare the newest treatment with the control, at every period's end.

    Args:
        cells: All records: they say which arms there are.
        spec: What is watched.
        as_of: What was known at an instant. Without it a look sees the periods whose signals have
            had all their time, and decides later.
        treatment: Which one to compare; the newest where left out, or all that came together.
        posterior: From the weights of the signals (judge points per unit, in its good direction)
            and the relative error of the record slope to what past tests say by these weights.
        alpha: False-alarm rate over all looks; the spec's where left out.

    Raises:
        DataError: There are no two arms that ran at the same time.
    """
    arms = arms_of(cells, spec)
    chosen = (treatment,) if treatment is not None else arms.treatments[: arms.newest]
    test = Test(
        cells=cells, spec=spec, arms=arms, as_of=as_of, posterior=posterior,
        alpha=(spec.alpha if alpha is None else alpha) / len(chosen),
    )  # fmt: skip
    return [look for name in chosen for look in _looks(test, name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What all looks at a test have in common; fields as in `concurrent_looks`."""

    __test__: ClassVar[bool] = False

    cells: Cells
    spec: WatchSpec
    arms: Arms
    as_of: Snapshots | None
    posterior: Blend | None
    alpha: float

    @property
    def planned(self) -> int:
        """How many looks share the error rate."""
        return planned_looks(self.spec)

    def plan(self, number: int) -> Plan:
        """Return how far is far enough at a look, counted from 1."""
        return Plan(
            tail=tail(number - 1, even(self.planned), self.alpha),
            last=number == self.planned,
            prospect=Prospect(alpha=self.alpha, looks=self.planned, periods=number),
        )


def planned_looks(spec: WatchSpec) -> int:
    """Return how many looks of a test share its error rate."""
    return 1 if spec.time is None else spec.looks("concurrent") or LOOKS


def _looks(test: Test, name: str) -> list[Look]:
    cells, spec = test.cells, test.spec
    whole = sides_of(cells, test.arms, name)
    base = Look(
        verdict="inconclusive", design="concurrent", period=0, label=name, since=0,
        why=_why(test.arms, name), notes=_others(test.arms, name),
    )  # fmt: skip
    found: list[Look] = []
    for period in range(whole.start, _complete(cells, spec, whole)):
        number = period - whole.start + 1
        begin = cells.origin + period * spec.step
        end = begin + spec.step
        here = replace(base, period=number - 1)
        if spec.time is not None:
            here = replace(here, start=begin, end=end)
        if number > test.planned:
            last = found[test.planned - 1]
            note = f"the {test.planned} looks of this test are over: the last verdict stays"
            over = replace(last, period=number - 1, start=begin, end=end)
            found.append(replace(over, notes=(*last.notes, note)))
            continue
        seen = test.as_of(end) if test.as_of is not None else cells.first(period + 1)
        lag = 0 if test.as_of is not None or spec.time is None else lag_of(spec)
        pair = pair_of(seen, spec, sides_of(seen, test.arms, name, start=whole.start))
        found.append(
            decide(compare(pair, period + 1, lag), pair, here, test.plan(number), test.posterior)
        )
    return found or [replace(base, missing=("the first period of the test is not over",))]


def _complete(cells: Cells, spec: WatchSpec, sides: Sides) -> int:
    """Return how many periods are over: each is looked at once."""
    if cells.over is None:
        return sides.periods
    return min(sides.periods, (cells.over - cells.origin) // spec.step)


def _why(arms: Arms, name: str) -> str:
    return f"{arms.column} '{name}' against the control '{arms.control}' ({arms.why})"


def _others(arms: Arms, name: str) -> tuple[str, ...]:
    rest = [other for other in arms.treatments if other != name]
    notes = []
    if rest:
        notes.append(f"not compared in this look: {', '.join(repr(other) for other in rest)}")
    if arms.alone:
        names = ", ".join(repr(other) for other in arms.alone)
        notes.append(f"nothing stood beside {names}, which is not compared")
    return tuple(notes)


def pair_of(cells: Cells, spec: WatchSpec, sides: Sides) -> Pair:
    """Lay two arms out, judged by one instrument."""
    everyone = sides.treated | sides.control
    segments = segments_of(cells, everyone | sides.records)
    scored, notes = one_instrument(cells, (sides.treated, sides.control))
    rows = cells.keys["period"].astype(np.int64)
    grids = [
        lay_out(scored, rows, sides.periods, segments, keep)
        for keep in (sides.treated, sides.control, sides.records)
    ]
    counts = sum(grid.by_bucket("n").sum((0, 1)) for grid in grids[:2])
    return Pair(
        spec=spec, treated=grids[0], control=grids[1], records=grids[2],
        buckets=np.asarray(counts) > 0, notes=notes,
    )  # fmt: skip


def one_instrument(cells: Cells, sides: Sequence[Bools]) -> tuple[Cells, tuple[str, ...]]:
    """Keep the scores of the instrument that judged most on every side."""
    keys, judged = cells.keys["instrument"], cells.sums["nj"]
    size = {
        str(name): min(float(judged[(keys == name) & side].sum()) for side in sides)
        for name in np.unique(keys[judged > 0])
    }
    if len(size) <= 1:
        return cells, ()
    best = max(size, key=lambda name: size[name])
    left = (keys != best) & (judged > 0)
    return without_scores(cells, left), (
        f"scores of other instruments than '{best}' were left out",
    )


def compare(pair: Pair, done: int, lag: int) -> Difference:
    """Compare two arms over the periods that are done.

    Args:
        pair: The arms.
        done: Periods that are over.
        lag: Periods that signals need until they are seen.
    """
    spec = pair.spec
    now, ripe = slice(0, done), slice(0, max(done - lag, 0))
    sides = pair.treated, pair.control
    outputs = [side.by_bucket("n") for side in sides]
    judged = [(s.by_bucket("w")[now], s.by_bucket("wj")[now]) for s in sides]
    judge, before = difference(judged[0], judged[1], buckets=pair.buckets)
    trust = reliability(pair.records, now, declared=spec.reliability)
    slopes, estimates, means, counts, dropped = [], [], [before], [], {}
    for k, signal in enumerate(spec.signals):
        values = [(s.by_bucket(f"m{k}")[ripe], s.by_bucket(f"s{k}")[ripe] * signal.sign)
                  for s in sides]  # fmt: skip
        slope = record_slope(pair.records, ripe, k, signal.sign, trust)
        estimate, mean = difference(values[0], values[1], buckets=pair.buckets)
        reason = guards.feedback(
            (outputs[0][ripe], values[0][0]), (outputs[1][ripe], values[1][0]),
            buckets=pair.buckets, said=signal.said, segments=pair.treated.segments,
        )  # fmt: skip
        if young := _too_young(signal, values, spec):
            dropped[k] = young
        elif reason or not np.isfinite(estimate.value):
            dropped[k] = reason or f"no {signal.said} arrived in both arms"
        elif not slope.informs:
            dropped[k] = f"{signal.said} have not followed this judge"
        slopes.append(slope)
        estimates.append(estimate)
        means.append(mean)
        counts.append(int(values[0][0].sum() + values[1][0].sum()))
    bias = guards.coverage(
        (outputs[0][now], judged[0][0]), (outputs[1][now], judged[1][0]),
        buckets=pair.buckets, spread=_spread(pair.records, now),
    )  # fmt: skip
    scored = int(sum(side.total("nj")[now].sum() for side in sides))
    return Difference(
        judge=judge, signals=tuple(estimates), before=tuple(means), slopes=tuple(slopes),
        trust=trust, composite=weigh(slopes, estimates, dropped, judge), dropped=dropped, bias=bias,
        buckets=pair.buckets,
        counts=(int(sum(x[now].sum() for x in outputs)), scored, *counts),
    )  # fmt: skip


def _too_young(signal: Signal, values: Sequence[tuple[Floats, Floats]], spec: WatchSpec) -> str:
    """Return that outputs are too young for a signal to count; empty where they are not."""
    waits = spec.time is not None and (signal.absent is not None or not signal.arrived)
    if not waits or any(count.any() for count, _ in values):
        return ""
    days = signal.window / dt.timedelta(days=1)
    return (
        f"no output of either arm is old enough to count its {signal.said}, which takes up to "
        f"{days:g} day{'s' * (days != 1)} (within)"
    )


def _spread(records: Grid, now: slice) -> float:
    w, wj, wjj = (float(records.total(name)[now].sum()) for name in ("w", "wj", "wjj"))
    return math.sqrt(max(wjj / w - (wj / w) ** 2, 0.0)) if w > 0 else 0.0


def effects_of(found: Difference, spec: WatchSpec) -> Effects:
    """Return what a test found as the ingredients of a ledger's row."""
    signs = [signal.sign for signal in spec.signals]
    parts = [
        found.judge.without,
        *(s * e.without for s, e in zip(signs, found.signals, strict=True)),
    ]
    table = np.array(parts)
    apart = table - table.mean(1, keepdims=True)
    count = table.shape[1]
    covariance = (count - 1) / count * apart @ apart.T
    return Effects(
        names=tuple(signal.name for signal in spec.signals),
        judge=found.judge.value,
        signals=tuple(s * e.value for s, e in zip(signs, found.signals, strict=True)),
        covariance=tuple(tuple(float(x) for x in row) for row in covariance),
        slopes=tuple(s * e.value for s, e in zip(signs, found.slopes, strict=True)),
        reliability=found.trust.value,
        count=found.counts[0],
    )  # fmt: skip
