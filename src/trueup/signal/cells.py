"""Cells to records: what stands in a row, or in a platform's export, as the fields of a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from trueup.errors import DataError, did_you_mean
from trueup.item.instant import instant
from trueup.item.names import squash
from trueup.item.plain import excerpt, name_text, plain
from trueup.signal.declare import known_as
from trueup.signal.model import UNIT_KINDS, SignalRecord, UnitKind
from trueup.signal.value import Values, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

Cells: TypeAlias = "Mapping[str, object]"
"""Field of a record -> what stands for it."""

NOTHING = "no value, and nothing that says it could have been given"
AHEAD = "dated in the future"
ADJUSTED = "event dated after its arrival, so that the arrival is taken for both"
SKEW = timedelta(minutes=5)
"""How far a clock may be ahead."""

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_KINDS: Mapping[str, UnitKind] = {
    **{kind: kind for kind in UNIT_KINDS},
    "message": "item", "response": "item", "output": "item", "run": "item", "span": "item",
    "observation": "item", "generation": "item",
    "conversation": "session", "thread": "session",
    "user": "group", "person": "group", "account": "group",
}  # fmt: skip
_MOST_REVISIONS = 2**31 - 1


@dataclass(slots=True)
class Reading:
    """How cells are read.

    Attributes:
        zone: The zone of times that name none.
        values: Signal -> what its cells mean.
        known_at: When records arrived of which nothing else says it.
        now: What is dated later has not arrived.
    """

    zone: tzinfo | None = None
    values: Mapping[str, Values] = field(default_factory=dict)
    known_at: datetime | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    adjusted: int = 0


def record_of(cells: Cells, reading: Reading) -> SignalRecord | str:
    """Return the record that some cells make, or why they make none.

    Raises:
        DataError: No unit, signal or time is named, or a field holds what it cannot hold.
    """
    name, unit = name_text(cells.get("name")), name_text(cells.get("unit_id"))
    value = _value(cells, name or "", reading)
    exposed = _flag(cells.get("exposed"))
    if value is None and exposed is not True and not _withdrawn(cells):
        return NOTHING
    if name is None or unit is None:
        lacks = "signal" if name is None else "unit (an item, trace, session or group)"
        raise DataError(f"this record names no {lacks}", mend="Fill it, or remove the row")
    known_at, event_at = _times(cells, name, reading)
    if known_at > reading.now + SKEW:
        return AHEAD
    if event_at > known_at:
        reading.adjusted += 1
        event_at = known_at
    return SignalRecord(
        unit_id=unit,
        unit_kind=_kind(cells.get("unit_kind")),
        name=name.strip(),
        value=value,
        event_at=event_at,
        known_at=known_at,
        exposed=exposed,
        revision=_revision(cells.get("revision")),
    )


def _value(cells: Cells, name: str, reading: Reading) -> float | None:
    try:
        return number(cells.get("value"), reading.values.get(name), name=name or "thumbs")
    except DataError as error:
        shown = excerpt(name) or "this signal"
        raise DataError(f"{shown}: {error.what}", mend=error.mend) from None


def _times(cells: Cells, name: str, reading: Reading) -> tuple[datetime, datetime]:
    """Return when a record arrived, and when what it is about happened."""
    arrived, happened = cells.get("known_at"), cells.get("event_at")
    known_at = instant(arrived, reading.zone)
    same = type(happened) is str and happened == arrived
    event_at = known_at if same else instant(happened, reading.zone)
    known_at = known_at or reading.known_at or (event_at if cells.get("logged") else None)
    if known_at is None:
        what = f"{excerpt(name)} has a value here, and nothing says when it arrived"
        mend = (
            f"Name the column of it {excerpt(name)}_at, or map it to known_at, or where no column "
            f"tells give the time of the export: {known_as()}"
        )
        raise DataError(what, mend=mend)
    return known_at, event_at or known_at


def _kind(raw: object) -> UnitKind:
    known = _KINDS.get(raw) if type(raw) is str else None
    if known is not None:
        return known
    text = name_text(raw)
    if text is None or not text.strip():
        return "item"
    found = _KINDS.get(squash(text).removesuffix("s"), _KINDS.get(squash(text)))
    if found is None:
        what = f"unit_kind is '{excerpt(text)}'"
        raise DataError(what, mend=did_you_mean(text, UNIT_KINDS))
    return found


def _flag(raw: object) -> bool | None:
    if raw is None or raw is True or raw is False:
        return raw
    text = name_text(raw)
    if text is None or not text.strip():
        return None
    found = _FLAGS.get(text.strip().casefold())
    if found is None:
        what = f"exposed is '{excerpt(text)}', neither true nor false"
        raise DataError(what, mend="Write true or false, or leave it empty")
    return found


def _withdrawn(cells: Cells) -> bool:
    """Whether an empty value takes back an earlier one, as a later revision of it."""
    return "revision" in cells and _revision(cells["revision"]) > 0


def _revision(raw: object) -> int:
    if raw is None:
        return 0
    value = plain(raw)
    if value is None or value == "":
        return 0
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = -1.0
    if isinstance(value, bool) or not (found.is_integer() and 0 <= found <= _MOST_REVISIONS):
        what = f"revision is '{excerpt(str(value))}', no whole number from 0"
        raise DataError(what, mend="Number the records of one unit and signal 0, 1, 2, ...")
    return int(found)
