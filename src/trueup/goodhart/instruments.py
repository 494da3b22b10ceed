"""Scores of different instruments are never differenced: which one measured, and since when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells

    Bools = NDArray[np.bool_]

_JUDGED = ("nj", "w", "wj", "wjj", "rn", "ra", "rb", "raa", "rbb", "rab")
_PER_SIGNAL = ("g", "gj", "gjj", "gp", "gjp")
LEAST = 0.5
"""A period belongs to the instrument of at least this part of its scores."""


def main_instruments(cells: Cells, periods: int) -> list[str | None]:
    """Return the instrument of most scores in each period, None where nothing was scored."""
    names, codes = np.unique(cells.keys["instrument"], return_inverse=True)
    table = np.zeros((periods, len(names)))
    period = cells.keys["period"].astype(np.int64)
    here = (period >= 0) & (period < periods)
    np.add.at(table, (period[here], codes[here]), cells.sums["nj"][here])
    return [str(names[row.argmax()]) if row.sum() > 0 else None for row in table]


def latest(cells: Cells) -> str:
    """Return what measured most of the scores of the last period that has any; empty for none."""
    judged = cells.sums["nj"] > 0
    if not judged.any():
        return ""
    period = cells.keys["period"].astype(np.int64)
    here = judged & (period == period[judged].max())
    names, codes = np.unique(cells.keys["instrument"][here], return_inverse=True)
    return str(names[np.bincount(codes, cells.sums["nj"][here]).argmax()])


def since(cells: Cells, instrument: str, periods: int) -> int:
    """Return the first period with a fair number of an instrument's scores."""
    mine = cells.keys["instrument"] == instrument
    period = cells.keys["period"].astype(np.int64)
    here = mine & (period >= 0) & (period < periods)
    counts = np.bincount(period[here], cells.sums["nj"][here], minlength=periods)
    usual = float(np.median(counts[counts > 0])) if (counts > 0).any() else 0.0
    return int(np.argmax(counts >= usual * LEAST)) if usual else 0


def only(cells: Cells, instrument: str) -> Cells:
    """Return the cells with every other instrument's scores taken out; the traffic stays."""
    other = cells.keys["instrument"] != instrument
    if not other.any():
        return cells
    anchors = cells.anchors
    if anchors is not None:
        mine = anchors["instrument"] == instrument
        anchors = {name: values[mine] for name, values in anchors.items()}
    return replace(without_scores(cells, other), anchors=anchors)


def without_scores(cells: Cells, left: Bools) -> Cells:
    """Return the cells with the judge's part of some taken out; the traffic stays."""
    sums = {
        name: np.where(left, 0.0, values) if _is_judged(name) else values
        for name, values in cells.sums.items()
    }
    return replace(cells, sums=sums)


def _is_judged(name: str) -> bool:
    return name in _JUDGED or name.rstrip("0123456789") in _PER_SIGNAL or name[0] == "f"
