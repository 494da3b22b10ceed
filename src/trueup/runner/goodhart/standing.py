"""Alarms in a store: what stands, what is new, and accepting one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, did_you_mean
from trueup.runner.goodhart.alarms import Acceptance, Alarm, from_body, to_body
from trueup.store.watches import add, entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.store.store import Store

SHORTEST = 4
"""Characters of an alarm's id that are enough where they name one."""


def standing(store: Store, *, watch: str | None = None) -> list[Alarm]:
    """Return alarms, oldest first, each with its acceptance where there is one.

    Args:
        store: Where they are kept.
        watch: Only those of this one.
    """
    accepted = {
        row.key: Acceptance(
            by=str(row.body["by"]),
            at=dt.datetime.fromisoformat(row.body["at"]),
            reason=str(row.body["reason"]),
        )
        for row in entries(store, "acceptance")
    }
    return [
        from_body(row.body, accepted.get(row.key)) for row in entries(store, "alarm", name=watch)
    ]


def record(store: Store, alarms: Sequence[Alarm]) -> None:
    """Write new alarms down.

    Raises:
        StoreError: The store cannot be written.
    """
    for alarm in alarms:
        add(store, "alarm", alarm.id, name=alarm.watch, part=alarm.part, body=to_body(alarm))


def accept(store: Store, id_: str, *, reason: str, by: str, at: dt.datetime | None = None) -> Alarm:
    """Accept an alarm, for good.

    Args:
        store: Where it is kept.
        id_: Its id, or the first characters of it.
        reason: Why it may stand; who reads it later has nothing else.
        by: Who accepts it.
        at: When; now where left out.

    Raises:
        ConfigError: There is no such alarm, it is accepted already, or no reason is given.
    """
    if not reason.strip():
        mend = 'Say why: --reason "..."'
        raise ConfigError(f"alarm {id_} cannot be accepted without a reason", mend=mend)
    alarm = _named(standing(store), id_, store.where)
    if alarm.accepted is not None:
        when = alarm.accepted.at.date().isoformat()
        what = f"alarm {alarm.id} was accepted by {alarm.accepted.by} on {when}"
        raise ConfigError(what, mend="What was accepted stays so")
    done = Acceptance(by=by, at=at or dt.datetime.now(dt.UTC), reason=reason.strip())
    body = {"by": done.by, "at": done.at.isoformat(), "reason": done.reason}
    add(store, "acceptance", alarm.id, name=alarm.watch, part=alarm.part, body=body)
    return next(one for one in standing(store) if one.id == alarm.id)


def _named(alarms: Sequence[Alarm], id_: str, where: str) -> Alarm:
    wanted = id_.strip().lower()
    found = [
        alarm
        for alarm in alarms
        if alarm.id == wanted or (len(wanted) >= SHORTEST and alarm.id.startswith(wanted))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        mend = ", ".join(alarm.id for alarm in found)
        raise ConfigError(f"'{id_}' names {len(found)} alarms", where=where, mend=mend)
    hint = did_you_mean(id_, [alarm.id for alarm in alarms])
    mend = hint or "None was ever raised: trueup goodhart alarms lists them"
    raise ConfigError(f"there is no alarm '{id_}'", where=where, mend=mend)
