"""SignalRecord: what production recorded about a unit, and which of several records holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

UnitKind: TypeAlias = Literal["item", "trace", "session", "group"]

UNIT_KINDS: tuple[UnitKind, ...] = ("item", "trace", "session", "group")
"""From the narrowest to the widest: where several are known of one item, the narrowest counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """One record of one signal about one unit.

    A record is never changed: a later one about the same unit and signal supersedes it.
    """

    unit_id: str
    name: str
    """The signal: `thumbs`, `edit_rate`, `retries`, `resolved`, ..."""
    value: float | None
    """None where the user could have given it and has not, or has taken it back."""
    event_at: datetime
    """When it happened; UTC."""
    known_at: datetime
    """When the record arrived; UTC. What had not arrived is not seen by any look at that time."""
    unit_kind: UnitKind = "item"
    exposed: bool | None = None
    """Whether the user was able to give it, as by a widget that was shown; None where unknown."""
    revision: int = 0
    """A higher one supersedes, whenever it arrived."""


def latest(
    records: Iterable[SignalRecord], *, as_of: datetime | None = None
) -> dict[tuple[UnitKind, str, str], SignalRecord]:
    """Return (unit kind, unit id, name) -> the record that holds at an instant.

    That is the one of the highest revision, of several the one that arrived last, of several the
    one that comes last.

    Args:
        records: In the order in which they were recorded.
        as_of: What arrived later is not seen; None sees all.
    """
    held: dict[tuple[UnitKind, str, str], SignalRecord] = {}
    for record in records:
        if as_of is not None and record.known_at > as_of:
            continue
        key = (record.unit_kind, record.unit_id, record.name)
        before = held.get(key)
        if before is None or (before.revision, before.known_at) <= (
            record.revision,
            record.known_at,
        ):
            held[key] = record
    return held
