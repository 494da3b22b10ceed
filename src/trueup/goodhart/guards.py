"""What else could have moved the figures: each guard can drop a signal or withhold a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from trueup.goodhart.series import THIN
from trueup.goodhart.weekly.shift import shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.history import History

    Floats = NDArray[np.float64]

RATE_RANGE = (0.8, 1.25)
"""A feedback rate that left this range, ..."""
RATE_ERRORS = 4.0
"""... by so many standard errors of its logarithm, no longer speaks for the same people."""
SEGMENT_PART = 0.1
"""Segments with a smaller part of a signal's responders are not looked at alone."""
ANCHOR_ERRORS = 1.0
COVERAGE_ERRORS = 3.0
ALL = 0.8
"""Where a smaller share of outputs was scored, and no weight says why, they were a sample."""
LEAST_LOSS = 0.005
"""Share of outputs that may go unjudged without a word."""
KEPT_MIX = 0.9
"""Where less of the reference's traffic is left, it is said which part is compared, ..."""
LEAST_MIX = 0.5
"""... and where less than this, nothing is."""
FEWEST_REFERENCE = 8


@dataclass(frozen=True, slots=True)
class Bias:
    """By how much something else than quality may have moved the judge's score.

    Attributes:
        up: Judge points that may have been added.
        down: Judge points that may have been taken away.
        notes: A sentence for each reason.
    """

    up: float = 0.0
    down: float = 0.0
    notes: tuple[str, ...] = ()

    def __or__(self, other: Bias) -> Bias:
        """Add up what both may have done."""
        return Bias(self.up + other.up, self.down + other.down, (*self.notes, *other.notes))


def feedback(history: History, signal: int, before: Sequence[int], after: Sequence[int]) -> str:
    """Return why a signal speaks for other people than before, empty where it does not.

    The share of outputs with a value, at the reference's mix and in each large segment: where it
    left `RATE_RANGE` by `RATE_ERRORS` standard errors, who answers has changed, and a mean over
    those who answer proves nothing.
    """
    items, counts = history.items, history.responders[signal]
    said = history.spec.signals[signal].said
    n0, n1 = items[list(before)].sum(0), items[list(after)].sum(0)
    m0, m1 = counts[list(before)].sum(0), counts[list(after)].sum(0)
    if m1.sum() <= 0:
        return f"no {said} arrived"
    here = (n0 > 0) & (n1 > 0) & (m0 > 0)
    if not here.any():
        return f"no {said} arrived in the same segments as before"
    share = n0[here] / n0[here].sum()
    rate0 = float((share * m0[here] / n0[here]).sum())
    rate1 = float((share * m1[here] / n1[here]).sum())
    if _moved(rate0, rate1, m0[here].sum(), m1[here].sum()):
        return f"{said} are given for {rate1:.2%} of outputs, {rate0:.2%} before"
    for s in np.flatnonzero(here & (m0 >= SEGMENT_PART * m0.sum())):
        old, new = m0[s] / n0[s], m1[s] / n1[s]
        if _moved(old, new, m0[s], m1[s]):
            name = history.grid.segments[s] or "all"
            return f"in {name}, {said} are given for {new:.2%} of outputs, {old:.2%} before"
    return ""


def _moved(old: float, new: float, count_old: float, count_new: float) -> bool:
    if new <= 0 or old <= 0:
        return old * count_old > 0
    ratio = new / old
    error = np.sqrt(max(1 - old, 0) / count_old + max(1 - new, 0) / max(count_new, 1))
    outside = not RATE_RANGE[0] <= ratio <= RATE_RANGE[1]
    return bool(outside and abs(np.log(ratio)) > RATE_ERRORS * error)


