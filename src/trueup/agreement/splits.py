"""The split of labels into train, dev and test, sticky for good.

A split is worth something only while nothing moves between its parts. So it hangs on tickets,
numbers hashed from names: neither the order of rows nor the state of a generator has a say.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Part = Literal["train", "dev", "test"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
Group = TypeVar("Group", bound=Hashable)

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
