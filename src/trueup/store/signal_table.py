"""Signals beside items: one row an item, with what holds of every signal and when it arrived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from trueup.errors import DataError, did_you_mean
from trueup.item.instant import instant
from trueup.signal.model import UNIT_KINDS
from trueup.store import schema
from trueup.store.rows import storable
from trueup.store.signal_reading import held_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from trueup.item.model import Item
    from trueup.store.signal_reading import Held, Purpose
    from trueup.store.store import Store

_KNOWN = ("timestamp", "product", "version", "arm", "segment", "group", "session_id", "trace_id",
          "purpose", "p_logged", "p_judged")  # fmt: skip
_YIELD = 10_000


class Joined(NamedTuple):
    """How one signal went with items."""

    units: int
    """Units of which a record holds."""
    matched: int
    """Units that have an item."""
    items: int
    """Items with a value."""
    early: int
    """Items whose signal arrived before the item itself was made."""


class SignalTable(NamedTuple):
    """Items with their signals."""

    frame: pd.DataFrame
    """A row an item: `item_id`, what is known of it, and for every signal its value, NaN for none,
    `NAME_at`, when it arrived (UTC, NaT for never), and `NAME_exposed` (nullable boolean)."""
    joined: Mapping[str, Joined]


def signal_table(
    store: Store,
    names: Sequence[str],
    *,
    by: str,
    purpose: Purpose,
    items: Iterable[Item] | pd.DataFrame | None = None,
    run: int | None = None,
    as_of: datetime | None = None,
) -> SignalTable:
    """Return items with what holds of every signal at an instant, and write down that it was read.

    A signal of an item, trace, session or group goes to every item that is it or is in it; where
    there are several, the narrowest counts, even where it has no value. An item without a trace's
    id is looked for among traces by its own.

    Args:
        store: Where signals are.
        names: The signals.
        by: Who reads: a command or a function.
        purpose: What for.
        items: The items, or a frame with `item_id` (or `id`) and where known `trace_id`,
            `session_id`, `group`, `timestamp`; its other columns are kept.
        run: The run whose items these are, where none are given; None for the latest sight of
            every item that any run saw.
        as_of: What arrived later is not seen; None sees all.

    Raises:
        DataError: A signal is not known, the purpose is none for which signals may be read, or a
            frame has no ids or times without a zone.
        StoreError: The reading cannot be written down; nothing was read then.
    """
    frame = _frame(store, items, run)
    joined = {}
    read = {name: held_records(store, name, by=by, purpose=purpose, as_of=as_of) for name in names}
    made = frame.get("timestamp")
    columns: dict[str, Any] = {}
    for name, kinds in read.items():
        value, known, exposed, joined[name] = _join(frame, kinds, made)
        columns[name] = value
        columns[f"{name}_at"] = pd.Series(pd.to_datetime(known, unit="us", utc=True))
        flags = pd.array(exposed, dtype="Int8")
        flags[exposed < 0] = pd.NA
        columns[f"{name}_exposed"] = flags.astype("boolean")
    kept = frame.drop(columns=[name for name in columns if name in frame.columns])
    table = pd.concat([kept, pd.DataFrame(columns, index=kept.index)], axis=1)
    return SignalTable(table, joined)


def _join(
    frame: pd.DataFrame, kinds: Mapping[str, Held], made: pd.Series[Any] | None
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.int8], Joined]:
    """Return value, arrival and exposure for every item, and how well they went together."""
    size = len(frame)
    value = np.full(size, np.nan)
    known = np.full(size, np.datetime64("NaT", "us"))
    exposed = np.full(size, -1, dtype=np.int8)
    open_ = np.ones(size, dtype=bool)
    matched = 0
    for kind in UNIT_KINDS:
        held = kinds.get(kind)
        if held is None:
            continue
        at = pd.Index(held.unit_ids).get_indexer(pd.Index(_keys(frame, kind)))
        matched += len(np.unique(at[at >= 0]))
        rows = np.flatnonzero((at >= 0) & open_)
        value[rows] = held.value[at[rows]]
        known[rows] = held.known_at[at[rows]].astype("datetime64[us]")
        exposed[rows] = held.exposed[at[rows]]
        open_[rows] = False
    given = ~np.isnan(value)
    known[~given] = np.datetime64("NaT", "us")
    early = 0
    if made is not None:
        stamps = made.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        early = int((known < stamps).sum())
    units = sum(len(held.unit_ids) for held in kinds.values())
    return value, known, exposed, Joined(units, matched, int(given.sum()), early)


def _keys(frame: pd.DataFrame, kind: str) -> list[Any]:
    """Return every item's id of a kind of unit, None where it has none."""
    if kind == "item":
        return list(frame["item_id"])
    column = {"trace": "trace_id", "session": "session_id", "group": "group"}[kind]
    own = [None] * len(frame) if column not in frame else list(frame[column])
    ids = [None if one is None or one != one else storable(str(one)) for one in own]  # noqa: PLR0124 - NaN
    if kind == "trace":
        return [one or item for one, item in zip(ids, frame["item_id"], strict=True)]
    return ids


def _frame(
    store: Store, items: Iterable[Item] | pd.DataFrame | None, run: int | None
) -> pd.DataFrame:
    if isinstance(items, pd.DataFrame):
        frame = items.reset_index(drop=True)
        if "item_id" not in frame:
            if "id" not in frame:
                hint = did_you_mean("item_id", map(str, frame.columns))
                raise DataError("the frame has no column item_id", where="frame", mend=hint)
            frame = frame.rename(columns={"id": "item_id"})
        frame["item_id"] = [storable(str(one)) for one in frame["item_id"]]
    elif items is not None:
        rows = [
            {"item_id": storable(item.id), **{field: getattr(item, field) for field in _KNOWN}}
            for item in items
        ]
        frame = pd.DataFrame(rows, columns=["item_id", *_KNOWN])
    else:
        frame = _observed(store, run)
    if "timestamp" in frame:
        frame["timestamp"] = _utc(frame["timestamp"])
    return frame


def _utc(given: pd.Series[Any]) -> pd.Series[Any]:
    """Return instants in UTC; refuse those that name no zone."""
    if not isinstance(given.dtype, pd.DatetimeTZDtype):
        given = pd.Series([instant(cell) for cell in given], index=given.index, dtype=object)
    return pd.to_datetime(given, utc=True)


def _observed(store: Store, run: int | None) -> pd.DataFrame:
    """Return the items that a run saw, or the latest sight of all that any run saw."""
    seen = schema.observation
    select = sa.select(seen.c.item_id, seen.c.known).order_by(seen.c.run, seen.c.seq)
    if run is not None:
        select = select.where(seen.c.run == run)
    latest: dict[str, str | None] = {}
    with store.reading() as connection:
        found = connection.execute(select.execution_options(yield_per=_YIELD))
        latest.update((row[0], row[1]) for row in found)
    rows = []
    for item_id, known in latest.items():
        facts = json.loads(known) if known else {}
        if not facts.get("forgotten"):
            rows.append({"item_id": item_id, **{field: facts.get(field) for field in _KNOWN}})
    return pd.DataFrame(rows, columns=["item_id", *_KNOWN])