def coverage(history: History, before: Sequence[int], after: Sequence[int]) -> Bias:
    """Return what outputs that the judge no longer scores may have added to its mean.

    Judges abstain, refuse and truncate on the worst outputs first. If a further share d of them
    goes unscored, the mean of the rest rises by at most phi(z_d)/(1 - d) standard deviations: all
    of the lower tail of a normal distribution, lost. Where only a sample was ever scored, and no
    `judge_weight` tells a refusal from an output that was not drawn, nothing can be said.
    """
    n = history.grid.total("n")
    scored = history.grid.total("w" if history.spec.judge_weight else "nj")
    counts = history.grid.total("nj")
    share = n[list(before)].sum(0)
    here = (share > 0) & (n[list(after)].sum(0) > 0)
    if not here.any():
        return Bias()
    share = share[here] / share[here].sum()

    def rate(rows: Sequence[int]) -> tuple[float, float]:
        each = scored[list(rows)].sum(0)[here] / n[list(rows)].sum(0)[here]
        count = counts[list(rows)].sum(0)[here].sum()
        p = min(float((share * each).sum()), 1.0)
        spread = max(p * (1 - p), 1e-4) if not history.spec.judge_weight else p * p
        return float((share * each).sum()), spread / max(count, 1.0)

    (old, error_old), (new, error_new) = rate(before), rate(after)
    if old < ALL and not history.spec.judge_weight:
        return Bias()
    change = (old - new) / old if old > 0 else 0.0
    error = float(np.sqrt(error_old + error_new)) / old if old > 0 else 0.0
    if abs(change) < LEAST_LOSS or abs(change) < COVERAGE_ERRORS * error:
        return Bias()
    size = min(abs(change), 0.99)
    possible = float(stats.norm.pdf(stats.norm.isf(size)) / (1 - size)) * history.judge_spread
    note = (
        f"the judge scored {new:.1%} of outputs, {old:.1%} before: that alone can have moved its "
        f"mean by {possible:.2f}"
    )
    return Bias(possible, 0.0, (note,)) if change > 0 else Bias(0.0, possible, (note,))


def mix(history: History, before: Sequence[int], after: Sequence[int]) -> tuple[float, str]:
    """Return which part of the reference's traffic is still there, and a sentence where too little.

    A segment that has gone can be compared with nothing. Series hold the rest together without it
    (`standardised`), so that what is left to say is whom a verdict is about.
    """
    n = history.items
    old = n[list(before)].sum(0)
    new = n[list(after)].sum(0)
    gone = (old > 0) & (new * old.sum() <= THIN * old * new.sum())
    kept = 1 - float(old[gone].sum() / old.sum()) if old.sum() > 0 else 1.0
    if kept >= KEPT_MIX:
        return kept, ""
    largest = int(np.argmax(np.where(gone, old, -1)))
    name = history.grid.segments[largest] or "(none)"
    others = int(gone.sum()) - 1
    and_others = f" and {others} other segments" if others > 1 else " and another" * others
    return kept, (
        f"'{name}'{and_others} brought {1 - kept:.0%} of outputs in the reference and next to none "
        "since: "
        + ("compared are the rest" if kept >= LEAST_MIX else "too little is left to compare")
    )


def anchors(history: History, before: Sequence[int], after: Sequence[int]) -> Bias:
    """Return by how much the judge itself moved, seen on outputs judged anew in each period.

    Each anchor is compared with its own mean, and the periods' means by `shift`.
    """
    series = anchor_series(history, max((*before, *after), default=-1) + 1)
    if series is None:
        return Bias()
    old = [series[p] for p in before if np.isfinite(series[p])]
    new = [series[p] for p in after if np.isfinite(series[p])]
    if len(old) < 2 or not new:  # noqa: PLR2004 - a scatter needs two
        return Bias()
    moved = shift(np.array(old + new), len(old))
    delta, error = float(moved.delta), float(moved.error)
    if error <= 0 or abs(delta) <= ANCHOR_ERRORS * error:
        return Bias()
    note = f"the judge itself moved by {delta:+.2f} on the anchors (+/- {1.96 * error:.2f})"
    size = abs(delta) + error
    return Bias(size, 0.0, (note,)) if delta > 0 else Bias(0.0, size, (note,))


def anchor_series(history: History, rows: int | None = None) -> Floats | None:
    """Return the anchors' mean deviation from their own means per period; None without any.

    Args:
        history: What they are of.
        rows: First rows to look at; all where left out.
    """
    table = history.grid.cells.anchors
    if table is None or not len(table["period"]):
        return None
    row_of = {number: row for row, number in enumerate(history.numbers)}
    period = np.array([row_of.get(int(p), -1) for p in table["period"]], dtype=np.int64)
    count = table["n"].astype(float)
    keep = (period >= 0) & (period < (history.rows if rows is None else rows)) & (count > 0)
    names, codes = np.unique(table["anchor"][keep], return_inverse=True)
    period = period[keep]
    score = table["s"][keep].astype(float) / count[keep]
    own = np.bincount(codes, score, len(names)) / np.bincount(codes, minlength=len(names))
    total = np.bincount(period, score - own[codes], history.rows)
    number = np.bincount(period, minlength=history.rows)
    found: Floats = np.divide(
        total, number, out=np.full(history.rows, np.nan), where=number > 0, dtype=np.float64
    )
    return found
