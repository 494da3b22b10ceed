"""Corrected rates against published examples, another package, and slow ways to the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trueup.agreement.corrected import corrected_rate
from trueup.agreement.posterior import Level, group_effect, sums
from trueup.agreement.ppi import tuned
from trueup.agreement.rogan_gladen import Seen, beta_draws, lang_reiczigel, rogan_gladen

LABELS = np.array([1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1.0])
GOOD = np.array([0.9, 0.8, 0.3, 0.7, 0.95, 0.6, 0.5, 0.85, 0.4, 0.2, 0.75, 0.9])
POOR = np.array([0.9, 0.2, 0.3, 0.7, 0.95, 0.1, 0.8, 0.85, 0.4, 0.6, 0.75, 0.3])
REST = np.array([0.9, 0.7, 0.8, 0.2, 0.95, 0.6, 0.85, 0.3, 0.75, 0.9, 0.5, 0.65, 0.8, 0.1, 0.9,
                 0.7, 0.55, 0.95, 0.85, 0.6])  # fmt: skip


def count(n: float, k: float) -> Level:
    return Level(np.array(float(n)), np.array(float(k)), np.array(float(k)))


PUBLISHED = [
    # Lang and Reiczigel (2014), examples 1 to 4, as the documentation of R's asht 1.0.1 has them
    ((4060, 11284), (178, 179), (358, 359), (0.349, 0.372)),
    ((51, 2971), (32, 33), (20, 20), (0.0, 0.053)),
    ((0.06 * 11862, 11862), (8, 10), (12, 12), (0.0, 0.147)),
    ((259, 509), (84, 127), (96, 109), (0.58, 0.87)),
    ((51, 509), (23, 41), (187, 195), (0.037, 0.195)),
]


@pytest.mark.parametrize(("traffic", "met", "unmet", "expected"), PUBLISHED)
def test_published_intervals_of_lang_and_reiczigel_are_met(
    traffic: tuple[float, int],
    met: tuple[int, int],
    unmet: tuple[int, int],
    expected: tuple[float, float],
) -> None:
    alarms = unmet[1] - unmet[0]
    seen = Seen(count(*traffic[::-1]), count(*met[::-1]), count(unmet[1], alarms))

    found = lang_reiczigel(seen)

    places = 2 if expected == (0.58, 0.87) else 3
    assert (round(float(found.low), places), round(float(found.high), places)) == expected


@pytest.mark.parametrize(
    ("verdicts", "rest", "expected"),
    [
        (GOOD, REST, 0.76945586),
        (POOR, REST, 0.75097411),
        ((GOOD > 0.5) * 1.0, (REST > 0.5) * 1.0, 0.82175926),
    ],
)
def test_power_tuned_means_are_those_of_ppi_python(
    verdicts: np.ndarray, rest: np.ndarray, expected: float
) -> None:
    # ppi_mean_pointestimate(LABELS, verdicts, rest) of ppi-python 0.2.3
    pooled = np.concatenate([verdicts, rest])
    traffic = np.array(pooled.mean()), np.array(pooled.var(ddof=1)), np.array(32.0)

    found = tuned(LABELS, verdicts, np.ones(12), traffic=traffic)

    assert found.estimate == pytest.approx(expected, abs=5e-9)


def test_the_public_function_gives_the_tuned_mean() -> None:
    rate = corrected_rate(
        judged=np.tile(REST, 5),
        labels=np.tile(LABELS, 5),
        judged_at_labels=np.tile(GOOD, 5),
        label_design="random",
        labels_in_judged=False,
    )

    assert rate.estimate == pytest.approx(0.76995794, abs=5e-9)  # as above, all arrays tiled
    assert rate.high - rate.low == pytest.approx(0.85706 - 0.68285, rel=0.05)  # ppi_mean_ci


def test_the_variance_of_a_tuned_mean_is_that_of_simulated_ones() -> None:
    rng = np.random.default_rng(1)
    runs, n, total = 4000, 80, 400
    values = rng.beta(4, 2, (runs, total))
    labels = (rng.random((runs, n)) < values[:, :n]).astype(np.float64)
    traffic = values.mean(1), values.var(1, ddof=1), np.full(runs, float(total))

    found = tuned(labels, values[:, :n], np.ones((runs, n)), traffic=traffic)

    spread = (found.within + found.between).mean()
    assert spread == pytest.approx(found.estimate.var(), rel=0.06)
    assert found.estimate.mean() == pytest.approx(4 / 6, abs=0.003)


def test_the_interval_by_verdict_is_that_of_the_posterior_integrated_on_a_grid() -> None:
    n, k, share = np.array([70, 30]), np.array([66, 9]), 0.7
    grid = (np.arange(2000) + 0.5) / 2000
    met, unmet = (stats.beta(a + 0.5, b - a + 0.5).pdf(grid) for a, b in zip(k, n, strict=True))
    rates = np.add.outer(share * grid, (1 - share) * grid).ravel()
    weights = np.outer(met, unmet).ravel()
    order = np.argsort(rates)
    heap = np.cumsum(weights[order]) / weights.sum()
    low, high = (rates[order][np.searchsorted(heap, p)] for p in (0.025, 0.975))

    found = corrected_rate(
        judged=np.tile([1.0] * 7 + [0.0] * 3, 50_000),
        labels=np.repeat([1.0, 0, 1, 0], [66, 4, 9, 21]),
        judged_at_labels=np.repeat([1.0, 0], [70, 30]),
        label_design="random",
        draws=400_000,
    )

    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)


def test_draws_of_rogan_gladen_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    rates = []
    for _ in range(40_000):
        apparent, hit = rng.beta(380.5, 120.5), rng.beta(45.5, 5.5)
        alarm = rng.beta(8.5, 42.5)
        rates.append(rogan_gladen(apparent, hit, 1 - alarm))
    low, high = np.clip(np.quantile(rates, [0.025, 0.975]), 0, 1)

    seen = Seen(count(500, 380), count(50, 45), count(50, 8))
    found, none = beta_draws(seen, ci=0.95, draws=40_000, rng=np.random.default_rng(3))

    assert (float(found.low), float(found.high)) == pytest.approx((low, high), abs=0.004)
    assert none == 0


def test_labels_with_unequal_chances_count_as_their_linearised_variance_says() -> None:
    rng = np.random.default_rng(4)
    values = (rng.random(4000) < 0.7).astype(np.float64)
    weights = np.where(rng.random(4000) < 0.3, 5.0, 1.0)
    mean = np.average(values, weights=weights)
    variance = (weights**2 * (values - mean) ** 2).sum() / weights.sum() ** 2

    found = sums(values, weights)

    assert found.total / found.n == pytest.approx(mean)
    assert found.n == pytest.approx(mean * (1 - mean) / variance, rel=0.01)


def test_groups_of_identical_labels_count_once() -> None:
    rng = np.random.default_rng(5)
    off = np.repeat(rng.normal(size=400), 5)

    effect = group_effect(np.full(2000, 1 / 2000), off, np.repeat(np.arange(400), 5), ci=0.95)

    assert effect == pytest.approx(5, rel=0.02)
