"""The alternative annotator test: a slow reading of the paper, error rates, bad input."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trueup.agreement.alternative import EPSILON, alt_test
from trueup.agreement.deficit import score_test, t_test
from trueup.errors import TooFewLabels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trueup.agreement.alternative import Level

    Table = NDArray[np.float64]

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def panel(seed: int, n: int = 60, people: int = 4) -> tuple[Table, Table]:
    """Draw scores of 1 to 4 around a truth, some missing, and a judge's."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 5, size=n)
    noisy = rng.uniform(size=(n, people)) < rng.uniform(0.1, 0.6, size=people)
    ratings = np.where(noisy, rng.integers(1, 5, size=(n, people)), truth[:, None]).astype(float)
    ratings[rng.uniform(size=(n, people)) < 0.1] = np.nan
    judged = np.where(rng.uniform(size=n) < 0.2, rng.integers(1, 5, size=n), truth).astype(float)
    return ratings, judged


def by_the_paper(
    ratings: Table, judged: Table, epsilon: float, level: Level
) -> tuple[float, float, list[float]]:
    """Return winning rate, advantage probability and p-values, written from the paper's text."""

    def score(answer: float, others: Sequence[float]) -> float:
        if level == "nominal":
            return sum(answer == other for other in others) / len(others)
        return -math.sqrt(sum((answer - other) ** 2 for other in others) / len(others))

    p_values, advantages = [], []
    for person in range(ratings.shape[1]):
        judge_wins, human_wins = [], []
        for row, verdict in zip(ratings, judged, strict=True):
            others = [x for n, x in enumerate(row) if n != person and not math.isnan(x)]
            if math.isnan(row[person]) or not others:
                continue
            own, other = score(row[person], others), score(verdict, others)
            judge_wins.append(float(other >= own))
            human_wins.append(float(own >= other))
        lost = np.array(human_wins) - np.array(judge_wins)
        p_values.append(float(stats.ttest_1samp(lost, epsilon, alternative="less").pvalue))
        advantages.append(float(np.mean(judge_wins)))
    m = len(p_values)
    harmonic = sum(1 / k for k in range(1, m + 1))
    passing = [k for k, p in enumerate(sorted(p_values), 1) if p <= k / m * 0.05 / harmonic]
    return max(passing, default=0) / m, float(np.mean(advantages)), p_values


@pytest.mark.parametrize("level", ["nominal", "interval"])
@pytest.mark.parametrize("seed", range(12))
def test_figures_are_those_of_a_slow_reading_of_the_paper(seed: int, level: Level) -> None:
    ratings, judged = panel(seed)
    wins, advantage, p_values = by_the_paper(ratings, judged, 0.15, level)

    found = alt_test(ratings, judged, epsilon=0.15, level=level)

    assert found.winning_rate == wins
    assert found.passed is (wins >= 0.5)
    assert found.advantage.estimate == pytest.approx(advantage)
    assert [one.p for one in found.annotators] == pytest.approx(p_values, rel=1e-9)


def test_the_crowds_judge_has_the_figures_of_the_authors_code() -> None:
    """Expected: the authors' published function, run on these votes with epsilon .1."""
    folder = DATA / "llmfao"
    if not folder.exists():
        pytest.skip("the public data set llmfao is not beside the repository")

    def rows(name: str) -> list[dict[str, str]]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    votes = rows("crowd-comparisons.csv.gz")
    workers = {name: n for n, name in enumerate(sorted({row["worker"] for row in votes}))}
    judged = {row["id"]: row["winner"] for row in rows("gpt4-crowd-comparisons.csv.gz")}
    table: dict[str, list[str | None]] = {pair: [None] * len(workers) for pair in judged}
    for row in votes:
        table[row["id"]][workers[row["worker"]]] = row["winner"]

    found = alt_test(list(table.values()), list(judged.values()), epsilon="crowd")

    assert found.winning_rate == pytest.approx(0.061224489795918366)
    assert found.advantage.estimate == pytest.approx(0.6947609920202305)
    assert not found.passed
    assert (len(found.annotators), len(found.skipped)) == (49, 75)


def test_a_judge_who_says_what_most_say_always_passes() -> None:
    ratings = np.random.default_rng(1).integers(0, 2, size=(50, 5))

    found = alt_test(ratings, ratings.sum(axis=1) > 2, epsilon=0.1)

    assert found.winning_rate == 1
    assert found.advantage.estimate == 1


