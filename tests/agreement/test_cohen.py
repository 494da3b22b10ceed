"""Cohen's kappa: published figures, an independent computation, and an interval that covers."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trueup.agreement.cohen import kappa
from trueup.agreement.gwet import percent_agreement
from trueup.agreement.krippendorff import alpha
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FAST = 100
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=30)
WEIGHTS = st.sampled_from([None, "linear", "quadratic"])


def pairs_of(table: list[list[int]]) -> list[tuple[int, int]]:
    size = range(len(table))
    return [(a, b) for a in size for b in size for _ in range(table[a][b])]


def by_hand(pairs: list[tuple[int, int]], weights: str | None) -> float | None:
    """Compute kappa pair by pair."""
    levels = sorted({level for pair in pairs for level in pair})
    span = levels[-1] - levels[0]

    def weight(a: int, b: int) -> float:
        if weights is None or a == b:
            return float(a == b)
        return 1 - (abs(a - b) / span) ** (1 if weights == "linear" else 2)

    n = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = sum(weight(a, b) for a, b in pairs) / n
    expected = sum(weight(a, b) * first[a] * second[b] for a in levels for b in levels) / n**2
    return None if expected > 1 - 1e-12 else (observed - expected) / (1 - expected)


@given(PAIRS, WEIGHTS)
def test_it_equals_a_sum_over_pairs(pairs: list[tuple[int, int]], weights: Any) -> None:
    expected = by_hand(pairs, weights)
    assume(expected is not None)

    found = kappa(pairs, weights=weights, resamples=FAST)

    assert found.estimate == pytest.approx(expected, abs=1e-12)
    assert found.low <= found.estimate <= found.high <= 1


PREGNANCIES = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
DIAGNOSES = [[40, 4, 4, 17], [6, 25, 2, 13], [4, 1, 21, 12], [15, 5, 9, 45]]


@pytest.mark.parametrize(
    ("table", "weights", "expected"),
    [
        (PREGNANCIES, None, 0.7964),  # Gwet's irrCAC on the tables of his handbook
        (PREGNANCIES, "linear", 0.843),
        (PREGNANCIES, "quadratic", 0.892),
        (DIAGNOSES, None, 0.432),
        (DIAGNOSES, "linear", 0.407),
        (DIAGNOSES, "quadratic", 0.383),
        ([[44, 5, 1], [7, 20, 3], [9, 5, 6]], None, 0.492),  # Cohen (1968), in per cent
    ],
)
def test_published_figures_come_out(table: list[list[int]], weights: Any, expected: float) -> None:
    found = kappa(pairs_of(table), weights=weights).estimate

    assert found == pytest.approx(expected, abs=5.1e-4 if expected != 0.7964 else 5e-5)


@given(PAIRS, WEIGHTS)
def test_raters_may_change_places_and_units_their_order(
    pairs: list[tuple[int, int]], weights: Any
) -> None:
    assume(by_hand(pairs, weights) is not None)
    turned = [(b, a) for a, b in reversed(pairs)]

    found, other = (kappa(p, weights=weights, resamples=FAST).estimate for p in (pairs, turned))

    assert found == pytest.approx(other, abs=1e-12)


@given(PAIRS, st.permutations(range(4)))
def test_levels_may_be_renamed(pairs: list[tuple[int, int]], names: list[int]) -> None:
    assume(by_hand(pairs, None) is not None)
    renamed = [(f"level {names[a]}", f"level {names[b]}") for a, b in pairs]

    found, other = (kappa(p, resamples=FAST).estimate for p in (pairs, renamed))

    assert found == pytest.approx(other, abs=1e-12)


@given(PAIRS)
def test_a_unit_that_one_rater_left_out_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    assume(by_hand(pairs, None) is not None)
    more: list[tuple[int | None, int | None]] = [*pairs, (0, None), (None, 1), (None, None)]

    found = kappa(more, resamples=FAST)

    assert found.estimate == pytest.approx(kappa(pairs, resamples=FAST).estimate, abs=1e-12)
    assert (found.n_units, found.n_dropped) == (len(pairs), 3)


def test_a_table_of_weights_does_what_its_name_does() -> None:
    apart = np.abs(np.subtract.outer(range(4), range(4)))
    pairs = pairs_of(DIAGNOSES)

    named, given_ = kappa(pairs, weights="linear"), kappa(pairs, weights=1 - apart / 3)

    assert given_.estimate == pytest.approx(named.estimate, abs=1e-12)
    assert "own weights" in given_.method


def test_weights_follow_the_values_of_levels() -> None:
    even, uneven = ([[1, 1], [2, k], [1, 2], [k, k], [2, 2], [1, 1]] for k in (3, 9))

    found, other = (kappa(p, weights="linear", resamples=FAST).estimate for p in (even, uneven))

    assert found != pytest.approx(other, abs=0.01)


def test_ordered_texts_weigh_as_their_places() -> None:
    words = {1: "poor", 2: "fair", 3: "good"}
    pairs = [(1, 2), (2, 2), (3, 1), (3, 3), (1, 1), (2, 3)]
    texts = [(words[a], words[b]) for a, b in pairs]

    found = kappa(texts, weights="quadratic", levels=["poor", "fair", "good"])

    assert found == kappa(pairs, weights="quadratic")


@pytest.mark.parametrize(
    ("ratings", "keywords", "error", "message"),
    [
        ([[1, 2, 1]] * 4, {}, ValueError, r"has 3 raters .* use alpha\(\.\.\., level=\.\.\.\)"),
        ([[1]] * 4, {}, ValueError, "has 1 raters"),
        ([["met", "met"]] * 4, {}, Undefined, "both raters gave 'met' to every unit"),
        ([[1, None], [None, 1], [1, None]], {}, TooFewLabels, "none of 3 units was rated twice"),
        ([["a", "b"]] * 3, {"weights": "linear"}, TypeError, "weights is 'linear', which needs"),
        ([[1, 2]] * 3, {"weights": "square"}, ValueError, "it is 'linear', 'quadratic', a table"),
        ([[1, 2]] * 3, {"weights": np.eye(3)}, ValueError, "3 x 3 for 2 levels; give 2 x 2"),
        ([[1, 2]] * 3, {"weights": [[1, -1], [-1, 1]]}, ValueError, "value outside 0 and 1"),
        ([[1, 2]] * 3, {"weights": [[0, 1], [1, 0]]}, ValueError, "not 1 on its diagonal"),
        ([[1, 2]] * 3, {"weights": [[1, 0.5], [0, 1]]}, ValueError, "not symmetric"),
        (np.arange(600.0).reshape(-1, 2), {}, ValueError, "Cohen's kappa counts levels"),
    ],
)
def test_what_defines_no_kappa_is_refused_with_a_reason(
    ratings: Any, keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kappa(ratings, **keywords)


def votes(name: str) -> list[dict[str, str]]:
    path = DATA / "llmfao" / name
    if not path.exists():
        pytest.skip("the public data set llmfao is not beside the repository")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [*csv.DictReader(lines)]


def test_a_judge_agrees_with_the_majority_of_a_crowd_as_recorded() -> None:
    crowd: dict[str, Counter[str]] = {}
    for vote in votes("crowd-comparisons.csv.gz"):
        crowd.setdefault(vote["id"], Counter())[vote["winner"]] += 1
    judged = {row["id"]: row["winner"] for row in votes("gpt4-crowd-comparisons.csv.gz")}
    pairs = []
    for pair, winners in crowd.items():
        (top, most), *rest = winners.most_common()
        if not rest or rest[0][1] < most:
            pairs.append((top, judged[pair]))

    assert len(pairs) == 1831
    assert kappa(pairs).estimate == pytest.approx(0.2181, abs=5e-5)
    assert percent_agreement(pairs).estimate == pytest.approx(0.4462, abs=5e-5)


def test_it_exceeds_alpha_where_raters_differ_in_their_habits() -> None:
    strict_and_lenient = pairs_of([[40, 25], [0, 35]])

    found = kappa(strict_and_lenient).estimate

    assert found > alpha(strict_and_lenient, level="nominal").estimate + 0.02


def samples(rng: np.random.Generator, units: int, size: int, rare: float) -> NDArray[np.float64]:
    truth = rng.random((size, units, 1)) < rare
    return np.where(rng.random((size, units, 2)) < [0.95, 0.88], truth, ~truth).astype(float)


@pytest.mark.parametrize(("units", "rare", "most"), [(100, 0.4, 0.975), (30, 0.1, 1.0)])
def test_95_percent_intervals_cover(units: int, rare: float, most: float) -> None:
    rng = np.random.default_rng(units)
    truth = kappa(samples(rng, 400_000, 1, rare)[0], resamples=FAST).estimate
    drawn = samples(rng, units, 5000, rare)
    alike = np.sort(drawn @ [1, 2], axis=1)
    _, first, times = np.unique(alike, axis=0, return_index=True, return_counts=True)

    held = 0
    for number, count in zip(first, times, strict=True):
        try:
            found = kappa(drawn[number], resamples=500, seed=number)
        except Undefined:
            held += count  # nothing is claimed
        else:
            held += count * (found.low - 1e-9 <= truth <= found.high + 1e-9)

    assert 0.935 <= held / len(drawn) <= most


def test_95_percent_intervals_of_weighted_kappa_cover() -> None:
    rng = np.random.default_rng(4)

    def scale(size: int, units: int) -> NDArray[np.float64]:
        slip = rng.choice([-1, 0, 0, 0, 1], (size, units, 2))
        levels = rng.integers(1, 5, (size, units, 1)) + slip
        found: NDArray[np.float64] = np.clip(levels, 1, 4).astype(float)
        return found

    truth = kappa(scale(1, 400_000)[0], weights="quadratic", resamples=FAST).estimate
    held = 0
    for seed, ratings in enumerate(scale(5000, 60)):
        found = kappa(ratings, weights="quadratic", resamples=250, seed=seed)
        held += found.low <= truth <= found.high

    assert 0.935 <= held / 5000 <= 0.975
