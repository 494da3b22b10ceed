"""Coverage of corrected rates beyond the settings on which the designs were chosen."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.corrected import chunked, measured
from trueup.agreement.corrected import corrected_rate
from trueup.agreement.posterior import Interval, Level, exact, mixture, posterior, sums
from trueup.agreement.ppi import tuned, tuned_posterior, worth_it

RUNS, DRAWS = 5000, 250
LOW, HIGH = 0.935, 0.975


def test_a_silent_judge_is_a_level_of_its_own() -> None:
    rng = np.random.default_rng(11)
    shares = np.array([0.72, 0.2, 0.08])  # met, unmet, no verdict
    rates = np.array([0.95, 0.35, 0.25])

    def once(runs: int) -> list[Interval]:
        n = rng.multinomial(100, shares, runs).astype(np.float64)
        k = rng.binomial(n.astype(int), rates).astype(float)
        counts = n + rng.multinomial(900, shares, runs).astype(np.float64)
        return [mixture(counts, posterior(Level(n, k, k)), ci=0.95, draws=DRAWS, rng=rng)]

    found = measured(chunked(RUNS, once)[0], float(shares @ rates))

    assert LOW <= found.coverage <= HIGH


@pytest.mark.parametrize(("rate", "n"), [(0.8, 60), (0.9, 150), (0.6, 150)])
@pytest.mark.parametrize("hard", [0.2, 3.0], ids=["easy items more often", "hard items more often"])
def test_unequal_chances_cover(rate: float, n: int, hard: float) -> None:
    """Chances depend on the verdict and on how hard an item is; each is drawn for itself.

    Drawing rarely just where the judge errs is the worst that can be done with 60 labels.
    """
    rng = np.random.default_rng(12)
    total = 12 * n

    def once(runs: int) -> list[Interval]:
        truth = rng.random((runs, total)) < rate
        tough = rng.random((runs, total)) < 0.35
        verdicts = truth ^ (rng.random((runs, total)) < np.where(tough, 0.3, 0.04))
        size = np.where(tough, hard, 1.0) * np.where(verdicts, 1.0, 2.5)
        chance = np.minimum(n * size / size.sum(1, keepdims=True), 1)
        weights = np.where(rng.random((runs, total)) < chance, 1 / chance, 0.0)
        labels = truth.astype(np.float64)
        parts = [sums(labels, weights * (verdicts == value)) for value in (True, False)]
        counts = np.stack([verdicts.sum(1), (~verdicts).sum(1)], -1).astype(float)
        level = Level(*(np.stack(pair, -1) for pair in zip(*parts, strict=True)))
        return [mixture(counts, posterior(level), ci=0.95, draws=DRAWS, rng=rng)]

    found = measured(chunked(RUNS, once)[0], rate)

    assert 0.92 <= found.coverage <= 0.98


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize(("shape", "n"), [((4.0, 1.0), 20), ((4.0, 1.0), 100), ((9.0, 0.7), 60)])
def test_numbers_cover(people: int, shape: tuple[float, float], n: int) -> None:
    """The judge says how sure it is; labels are of one person or means of three."""
    rng = np.random.default_rng(13)
    rate = shape[0] / sum(shape)

    def once(runs: int) -> list[Interval]:
        values = rng.beta(*shape, (runs, 800))
        labels = rng.binomial(people, values[:, :n]) / people
        sure = values**2  # of the right order, and not calibrated
        traffic = sure.mean(1), sure.var(1, ddof=1), np.full(runs, 800.0)
        found = tuned(labels, sure[:, :n], np.ones((runs, n)), traffic=traffic)
        size = np.full(runs, float(n))
        found = worth_it(found, size, ci=0.95)
        bounds = exact(*tuned_posterior(found, size, ci=0.95), ci=0.95)
        alike = labels.mean(1)
        high = np.where(alike == 1, 1.0, bounds.high)
        return [Interval(np.where(alike == 0, 0.0, bounds.low), high)]

    found = measured(chunked(RUNS, once)[0], rate)

    assert 0.93 <= found.coverage <= 0.98


def test_groups_are_covered() -> None:
    """Groups of ten have rates and errors of their own; five of each of 30 groups are labelled."""
    rng = np.random.default_rng(14)
    groups = np.repeat(np.arange(150), 10)
    picked = np.add.outer(50 * np.arange(30), np.arange(5)).ravel()
    low, high = np.empty(RUNS), np.empty(RUNS)
    for run in range(RUNS):
        truth = rng.random(1500) < rng.beta(3.2, 0.8, 150)[groups]
        verdicts = truth ^ (rng.random(1500) < rng.beta(2, 14, 150)[groups])
        rate = corrected_rate(
            judged=verdicts,
            labels=truth[picked],
            judged_at_labels=verdicts[picked],
            label_design="random",
            cluster=groups[picked],
            judged_cluster=groups,
            recognise_design=False,
            labels_in_judged=True,
            draws=200,
            seed=rng,
        )
        low[run], high[run] = rate.low, rate.high

    found = measured(Interval(low, high), 0.8)

    assert LOW <= found.coverage <= HIGH
