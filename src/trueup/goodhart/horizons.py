"""A stream looked at horizon after horizon: which periods are the reference of which."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import ConfigError
from trueup.goodhart import instruments
from trueup.goodhart.design import control_of
from trueup.goodhart.guards import FEWEST_REFERENCE
from trueup.goodhart.history import lag_of, stream
from trueup.goodhart.look import Look
from trueup.goodhart.weekly import Weekly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.goodhart.cells import Cells
    from trueup.goodhart.concurrent.decide import Blend
    from trueup.goodhart.history import History
    from trueup.goodhart.spec import WatchSpec

_CLEAR = ("improvement", "judge_flat")


class Horizons:
    """A stream of periods under watch.

    Args:
        cells: From `read_cells`.
        spec: What is watched.
        periods: Whole periods.
        posterior: As of `concurrent_looks`.
    """

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
