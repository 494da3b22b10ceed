"""Places: the column or the path into a column, `vars.question`, that holds what is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where in a row something stands."""

    column: str
    path: tuple[str, ...] = ()
    """What follows the column where it holds mappings; list elements go by number from 0."""

    def of(self, row: Mapping[str, Any]) -> object:
        """Return what stands there, None where nothing."""
        value: object = row.get(self.column)
        for key in self.path:
            if isinstance(value, Mapping):
                value = value.get(key)
            elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            else:
                return None
        return value


def place(source: str, columns: Iterable[str]) -> Place:
    """Return where a declared column or path leads; its column need not exist."""
    if source in columns:
        return Place(source)
    column, *path = source.split(".")
    return Place(column, tuple(path))


def without(value: object, path: tuple[str, ...]) -> object:
    """Return a mapping without what a path leads to; None where nothing is left.

    A path through a list leaves the list whole.
    """
    if not isinstance(value, dict) or path[0] not in value:
        return value
    left = {key: part for key, part in value.items() if key != path[0]}
    if len(path) > 1:
        inner = without(value[path[0]], path[1:])
        if inner is not None:
            left[path[0]] = inner
    return left or None