def test_a_judge_who_draws_lots_fails_among_people_who_agree() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 4, size=80)
    ratings = np.where(rng.uniform(size=(80, 4)) < 0.1, 0, truth[:, None])

    found = alt_test(ratings, rng.integers(0, 4, size=80), epsilon="experts")

    assert found.winning_rate == 0
    assert not found.passed


@settings(max_examples=30)
@given(seed=st.integers(0, 1000))
def test_names_order_and_missing_units_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings, judged = panel(seed % 20, n=40)
    names = np.array(["", "q", "a", "z", "b"], dtype=object)
    units, people = rng.permutation(40), rng.permutation(4)
    named = [[None if math.isnan(x) else names[int(x)] for x in row]
             for row in ratings[units][:, people]]  # fmt: skip

    found = alt_test(ratings, judged, epsilon=0.1, min_units=10)
    other = alt_test(
        [*named, ["a", None, None, None], ["a", "b", "q", "z"]],
        [*names[judged[units].astype(int)], "a", None],
        epsilon=0.1,
        min_units=10,
    )

    assert other.n_dropped == found.n_dropped + 2
    assert other.winning_rate == found.winning_rate
    assert other.advantage.estimate == pytest.approx(found.advantage.estimate)
    assert [other.annotators[n].p for n in np.argsort(people)] == pytest.approx(
        [one.p for one in found.annotators]
    )


@pytest.mark.parametrize("shift", [0, 10])
@pytest.mark.parametrize("scale", [1, 3])
def test_numbers_may_be_shifted_and_stretched(shift: int, scale: int) -> None:
    ratings, judged = panel(3)

    found = alt_test(ratings, judged, epsilon=0.1, level="interval")
    other = alt_test(ratings * scale + shift, judged * scale + shift, epsilon=0.1, level="interval")

    assert other == found


@given(epsilons=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), seed=st.integers(0, 20))
def test_the_more_is_allowed_the_more_the_judge_wins(
    epsilons: tuple[float, float], seed: int
) -> None:
    ratings, judged = panel(seed)
    strict, lax = (alt_test(ratings, judged, epsilon=e) for e in sorted(epsilons))

    assert strict.winning_rate <= lax.winning_rate
    assert strict.advantage == lax.advantage


# shares of units on which only the person and only the judge is closer, and the most that a test
# may reject where the first exceeds the second by exactly epsilon
@pytest.mark.parametrize("n", [12, 30, 80])
@pytest.mark.parametrize(
    ("epsilon", "judge_only"), [(0.1, 0.0), (0.1, 0.1), (0.2, 0.05), (0.2, 0.3)]
)
def test_the_score_test_holds_its_level_where_the_null_just_holds(
    epsilon: float, judge_only: float, n: int
) -> None:
    rng = np.random.default_rng(4)
    human_only = judge_only + epsilon
    chances = [human_only, judge_only, 1 - human_only - judge_only]
    drawn, times = np.unique(rng.multinomial(n, chances, size=5000), axis=0, return_counts=True)
    group = np.arange(n)
    p = [score_test(np.repeat([1.0, -1.0, 0.0], cells), epsilon, group) for cells in drawn]

    rejected = times[np.array(p) < 0.05].sum() / 5000

    assert rejected <= 0.07


def test_the_papers_t_test_rejects_too_often_where_the_judge_is_never_closer_alone() -> None:
    rng = np.random.default_rng(5)
    group = np.arange(100)
    lost = rng.binomial(100, 0.1, size=5000)
    p = [t_test((group < k).astype(float), 0.1, group) for k in range(101)]
    score = [score_test((group < k).astype(float), 0.1, group) for k in range(101)]

    assert np.mean(np.array(p)[lost] < 0.01) > 0.02
    assert np.mean(np.array(score)[lost] < 0.01) < 0.012


@pytest.mark.parametrize("test", [t_test, score_test])
def test_units_of_one_group_do_not_count_as_independent(test: Any) -> None:
    rng = np.random.default_rng(6)
    rejected = {"alone": 0, "grouped": 0}
    group = np.repeat(np.arange(30), 4)
    for _ in range(2000):
        lost = rng.choice([1.0, -1.0, 0.0], p=[0.3, 0.15, 0.55], size=30)[group]
        own = rng.choice([1.0, -1.0, 0.0], p=[0.3, 0.15, 0.55], size=120)
        lost = np.where(rng.uniform(size=120) < 0.7, lost, own)
        rejected["alone"] += test(lost, 0.15, np.arange(120)) < 0.05
        rejected["grouped"] += test(lost, 0.15, group) < 0.05

    assert rejected["alone"] / 2000 > 0.1
    assert rejected["grouped"] / 2000 < 0.07


