"""Weeks in a row: where each stands, what is missing, and where figures cease to be comparable."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trueup.report.calibration.figures import known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trueup.runner.calibration.result import Drift, Figure, Maybe, Point

_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_LONGEST_GAP = 26
"""Weeks; a longer gap is drawn as long as this, so that what is there can still be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened: between two weeks, or in one."""

    kind: Literal["question", "instrument", "alarm"]
    at: float
    """Position, in weeks from the first."""
    since: float
    """Where the change is thought to have begun; `at` where that is not known."""
    week: str
    """The first week with what is new; the alarm's own."""
    since_week: str = ""
    """Of an alarm the week in which the change is thought to have begun; empty if not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A criterion's weeks, those without a run included."""

    weeks: tuple[str, ...]
    points: tuple[Point | None, ...]
    """As many as weeks; None for a week without a run."""
    marks: tuple[Mark, ...]


def timeline(points: Sequence[Point], drift: Drift) -> Timeline:
    """Return a criterion's weeks by position, with what happened in them."""
    pairs = zip([None, *points], points, strict=False)  # each week, and the one before it
    placed = [slot for before, point in pairs for slot in _slots(before, point)]
    marks = [*_changes(placed), *_alarm(placed, drift)]
    return Timeline(
        weeks=tuple(week for week, _ in placed),
        points=tuple(point for _, point in placed),
        marks=tuple(sorted(marks, key=lambda mark: mark.at)),
    )


def stretches(
    line: Timeline, pick: Callable[[Point], Maybe], *, people: bool = False
) -> Iterator[list[tuple[int, Figure]]]:
    """Yield figures with their positions, in runs that may be joined by a line.

    A week without the figure ends a run; so does another question, and, unless the figure is
    about people alone, another instrument.
    """
    run: list[tuple[int, Figure]] = []
    last: tuple[str, ...] | None = None
    for at, point in enumerate(line.points):
        figure = pick(point) if point else None
        key = (point.question, "" if people else point.instrument) if point else None
        if run and (figure is None or not known(figure) or key != last):
            yield run
            run = []
        if figure is not None and known(figure):
            run.append((at, figure))
        last = key
    if run:
        yield run


def _slots(before: Point | None, point: Point) -> Iterator[tuple[str, Point | None]]:
    """Yield a week, and before it those that were left out."""
    first, last = (_monday(before.week) if before else None), _monday(point.week)
    if first and last:
        missing = (last - first).days // 7 - 1
        for back in range(min(missing, _LONGEST_GAP), 0, -1):
            year, week, _ = (last - dt.timedelta(weeks=back)).isocalendar()
            yield f"{year}-W{week:02d}", None
    yield point.week, point


def _monday(week: str) -> dt.date | None:
    found = _ISO_WEEK.fullmatch(week)
    try:
        return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None


def _changes(placed: Sequence[tuple[str, Point | None]]) -> Iterator[Mark]:
    """Yield the changes; a new question brings a new instrument, which needs no mark of its own."""
    last: Point | None = None
    for at, (week, point) in enumerate(placed):
        if point is None:
            continue
        if last and last.question != point.question:
            yield Mark(kind="question", at=at - 0.5, since=at - 0.5, week=week)
        elif last and last.instrument != point.instrument:
            yield Mark(kind="instrument", at=at - 0.5, since=at - 0.5, week=week)
        last = point


def _alarm(placed: Sequence[tuple[str, Point | None]], drift: Drift) -> Iterator[Mark]:
    """Yield the alarm; a question that was reworded rings none, and has a mark of its own."""
    weeks = [week for week, _ in placed]
    if drift.state == "moved" and drift.cause != "rubric" and drift.found in weeks:
        at = weeks.index(drift.found)
        since = min(weeks.index(drift.since), at) if drift.since in weeks else at
        since_week = drift.since or ""
        yield Mark(kind="alarm", at=at, since=since, week=weeks[at], since_week=since_week)
