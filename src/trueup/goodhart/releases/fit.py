"""Releases, regressed: which means are compared, what their noise is, what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart import guards
from trueup.goodhart.composite import combine
from trueup.goodhart.releases.regression import Frozen, Models, Regression, models, trend
from trueup.goodhart.series import sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.composite import Composite
    from trueup.goodhart.history import History

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEWEST = 8
"""Releases that hold both scores and signals."""
FEWEST_KEPT = 4
"""Releases beside which users kept back were seen; with fewer, these say nothing."""
OWN = 0.3
"""What a release brings users for reasons of its own, less their share of what the judge sees of
it: its standard deviation, in the judge's mean step. Steps that differ in truth by half a mean step
have .25 at a share of one half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Releases, regressed.

    Attributes:
        history: Series over releases, and over users kept back beside each.
        rows: Rows in it.
        kept: Which of them are of users kept back.
        regression: Of the signals as one; None where none informs.
        judge: The judge's trend over all releases together, and its error.
        chance: Probability that the judge has no upward trend.
        known: The error models.
        dropped: Number of a signal -> why it has no part.
        composite: The signals as one; None where none informs.
        bias: What a guard says may not be quality.
    """

    history: History
    rows: NDArray[np.int64]
    kept: Bools
    regression: Regression | None
    judge: tuple[float, float]
    chance: float
    known: Models
    dropped: dict[int, str]
    composite: Composite | None
    bias: guards.Bias

    @property
    def parts(self) -> dict[int, float]:
        """Number of a signal -> its part."""
        if self.composite is None:
            return {}
        return {
            k: float(part)
            for k, part in zip(self.composite.used, self.composite.parts, strict=True)
        }

    @property
    def span(self) -> float:
        """From the first to the last release, in releases."""
        moving = self.rows[~self.kept]
        return float(moving[-1] - moving[0])

    def change(self, signal: int) -> tuple[float, float]:
        """Return a signal's change over all releases and its error; up is good."""
        series = self.history.signals[signal]
        mean, apart = series.mean[self.rows], series.apart[self.rows]
        if not np.isfinite(mean).all():
            return float("nan"), float("nan")
        value, error, _ = trend(mean, sampling(apart[~self.kept]), self.known)
        return value * self.span, error * self.span


def fit(history: History, releases: int) -> Fitted:
    """Regress what the signals did on the judge's rise, over releases.

    Args:
        history: A row for each release, then one for the users kept back beside each, if any.
        releases: How many there are.
    """
    before, after = _compared(history, releases)
    dropped = {}
    for k, signal in enumerate(history.spec.signals):
        if not history.slopes[k].informs:
            dropped[k] = f"{signal.said} have not followed this judge"
        elif reason := guards.feedback(history, k, before, after):
            dropped[k] = reason
    used = [k for k in range(len(history.spec.signals)) if k not in dropped]
    rows = _whole(history, used, releases)
    if (rows < releases).sum() < FEWEST:
        dropped |= dict.fromkeys(used, "too few releases hold both scores and signals")
        used, rows = [], _whole(history, [], releases)
    kept = rows >= releases
    variances = np.array(
        [
            sampling(s.apart[rows][~kept]) if k in used else 0.0
            for k, s in enumerate(history.signals)
        ]
    )
    composite = combine(history.slopes, variances, used) if used else None
    known = _errors(history, composite, rows, releases)
    regression = None if composite is None else _regression(history, composite, rows, kept, known)
    bias = guards.coverage(history, before, after)
    if not kept.any():  # the judge's own drift comes to users kept back as well
        bias |= guards.anchors(history, before, after)
    moving = rows[~kept]
    span = float(moving[-1] - moving[0])
    spread = sampling(history.judge.apart[moving])
    judge = history.judge.mean[rows]
    value, error, chance = trend(judge, spread, known, less=2 * bias.up / span)
    return Fitted(
        history=history, rows=rows, kept=kept, regression=regression,
        judge=(value * span, error * span), chance=chance, known=known, dropped=dropped,
        composite=composite, bias=bias,
    )  # fmt: skip


def _compared(history: History, releases: int) -> tuple[list[int], list[int]]:
    """Return the rows that guards compare: the old half and the new, or kept users and the rest."""
    if history.rows > releases:
        return list(range(releases, history.rows)), list(range(releases))
    judged = np.flatnonzero(np.isfinite(history.judge.mean[:releases])).tolist()
    half = len(judged) // 2
    return judged[:half], judged[half:]


def _whole(history: History, used: list[int], releases: int) -> NDArray[np.int64]:
    """Return the rows that hold everything; those of users kept back only where not too few."""
    found = np.isfinite(history.judge.mean)
    for k in used:
        found = found & np.isfinite(history.signals[k].mean)
    if found[releases:].sum() < FEWEST_KEPT:
        found[releases:] = False
    return np.flatnonzero(found)


def _errors(
    history: History, composite: Composite | None, rows: NDArray[np.int64], releases: int
) -> Models:
    """Return the error models of gain less due, for all trends over these rows."""
    kept = rows >= releases
    gap = -history.spec.c * history.judge.apart[rows]
    if composite is not None:
        gap = gap + composite.of([series.apart[rows] for series in history.signals])
    inverse = 1 / np.maximum(history.items.sum(1)[rows], 1.0)
    relative = inverse / inverse[~kept].mean()
    number = (rows % releases).astype(np.float64)
    variance = sampling(gap[~kept])
    if variance <= 0:
        return models(relative[~kept], number[~kept], number=number[~kept])
    step = np.polyfit(number[~kept], history.judge.mean[rows[~kept]], 1)[0]
    own = float((OWN * step) ** 2 / variance)
    frozen = None
    if kept.any():
        relative[kept] *= sampling(gap[kept]) / variance / relative[kept].mean()
        lasting = _lasting(gap[kept]) + _lasting(gap[~kept])
        frozen = Frozen(rows=kept, apart=lasting / variance)
    path = np.where(kept, 0.0, number)
    return models(relative, path, number=number, own=own, frozen=frozen)


def _lasting(apart: Floats) -> float:
    """Return the variance, over users, of what a mean is off by in every row alike."""
    return max(float((apart.mean(0) ** 2).sum()) - sampling(apart) / len(apart), 0.0)


def _regression(
    history: History, composite: Composite, rows: NDArray[np.int64], kept: Bools, known: Models
) -> Regression:
    moves = composite.of([series.apart[rows] for series in history.signals])[~kept]
    apart = history.judge.apart[rows][~kept]
    return Regression(
        judge=history.judge.mean[rows],
        gain=composite.of([series.mean[rows] for series in history.signals]),
        judge_variance=sampling(apart), gain_variance=sampling(moves),
        both=sampling(moves, apart), slope_error=composite.error, known=known,
    )  # fmt: skip
