"""An A/B that is over as a row of the release ledger, whatever came of it.

A test is over once its planned looks were had: until then even a clear verdict is one of several
looks, and the next one may say otherwise. Its row is what the last look saw. Signals that came
later are left out: a later test, which is held against this one, does not wait for its own either,
and the same records give the same row on any day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import DataError
from trueup.goodhart.arms import arms_of, sides_of
from trueup.goodhart.concurrent.looks import (
    compare,
    effects_of,
    one_instrument,
    pair_of,
    planned_looks,
)
from trueup.goodhart.ledger.entries import Release, without_sitting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.arms import Sides
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent.difference import Effects
    from trueup.goodhart.concurrent.looks import Snapshots
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec

_MOMENT = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """From when to when a test is looked at.

    Attributes:
        treatment: The arm in question.
        control: What it is compared with.
        first: Number of the first period.
        looks: How many are planned.
        begin: When it began; None without time.
        end: When its last planned look is had.
    """

    treatment: str
    control: str
    first: int
    looks: int
    begin: dt.datetime | None = None
    end: dt.datetime | None = None

    @property
    def days(self) -> tuple[dt.date, dt.date] | tuple[None, None]:
        """First and last day."""
        if self.begin is None or self.end is None:
            return None, None
        return self.begin.date(), (self.end - _MOMENT).date()

    @property
    def told(self) -> str:
        """How the test is called."""
        return f"{self.treatment} against {self.shared}"

    @property
    def shared(self) -> str:
        """What it shares with other treatments that have the same control."""
        since = "" if self.begin is None else f", {self.begin.date().isoformat()}"
        return f"{self.control}{since}"

    def had(self, looks: Sequence[Look]) -> int:
        """Count the looks that were had at it."""
        return sum(
            look.label == self.treatment and (look.start is not None or self.begin is None)
            for look in looks
        )

    def over(self, looks: Sequence[Look]) -> bool:
        """Say whether all planned looks were had: each is when its period is over."""
        return self.had(looks) >= self.looks


def courses(cells: Cells, spec: WatchSpec) -> list[Course]:
    """Return the tests that looks of design `concurrent` are had at.

    Raises:
        DataError: There are no two arms that ran at the same time.
    """
    arms, looks = arms_of(cells, spec), planned_looks(spec)
    found = []
    for name in arms.treatments[: arms.newest]:
        first = sides_of(cells, arms, name).start
        begin = None if spec.time is None else cells.origin + first * spec.step
        end = None if begin is None else begin + looks * spec.step
        found.append(
            Course(treatment=name, control=arms.control, first=first, looks=looks, begin=begin,
                   end=end)
        )  # fmt: skip
    return found


def ended_row(
    cells: Cells,
    spec: WatchSpec,
    course: Course,
    *,
    as_of: Snapshots | None,
    name: str,
    experiment: str | None = None,
) -> Release:
    """Return a test's row: what its last planned look saw, signals that nobody gave left out.

    Args:
        cells: All records: they say which arms there are.
        spec: What is watched.
        course: From `courses`.
        as_of: What was known at an instant; needed where there is time.
        name: Id of the row.
        experiment: What rows with the same control share.

    Raises:
        DataError: Judge or all signals tell no change with an error, or the arms hold other
            traffic.
    """
    seen = cells if course.end is None or as_of is None else as_of(course.end)
    sides = sides_of(seen, arms_of(cells, spec), course.treatment, start=course.first)
    pair = pair_of(seen, spec, sides)
    mismatch = pair.mismatch
    if mismatch is not None and mismatch.withholds:
        raise DataError(mismatch.text, mend="Arms of other traffic teach nothing: no row is kept.")
    found = effects_of(compare(pair, sides.periods, 0), spec)
    matrix = np.array(found.covariance)
    kept = [k for k in range(len(matrix)) if _told(found, k) and matrix[k, k] > 0]
    if 0 not in kept or len(kept) < 2:  # noqa: PLR2004 - the judge and a signal
        what = "the judge or all signals" if 0 in kept else "the judge's scores"
        raise DataError(
            f"{what} tell no change between its arms with an error",
            mend="A row needs the judge's change and a signal's.",
        )
    better = {signal.name: signal.better for signal in spec.signals}
    names = [found.names[k - 1] for k in kept[1:]]
    instrument, sitting = without_sitting(_instrument(seen, sides))
    started, ended = course.days
    return Release(
        id=name,
        rise=found.judge,
        signals={one: found.signals[k - 1] for one, k in zip(names, kept[1:], strict=True)},
        better={one: better[one] for one in names},
        covariance=tuple(tuple(row) for row in matrix[np.ix_(kept, kept)].tolist()),
        arms=(course.treatment, course.control),
        experiment=experiment,
        started=started,
        ended=ended,
        instrument=instrument or None,
        sitting=sitting or None,
        n=found.count or None,
        reliability=found.reliability,
        result_at=course.end,
    )


def _told(found: Effects, k: int) -> bool:
    """Say whether the judge (0) or a signal shows a change."""
    value = found.judge if k == 0 else found.signals[k - 1]
    return bool(np.isfinite(value))


def _instrument(cells: Cells, sides: Sides) -> str:
    """Return what measured the scores that are compared."""
    scored, _ = one_instrument(cells, (sides.treated, sides.control))
    here = (sides.treated | sides.control) & (scored.sums["nj"] > 0)
    names, codes = np.unique(scored.keys["instrument"][here], return_inverse=True)
    if not len(names):
        return ""
    return str(names[np.bincount(codes, scored.sums["nj"][here]).argmax()])


def own_rows(
    cells: Cells, spec: WatchSpec, rows: Sequence[Release], as_of: Snapshots | None
) -> set[str]:
    """Return the ids of rows that are of the tests at hand, under whatever name they stand there.

    Args:
        cells: All records.
        spec: What is watched.
        rows: A ledger's.
        as_of: What was known at an instant; without it none is known again where there is time.
    """
    if as_of is None and spec.time is not None:
        return set()
    found = set()
    for course in courses(cells, spec):
        arms, days = (course.treatment, course.control), course.days
        likely = [row for row in rows if row.arms == arms and (row.started, row.ended) == days]
        if not likely:
            continue
        try:
            mine = ended_row(cells, spec, course, as_of=as_of, name="own")
        except DataError:
            continue
        found |= {row.id for row in likely if mine.repeats(row)}
    return found
