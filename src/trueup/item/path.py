"""Paths: what `vars.question` leads to inside a cell, and what is left beside it."""

from __future__ import annotations

from collections.abc import Mapping


def pick(value: object, path: tuple[str, ...]) -> object:
    """Return what a path leads to, None where nothing; list elements go by number from 0."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


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
