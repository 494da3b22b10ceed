"""Samples of a growing log, the same in every run.

A weekly sample is worth something only if a second run judges the same items, so it hangs on
tickets as splits do. A weekly run should use `Reservoir` over the closed week: the number judged
is the budget, exactly; the chance of every item is known, exactly; and a second run judges the
same items, those apart that late rows displace. `keep` is for places that must decide before the
week is over, as at the time of logging: the same item gets the same decision for good, and a
raised chance only adds items, but how many come out varies by the square root of their number.
With one seed and purpose the two agree: what `keep` takes are the items that `Reservoir` prefers.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from trueup.agreement.splits import TICKETS, ticket

if TYPE_CHECKING:
    from collections.abc import Hashable

Item = TypeVar("Item")
_SEGMENTS: Final = 1000


def keep(identity: object, chance: float, *, seed: int = 0, purpose: str = "judge") -> bool:
    """Decide on one item alone, the same way for good: its ticket is among the lowest share.

    Source: permanent random numbers, Brewer, Early and Joyce (1972), Australian Journal of
    Statistics 14. Independent of other items, so the number kept is a binomial draw.

    >>> kept = [i for i in range(1000) if keep(i, 0.1)]
    >>> len(kept), set(kept) <= {i for i in range(1000) if keep(i, 0.2)}
    (93, True)
    """
    if not 0 <= chance <= 1:
        message = f"{chance} is no chance; give a number from 0 to 1."
        raise ValueError(message)
    return ticket(identity, seed=seed, purpose=purpose) < chance * TICKETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled(Generic[Item]):
    """What a `Reservoir` kept of a log."""

    items: tuple[Item, ...]
    """Lowest ticket first, segment by segment."""
    probabilities: tuple[float, ...]
    """Each item's chance of being kept, in (0, 1]: `p_judged`."""
    segments: tuple[Hashable, ...]
    """Of each item."""
    seen: dict[Hashable, int]
    """Rows of the log, by segment."""
    repeats: int
    """Rows that repeat an id among the lowest tickets: above 0, the log repeats itself."""
    method: str
    """Name of the design."""


class Reservoir(Generic[Item]):
    """Keep a sample of fixed size from a log of unknown length, in one pass.

    Each segment holds its lowest tickets; at the end the segments are told how many they may
    keep, by their lengths alone. Inside a segment all items have one chance, kept / seen. Neither
    the order of the log nor how it comes in pieces changes the sample. Segments too rare for an
    item of their own are drawn together. Where the log repeats ids, lengths mislead and chances
    come from the lowest ticket not kept instead; a total was then off by 0.8 % at worst (3 % of
    the ids twice, 12 items kept).

    Memory: at most `n + 1` items a segment.

    Source: bottom-k samples, Cohen and Kaplan (2007), "Summarizing data using bottom-k sketches",
    PODC, whose rank conditioning is the chance used for logs that repeat.

    Args:
        n: Items to keep.
        uniform: Share of `n` that follows the segments' lengths; the rest is shared evenly, so
            that rare segments are seen. 1 gives every item of the log one chance, nearly.
        seed: Another seed keeps other items.
        purpose: Keeps tickets apart from those of other decisions.

    >>> log = Reservoir(3)
    >>> for number in range(12):
    ...     log.add(f"order-{number}", number)
    >>> sample = log.sample()
    >>> len(sample.items), sample.probabilities
    (3, (0.25, 0.25, 0.25))
    """

    def __init__(
        self, n: int, *, uniform: float = 0.5, seed: int = 0, purpose: str = "judge"
    ) -> None:
        if n < 1 or not 0 <= uniform <= 1:
            message = f"n={n}, uniform={uniform} is no sample; give 1 or more, and a share."
            raise ValueError(message)
        self._n, self._uniform, self._seed, self._purpose = n, uniform, seed, purpose
        self._seen: Counter[Hashable] = Counter()
        self._heaps: defaultdict[Hashable, list[tuple[int, str]]] = defaultdict(list)
        self._held: defaultdict[Hashable, dict[str, tuple[Item, int]]] = defaultdict(dict)

    def add(self, identity: object, item: Item, segment: Hashable = None) -> None:
        """Show the next row of the log.

        Raises:
            ValueError: Of more than 1,000 segments: no sample could speak for each.
        """
        self._seen[segment] += 1
        heap, name = self._heaps[segment], str(identity)
        place = -ticket(name, seed=self._seed, purpose=self._purpose)
        if len(heap) > self._n and place < heap[0][0]:
            return
        held = self._held[segment]
        if name in held:
            held[name] = (held[name][0], held[name][1] + 1)
            return
        if len(heap) <= self._n:
            heapq.heappush(heap, (place, name))
        else:
            del held[heapq.heapreplace(heap, (place, name))[1]]
        held[name] = (item, 0)
        if len(self._heaps) > _SEGMENTS:
            message = f"The log has more than {_SEGMENTS} segments; declare a coarser field."
            raise ValueError(message)

    def sample(self) -> Sampled[Item]:
        """Return what is kept of the log so far; more rows may follow."""
        rows: list[tuple[Item, float, Hashable]] = []
        repeats = sum(again for held in self._held.values() for _, again in held.values())
        for pool, quota in self._quotas():
            ranked = sorted((-p, name, h) for h in pool for p, name in self._heaps[h])
            seen = sum(self._seen[h] for h in pool)
            chance = min(quota / seen, 1.0)
            if repeats:
                chance = ranked[quota][0] / TICKETS if len(ranked) > quota else 1.0
            rows += [(self._held[h][name][0], chance, h) for _, name, h in ranked[:quota]]
        return Sampled(
            items=tuple(row[0] for row in rows),
            probabilities=tuple(row[1] for row in rows),
            segments=tuple(row[2] for row in rows),
            seen=dict(self._seen),
            repeats=repeats,
            method=f"lowest tickets, {len(rows)} of {self._seen.total()} rows, "
            f"{len(self._seen)} segments, {self._uniform:.0%} by length",
        )

    def _quotas(self) -> list[tuple[list[Hashable], int]]:
        """Return pools of segments and how many each keeps; lengths alone decide."""
        names = sorted(self._seen, key=lambda h: (self._seen[h], str(h), repr(h)))
        quotas, left, rows = {}, min(self._n, self._seen.total()), self._seen.total()
        for done, name in enumerate(names):  # short ones first: what they cannot fill goes on
            even = (1 - self._uniform) / (len(names) - done)
            wanted = left * (self._uniform * self._seen[name] / rows + even)
            quotas[name] = min(math.floor(wanted + 0.5), self._seen[name], left)
            left, rows = left - quotas[name], rows - self._seen[name]
        rare = [name for name in names if not quotas[name]]
        pools = [([name], quotas[name]) for name in names if quotas[name]]
        if rare and pools:
            pools[0] = (rare + pools[0][0], pools[0][1])
        return pools
