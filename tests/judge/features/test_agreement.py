"""The agreement a head reports: right on planted rules, silent on noise. All data simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, spearmanr

from trueup.judge.features.head import Head, fit_head
from trueup.judge.features.surface import FEATURES, surface_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]
Labelled = tuple[Floats, Floats, list[int] | None]
WORDS = [
    *("invoice", "refund", "policy", "delivery", "account", "customer", "warranty", "parcel"),
    *("payment", "address", "discount", "voucher", "receipt", "exchange", "deposit", "insurance"),
    *("the", "is", "of", "a", "to", "in", "it", "we", "you", "and", "on", "for"),
]


def replies(n: int, rng: np.random.Generator) -> tuple[Floats, list[int], Floats]:
    """Simulate replies to six-item groups with a shared excerpt; return the share drawn from it."""
    rows, groups, copied = [], [], rng.uniform(size=n)
    for i in range(n):
        if i % 6 == 0:
            excerpt = rng.choice(WORDS, 8)
        source = rng.uniform(size=(length := rng.integers(6, 40))) < copied[i]
        words = np.where(source, rng.choice(excerpt, length), rng.choice(WORDS, length))
        rows.append({"output": " ".join(words) + ".", "context": " ".join(excerpt)})
        groups.append(i // 6)
    return surface_matrix(rows), groups, copied


def linear(n: int, signal: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    x = rng.normal(size=(n, 8))
    rule = np.sqrt(signal) * (x[:, 0] + x[:, 1]) / np.sqrt(2)
    return x, np.clip(0.5 + (rule + np.sqrt(1 - signal) * rng.normal(size=n)) / 6, 0, 1)


def fit(x: Floats, y: Floats, groups: list[int] | None, seed: int) -> Head:
    names = FEATURES if x.shape[1] == len(FEATURES) else [f"x{i}" for i in range(x.shape[1])]
    return fit_head(x, y, groups=groups, features=names, seed=seed)


@pytest.mark.parametrize("n", [60, 200])
@pytest.mark.parametrize("seed", range(3))
def test_a_rule_about_length_is_learnt(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, groups, _ = replies(n, rng)
    length = x[:, FEATURES.index("log_words")]
    y = (length + 0.5 * rng.normal(size=n) > np.median(length)).astype(float)

    head = fit(x, y, groups, seed)

    assert head.better_than_chance
    assert head.coefficients[FEATURES.index("log_words")] > 0


@pytest.mark.parametrize("n", [60, 200])
@pytest.mark.parametrize("seed", range(3))
def test_a_rule_about_what_the_context_supports_is_learnt(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, groups, copied = replies(n, rng)
    y = np.clip(copied + 0.25 * rng.normal(size=n), 0, 1)

    head = fit(x, y, groups, seed)

    assert head.better_than_chance
    assert head.coefficients[FEATURES.index("context_overlap")] > 0


def noisy_items(rng: np.random.Generator) -> Labelled:
    return rng.normal(size=(60, len(FEATURES))), rng.uniform(size=60), None


def noisy_replies(rng: np.random.Generator) -> Labelled:
    x, groups, _ = replies(60, rng)
    return x, rng.uniform(size=60), groups


def noisy_groups(rng: np.random.Generator) -> Labelled:
    """Features and labels each resemble themselves within ten groups, and not each other."""
    group = np.arange(60) // 6
    x = rng.normal(size=(10, 8))[group] + rng.normal(size=(60, 8))
    y = rng.normal(size=10)[group] + rng.normal(size=60)
    return x, np.clip(0.5 + y / 10, 0, 1), group.tolist()


def noisy_pairs(rng: np.random.Generator) -> Labelled:
    """One of two similar items is preferred, whichever."""
    pair = np.repeat(np.arange(40), 2)
    x = rng.normal(size=(40, 8))[pair] + 0.5 * rng.normal(size=(80, 8))
    first = rng.integers(0, 2, size=40)
    return x, np.column_stack([first, 1 - first]).ravel().astype(float), pair.tolist()


@pytest.mark.parametrize("noise", [noisy_items, noisy_replies, noisy_groups, noisy_pairs])
def test_noise_is_called_better_than_chance_in_at_most_one_of_twenty(
    noise: Callable[[np.random.Generator], Labelled],
) -> None:
    runs, called = 30, 0
    for seed in range(runs):
        x, y, groups = noise(np.random.default_rng(4000 + seed))
        called += fit(x, y, groups, seed).better_than_chance

    assert called <= binom.ppf(0.99, runs, 0.05)


@pytest.mark.parametrize("signal", [0.3, 0.6])
def test_the_interval_covers_the_skill_on_new_items(signal: float) -> None:
    runs, covered = 25, 0
    for seed in range(runs):
        rng = np.random.default_rng(8000 + seed)
        head = fit(*linear(60, signal, rng), None, seed)
        x, y = linear(2000, signal, rng)
        skill = spearmanr(head.predict(x), y).statistic
        covered += int(head.agreement.low <= skill <= head.agreement.high)

    assert covered >= binom.ppf(0.01, runs, 0.95)


def test_the_estimate_is_far_below_the_fits_own_correlation_on_noise() -> None:
    x, y, _ = noisy_items(np.random.default_rng(5))
    head = fit(x, y, None, 5)
    own = spearmanr(head.predict(x), y).statistic

    assert own > 0.3
    assert head.agreement.estimate < own / 2
    assert head.agreement.low < head.agreement.estimate < head.agreement.high


def test_labels_that_resemble_each_other_within_groups_widen_the_interval() -> None:
    x, y, groups = noisy_groups(np.random.default_rng(1))
    grouped, alone = fit(x, y, groups, 1).agreement, fit(x, y, None, 1).agreement

    assert grouped.high - grouped.low > alone.high - alone.low
    assert (grouped.n, grouped.n_groups, alone.n_groups) == (60, 10, 60)


def test_more_labels_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    few, many = (fit(*linear(n, 0.5, rng), None, 2).agreement for n in (40, 400))

    assert many.high - many.low < (few.high - few.low) / 2


def test_labels_that_a_feature_gives_away_are_predicted_almost_perfectly() -> None:
    x = np.random.default_rng(3).uniform(size=(40, 1))

    found = fit(x, x[:, 0], None, 3).agreement

    assert 0.95 < found.low <= found.estimate <= found.high <= 1


def test_one_rare_label_is_no_evidence() -> None:
    x = np.random.default_rng(4).normal(size=(40, 5))

    assert not fit(x, np.eye(40)[0], None, 4).better_than_chance
