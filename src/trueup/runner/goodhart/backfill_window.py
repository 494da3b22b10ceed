"""The window of a backfill: which items are traffic, and into which periods they fall."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trueup.errors import ConfigError, DataError, TooFewLabels
from trueup.goodhart.cells.extent import APART, APART_AT_LEAST, main_run
from trueup.goodhart.cells.over import FULL
from trueup.item.instant import instant

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from numpy.typing import NDArray

    from trueup.item.model import Item

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1) // MICROSECOND
_TRAFFIC = (None, "prod")
_USUAL = 0.7
"""A last period is drawn from that holds this part of what periods usually hold, however far the
log reaches into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a sitting is drawn; kept with its draw."""

    period: timedelta
    since: datetime
    """Start of the first period; UTC."""
    periods: int
    per_period: int
    """Items that are drawn of each; all where it has fewer."""
    repeat: float
    """Share of them that is judged twice."""
    by_segment: bool
    seed: int

    @property
    def until(self) -> datetime:
        """End of the last period."""
        return self.since + self.periods * self.period

    def number(self, at: datetime) -> int:
        """Return the period of an instant; outside the window it is none of `periods`."""
        return (at - self.since) // self.period

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {
            "period": self.period.total_seconds(),
            "since": self.since.isoformat(),
            "periods": self.periods,
            "per_period": self.per_period,
            "repeat": self.repeat,
            "by_segment": self.by_segment,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Settings:
        """Return settings from what `to_dict` gave."""
        period = timedelta(seconds=told.pop("period"))
        return cls(period=period, since=datetime.fromisoformat(told.pop("since")), **told)


class Traffic(NamedTuple):
    """When the items of a log were made."""

    times: NDArray[np.int64]
    """Microseconds since 1970, in no order."""
    left_out: Counter[str]
    """Why an item is no traffic -> how many."""


def no_traffic(item: Item, anchors: Container[str]) -> str:
    """Return why an item is no traffic, empty where it is some."""
    if item.id in anchors:
        return "they are anchors"
    if item.purpose not in _TRAFFIC:
        return f"their purpose is {item.purpose}"
    return "" if item.timestamp else "they have no time"


def survey(items: Iterable[Item], *, anchors: Container[str]) -> Traffic:
    """Read a log through, at 8 bytes an item.

    Raises:
        DataError: None of it is traffic with a time.
    """
    times, left_out = array("q"), Counter[str]()
    for item in items:
        reason = no_traffic(item, anchors)
        if reason or item.timestamp is None:
            left_out[reason] += 1
        else:
            times.append(micros(item.timestamp))
    if not times:
        why = "; ".join(f"{n:,} left out, {reason}" for reason, n in left_out.items())
        mend = "History needs the time of each output; name its column: --map timestamp=COLUMN"
        raise DataError(f"no item of the log can be dated ({why})", mend=mend)
    return Traffic(np.frombuffer(times, dtype=np.int64), left_out)


def micros(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def moment(given: str | date | None, what: str) -> datetime | None:
    """Return an instant that somebody named; a bare date is its midnight in UTC.

    Raises:
        ConfigError: It is none.
    """
    text = (
        given.isoformat() if isinstance(given, date) and not isinstance(given, datetime) else given
    )
    if isinstance(text, str) and "T" not in text and ":" not in text:
        text = f"{text.strip()}T00:00:00+00:00"
    try:
        return instant(text)
    except DataError as error:
        mend = "Write 2026-03-01, or 2026-03-01T12:00:00Z"
        raise ConfigError(f"{what} is no instant ({given})", mend=mend) from error


def window(
    times: NDArray[np.int64],
    period: timedelta,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[datetime, int]:
    """Return the start of the first period, and how many periods there are.

    Periods begin at midnight (UTC) of the first item's day, as those of the watch do. Strays far
    from all others in time are not followed, and a last period that has hardly begun is left for
    the next sitting.

    Raises:
        TooFewLabels: There is no whole period.
    """
    step = period // MICROSECOND
    first = int(times.min()) // _DAY * _DAY if since is None else micros(since)
    number = (times - first) // step
    found, counts = np.unique(number[number >= 0], return_counts=True)
    if since is None:
        begin, end = main_run(found, counts, max(APART, APART_AT_LEAST // period))
        if begin > 0:
            first = int(times[number >= begin].min()) // _DAY * _DAY
            return window(times, period, since=EPOCH + first * MICROSECOND, until=until)
        kept = found <= end
        found, counts = found[kept], counts[kept]
    start = EPOCH + first * MICROSECOND
    if until is not None:
        count = (until - start) // period
    else:
        count = _whole(times, first, step, found, counts)
    if count < 1 or not (found < count).any():
        what = f"no whole period of {str(period).removesuffix(', 0:00:00')} lies between the items"
        raise TooFewLabels(what, mend="Give an older log, or a shorter period")
    return start, int(count)


def _whole(
    times: NDArray[np.int64],
    first: int,
    step: int,
    found: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Return how many periods there are, without a last one that has hardly begun."""
    if not len(found):
        return 0
    last = int(found[-1])
    inside = times[times < first + (last + 1) * step]
    reached = (int(inside.max()) - first - last * step) / step
    usual = float(np.median(counts[:-1])) if len(counts) > 1 else 0.0
    begun = reached < FULL and counts[-1] < _USUAL * usual
    return last if begun else last + 1
