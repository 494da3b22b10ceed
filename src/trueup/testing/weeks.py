"""Simulated histories of weekly calibration runs, with the truth known: for tests and benchmarks.

Everything here is made up by a random generator; see `Truth` and `Shift` for what can be set.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from trueup.agreement.drift.week import ANCHORS, PAIRS, Count, Labelled, Week

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_MONDAY = dt.date(2025, 12, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Something that changes at a week and stays changed."""

    cause: Literal["judge", "raters", "traffic", "system", "rubric"]
    week: int
    """First week in which it acts, counted from 0."""
    size: float
    """judge: share of verdicts flipped; raters: share of labels flipped; traffic: the first
    segment's new share; system and rubric: what is added to the true pass rate."""
    over: int = 1
    """Weeks over which it grows to its size: 1 is a step."""
    criterion: int | None = 0
    """Which criterion it touches, None for all of them; traffic touches all."""
    fixed: bool = False
    """judge: the same anchors are flipped in every sitting; else at random each time."""
    observed: bool = False
    """judge: the endpoint says that another model answers."""
    together: bool = False
    """raters: both people give the same flipped label, so that they agree as before."""

    def grown(self, week: int) -> float:
        """Return which part of it acts in a week, from 0 to 1."""
        return min(max(week - self.week + 1, 0) / self.over, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A made-up product, judge and team."""

    weeks: int = 52
    criteria: int = 1
    shifts: Sequence[Shift] = ()
    pass_rate: float = 0.8
    """True share of items that meet a criterion, over all traffic."""
    gap: float = 0.2
    """By how much the first segment's true pass rate lies below the others'."""
    mix: Sequence[float] = (0.4, 0.6)
    """Segments' shares of traffic."""
    tpr: float = 0.9
    tnr: float = 0.8
    retest: float = 0.03
    """Share of an anchor's verdicts that are not its usual one; the rest of the judge's errors
    stick to the anchor. Where this is 1 nothing sticks: each verdict is drawn anew."""
    rater_error: float = 0.05
    """Each person's chance of a wrong label, independent of the other's."""
    items: int = 2000
    """Verdicts a week."""
    pairs: int = PAIRS
    """Items a week that two people label."""
    singles: int = 0
    """Items a week that one person labels."""
    checks: int = 0
    """Anchors a week that a person labels blind."""
    anchors: int = ANCHORS
    shock: float = 0.0
    """Standard deviation of weekly shocks of the true pass rate."""
    shock_rho: float = 0.0
    """Their autocorrelation from one week to the next."""
    wobble: float = 0.0
    """Standard deviation of weekly shocks of the first segment's share."""
    missing: float = 0.0
    """Share of weeks without a run."""


def simulate_weeks(
    truth: Truth, seed: int | np.random.Generator = 0
) -> dict[str, tuple[Week, ...]]:
    """Return a history of every criterion, as `trueup.agreement.drift` takes it.

    >>> history = simulate_weeks(Truth(weeks=2, criteria=2, items=100), seed=1)
    >>> [week.week for week in history["criterion-2"]]
    ['2026-W01', '2026-W02']
    """
    rng = np.random.default_rng(seed)
    shares = _shares(truth, rng)
    ran = np.flatnonzero(rng.random(truth.weeks) >= truth.missing)
    criteria = {f"criterion-{i + 1}": _Criterion(truth, i, rng) for i in range(truth.criteria)}
    return {
        name: tuple(criterion.week(week, shares[week]) for week in ran.tolist())
        for name, criterion in criteria.items()
    }


def week_name(week: int) -> str:
    """Return the ISO week of a simulated week, counted from 0."""
    year, number, _ = (_MONDAY + dt.timedelta(weeks=week)).isocalendar()
    return f"{year}-W{number:02d}"


def _shares(truth: Truth, rng: np.random.Generator) -> Floats:
    """Return the segments' shares of traffic, shape (weeks, segments)."""
    mix = np.asarray(truth.mix, dtype=float)
    first = mix[0] + truth.wobble * rng.standard_normal(truth.weeks)
    for shift in truth.shifts:
        if shift.cause == "traffic":
            first += [(shift.size - mix[0]) * shift.grown(week) for week in range(truth.weeks)]
    if len(mix) == 1:
        return np.ones((truth.weeks, 1))
    first = np.clip(first, 0, 1)
    return np.column_stack([first, np.outer(1 - first, mix[1:] / mix[1:].sum())])


def _shocks(truth: Truth, rng: np.random.Generator) -> Floats:
    """Return an AR(1) of the declared spread that starts in its stationary law."""
    noise = rng.standard_normal(truth.weeks)
    noise[1:] *= np.sqrt(1 - truth.shock_rho**2)
    for week in range(1, truth.weeks):
        noise[week] += truth.shock_rho * noise[week - 1]
    return truth.shock * noise


class _Criterion:
    """One criterion, with what sticks to its anchors drawn once."""

    def __init__(self, truth: Truth, number: int, rng: np.random.Generator) -> None:
        self.truth, self.rng = truth, rng
        self.shifts = [s for s in truth.shifts if s.criterion in {None, number}]
        self.shocks = _shocks(truth, rng)
        self.anchors = rng.random(truth.anchors) < truth.pass_rate
        self.luck = rng.random(truth.anchors)
        wrong = np.where(self.anchors, 1 - truth.tpr, 1 - truth.tnr)
        self.fresh = wrong if truth.retest >= 1 else np.full(truth.anchors, truth.retest)
        stuck = np.clip((wrong - self.fresh) / np.maximum(1 - 2 * self.fresh, 1e-9), 0, 1)
        self.usual = self.anchors ^ (rng.random(truth.anchors) < stuck)

    def week(self, week: int, shares: Floats) -> Week:
        """Return a week's summary."""
        reworded = any(s.cause == "rubric" and s.grown(week) for s in self.shifts)
        newer = any(s.observed and s.grown(week) for s in self.shifts)
        sitting = self._sitting(week)
        met, verdict, counts = self._judged(week, shares)
        passed = [int(part.sum()) for part in np.split(verdict, np.cumsum(counts)[:-1])]
        labelled, overlap = self._labels(week, met, verdict)
        error = _either(self.truth.rater_error, self._size("raters", week))
        return Week(
            week=week_name(week),
            question="reworded" if reworded else "question",
            instrument="judge, reworded" if reworded else "judge",
            observed=frozenset({"model-2" if newer else "model-1"}),
            judged={
                f"segment-{i + 1}": Count(k, int(n))
                for i, (k, n) in enumerate(zip(passed, counts, strict=True))
                if n
            },
            labelled=labelled,
            overlap=overlap,
            checks=Count(int(self.rng.binomial(self.truth.checks, 1 - error)), self.truth.checks),
            anchors={f"anchor-{i}": bool(said) for i, said in enumerate(sitting)},
        )

    def _size(self, cause: str, week: int, **only: bool) -> float:
        """Return how far a cause has gone in a week; `only` those shifts with these marks."""
        return sum(
            s.size * s.grown(week)
            for s in self.shifts
            if s.cause == cause and all(getattr(s, name) == value for name, value in only.items())
        )

    def _sitting(self, week: int) -> Bools:
        """Return the verdicts on the anchors."""
        n = len(self.anchors)
        flip = _either(self.fresh, self._size("judge", week, fixed=False))
        said = self.usual ^ (self.rng.random(n) < flip)
        said ^= self.luck < self._size("judge", week, fixed=True)
        stricter = self.rng.random(n) < max(-self._size("rubric", week), 0)
        milder = self.rng.random(n) < max(self._size("rubric", week), 0)
        answers: Bools = (said & ~stricter) | milder
        return answers

    def _judged(self, week: int, shares: Floats) -> tuple[Bools, Bools, NDArray[np.int64]]:
        """Return the items' truth and verdicts, by segment, and the segments' counts."""
        truth = self.truth
        true = truth.pass_rate + self.shocks[week]
        true += self._size("system", week) + self._size("rubric", week)
        mix = np.asarray(truth.mix, dtype=float)
        below = np.where(np.arange(len(mix)) == 0, truth.gap, 0.0)
        counts = self.rng.multinomial(truth.items, shares)
        rates = np.repeat(np.clip(true + mix @ below - below, 0, 1), counts)
        met = self.rng.random(truth.items) < rates
        wrong = _either(np.where(met, 1 - truth.tpr, 1 - truth.tnr), self._size("judge", week))
        return met, met ^ (self.rng.random(truth.items) < wrong), counts

    def _labels(self, week: int, met: Bools, verdict: Bools) -> tuple[Labelled, Count]:
        """Return labels beside verdicts, of a random part of the items, and people's agreement."""
        truth, rng = self.truth, self.rng
        drawn = rng.permutation(met.size)[: truth.pairs + truth.singles]
        paired = np.arange(drawn.size) < truth.pairs
        together = rng.random(drawn.size) < self._size("raters", week, together=True)
        error = _either(truth.rater_error, self._size("raters", week, together=False))
        first = met[drawn] ^ together ^ (rng.random(drawn.size) < error)
        second = met[drawn] ^ together ^ (rng.random(drawn.size) < error)
        same = (first == second) | ~paired
        said, label = verdict[drawn][same], first[same]
        cells = (said & label, said & ~label, ~said & label, ~said & ~label)
        overlap = Count(int((paired & same).sum()), int(paired.sum()))
        return Labelled(*(float(cell.sum()) for cell in cells)), overlap


def _either(one: Floats | float, other: float) -> Floats | float:
    """Return the chance that exactly one of two independent flips happens."""
    return one * (1 - other) + (1 - one) * other
