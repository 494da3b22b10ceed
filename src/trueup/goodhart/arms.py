"""Who is compared with whom in an A/B test, and from which period on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

    Bools = NDArray[np.bool_]

CONTROLS = ("control", "baseline", "holdback", "holdout", "old", "a", "0")
"""An arm of such a name is the control, whatever its case."""
LEAST_PART = 0.02
"""A version with a smaller part of a period's outputs is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """The arms of a test.

    Attributes:
        column: `arm` or `version`.
        control: The arm that others are compared with.
        treatments: The others, newest first; of those that came together by name.
        newest: How many of `treatments` came last, together.
        why: How the control was found, as a part of a sentence.
        alone: Those that no other one ever stood beside, and that are not compared.
    """

    column: str
    control: str
    treatments: tuple[str, ...]
    newest: int
    why: str
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The cells of two arms.

    Attributes:
        treated: Cells of the treatment, from `start` on.
        control: Cells of the control, from `start` on.
        records: Cells of the old version at any time: what a judge point was worth.
        start: First period in which both arms are there and differ.
        periods: Periods from 0 to the last one.
    """

    treated: Bools
    control: Bools
    records: Bools
    start: int
    periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """How many outputs each value of a column has, period by period.

    Attributes:
        column: `arm` or `version`.
        said: What the records call that column.
        names: Its values, sorted; without the empty one.
        size: Names x periods: outputs.
    """

    column: str
    said: str
    names: tuple[str, ...]
    size: NDArray[np.float64]

    def there(self, *, part: float = 0.0) -> Bools:
        """Return names x periods: whether a value has more than a part of a period's outputs."""
        found: Bools = self.size > part * self.size.sum(0, keepdims=True)
        return found

    def until(self, periods: int) -> Presence:
        """Return the same as of the end of the first so many periods."""
        return replace(self, size=self.size[:, :periods])


def presence_of(cells: Cells, spec: WatchSpec, column: str | None = None) -> Presence:
    """Count the outputs of each arm, or version where no arm is named, in each period."""
    column = column or ("arm" if spec.arm else "version")
    known, codes = np.unique(cells.keys[column], return_inverse=True)
    period = cells.keys["period"].astype(np.int64)
    size = np.zeros((len(known), int(period.max(initial=-1)) + 1))
    timely = period >= 0
    np.add.at(size, (codes[timely], period[timely]), cells.sums["n"][timely])
    named = known != ""
    return Presence(
        column=column,
        said=str(spec.arm if column == "arm" else spec.version),
        names=tuple(str(name) for name in known[named]),
        size=size[named],
    )


def arms_of(cells: Cells, spec: WatchSpec) -> Arms:
    """Find the control and what is compared with it.

    Raises:
        DataError: There is one arm alone, or the declared control is none.
    """
    return arms_in(presence_of(cells, spec), spec)


def arms_in(presence: Presence, spec: WatchSpec) -> Arms:
    """Find them by which values were there when.

    Raises:
        DataError: There is one arm alone, or the declared control is none.
    """
    # a version of a few stray outputs is no arm; an arm was named as such, however few it holds
    there = presence.there(part=LEAST_PART if presence.column == "version" else 0.0)
    if there.any(1).sum() < 2:  # noqa: PLR2004 - a comparison needs two
        there = presence.there()
    seen = {name: row for name, row in zip(presence.names, there, strict=True) if row.any()}
    first = {name: int(row.argmax()) for name, row in seen.items()}
    names = sorted(first, key=lambda name: (first[name], natural(name)))
    if len(names) < 2:  # noqa: PLR2004 - as above
        message = f"column '{presence.said}' ({presence.column}) holds one value alone"
        raise DataError(message, mend="A comparison needs two arms, or two versions.")
    crowded = there.sum(0) > 1
    alone = tuple(name for name in names if not (seen[name] & crowded).any())
    if len(names) - len(alone) >= 2 and spec.control not in alone:  # noqa: PLR2004 - as above
        names = [name for name in names if name not in alone]
    else:
        alone = ()
    control, why = _control(names, seen, presence.column, spec)
    rest = [name for name in names if name != control]
    latest = max(first[name] for name in rest)
    rest.sort(key=lambda name: (-first[name], natural(name)))
    newest = sum(first[name] == latest for name in rest)
    return Arms(
        column=presence.column, control=control, treatments=tuple(rest), newest=newest, why=why,
        alone=alone,
    )  # fmt: skip


def _control(
    names: list[str], seen: Mapping[str, Bools], column: str, spec: WatchSpec
) -> tuple[str, str]:
    if spec.control is not None:
        return declared_control(spec.control, names, column), "as declared"
    for wanted in CONTROLS:
        for name in names:
            if name.lower() == wanted:
                return name, "by its name"
    met = [name for name in names[:-1] if (seen[names[-1]] & seen[name]).any()]
    return (met or names)[0], f"the {column} seen first"


def declared_control(control: str, names: list[str], column: str) -> str:
    """Return the declared control, which must be there.

    Raises:
        DataError: No arm or version is called so.
    """
    if control not in names:
        message = f"control is '{control}', which no {column} is called"
        raise DataError(message, mend=did_you_mean(control, names))
    return control


def sides_of(cells: Cells, arms: Arms, treatment: str, *, start: int | None = None) -> Sides:
    """Return which cells speak for the treatment and for the control.

    Where arms and versions are both known, users may have been assigned before the treatment
    came: until then both arms' records are of the old version.

    Args:
        cells: All that was known.
        arms: From `arms_of`.
        treatment: One of `arms.treatments`.
        start: First period of the test, where it is known from later records.

    Raises:
        DataError: The arms were never there in the same period.
    """
    key = cells.keys[arms.column]
    period = cells.keys["period"].astype(np.int64)
    treated, control = key == treatment, key == arms.control
    count = int(period.max(initial=-1)) + 1
    if start is None:
        both = _there(period, treated, count) & _there(period, control, count)
        begins = np.flatnonzero(both & _differ(cells, period, treated, control, count))
        if not len(begins):
            message = f"'{treatment}' and '{arms.control}' were never there in the same period"
            mend = "Compare versions in sequence with the design 'releases'."
            raise DataError(message, mend=mend)
        start = int(begins[0])
    before = treated & (period < start)
    return Sides(
        treated=treated & ~before,
        control=control & (period >= start),
        records=control | (before if arms.column == "arm" else np.zeros_like(before)),
        start=start,
        periods=count,
    )


def _there(period: NDArray[np.int64], keep: Bools, count: int) -> Bools:
    found: Bools = np.bincount(period[keep & (period >= 0)], minlength=count)[:count] > 0
    return found


def _differ(
    cells: Cells, period: NDArray[np.int64], treated: Bools, control: Bools, count: int
) -> Bools:
    """Return the periods in which the treatment shows a version that the control does not."""
    version = cells.keys["version"]
    known = np.unique(version[treated | control])
    if len(known) < 2:  # noqa: PLR2004 - versions that are all alike tell nothing
        return np.ones(count, dtype=np.bool_)
    found = np.zeros(count, dtype=np.bool_)
    for name in known:
        here = version == name
        found |= _there(period, treated & here, count) & ~_there(period, control & here, count)
    return found if found.any() else np.ones(count, dtype=np.bool_)


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts v2 before v10."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
