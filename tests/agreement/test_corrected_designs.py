"""Corrected pass rates: designs that were declared, and those that are recognised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.agreement.corrected_traffic import half_by, rate_of, some, traffic
from trueup.agreement.corrected import corrected_rate


@pytest.mark.parametrize("declared", ["random", "case_control", "stratified"])
def test_labels_balanced_by_the_verdict_are_treated_as_stratified(declared: Any) -> None:
    truth, verdicts = traffic()

    rate = rate_of(truth, verdicts, half_by(verdicts), label_design=declared)

    assert rate.label_design == "stratified"
    assert rate.estimator == "stratified PPI++, by verdict"
    assert rate.low < 0.8 < rate.high
    assert "drawn by the judge's verdict" in rate.why
    assert "no others" in rate.labels_only.method
    assert (declared == "stratified") == (not rate.warnings)


def test_the_declared_design_can_be_insisted_on() -> None:
    truth, verdicts = traffic()
    rows = half_by(verdicts)

    rate = rate_of(truth, verdicts, rows, label_design="case_control", recognise_design=False)

    assert rate.estimator == "Rogan-Gladen"
    assert rate.low > 0.8  # the very mistake that recognising is for


def test_labels_chosen_by_answers_are_not_taken_for_stratified() -> None:
    truth, verdicts = traffic()

    rate = rate_of(truth, verdicts, half_by(truth), label_design="case_control")

    assert rate.estimator == "Rogan-Gladen"
    assert rate.low < 0.8 < rate.high
    assert not rate.warnings


def test_labels_chosen_by_answers_but_declared_random_are_recognised() -> None:
    truth, verdicts = traffic()

    rate = rate_of(truth, verdicts, half_by(truth), label_design="random")

    assert rate.label_design == "case_control"
    assert rate.low < 0.8 < rate.high
    assert "far beyond chance" in rate.warnings[0]


def test_random_labels_are_hardly_ever_taken_for_others() -> None:
    warned = 0
    for seed in range(300):
        truth, verdicts = traffic(500, seed=seed)
        warned += bool(
            corrected_rate(
                judged=verdicts,
                labels=truth[:60],
                judged_at_labels=verdicts[:60],
                label_design="random",
                draws=10,
            ).warnings
        )

    assert warned <= 1


def test_another_period_with_balanced_verdicts_is_warned_of() -> None:
    truth, verdicts = traffic()

    rate = rate_of(truth, verdicts, half_by(verdicts), label_design="other_period")

    assert "this figure is wrong" in rate.warnings[0]


def test_another_period_is_corrected_by_weights() -> None:
    truth, verdicts = traffic()
    rows = half_by(verdicts)
    chances = np.where(verdicts == 1, 50 / verdicts.sum(), 50 / (1 - verdicts).sum())[rows]

    rate = rate_of(truth, verdicts, rows, label_design="other_period", weights=chances)

    assert rate.low < 0.8 < rate.high
    assert not rate.warnings


def test_equal_weights_change_nothing_but_the_name() -> None:
    truth, verdicts = traffic()
    rows = some()

    plain = rate_of(truth, verdicts, rows, label_design="random")
    weighted = rate_of(truth, verdicts, rows, label_design="stratified", weights=np.full(100, 0.05))

    assert (weighted.estimate, weighted.low) == pytest.approx((plain.estimate, plain.low))
    assert weighted.estimator == "stratified PPI++, by verdict"


def test_weights_that_contradict_the_verdicts_are_warned_of() -> None:
    truth, verdicts = traffic()
    rows = half_by(verdicts)

    rate = rate_of(truth, verdicts, rows, label_design="stratified", weights=np.full(100, 0.05))

    assert "check that weights" in rate.warnings[0]
