"""Which design the data allow: who is compared with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.arms import CONTROLS, declared_control

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

FEWEST_VERSIONS = 8
LEAST_PART = 0.02
"""A version or arm with a smaller part of a period's outputs is not there."""
TOGETHER = 0.5
"""Versions overlap where at least this part of the newest one's periods holds another one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A design and the reason for it; paired where each task is compared with itself."""

    design: str
    why: str
    paired: bool = False


def choose(cells: Cells, spec: WatchSpec, periods: int, *, paired: bool = False) -> Choice:
    """Return the design that was asked for, or the strongest that the data allow.

    Randomised users need no history and no assumption, so `concurrent` comes first; then a stream
    with enough past, then a sequence of versions.
    """
    if paired and spec.arm is None and spec.design in ("auto", "releases", "concurrent"):
        design = "concurrent" if spec.design == "concurrent" else "releases"
        return Choice(design, "every version ran the same tasks", paired=True)
    if spec.design != "auto":
        return Choice(spec.design, "asked for")
    for column, name in ((spec.arm, "arm"), (spec.version, "version")):
        if column and overlapping(cells, name):
            return Choice(
                "concurrent", f"outputs of several values of '{column}' stand side by side"
            )
    versions = len(np.unique(cells.keys["version"])) if spec.version else 1
    if periods > spec.reference or versions < FEWEST_VERSIONS:
        return Choice("weekly", f"{periods} periods, and no versions side by side")
    return Choice("releases", f"{versions} versions one after another")


def overlapping(cells: Cells, key: str) -> bool:
    """Say whether the newest value of a key shares its periods with another one."""
    names, codes = np.unique(cells.keys[key], return_inverse=True)
    if len(names) < 2:  # noqa: PLR2004 - one is not side by side with anything
        return False
    period = cells.keys["period"].astype(np.int64)
    period = period - period.min()
    table = np.zeros((int(period.max()) + 1, len(names)))
    np.add.at(table, (period, codes), cells.sums["n"])
    there = table > LEAST_PART * table.sum(1, keepdims=True)
    newest = int(np.argmax(there.argmax(0)))
    mine = there[:, newest]
    return bool((there[mine].sum(1) > 1).mean() >= TOGETHER)


def control_of(names: list[str], spec: WatchSpec) -> str | None:
    """Return which arm is the baseline: the declared one, or one called so.

    Raises:
        DataError: The declared one is no arm.
    """
    if spec.control is not None:
        return declared_control(spec.control, names, "arm")
    lowered = {name.lower(): name for name in names}
    return next((lowered[known] for known in CONTROLS if known in lowered), None)
