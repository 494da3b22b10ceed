"""When the judge began to rise: the most likely period, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.weekly.shift import shift

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from trueup.goodhart.explain.window import Window

    Floats = NDArray[np.float64]

FEWEST_SIDE = 2
FEWEST_ROWS = 8
RANGE = 0.9
CLEAR = 3.0
"""Standard errors: the largest step of some dozen starts passes 2 by luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """From which period on the judge's mean is another.

    Attributes:
        period: Number of the most likely first period, counted from the first record's.
        start: When it begins.
        earliest: First period of the 90 % range.
        latest: Last period of it.
        chance: Probability of `period` itself.
        sentence: The same in words.
    """

    period: int
    start: dt.datetime
    earliest: int
    latest: int
    chance: float
    sentence: str


def when_began(window: Window) -> Began | None:
    """Return the start of a single step that fits the judge's series best.

    Every period is tried as the start, and weighed by the probability of the series with both
    means and the size of the noise unknown, at the autocorrelation that the best start leaves
    (Student's marginal likelihood with flat priors). A slow rise is dated to about its middle.

    Returns:
        None between arms, which differ from the first day on, with too few periods, or where the
        judge did not clearly move.
    """
    if window.paired or not window.numbers:
        return None
    path = window.path("w", "wj")
    here = np.isfinite(path.mean)
    series = path.mean[here]
    rows = np.flatnonzero(here)
    if len(series) < FEWEST_ROWS:
        return None
    starts = np.arange(FEWEST_SIDE, len(series) - FEWEST_SIDE + 1)
    plain = _log_chances(series, starts, 0.0)
    best = shift(series, int(starts[plain.argmax()]))
    if abs(float(best.delta)) <= CLEAR * float(best.error):
        return None
    log = _log_chances(series, starts, float(best.correlation))
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    order = np.argsort(-chance)
    enough = int(np.searchsorted(chance[order].cumsum(), RANGE)) + 1
    inside = starts[order[:enough]]
    top = int(starts[chance.argmax()])
    at = [int(rows[s]) for s in (top, inside.min(), inside.max())]
    periods = [window.numbers[row] for row in at]
    when = [window.start(row).date().isoformat() for row in at]
    spread = "" if at[1] == at[2] else f" (between {when[1]} and {when[2]})"
    return Began(
        period=periods[0], start=window.start(at[0]), earliest=periods[1], latest=periods[2],
        chance=float(chance.max()),
        sentence=f"The judge's change most likely began in the period from {when[0]}{spread}.",
    )  # fmt: skip


def _log_chances(series: Floats, starts: NDArray[np.int64], correlation: float) -> Floats:
    """Return the log probability of the series for each start, up to a constant."""
    n = len(series)
    found = np.empty(len(starts))
    for place, start in enumerate(starts):
        design = np.column_stack([np.ones(n), np.arange(n) >= start])
        whole = np.column_stack([design, series])
        white = whole[1:] - correlation * whole[:-1]
        first = whole[:1] * np.sqrt(1 - correlation**2)
        white = np.concatenate([first, white])
        x, y = white[:, :2], white[:, 2]
        inner = x.T @ x
        left = y - x @ np.linalg.solve(inner, x.T @ y)
        squares = max(float(left @ left), 1e-300)
        found[place] = -0.5 * np.linalg.slogdet(inner)[1] - 0.5 * (n - 2) * np.log(squares)
    return found
