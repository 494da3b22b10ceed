"""Sticky decisions: the split of labels into train, dev and test, and samples of a growing log.

A split is worth something only while nothing moves between its parts, and a weekly sample only
if a second run judges the same items. So both hang on tickets, numbers hashed from names: neither
the order of rows nor the state of a generator has a say.

A weekly run should use `Reservoir` over the closed week: the number judged is the budget, exactly;
the chance of every item is known, exactly; and a second run judges the same items, those apart
that late rows displace. `keep` is for places that must decide before the week is over, as at
the time of logging: the same item gets the same decision for good, and a raised chance only adds
items, but how many come out varies by the square root of their number. With one seed and purpose
the two agree: what `keep` takes are the items that `Reservoir` prefers.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Part = Literal["train", "dev", "test"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
Group = TypeVar("Group", bound=Hashable)
Item = TypeVar("Item")
_SEGMENTS: Final = 1000

TICKETS: Final = 1 << 64
"""Tickets are whole numbers below this."""
_NOTHING: Final = 1e-9
"""Room that only rounding left."""


def ticket(identity: object, *, seed: int = 0, purpose: str) -> int:
    """Hash a name to a whole number in [0, 2**64) that stays the same for good.

    The purpose keeps uses apart: without it the items that a sample prefers would all land in one
    part of a split, and every estimate from that part would be wrong.

    Args:
        identity: What is hashed, through `str`: an id, or the name of a group.
        seed: Another seed gives unrelated tickets.
        purpose: What the ticket decides, at most 16 bytes.

    >>> ticket("order-17", purpose="split") == ticket("order-17", purpose="split")
    True
    """
    hashed = _keyed(int(seed), purpose).copy()
    hashed.update(str(identity).encode("utf-8", "surrogatepass"))
    return int.from_bytes(hashed.digest(), "little")


@lru_cache(maxsize=64)
def _keyed(seed: int, purpose: str) -> blake2b:
    key = seed.to_bytes(16, "little", signed=True)
    return blake2b(digest_size=8, key=key, person=purpose.encode())


def split(
    groups: Iterable[Group],
    *,
    strata: Iterable[Hashable] | None = None,
    known: Mapping[Group, str] | None = None,
    shares: Sequence[float] = (0.2, 0.4, 0.4),
    seed: int = 0,
) -> dict[Group, Part]:
    """Give every group a part of the split, leaving those that have one where they are.

    Each part has room for its share of the rows of each stratum. Known groups take theirs first;
    new ones then draw a part with the room that is left as odds, large groups before small ones.
    For groups of equal size that is drawing without replacement: a group's chance of a part is
    the share, and the shares come out to within two groups a stratum. Groups are never cut, so a
    few large ones keep the shares from being met.

    Wrong where `known` is left out in a later call: what a group gets then depends on the other
    groups, so the parts must be kept. Rows of known groups should be given again with the new
    ones; without them the new ones are balanced among themselves alone, which is looser.

    Source: complete randomisation within strata (an urn without replacement); mixed groups
    follow the room of a row picked at random, as in the stratified group folds of scikit-learn.

    Args:
        groups: The group of each row, in any order; an item without a group is its own.
        strata: The stratum of each row, as its label or its segment; None for a single one.
        known: Parts given before.
        shares: Of train, dev and test; they sum to 1.
        seed: Another seed splits otherwise.

    Returns:
        The part of each group among the rows.

    Raises:
        ValueError: Of wrong shares, a missing group, an unknown part or rows without a stratum.

    >>> first = split(["ada", "ben", "cem", "dua", "eli"])
    >>> later = split(["flo", "eli", "dua", "cem", "ben", "ada"], known=first)
    >>> all(later[group] == part for group, part in first.items())
    True
    >>> sorted(first.values())
    ['dev', 'dev', 'test', 'test', 'train']
    """
    _check_shares(shares)
    rows = list(groups)
    strata_of_rows: list[Hashable] = [None] * len(rows) if strata is None else list(strata)
    if len(strata_of_rows) != len(rows):
        message = f"There are {len(rows)} rows but {len(strata_of_rows)} strata; give one a row."
        raise ValueError(message)
    members: defaultdict[Group, Counter[Hashable]] = defaultdict(Counter)
    for group, stratum in zip(rows, strata_of_rows, strict=True):
        members[_present(group)][stratum] += 1
    parts = {g: _part(g, known[g]) for g in members if g in known} if known else {}

    sizes = Counter(strata_of_rows)
    room = {h: [share * size for share in shares] for h, size in sizes.items()}
    for group, part in parts.items():
        _take(room, members[group], part)
    new = sorted(
        (g for g in members if g not in parts),
        key=lambda g: (-members[g].total(), ticket(g, seed=seed, purpose="split order"), str(g)),
    )
    for group in new:
        odds = _odds(room, members[group], shares)
        parts[group] = _pick(odds, ticket(group, seed=seed, purpose="split") / TICKETS)
        _take(room, members[group], parts[group])
    return parts


def _check_shares(shares: Sequence[float]) -> None:
    fine = len(shares) == len(PARTS) and all(math.isfinite(s) and s >= 0 for s in shares)
    if not fine or not math.isclose(math.fsum(shares), 1, abs_tol=1e-9):
        message = f"Shares {tuple(shares)} are no split; give train, dev and test, summing to 1."
        raise ValueError(message)


def _present(group: Group) -> Group:
    if group is None or group != group:  # noqa: PLR0124 - only NaN differs from itself
        message = "A row has no group; give an item that belongs to none its own id."
        raise ValueError(message)
    return group


def _part(group: object, part: str) -> Part:
    for name in PARTS:
        if part == name:
            return name
    message = f"Group {group!r} has the unknown part {part!r}; known are {', '.join(PARTS)}."
    raise ValueError(message)


def _take(room: Mapping[Hashable, list[float]], rows: Counter[Hashable], part: Part) -> None:
    place = PARTS.index(part)
    for stratum, count in rows.items():
        room[stratum][place] -= count


def _odds(
    room: Mapping[Hashable, list[float]], rows: Counter[Hashable], shares: Sequence[float]
) -> list[float]:
    """Return each part's chance of a group: the room left in its strata, a row a vote."""
    odds = [0.0] * len(PARTS)
    for stratum, count in rows.items():
        left = [max(space, 0.0) for space in room[stratum]]
        whole = math.fsum(left)
        for place, space in enumerate(left):
            odds[place] += count * (space / whole if whole > _NOTHING else shares[place])
    return odds


def _pick(odds: Sequence[float], chance: float) -> Part:
    mark = chance * math.fsum(odds)
    for part, weight in zip(PARTS, odds, strict=True):
        mark -= weight
        if mark < 0:
            return part
    return PARTS[max(range(len(odds)), key=odds.__getitem__)]


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
