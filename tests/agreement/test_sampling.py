"""Samples: chances are what they are said to be, and estimates by them are unbiased."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.agreement.sampling import Draw, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray


def population(size: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Return simulated items: three judges vote; they are split on the hard ones."""
    generator = np.random.default_rng(seed)
    segment = generator.choice(["chat", "code", "mail"], size, p=[0.6, 0.3, 0.1])
    rate = np.where(segment == "chat", 0.9, np.where(segment == "code", 0.75, 0.5))
    label = generator.random(size) < rate
    right = np.where(generator.random(size) < 0.2, 0.55, 0.96)
    votes = generator.random((3, size)) < np.where(label, right, 1 - right)
    value = votes.mean(0)
    return {"segment": segment, "label": label * 1.0, "value": value,
            "disagreement": np.minimum(value, 1 - value)}  # fmt: skip


def drawn(items: dict[str, NDArray[Any]], n: int, seed: int, **more: Any) -> Draw:
    return draw(
        range(len(items["label"])),
        n,
        value=items["value"],
        disagreement=items["disagreement"],
        segment=list(items["segment"]),
        seed=seed,
        **more,
    )


def deviation(counts: NDArray[Any], chances: NDArray[Any], times: int) -> float:
    """Return how far the farthest count is from its chance, in standard errors."""
    error = np.sqrt(np.maximum(chances * (1 - chances) / times, 1e-12))
    return float(np.abs((counts / times - chances) / error).max())


@pytest.mark.parametrize("grouped", [False, True])
def test_rows_are_drawn_as_often_as_their_chances_say(*, grouped: bool) -> None:
    items, times = population(60), 2500
    group = [f"g{i % 25}" for i in range(60)] if grouped else None
    counts = np.zeros(60)
    for seed in range(times):
        found = drawn(items, 12, seed, group=group)
        counts[found.indices] += 1

    assert found.inclusion.sum() == pytest.approx(12)
    assert deviation(counts, found.inclusion, times) < 4


units = st.one_of(st.just(math.nan), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))
tables = st.lists(st.tuples(units, units, st.sampled_from("ab")), min_size=1, max_size=60)


@settings(deadline=None)
@given(tables, st.integers(1, 70), st.sampled_from([0.05, 0.2, 1.0]), st.integers(0, 9))
def test_the_number_is_fixed_no_row_twice_and_none_below_the_floor(
    table: list[tuple[float, float, str]], n: int, uniform: float, seed: int
) -> None:
    value, odd, segment = zip(*table, strict=True)
    found = draw(range(len(table)), n, value=value, disagreement=odd, segment=segment,
                 uniform=uniform, seed=seed)  # fmt: skip

    wanted = min(n, len(table))
    assert len(set(found.indices.tolist())) == wanted
    assert found.inclusion.sum() == pytest.approx(wanted)
    assert found.inclusion.max() <= 1
    assert found.inclusion.min() >= min(uniform * n / len(table), 1) - 1e-9
    assert found.inclusion[found.indices].tolist() == found.probabilities.tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 8), min_size=2, max_size=50), st.integers(1, 12), st.integers(0, 9))
def test_at_most_one_row_of_a_group_is_drawn(groups: list[int], n: int, seed: int) -> None:
    found = draw(range(len(groups)), n, group=groups, seed=seed)

    of_groups = [groups[i] for i in found.indices]
    assert len(set(of_groups)) == len(of_groups) == min(n, len(set(groups)))
    for group in set(groups):
        assert found.inclusion[np.array(groups) == group].sum() <= 1 + 1e-9


def test_each_stratum_gets_its_expected_number_to_within_one() -> None:
    items = population(3000)
    for seed in range(50):
        found = drawn(items, 90, seed)
        strata = np.array([found.strata[found.indices == i] for i in found.indices]).ravel()
        got = Counter(strata.tolist())
        for stratum, number in got.items():
            inside = found.indices[strata == stratum]
            alike = np.all([items[k] == items[k][inside[0]] for k in ("segment", "value")], axis=0)
            assert abs(number - found.inclusion[alike].sum()) < 1


def test_the_order_of_rows_has_no_say_in_a_draw() -> None:
    items = population(400)
    names = [f"item-{i}" for i in range(400)]
    mixed = np.random.default_rng(1).permutation(400)

    first = draw(names, 40, value=items["value"], segment=list(items["segment"]), seed=7)
    second = draw([names[i] for i in mixed], 40, value=items["value"][mixed],
                  segment=list(items["segment"][mixed]), seed=7)  # fmt: skip

    assert [names[i] for i in first.indices] == [names[mixed[i]] for i in second.indices]


