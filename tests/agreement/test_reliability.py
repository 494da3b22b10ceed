"""Calibration of probabilities: scikit-learn's figures, a closed form, coverage, bad input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfinv, expit, logit

from tests.strategies import SHARES
from trueup.agreement.brier import brier
from trueup.agreement.folded import folded_interval, noise_of
from trueup.agreement.reliability import calibration
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trueup.agreement.reliability import Calibration

    Floats = NDArray[np.float64]

# 40 simulated probabilities and answers; figures below are those of scikit-learn 1.9.1
# (brier_score_loss, calibration_curve with strategy="quantile")
SAID = [0.625, 0.897, 0.776, 0.225, 0.3, 0.874, 0.005, 0.821, 0.797, 0.468, 0.303, 0.278, 0.255,
        0.445, 0.505, 0.553, 0.996, 0.793, 0.622, 0.989, 0.215, 0.16, 0.613, 0.044, 0.036, 0.515,
        0.466, 0.917, 0.629, 0.514, 0.497, 0.248, 0.012, 0.192, 0.692, 0.201, 0.37, 0.004, 0.83,
        0.154]  # fmt: skip
ANSWERS = [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1,
           0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]  # fmt: skip

ROWS = st.lists(st.tuples(SHARES, SHARES), min_size=10, max_size=60)


def test_the_curve_and_the_brier_score_are_those_of_scikit_learn() -> None:
    found = calibration(SAID, ANSWERS, bins=4)

    assert found.brier.estimate == pytest.approx(0.1363327)
    assert [point.observed.estimate for point in found.curve] == pytest.approx([0, 0.1, 0.6, 0.9])
    assert [point.probability for point in found.curve] == pytest.approx(
        [0.1023, 0.3358, 0.5765, 0.869]
    )
    assert found.ece_raw == pytest.approx((0.1023 + 0.2358 + 0.0235 + 0.031) / 4)


def parts(found: Calibration) -> tuple[float, ...]:
    return (
        found.ece.estimate, found.ece.low, found.ece.high, found.ece_raw,
        found.brier.estimate, found.brier.low, found.brier.high,
        found.reliability, found.resolution, found.uncertainty, found.within,
    )  # fmt: skip


@given(rows=ROWS, bins=st.integers(1, 12), cluster=st.none() | st.integers(1, 5))
def test_every_figure_lies_in_its_interval_and_the_parts_add_up(
    rows: list[tuple[float, float]], bins: int, cluster: int | None
) -> None:
    said, truth = zip(*rows, strict=True)
    groups = None if cluster is None else [n // cluster for n in range(len(rows))]

    found = calibration(said, truth, bins=bins, cluster=groups)

    assert 0 <= found.ece.low <= found.ece.estimate <= found.ece.high <= 1
    assert 0 <= found.brier.low <= found.brier.estimate + 1e-12
    assert found.brier.estimate - 1e-12 <= found.brier.high <= 1
    assert found.brier.estimate == pytest.approx(
        found.reliability - found.resolution + found.uncertainty + found.within
    )
    assert all(math.isfinite(part) for part in parts(found))
    assert sum(point.observed.n for point in found.curve) == len(rows)
    assert all(a.high < b.low for a, b in zip(found.curve, found.curve[1:], strict=False))


@given(rows=ROWS, seed=st.integers(0, 10))
def test_the_order_of_units_and_missing_ones_change_nothing(
    rows: list[tuple[float, float]], seed: int
) -> None:
    said, truth = (np.array(side) for side in zip(*rows, strict=True))
    order = np.random.default_rng(seed).permutation(len(rows))

    found = calibration(said, truth)
    other = calibration([*said[order], None, 0.5], [*truth[order], 1, math.nan])

    assert other.n_dropped == 2
    assert parts(other) == pytest.approx(parts(found), abs=1e-6)


@given(rows=ROWS)
def test_calling_unmet_met_turns_the_curve_round(rows: list[tuple[float, float]]) -> None:
    said, truth = (np.array(side) for side in zip(*rows, strict=True))

    found, turned = calibration(said, truth, bins=1), calibration(1 - said, 1 - truth, bins=1)

    assert (turned.ece.estimate, turned.ece.low, turned.ece.high) == pytest.approx(
        (found.ece.estimate, found.ece.low, found.ece.high), abs=1e-3
    )
    assert turned.brier.estimate == pytest.approx(found.brier.estimate)


@given(values=st.lists(SHARES, min_size=2, max_size=4, unique=True), copies=st.integers(10, 15))
def test_without_differences_inside_bins_the_decomposition_is_murphys(
    values: list[float], copies: int
) -> None:
    said = np.repeat(values, copies)
    truth = (np.arange(len(said)) % 3 == 0).astype(float)

    found = calibration(said, truth, bins=len(values))

    assert len(found.curve) == len(values)
    assert found.within == pytest.approx(0, abs=1e-12)
    seen = np.array([point.observed.estimate for point in found.curve])
    chance = float((seen * (1 - seen)).mean() / (copies - 1))
    gaps = np.sort(values) - seen
    assert found.reliability == pytest.approx(float((gaps**2).mean()) - chance)


def test_units_with_one_probability_stay_in_one_bin() -> None:
    said = [0.9] * 60 + [0.2] * 20 + [0.25] * 20

    found = calibration(said, [1] * 50 + [0] * 50, bins=10)

    assert [(point.low, point.high) for point in found.curve] == [
        (0.2, 0.2), (0.25, 0.25), (0.9, 0.9)
    ]  # fmt: skip


def test_a_unit_on_which_people_differ_counts_in_parts() -> None:
    split = calibration([0.3, 0.8] * 20, [1 / 2, 1] * 20, bins=2)
    each = calibration([0.3, 0.3, 0.8, 0.8] * 20, [0, 1, 1, 1] * 20, bins=2)

    assert split.n_split == 20
    assert split.brier.estimate == pytest.approx(each.brier.estimate)
    assert split.ece_raw == pytest.approx(each.ece_raw)


def judge(rng: np.random.Generator, n: int, *, kind: str) -> tuple[Floats, Floats]:
    """Draw a judge's probabilities and how likely met then truly is."""
    said = np.clip(rng.beta(5, 1.2, size=n), 0.001, 0.999)
    if kind == "perfect":
        return said, said
    if kind == "too sure":
        return said, expit(0.5 * logit(said))
    return said, np.where(said > 0.9, said - 0.2, said)


