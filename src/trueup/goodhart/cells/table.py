"""Records of any length as additive cells: the only place of this package that reads data.

    cells = read_cells("logs.parquet", spec)      # or a pandas frame, a CSV file, an Arrow table
    both = (cells + more).compact()               # other records, read alone

A cell is one version x arm x instrument x period x segment x judge's bin x user bucket, with the
sums of `query.sums`. DuckDB reads what is larger than memory.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.errors import DataError
from trueup.goodhart.cells.aggregate import (
    aggregate,
    edges_of,
    read_anchors,
    read_texts,
    sample_scores,
)
from trueup.goodhart.cells.columns import column_notes
from trueup.goodhart.cells.extent import compared, find_extent, instant, micros_at, there_by
from trueup.goodhart.cells.fingerprint import canary_of, fingerprint_of
from trueup.goodhart.cells.over import clock, find_over, moment_of
from trueup.goodhart.cells.query import Plan
from trueup.goodhart.cells.reach import find_reach
from trueup.goodhart.cells.repeats import ONCE, count_once
from trueup.goodhart.cells.rows import find_alike
from trueup.goodhart.cells.source import connect, guessed, named, open_source
from trueup.goodhart.cells.waiting import find_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    from numpy.typing import NDArray

    from trueup.goodhart.cells.extent import Extent
    from trueup.goodhart.spec import WatchSpec

    Table = Mapping[str, NDArray[Any]]

__all__ = ["Cells", "read_cells", "read_since", "told"]

DAY = 86_400_000_000
"""Microseconds of a day."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums over records.

    Attributes:
        keys: `query.KEYS` -> array of one entry per cell; texts as numpy strings.
        sums: Name of a sum -> array of one entry per cell.
        origin: Start of period 0.
        edges: Upper ends of the judge's bins but the last.
        last: Instant of the latest output, None without time.
        seen: Instant up to which signals are seen: of the latest record or arrival. None where
            outputs wait for nothing.
        delay: How long after an output its signals are as good as complete.
        over: Up to when the records are all there: where the first period begins that is not over.
            None without time.
        notes: What was set aside while reading, a sentence each.
        anchors: period, instrument, anchor, count and sum of the judge's scores on anchors.
        texts: version, arm, period -> outputs and distinct outputs, where `output` is named.
        repeats: period -> records left out because they were there twice; None where none were.
        canary: What the hash that spreads users over buckets makes of a known word. Cells of
            another hash put users elsewhere and do not add up.
        fingerprint: Of what the sums depend on in the spec.
    """

    keys: Mapping[str, NDArray[Any]]
    sums: Mapping[str, NDArray[np.float64]]
    origin: dt.datetime
    edges: tuple[float, ...]
    last: dt.datetime | None
    seen: dt.datetime | None = None
    delay: dt.timedelta = dt.timedelta(0)
    over: dt.datetime | None = None
    notes: tuple[str, ...] = ()
    anchors: Table | None = None
    texts: Table | None = None
    repeats: Table | None = None
    canary: str = ""
    fingerprint: str = ""

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.keys["period"])

    def first(self, periods: int) -> Cells:
        """Return the cells of the first so many periods."""
        here = self.keys["period"] < periods
        return replace(
            self,
            keys={name: values[here] for name, values in self.keys.items()},
            sums={name: values[here] for name, values in self.sums.items()},
        )

    def __add__(self, more: Cells) -> Cells:
        """Join the cells of other records, which must have been read with the same spec.

        Raises:
            ValueError: They have other periods, bins, buckets or sums.
        """
        for name in ("origin", "edges", "canary", "fingerprint"):
            if getattr(self, name) != getattr(more, name):
                message = f"cells of another {name} do not add up"
                raise ValueError(message)
        keys = {k: np.concatenate([v, more.keys[k]]) for k, v in self.keys.items()}
        sums = {k: np.concatenate([v, more.sums[k]]) for k, v in self.sums.items()}
        lasts = [cells.last for cells in (self, more) if cells.last is not None]
        seen = [cells.seen for cells in (self, more) if cells.seen is not None]
        overs = [cells.over for cells in (self, more) if cells.over is not None]
        return replace(
            self,
            keys=keys,
            sums=sums,
            last=max(lasts, default=None),
            seen=max(seen, default=None),
            delay=max(self.delay, more.delay),
            over=max(overs, default=None),
            notes=(*self.notes, *(note for note in more.notes if note not in self.notes)),
            anchors=_joined(self.anchors, more.anchors),
            texts=_joined(self.texts, more.texts),
            repeats=_joined(self.repeats, more.repeats),
        )

    def compact(self) -> Cells:
        """Return the same with cells of equal keys made one, in order of their keys.

        Distinct outputs do not add up: `texts` may name a period twice after cells were joined.
        """
        keys, sums = _merged(self.keys, self.sums)
        found = replace(self, keys=keys, sums=sums)
        if self.anchors is not None and len(self.anchors["n"]):
            names = ("period", "instrument", "anchor")
            parts = ({k: self.anchors[k] for k in names}, {k: self.anchors[k] for k in "ns"})
            whose, totals = _merged(*parts)
            found = replace(found, anchors={**whose, **totals})
        if self.texts is not None:
            order = np.lexsort([self.texts[k] for k in ("period", "arm", "version")])
            found = replace(found, texts={k: v[order] for k, v in self.texts.items()})
        return found


def _joined(one: Table | None, other: Table | None) -> Table | None:
    if one is None or other is None:
        return one if other is None else other
    return {k: np.concatenate([v, other[k]]) for k, v in one.items()}


def _merged(keys: Table, sums: Table) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Return keys without repetition, in their order, and the sums of what they had."""
    code = np.zeros(len(next(iter(keys.values()))), dtype=np.int64)
    for values in keys.values():
        names, places = np.unique(values, return_inverse=True)
        _, code = np.unique(code * len(names) + places, return_inverse=True)
    _, first = np.unique(code, return_index=True)
    merged = {k: values[first] for k, values in keys.items()}
    return merged, {
        k: np.bincount(code, values, minlength=len(first)).astype(values.dtype)
        for k, values in sums.items()
    }


