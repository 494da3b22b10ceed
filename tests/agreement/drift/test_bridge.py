"""Bridging two instruments: coverage with the linking error, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.agreement.drift.bridge import bridge_mean, bridge_rate, bridged_change
from trueup.agreement.estimate import Estimate
from trueup.errors import TooFewLabels

RUNS = 5000


@pytest.mark.parametrize(
    ("rate", "items", "anchors", "lost", "gained"),
    [(0.7, 2000, 60, 0.15, 0.03), (0.8, 300, 100, 0.1, 0.1), (0.5, 200, 200, 0.2, 0.1)],
)
def test_a_bridged_rate_covers_what_the_old_instrument_would_have_given(
    rate: float, items: int, anchors: int, lost: float, gained: float
) -> None:
    rng = np.random.default_rng(3)
    both = 0.5
    cells = rng.multinomial(anchors, [both, lost, gained, 1 - both - lost - gained], RUNS)
    hits = rng.binomial(items, rate, RUNS)
    truth = rate + lost - gained
    covered = 0
    for k, cell in zip(hits, cells, strict=True):
        old, new = np.repeat([1, 1, 0, 0], cell), np.repeat([1, 0, 1, 0], cell)
        figure = bridge_rate(int(k), items, old=old, new=new).figure
        covered += figure.low <= truth <= figure.high

    assert 0.935 <= covered / RUNS <= 0.975


def test_a_bridged_mean_covers_what_the_old_instrument_would_have_given() -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(RUNS):
        values = rng.normal(6, 2, 300)
        old = rng.normal(6.5, 2, 60)
        new = old - 0.6 + rng.normal(0, 1.2, 60)
        figure = bridge_mean(values, old=old, new=new).figure
        covered += figure.low <= 6.6 <= figure.high

    assert 0.935 <= covered / RUNS <= 0.975


def test_a_bridged_change_covers_no_change() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(RUNS):
        first = rng.normal(6.6, 2, 300)
        half = 1.968 * first.std(ddof=1) / np.sqrt(300)
        mean = float(first.mean())
        before = Estimate(mean, mean - half, mean + half, 300, 300, "student t")
        old = rng.normal(6.5, 2, 60)
        after = bridge_mean(rng.normal(6, 2, 300), old=old, new=old - 0.6 + rng.normal(0, 1.2, 60))
        change = bridged_change(before, after)
        covered += change.low <= 0 <= change.high

    assert 0.935 <= covered / RUNS <= 0.975


def test_more_production_does_not_shrink_the_linking_error() -> None:
    rng = np.random.default_rng(6)
    old = rng.random(60) < 0.8
    new = old ^ (rng.random(60) < 0.15)
    small, large = (bridge_rate(n * 7 // 10, n, old=old, new=new) for n in (100, 10**6))

    assert small.linking_error == large.linking_error
    assert large.figure.high - large.figure.low >= 0.9 * (large.link.high - large.link.low)


verdicts = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(verdicts, st.randoms(use_true_random=False))
def test_the_order_of_anchors_means_nothing(anchors: list[tuple[bool, bool]], rng: Any) -> None:
    shuffled = anchors.copy()
    rng.shuffle(shuffled)
    one, other = (
        bridge_rate(7, 10, old=[o for o, _ in part], new=[n for _, n in part])
        for part in (anchors, shuffled)
    )

    assert one.figure.estimate == pytest.approx(other.figure.estimate)
    assert one.figure.low == pytest.approx(other.figure.low)
    assert 0 <= one.figure.low <= one.figure.estimate <= one.figure.high <= 1


def test_anchors_that_one_instrument_did_not_judge_are_left_out() -> None:
    nan = float("nan")
    some = bridge_rate(7, 10, old=[1, 0, nan, 1], new=[1, 1, 1, nan])

    assert some.link.n == 2


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: bridge_rate(1, 2, old=[], new=[]), TooFewLabels, "no anchor"),
        (lambda: bridge_rate(0, 0, old=[1], new=[1]), TooFewLabels, "no verdict"),
        (lambda: bridge_rate(3, 2, old=[1], new=[1]), ValueError, "hits"),
        (lambda: bridge_rate(1, 2, old=[7], new=[5]), ValueError, "bridge_mean"),
        (lambda: bridge_rate(1, 2, old=[1], new=[1, 0]), ValueError, "shapes"),
        (lambda: bridge_rate(1, 2, old=[1], new=[1], ci=95), ValueError, "level"),
        (lambda: bridge_mean([1, 2], old=[1], new=[1]), TooFewLabels, "two anchors"),
        (lambda: bridge_mean([1], old=[1, 2], new=[1, 2]), TooFewLabels, "1 scores"),
    ],
)
def test_what_bridges_nothing_is_refused(call: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()
