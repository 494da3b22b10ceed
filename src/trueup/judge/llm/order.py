"""Orders: in which answers are shown and criteria asked, drawn for an item by its content.

Models favour places in a list, and the labels that stand there. An item's orders hang on nothing
but its content and the criterion, so that every store and every run asks alike.

Shuffled answers are letters, given by the place they are shown at, and so the answer's schema is
the same for all orders. Were its choices the level keys, their order there would be a second list:
endpoints that put the schema into the prompt would show either an order of its own, which does
not average out, or one schema for each order, which no prefix cache serves and which every
endpoint that compiles schemas compiles anew. Letters also make a label's pull average out with
its place's.

Source: cyclic permutations as a remedy for selection bias (Zheng et al., arXiv 2309.03882).
"""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from math import factorial

DRAWING = "1"
"""Raised with every change in what is drawn; part of the instrument wherever something is."""


def draw(places: int, wanted: int, *, seed: bytes) -> list[tuple[int, ...]]:
    """Return random orders of as many places, none twice before all have come.

    Each is as likely as any other. They come as the turns of random rings, so that within every
    ring each answer stands once at each place: what a place adds is gone from the mean of as
    many orders as there are answers, not only from the mean over many items.

    Args:
        places: How many answers are ordered.
        wanted: How many orders; a larger number only adds to those of a smaller one.
        seed: What the orders hang on.
    """
    orders: list[tuple[int, ...]] = []
    seen: set[tuple[int, ...]] = set()
    rings = factorial(places - 1)
    for number in count():
        if len(orders) >= wanted:
            break
        ring = _shuffled(places, seed=b"%b/%d" % (seed, number))
        start = ring.index(0)
        same = ring[start:] + ring[:start]
        if same in seen:
            continue
        seen.add(same)
        if len(seen) == rings:
            seen.clear()
        orders += [ring[at:] + ring[:at] for at in range(places)]
    return orders[:wanted]


def turn(places: int, *, seed: bytes) -> int:
    """Return by how much a list of so many places is turned: 0 or more, below `places`."""
    if places == 1:
        return 0
    return int.from_bytes(sha256(b"turn/" + seed).digest()[:8], "big") % places


def _shuffled(places: int, *, seed: bytes) -> tuple[int, ...]:
    """Return one order; by hashes, since a generator's shuffle may differ between Pythons."""
    drawn = {place: sha256(b"order/%b/%d" % (seed, place)).digest() for place in range(places)}
    return tuple(sorted(drawn, key=drawn.__getitem__))
