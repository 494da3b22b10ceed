"""Reading signals: which record of each unit holds at an instant, and every reading written down.

Signals are held out: whoever reads some says who they are and what for, and only what compares
judges with users may. What a judge, a rubric, a fit or a reward has seen can no longer be told from
what it is to be compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import sqlalchemy as sa

from trueup.errors import DataError, did_you_mean
from trueup.item.plain import excerpt
from trueup.store import schema
from trueup.store.signals import microseconds, signal_names
from trueup.store.splits import note_reading

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from trueup.store.store import Store

Purpose: TypeAlias = Literal["goodhart", "backfill", "plan", "report", "export"]
"""What signals may be read for."""

READING = "signals"
"""What readings of signals are called where readings are kept."""

_REFUSED = ("judge", "rubric", "fit", "reward", "score", "prompt", "training")
_YIELD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The records of one signal about one kind of unit that hold at an instant; a row a unit."""

    unit_ids: list[str]
    value: NDArray[np.float64]
    """NaN where the user could have given it and has not."""
    known_at: NDArray[np.int64]
    """Microseconds since 1970, UTC."""
    event_at: NDArray[np.int64]
    exposed: NDArray[np.int8]
    """1, 0, and -1 where unknown."""


def held_records(
    store: Store, name: str, *, by: str, purpose: Purpose, as_of: datetime | None = None
) -> dict[str, Held]:
    """Return kind of unit -> the records of a signal that hold, after writing down the reading.

    Of several records about a unit that is the one of the highest revision, then the one that
    arrived last, then the one that was imported last.

    Args:
        store: Where signals are.
        name: The signal.
        by: Who reads.
        purpose: What for.
        as_of: What arrived later is not seen; None sees all.

    Raises:
        DataError: The signal is not known, or the purpose is none for which signals may be read.
        StoreError: The reading cannot be written down.
    """
    who = refuse_readers(by, purpose, where=store.where)
    known = signal_names(store)
    if name not in known:
        mend = did_you_mean(name, known) or "Import some first"
        raise DataError(f"there is no signal '{excerpt(name)}'", where=store.where, mend=mend)
    found = _held(store, name, None if as_of is None else microseconds(as_of))
    n = sum(len(held.unit_ids) for held in found.values())
    seen = f", as of {as_of.isoformat(timespec='seconds')}" if as_of is not None else ""
    note_reading(store, READING, by=f"{who}: {name}{seen}", n=n)
    return found


def refuse_readers(by: str, purpose: str, *, where: str | None = None) -> str:
    """Return who reads signals and what for; refuse those who may not.

    Raises:
        DataError: Nobody says so, or what for is nothing that signals may be read for.
    """
    if not by.strip():
        mend = "Say who reads: by='trueup goodhart'"
        raise DataError("somebody reads signals and does not say who", where=where, mend=mend)
    if purpose not in get_args(Purpose):
        allowed = ", ".join(get_args(Purpose))
        refused = excerpt(str(purpose)) or "nothing"
        what = f"signals are held out, and may not be read for {refused}"
        if purpose in _REFUSED:
            what += ": what has seen what users did can no longer be compared with it"
        raise DataError(what, where=where, mend=f"They may be read for {allowed}")
    return f"{by.strip()}, for {purpose}"


def _held(store: Store, name: str, as_of: int | None) -> dict[str, Held]:
    """Walk a signal's records in order, and keep the last of every unit."""
    table = schema.signal
    select = (
        sa.select(
            table.c.unit_kind, table.c.unit_id, table.c.value, table.c.known_at, table.c.event_at,
            table.c.exposed,
        )
        .where(table.c.name == name)
        .order_by(
            table.c.unit_kind, table.c.unit_id, table.c.revision, table.c.known_at, table.c.place
        )
        .execution_options(yield_per=_YIELD)
    )  # fmt: skip
    if as_of is not None:
        select = select.where(table.c.known_at <= as_of)
    columns: dict[str, tuple[list[Any], ...]] = {}
    last: tuple[str, str] | None = None
    with store.reading() as connection:
        for kind, unit, value, known, event, exposed in connection.execute(select):
            lists = columns.setdefault(kind, ([], [], [], [], []))
            row = (
                unit, np.nan if value is None else value, known, event,
                -1 if exposed is None else int(exposed),
            )  # fmt: skip
            if last == (kind, unit):
                for cells, cell in zip(lists, row, strict=True):
                    cells[-1] = cell
            else:
                for cells, cell in zip(lists, row, strict=True):
                    cells.append(cell)
                last = (kind, unit)
    return {
        kind: Held(
            unit_ids=ids,
            value=np.array(values, dtype=np.float64),
            known_at=np.array(known, dtype=np.int64),
            event_at=np.array(event, dtype=np.int64),
            exposed=np.array(exposed, dtype=np.int8),
        )
        for kind, (ids, values, known, event, exposed) in columns.items()
    }
