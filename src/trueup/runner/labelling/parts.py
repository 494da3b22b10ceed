"""Parts: train, dev or test for the labels of items that were not drawn for the purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.agreement.splits import split
from trueup.store.rows import storable
from trueup.store.splits import add_splits, splits

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from trueup.store.store import Store


def decide_parts(
    store: Store,
    groups: Sequence[str],
    *,
    strata: Sequence[Hashable],
    declared: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the part of each group, for good: what is new is written down.

    Args:
        store: Where parts are kept.
        groups: The group of each row; an item that is in none is its own.
        strata: The stratum of each row.
        declared: Group -> part, where it is known from elsewhere; the store's own come first.

    Raises:
        StoreError: The store cannot be written.
    """
    kept = splits(store)
    known = {**(declared or {}), **kept}
    found = split([storable(group) for group in groups], strata=strata, known=known)
    new = {group: part for group, part in {**found, **known}.items() if group not in kept}
    if not new:
        return {**known}
    add_splits(store, new)
    return splits(store)  # where another program was faster, its decision holds
