"""The rules behind the monitor, each held against theory or a slower way to the same figure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trueup.goodhart.training.curve import Curve
from trueup.goodhart.training.fall import fallen
from trueup.goodhart.training.fit import fitted
from trueup.goodhart.training.gap import AFTER, BASELINE, Gap
from trueup.goodhart.training.reading import Reading
from trueup.goodhart.training.series import Noise, Point
from trueup.goodhart.training.slope import BOUND, Window

TINY = 1e-9
"""A margin of nothing: the boundary of the null."""


def gap_of(values: np.ndarray, *, weight: float = 1.0) -> Gap:
    gap = Gap.empty()
    for step, value in enumerate(values):
        gap.add(step, Point(value, 0.0, weight), share=0.5)
    return gap


def crosses(values: np.ndarray, *, alpha: float, margin: float) -> bool:
    gap = Gap.empty()
    for step, value in enumerate(values):
        gap.add(step, Point(value, 0.0, 1.0), share=0.5)
        opened = gap.opened(1.0, margin=margin)
        if opened and opened.evidence >= -math.log(alpha):
            return True
    return False


def test_the_e_process_of_one_beginning_is_the_bayes_factor_by_integration() -> None:
    values = np.random.default_rng(0).normal(0, 0.05, BASELINE + AFTER)
    values[BASELINE:] += 0.3
    opened = gap_of(values).opened(1.0, margin=0.05)
    assert opened is not None

    before, after = values[:BASELINE], values[BASELINE:] - 0.05
    size = BASELINE * AFTER / (BASELINE + AFTER)
    df = BASELINE + AFTER - 2
    t = stats.ttest_ind(after, before).statistic
    effects = np.linspace(-9, 9, 6001)
    likelihood = stats.nct.pdf(t, df, effects * math.sqrt(size))
    mixed = np.trapezoid(likelihood * stats.norm.pdf(effects), effects)
    factor = math.log(mixed / stats.t.pdf(t, df))
    weight = 1 / (2 * (1 + math.log(2)) ** 2)

    assert opened.evidence == pytest.approx(factor + math.log(weight), abs=1e-4)
    assert opened.since == BASELINE
    assert opened.gap == pytest.approx(values[BASELINE:].mean() - before.mean())


@pytest.mark.parametrize(("margin", "onset"), [(TINY, None), (0.05, 30), (0.05, 80)])
def test_a_gap_within_the_margin_is_confirmed_in_at_most_a_share_alpha_of_runs(
    margin: float, onset: int | None
) -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(80):
        values = rng.normal(0, 0.05, 120)
        if onset:
            values[onset:] += margin
        found += crosses(values, alpha=0.05, margin=margin)

    assert found <= 4 + 3 * math.sqrt(80 * 0.05 * 0.95)


def test_a_short_baseline_makes_the_same_gap_count_for_less() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.05, 120)
    short, long = noise[-40:].copy(), noise.copy()
    short[-25:] += 0.12
    long[-25:] += 0.12
    few, many = (gap_of(one).opened(1.0, margin=0.05) for one in (short, long))

    assert few
    assert many
    assert few.evidence < many.evidence - 2


def test_no_reading_alone_opens_a_gap() -> None:
    values = np.random.default_rng(3).normal(0, 0.02, 100)
    values[50] = 1.0

    assert not crosses(values, alpha=0.01, margin=0.05)


def test_a_gap_by_a_proxy_that_gold_follows_by_half_is_not_short() -> None:
    gap, rng = Gap.empty(), np.random.default_rng(4)
    for step in range(200):
        rise = 0.8 * max(step - 60, 0) / 140
        gap.add(step, Point(rise, 0.6 * rise + rng.normal(0, 0.03), 1.0), share=0.5)
    opened = gap.opened(1.0, margin=0.05)
    assert opened

    assert opened.evidence > 20
    assert not opened.short


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_autocorrelation_is_found_within_its_error_and_a_jump_adds_little(rho: float) -> None:
    rng = np.random.default_rng(6)
    noise, value = Noise([]), rng.standard_normal()
    for step in range(5000):
        value = rho * value + math.sqrt(1 - rho**2) * rng.standard_normal()
        noise.add(0.05 * value + (0.5 if step > 1000 else 0))

    assert noise.autocorrelation == pytest.approx(rho, abs=0.07)
    assert noise.inflation == pytest.approx((1 + rho) / (1 - rho), rel=0.25)
    assert noise.variance == pytest.approx(0.05**2, rel=0.2)


def test_the_slope_is_that_of_least_squares_on_uneven_steps() -> None:
    rng = np.random.default_rng(6)
    window = Window(np.zeros((0, 4)))
    steps = np.cumsum(rng.integers(1, 4, 25))
    proxy, gold = 0.5 + 0.004 * steps, rng.normal(0.5, 0.02, 25)
    for step, p, g in zip(steps, proxy, gold, strict=True):
        window.add(int(step), Point(p, g, 1.0), window=1000)
    rise = window.rise(1.0, margin=0.05, share=0.5)
    assert rise
    known = stats.linregress(steps, proxy - gold)
    half = stats.t.ppf(0.975, 23) * known.stderr
    span = steps[-1] - steps[0]

    assert rise.rise == pytest.approx(known.slope * span)
    assert rise.low == pytest.approx((known.slope - half) * span)
    assert rise.alarm == (known.slope / known.stderr > stats.t.isf(stats.norm.sf(BOUND), 23))


def test_the_window_reaches_back_where_gold_is_sparse() -> None:
    window = Window(np.zeros((0, 4)))
    for step in range(0, 500, 10):
        window.add(step, Point(0.5, 0.5, 1.0), window=60)

    assert len(window.rows) == 12
    assert window.rows[0, 0] == 380


def curve_of(gold: np.ndarray, kl: np.ndarray | None = None) -> Curve:
    """Return the curve of gold of shape (readings, prompts)."""
    curve = Curve.empty(gold.shape[1])
    roots = np.full(len(gold), np.nan) if kl is None else np.sqrt(kl)
    for step, (row, root) in enumerate(zip(gold, roots, strict=True)):
        curve.add(Reading(step=10 * step, proxy=row, gold=row, root_kl=float(root)))
    return curve


def drawn(d: np.ndarray, true: np.ndarray, *, seed: int, prompts: int = 100) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return true[:, None] + rng.standard_normal(prompts) + rng.standard_normal((len(d), prompts))


def test_the_fit_finds_the_peak_and_stops_only_past_it() -> None:
    d = np.linspace(0, 9, 48)
    true = d * (0.6 - 0.25 * np.log(np.maximum(d, 1e-9)))
    gold = drawn(d, true, seed=0, prompts=300)
    found = [fitted(c, c.course(), noise=1.0)
             for c in (curve_of(gold[:end], d[:end] ** 2) for end in (14, 48))]  # fmt: skip
    assert found[0]
    assert found[1]

    assert found[0].slope > 0
    assert not found[0].falls
    assert found[1].falls
    assert true[found[1].best] > 0.99 * true.max()
    assert math.sqrt(found[1].peak_kl) == pytest.approx(math.exp(0.6 / 0.25 - 1), rel=0.15)


def test_lack_of_fit_is_rejected_in_its_share_of_true_curves_and_in_a_cliff() -> None:
    d = np.linspace(0, 9, 30)
    true = d * (0.6 - 0.25 * np.log(np.maximum(d, 1e-9)))
    holds = []
    for seed in range(100):
        curve = curve_of(drawn(d, true, seed=seed), d**2)
        found = fitted(curve, curve.course(), noise=1.0)
        assert found
        holds.append(found.holds)
    cliff = curve_of(drawn(d, np.where(d < 6, d / 6, -0.5), seed=0), d**2)
    broken = fitted(cliff, cliff.course(), noise=1.0)
    assert broken

    assert sum(holds) >= 95
    assert not broken.holds
    assert not broken.falls


def test_without_prompts_the_fit_takes_its_errors_from_the_curve() -> None:
    d = np.linspace(0, 9, 48)
    true = d * (0.6 - 0.25 * np.log(np.maximum(d, 1e-9)))
    noise = np.random.default_rng(7).normal(0, 0.05, 48)
    curve = curve_of((true + noise)[:, None], d**2)
    found = fitted(curve, curve.course(), noise=0.05**2)
    assert found

    assert found.holds
    assert found.falls


@pytest.mark.parametrize("kl", [None, np.zeros(20), np.full(20, 3.0)])
def test_there_is_no_fit_without_kl_that_differs(kl: np.ndarray | None) -> None:
    curve = curve_of(np.random.default_rng(8).random((20, 30)), kl)

    assert fitted(curve, curve.course(), noise=0.1) is None


@pytest.mark.parametrize("prompts", [1, 200])
def test_a_fall_from_the_best_is_found_and_chance_is_not(prompts: int) -> None:
    rng = np.random.default_rng(9)
    up_and_down = np.concatenate([np.linspace(0.2, 0.8, 50), np.linspace(0.8, 0.5, 50)])
    flat = np.full(100, 0.5)
    found = {}
    for name, true in (("falls", up_and_down), ("flat", flat)):
        gold = true[:, None] + rng.normal(0, 0.02 if prompts == 1 else 0.2, (100, prompts))
        noise = Noise([])
        for value in gold.mean(axis=1):
            noise.add(value)
        curve = curve_of(gold)
        found[name] = fallen(curve, curve.course(), noise, look=100, margin=0.05, alpha=0.01)
    falls, none = found["falls"], found["flat"]
    assert falls
    assert none

    assert falls.alarm
    assert falls.fall == pytest.approx(0.19 if prompts == 1 else 0.27, abs=0.04)
    assert not none.alarm


def test_the_best_slot_is_that_of_the_smooth_course_and_not_a_lucky_one() -> None:
    rng = np.random.default_rng(10)
    at = np.arange(60)
    hits = 0
    for _ in range(50):
        gold = 0.5 - 0.0002 * (at - 30) ** 2 + rng.normal(0, 0.03, 60)
        gold[-1] += 0.1
        curve = curve_of(gold[:, None])
        best = curve.best(gold)
        hits += 0.0002 * (best - 30) ** 2 < 0.04

        assert best != 59

    assert hits >= 48


def test_merged_slots_hold_what_was_read() -> None:
    gold = np.random.default_rng(11).random((1000, 3))
    curve = curve_of(gold, np.arange(1000.0))

    assert sum(curve.readings) == 1000
    assert len(curve.steps) <= 64
    np.testing.assert_allclose(curve.gold.sum(axis=0), gold.sum(axis=0))
    assert curve.steps == sorted(curve.steps)
    assert all(a <= b for a, b in zip(curve.steps, curve.ends, strict=True))
    assert all(n == curve.size for n in curve.readings[:-1])
