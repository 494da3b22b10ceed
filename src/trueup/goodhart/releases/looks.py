"""Design `releases`: eight or more versions, one after the other.

No two versions share their weeks, so that shocks of a week look like a version's doing: what the
signals gained is regressed on the judge's rise over all releases, with an error that knows of
shocks. Where some users were kept on one frozen version all the while, they saw the same shocks and
tell them from what releases did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import DataError
from trueup.goodhart import instruments
from trueup.goodhart.arms import CONTROLS, LEAST_PART, natural
from trueup.goodhart.concurrent.boundary import tail
from trueup.goodhart.concurrent.decide import Plan, Prospect
from trueup.goodhart.grid import lay_out, segments_of
from trueup.goodhart.history import History
from trueup.goodhart.look import Look
from trueup.goodhart.releases.decide import decide_trend
from trueup.goodhart.releases.fit import FEWEST
from trueup.goodhart.releases.turn import Turn, turns, waits
from trueup.goodhart.spec import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.spec import WatchSpec

    Bools = NDArray[np.bool_]

__all__ = ["FEWEST", "SHAPE", "Versions", "frozen_arm", "release_looks", "sequence_of"]

MOST_BESIDE = 2.5
"""Versions in a period, on average: a switch within the week makes two."""
SHAPE = 0.5
"""Of the boundary over looks: the same at each. The trend of 12 releases knows a quarter of what
that of 19 does, and a boundary that keeps its error for the last would find nothing by then."""
UNTIMED = (
    "users kept on one version ('{}') were left out: without a column of time nothing says which "
    "releases ran beside them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions in order.

    Attributes:
        names: Of the versions, oldest first.
        row: Each cell's place in `names`, -1 for none.
        first: First period of each version.
        turn: When the look at each version is taken.
    """

    names: tuple[str, ...]
    row: NDArray[np.int64]
    first: NDArray[np.int64]
    turn: tuple[Turn, ...]


def release_looks(
    cells: Cells,
    spec: WatchSpec,
    *,
    order: Sequence[str] | None = None,
    alpha: float | None = None,
    posterior: Blend | None = None,
) -> list[Look]:
    """Compare versions in sequence: a look at every release from the eighth on.

    A look at a release is taken once its signals have had their time, so that releases of
    different age are compared alike. `spec.horizon` looks share one false-alarm rate, 12 where it
    is left out, and the next as many have one of their own. With a horizon of 1 there is one look,
    at the latest release.

    Args:
        cells: Records of all releases.
        spec: What is watched; needs `version`.
        order: Versions, oldest first; by first appearance where left out, and without `time` in
            the order of their names, numbers as numbers.
        alpha: False-alarm rate over all looks; the spec's where left out.
        posterior: What past tests say, as in `concurrent_looks`.

    Raises:
        DataError: The spec names no version, or `order` names others than there are.
    """
    if spec.version is None:
        message = "the design 'releases' compares versions, and no column of versions is named"
        raise DataError(message, mend="Name it as version.")
    control = frozen_arm(cells, spec)
    frozen = np.zeros(len(cells), dtype=np.bool_)
    if control is not None:
        frozen = cells.keys["arm"] == control
    moving = ~frozen
    known = sequence_of(cells, moving, order)
    if len(known.names) < FEWEST:
        message = (
            f"a decision from releases needs {FEWEST} of them, and there are {len(known.names)}"
        )
        base = _base(cells, spec, known, len(known.names))
        return [replace(base, verdict="unidentified", missing=(message,))]
    if (beside := _side_by_side(cells, spec, moving)) > MOST_BESIDE:
        message = (
            f"a period holds {beside:g} versions on average: they stand side by side, not one "
            "after another, and the design 'concurrent' compares such"
        )
        base = _base(cells, spec, known, len(known.names))
        return [replace(base, verdict="unidentified", missing=(message,))]
    rate = spec.alpha if alpha is None else alpha
    if spec.time is None:  # nothing says beside which release they were
        frozen[:] = False
    looks, wait = [], ""
    for count in _counts(spec, len(known.names)):
        if wait := waits(cells, spec, known.names, known.turn[count - 1], count):
            break
        plan = plan_of(spec.looks("releases"), rate, count)
        base = _base(cells, spec, known, count)
        if frozen.any():
            base = replace(base, why=f"{base.why}, against users kept on one ('{control}')")
        elif control is not None:
            base = replace(base, notes=(*base.notes, UNTIMED.format(control)))
        by_then = _by_then(cells, spec, known, count)
        seen, notes = _of_one_judge(cells, known, moving & by_then, count)
        base = replace(base, notes=(*base.notes, *notes))
        history = _history(seen, spec, known, (moving & by_then, frozen & by_then), count)
        looks.append(decide_trend(history, count, base, plan, posterior))
    if wait and not looks:
        return [replace(_base(cells, spec, known, FEWEST), missing=(wait,))]
    if wait:
        looks[-1] = replace(looks[-1], notes=(*looks[-1].notes, wait))
    return looks


def _side_by_side(cells: Cells, spec: WatchSpec, moving: Bools) -> float:
    """Return how many versions a period holds on average, without those in hardly any output."""
    if spec.time is None:
        return 1.0
    _, codes = np.unique(cells.keys["version"], return_inverse=True)
    period = cells.keys["period"].astype(np.int64)
    table = np.zeros((int(period.max()) + 1, int(codes.max()) + 1))
    np.add.at(table, (period[moving], codes[moving]), cells.sums["n"][moving])
    table = table[table.sum(1) > 0]
    return float((table > LEAST_PART * table.sum(1, keepdims=True)).sum(1).mean())