def test_the_interval_of_the_advantage_covers_at_its_level() -> None:
    rng = np.random.default_rng(7)

    def drawn(n: int) -> tuple[Table, Table]:
        truth = rng.integers(0, 3, size=n)
        noisy = rng.uniform(size=(n, 4)) < 0.35
        ratings = np.where(noisy, rng.integers(0, 3, size=(n, 4)), truth[:, None])
        return ratings, np.where(rng.uniform(size=n) < 0.3, rng.integers(0, 3, size=n), truth)

    truth = np.mean([alt_test(*drawn(40000), epsilon=0.1).advantage.estimate for _ in range(4)])
    found = [alt_test(*drawn(60), epsilon=0.1).advantage for _ in range(5000)]

    assert 0.935 <= sum(f.low <= truth <= f.high for f in found) / 5000 <= 0.975


def test_the_p_value_of_the_score_test_is_that_of_a_search_for_the_likeliest_share() -> None:
    n, b, c, margin = 30, 7, 3, 0.1
    q = np.linspace(1e-6, (1 - margin) / 2 - 1e-6, 400001)
    likelihood = b * np.log(q + margin) + c * np.log(q)
    likelihood += (n - b - c) * np.log(1 - 2 * q - margin)
    best = float(q[likelihood.argmax()])
    z = (b - c - n * margin) / math.sqrt(n * (2 * best + margin - margin**2))

    found = score_test(np.repeat([1.0, -1.0, 0.0], [b, c, n - b - c]), margin, np.arange(n))

    assert found == pytest.approx(float(stats.norm.cdf(z)), abs=1e-5)


def test_below_thirty_units_and_among_ties_alone_the_score_test_decides() -> None:
    ratings, judged = panel(8, n=25)
    same = np.ones((40, 3))

    assert {a.test for a in alt_test(ratings, judged, epsilon=0.2, min_units=15).annotators} == {
        "score"
    }
    assert {a.test for a in alt_test(same, same[:, 0], epsilon=0.2).annotators} == {"score"}
    assert alt_test(same, same[:, 0], epsilon=0.2).passed
    assert not alt_test(same, same[:, 0], epsilon=0).passed


def test_a_person_with_too_few_units_is_skipped_and_said() -> None:
    ratings, judged = panel(9)
    ratings[20:, 1] = np.nan

    found = alt_test(ratings, judged, epsilon=0.1)

    assert found.skipped == (1,)
    assert [one.annotator for one in found.annotators] == [0, 2, 3]


@pytest.mark.parametrize("name", EPSILON)
def test_who_the_people_are_chooses_epsilon(name: Any) -> None:
    ratings, judged = panel(10)

    assert alt_test(ratings, judged, epsilon=name) == alt_test(
        ratings, judged, epsilon=EPSILON[name]
    )


def test_two_people_or_few_units_are_too_little() -> None:
    ratings, judged = panel(11)

    with pytest.raises(TooFewLabels, match="2 of 2 people labelled 30 units"):
        alt_test(ratings[:, :2], judged, epsilon=0.1)
    with pytest.raises(TooFewLabels, match="0 of 4 people"):
        alt_test(ratings[:20], judged[:20], epsilon=0.1)
    with pytest.raises(TooFewLabels, match="0 of 4 people"):
        alt_test(ratings, [None] * 60, epsilon=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": 1.5}, "epsilon is 1.5"),
        ({"epsilon": math.nan}, "epsilon is nan"),
        ({"epsilon": "expert"}, "Did you mean 'experts'"),
        ({"epsilon": 0.1, "q": 5}, "q is 5"),
        ({"epsilon": 0.1, "test": "wilcoxon"}, "choose one of"),
        ({"epsilon": 0.1, "level": "ordinal"}, "choose 'nominal' or 'interval'"),
        ({"epsilon": 0.1, "ci": 95}, "write 0.95"),
        ({"epsilon": 0.1, "cluster": [1, 2]}, "2 values for 60 units"),
    ],
)
def test_arguments_that_cannot_be_are_refused_with_a_sentence(
    options: dict[str, Any], message: str
) -> None:
    ratings, judged = panel(12)

    with pytest.raises(ValueError, match=message):
        alt_test(ratings, judged, **options)


def test_a_table_lying_on_its_side_is_refused() -> None:
    ratings, judged = panel(13)

    with pytest.raises(ValueError, match="transpose it"):
        alt_test(ratings.T, judged, epsilon=0.1)
