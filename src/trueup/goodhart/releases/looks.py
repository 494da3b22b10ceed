"""Design `releases`: eight or more versions, one after the other.

No two versions share their weeks, so that shocks of a week look like a version's doing: what the
signals gained is regressed on the judge's rise over all releases, with an error that knows of
shocks. Where some users were kept on one frozen version all the while, releases are compared with
them instead, and no shock matters (`concurrent.difference`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import DataError
from trueup.goodhart.arms import CONTROLS, Sides, natural
from trueup.goodhart.concurrent.boundary import tail
from trueup.goodhart.concurrent.decide import Plan, Prospect, decide
from trueup.goodhart.concurrent.looks import compare, one_instrument, pair_of
from trueup.goodhart.grid import lay_out, segments_of
from trueup.goodhart.history import History
from trueup.goodhart.look import Look
from trueup.goodhart.releases.decide import decide_trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEWEST = 8
"""Releases before anything can be said."""
SHAPE = 0.25
"""Of the boundary over looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions in order.

    Attributes:
        names: Of the versions, oldest first.
        row: Each cell's place in `names`, -1 for none.
        first: First period of each version.
        last: Last period of each version.
    """

    names: tuple[str, ...]
    row: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def release_looks(
    cells: Cells,
    spec: WatchSpec,
    *,
    order: Sequence[str] | None = None,
    alpha: float | None = None,
) -> list[Look]:
    """Compare versions in sequence: a look at every release from the eighth on.

    A look at a release is taken once its signals have had their time, so that releases of
    different age are compared alike. Looks share one false-alarm rate over `spec.horizon` looks,
    the last ones of the history; left out, over all that the history has, with most of it kept for
    the last. A watch over releases to come should declare how many there will be.

    Args:
        cells: Records of all releases.
        spec: What is watched; needs `version`.
        order: Versions, oldest first; by first appearance where left out, and without `time` in
            the order of their names, numbers as numbers.
        alpha: False-alarm rate over all looks; the spec's where left out.

    Raises:
        DataError: The spec names no version, or `order` names others than there are.
    """
    if spec.version is None:
        message = "the design 'releases' compares versions, and no column of versions is named"
        raise DataError(message, mend="Name it as version.")
    control = frozen_arm(cells, spec)
    treated = np.ones(len(cells), dtype=np.bool_)
    if control is not None:
        treated = cells.keys["arm"] != control
    known = sequence_of(cells, treated, order)
    if len(known.names) < FEWEST:
        message = (
            f"a decision from releases needs {FEWEST} of them, and there are {len(known.names)}"
        )
        base = _base(cells, spec, known, len(known.names))
        return [replace(base, verdict="unidentified", missing=(message,))]
    rate = spec.alpha if alpha is None else alpha
    planned = _planned(spec, len(known.names))
    information = _information(planned, frozen=control is not None)
    looks = []
    for number, count in enumerate(planned):
        if count > len(known.names):
            break
        plan = Plan(
            tail=tail(number, information, rate, shape=SHAPE),
            last=number == len(planned) - 1,
            mismatch="",
            prospect=Prospect(alpha=rate, looks=len(planned), periods=count),
        )
        base = _base(cells, spec, known, count)
        if control is None:
            looks.append(decide_trend(_history(cells, spec, known, treated, count), base, plan))
        else:
            looks.append(_against_frozen((cells, spec, known), control, base, plan))
    return looks


def _planned(spec: WatchSpec, count: int) -> list[int]:
    """Return at how many releases each planned look is taken."""
    horizon = spec.horizon
    if horizon == "default" or horizon is None:
        return list(range(FEWEST, count + 1))
    if horizon <= count - FEWEST:
        return list(range(count - horizon + 1, count + 1))
    return list(range(FEWEST, FEWEST + horizon))


def _information(planned: Sequence[int], *, frozen: bool) -> tuple[float, ...]:
    """Return what each look knows over what the last one will.

    The squares of a trend over n releases add up to n (n^2 - 1) / 12; from a frozen start on, to
    those of 1, 2, ..., n - 1.
    """
    at = [
        float(sum(v * v for v in range(n))) if frozen else float(n * (n * n - 1)) for n in planned
    ]
    return tuple(value / at[-1] for value in at)


def frozen_arm(cells: Cells, spec: WatchSpec) -> str | None:
    """Return the arm that was kept on one version while others moved on, None without one."""
    if not spec.arm:
        return None
    names = [str(name) for name in np.unique(cells.keys["arm"]) if str(name)]
    if len(names) < 2:  # noqa: PLR2004 - nobody was held back
        return None
    version, arm = cells.keys["version"], cells.keys["arm"]
    kinds = {name: len(np.unique(version[arm == name])) for name in names}
    if spec.control is not None:
        return spec.control if spec.control in names else None
    still = [name for name in names if kinds[name] == 1]
    named = [name for name in still if name.lower() in CONTROLS]
    found = named or still
    return found[0] if found and max(kinds.values()) > 1 else None


def sequence_of(cells: Cells, keep: Bools, order: Sequence[str] | None) -> Versions:
    """Return the versions of some cells in order.

    Raises:
        DataError: `order` leaves a version out.
    """
    version = cells.keys["version"]
    names, codes = np.unique(version, return_inverse=True)
    period = cells.keys["period"].astype(np.int64)
    there = np.bincount(codes[keep], minlength=len(names)) > 0
    first = np.full(len(names), np.iinfo(np.int64).max)
    last = np.full(len(names), -1)
    np.minimum.at(first, codes[keep], period[keep])
    np.maximum.at(last, codes[keep], period[keep])
    place = {str(name): i for i, name in enumerate(names)}
    seen = [str(name) for i, name in enumerate(names) if there[i] and str(name)]
    if order is not None:
        absent = [name for name in seen if name not in order]
        if absent:
            message = f"order leaves out version '{absent[0]}'"
            raise DataError(message, mend="Name every version of the records, oldest first.")
        seen = [name for name in order if name in seen]
    else:
        seen.sort(key=lambda name: (first[place[name]], last[place[name]], natural(name)))
    row = np.full(len(names), -1, dtype=np.int64)
    for i, name in enumerate(seen):
        row[place[name]] = i
    index = [place[name] for name in seen]
    return Versions(names=tuple(seen), row=row[codes], first=first[index], last=last[index])


def _base(cells: Cells, spec: WatchSpec, known: Versions, count: int) -> Look:
    """Return what is known of a look beside its finding."""
    at = max(count - 1, 0)
    found = Look(
        verdict="inconclusive", design="releases", period=at, since=0,
        why=f"{len(known.names)} versions in sequence",
        label=known.names[at] if known.names else "",
    )  # fmt: skip
    if spec.time is not None and known.names:
        wait = max((signal.window for signal in spec.signals), default=spec.step * 0)
        found = replace(
            found,
            start=cells.origin + int(known.first[at]) * spec.step,
            end=cells.origin + (int(known.last[at]) + 1) * spec.step + wait,
        )
    return found


def _history(cells: Cells, spec: WatchSpec, known: Versions, treated: Bools, count: int) -> History:
    """Lay the first releases out, one row each."""
    inside = treated & (known.row >= 0) & (known.row < count)
    scored, _ = one_instrument(cells, (inside,))
    segments = segments_of(scored, inside)
    grid = lay_out(scored, known.row, count, segments, inside)
    numbers = tuple(range(count))
    return History(spec=spec, grid=grid, numbers=numbers, reference=count, origin=cells.origin)


def _against_frozen(
    records: tuple[Cells, WatchSpec, Versions], control: str, base: Look, plan: Plan
) -> Look:
    """Compare releases with users who stayed where the first one was.

    What versions add up to grows with their number, and so does what each period counts.
    """
    cells, spec, known = records
    count = plan.prospect.periods
    frozen = cells.keys["arm"] == control
    period = cells.keys["period"].astype(np.int64)
    moving = ~frozen & (known.row >= 0) & (known.row < count)
    periods = int(known.last[:count].max()) + 1
    rows = _ages(cells, known, moving, periods)
    sides = Sides(
        treated=moving & (period < periods), control=frozen & (period < periods),
        records=moving & (period < periods), start=0, periods=periods,
    )  # fmt: skip
    pair = pair_of(cells, spec, sides)
    found = compare(pair, periods, 0, rows=rows)
    why = f"{base.why}, against users kept on one ('{control}')"
    return decide(found, pair, replace(base, why=why), plan)


def _ages(cells: Cells, known: Versions, moving: Bools, periods: int) -> Floats:
    """Return how many releases, on average, a period's outputs are ahead of the first."""
    period = cells.keys["period"].astype(np.int64)[moving]
    size = np.bincount(period, cells.sums["n"][moving], periods)
    total = np.bincount(period, cells.sums["n"][moving] * known.row[moving], periods)
    found: Floats = total / np.maximum(size, 1.0)
    return found
