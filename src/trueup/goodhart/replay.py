"""The past, look by look: which periods each look compares with which."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trueup.errors import ConfigError
from trueup.goodhart import instruments
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.concurrent.ended import own_rows
from trueup.goodhart.design import control_of
from trueup.goodhart.guards import FEWEST_REFERENCE
from trueup.goodhart.history import lag_of, stream
from trueup.goodhart.ledger.experiments import Learnt, learnt, rows_of
from trueup.goodhart.look import Look
from trueup.goodhart.releases import release_looks
from trueup.goodhart.releases.looks import sequence_of
from trueup.goodhart.weekly import Weekly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent import Snapshots
    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.design import Choice
    from trueup.goodhart.history import History
    from trueup.goodhart.ledger import Release
    from trueup.goodhart.spec import WatchSpec


_CLEAR = ("improvement", "judge_flat")


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
        return list(_Stream(cells, spec, periods, posterior).looks())
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


class _Stream:
    """A stream of periods under watch, horizon after horizon."""

    def __init__(
        self, cells: Cells, spec: WatchSpec, periods: int, posterior: Blend | None
    ) -> None:
        self.cells, self.spec, self.periods = cells, spec, periods
        self.horizon = spec.looks("weekly")
        self.main = instruments.main_instruments(cells, periods)
        self.known: dict[tuple[str | None, tuple[int, ...]], Weekly] = {}
        self.said: dict[int, str] = {}
        self.going_on: set[int] = set()
        self.gamed: set[int] = set()
        self.learnt = posterior

    def looks(self) -> Iterator[Look]:
        """Yield a look per monitored period, or the one that says why there is none."""
        reference = self.spec.reference
        if reference < FEWEST_REFERENCE:
            reason = f"{reference} reference periods are too few: at least {FEWEST_REFERENCE}"
            for period in range(reference, self.periods):
                yield self._without(period, reason)
            return
        if reason := self._undeployed():
            for period in range(reference, self.periods):
                yield self._without(period, reason)
            return
        if self.periods <= reference:
            more = reference - self.periods + lag_of(self.spec) + 2
            reason = (
                f"periods of history: {self.periods}, and the reference takes {reference}: "
                f"{more} more periods are needed, or a backfill of older logs"
            )
            yield self._without(self.periods - 1, reason)
            return
        for period in range(reference, self.periods):
            look = self._look(period)
            self.said[period] = look.verdict
            self._remember(look, period - reference)
            yield look

    def _remember(self, look: Look, period: int) -> None:
        """Keep which periods were gamed, once that is over: until then they are one change."""
        if look.verdict == "gaming" and look.since is not None:
            self.going_on |= set(range(look.since, period + 1))
        elif look.verdict in _CLEAR:
            self.gamed |= self.going_on
            self.going_on = set()

    def _undeployed(self) -> str:
        """Say that no known start can be looked at, empty where one can."""
        reference = self.spec.reference
        deploys = self._deploys(reference)
        end = max(self.periods, reference + (self.horizon or 0))
        if deploys is None or any(0 <= start < end - reference for start in deploys):
            return ""
        begin, over = (
            (self.cells.origin + number * self.spec.step).date() for number in (reference, end)
        )
        return (
            f"starts ({', '.join(map(str, self.spec.starts))}) names nothing between {begin}, when "
            f"monitoring begins, and {over}: correct it, or leave it out to look for any start"
        )

    def _look(self, period: int) -> Look:
        """Return what could be said at the end of a period."""
        name = self._instrument(period)
        if name is None:
            return self._without(period, "nothing was judged by then")
        cut = instruments.since(self.cells, name, period + 1)
        reference = self.spec.reference
        shift = 0
        if cut > reference - FEWEST_REFERENCE:
            had = period + 1 - cut
            if had <= reference:
                return self._without(
                    period,
                    f"the judge changed: scores of '{name}' begin in period {cut + 1}, and its "
                    f"periods ({had}) are no reference yet; judge older logs anew in one sitting, "
                    f"or wait for {reference - had + lag_of(self.spec) + 2} more periods",
                )
            shift = cut
        monitored = period - reference - shift
        turn = monitored // self.horizon if self.horizon else 0
        weekly = self._weekly(name, shift, turn)
        done = period - shift - turn * (self.horizon or 0) + 1
        return weekly.look(done, period=period - reference, gamed=self.gamed)

    def _instrument(self, period: int) -> str | None:
        for earlier in range(period, -1, -1):
            if self.main[earlier] is not None:
                return self.main[earlier]
        return None

    def _weekly(self, instrument: str, shift: int, turn: int) -> Weekly:
        """Return the stream of a horizon: its reference, then what is monitored."""
        reference, horizon = self.spec.reference, self.horizon or 0
        begin = shift + turn * horizon
        first = self._reference(shift, turn)
        end = begin + reference + horizon if horizon else self.periods
        numbers = (*first, *range(begin + reference, min(end, self.periods)))
        key = (instrument, numbers)
        if key not in self.known:
            own, baseline = self._arms(instrument, numbers)
            self.known[key] = Weekly(
                own, self.spec.alpha, self._deploys(begin + reference), baseline, self.learnt
            )
        return self.known[key]

    def _reference(self, shift: int, turn: int) -> list[int]:
        """Return the reference of a horizon: the periods before it, where all is clear there.

        A gamed period is no yardstick, nor is what was not decided when the horizon ended: what
        it may have hidden would be the next one's normal.
        """
        reference, horizon = self.spec.reference, self.horizon or 0
        found = list(range(shift, shift + reference))
        for begin in range(shift + horizon, shift + turn * horizon + 1, horizon or 1):
            before = range(begin, begin + reference)
            gamed = any(self.said.get(period) == "gaming" for period in before)
            if not gamed and self.said.get(begin + reference - 1) in _CLEAR:
                found = list(before)
        return found

    def _arms(self, instrument: str, numbers: tuple[int, ...]) -> tuple[History, History | None]:
        """Return the treated stream, and the held-back one where there is one."""
        cells = instruments.only(self.cells, instrument)
        spec = self.spec
        reference = spec.reference
        names = [str(name) for name in np.unique(cells.keys["arm"])] if spec.arm else []
        control = control_of(names, spec) if len(names) > 1 else None
        if control is None:
            return stream(cells, spec, numbers=numbers, reference=reference), None
        held = cells.keys["arm"] == control
        there = set(cells.keys["period"][held].tolist()) & set(numbers[:reference])
        if len(there) < FEWEST_REFERENCE:  # held back too late to be a yardstick
            return stream(cells, spec, numbers=numbers, reference=reference, keep=~held), None
        return (
            stream(cells, spec, numbers=numbers, reference=reference, keep=~held),
            stream(cells, spec, numbers=numbers, reference=reference, keep=held),
        )

    def _deploys(self, first: int) -> tuple[int, ...] | None:
        """Return known starts as rows after a horizon's first monitored period."""
        if isinstance(self.spec.starts, str):
            return None
        found = []
        for start in self.spec.starts:
            if not isinstance(start, (str, dt.date)):
                found.append(int(start) + self.spec.reference - first)
            else:
                at = _instant(start)
                # the first period that lies wholly after it
                found.append(-((self.cells.origin - at) // self.spec.step) - first)
        return tuple(found)

    def _without(self, period: int, reason: str) -> Look:
        begin = self.cells.origin + period * self.spec.step
        return Look(
            verdict="unidentified",
            design="weekly",
            period=max(period - self.spec.reference, 0),
            start=begin,
            end=begin + self.spec.step,
            label=begin.date().isoformat(),
            missing=(reason,),
        )


def _instant(text: str | dt.date) -> dt.datetime:
    try:
        at = text if isinstance(text, dt.datetime) else dt.datetime.fromisoformat(str(text))
    except ValueError as problem:
        message = f"starts names '{text}', which is no instant"
        raise ConfigError(
            message, mend="Write a period's number or 2026-03-01T12:00Z."
        ) from problem
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
