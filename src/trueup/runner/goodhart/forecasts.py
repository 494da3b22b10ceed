"""Forecasts: every `improvement` promises what the signals will do next, and is scored later.

A promise is written down once and never changed, so that it cannot be mended when its outcome is
known. While one of a product is open, no other is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.errors import DataError, Undefined
from trueup.goodhart import promise as promises
from trueup.goodhart.promise import Promise
from trueup.store.watches import add, entries

if TYPE_CHECKING:
    from trueup.goodhart.cells import Cells
    from trueup.goodhart.look import Look
    from trueup.goodhart.promise import Scored
    from trueup.goodhart.spec import WatchSpec
    from trueup.store.store import Store


def promised(store: Store, *, watch: str, part: str = "") -> list[Promise]:
    """Return the promises of a product, oldest first."""
    found = entries(store, "forecast", name=watch)
    return [Promise.from_dict(one.body) for one in found if one.part == part]


def keep_promises(
    store: Store, look: Look, cells: Cells, spec: WatchSpec, *, watch: str, part: str = ""
) -> list[str]:
    """Score the promises of a product, make one where the latest look does, and say all that.

    Args:
        store: Where they are kept.
        look: The latest look by itself.
        cells: What it is from.
        spec: What is watched.
        watch: Name of the watch.
        part: The product or segment.
    """
    known = promised(store, watch=watch, part=part)
    scored = [_scored(one, cells, spec) for one in known]
    said = [one if isinstance(one, str) else one.message for one in scored]
    if any(not isinstance(one, str) and one.status == "open" for one in scored):
        return said
    fresh = _made(look, cells, spec)
    if fresh is None or fresh.label in {one.label for one in known}:
        return said
    key = f"{watch}\x1f{part}\x1f{fresh.design}\x1f{fresh.label}"
    add(store, "forecast", key, name=watch, part=part, body=fresh.to_dict())
    return [*said, fresh.message]


def _made(look: Look, cells: Cells, spec: WatchSpec) -> Promise | None:
    """Return what a look promises, None where it promises nothing."""
    if look.verdict != "improvement":
        return None
    try:
        found = promises.register(look, cells, spec)
    except Undefined:
        return None
    return found if found.signals else None


def _scored(promise: Promise, cells: Cells, spec: WatchSpec) -> Scored | str:
    try:
        return promises.score(promise, cells, spec)
    except DataError as error:
        return f"What the improvement of {promise.label} promised cannot be scored: {error.what}."
