"""Counts and durations in words."""

from __future__ import annotations

_MINUTE = 60


def counted(count: int, noun: str, *, plural: str = "") -> str:
    """Return a count with its noun: `1 item`, `1,200 items`.

    Args:
        count: How many.
        noun: The word for one.
        plural: The word for several, where it is not the noun with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return seconds in words: `0 s`, `3 min 20 s`, `5 h 2 min`."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
