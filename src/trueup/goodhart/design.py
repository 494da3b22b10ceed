"""Which design the data allow: who is compared with whom, and at the end of which periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.goodhart.arms import (
    CONTROLS,
    LEAST_PART,
    Arms,
    Presence,
    arms_in,
    declared_control,
    presence_of,
    sides_of,
)
from trueup.goodhart.concurrent.looks import planned_looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.spec import WatchSpec

FEWEST_VERSIONS = 8
TOGETHER = 0.5
"""Versions overlap where at least this part of the newest one's periods holds another one, ..."""
FEWEST_TOGETHER = 2
"""... and so many of them: within one, a switch from one version to the next looks the same."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A design and the reason for it; paired where each task is compared with itself."""

    design: str
    why: str
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Periods at whose ends the same comparison was due.

    Attributes:
        choice: Which design.
        periods: Their numbers, ascending.
        arms: Control and treatments of `concurrent`; empty elsewhere, and where none are there.
    """

    choice: Choice
    periods: tuple[int, ...]
    arms: tuple[str, ...] = ()


def stretches(
    cells: Cells, spec: WatchSpec, periods: int, *, paired: bool = False
) -> list[Stretch]:
    """Return which comparison was due at the end of each period, by what was there by then.

    An A/B that begins today leaves the looks at the stream before it as they were.

    Args:
        cells: All records.
        spec: What is watched.
        periods: Whole periods.
        paired: Every version ran the same tasks.
    """
    last = choose(cells, spec, periods, paired=paired)
    if spec.time is None or last.paired or spec.design in ("weekly", "releases"):
        return [Stretch(last, tuple(range(periods)))]
    columns = _columns(cells, spec)
    ongoing = _Tests(cells, spec)
    due: dict[tuple[str, tuple[str, ...]], Stretch] = {}
    for period in range(periods):
        seen = [column.until(period + 1) for column in columns]
        choice = _choice(seen, spec, period + 1)
        if spec.design == "auto" and choice.design == "concurrent":
            choice = ongoing.choice(choice, seen, period)
        arms = _arms(seen[0], spec) if choice.design == "concurrent" and seen else ()
        known = due.get((choice.design, arms), Stretch(choice, (), arms))
        due[choice.design, arms] = Stretch(choice, (*known.periods, period), arms)
    early = ("concurrent", ())  # nothing stood side by side yet: no look, unless it stays so
    found = [due[key] for key in due if key != early] or list(due.values())
    return sorted(found, key=lambda stretch: stretch.periods[-1])


class _Tests:
    """Tests of two arms, each as long as its planned looks."""

    def __init__(self, cells: Cells, spec: WatchSpec) -> None:
        self.cells, self.spec = cells, spec
        self.starts: dict[tuple[str, str], int] = {}

    def choice(self, choice: Choice, columns: Sequence[Presence], period: int) -> Choice:
        """Return the design at a period's end: after a test, the stream where it has a past.

        Users held back for good are a test first, and then the yardstick of the stream.
        """
        looks = planned_looks(self.spec)
        if period < self.spec.reference or period < looks:
            return choice
        try:
            arms = arms_in(columns[0], self.spec)
            begun = [self._start(arms, name, period) for name in arms.treatments[: arms.newest]]
        except DataError:
            return choice
        if period - max(begun) < looks:
            return choice
        why = f"the test of '{columns[0].said}' was over after {looks} looks: the stream goes on"
        return Choice("weekly", why)

    def _start(self, arms: Arms, name: str, period: int) -> int:
        pair = (arms.control, name)
        if pair not in self.starts:
            self.starts[pair] = sides_of(self.cells, arms, name).start
        found = self.starts[pair]
        return found if found <= period else 0  # until they differ, they do from the first


def choose(cells: Cells, spec: WatchSpec, periods: int, *, paired: bool = False) -> Choice:
    """Return the design that was asked for, or the strongest that the data allow.

    Randomised users need no history and no assumption, so `concurrent` comes first; then a stream
    with enough past, then a sequence of versions.
    """
    if paired and spec.arm is None and spec.design in ("auto", "releases", "concurrent"):
        design = "concurrent" if spec.design == "concurrent" else "releases"
        return Choice(design, "every version ran the same tasks", paired=True)
    return _choice(_columns(cells, spec), spec, periods)


def _columns(cells: Cells, spec: WatchSpec) -> list[Presence]:
    named = [name for name in ("arm", "version") if getattr(spec, name)]
    return [presence_of(cells, spec, name) for name in named]


def _choice(columns: Sequence[Presence], spec: WatchSpec, periods: int) -> Choice:
    if spec.design != "auto":
        return Choice(spec.design, "asked for")
    for column in columns:
        if overlapping(column):
            return Choice(
                "concurrent", f"outputs of several values of '{column.said}' stand side by side"
            )
    versions = 1
    if spec.version:
        versions = int((columns[-1].size > 0).any(1).sum())
    if periods > spec.reference or versions < FEWEST_VERSIONS:
        return Choice("weekly", f"{periods} periods, and no versions side by side")
    return Choice("releases", f"{versions} versions one after another")


def _arms(presence: Presence, spec: WatchSpec) -> tuple[str, ...]:
    try:
        found = arms_in(presence, spec)
    except DataError:  # not yet: the look says so where it stays so
        return ()
    return (found.control, *found.treatments[: found.newest])


def overlapping(column: Presence) -> bool:
    """Say whether the newest value of a column shares its periods with another one."""
    if len(column.names) < 2 or not column.size.any():  # noqa: PLR2004 - one has nothing beside it
        return False
    there = column.there(part=LEAST_PART)
    newest = max(
        (row for row in there if row.any()), key=lambda row: int(row.argmax()), default=there[0]
    )
    shared = there[:, newest].sum(0) > 1
    told = column.column == "arm" or len(shared) == there.any(0).sum()
    return bool(
        len(shared) and shared.mean() >= TOGETHER and (told or shared.sum() >= FEWEST_TOGETHER)
    )


def control_of(names: list[str], spec: WatchSpec) -> str | None:
    """Return which arm is the baseline: the declared one, or one called so.

    Raises:
        DataError: The declared one is no arm.
    """
    if spec.control is not None:
        return declared_control(spec.control, names, "arm")
    lowered = {name.lower(): name for name in names}
    return next((lowered[known] for known in CONTROLS if known in lowered), None)