def read_cells(
    source: object,
    spec: WatchSpec,
    *,
    origin: dt.datetime | None = None,
    edges: tuple[float, ...] | None = None,
    now: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Cells:
    """Aggregate records into cells.

    Where `until` is given, what was not known then is not seen: a record counts if it is older; a
    signal's value if it had arrived by then. Values that do not say when they arrived count once
    their window had closed. Where values of a signal say so and others do not, all of them wait for
    that, because those that say so would speak for themselves alone. Where `absent` says what a
    missing value means, no value is one of the output's only when hardly any could still come: it
    counts once the output is as old as nearly all values took, or its window has closed.

    Args:
        source: A pandas frame, an Arrow table, or the path of a Parquet, CSV or JSONL file; a
            path may hold `*`.
        spec: Which column holds what.
        origin: Start of period 0, nothing before it takes part; midnight (UTC) of the first
            record's day where left out.
        edges: Upper ends of the judge's bins; found from the data where left out.
        now: Records later than this are set aside where they are few; the clock's where left out.
        until: Only what was known before this instant counts.

    Raises:
        DataError: The source cannot be read, a named column is absent, or holds no such thing.
    """
    return told(read_since(source, spec, origin=origin, edges=edges, now=now, until=until), spec)


def read_since(
    source: object,
    spec: WatchSpec,
    *,
    origin: dt.datetime | None = None,
    edges: tuple[float, ...] | None = None,
    now: dt.datetime | None = None,
    until: dt.datetime | None = None,
    since: dt.datetime | None = None,
) -> Cells:
    """Aggregate records from an instant on, without the notes that `told` adds."""
    import duckdb  # noqa: PLC0415 - slow to load, and only needed here

    if until is not None and spec.time is None:
        message = "no time is named, so that nothing tells what was known when"
        raise DataError(message, mend="Name the column of the outputs' instants as time.")
    now, until = moment_of(now), moment_of(until, "until")
    origin, since = moment_of(origin, "origin"), moment_of(since, "since")
    with connect() as database:
        for as_text in (False, True):
            try:
                columns = open_source(database, source, spec.columns, as_text=as_text)
                plan = Plan(
                    columns=columns,
                    origin=0 if origin is None else micros_at(origin, "origin"),
                    edges=edges or (),
                    until=None if until is None else micros_at(until, "until"),
                )
                notes = column_notes(database, spec, columns, there_by(spec, plan))
                begin = None if origin is None else plan.origin
                extent = find_extent(database, spec, plan, now=now, origin=begin)
                found = _cells(
                    database, spec, plan, extent, edges=edges, given=begin, since=since, now=now
                )
                return replace(found, notes=(*extent.notes, *notes, *found.notes))
            except (duckdb.ConversionException, duckdb.InvalidInputException) as problem:
                if as_text or not guessed(source):
                    raise _unreadable(problem, source) from problem
            except duckdb.Error as problem:
                raise _unreadable(problem, source) from problem
            except DataError as problem:
                if problem.where is not None or not isinstance(source, str | Path):
                    raise
                raise DataError(problem.what, where=named(source), mend=problem.mend) from problem
    raise AssertionError


def _unreadable(problem: Exception, source: object) -> DataError:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("LINE ")]  # of SQL that nobody wrote
    said = ". ".join(line.rstrip(".") for line in lines[:2])
    return DataError(
        f"it cannot be read: {said or problem}",
        where=named(source),
        mend="Write it anew, text as UTF-8.",
    )


