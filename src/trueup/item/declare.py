"""How to declare what a source does not say, for messages that a command and Python both show.

Whoever reads such a message has either a command line or a call before them, and must find there
what it names. A runner's file has the keys `map` and `timezone`, after the options.
"""

from __future__ import annotations


def mapping(field: str, column: str = "COLUMN") -> str:
    """Return how to say which column fills a field; an empty one says that none does."""
    return f'`--map {field}={column}` (field_map={{"{field}": "{column}"}} from Python)'


def declaring_zone(name: str) -> str:
    """Return how to say in which zone timestamps are that do not say it themselves."""
    return f'`--timezone {name}` (timezone="{name}" from Python)'
