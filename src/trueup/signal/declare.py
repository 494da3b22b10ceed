"""How to declare what a file of signals does not say, as options and as arguments.

Whoever reads such a message has `trueup goodhart import` or `open_signals` before them, and must
find there what it names.
"""

from __future__ import annotations


def field_as(field: str, column: str = "COLUMN") -> str:
    """Return how to say which column fills a field of a record."""
    return f'`--map {field}={column}` (fields={{"{field}": "{column}"}} from Python)'


def signal_as(name: str = "thumbs", column: str = "COLUMN") -> str:
    """Return how to say which column of a wide table a signal is in."""
    return f'`--signal {name}={column}` (signals={{"{name}": "{column}"}} from Python)'


def words_as(name: str = "thumbs", good: str = "up", bad: str = "down") -> str:
    """Return how to say which numbers a signal's words stand for."""
    return (
        f"`--values {name}:{good}=1,{bad}=0` "
        f'(values={{"{name}": {{"{good}": 1, "{bad}": 0}}}} from Python)'
    )


def scale_as(name: str = "stars") -> str:
    """Return how to say on which scale a signal's numbers are."""
    return f'`--values {name}:1..5` (values={{"{name}": (1, 5)}} from Python)'


def name_as(name: str = "thumbs") -> str:
    """Return how to say what a platform's export calls a signal."""
    return (
        f"`--names {name}='NAME IN THE EXPORT'` "
        f'(names={{"{name}": "NAME IN THE EXPORT"}} from Python)'
    )


def known_as(time: str = "2026-02-01T00:00:00Z") -> str:
    """Return how to say when records arrived of which nothing else says it."""
    return f'`--known-at {time}` (known_at="{time}" from Python)'
