"""Where a look stands: of which horizon it is, and when the change began that it counts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart import instruments
from trueup.goodhart.guards import FEWEST_REFERENCE
from trueup.goodhart.history import lag_of
from trueup.goodhart.watching import whole_periods

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from trueup.goodhart.cells import Cells
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


def places(cells: Cells, spec: WatchSpec, looks: Sequence[Look]) -> Iterator[Place]:
    """Yield where each look stands.

    Args:
        cells: What the looks are from.
        spec: What is watched.
        looks: In order.
    """
    periods = whole_periods(cells, spec)
    mains = instruments.main_instruments(cells, periods) if periods else []
    for look in looks:
        if look.design != "weekly":
            begin = look.start
            if begin is not None and look.design == "concurrent":
                begin -= look.period * spec.step  # the test began with its first look
            yield Place(about=look.label, begin=begin, since=begin, seen=look.end)
        elif look.start is None or look.end is None:
            yield Place()
        else:
            yield _streamed(cells, spec, look, mains)


def _streamed(cells: Cells, spec: WatchSpec, look: Look, mains: Sequence[str | None]) -> Place:
    assert look.start is not None  # noqa: S101 - the caller has seen to both
    assert look.end is not None  # noqa: S101
    number = look.period + spec.reference
    name = next((n for n in reversed(mains[: number + 1]) if n is not None), None)
    cut = 0 if name is None else instruments.since(cells, name, number + 1)
    shift = cut if cut > spec.reference - FEWEST_REFERENCE else 0
    monitored = max(look.period - shift, 0)
    horizon = spec.looks("weekly")
    inside = monitored % horizon if horizon else monitored
    begin = look.start - inside * spec.step
    return Place(
        begin=begin,
        until=begin + horizon * spec.step if horizon else None,
        since=begin + (look.since or 0) * spec.step,
        seen=look.end - lag_of(spec) * spec.step,
    )
