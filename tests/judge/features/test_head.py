"""The ridge head: what it solves, what it promises, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr

from trueup import errors
from trueup.judge.features import ridge, skill
from trueup.judge.features.head import Head, TooFewLabels, UnusableLabels, fit_head

if TYPE_CHECKING:
    from random import Random

Floats = NDArray[np.float64]
NAMES = ("length", "overlap", "noise")


def labelled(n: int = 60, seed: int = 0) -> tuple[Floats, Floats, list[str]]:
    """Simulate features, labels that two of them explain in part, and ten groups."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) * [1.0, 5.0, 0.1] + [2.0, -1.0, 0.0]
    y = np.clip(0.5 + 0.1 * (x[:, 0] - 2) + 0.02 * x[:, 1] + 0.1 * rng.normal(size=n), 0, 1)
    return x, y, [f"user-{i % 10}" for i in range(n)]


def fitted(**changes: Any) -> Head:
    x, y, groups = labelled()
    return fit_head(x, y, **{"groups": groups, "features": NAMES, **changes})


def standardised(head: Head, x: Floats) -> Floats:
    z: Floats = (x - np.array(head.means)) / np.array(head.scales)
    return z.clip(-head.reach, head.reach)


@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_solve_the_augmented_least_squares_problem(*, weighted: bool) -> None:
    x, y, groups = labelled()
    w = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else np.ones(len(y))
    w /= w.mean()
    head = fit_head(x, y, groups=groups, weights=w, features=NAMES)

    design = np.column_stack([np.ones(len(y)), standardised(head, x)])
    ridge = np.sqrt(head.penalty) * np.eye(4)[1:]
    rows = np.vstack([design * np.sqrt(w)[:, None], ridge])
    oracle = np.linalg.lstsq(rows, np.concatenate([y * np.sqrt(w), np.zeros(3)]), rcond=None)[0]

    assert [head.intercept, *head.coefficients] == pytest.approx(oracle.tolist(), rel=1e-9)
    assert head.means == pytest.approx(np.average(x, axis=0, weights=w).tolist())
    assert head.scales == pytest.approx(
        np.sqrt(np.average((x - head.means) ** 2, axis=0, weights=w)).tolist()
    )


@settings(deadline=None, max_examples=12)
@given(
    shuffler=st.randoms(use_true_random=False),
    grouped=st.booleans(),
    weighted=st.booleans(),
    seed=st.integers(0, 3),
)
def test_the_order_of_the_rows_changes_nothing(
    *, shuffler: Random, grouped: bool, weighted: bool, seed: int
) -> None:
    x, y, names = labelled(36, seed)
    w = np.linspace(0.3, 1.7, len(y)) if weighted else None
    order = list(range(len(y)))
    shuffler.shuffle(order)

    one = fit_head(x, y, groups=names if grouped else None, weights=w, features=NAMES, seed=seed)
    other = fit_head(
        x[order],
        y[order],
        groups=[names[i] for i in order] if grouped else None,
        weights=None if w is None else w[order],
        features=NAMES,
        seed=seed,
    )

    assert one == other


def test_another_seed_draws_other_groups_and_keeps_means_and_scales() -> None:
    one, other = fitted(seed=1), fitted(seed=2)

    assert one.agreement.estimate != other.agreement.estimate
    assert one.agreement.estimate == pytest.approx(other.agreement.estimate, abs=0.1)
    assert one.means == pytest.approx(other.means)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(*[st.floats(-1e15, 1e15)] * 3), max_size=5))
def test_predictions_stay_in_the_unit_interval(rows: list[tuple[float, float, float]]) -> None:
    scores = HEAD.predict(np.array(rows).reshape(len(rows), 3))

    assert scores.shape == (len(rows),)
    assert ((scores >= 0) & (scores <= 1)).all()


HEAD = fitted()


def test_contributions_add_up_to_the_score() -> None:
    x = labelled(8, seed=3)[0]

    parts = HEAD.contributions(x)

    assert parts.shape == (8, 3)
    assert HEAD.predict(x) == pytest.approx(np.clip(HEAD.intercept + parts.sum(axis=1), 0, 1))


def test_a_feature_beyond_reach_counts_as_at_its_reach() -> None:
    far, edge = np.array(HEAD.means), np.array(HEAD.means)
    far[0] += 1e6
    edge[0] += HEAD.reach * HEAD.scales[0]

    assert HEAD.predict(far[None]) == pytest.approx(HEAD.predict(edge[None]))


