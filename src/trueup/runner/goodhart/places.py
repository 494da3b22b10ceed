"""Where a look stands: of which horizon it is, and when the change began that it counts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart.history import lag_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a look stands.

    Attributes:
        about: The version or arm that is compared; empty in a stream.
        begin: First instant of the horizon, None where it has none.
        until: Its end, None where it has none.
        since: First instant of the change, None where it is not known.
        seen: What came later had not yet had its signals.
    """

    about: str = ""
    begin: dt.datetime | None = None
    until: dt.datetime | None = None
    since: dt.datetime | None = None
    seen: dt.datetime | None = None


def places(spec: WatchSpec, looks: Sequence[Look]) -> Iterator[Place]:
    """Yield where each look stands.

    Args:
        spec: What is watched.
        looks: In order.
    """
    for look in looks:
        if look.design != "weekly":
            begin = look.start
            if begin is not None and look.design == "concurrent":
                begin -= look.period * spec.step  # the test began with its first look
            yield Place(about=look.label, begin=begin, since=begin, seen=look.end)
        elif look.start is None or look.end is None or look.horizon is None:
            yield Place()
        else:
            origin = look.start - look.period * spec.step
            first, last = look.horizon
            since = first if look.since is None else look.since
            yield Place(
                begin=origin + first * spec.step,
                until=None if last is None else origin + last * spec.step,
                since=origin + since * spec.step,
                seen=look.end - lag_of(spec) * spec.step,
            )
