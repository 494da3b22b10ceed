"""Which watch a table is of, where nobody named one: by its file's name, and where it lies.

Tables of one name in two folders are two watches. The first is called by the name alone, a later
one by its folder as well; a table whose folder is gone has moved, and its watch goes on. Places are
kept relative to the project, so that it may lie anywhere.
"""

from __future__ import annotations

import os
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.store.watches import add, entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.store.store import Store

_KEPT_IN = ".trueup"
_SIGNS = "*?["


def name_of(table: str | Path) -> str:
    """Return what a table's file is called, without its endings."""
    file = Path(table).name
    return file.partition(".")[0] or file


def named(store: Store, table: str | Path, *, home: Path) -> tuple[str, tuple[str, ...]]:
    """Return the name of the watch that a table is of, and a sentence where that says little.

    A table that was not seen before is written down.

    Args:
        store: Where alarms are kept.
        table: The table's path; it may hold `*`.
        home: Folder of the project, for a store that is no file.

    Raises:
        StoreError: The store cannot be read or written.
    """
    root, name = _root(store.where, home), name_of(table)
    place = _relative(os.path.join(os.path.dirname(table), name), root)  # noqa: PTH118, PTH120 - as text: it may hold `*`
    places = entries(store, "place")
    mine = next((one for one in places if one.key == place), None)
    others = [one.key for one in places if one.name == (mine.name if mine else name)]
    others = [other for other in others if other != place]
    if mine is not None:
        return mine.name, _shared(mine.name, place, others)
    there = [other for other in others if _is_there(root, other)]
    told = _shared(name, place, others)
    if there:
        own = place if place != name else f"./{place}"
        note = (
            f"'{name}' is the watch of {there[0]} in this store, so that {place} is watched as "
            f"'{own}'; to go on with the other's alarms, say --name {name}"
        )
        told = (note,)
        name = own
    add(store, "place", place, name=name, part="", body={})
    return name, told


def _shared(name: str, place: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence where tables of other places are of the same watch."""
    if not others:
        return ()
    note = (
        f"{place} goes on with the watch '{name}' of {others[-1]}, as the same table that has "
        "moved; where it is another one, give it a name of its own with --name"
    )
    return (note,)


def _root(where: str, home: Path) -> str:
    """Return the folder that places are relative to: the store's, which moves with the project."""
    if "://" in where:
        return str(home.absolute())
    folder = Path(where).expanduser().absolute().parent
    return str(folder.parent if folder.name == _KEPT_IN else folder)


def _relative(path: str, root: str) -> str:
    """Return a path as seen from a folder, links as they are; in full where that cannot be."""
    whole = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - links stay
    try:
        return os.path.relpath(whole, root).replace(os.sep, "/")
    except ValueError:  # another drive
        return whole


def _is_there(root: str, place: str) -> bool:
    """Whether a file of that name, with whatever ending, lies there still."""
    path = os.path.join(root, place)  # noqa: PTH118 - as text: it may hold `*`
    wanted = path if any(sign in place for sign in _SIGNS) else escape(path)
    return bool(glob(wanted) or glob(f"{wanted}.*"))  # noqa: PTH207 - the path may be absolute
