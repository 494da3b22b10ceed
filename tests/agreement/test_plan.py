"""Plans: what they promise of half-widths and power comes true in simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.agreement.plan import plan_labels
from trueup.errors import Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.959963984540054
JUDGES = [(0.8, 0.9, 0.8), (0.5, 0.7, 0.7), (0.9, 0.97, 0.9), (0.95, 0.95, 0.7)]
PAIR = tuple["NDArray[Any]", "NDArray[Any]"]


def cells(rate: float, tpr: float, tnr: float) -> tuple[float, ...]:
    return rate * tpr, (1 - rate) * (1 - tnr), rate * (1 - tpr), (1 - rate) * tnr


def by_random(judge: tuple[float, ...], n: int, judged: int, times: int, seed: int) -> PAIR:
    """Return PPI++ estimates and variances of simulated weeks, written out slowly."""
    generator = np.random.default_rng(seed)
    chances = cells(*judge)
    tp, fp, fn, _ = generator.multinomial(n, chances, size=times).T / n
    rest = generator.binomial(judged - n, chances[0] + chances[1], size=times) / (judged - n)
    y, f = tp + fn, tp + fp
    spread, joint = f * (1 - f), tp - y * f
    tune = joint / np.where(spread > 0, spread, 1) / (1 + n / (judged - n))
    tune = np.clip(np.where(spread > 0, tune, 0), 0, 1)
    variance = (y * (1 - y) - 2 * tune * joint + tune**2 * spread) / (n - 1)
    return y + tune * (rest - f), variance + tune**2 * rest * (1 - rest) / (judged - n)


def by_verdict(
    judge: tuple[float, ...], numbers: dict[str, int], judged: int, times: int, seed: int
) -> PAIR:
    generator = np.random.default_rng(seed)
    tp, fp, fn, tn = cells(*judge)
    w = generator.binomial(judged, tp + fp, size=times) / judged
    n1, n0 = numbers["judged met"], numbers["judged unmet"]
    a = generator.binomial(n1, tp / (tp + fp), size=times) / n1
    b = generator.binomial(n0, fn / (fn + tn), size=times) / n0
    estimate = w * a + (1 - w) * b
    variance = w**2 * a * (1 - a) / (n1 - 1) + (1 - w) ** 2 * b * (1 - b) / (n0 - 1)
    return estimate, variance + w * (1 - w) * (a - b) ** 2 / judged


def by_truth(
    judge: tuple[float, ...], numbers: dict[str, int], judged: int, times: int, seed: int
) -> tuple[NDArray[Any], ...]:
    generator = np.random.default_rng(seed)
    rate, tpr, tnr = judge
    k = generator.binomial(judged, rate * tpr + (1 - rate) * (1 - tnr), size=times)
    return k, *(generator.binomial(numbers[c], p, size=times)
                for c, p in (("met", tpr), ("unmet", tnr)))  # fmt: skip


def logit_half_width(estimate: NDArray[Any], variance: NDArray[Any]) -> float:
    """Return the mean half-width of logit intervals."""
    p = np.clip(estimate, 1e-3, 1 - 1e-3)
    middle, reach = np.log(p / (1 - p)), Z * np.sqrt(variance) / (p * (1 - p))
    high, low = (1 / (1 + np.exp(-(middle + sign * reach))) for sign in (1, -1))
    return float((high - low).mean()) / 2


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(("half_width", "judged"), [(0.03, 5000), (0.04, 800)])
def test_random_labels_meet_the_half_width_on_average(
    judge: tuple[float, ...], half_width: float, judged: int
) -> None:
    rate, tpr, tnr = judge
    plan = plan_labels(half_width=half_width, rate=rate, tpr=tpr, tnr=tnr, judged=judged)

    found = logit_half_width(*by_random(judge, plan.labels, judged, 5000, 1))

    assert found == pytest.approx(half_width, rel=0.06)


@pytest.mark.parametrize("judge", JUDGES)
def test_labels_by_verdict_meet_the_half_width_on_average(judge: tuple[float, ...]) -> None:
    rate, tpr, tnr = judge
    plan = plan_labels(
        half_width=0.03, design="stratified", rate=rate, tpr=tpr, tnr=tnr, judged=5000
    )

    found = logit_half_width(*by_verdict(judge, plan.allocation, 5000, 5000, 2))

    assert found == pytest.approx(0.03, rel=0.07)
    assert plan.labels <= (plan.alternatives["random"] or 0)


@pytest.mark.parametrize(("judge", "half_width"), [(JUDGES[0], 0.06), (JUDGES[1], 0.12)])
def test_labels_by_truth_meet_the_half_width_on_average(
    judge: tuple[float, ...], half_width: float
) -> None:
    rate, tpr, tnr = judge
    plan = plan_labels(
        half_width=half_width, design="case_control", rate=rate, tpr=tpr, tnr=tnr, judged=2000
    )
    numbers, generator = plan.allocation, np.random.default_rng(3)
    sizes = (2000, numbers["met"], numbers["unmet"])
    q, a, b = (
        generator.beta(k[:, None] + 0.5, size - k[:, None] + 0.5, size=(2000, 400))
        for k, size in zip(by_truth(judge, numbers, 2000, 2000, 4), sizes, strict=True)
    )
    low, high = np.quantile(np.clip((q + b - 1) / (a + b - 1), 0, 1), [0.025, 0.975], axis=1)

    assert (high - low).mean() / 2 == pytest.approx(half_width, rel=0.06)


@pytest.mark.parametrize(("tpr", "half_width"), [(0.9, 0.1), (0.97, 0.04), (0.7, 0.1)])
def test_the_rate_of_a_class_meets_wilsons_half_width_on_average(
    tpr: float, half_width: float
) -> None:
    plan = plan_labels(half_width=half_width, what="tpr", tpr=tpr, rate=0.3)
    generator = np.random.default_rng(5)
    n = generator.binomial(plan.labels, 0.3, size=5000)
    p = generator.binomial(n, tpr) / n
    halves = Z / (1 + Z * Z / n) * np.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))

    assert halves.mean() == pytest.approx(half_width, rel=0.03)


@pytest.mark.parametrize("change", [-0.1, 0.08])
@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize("design", ["random", "stratified"])
def test_a_change_of_the_rate_is_found_as_often_as_planned(
    change: float, power: float, design: Any
) -> None:
    plan = plan_labels(
        change=change, power=power, design=design, rate=0.8, tpr=0.9, tnr=0.8, judged=5000
    )

    def week(rate: float, seed: int) -> PAIR:
        judge = (rate, 0.9, 0.8)
        if design == "random":
            return by_random(judge, plan.labels, 5000, 10_000, seed)
        return by_verdict(judge, plan.allocation, 5000, 10_000, seed)

    before, v = week(0.8, 6)
    for rate, expected in ((0.8 + change, power), (0.8, 0.05)):
        after, w = week(rate, 7)
        found = np.abs(after - before) / np.sqrt(v + w) > Z
        assert found.mean() == pytest.approx(expected, abs=0.02)


def test_a_change_is_found_as_often_as_planned_from_labels_by_truth() -> None:
    plan = plan_labels(change=-0.1, design="case_control", rate=0.8, tpr=0.9, tnr=0.8, judged=5000)

    def week(rate: float, seed: int) -> PAIR:
        numbers = plan.allocation
        k, hits, passes = by_truth((rate, 0.9, 0.8), numbers, 5000, 10_000, seed)
        q, a, b = k / 5000, hits / numbers["met"], passes / numbers["unmet"]
        p = (q + b - 1) / (a + b - 1)
        noise = p**2 * a * (1 - a) / numbers["met"]
        noise += (1 - p) ** 2 * b * (1 - b) / numbers["unmet"]
        return p, (q * (1 - q) / 5000 + noise) / (a + b - 1) ** 2

    (before, v), (after, w) = week(0.8, 8), week(0.7, 9)
    found = np.abs(after - before) / np.sqrt(v + w) > Z
    assert found.mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("against", "within"), [(None, 0.02), (2000, 0.02), (math.inf, 0.04)])
def test_a_change_of_a_class_rate_is_found_as_often_as_planned(
    against: float | None, within: float
) -> None:
    plan = plan_labels(change=-0.1, what="tpr", tpr=0.9, design="case_control", against=against)
    generator = np.random.default_rng(10)
    n, m = plan.labels, against or plan.labels
    new = generator.binomial(n, 0.8, size=20_000) / n
    old = np.full(20_000, 0.9)
    if math.isfinite(m):
        old = generator.binomial(int(m), 0.9, size=20_000) / m
    pooled = (new / m + old / n) / (1 / m + 1 / n) if math.isfinite(m) else old
    found = np.abs(new - old) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)) > Z

    assert found.mean() == pytest.approx(0.8, abs=within)  # few counts are possible at a bar


def test_labels_in_groups_meet_the_half_width() -> None:
    plan = plan_labels(half_width=0.05, rate=0.8, cluster_size=4, icc=0.3)
    generator = np.random.default_rng(11)
    groups = round(plan.labels / 4)
    rate = generator.beta(0.8 * 0.7 / 0.3, 0.2 * 0.7 / 0.3, size=(5000, groups))
    means = generator.binomial(4, rate).mean(1) / 4

    assert means.std() * Z == pytest.approx(0.05, rel=0.06)
    assert plan.labels == pytest.approx(1.9 * plan_labels(half_width=0.05, rate=0.8).labels, abs=2)


@pytest.mark.parametrize(
    ("rates", "power", "labels"),
    [((0.5, 0.75), 0.9, 77), ((0.1, 0.09), 0.8, 13_495), ((0.3, 0.27), 0.8, 3554)],
)
def test_two_shares_take_what_the_pooled_formula_says(
    rates: tuple[float, float], power: float, labels: int
) -> None:
    one, other = rates

    assert plan_labels(change=other - one, rate=one, power=power).labels == pytest.approx(
        labels, abs=1
    )


def test_alpha_takes_what_its_pilot_scales_to() -> None:
    pilot: dict[str, Any] = {"what": "alpha", "pilot_units": 1000, "pilot_half_width": 0.02 * Z}

    assert plan_labels(half_width=0.1, **pilot).labels == 154  # about 150 and 620 were measured
    assert plan_labels(half_width=0.05, **pilot).labels == 615


def test_thirty_five_of_a_class_give_a_tenth_at_nine_tenths() -> None:
    plan = plan_labels(half_width=0.1, what="tnr", tnr=0.9, rate=0.75)

    assert plan.negatives == pytest.approx(35, abs=1)
    assert plan.labels == pytest.approx(140, abs=1)


shares = st.floats(0.55, 0.97)
goals = st.floats(0.02, 0.15)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.05, 0.95), shares, shares, goals)
def test_met_and_unmet_may_change_places(
    rate: float, tpr: float, tnr: float, half_width: float
) -> None:
    for design in ("random", "stratified"):
        one = plan_labels(half_width=half_width, rate=rate, tpr=tpr, tnr=tnr, design=design)
        two = plan_labels(half_width=half_width, rate=1 - rate, tpr=tnr, tnr=tpr, design=design)

        assert abs(one.labels - two.labels) <= 1


@settings(deadline=None, max_examples=25)
@given(st.floats(0.05, 0.95), shares, shares, goals)
def test_a_plan_is_the_smallest_that_reaches_its_goal_and_says_so_of_itself(
    rate: float, tpr: float, tnr: float, half_width: float
) -> None:
    known: dict[str, Any] = {"rate": rate, "tpr": tpr, "tnr": tnr, "judged": 10_000}
    plan = plan_labels(half_width=half_width, **known)

    assert plan.half_width <= half_width
    assert plan_labels(labels=plan.labels, **known).half_width == plan.half_width
    if plan.labels > 1:
        assert plan_labels(labels=plan.labels - 1, **known).half_width > half_width


@settings(deadline=None, max_examples=30)
@given(st.floats(0.3, 0.9), shares, shares, st.floats(0.04, 0.15))
def test_what_labels_detect_takes_those_labels_to_find(
    rate: float, tpr: float, tnr: float, drop: float
) -> None:
    known: dict[str, Any] = {"rate": rate, "tpr": tpr, "tnr": tnr, "judged": 10**6}
    plan = plan_labels(change=-drop, **known)

    assert plan.detects is not None
    assert plan.detects <= drop + 0.001
    fewer = plan_labels(labels=plan.labels - 1, **known).detects
    assert fewer is None or fewer >= drop - 1e-9


def test_a_judge_saves_labels_and_a_useless_one_none() -> None:
    plan = plan_labels(half_width=0.05, rate=0.8, tpr=0.9, tnr=0.8, judged=5000)
    useless = plan_labels(half_width=0.05, rate=0.8, correlation=0.001, judged=5000)

    alone = plan.alternatives["random, labels only"]
    assert alone is not None
    assert plan.labels < 0.62 * alone
    assert useless.labels == pytest.approx(alone, rel=0.03)


def test_a_pilot_stands_in_for_rates_and_says_how_little_it_knows() -> None:
    small = plan_labels(half_width=0.05, pilot={"tp": 21, "fp": 1, "fn": 2, "tn": 6}, judged=3000)
    large = plan_labels(
        half_width=0.05, pilot={"tp": 210, "fp": 10, "fn": 20, "tn": 60}, judged=3000
    )

    for plan in (small, large):
        assert plan.likely is not None
        assert plan.likely[0] < plan.labels < plan.likely[1]
    assert np.ptp(small.likely or ()) > 2 * np.ptp(large.likely or ())


def test_a_pilot_without_errors_still_plans_for_some() -> None:
    plan = plan_labels(half_width=0.05, what="tpr", pilot={"tp": 20, "fp": 0, "fn": 0, "tn": 10})

    assert plan.labels > 50
    by_verdict = plan_labels(
        half_width=0.05, design="stratified", pilot={"tp": 40, "fp": 0, "fn": 0, "tn": 12}
    )
    assert by_verdict.likely is not None
    assert by_verdict.likely[0] < by_verdict.likely[1]


def test_assumptions_and_method_are_told() -> None:
    plan = plan_labels(change=-0.05, what="tnr", tnr=0.8, rate=0.9, cluster_size=3, icc=0.1)

    assert plan.assumptions == (
        "rate is taken to be 0.9.",
        "tnr is taken to be 0.8.",
        f"About {plan.negatives:.0f} labels are of the class that counts.",
        "Groups make 1.20 labels count for one.",
        "A change of -0.05 is found 80% of the time.",
    )
    assert plan.method == "share of labels, Wilson interval, pooled z test"
    assert plan.likely is None


def test_a_goal_that_all_judged_items_cannot_reach_is_undefined() -> None:
    with pytest.raises(Undefined, match="no number of labels"):
        plan_labels(half_width=0.01, rate=0.8, tpr=0.9, tnr=0.8, judged=300)
    plan = plan_labels(half_width=0.048, rate=0.8, tpr=0.9, tnr=0.8, judged=300)
    assert plan.alternatives["case_control"] is None


def test_a_judge_no_better_than_chance_corrects_nothing() -> None:
    with pytest.raises(Undefined, match="no better than chance"):
        plan_labels(half_width=0.05, rate=0.8, tpr=0.4, tnr=0.5, design="case_control")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rate": 0.5}, "one goal"),
        ({"rate": 0.5, "half_width": 0.1, "labels": 9}, "one goal"),
        ({"rate": 0.5, "change": 0}, "one goal"),
        ({"rate": 0.5, "half_width": 0.1, "cluster_size": 0.5, "icc": 1}, "groups of 1"),
        ({"half_width": 0.1}, "needs rate"),
        ({"half_width": 0.1, "what": "tpr", "rate": 0.5}, "needs tpr"),
        ({"half_width": 0.1, "design": "stratified", "rate": 0.5}, "needs tnr, tpr"),
        ({"half_width": 0.1, "what": "alpha"}, "needs pilot_half_width"),
        ({"half_width": 0.1, "what": "tpr", "tpr": 0.9, "design": "stratified"}, "take random"),
        ({"half_width": 0.1, "what": "f1", "rate": 0.5}, "'f1'"),
        ({"half_width": 0.1, "rate": 1.0}, "rate=1.0 must lie"),
        ({"half_width": 0.1, "rate": math.nan}, "must lie"),
        ({"half_width": 0.1, "rate": 0.5, "power": 80}, "power=80 must lie"),
        ({"change": 0.3, "rate": 0.8}, "ends at 1.1"),
        ({"half_width": -0.1, "rate": 0.8}, "one goal"),
        ({"half_width": 2, "rate": 0.8}, "below 1"),
        ({"labels": 20.5, "rate": 0.8}, "whole numbers"),
        ({"half_width": 0.1, "pilot": {"tp": 1, "fn": 2}}, "a pilot has tp, fp, fn, tn"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan_labels(**arguments)
