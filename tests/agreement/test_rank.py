"""Correlations and errors against scipy and slow sums; coverage; the published LLM-Rubric rows."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trueup.agreement.concordance import kendall_influence, pearson, spearman_influence
from trueup.agreement.rank import correlation, rmse
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from trueup.agreement.rank import Method, PairedEstimate

    Floats = NDArray[np.float64]

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
METHODS: tuple[Method, ...] = ("spearman", "kendall", "pearson")

SCALE = st.integers(1, 5)
COLUMNS = st.lists(st.tuples(SCALE, SCALE), min_size=4, max_size=40).filter(
    lambda rows: all(len(set(column)) > 1 for column in zip(*rows, strict=True))
)


def sides(rows: Iterable[tuple[float, float]]) -> tuple[Floats, Floats]:
    a, b = zip(*rows, strict=True)
    return np.array(a, dtype=float), np.array(b, dtype=float)


@given(rows=COLUMNS)
def test_correlations_are_those_of_scipy(rows: list[tuple[int, int]]) -> None:
    a, b = sides(rows)
    expected = {
        "spearman": stats.spearmanr(a, b).statistic,
        "kendall": stats.kendalltau(a, b).statistic,
        "pearson": stats.pearsonr(a, b).statistic,
    }

    found = {method: correlation(a, b, method=method).estimate for method in METHODS}

    assert found == pytest.approx(expected, abs=1e-12)


def test_correlations_of_many_numbers_without_ties_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=3000)
    b = a + rng.normal(size=3000)

    assert correlation(a, b, method="kendall").estimate == pytest.approx(
        float(stats.kendalltau(a, b).statistic), abs=1e-12
    )
    assert correlation(a, b).estimate == pytest.approx(
        float(stats.spearmanr(a, b).statistic), abs=1e-12
    )


def slow_kendall(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return tau-b and its influence from all pairs of units."""
    n = len(a)
    sign_a, sign_b = (np.sign(column[:, None] - column[None, :]) for column in (a, b))
    agree = (sign_a * sign_b).sum(axis=1) / (n - 1)
    untied = [(sign != 0).sum(axis=1) / (n - 1) for sign in (sign_a, sign_b)]
    scale = math.sqrt(untied[0].mean() * untied[1].mean())
    tau = agree.mean() / scale
    influence = 2 * (agree - agree.mean()) / scale
    for column in untied:
        influence = influence - tau * (column - column.mean()) / column.mean()
    return tau, influence


