"""The past, look by look: which periods each look compares with which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.goodhart import instruments
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.concurrent.ended import own_rows
from trueup.goodhart.horizons import Horizons
from trueup.goodhart.ledger.experiments import Learnt, learnt, rows_of
from trueup.goodhart.releases import release_looks
from trueup.goodhart.releases.looks import sequence_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent import Snapshots
    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.design import Choice
    from trueup.goodhart.ledger import Release
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec


def replay(
    cells: Cells, spec: WatchSpec, choice: Choice, periods: int, *, as_of: Snapshots | None = None
) -> list[Look]:
    """Return every look of a design.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        choice: Which design.
        periods: Whole periods.
        as_of: Cells of what was known at an instant, which lets an A/B be decided earlier.
    """
    rows = rows_of(spec)

    def taught(known: Known) -> list[Look]:
        by = tuple(rows[number] for number in known.rows)
        learnt = _learnt(cells, replace(spec, ledger=by), choice, as_of, known.instrument)
        looks = _looks(cells, spec, choice, periods, as_of=as_of, posterior=learnt.blend)
        return [replace(look, notes=(*look.notes, *learnt.notes)) for look in looks]

    today = _known_by(None, cells, spec, rows)
    every = {today: taught(today)}
    # what was not known yet at a look is no part of it
    then = [_known_by(look.end, cells, spec, rows) for look in every[today]]
    for known in then:
        if known not in every:
            every[known] = taught(known)
    return [every[known][number] for number, known in enumerate(then)]


class Known(NamedTuple):
    """What was known at a look: places of the ledger's rows, and which judge measured."""

    rows: tuple[int, ...]
    instrument: str | None


def _known_by(
    end: dt.datetime | None, cells: Cells, spec: WatchSpec, rows: Sequence[Release]
) -> Known:
    """Return what was known at an instant; all of it where that is None."""
    places = tuple(
        number
        for number, row in enumerate(rows)
        if end is None or row.known_at is None or row.known_at <= end
    )
    if not rows or not spec.instrument:
        return Known(places, None)
    seen = cells if end is None else cells.first(-((cells.origin - end) // spec.step))
    return Known(places, instruments.latest(seen) or None)


def _looks(
    cells: Cells, spec: WatchSpec, choice: Choice, periods: int, *,
    as_of: Snapshots | None, posterior: Blend | None,
) -> list[Look]:  # fmt: skip
    if choice.paired:
        return _on_the_same_tasks(cells, spec, choice.design, posterior)
    if choice.design == "weekly":
        return list(Horizons(cells, spec, periods, posterior).looks())
    if choice.design == "releases":
        return release_looks(cells, spec, posterior=posterior)
    snapshots = as_of if spec.time else None
    return concurrent_looks(cells, spec, as_of=snapshots, posterior=posterior)


def _learnt(
    cells: Cells,
    spec: WatchSpec,
    choice: Choice,
    as_of: Snapshots | None,
    instrument: str | None,
) -> Learnt:
    """Return what the ledger teaches, without the rows of the A/B at hand."""
    rows = rows_of(spec)
    if not rows:
        return Learnt()
    ab = choice.design == "concurrent" and not choice.paired
    mine = own_rows(cells, spec, rows, as_of) if ab else set()
    return learnt(spec, instrument=instrument, under_test=mine)


def _on_the_same_tasks(
    cells: Cells, spec: WatchSpec, design: str, posterior: Blend | None
) -> list[Look]:
    """Compare every version with the first one, each task with itself."""
    names = sequence_of(cells, np.ones(len(cells), dtype=np.bool_), None).names
    period = cells.keys["period"]
    at_once = replace(cells, keys={**cells.keys, "period": np.zeros_like(period)}, last=None)
    control = spec.control or names[0]
    alone = replace(spec, time=None, arm=None, control=control, design="releases")
    looks = concurrent_looks(at_once, alone, posterior=posterior)
    place = {name: number for number, name in enumerate(names)}
    found = [
        replace(
            look,
            design=design,
            period=place.get(look.label, 0),
            why=f"version '{look.label}' against '{control}', each task with itself",
        )
        for look in looks
    ]
    return sorted(found, key=lambda look: look.period)