def test_scores_are_clipped_to_the_heads_own_range() -> None:
    narrow = replace(HEAD, low=0.4, high=0.6)

    assert set(narrow.predict(np.array([[1e9, 1e9, 0], [-1e9, -1e9, 0]]))) == {0.4, 0.6}


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_a_head_survives_json_exactly(seed: int) -> None:
    x, y, groups = labelled(30, seed)
    head = fit_head(x, y, groups=groups, features=NAMES, seed=seed)
    stored = json.loads(json.dumps(head.to_dict(), allow_nan=False))

    assert Head.from_dict(stored) == head
    assert Head.from_dict(stored).to_dict() == stored
    assert stored["better_than_chance"] == head.better_than_chance


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {k: v for k, v in HEAD.to_dict().items() if k != "intercept"},
        HEAD.to_dict() | {"unknown": 1},
        HEAD.to_dict() | {"means": 3},
        HEAD.to_dict() | {"agreement": {"estimate": 0.5}},
    ],
)
def test_a_broken_record_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no stored head"):
        Head.from_dict(broken)


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.zeros(3), "shape"),
        (np.zeros((2, 4)), "shape"),
        (np.array([[0.0, np.nan, 0.0]]), "not finite"),
    ],
)
def test_features_that_do_not_fit_are_refused(x: Floats, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        HEAD.predict(x)


def test_fewer_than_thirty_labels_are_refused_with_both_numbers() -> None:
    x, y, groups = labelled(29)

    with pytest.raises(TooFewLabels, match=r"29 labelled items.* 30 ") as caught:
        fit_head(x, y, groups=groups, features=NAMES)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, errors.TooFewLabels)


def test_fewer_than_five_groups_are_refused() -> None:
    with pytest.raises(TooFewLabels, match="4 groups"):
        fitted(groups=[i % 4 for i in range(60)])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"y": np.full(60, 0.25)}, r"all 60 labels are 0\.25"),
        ({"y": np.linspace(0, 1.5, 60)}, "outside"),
        ({"y": np.linspace(0, np.nan, 60)}, "outside"),
        ({"x": np.full((60, 3), np.inf)}, "feature is not finite"),
        ({"weights": np.zeros(60)}, "weight"),
        ({"weights": np.full(60, np.inf)}, "weight"),
        ({"weights": np.ones(59)}, "do not fit"),
        ({"groups": ["a"]}, "do not fit"),
        ({"features": ("length",)}, "do not fit"),
        ({"y": np.zeros((60, 1))}, "do not fit"),
    ],
)
def test_unusable_labels_are_refused_with_the_reason(changes: dict[str, Any], match: str) -> None:
    x, y, groups = labelled()
    arguments: dict[str, Any] = {"x": x, "y": y, "groups": groups, "features": NAMES}

    with pytest.raises(UnusableLabels, match=match) as caught:
        fit_head(**(arguments | changes))
    assert isinstance(caught.value, ValueError)


def test_a_feature_that_did_not_vary_adds_nothing_whatever_it_becomes() -> None:
    x, y, groups = labelled()
    x[:, 2] = 0.1
    head = fit_head(x, y, groups=groups, features=NAMES)

    assert head.coefficients[2] == 0
    assert head.contributions(np.array([[2.0, -1.0, 1e9]]))[0, 2] == 0


def test_the_unit_of_the_weights_does_not_matter() -> None:
    w = np.linspace(1, 3, 60)

    assert fitted(weights=1000 * w).coefficients == pytest.approx(fitted(weights=w).coefficients)


def test_an_item_of_weight_two_fits_like_two_items() -> None:
    x, y, groups = labelled()
    w = np.where(np.arange(60) < 20, 2.0, 1.0)
    twice = np.r_[np.arange(60), np.arange(20)]

    one = fit_head(x, y, groups=groups, weights=w, features=NAMES)
    other = fit_head(x[twice], y[twice], groups=[groups[i] for i in twice], features=NAMES)

    assert one.coefficients == pytest.approx(other.coefficients)
    assert one.agreement.high - one.agreement.low > other.agreement.high - other.agreement.low


def test_groups_are_told_apart_by_name_not_by_container() -> None:
    numbers = [i % 10 for i in range(60)]

    assert fitted(groups=numbers) == fitted(groups=np.array(numbers))
    assert fitted(groups=[f"\udc80{i}" for i in numbers]).agreement.n_groups == 10
    assert fitted(groups=[(None, i) for i in numbers]).agreement.n_groups == 10


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=30))
def test_the_correlation_is_spearmans_where_all_weigh_the_same(
    pairs: list[tuple[int, int]],
) -> None:
    a, b = np.array(pairs, dtype=np.float64).T
    found = skill._spearman(a, b, np.ones(len(a)))

    if np.ptp(a) and np.ptp(b):
        assert found == pytest.approx(spearmanr(a, b).statistic)
    else:
        assert found == 0


def test_the_intraclass_correlation_is_that_of_the_analysis_of_variance() -> None:
    values = np.array([1.0, 2.0, 4.0, 5.0, 8.0, 9.0])
    group = np.array([0, 0, 1, 1, 2, 2])

    # By hand: the group means 1.5, 4.5, 8.5 give mean squares of 74/3 between and 1/2 within.
    expected = (74 / 3 - 1 / 2) / (74 / 3 + 1 / 2)
    assert skill._intraclass(values, group, np.array([2.0] * 3)) == pytest.approx(expected)
    assert skill._intraclass(values[[0, 5, 1, 4, 2, 3]], group, np.array([2.0] * 3)) == 0


def test_a_sample_of_one_fold_takes_the_heaviest_penalty() -> None:
    """Nothing can be held out, so nothing is known that would speak for a lighter one."""
    moments = np.eye(5)[None]

    assert ridge._choose_penalty(moments) == ridge._PENALTIES.max()