def estimates(n: int, times: int) -> tuple[NDArray[Any], float, NDArray[Any]]:
    """Return plain, ratio and difference estimates, the truth, and variances of equal draws."""
    items = population(2000)
    label, guess = items["label"], items["value"]
    found = []
    for seed in range(times):
        sample = drawn(items, n, seed)
        at, weight = sample.indices, 1 / sample.probabilities
        found.append((
            weight @ label[at] / 2000,
            weight @ label[at] / weight.sum(),
            guess.mean() + weight @ (label - guess)[at] / 2000,
        ))  # fmt: skip
    equal = np.array([label.var(), label.var(), (label - guess).var()]) / n * (1 - n / 2000)
    return np.array(found), label.mean(), equal


@pytest.mark.parametrize(("n", "limits"), [(40, (0.6, 0.55, 0.9)), (200, (0.4, 0.4, 0.85))])
def test_estimates_by_weights_are_unbiased_and_sharper_than_equal_draws(
    n: int, limits: tuple[float, ...]
) -> None:
    found, truth, equal = estimates(n, 800)

    error = found.std(0) / math.sqrt(800)
    assert (np.abs(found.mean(0) - truth) < 3 * error).all()
    assert (found.var(0) < limits * equal).all()


def test_items_in_doubt_are_drawn_more_often_and_the_sure_ones_too() -> None:
    items = population(4000)
    found = drawn(items, 200, seed=1)
    doubt = items["disagreement"] > 0

    assert found.inclusion[doubt].min() > 1.3 * found.inclusion[~doubt].max()
    assert found.inclusion[~doubt].min() >= 0.2 * 200 / 4000


def test_labels_so_far_move_the_draw_to_bins_that_surprise() -> None:
    value = np.repeat([0.0, 1.0], 500)
    seen = np.repeat([0.0, 1.0], 50)
    label = np.r_[np.zeros(50), np.tile([0.0, 1.0], 25)]

    found = draw(range(1000), 100, value=value, pilot=(seen, label))

    assert found.inclusion[500:].sum() > 65
    assert draw(range(1000), 100, value=value).inclusion[500:].sum() == pytest.approx(50)


def test_a_model_of_the_spread_rules_where_it_is_given() -> None:
    found = draw("abcd", 2, spread=[1, 1, 3, 3], uniform=0.2)

    assert found.inclusion == pytest.approx([0.3, 0.3, 0.7, 0.7])


def test_labelled_rows_stay_out_and_the_rest_still_gives_the_total() -> None:
    items = population(500)
    already = np.arange(500) < 100
    found = [drawn(items, 50, seed, already=already) for seed in range(800)]

    totals = np.array(
        [items["label"][:100].sum() + (items["label"][f.indices] / f.probabilities).sum()
         for f in found]
    )  # fmt: skip
    assert not any(already[f.indices].any() for f in found)
    assert (found[0].inclusion[already] == 0).all()
    error = totals.std() / math.sqrt(len(totals))
    assert abs(totals.mean() - items["label"].sum()) < 3 * error


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"value": [0.1, 0.2]}, "2 values for 3"),
        ({"value": [0.1, 0.2, 3]}, "not within 0 and 1"),
        ({"value": [0.1, 0.2, math.inf]}, "infinite"),
        ({"disagreement": [0.1, 0.2, -1]}, "disagreement holds -1"),
        ({"segment": ["a"]}, "3 rows but 1"),
        ({"group": ["a"]}, "3 rows but 1"),
        ({"spread": [0, 0, 0]}, "above 0"),
        ({"spread": [1, 1, -1]}, "spread holds -1"),
        ({"already": [1, 0, 0]}, "truth values"),
        ({"already": [True, True, True]}, "labelled already"),
        ({"value": [0, 1, 1], "pilot": ([0.5], [0.5])}, "0 or 1"),
        ({"value": [0, 1, 1], "pilot": ([0.5, 1], [1])}, "pilot has 2"),
        ({"uniform": 0}, "uniform"),
        ({"bins": 0}, "bins"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused_in_words(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        draw(["x", "y", "z"], 2, **more)


def test_an_id_that_occurs_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        draw(["x", "x"], 1)


def test_nothing_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="no row to draw from"):
        draw([], 1)
