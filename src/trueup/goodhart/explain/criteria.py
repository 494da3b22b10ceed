"""Which criteria the judge's rise is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.explain.path import percent
from trueup.goodhart.series import TINY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.explain.window import Window

    Floats = NDArray[np.float64]

EXACT = 0.98
"""Share of the score's variance that a fixed weighting must give back before it is believed."""
EVEN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion's change.

    Attributes:
        name: Its column.
        change: By how much its mean moved, at the mix before.
        low: Lower end of the 95 % interval.
        high: Upper end.
        before: Mean before.
        part: Its part in the judge's rise; None where the score is no fixed weighting of the
            criteria, or did not clearly move.
    """

    name: str
    change: float
    low: float
    high: float
    before: float
    part: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Every criterion's change.

    Attributes:
        each: In the order of the spec; those never seen are left out.
        sentence: The same in words.
    """

    each: tuple[Criterion, ...]
    sentence: str


def by_criterion(window: Window) -> Criteria | None:
    """Return each criterion's change and its part in the judge's rise; None where none is seen."""
    names = tuple(window.spec.criteria)
    if not names:
        return None
    rise = window.path("w", "wj").moved()
    weights = _weights(window, len(names))
    clear = rise is not None and abs(rise.value) > 1.96 * rise.error
    each = []
    for i, name in enumerate(names):
        moved = window.path(f"d{i}", f"e{i}").moved()
        if moved is None:
            continue
        part = None
        if weights is not None and rise is not None and clear:
            part = float(weights[i]) * moved.value / rise.value
        each.append(
            Criterion(
                name=name, change=moved.value, low=moved.low, high=moved.high,
                before=moved.before, part=part,
            )
        )  # fmt: skip
    return Criteria(each=tuple(each), sentence=_sentence(each, clear=clear)) if each else None


def _weights(window: Window, count: int) -> Floats | None:
    """Return the weight of each criterion in the score, None where no fixed weights give it.

    A score that is a weighted sum of its criteria is so in every cell's sums as well: regressing
    one on the other finds the weights exactly, without a look at single records.
    """
    sums = window.cells.sums
    inside = (window.before.place >= 0) | (window.after.place >= 0)
    scored = sums["w"]
    here = inside & (scored > TINY)
    for i in range(count):
        here &= np.abs(sums[f"d{i}"] - scored) < EVEN * np.maximum(scored, 1)
    n = scored[here]
    if len(n) <= 2 * (count + 1):
        return None
    root = np.sqrt(n)
    columns = np.column_stack([n, *(sums[f"e{i}"][here] for i in range(count))])
    score = sums["wj"][here]
    found, *_ = np.linalg.lstsq(columns / root[:, None], score / root, rcond=1e-10)
    left = (score - columns @ found) ** 2 / n
    spread = (score - n * score.sum() / n.sum()) ** 2 / n
    if spread.sum() <= TINY or left.sum() > (1 - EXACT) * spread.sum():
        return None
    return np.asarray(found[1:])


def _sentence(each: list[Criterion], *, clear: bool) -> str:
    if not clear:
        return "The judge did not clearly move, so no criterion has a part in a rise."
    with_part = [one for one in each if one.part is not None]
    if with_part:
        ranked = sorted(with_part, key=lambda one: -abs(one.part or 0.0))[:4]
        parts = ", ".join(f"{one.name} {percent(one.part or 0.0)}" for one in ranked)
        return f"The judge's change is made of these criteria: {parts}."
    ranked = sorted(each, key=lambda one: -abs(one.change))[:4]
    moved = ", ".join(
        f"{one.name} by {one.change:+.2f} ({one.low:+.2f} to {one.high:+.2f})" for one in ranked
    )
    return f"Criteria moved: {moved}; the score is no fixed weighting of them."