def true_error(kind: str, bins: int) -> float:
    said, often = judge(np.random.default_rng(0), 1_000_000, kind=kind)
    place = said.argsort().argsort() * bins // len(said)
    return float(np.abs(np.bincount(place, often - said)).sum() / len(said))


@pytest.mark.parametrize(
    ("kind", "times"), [("perfect", 600), ("too sure", 5000), ("wrong at the top", 600)]
)
def test_intervals_of_the_calibration_error_cover_at_their_level(kind: str, times: int) -> None:
    rng = np.random.default_rng(1)
    truth = true_error(kind, 10)
    covered = 0
    estimates, raw = [], []
    for _ in range(times):
        said, often = judge(rng, 200, kind=kind)
        found = calibration(said, rng.uniform(size=200) < often)
        covered += found.ece.low <= truth <= found.ece.high
        estimates.append(found.ece.estimate)
        raw.append(found.ece_raw)

    assert 0.935 <= covered / times <= (0.998 if kind == "perfect" else 0.985)
    assert abs(np.median(estimates) - truth) < 0.025
    assert abs(np.median(estimates) - truth) < abs(np.median(raw) - truth) + 0.002


def test_intervals_of_the_calibration_error_cover_where_units_come_in_groups() -> None:
    rng = np.random.default_rng(2)
    group = np.arange(200) // 5
    covered = 0
    for _ in range(500):
        said, often = judge(rng, 200, kind="perfect")
        luck = 0.6 * rng.normal(size=40)[group] + 0.8 * rng.normal(size=200)
        met = luck < np.sqrt(2) * erfinv(2 * often - 1)
        covered += calibration(said, met, cluster=group).ece.low == 0

    assert covered / 500 >= 0.95


@pytest.mark.parametrize("kind", ["perfect", "too sure"])
def test_intervals_of_the_brier_score_cover_at_their_level(kind: str) -> None:
    rng = np.random.default_rng(3)
    said, often = judge(rng, 1_000_000, kind=kind)
    truth = float((often * (1 - said) ** 2 + (1 - often) * said**2).mean())
    covered = 0
    for _ in range(5000):
        said, often = judge(rng, 60, kind=kind)
        met = (rng.uniform(size=60) < often).astype(float)
        found = brier(said, met, None, ci=0.95)
        covered += found.low <= truth <= found.high

    assert 0.935 <= covered / 5000 <= 0.985


def test_a_single_gap_has_the_interval_of_a_folded_normal() -> None:
    noise = noise_of(np.array([1.0]), np.eye(1), 0)

    _, low, high = folded_interval(np.array([0.03]), np.ones(1), 0.01 * noise, ci=0.95)

    assert low == pytest.approx(0.03 - 1.96 * 0.01, abs=2e-4)
    assert high == pytest.approx(0.03 + 1.96 * 0.01, abs=2e-4)


def test_two_runs_give_the_same_figures_and_another_seed_nearly_so() -> None:
    first, again = calibration(SAID, ANSWERS), calibration(SAID, ANSWERS)
    other = calibration(SAID, ANSWERS, seed=np.random.default_rng(9))

    assert first == again
    assert other.ece.estimate == pytest.approx(first.ece.estimate, abs=1e-3)
    assert other.ece.high == pytest.approx(first.ece.high, abs=0.02)


def test_a_judge_who_is_always_right_and_sure_is_not_taken_for_perfect() -> None:
    found = calibration([0.0, 1.0] * 20, [0, 1] * 20)

    assert (found.ece.estimate, found.brier.estimate) == (0, 0)
    assert found.brier.high > 0.05
    assert found.ece.high > 0.02


def test_a_single_group_says_nothing_about_the_rest() -> None:
    found = calibration(SAID, ANSWERS, cluster=["a"] * 40)

    assert (found.ece.low, found.ece.high) == (0, 1)
    assert (found.brier.low, found.brier.high) == (0, 1)


@pytest.mark.parametrize(
    ("said", "truth", "options", "error", "message"),
    [
        ([0.5] * 9, [1] * 9, {}, TooFewLabels, "9 units have"),
        ([None] * 12, [1] * 12, {}, Undefined, "none of 12 units"),
        ([80] * 12, [1] * 12, {}, ValueError, "probability holds 80"),
        ([0.5] * 12, [2] * 12, {}, ValueError, "truth holds 2"),
        ([0.5] * 12, [1] * 11, {}, ValueError, "11 values for 12 units"),
        (["high"] * 12, [1] * 12, {}, TypeError, "not a number"),
        ([0.5] * 12, [1] * 12, {"bins": 0}, ValueError, "bins is 0"),
        ([0.5] * 12, [1] * 12, {"ci": 1}, ValueError, "within 0 and 1"),
    ],
)
def test_arguments_that_define_no_curve_are_refused_with_a_sentence(
    said: Any, truth: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        calibration(said, truth, **options)