def _by_then(cells: Cells, spec: WatchSpec, known: Versions, count: int) -> Bools:
    """Return the cells of no later period than the look's last one."""
    if spec.time is None:
        return np.ones(len(cells), dtype=np.bool_)
    found: Bools = cells.keys["period"].astype(np.int64) <= known.turn[count - 1].last
    return found


def _of_one_judge(
    cells: Cells, known: Versions, moving: Bools, count: int
) -> tuple[Cells, tuple[str, ...]]:
    """Keep the scores of the instrument that measured the latest release, and say what that costs.

    Scores of different instruments are never differenced.
    """
    here = moving & (known.row >= 0) & (known.row < count) & (cells.sums["nj"] > 0)
    if not here.any():
        return cells, ()
    latest = here & (known.row == known.row[here].max())
    names, codes = np.unique(cells.keys["instrument"][latest], return_inverse=True)
    name = str(names[np.bincount(codes, cells.sums["nj"][latest]).argmax()])
    mine = here & (cells.keys["instrument"] == name)
    if mine.sum() == here.sum():
        return cells, ()
    kept = np.unique(known.row[mine])
    note = (
        f"the judge changed: '{name}' scored {len(kept)} of these {count} releases, from "
        f"'{known.names[int(kept[0])]}' on, and earlier scores were left out; judge older outputs "
        "anew in one sitting to compare more"
    )
    return instruments.only(cells, name), (note,)


def _counts(spec: WatchSpec, count: int) -> range:
    """Return after how many releases looks are taken."""
    return range(count if spec.horizon == 1 else FEWEST, count + 1)


def plan_of(looks: int | None, alpha: float, count: int) -> Plan:
    """Return how far is far enough at a look.

    It does not depend on how many releases there will be: what was said once stays said.

    Args:
        looks: So many share the error rate, and then the next ones; None without an end.
        alpha: False-alarm rate of a horizon; without an end, of all of them.
        count: Releases at the look.
    """
    turn, number = divmod(count - FEWEST, looks or LOOKS["releases"])
    first = count - number
    if looks is None:  # 1 + 1/4 + 1/9 + ... = pi^2 / 6
        looks, alpha = LOOKS["releases"], alpha * 6 / (math.pi * (turn + 1)) ** 2
    return Plan(
        tail=tail(number, _information(range(first, first + looks)), alpha, shape=SHAPE),
        last=number == looks - 1,
        prospect=Prospect(alpha=alpha, looks=looks, periods=count),
    )


def _information(planned: Sequence[int]) -> tuple[float, ...]:
    """Return what each look knows over what the last one will.

    The squares of a trend over n releases add up to n (n^2 - 1) / 12.
    """
    at = [float(n * (n * n - 1)) for n in planned]
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
    turn = turns(cells, first[index], last[index], row[codes], keep)
    return Versions(names=tuple(seen), row=row[codes], first=first[index], turn=turn)


def _base(cells: Cells, spec: WatchSpec, known: Versions, count: int) -> Look:
    """Return what is known of a look beside its finding."""
    at = max(count - 1, 0)
    found = Look(
        verdict="inconclusive", design="releases", period=at, since=0,
        why=f"{count} versions in sequence",
        label=known.names[at] if known.names else "",
    )  # fmt: skip
    if spec.time is not None and known.names:
        wait = max((signal.window for signal in spec.signals), default=spec.step * 0)
        found = replace(
            found,
            start=cells.origin + int(known.first[at]) * spec.step,
            end=cells.origin + (known.turn[at].last + 1) * spec.step + wait,
        )
    return found


def _history(
    cells: Cells, spec: WatchSpec, known: Versions, sides: tuple[Bools, Bools], count: int
) -> History:
    """Lay the first releases out, one row each, and one for the users kept back beside each."""
    moving, frozen = sides
    here = moving & (known.row >= 0) & (known.row < count)
    row, rows = known.row, count
    if frozen.any():
        beside = _beside(cells, known, here, count)
        row, rows = np.where(frozen, np.where(beside >= 0, count + beside, -1), row), 2 * count
        here = here | (frozen & (beside >= 0))
    if cells.anchors is not None and spec.time is not None:
        running = _running(cells, known, moving & (known.row >= 0) & (known.row < count), count)
        period = cells.anchors["period"].astype(np.int64)
        inside = (period >= 0) & (period < len(running))
        release = np.where(inside, running[np.where(inside, period, 0)], -1)
        cells = replace(cells, anchors={**cells.anchors, "period": release})
    grid = lay_out(cells, row, rows, segments_of(cells, here), here)
    numbers = tuple(range(rows))
    return History(spec=spec, grid=grid, numbers=numbers, reference=rows, origin=cells.origin)


def _beside(cells: Cells, known: Versions, moving: Bools, count: int) -> NDArray[np.int64]:
    """Return for each cell the release that most others of its period were on, -1 for none."""
    return _running(cells, known, moving, count)[cells.keys["period"].astype(np.int64)]


def _running(cells: Cells, known: Versions, moving: Bools, count: int) -> NDArray[np.int64]:
    """Return for each period the release that most outputs were of, -1 for none."""
    period = cells.keys["period"].astype(np.int64)
    periods = int(period.max()) + 1
    place = period[moving] * count + known.row[moving]
    size = np.bincount(place, cells.sums["n"][moving], periods * count).reshape(periods, count)
    found: NDArray[np.int64] = np.where(size.sum(1) > 0, size.argmax(1), -1)
    return found
