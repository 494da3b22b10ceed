"""Best of n: against every subset, against exact fractions, against integrals, on real samples."""

from __future__ import annotations

import gzip
import json
import math
from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from trueup.errors import DataError
from trueup.goodhart.training import best_of_n

PILOT = (
    Path(__file__).resolve().parents[3].parent
    / "shared" / "data" / "judge_goodhart" / "pilot.jsonl.gz"
)  # fmt: skip


def by_subsets(proxy: np.ndarray, gold: np.ndarray, n: int) -> float:
    """Return the mean over all subsets of n, ties in each broken in all ways."""
    means = []
    for subset in combinations(range(len(proxy)), n):
        top = max(proxy[i] for i in subset)
        means.append(np.mean([gold[i] for i in subset if proxy[i] == top]))
    return float(np.mean(means))


@pytest.mark.parametrize("levels", [2, 4, 1000])
def test_it_is_the_mean_over_all_subsets_with_ties_broken_in_all_ways(levels: int) -> None:
    rng = np.random.default_rng(levels)
    proxy, gold = rng.integers(levels, size=(3, 9)), rng.random((3, 9))
    found = best_of_n(proxy, gold, ns=range(1, 10))
    for at, n in enumerate(range(1, 10)):
        each = [by_subsets(p, g, n) for p, g in zip(proxy, gold, strict=True)]

        assert found.gold[at] == pytest.approx(np.mean(each))
        assert found.gold_se is not None
        assert found.gold_se[at] == pytest.approx(np.std(each, ddof=1) / math.sqrt(3))


@pytest.mark.parametrize("n", [2, 100, 2500, 9999, 10_000])
def test_ten_thousand_samples_cost_no_digits(n: int) -> None:
    size = 10_000
    gold = np.zeros(size)
    gold[size - 50 :] = 1  # the 50 best by proxy
    found = best_of_n([np.arange(size)], [gold], ns=[n])
    exact = 1 - Fraction(math.comb(size - 50, n), math.comb(size, n))

    assert found.gold[0] == pytest.approx(float(exact), rel=1e-9)


def test_it_is_unbiased_for_new_samples() -> None:
    rng = np.random.default_rng(0)
    gold = rng.normal(0, 1, (3000, 12))
    proxy = gold + rng.normal(0, 1, (3000, 12))
    fresh = rng.normal(0, 1, (60_000, 4))
    noisy = fresh + rng.normal(0, 1, (60_000, 4))
    truth = fresh[np.arange(60_000), noisy.argmax(axis=1)].mean()
    found = best_of_n(proxy, gold, ns=[4])
    assert found.gold_se

    assert abs(found.gold[0] - truth) < 3.5 * math.hypot(found.gold_se[0], 1 / math.sqrt(60_000))


def test_failures_are_left_out_and_prompts_may_be_of_any_length() -> None:
    ragged = best_of_n(
        [[3.0, 1.0, 2.0, math.nan], [1.0, 2.0, 3.0]],
        [[1.0, 0.0, 0.0, 1.0], [0.0, math.nan, 1.0]],
        ns=[2],
    )
    plain = best_of_n([[3, 1, 2], [1, 3]], [[1, 0, 0], [0, 1]], ns=[2])

    assert ragged == plain
    assert (ragged.samples, ragged.prompts) == (2, 2)


def test_prompts_with_too_few_samples_are_left_out_of_the_whole_curve_and_counted() -> None:
    rng = np.random.default_rng(1)
    rows: list[np.ndarray] = [rng.random(20) for _ in range(5)]
    rows += [rng.random(3), np.full(20, np.nan)]
    found = best_of_n(rows, rows)
    asked = best_of_n(rows, rows, ns=[1, 2])

    assert (found.prompts, found.left_out, found.n[-1]) == (5, 2, 20)
    assert (asked.prompts, asked.left_out) == (6, 1)


def test_without_ties_kl_is_the_known_formula() -> None:
    rng = np.random.default_rng(2)
    found = best_of_n(rng.random((4, 50)), rng.random((4, 50)))

    np.testing.assert_allclose(found.kl, found.kl_untied, atol=1e-12)
    assert found.kl_untied[1] == pytest.approx(math.log(2) - 0.5)


def test_of_a_discrete_proxy_kl_is_exact() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    proxy = np.repeat([1, 2, 3], [50, 30, 20])
    found = best_of_n([proxy], [proxy], ns=[1, 2, 5, 20])
    ends = np.concatenate([[0], np.cumsum(shares)])
    for at, n in enumerate(found.n):
        won = np.diff(ends**n)

        assert found.kl[at] == pytest.approx(float((won * np.log(won / shares)).sum()), abs=1e-12)
    assert best_of_n([[7] * 40], [[1] * 40], ns=[1, 8]).kl == (0.0, 0.0)


