"""Labels carried over from earlier weeks, drawn with unequal chances, of one or two people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.agreement.corrected_traffic import rate_of, some, traffic
from trueup.agreement.corrected import corrected_rate

RUNS = 5000
LOW, HIGH = 0.935, 0.975


def drawn_weeks(
    rng: np.random.Generator, *, weeks: int, rate: float, errors: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate weeks of 300 items whose rate moves a little, and draw about 20 of each.

    Chances are of .02 to 1, larger where the judge fails an item or is unsure, which it is where
    it errs most.
    """
    moved = 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - rng.normal(0, 0.3, weeks)))
    truth = rng.random((weeks, 300)) < moved[:, None]
    tough = rng.random(truth.shape) < 0.25
    wrong = np.where(truth, *errors) * np.where(tough, 2.4, 8 / 15)
    verdicts = truth ^ (rng.random(truth.shape) < wrong)
    size = np.where(tough, 2.5, 1.0) * np.where(verdicts, 1.0, 3.0)
    chance = np.clip(16 * size / size.sum(1, keepdims=True) + 4 / 300, 0.02, 1)
    rows = rng.random(truth.shape) < chance
    return truth[rows], verdicts[rows], chance[rows]


@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize(
    ("weeks", "rate", "errors"),
    [(13, 0.95, (0.03, 0.02)), (4, 0.8, (0.1, 0.2))],
    ids=["2 % false passes", "few weeks"],
)
def test_labels_of_earlier_weeks_cover(
    people: int, weeks: int, rate: float, errors: tuple[float, float]
) -> None:
    """Of two people each errs on one answer in twenty; the rate is of their answers."""
    rng = np.random.default_rng(21)
    noise = 0.05 if people > 1 else 0.0
    target = rate * (1 - noise) + (1 - rate) * noise
    hits = 0
    for _ in range(RUNS):
        truth, verdicts, chance = drawn_weeks(rng, weeks=weeks, rate=rate, errors=errors)
        labels = (truth ^ (rng.random((people, len(truth))) < noise)).mean(0)
        passed = rate * (1 - errors[0]) + (1 - rate) * errors[1]
        found = corrected_rate(
            judged=rng.random(400) < passed,
            labels=labels,
            judged_at_labels=verdicts,
            label_design="other_period",
            weights=chance,
            draws=250,
            seed=rng,
        )
        hits += found.low <= target <= found.high

    assert LOW <= hits / RUNS <= HIGH


def test_a_split_label_counts_for_both_answers() -> None:
    truth, verdicts = traffic()
    rows = some(200)
    other = np.random.default_rng(3).permutation(truth[rows])
    other = np.where(np.arange(200) < 60, other, truth[rows])

    shares = corrected_rate(
        judged=verdicts,
        labels=(truth[rows] + other) / 2,
        judged_at_labels=verdicts[rows],
        label_design="other_period",
    )
    people = corrected_rate(
        judged=verdicts,
        labels=np.append(truth[rows], other),
        judged_at_labels=np.append(verdicts[rows], verdicts[rows]),
        label_design="other_period",
        cluster=np.append(rows, rows),
    )

    assert shares.estimate == pytest.approx(people.estimate)
    assert shares.high - shares.low == pytest.approx(people.high - people.low, rel=0.03)


def test_an_item_without_a_label_needs_no_chance() -> None:
    found = corrected_rate(
        judged=[1, 1, 0, 0, 1],
        labels=[1, 0, 1, 0, None],
        judged_at_labels=[1, 0, 1, 0, 1],
        label_design="other_period",
        weights=[0.1, 0.2, 0.1, 0.2, None],  # type: ignore[arg-type] # a column with a gap
    )

    assert found.n_labels == 4


@pytest.mark.parametrize("design", ["stratified", "other_period"])
def test_inverse_weights_are_as_good_as_chances(design: Any) -> None:
    truth, verdicts = traffic()
    rows = some(120)
    chances = np.where(verdicts[rows] == 1, 0.05, 0.2)

    one, other = (
        rate_of(truth, verdicts, rows, label_design=design, weights=w, recognise_design=False)
        for w in (chances, 1 / chances)
    )

    assert (one.estimate, one.low, one.high) == pytest.approx(
        (other.estimate, other.low, other.high)
    )
