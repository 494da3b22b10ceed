"""Drawn orders: every one as likely, none twice too soon, the same on every machine."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.judge.llm.order import DRAWING, draw, turn

HASHES = {"1": "db60858a84bf7e69"}
"""DRAWING -> hash of what is drawn. Another drawing is another version: add, never edit."""


def test_another_drawing_has_another_version() -> None:
    drawn = [draw(places, 9, seed=b"item/%d" % places) for places in range(1, 8)]
    turned = [turn(places, seed=b"item") for places in range(1, 20)]

    found = sha256(repr((drawn, turned)).encode()).hexdigest()[:16]

    assert HASHES.get(DRAWING) == found, "raise order.DRAWING and add its hash here"


@given(places=st.integers(1, 6), wanted=st.integers(0, 40), seed=st.binary())
def test_each_draw_is_an_order_and_more_of_them_begin_with_the_fewer(
    places: int, wanted: int, seed: bytes
) -> None:
    orders = draw(places, wanted, seed=seed)

    assert len(orders) == wanted
    assert all(sorted(order) == list(range(places)) for order in orders)
    assert draw(places, wanted + 3, seed=seed)[:wanted] == orders


@pytest.mark.parametrize(("places", "orders"), [(2, 2), (3, 6), (4, 24)])
def test_no_order_comes_twice_before_all_have_come(places: int, orders: int) -> None:
    for number in range(20):
        drawn = draw(places, 2 * orders, seed=b"%d" % number)

        assert sorted(drawn[:orders]) == sorted(permutations(range(places)))
        assert sorted(drawn[orders:]) == sorted(permutations(range(places)))


@given(places=st.integers(2, 6), rounds=st.integers(1, 3), seed=st.binary())
def test_in_as_many_orders_as_answers_each_stands_once_at_each_place(
    places: int, rounds: int, seed: bytes
) -> None:
    orders = draw(places, places * rounds, seed=seed)

    for at in range(places):
        assert Counter(order[at] for order in orders) == dict.fromkeys(range(places), rounds)


def test_every_order_is_as_likely_at_every_draw() -> None:
    drawn = [draw(3, 5, seed=b"item %d" % number) for number in range(1200)]

    for number in range(5):
        counts = Counter(orders[number] for orders in drawn)
        assert len(counts) == 6
        assert all(150 < count < 250 for count in counts.values())  # 200, four standard errors


@pytest.mark.parametrize("places", [1, 2, 7])
def test_every_turn_is_as_likely(places: int) -> None:
    counts = Counter(turn(places, seed=b"item %d" % number) for number in range(200 * places))

    assert sorted(counts) == list(range(places))
    assert all(140 < count < 260 for count in counts.values())