def _cells(
    database: duckdb.DuckDBPyConnection,
    spec: WatchSpec,
    plan: Plan,
    extent: Extent,
    *,
    edges: tuple[float, ...] | None,
    given: int | None,
    since: dt.datetime | None,
    now: dt.datetime | None,
) -> Cells:
    """Lay the plan out, and follow it."""
    origin = extent.first // DAY * DAY if given is None else given
    when = [] if since is None or spec.time is None else [
        compared(plan.columns[spec.time], ">=", micros_at(since, "since"))
    ]  # fmt: skip
    plan = replace(
        plan, origin=origin, where=" and ".join([extent.where, *when] if extent.where else when)
    )
    scores = sample_scores(database, spec, plan)
    plan = replace(plan, edges=edges_of(scores) if edges is None else edges)
    if plan.until is not None:
        plan = replace(plan, waiting=find_waiting(database, spec, plan))
    plan = replace(plan, alike=find_alike(database, spec, plan))
    repeats = count_once(database, spec, plan, extent.count)
    once = plan if repeats.left_out is None else replace(plan, table=ONCE, where="")
    keys, sums = aggregate(database, spec, once, scores)
    time = _time(spec, plan, when)
    seen, delay = find_reach(database, spec, plan, extent.last)
    told_by = [micros_at(when, "now") for when in (now,) if when is not None]
    told_by += [plan.until] if plan.until is not None else []
    over = find_over(
        database, spec, plan, extent, given=min(told_by, default=None),
        clock=micros_at(clock(), "now"),
    )  # fmt: skip
    return Cells(
        keys=keys,
        sums=sums,
        origin=instant(origin),
        edges=plan.edges,
        last=None if extent.last is None else instant(extent.last),
        seen=None if seen is None else instant(seen),
        delay=delay,
        over=None if over is None else instant(over),
        anchors=read_anchors(database, spec, plan, time),
        texts=read_texts(database, spec, once),
        notes=repeats.note(spec, extent.count),
        repeats=repeats.left_out,
        canary=canary_of(database, spec, plan.columns),
        fingerprint=fingerprint_of(spec),
    )


def _time(spec: WatchSpec, plan: Plan, when: list[str]) -> str:
    """Return the SQL of the time at which anchors are looked at."""
    if spec.time is None:
        return "true"
    column = plan.columns[spec.time]
    parts = [compared(column, ">=", plan.origin), *when]
    if plan.until is not None:
        parts.append(compared(column, "<", plan.until))
    return " and ".join(parts)


def told(cells: Cells, spec: WatchSpec) -> Cells:
    """Return cells with the notes that are counted from them."""
    notes = list(cells.notes)
    for k, signal in enumerate(spec.signals):
        early = int(cells.sums[f"b{k}"].sum()) if f"b{k}" in cells.sums else 0
        if early:
            verb = "was" if early == 1 else "were"
            notes.append(f"{early:,} {signal.said} arrived before their output and {verb} left out")
    twice = 0 if cells.repeats is None else int(cells.repeats["n"].sum())
    if twice:
        which = "1 record was" if twice == 1 else f"{twice:,} records were"
        notes.append(f"{which} there before (same {spec.unit}, version, arm and time) and left out")
    if spec.group and len(cells) and len(np.unique(cells.keys["bucket"])) == 1:
        notes.append(f"column '{spec.group}' (group) holds one value alone")
    return replace(cells, notes=tuple(notes))
