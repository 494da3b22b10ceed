"""Samples of a growing log: sticky, of fixed size, with known chances."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.agreement.stream import Reservoir, keep

if TYPE_CHECKING:
    import random

logs = st.lists(st.sampled_from("aaaabbc"), min_size=1, max_size=60)


@given(logs, st.integers(1, 20), st.sampled_from([0.0, 0.5, 1.0]), st.randoms())
def test_a_reservoir_keeps_its_number_whatever_the_order_of_the_log(
    segments: list[str], n: int, uniform: float, shuffler: random.Random
) -> None:
    log = list(enumerate(segments))
    first, second = (Reservoir[int](n, uniform=uniform) for _ in range(2))
    for number, segment in log:
        first.add(number, number, segment)
    for number, segment in shuffler.sample(log, len(log)):
        second.add(number, number, segment)
        second.sample()  # looking in between changes nothing

    assert first.sample().items == second.sample().items
    assert len(first.sample().items) == min(n, len(log))
    assert first.sample().seen == Counter(segments)


@pytest.mark.parametrize(("n", "repeats"), [(12, False), (40, True)])
def test_a_reservoir_keeps_rows_as_often_as_its_chances_say(n: int, *, repeats: bool) -> None:
    segments, times = "a" * 60 + "b" * 30 + "c" * 6 + "d" * 2 + "e" * 2, 2500
    weights = np.zeros((times, 100))
    for seed in range(times):
        log: Reservoir[int] = Reservoir(n, seed=seed)
        for number, segment in enumerate(segments):
            for _ in range(2 if repeats and number % 4 == 0 else 1):
                log.add(number, number, segment)
        found = log.sample()
        weights[seed, list(found.items)] = 1 / np.array(found.probabilities)

    error = np.maximum(weights.std(0) / math.sqrt(times), 1e-12)
    assert (np.abs(weights.mean(0) - 1) < 4 * error).all()
    total = weights.sum(1)
    assert abs(total.mean() - 100) <= 3 * total.std() / math.sqrt(times) + 1e-9
    assert bool(found.repeats) == repeats


def test_a_segment_of_a_reservoir_has_one_chance() -> None:
    log: Reservoir[int] = Reservoir(50)
    for number in range(5000):
        log.add(number, number, "rare" if number % 100 == 0 else "common")
    found = log.sample()

    chances = dict.fromkeys(zip(found.segments, found.probabilities, strict=True))
    kept = Counter(found.segments)
    assert chances.keys() == {("rare", kept["rare"] / 50), ("common", kept["common"] / 4950)}
    assert kept == {"common": 37, "rare": 13}


def test_rare_segments_are_drawn_together() -> None:
    log: Reservoir[int] = Reservoir(10, uniform=1)
    for number in range(1000):
        log.add(number, number, f"rare-{number}" if number < 30 else "common")
    found = log.sample()

    assert len(found.items) == 10
    assert set(found.probabilities) == {10 / 1000}


def test_a_reservoir_holds_no_more_than_it_may_keep() -> None:
    log: Reservoir[int] = Reservoir(20)
    for number in range(5000):
        log.add(number, number, number % 3)

    assert sum(map(len, log._held.values())) == sum(map(len, log._heaps.values())) == 63


def test_rows_that_come_late_displace_only_as_many_as_they_bring() -> None:
    log: Reservoir[int] = Reservoir(200)
    for number in range(2000):
        log.add(number, number)
    before = set(log.sample().items)
    for number in range(2000, 2040):
        log.add(number, number)
    after = set(log.sample().items)

    late = {number for number in after if number >= 2000}
    assert len(before - after) == len(late) < 20


def test_what_is_decided_at_once_is_what_a_reservoir_prefers() -> None:
    log: Reservoir[int] = Reservoir(100)
    for number in range(2000):
        log.add(number, number)
    kept = {number for number in range(2000) if keep(number, 0.04)}

    assert kept < set(log.sample().items)


def test_too_many_segments_are_refused() -> None:
    log: Reservoir[int] = Reservoir(5)
    for number in range(1000):
        log.add(number, number, f"user-{number}")
    with pytest.raises(ValueError, match="coarser"):
        log.add(1000, 1000, "user-1000")


def test_a_sample_of_nothing_is_empty_and_one_of_no_size_is_refused() -> None:
    assert Reservoir[int](3).sample().items == ()
    with pytest.raises(ValueError, match="no sample"):
        Reservoir[int](0)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_raised_chance_only_adds_items(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert keep(name, high) or not keep(name, low)
    assert keep(name, 1)
    assert not keep(name, 0)


def test_a_chance_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="no chance"):
        keep("a", 1.2)
