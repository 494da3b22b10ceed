"""Latching alarms: a `gaming` verdict stands until a person has accepted it, with a reason.

An alarm belongs to a change: to a horizon and the moment from which on the change is counted. While
it is open, whatever the same watch says is part of it. Once it is accepted, the same change raises
no other in that horizon; a change that began later does, and so does the next horizon, for which
what was accepted is past.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.goodhart.look import Look
    from trueup.runner.goodhart.places import Place

_ID_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """That a person has accepted an alarm.

    Attributes:
        by: Who.
        at: When, UTC.
        reason: Why.
    """

    by: str
    at: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A `gaming` verdict that stands.

    Attributes:
        id: By which it is accepted.
        watch: Name of the watch.
        part: The product or segment, empty for all.
        design: How versions were compared.
        about: The version or arm; empty in a stream.
        label: The period or version in which it was raised.
        end: End of that period: nothing later was used.
        begin: First instant of its horizon.
        until: End of its horizon, None where that has none.
        since: From when on the change is counted.
        lag: By how much signals trail behind their outputs.
        backfire: Whether users were worse off.
        phi: Realised part of the gain that was due.
        phi_low: Lower end of its 95 % interval.
        phi_high: Upper end.
        holds_to: By what factor records may overstate a judge point's worth; None for any.
        message: What was found.
        accepted: By whom it was accepted, None while it is open.
    """

    id: str
    watch: str
    part: str
    design: str
    about: str
    label: str
    end: dt.datetime | None
    begin: dt.datetime | None
    until: dt.datetime | None
    since: dt.datetime | None
    lag: dt.timedelta
    backfire: bool
    phi: float | None
    phi_low: float | None
    phi_high: float | None
    holds_to: float | None
    message: str
    accepted: Acceptance | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has accepted it."""
        return self.accepted is None

    def covers(self, place: Place) -> bool:
        """Say whether a `gaming` look is part of this alarm.

        Args:
            place: Where the look stands.
        """
        if self.accepted is None:
            return True
        if place.about != self.about:
            return False
        if place.about or place.begin is None or place.since is None:
            return True
        if self.until is not None and place.begin >= self.until:
            return False
        # what began when its signals had not come in yet is nothing that was accepted
        return place.since <= self.accepted.at - self.lag


def raised(
    looks: Sequence[Look],
    stands: Sequence[Place],
    known: Sequence[Alarm],
    *,
    watch: str,
    part: str = "",
) -> list[Alarm]:
    """Return the alarms that looks raise and that are not known yet.

    Args:
        looks: In order, each by itself: not latched.
        stands: Where each stands.
        known: Alarms of this watch and part.
        watch: Its name.
        part: The product or segment.
    """
    found: list[Alarm] = []
    for look, place in zip(looks, stands, strict=True):
        if look.verdict != "gaming":
            continue
        if not any(alarm.covers(place) for alarm in (*known, *found)):
            found.append(_alarm(look, place, watch=watch, part=part))
    return found


def latched(looks: Sequence[Look], alarms: Sequence[Alarm]) -> list[Look]:
    """Return looks in which an open alarm stands from the look on that raised it.

    Args:
        looks: In order, each by itself.
        alarms: Of this watch and part; accepted ones change nothing.
    """
    first = next((alarm for alarm in alarms if alarm.open), None)
    if first is None:
        return list(looks)
    # where the records have changed since, it stands in the last look at least
    at = next((n for n, look in enumerate(looks) if _raised_by(look, first)), len(looks) - 1)
    found = list(looks[:at])
    for look in looks[at:]:
        stands = replace(look, alarm=looks[at].period)
        if look.verdict != "gaming":
            stands = replace(
                stands,
                verdict="gaming",
                backfire=first.backfire,
                holds_to=float("inf") if first.holds_to is None else first.holds_to,
                message=f"Alarm {first.id} of {first.label} is open. {look.message}",
            )
        found.append(stands)
    return found


def _raised_by(look: Look, alarm: Alarm) -> bool:
    if alarm.end is None or look.end is None:
        return look.called == alarm.label
    return look.end >= alarm.end


def _alarm(look: Look, place: Place, *, watch: str, part: str) -> Alarm:
    told = (watch, part, look.design, place.about, place.begin, place.since, look.label)
    digest = hashlib.blake2b("\0".join(map(str, told)).encode(), digest_size=_ID_BYTES)
    holds = look.holds_to
    lag = dt.timedelta(0) if None in (look.end, place.seen) else look.end - place.seen  # type: ignore[operator] # both are known
    return Alarm(
        id=digest.hexdigest(),
        watch=watch,
        part=part,
        design=look.design,
        about=place.about,
        label=look.called,
        end=look.end,
        begin=place.begin,
        until=place.until,
        since=place.since,
        lag=lag,
        backfire=look.backfire,
        phi=look.phi,
        phi_low=look.phi_low,
        phi_high=look.phi_high,
        holds_to=None if holds is None or holds == float("inf") else holds,
        message=look.message,
    )


def to_body(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as plain data, as it is kept and printed; without its acceptance."""
    body = asdict(alarm)
    body.pop("accepted")
    for name in ("end", "begin", "until", "since"):
        body[name] = None if body[name] is None else body[name].isoformat()
    body["lag"] = alarm.lag.total_seconds()
    return body


def from_body(body: Mapping[str, Any], accepted: Acceptance | None = None) -> Alarm:
    """Return the alarm that `to_body` made plain data of."""
    known = dict(body)
    for name in ("end", "begin", "until", "since"):
        known[name] = None if known[name] is None else dt.datetime.fromisoformat(known[name])
    known["lag"] = dt.timedelta(seconds=known["lag"])
    return Alarm(**known, accepted=accepted)