def test_of_a_mixed_proxy_kl_is_the_integral_with_tied_stretches_levelled() -> None:
    proxy = np.concatenate([np.arange(60), np.full(40, 99)])  # the best 40 % tie
    found = best_of_n([proxy], [proxy], ns=[6])
    density = lambda u: 6 * u**5 * math.log(6 * u**5)  # noqa: E731 - one line
    won = 1 - 0.6**6
    expected = quad(density, 1e-12, 0.6)[0] + won * math.log(won / 0.4)

    assert found.kl[0] == pytest.approx(expected)
    assert found.kl[0] < found.kl_untied[0]


def test_more_than_a_quarter_of_the_samples_is_flagged() -> None:
    rng = np.random.default_rng(3)
    found = best_of_n(rng.random((5, 32)), rng.random((5, 32)), ns=[1, 8, 9, 32])

    assert found.beyond == (False, False, True, True)
    assert found.warning is not None
    assert found.warning.startswith("From n=9 on")
    assert "draw 128 for n=32" in found.warning
    assert best_of_n(rng.random((5, 32)), rng.random((5, 32)), ns=[1, 8]).warning is None


def test_a_gamed_proxy_has_its_peak_named_and_an_honest_one_has_none() -> None:
    rng = np.random.default_rng(4)
    gold = rng.normal(0, 1, (300, 64))
    gamed = best_of_n(gold + rng.standard_t(1.5, (300, 64)), gold)
    honest = best_of_n(gold + rng.normal(0, 0.5, (300, 64)), gold)
    noise = best_of_n(rng.random((300, 64)), gold)

    assert 1 < gamed.peak < 64
    assert gamed.fall_se is not None
    assert gamed.fall > 2 * gamed.fall_se
    assert "is gamed" in gamed.text
    assert honest.peak == 64
    assert "rises with the proxy" in honest.text
    assert "Neither a rise nor a fall" in noise.text


def test_a_single_prompt_has_no_errors() -> None:
    found = best_of_n([1, 2, 3], [0, 1, 1])

    assert (found.prompts, found.gold_se, found.fall_se) == (1, None, None)


@pytest.mark.parametrize(
    ("proxy", "gold", "ns", "said"),
    [
        ([[1, 2]], [[1, 2, 3]], None, "differ in shape"),
        ([[1, 2], [1]], [[1, 2]], None, "differ in shape"),
        ([[1, math.inf]], [[1, 2]], None, "prompt 0: a value is infinite"),
        ([[math.nan]], [[1]], None, "no sample has both"),
        ([], [], None, "no sample has both"),
        ([["a"]], [[1]], None, "no table of numbers"),
        (3, 4, None, "no table of numbers"),
        ([[[1]]], [[[1]]], None, "no flat list"),
        ([[1, 2]], [[1, 2]], [3], "no prompt has 3 samples"),
    ],
)
def test_what_cannot_be_used_is_refused(proxy: Any, gold: Any, ns: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        best_of_n(proxy, gold, ns)


@pytest.mark.parametrize("ns", [[], [0, 1], [1.5]])
def test_ns_are_whole_numbers_from_one(ns: Any) -> None:
    with pytest.raises(ValueError, match="ns is"):
        best_of_n([[1, 2]], [[1, 2]], ns)


@pytest.mark.skipif(not PILOT.exists(), reason=f"no {PILOT}")
def test_a_published_judge_is_found_safe_with_the_known_figures() -> None:
    proxy: dict[str, list[float]] = defaultdict(list)
    gold: dict[str, list[float]] = defaultdict(list)
    with gzip.open(PILOT, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            proxy[row["task_id"]].append(float(row["judge_score"]))
            gold[row["task_id"]].append(float(row["correct"]))
    found = best_of_n(list(proxy.values()), list(gold.values()))
    assert found.gain_se

    assert (found.prompts, found.samples, found.left_out) == (120, 24, 0)
    assert found.gold[0] == pytest.approx(0.6684, abs=5e-5)
    assert found.gold[-1] == pytest.approx(0.8315, abs=5e-5)
    assert (found.gold[-1] - found.gold[0]) / found.gain_se[-1] == pytest.approx(5.5, abs=0.1)
    assert found.peak == 24
    assert "no fall is shown" in found.text
