"""SignalRecord: what production recorded about a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
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
