"""Do outputs that the judge scores higher still do better with users, within a slice?

Means of judge and signals can agree while the judge orders outputs the wrong way round. Two
outputs of one period and segment with different scores are compared: how much better does the
higher one do? For a signal of 0 and 1 this is Somers' D (1962) of the signal given the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from trueup.goodhart.explain.path import holm
from trueup.goodhart.series import TINY, jackknife

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.explain.window import Window
    from trueup.goodhart.grid import Grid

    Floats = NDArray[np.float64]

UNJUDGED = 255
KEPT = 0.5
FEWEST_VALUES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One signal's order by the judge's score, signed so that up is good.

    Attributes:
        signal: Its name.
        said: How reports call it.
        segment: The segment alone; None for all together.
        before: By how much the higher-scored of two outputs did better, per output.
        before_low: Lower end of its 95 % interval.
        before_high: Upper end.
        after: The same after.
        after_low: Lower end.
        after_high: Upper end.
        chance: P value of an order that is not inverted after, by Holm over all rows.
        found: `inverted`: the judge clearly puts the worse one first. `weaker`: clearly less than
            half as much better as before. Else `kept` or, where it was never clear, `unclear`.
        bins_before: Mean of the signal in each of the judge's bins, lowest first; None where empty.
        bins_after: The same after.
    """

    signal: str
    said: str
    segment: str | None
    before: float
    before_low: float
    before_high: float
    after: float
    after_low: float
    after_high: float
    chance: float
    found: Literal["inverted", "weaker", "kept", "unclear"]
    bins_before: tuple[float | None, ...] = ()
    bins_after: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The order of judge and signals within slices.

    Attributes:
        each: Every signal over all segments, then by segment where that was tested.
        sentence: The same in words.
    """

    each: tuple[Order, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Side:
    value: float
    error: float
    without: Floats
    values: float
    bins: tuple[float | None, ...]


def by_order(window: Window) -> Orders | None:
    """Return how the order of judge and signals changed; None where nothing tells."""
    bins = sorted({int(b) for b in np.unique(window.cells.keys["bin"])} - {UNJUDGED})
    if len(bins) < 2:  # noqa: PLR2004 - an order needs two
        return None
    parts: list[int | None] = [None]
    if len(window.segments) > 1:
        parts += list(range(len(window.segments)))
    found = []
    for k in range(len(window.spec.signals)):
        pairs = _counted(window, k, bins)
        for part in parts:
            sides = [_side(*one, part) for one in pairs]
            if all(side is not None and side.values >= FEWEST_VALUES for side in sides):
                found.append((k, part, sides[0], sides[1]))
    if not found:
        return None
    chances = holm([_inverted(after) for _, _, _, after in found])
    rows = [
        _row(window, k, part, before, after, chance)
        for (k, part, before, after), chance in zip(found, chances, strict=True)
    ]
    rows.sort(key=lambda row: row.segment is not None)
    return Orders(each=tuple(rows), sentence=_sentence(rows))


def _counted(window: Window, signal: int, bins: Sequence[int]) -> list[tuple[Floats, Floats]]:
    """Return counts and sums of both sides: bins x rows x segments x buckets."""
    sign = window.spec.signals[signal].sign
    binned = window.cells.keys["bin"]
    found = []
    for number in (0, 1):
        grids: list[Grid] = [window.only(binned == b).sides(ripe=True)[number] for b in bins]
        counts = np.array([grid.by_bucket(f"m{signal}") for grid in grids])
        totals = np.array([grid.by_bucket(f"s{signal}") for grid in grids]) * sign
        found.append((counts, totals))
    return found


def _side(counts: Floats, totals: Floats, segment: int | None) -> _Side | None:
    if segment is not None:
        counts, totals = counts[:, :, [segment]], totals[:, :, [segment]]
    whole = counts.sum(3, keepdims=True), totals.sum(3, keepdims=True)
    n = np.concatenate([whole[0], whole[0] - counts], axis=3)
    s = np.concatenate([whole[1], whole[1] - totals], axis=3)
    below_n, below_s = n.cumsum(0) - n, s.cumsum(0) - s
    better = (below_n * s - n * below_s).sum((0, 1, 2))
    pairs = (below_n * n).sum((0, 1, 2))
    if (pairs <= TINY).any():
        return None
    each = better / pairs
    size, sums = whole[0].sum((1, 2, 3)), whole[1].sum((1, 2, 3))
    return _Side(
        value=float(each[0]),
        error=float(np.sqrt(jackknife(each[1:]))),
        without=each[1:],
        values=float(size.sum()),
        bins=tuple(float(t / m) if m > 0 else None for t, m in zip(sums, size, strict=True)),
    )


def _inverted(after: _Side | None) -> float:
    if after is None or after.error <= 0:
        return 1.0
    return float(special.ndtr(after.value / after.error))


def _row(  # noqa: PLR0917 - two sides and where they are from
    window: Window, k: int, part: int | None, before: _Side | None, after: _Side | None,
    chance: float,
) -> Order:  # fmt: skip
    assert before is not None  # noqa: S101 - the caller kept only pairs of both
    assert after is not None  # noqa: S101 - same
    signal, alpha = window.spec.signals[k], window.spec.alpha
    less = after.value - KEPT * before.value
    both = float(jackknife(after.without, before.without)) if window.paired else 0.0
    spread = after.error**2 + KEPT**2 * before.error**2 - 2 * KEPT * both
    clear = before.value > 1.96 * before.error
    if chance < alpha and after.value < 0:
        found: Literal["inverted", "weaker", "kept", "unclear"] = "inverted"
    elif not clear:
        found = "unclear"
    else:
        found = "weaker" if less < -2.33 * max(spread, 0.0) ** 0.5 else "kept"
    return Order(
        signal=signal.name, said=signal.said,
        segment=None if part is None else window.segments[part],
        before=before.value, before_low=before.value - 1.96 * before.error,
        before_high=before.value + 1.96 * before.error,
        after=after.value, after_low=after.value - 1.96 * after.error,
        after_high=after.value + 1.96 * after.error, chance=chance, found=found,
        bins_before=tuple(_raw(b, signal.sign) for b in before.bins),
        bins_after=tuple(_raw(b, signal.sign) for b in after.bins),
    )  # fmt: skip


def _raw(value: float | None, sign: int) -> float | None:
    return None if value is None else value * sign


def _where(row: Order) -> str:
    return row.said if row.segment is None else f"{row.said} in {row.segment}"


def _sentence(rows: list[Order]) -> str:
    inverted = [row for row in rows if row.found == "inverted"]
    if inverted:
        return (
            "Outputs that the judge scores higher now do worse within the same period and segment "
            f"({', '.join(_where(row) for row in inverted)}): an inverted order is gaming even "
            "where the means agree."
        )
    weaker = [row for row in rows if row.found == "weaker" and row.segment is None]
    if weaker:
        names = ", ".join(row.said for row in weaker)
        return f"The judge orders outputs less than half as well as before, by {names}."
    if all(row.found == "unclear" for row in rows):
        return "Too few signals arrived to say how the judge orders outputs within a slice."
    return "Within a slice the judge still puts the outputs first that do better with users."
