"""history_frame: all traffic beside its signals, and the judge's scores where a sitting has some.

    frame = history_frame(store, items="log.jsonl", signals=["thumbs", "retries"], by="me")
    watch(frame, watch_spec_for(frame, ["thumbs:higher", "retries:lower"]))

What users did is known of all traffic; the judge's score of those items alone that the sitting
drew, each with the weight of the items that it stands for.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trueup.errors import DataError
from trueup.goodhart.spec import Signal
from trueup.item.plain import excerpt
from trueup.item.read import open_items
from trueup.runner.goodhart.backfill_draw import Weights
from trueup.runner.goodhart.backfill_window import MICROSECOND, micros, no_traffic
from trueup.runner.goodhart.sitting import Judgement, read_sitting
from trueup.store.rows import storable
from trueup.store.signal_table import signal_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trueup.item.model import Item
    from trueup.runner.goodhart.sitting import Sitting
    from trueup.store.signal_reading import Purpose
    from trueup.store.store import Store

COLUMNS = (
    "item_id", "timestamp", "version", "arm", "segment", "user", "judge", "judge_rep",
    "judge_weight", "outcome", "instrument", "anchor",
)  # fmt: skip
"""Columns of every frame; those of signals and criteria come after them."""
CRITERION = "criterion."
"""What the columns of criteria begin with."""
_KINDS = ("version", "arm", "segment")
_UNITS = ("group", "session_id", "trace_id")


def history_frame(
    store: Store,
    *,
    items: object,
    by: str,
    sitting: str | None = None,
    rubric: str | None = None,
    signals: Sequence[str | Signal] = (),
    criteria: bool = False,
    purpose: Purpose = "goodhart",
    as_of: datetime | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> pd.DataFrame:
    """Return the traffic of a sitting's window, and since, with scores and signals; a row an item.

    Columns: `item_id`, `timestamp` (UTC), `version`, `arm`, `segment`, `user` (the item's group),
    `judge` and `judge_rep` (first and second score in [0, 1], NaN where there is none),
    `judge_weight` (1 / probability of having been judged, also where the judge gave no score; NaN
    where the item was not judged), `outcome` (`scored`, or why there is no score; NA where it was
    not judged), `instrument`, `anchor`. Then for every signal `NAME`, NaN for none, and `NAME_at`,
    when it arrived. Anchors are rows at the end, at the time of the sitting, without signals.

    A failure of the judge is no score of 0: it keeps its weight, so that the weights of what has a
    score fall short of the traffic by the share that the judge did not score.

    Args:
        store: Where the sitting and the signals are.
        items: The log that was backfilled: what `trueup.score` takes.
        by: Who reads, for the log of readings of signals.
        sitting: Name of the sitting; None for the newest.
        rubric: Name of the rubric, where several share that name.
        signals: Names of signals; signals of a `WatchSpec` do as well, and texts like
            `retries:lower`.
        criteria: Whether to add `criterion.ID`, the first answer's value, for every criterion.
        purpose: What for.
        as_of: Signals that arrived later are not seen; None sees all.
        field_map: Field of an item -> column, where the names are not understood.
        timezone: The zone of timestamps that carry none.

    Raises:
        ConfigError: There is no such sitting.
        DataError: The log lacks items that were judged, a signal is not known, or is called like
            a column of the frame.
    """
    names = [one.name if isinstance(one, Signal) else one.partition(":")[0] for one in signals]
    found = read_sitting(store, sitting, rubric=rubric)
    for name in names:
        if {name, f"{name}_at"} & {*COLUMNS, *_UNITS}:
            what = f"signal '{excerpt(name)}' is called like a column of the frame"
            raise DataError(what, mend="Record it under another name")
    given = list(items) if isinstance(items, Iterator) else items
    source = open_items(given, fields=field_map, timezone=timezone)
    rows = _Rows(found)
    rows.read(source)
    frame = rows.frame(where=source.name, criteria=criteria)
    if names:
        frame = signal_table(store, names, by=by, purpose=purpose, items=frame, as_of=as_of).frame
        end = len(frame) - len(found.anchors)
        for name in names:
            # an anchor may be a logged item, whose users answered another copy of it
            frame.loc[end:, name] = math.nan
            frame.loc[end:, f"{name}_at"] = pd.NaT
        frame = frame.drop(columns=[f"{name}_exposed" for name in names])
    return frame.drop(columns=["session_id", "trace_id"]).rename(columns={"group": "user"})


class _Rows:
    """Gathers the columns of a frame while a log streams by, at some 400 bytes an item."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._ids: list[str] = []
        self._times = array("q")
        self._codes = {name: array("i") for name in _KINDS}
        self._values: dict[str, dict[str, int]] = {name: {} for name in _KINDS}
        self._units: dict[str, list[str | None]] = {name: [] for name in _UNITS}
        self._shared: dict[str, str] = {}
        self._place: dict[str, int] = {}

    def read(self, items: Iterable[Item]) -> None:
        """Take the traffic of a log, from the sitting's first period on."""
        since = self._sitting.draw.settings.since
        chances, anchors = self._sitting.draw.chances, self._sitting.anchors
        for item in items:
            if no_traffic(item, anchors) or item.timestamp is None or item.timestamp < since:
                continue
            name = storable(item.id)
            if name in chances:
                self._place[name] = len(self._ids)
            self._ids.append(name)
            self._times.append(micros(item.timestamp))
            for kind in _KINDS:
                self._codes[kind].append(self._code(kind, getattr(item, kind)))
            for unit in _UNITS:
                self._units[unit].append(self._once(getattr(item, unit)))

    def _code(self, kind: str, value: str | None) -> int:
        if value is None:
            return -1
        values = self._values[kind]
        return values.setdefault(value, len(values))

    def _once(self, value: str | None) -> str | None:
        """Return the one copy of a text: users come back, and lists of texts are large."""
        return None if value is None else self._shared.setdefault(value, value)

    def frame(self, *, where: str, criteria: bool) -> pd.DataFrame:
        """Return the frame without signals.

        Raises:
            DataError: The log lacks items that were judged.
        """
        sitting = self._sitting
        gone = [name for name in sitting.draw.chances if name not in self._place]
        if gone:
            what = f"{len(gone):,} items of this sitting's draw are not in the log"
            mend = "Give the log that was backfilled, all of it"
            raise DataError(f"{what}, as '{excerpt(gone[0])}'", where=where, mend=mend)
        self._add_anchors()
        columns: dict[str, Any] = {
            "item_id": self._ids,
            "timestamp": pd.DatetimeIndex(
                np.frombuffer(self._times, dtype=np.int64).view("M8[us]")
            ).tz_localize("UTC"),
            **{kind: self._category(kind) for kind in _KINDS},
            "group": self._units["group"],
            **self._judged(),
            "session_id": self._units["session_id"],
            "trace_id": self._units["trace_id"],
        }
        if criteria:
            columns |= self._criteria()
        return pd.DataFrame(columns)

    def _add_anchors(self) -> None:
        for name in self._sitting.anchors:
            self._ids.append(name)
            self._times.append(micros(self._sitting.at))
            for kind in _KINDS:
                self._codes[kind].append(-1)
            for unit in self._units.values():
                unit.append(None)

    def _category(self, kind: str) -> pd.Categorical[Any]:
        codes = np.frombuffer(self._codes[kind], dtype=np.int32)
        return pd.Categorical.from_codes(codes, categories=pd.Index(self._values[kind], dtype=str))

    def _seen(self) -> Iterator[tuple[int, str, Judgement]]:
        """Yield row, name and judgement of all that was judged: the drawn items, then anchors."""
        for name, row in self._place.items():
            found = self._sitting.judged.get(name)
            if found is not None and found.outcome:
                yield row, name, found
        first = len(self._ids) - len(self._sitting.anchors)
        for place, (name, found) in enumerate(self._sitting.anchors.items()):
            if found.outcome:
                yield first + place, name, found

    def _judged(self) -> dict[str, Any]:
        """Return the columns that a judge fills."""
        sitting, size = self._sitting, len(self._ids)
        scores, again, weights = (np.full(size, math.nan) for _ in range(3))
        outcomes: dict[str, int] = {}
        outcome, instrument, anchor = (np.full(size, -1, dtype=np.int32) for _ in range(3))
        numbers = {name: _number(self._times[row], sitting) for name, row in self._place.items()}
        weigh = Weights.of(sitting.draw, numbers, sitting.attempted)
        for row, name, found in self._seen():
            scores[row], again[row] = found.score, found.again
            outcome[row] = outcomes.setdefault(found.outcome, len(outcomes))
            instrument[row] = 0
            if name in numbers:
                weights[row] = weigh.weight(numbers[name], sitting.draw.chances[name])
        first = size - len(sitting.anchors)
        anchor[first:] = np.arange(len(sitting.anchors))

        def named(codes: Any, names: Iterable[str]) -> pd.Categorical[Any]:  # noqa: ANN401 - an array
            return pd.Categorical.from_codes(codes, categories=pd.Index([*names], dtype=str))

        return {
            "judge": scores,
            "judge_rep": again,
            "judge_weight": weights,
            "outcome": named(outcome, outcomes),
            "instrument": named(instrument, [sitting.instrument]),
            "anchor": named(anchor, sitting.anchors),
        }

    def _criteria(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row, _, judgement in self._seen():
            for criterion, value in judgement.criteria.items():
                name = f"{CRITERION}{criterion}"
                if name not in found:
                    found[name] = np.full(len(self._ids), math.nan)
                found[name][row] = value
        return found


def _number(time: int, sitting: Sitting) -> int:
    settings = sitting.draw.settings
    return (time - micros(settings.since)) // (settings.period // MICROSECOND)
