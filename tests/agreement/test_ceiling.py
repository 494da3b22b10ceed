"""The human ceiling: slow loops, scipy and scikit-learn's formula, invariances, coverage."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trueup.agreement.ceiling import human_ceiling
from trueup.agreement.measure import Measure
from trueup.errors import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trueup.agreement.ceiling import HumanCeiling

    Floats = NDArray[np.float64]

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PARTS = ("ceiling", "judge", "difference")
MEASURES: tuple[Measure, ...] = get_args(Measure)

LABEL = st.sampled_from(["good", "fair", "poor", None])
UNITS = st.lists(st.tuples(st.tuples(LABEL, LABEL, LABEL), LABEL), min_size=1, max_size=30).filter(
    lambda units: any(
        sum(label is not None for label in row) > 1 and verdict is not None
        for row, verdict in units
    )
)


def slow_agreement(units: list[tuple[tuple[str | None, ...], str | None]]) -> tuple[float, float]:
    people, judge = [], []
    for row, verdict in units:
        for person, label in enumerate(row):
            others = [other for n, other in enumerate(row) if n != person and other is not None]
            if label is not None and others and verdict is not None:
                people.append(sum(other == label for other in others) / len(others))
                judge.append(sum(other == verdict for other in others) / len(others))
    return sum(people) / len(people), sum(judge) / len(judge)


@given(units=UNITS)
def test_agreement_is_that_of_a_slow_loop(
    units: list[tuple[tuple[str | None, ...], str | None]],
) -> None:
    ratings, judged = zip(*units, strict=True)
    people, judge = slow_agreement(units)

    found = human_ceiling(ratings, judged, measure="agreement")

    assert found.ceiling.estimate == pytest.approx(people)
    assert found.judge.estimate == pytest.approx(judge)
    assert found.difference.estimate == pytest.approx(judge - people)
    assert found.n_units + found.n_dropped == len(units)


def panel(
    rng: np.random.Generator, n: int, *, people: int = 4, group: NDArray[np.int64] | None = None
) -> tuple[Floats, Floats]:
    """Draw scores of 1 to 5, a fifth missing, and a judge somewhat worse than a person."""
    truth = rng.normal(size=n)
    if group is not None:
        truth = (truth + rng.normal(size=group.max() + 1)[group]) / math.sqrt(2)
    ratings = np.clip(np.round(truth[:, None] + 0.6 * rng.normal(size=(n, people)) + 3), 1, 5)
    ratings[rng.uniform(size=(n, people)) < 0.2] = np.nan
    return ratings, np.clip(np.round(truth + 0.8 * rng.normal(size=n) + 3), 1, 5)


def pooled(ratings: Floats, judged: Floats, *, most: bool) -> tuple[Floats, Floats, Floats]:
    """Return every person's answer, the judge's, and the mean or majority of the others."""
    rows = []
    for row, verdict in zip(ratings, judged, strict=True):
        for person in np.flatnonzero(~np.isnan(row)):
            others = np.delete(row, person)
            others = others[~np.isnan(others)]
            if not len(others):
                continue
            levels, counts = np.unique(others, return_counts=True)
            if not most:
                rows.append((row[person], verdict, others.mean()))
            elif (counts == counts.max()).sum() == 1:
                rows.append((row[person], verdict, levels[counts.argmax()]))
    human, judge, rest = np.array(rows).T
    return human, judge, rest


def cohen(a: Floats, b: Floats) -> float:
    same = (a == b).mean()
    chance = sum((a == level).mean() * (b == level).mean() for level in np.unique(a))
    return float((same - chance) / (1 - chance))


SLOW: dict[Measure, Callable[[Floats, Floats], float]] = {
    "accuracy": lambda a, b: float((a == b).mean()),
    "kappa": cohen,
    "rmse": lambda a, b: float(np.sqrt(((a - b) ** 2).mean())),
    "pearson": lambda a, b: float(stats.pearsonr(a, b).statistic),
    "spearman": lambda a, b: float(stats.spearmanr(a, b).statistic),
    "kendall": lambda a, b: float(stats.kendalltau(a, b).statistic),
}


@pytest.mark.parametrize("measure", SLOW)
def test_every_measure_is_that_of_a_slow_loop_and_scipy(measure: Measure) -> None:
    ratings, judged = panel(np.random.default_rng(1), 60)
    human, judge, rest = pooled(ratings, judged, most=measure in {"accuracy", "kappa"})

    found = human_ceiling(ratings, judged, measure=measure)

    assert found.ceiling.estimate == pytest.approx(SLOW[measure](human, rest))
    assert found.judge.estimate == pytest.approx(SLOW[measure](judge, rest))
    assert found.ceiling.n == len(human)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_error_of_a_difference_is_that_of_a_bootstrap_over_units(measure: Measure) -> None:
    rng = np.random.default_rng(2)
    ratings, judged = panel(rng, 100)
    found = human_ceiling(ratings, judged, measure=measure)
    resampled = []
    for _ in range(300):
        chosen = rng.integers(0, 100, size=100)
        again = human_ceiling(ratings[chosen], judged[chosen], measure=measure)
        resampled.append(again.difference.estimate)

    half = (found.difference.high - found.difference.low) / 2

    assert half / stats.t.ppf(0.975, 99) == pytest.approx(np.std(resampled), rel=0.2)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_judge_who_repeats_one_person_is_as_good_as_that_person(measure: Measure) -> None:
    ratings, _ = panel(np.random.default_rng(3), 80)
    ratings = ratings[~np.isnan(ratings[:, 2])]

    found = human_ceiling(ratings, ratings[:, 2], measure=measure)

    person = found.annotators[2]
    assert person.human == pytest.approx(person.judge)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_order_of_units_and_people_changes_nothing(measure: Measure) -> None:
    rng = np.random.default_rng(4)
    ratings, judged = panel(rng, 60)
    units, people = rng.permutation(60), rng.permutation(4)

    found = human_ceiling(ratings, judged, measure=measure)
    other = human_ceiling(ratings[units][:, people], judged[units], measure=measure)

    for part in PARTS:
        for end in ("estimate", "low", "high"):
            expected = getattr(getattr(found, part), end)
            assert getattr(getattr(other, part), end) == pytest.approx(expected)


@given(units=UNITS)
def test_the_names_of_labels_change_nothing(
    units: list[tuple[tuple[str | None, ...], str | None]],
) -> None:
    names: dict[str | None, Any] = {"good": 3, "fair": 0, "poor": 7, None: math.nan}
    ratings, judged = zip(*units, strict=True)

    found = human_ceiling(ratings, judged, measure="agreement")
    other = human_ceiling(
        [[names[label] for label in row] for row in ratings],
        [names[verdict] for verdict in judged],
        measure="agreement",
    )

    for part in PARTS:
        one, two = getattr(found, part), getattr(other, part)
        assert (one.estimate, one.low, one.high) == pytest.approx((two.estimate, two.low, two.high))


@given(units=UNITS)
def test_figures_lie_in_their_intervals(
    units: list[tuple[tuple[str | None, ...], str | None]],
) -> None:
    ratings, judged = zip(*units, strict=True)

    found = human_ceiling(
        ratings, judged, measure="agreement", cluster=[0, *range(len(judged) - 1)]
    )

    for figure in (found.ceiling, found.judge):
        assert 0 <= figure.low <= figure.estimate + 1e-12
        assert figure.estimate - 1e-12 <= figure.high <= 1
    assert -1 <= found.difference.low <= found.difference.estimate <= found.difference.high <= 1


@pytest.mark.parametrize(("measure", "grouped"), [("agreement", True), ("pearson", False)])
def test_intervals_cover_at_their_level(measure: Measure, *, grouped: bool) -> None:
    rng = np.random.default_rng(5)

    def drawn(n: int) -> HumanCeiling:
        group = np.arange(n) // 3 if grouped else None
        return human_ceiling(*panel(rng, n, group=group), measure=measure, cluster=group)

    many = [drawn(30000) for _ in range(8)]
    found = [drawn(90) for _ in range(5000)]

    for part in PARTS:
        truth = np.mean([getattr(one, part).estimate for one in many])
        figures = [getattr(one, part) for one in found]
        assert 0.935 <= sum(f.low <= truth <= f.high for f in figures) / 5000 <= 0.975, part


def test_people_agree_with_the_crowd_far_better_than_the_judge_does() -> None:
    folder = DATA / "llmfao"
    if not folder.exists():
        pytest.skip("the public data set llmfao is not beside the repository")
    ratings, judged = crowd(folder)

    found = human_ceiling(ratings, judged)
    each = human_ceiling(ratings, judged, measure="agreement")

    assert found.ceiling.estimate == pytest.approx(0.6168, abs=5e-5)
    assert found.judge.estimate == pytest.approx(0.4471, abs=5e-5)
    assert found.difference.high < -0.14
    assert (found.n_units, found.n_dropped, found.n_tied) == (2093, 46, 1609)
    assert len(found.annotators) == 124
    assert (each.ceiling.estimate, each.judge.estimate) == pytest.approx((0.5309, 0.4148), abs=5e-5)


def crowd(folder: Path) -> tuple[list[list[str | None]], list[str]]:
    def rows(name: str) -> list[dict[str, str]]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    votes = rows("crowd-comparisons.csv.gz")
    workers = {name: n for n, name in enumerate(sorted({row["worker"] for row in votes}))}
    judged = {row["id"]: row["winner"] for row in rows("gpt4-crowd-comparisons.csv.gz")}
    table: dict[str, list[str | None]] = {pair: [None] * len(workers) for pair in judged}
    for row in votes:
        table[row["id"]][workers[row["worker"]]] = row["winner"]
    return list(table.values()), list(judged.values())


@pytest.mark.parametrize("measure", ["kappa", "pearson", "spearman", "kendall"])
def test_answers_that_are_all_the_same_define_no_such_figure(measure: Measure) -> None:
    with pytest.raises(Undefined, match=r"the same|so that nothing"):
        human_ceiling([[1, 1], [1, 1]], [1, 1], measure=measure)


def test_a_person_whose_own_units_define_no_figure_has_none() -> None:
    ratings = [[1, 2, None], [2, 3, None], [3, 3, 5], [4, 4, 5], [5, 4, 5]]

    found = human_ceiling(ratings, [1, 2, 3, 4, 5], measure="pearson")

    assert found.annotators[2].human is None
    assert found.annotators[2].judge is not None
    assert found.annotators[2].n == 3


@pytest.mark.parametrize(
    ("ratings", "judged", "options", "error", "message"),
    [
        ([[1, 1], [0, 1], [1, 1]], [1, 0], {}, ValueError, "transpose it"),
        ([[1, 1, 1], [0, 1, 0]], [1, 0, 1, 1], {}, ValueError, "for the same units"),
        ([1, 1, 0], [1, 0, 1], {}, ValueError, "1 dimensions"),
        ([["a", "b"]], ["a"], {"measure": "pearson"}, TypeError, "not a number"),
        ([[1, 0]], [1], {"measure": "acuracy"}, ValueError, "Did you mean 'accuracy'"),
        ([[[1], [0]]], [1], {}, ValueError, "3 dimensions"),
        ([[1, None], [None, 0]], [1, 0], {}, Undefined, "no unit has a verdict"),
        ([[1, 1]], [None], {}, Undefined, "no unit has a verdict"),
        ([[1, 0]], [1], {"ci": 0}, ValueError, "within 0 and 1"),
        ([[{1}, {2}]], [1], {}, TypeError, "cannot be compared"),
    ],
)
def test_panels_that_define_nothing_are_refused_with_a_sentence(
    ratings: Any, judged: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        human_ceiling(ratings, judged, **options)
