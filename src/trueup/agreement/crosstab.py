"""How often each level was judged where people gave each level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.agreement import column
from trueup.errors import Undefined, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often each level was judged where people gave each level."""

    levels: tuple[Any, ...]
    """Names of the levels, in the order of rows and columns."""
    counts: tuple[tuple[int, ...], ...]
    """Units; a row for each level that people gave, a column for each that was judged."""
    n_pairs: int
    """Units with a verdict and a label."""
    n_dropped: int
    """Units left out because verdict or label is missing."""


def confusion(
    judged: Iterable[object], truth: Iterable[object], *, levels: Sequence[Any] | None = None
) -> Confusion:
    """Count verdicts against labels, level by level.

    Args:
        judged: Levels, text or numbers; None or NaN is missing. Shape (n,).
        truth: The same from people. Shape (n,).
        levels: All levels in their order; those that occur, sorted, where not given.

    Raises:
        Undefined: No unit has both verdict and label.
        ValueError: A level is none of `levels`.

    >>> table = confusion(["good", "poor", "good", None], ["good", "good", "poor", "good"])
    >>> table.levels, table.counts, table.n_dropped
    (('good', 'poor'), ((1, 1), (1, 0)), 1)
    """
    (rows, columns), names = column.codes((truth, "truth", 1), (judged, "judged", 1))
    column.same_length("judged", len(columns), len(rows))
    kept = (rows >= 0) & (columns >= 0)
    if not kept.any():
        raise Undefined(
            "no unit has both a verdict and a label", mend="Label units that the judge has scored"
        )
    order = list(names if levels is None else levels)
    if len(set(order)) < len(order):
        raise ValueError("levels names one level twice; give each once, in their order")
    for name in names:
        if name not in order:
            hint = did_you_mean(str(name), [str(known) for known in order])
            raise ValueError(f"{name!r} is none of the levels. {hint}")
    place = np.array([order.index(name) for name in names], dtype=np.int64)
    counts = np.zeros((len(order), len(order)), dtype=np.int64)
    np.add.at(counts, (place[rows[kept]], place[columns[kept]]), 1)
    return Confusion(
        levels=tuple(order),
        counts=tuple(tuple(row) for row in counts.tolist()),
        n_pairs=int(kept.sum()),
        n_dropped=int((~kept).sum()),
    )
