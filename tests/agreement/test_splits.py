"""Splits: what has a part keeps it, shares are held, and order has no say."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.agreement.splits import PARTS, TICKETS, split, ticket
from trueup.agreement.stream import keep

SHARES = (0.2, 0.4, 0.4)

rows = st.lists(st.tuples(st.integers(0, 25), st.sampled_from("abc")), min_size=1, max_size=80)
parts = st.dictionaries(st.integers(0, 30), st.sampled_from(PARTS), max_size=20)


def farthest(groups: list[str], strata: list[str], found: dict[str, str]) -> float:
    """Return the largest distance between a stratum's share in a part and the share wanted."""
    counts = Counter((h, found[g]) for g, h in zip(groups, strata, strict=True))
    sizes = Counter(strata)
    return max(
        abs(counts[h, part] / sizes[h] - share)
        for h in sizes
        for part, share in zip(PARTS, SHARES, strict=True)
    )


@given(rows, parts, st.integers(0, 5))
def test_a_known_group_never_moves_and_every_group_gets_a_part(
    table: list[tuple[int, str]], known: dict[int, str], seed: int
) -> None:
    groups = [g for g, _ in table]

    found = split(groups, strata=[h for _, h in table], known=known, seed=seed)

    assert found.keys() == set(groups)
    assert set(found.values()) <= set(PARTS)
    assert all(found[g] == known[g] for g in found if g in known)


@given(rows, parts, st.randoms(use_true_random=False))
def test_the_order_of_rows_has_no_say(
    table: list[tuple[int, str]], known: dict[int, str], shuffler: random.Random
) -> None:
    shuffled = shuffler.sample(table, len(table))

    first, second = (
        split([g for g, _ in t], strata=[h for _, h in t], known=known) for t in (table, shuffled)
    )

    assert first == second


@given(st.dictionaries(st.integers(), st.sampled_from("abc"), min_size=1, max_size=60))
def test_groups_of_one_item_hold_the_shares_to_within_two_a_stratum(
    stratum_of: dict[int, str],
) -> None:
    found = split(stratum_of, strata=stratum_of.values())

    counts = Counter((stratum_of[g], part) for g, part in found.items())
    for stratum, size in Counter(stratum_of.values()).items():
        for part, share in zip(PARTS, SHARES, strict=True):
            assert abs(counts[stratum, part] - share * size) < 2


@given(st.lists(st.integers(1, 30), min_size=10, max_size=60))
def test_groups_of_many_sizes_miss_the_shares_by_no_more_than_the_largest(sizes: list[int]) -> None:
    groups = [g for g, size in enumerate(sizes) for _ in range(size)]

    found = split(groups)

    counts = Counter(found[g] for g in groups)

    for part, share in zip(PARTS, SHARES, strict=True):
        assert abs(counts[part] - share * len(groups)) <= 2 * max(sizes)


@pytest.mark.parametrize(("whole", "limit"), [(True, 0.02), (False, 0.08)])
@pytest.mark.parametrize("heavy", [False, True])
def test_ten_batches_keep_what_was_given_and_end_close_to_the_shares(
    *, whole: bool, limit: float, heavy: bool
) -> None:
    for seed in range(10):
        source = random.Random(seed)  # noqa: S311 - no secret
        groups: list[str] = []
        strata: list[str] = []
        known: dict[str, str] = {}
        for week in range(10):
            start = len(groups)
            for number in range(60):
                for _ in range(min(int(source.paretovariate(1.2)), 40) if heavy else 1):
                    groups.append(f"{week}-{number}")
                    strata.append("unmet" if source.random() < 0.15 else "met")
            at = 0 if whole else start
            new = split(groups[at:], strata=strata[at:], known=known, seed=seed)
            assert all(known[g] == new[g] for g in known.keys() & new.keys())
            known |= new

        assert farthest(groups, strata, known) < limit


def test_every_group_has_the_shares_as_its_chances() -> None:
    seeds, groups = 3000, range(10)
    counts: Counter[tuple[int, str]] = Counter()
    for seed in range(seeds):
        counts.update(split(groups, seed=seed).items())

    squares = math.fsum(
        (counts[g, part] - seeds * share) ** 2 / (seeds * share)
        for g in groups
        for part, share in zip(PARTS, SHARES, strict=True)
    )
    assert squares < 45  # chi-square with 20 degrees, 99.9 % point


def test_groups_that_come_one_at_a_time_still_end_at_the_shares() -> None:
    known: dict[int, str] = {}
    for last in range(50):
        known |= split(range(last + 1), known=known)

    assert Counter(known.values()) == {"train": 10, "dev": 20, "test": 20}


def test_a_part_that_is_over_full_gets_no_new_group() -> None:
    known = dict.fromkeys(range(50), "test")

    found = split(range(100), known=known)

    assert Counter(found[g] for g in range(50, 100)).keys() == {"train", "dev"}


def test_shares_of_nothing_stay_empty() -> None:
    found = split(range(40), shares=(0, 0.5, 0.5))

    assert Counter(found.values()) == {"dev": 20, "test": 20}


def test_tickets_are_the_same_in_every_version() -> None:
    assert ticket("order-17", purpose="split") == 11826447897740155603
    assert ticket("ordre-é", seed=-3, purpose="judge") == 6495965877972176449


def test_tickets_are_spread_evenly() -> None:
    tenths = Counter(ticket(i, purpose="split") * 10 // TICKETS for i in range(20_000))

    squares = math.fsum((tenths[t] - 2000) ** 2 / 2000 for t in range(10))
    assert squares < 27.9  # chi-square with 9 degrees, 99.9 % point


def test_what_a_sample_keeps_is_split_as_everything_else() -> None:
    kept = [i for i in range(20_000) if keep(i, 0.1)]
    found = split(range(20_000))

    share = sum(found[i] == "train" for i in kept) / len(kept)
    assert abs(share - 0.2) < 3 * math.sqrt(0.16 / len(kept))


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5), (0.2, 0.4, 0.5), (-0.2, 0.6, 0.6), (math.nan, 0, 1)]
)
def test_shares_that_are_none_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="summing to 1"):
        split([1, 2], shares=shares)


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_row_without_a_group_is_refused(missing: float | None) -> None:
    with pytest.raises(ValueError, match="its own id"):
        split(["a", missing])


def test_other_numbers_of_rows_and_strata_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rows but 1 strata"):
        split(["a", "b"], strata=["x"])


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown part 'validation'"):
        split(["a", "b"], known={"b": "validation"})
