"""Weeks: a calibration's sitting, and which items of a log belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from trueup.agreement.stream import Reservoir
from trueup.errors import ConfigError, DataError, TooFewLabels
from trueup.item.plain import excerpt
from trueup.label.check import SKEW
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trueup.item.model import Item

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The items of a week that are judged."""

    items: tuple[Item, ...]
    """Each with `p_judged`."""
    seen: int
    """Items of the week."""
    notes: tuple[str, ...]
    """What was left out, in a sentence each."""


def week_of(moment: datetime) -> str:
    """Return the ISO week of an instant, in UTC.

    >>> week_of(datetime(2027, 1, 3, 23, 59, tzinfo=UTC)), week_of(datetime(2027, 1, 4, tzinfo=UTC))
    ('2026-W53', '2027-W01')
    """
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def bounds(week: str) -> tuple[datetime, datetime]:
    """Return the first instant of an ISO week, and the first after it, in UTC.

    Raises:
        ConfigError: It is no ISO week.
    """
    found = _WEEK.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)  # noqa: TRY301 - one sentence for both ways to be wrong
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        what = f"'{week}' is no ISO week"
        raise ConfigError(what, mend="Write it as 2026-W07") from None
    start = datetime.combine(monday, time(), UTC)
    return start, start + timedelta(days=7)


def week_to_measure(items: Iterable[Item], *, now: datetime) -> tuple[str, str]:
    """Return the last week with items that has ended, and why it is not that of the newest item.

    A week that has just begun says little of the product. It is returned where it is the only one,
    and where no item has a time.

    Args:
        items: The log, in any order.
        now: The present, which tells whether a week has ended.

    Raises:
        DataError: The newest item is from the future.
    """
    timed = [(one.timestamp, one.id) for one in items if one.timestamp and one.purpose != "probe"]
    times = [at for at, _ in timed]
    newest = max(times, default=now)
    if newest > now + SKEW:
        raise _from_the_future([(at, id_) for at, id_ in timed if at > now + SKEW])
    start, end = bounds(week_of(newest))
    before = max((at for at in times if at < start), default=None)
    if end <= now or before is None:
        return week_of(newest), ""
    last = week_of(before)
    why = (
        f"{last} is the last week with items that has ended; {week_of(newest)}, that of the newest "
        "item, goes on. --week names another."
    )
    return last, why


def _from_the_future(ahead: Sequence[tuple[datetime, str]]) -> DataError:
    latest, id_ = max(ahead)
    more = f", and {_counted(len(ahead) - 1, 'more item')} with it" if len(ahead) > 1 else ""
    what = f"item '{excerpt(id_)}' is from the future ({latest:%Y-%m-%d %H:%M} UTC){more}"
    mend = "Set the clock that wrote it, take it out of the log, or name the week with --week"
    return DataError(what, mend=mend)


def sample_week(
    items: Iterable[Item], *, week: str, n: int | None, but: Collection[str], seed: int = 0
) -> Sample:
    """Draw the items of a week that are judged: the same ones in a second run.

    Where items have times, those of the week are drawn from; where none has, all of them are.

    Args:
        items: The log, in any order; it may hold other weeks too.
        week: The ISO week.
        n: How many to draw, every item of the week with the same chance; None for all.
        but: Ids that are not drawn, for they are anchors.
        seed: Another seed draws others.

    Raises:
        TooFewLabels: No item is of that week.
    """
    start, end = bounds(week)
    kept, untimed, others = _Kept(n, seed), _Kept(n, seed), 0
    left_out = 0
    for item in items:
        if item.id in but or item.purpose == "probe":
            left_out += 1
        elif item.timestamp is None:
            untimed.add(item)
        elif start <= item.timestamp < end:
            kept.add(item)
        else:
            others += 1
    timed = kept.seen + others
    chosen = kept if timed else untimed
    if not chosen.seen:
        what = f"none of {timed + untimed.seen:,} items is of week {week}"
        mend = "Give the log of that week, or name another with --week"
        raise TooFewLabels(what, mend=mend)
    notes = []
    if timed and untimed.seen:
        notes.append(f"{_counted(untimed.seen, 'item')} without a time {_were(untimed.seen)}.")
    if left_out:
        are = "it is an anchor or a probe" if left_out == 1 else "they are anchors or probes"
        notes.append(f"{_counted(left_out, 'item')} {_were(left_out)}: {are}.")
    return Sample(items=chosen.sample(), seen=chosen.seen, notes=tuple(notes))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was left out" if count == 1 else "were left out"


def sample_split(
    items: Iterable[Item], *, split: str, parts: Mapping[str, str], but: Collection[str]
) -> Sample:
    """Return the items of one part of the split, of whatever week they are.

    Args:
        items: The log.
        split: `dev` or `test`.
        parts: Group -> part; an item without a group is its own.
        but: Ids that are left out, for they are anchors.

    Raises:
        TooFewLabels: No item is in that part.
    """
    chosen = [
        replace(item, p_judged=1.0)
        for item in items
        if item.id not in but and parts.get(storable(item.group or item.id)) == split
    ]
    if not chosen:
        mend = "Give a log with the labelled items; labels go into splits as they are imported"
        raise TooFewLabels(f"no item of the log is in the {split} split", mend=mend)
    return Sample(items=tuple(chosen), seen=len(chosen), notes=())


class _Kept:
    """All items, or a sample of them."""

    def __init__(self, n: int | None, seed: int) -> None:
        self._all: list[Item] = []
        self._log: Reservoir[Item] | None = (
            None if n is None else Reservoir(n, uniform=1, seed=seed)
        )
        self.seen = 0

    def add(self, item: Item) -> None:
        self.seen += 1
        if self._log is None:
            self._all.append(item)
        else:
            self._log.add(item.id, item)

    def sample(self) -> tuple[Item, ...]:
        if self._log is None:
            return tuple(replace(item, p_judged=1.0) for item in self._all)
        found = self._log.sample()
        pairs = zip(found.items, found.probabilities, strict=True)
        return tuple(replace(item, p_judged=chance) for item, chance in pairs)