def slow_spearman(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return rho and its influence by weighing one unit a little more, ranks and all."""

    def weighted(weights: Floats) -> float:
        weights = weights / weights.sum()
        ranks = [
            ((column[None, :] < column[:, None]) + (column[None, :] == column[:, None]) / 2)
            @ weights
            for column in (a, b)
        ]
        off = [rank - weights @ rank for rank in ranks]
        spread = math.sqrt((weights @ off[0] ** 2) * (weights @ off[1] ** 2))
        return float(weights @ (off[0] * off[1]) / spread)

    n, step = len(a), 1e-6
    even = np.ones(n)
    up = np.array([weighted(even + step * n * (np.arange(n) == i)) for i in range(n)])
    down = np.array([weighted(even - step * n * (np.arange(n) == i)) for i in range(n)])
    return weighted(even), (up - down) / (2 * step)


@pytest.mark.parametrize(
    ("fast", "slow"), [(kendall_influence, slow_kendall), (spearman_influence, slow_spearman)]
)
@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_the_influence_of_a_unit_is_that_of_a_slow_computation(
    fast: Callable[[Floats, Floats], tuple[float, Floats]],
    slow: Callable[[Floats, Floats], tuple[float, Floats]],
    levels: int,
) -> None:
    rng = np.random.default_rng(levels)
    a = rng.integers(0, levels, size=50).astype(float)
    b = np.where(rng.uniform(size=50) < 0.5, a, rng.integers(0, levels, size=50)).astype(float)

    (found, moved), (expected, moved_slowly) = fast(a, b), slow(a, b)

    assert found == pytest.approx(expected, abs=1e-9)
    assert moved == pytest.approx(moved_slowly, abs=1e-6)


@pytest.mark.parametrize("group", [None, np.arange(40) // 4])
def test_the_variance_of_pearson_is_that_of_leaving_out_one_group_after_the_other(
    group: NDArray[np.int64] | None,
) -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(size=40) + 100
    b = a + rng.normal(size=40)
    names = np.arange(40) if group is None else group
    z = [
        math.atanh(float(np.corrcoef(a[names != name], b[names != name])[0, 1]))
        for name in np.unique(names)
    ]
    single = [math.atanh(float(np.corrcoef(np.delete(a, n), np.delete(b, n))[0, 1]))
              for n in range(40)]  # fmt: skip

    _, found = pearson(a, b, group)

    assert found.variance == pytest.approx(
        max((len(z) - 1) * float(np.var(z)), 39 * float(np.var(single)))
    )


@given(rows=COLUMNS, seed=st.integers(0, 10))
def test_order_sides_and_missing_units_change_nothing(
    rows: list[tuple[int, int]], seed: int
) -> None:
    a, b = sides(rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    for method in METHODS:
        found = correlation(a, b, method=method)
        swapped = correlation([*b[order], None], [*a[order], 3], method=method)

        assert swapped.n_dropped == 1
        for part in ("estimate", "low", "high"):
            expected = getattr(found, part)
            assert getattr(swapped, part) == pytest.approx(expected, abs=1e-6), method


@given(rows=COLUMNS)
def test_turning_a_scale_round_turns_the_interval_round(rows: list[tuple[int, int]]) -> None:
    a, b = sides(rows)
    for method in METHODS:
        found, turned = correlation(a, b, method=method), correlation(a, -b, method=method)

        assert turned.low == pytest.approx(-found.high, abs=1e-6)
        assert -1 <= found.low <= found.estimate <= found.high <= 1


@given(rows=COLUMNS)
def test_ranks_do_not_care_how_a_scale_is_stretched(rows: list[tuple[int, int]]) -> None:
    a, b = sides(rows)
    for method in METHODS[:2]:
        found, stretched = (correlation(x, b, method=method) for x in (a, np.exp(a)))

        assert stretched.estimate == pytest.approx(found.estimate, abs=1e-12)
        assert stretched.low == pytest.approx(found.low, abs=1e-9)


@given(rows=COLUMNS)
def test_grouping_units_never_narrows_what_is_known_of_one(rows: list[tuple[int, int]]) -> None:
    a, b = sides(rows)
    cluster = [n // 3 for n in range(len(rows))]
    for method in METHODS:
        alone, grouped = (correlation(a, b, method=method, cluster=c) for c in (None, cluster))

        assert grouped.high - grouped.low >= alone.high - alone.low - 1e-9


def scores(rng: np.random.Generator, kind: str, n: int) -> tuple[Floats, Floats]:
    a, b = rng.standard_normal((2, n))
    b = 0.6 * a + 0.8 * b
    if kind == "heavy":
        tail = np.sqrt(4 / rng.chisquare(4, size=n))
        return a * tail, b * tail
    if kind == "levels":
        ends = stats.norm.ppf([0.05, 0.15, 0.35, 0.65])
        return np.digitize(a, ends).astype(float), np.digitize(b, ends).astype(float)
    return a, b


NORMAL = {
    "pearson": 0.6,
    "spearman": 6 / math.pi * math.asin(0.3),
    "kendall": 2 / math.pi * math.asin(0.6),
}
TRUTH = {
    ("normal", "pearson"): NORMAL["pearson"],
    ("normal", "spearman"): NORMAL["spearman"],
    ("heavy", "pearson"): 0.6,
    ("levels", "spearman"): 0.5285,  # of 8 million pairs
    ("levels", "kendall"): 0.4541,
}


def covered(found: list[PairedEstimate], truth: float) -> float:
    return sum(e.low <= truth <= e.high for e in found) / len(found)


@pytest.mark.parametrize(("kind", "method"), TRUTH)
def test_intervals_of_correlations_cover_at_their_level(kind: str, method: Method) -> None:
    rng = np.random.default_rng(5)

    found = [correlation(*scores(rng, kind, 40), method=method) for _ in range(5000)]

    assert 0.935 <= covered(found, TRUTH[kind, method]) <= 0.975


@pytest.mark.parametrize("method", METHODS)
def test_intervals_of_correlations_cover_where_units_come_in_groups(method: Method) -> None:
    rng = np.random.default_rng(6)
    found = []
    for _ in range(5000):
        group = np.repeat(np.arange(20), 1 + rng.poisson(2, size=20))
        shared, own = rng.standard_normal((2, 20)), rng.standard_normal((2, len(group)))
        a, b = (shared[:, group] + own) / math.sqrt(2)
        b = 0.6 * a + 0.8 * b
        found.append(correlation(a, b, method=method, cluster=group))

    assert 0.935 <= covered(found, NORMAL[method]) <= 0.975


def test_intervals_of_errors_cover_at_their_level() -> None:
    rng = np.random.default_rng(7)
    ends = np.array([-1.5, -0.5, 0.5, 1.5])
    truth = math.sqrt(0.25 * 1 + 0.05 * 4)
    found = []
    for _ in range(5000):
        a = np.digitize(rng.standard_normal(100), ends)
        step = rng.choice([0, 1, 2], p=[0.7, 0.25, 0.05], size=100)
        found.append(rmse(a, a + step))

    assert 0.935 <= covered(found, truth) <= 0.975


def test_the_published_rows_of_llm_rubric_come_out_to_six_decimals() -> None:
    folder = DATA / "llm_rubric"
    if not folder.exists():
        pytest.skip("the public data set llm_rubric is not beside the repository")

    def rows(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8") as lines:
            return list(csv.DictReader(lines, delimiter="\t"))

    people = {row["text_id"]: int(row["Q0"]) for row in rows("human_real.tsv")}
    judged = {
        row["text_id"]: np.array([float(row[f"answer{level}_prob"]) for level in range(1, 5)])
        for row in rows("llm_real.tsv")
        if row["criterion"] == "Q0"
    }
    truth = [people[text] for text in judged]
    likeliest = [int(p.argmax()) + 1 for p in judged.values()]
    expected = [float(p @ np.arange(1, 5)) for p in judged.values()]

    def row(answers: list[Any]) -> list[float]:
        figures = [rmse(answers, truth)]
        figures += [correlation(answers, truth, method=m)
                    for m in ("pearson", "spearman", "kendall")]  # fmt: skip
        return [round(figure.estimate, 6) for figure in figures]

    assert row(likeliest) == [1.201643, 0.140091, 0.086990, 0.081134]
    assert row(expected) == [0.918676, 0.177301, 0.086675, 0.065928]


@pytest.mark.parametrize("method", METHODS)
def test_a_perfect_correlation_does_not_claim_to_be_certain(method: Method) -> None:
    found = correlation([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], method=method)

    assert found.estimate == pytest.approx(1)
    assert found.low < 0.9
    assert found.high == pytest.approx(1)


def test_a_single_group_says_nothing_about_the_rest() -> None:
    same = ["a"] * 5

    assert correlation([1, 2, 3, 4, 5], [1, 3, 2, 5, 4], cluster=same).low == -1
    assert rmse([1, 2, 3, 4, 5], [1, 3, 2, 5, 4], cluster=same).high == 4


def test_pairs_that_are_all_equal_leave_some_error_possible() -> None:
    found = rmse([1, 5, 3, 4], [1, 5, 3, 4])

    assert (found.estimate, found.low) == (0, 0)
    assert 0 < found.high <= 4


@given(rows=COLUMNS)
def test_the_error_lies_in_its_interval_within_the_range_of_the_values(
    rows: list[tuple[int, int]],
) -> None:
    a, b = sides(rows)

    found = rmse(a, b)

    assert found.estimate == pytest.approx(math.sqrt(((a - b) ** 2).mean()))
    assert 0 <= found.low <= found.estimate <= found.high <= np.ptp([a, b]) + 1e-12


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        ([1, 2, 3], [1, 2, 3], TooFewLabels, "3 units have both"),
        ([2, 2, 2, 2], [1, 2, 3, 4], Undefined, "values of a are 2"),
        ([1, 2, 3, 4], [0, 0, 0, 0], Undefined, "values of b are 0"),
        ([None] * 4, [1, 2, 3, 4], Undefined, "none of 4 units"),
        ([1, 2, 3, "4"], [1, 2, 3, 4], TypeError, "not a number"),
        ([1, 2, 3, math.inf], [1, 2, 3, 4], ValueError, "infinite"),
        ([1, 2, 3, 4], [1, 2, 3], ValueError, "3 values for 4 units"),
    ],
)
def test_columns_that_define_no_correlation_are_refused_with_a_sentence(
    a: Any, b: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        correlation(a, b)


def test_an_unknown_method_is_met_with_the_closest_one() -> None:
    wrong: Any = "spearmann"

    with pytest.raises(ValueError, match="Did you mean 'spearman'"):
        correlation([1, 2, 3, 4], [1, 2, 3, 4], method=wrong)
    with pytest.raises(TooFewLabels, match="an error takes 4"):
        rmse([1], [1])
