"""When a release is looked at: once, after it has had about as much use as others, and its signals.

A look at a release that runs on, week after week, would be many looks where the error rate counts
one. So it is taken at the end of the first period in which the release had two thirds of the
outputs that earlier ones had, or else when the next one has begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

ENOUGH = 2 / 3
"""Of the outputs that earlier releases had, in the median."""
SOON = 0.2
"""Part of a period by which signals may be short of the time that they usually take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When the look at a release is taken.

    Attributes:
        last: Last period that it sees.
        wants: Outputs that the release has to have before; 0 where it has them, or the next one
            has begun.
        had: Outputs of it so far.
    """

    last: int
    wants: int = 0
    had: int = 0


def turns(cells: Cells, first: Ints, last: Ints, rows: Ints, keep: Bools) -> tuple[Turn, ...]:
    """Return when each release is looked at.

    Args:
        cells: Records of all releases.
        first: Releases: the period in which each began, in order.
        last: Releases: the last period with records of it.
        rows: Cells: the release, -1 for none.
        keep: Cells that count; not those of users kept back.
    """
    if cells.last is None:  # without time
        return tuple(Turn(last=int(at)) for at in last)
    here = keep & (rows >= 0)
    period = cells.keys["period"].astype(np.int64)
    size = np.zeros((len(first), int(last.max(initial=0)) + 1))
    np.add.at(size, (rows[here], period[here]), cells.sums["n"][here])
    found: list[Turn] = []
    totals: list[float] = []
    for release, row in enumerate(size):
        newest = release == len(first) - 1
        # a version that came back later is another story
        end = int(last[release]) if newest else min(int(last[release]), int(first[release + 1]))
        had = np.cumsum(row[: end + 1])
        wanted = ENOUGH * float(np.median(totals)) if totals else 0.0
        enough = np.flatnonzero(had >= max(wanted, 1.0))
        if len(enough):
            found.append(Turn(last=int(enough[0])))
        elif newest:
            found.append(Turn(last=end, wants=int(np.ceil(wanted)), had=int(had[-1])))
        else:
            found.append(Turn(last=end))
        totals.append(float(had[-1]))
    return tuple(found)


def waits(cells: Cells, spec: WatchSpec, names: Sequence[str], turn: Turn, count: int) -> str:
    """Say until when the look at a release waits; empty where it does not.

    Args:
        cells: Records of all releases.
        spec: What is watched.
        names: Of the releases, in order.
        turn: Of the latest of those that the look is of.
        count: How many these are.
    """
    if spec.time is None or cells.last is None or cells.seen is None:
        return ""
    name = names[count - 1]
    if turn.wants:
        return (
            f"'{name}' has had {turn.had:,} outputs: it is decided once it has had {turn.wants:,}, "
            "two thirds of what releases usually have, or when the next one has begun"
        )
    over = cells.origin + (turn.last + 1) * spec.step
    if cells.over is not None and cells.over < over:
        return f"'{name}' is decided when its period is over, on {over.date().isoformat()}"
    # what has not arrived yet looks like users who gave no sign, and a new release like a worse one
    ready = over + cells.delay
    if ready <= cells.seen + SOON * spec.step:
        return ""
    return (
        f"'{name}' waits for its signals until {ready.date().isoformat()}, and the records end on "
        f"{cells.seen.date().isoformat()}"
    )
