"""Where judges were read from, for messages about what their files say.

A judge knows how to judge and not where it stands: the same one may be made in Python. So the
place is kept beside it, for as long as the judge is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable


class Named(Protocol):
    """Something with a name, as every judge is."""

    @property
    def name(self) -> str:
        """The name that reports show."""
        ...


Made = TypeVar("Made", bound=Named)

_WHERE: WeakKeyDictionary[Named, Callable[[str], str]] = WeakKeyDictionary()


def read_from(judge: Made, where: Callable[[str], str]) -> Made:
    """Note where a judge was read from, and return it.

    Args:
        judge: Just made from a file.
        where: From a key of its specification to file:line.
    """
    _WHERE[judge] = where
    return judge


def origin(judge: Named, key: str) -> str:
    """Return file:line of a key of a judge's file; the judge's name where it is from no file."""
    where = _WHERE.get(judge)
    return judge.name if where is None else where(key)
