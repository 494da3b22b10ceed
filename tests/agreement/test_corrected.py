"""Corrected pass rates: what the public function estimates and says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.agreement.corrected_traffic import half_by, rate_of, some, traffic
from trueup.agreement.corrected import corrected_rate


def test_random_labels_choose_ppi_and_are_no_wider_than_labels_alone() -> None:
    rate = rate_of(*traffic(), some(), label_design="random")

    assert rate.estimator == "PPI++, by verdict"
    assert rate.low < 0.8 < rate.high
    assert rate.high - rate.low < rate.labels_only.high - rate.labels_only.low
    assert rate.n_effective > rate.n_labels == 100
    assert rate.judge_raw == pytest.approx(traffic()[1].mean())
    assert "random sample" in rate.why
    assert not rate.warnings


def test_by_verdict_the_estimate_is_share_times_ppv_and_npv() -> None:
    truth, verdicts = traffic()
    rows = some()
    y, f = truth[rows], verdicts[rows]
    share = verdicts.mean()

    rate = rate_of(truth, verdicts, rows, label_design="random")

    expected = share * y[f == 1].mean() + (1 - share) * y[f == 0].mean()
    assert rate.estimate == pytest.approx(expected, abs=1e-12)


def test_labels_outside_the_judged_traffic_tell_of_its_verdicts_too() -> None:
    truth, verdicts = traffic()
    inside, outside = (
        corrected_rate(
            judged=verdicts[:60],
            labels=truth[60:110],
            judged_at_labels=verdicts[60:110],
            label_design="random",
            labels_in_judged=inside,
        )
        for inside in (True, False)
    )

    assert outside.high - outside.low < inside.high - inside.low


def test_labels_that_cannot_be_among_the_judged_are_taken_as_outside() -> None:
    truth, verdicts = traffic()
    rows: dict[str, Any] = {"labels": truth[60:160], "judged_at_labels": verdicts[60:160]}

    guessed = corrected_rate(judged=verdicts[:60], **rows, label_design="random")
    told = corrected_rate(
        judged=verdicts[:60], **rows, label_design="random", labels_in_judged=False
    )

    assert guessed == told


def test_a_judge_silent_on_bad_items_does_not_bias_the_rate() -> None:
    truth, verdicts = traffic(20_000)
    rng = np.random.default_rng(3)
    silent = rng.random(20_000) < np.where(truth == 1, 0.02, 0.4)
    verdicts = np.where(silent, np.nan, verdicts)
    rows = rng.choice(20_000, 2000, replace=False)

    rate = rate_of(truth, verdicts, rows, label_design="random")

    assert rate.estimate == pytest.approx(0.8, abs=0.015)
    assert rate.n_unjudged == silent.sum()
    assert "no verdict on" in rate.warnings[0]


def test_silence_without_labels_counts_as_unknown() -> None:
    truth, verdicts = traffic()
    verdicts[:200] = np.nan

    rate = corrected_rate(
        judged=verdicts,
        labels=truth[200:400],
        judged_at_labels=verdicts[200:400],
        label_design="random",
        recognise_design=False,
    )

    assert "counts as unknown" in rate.warnings[0]
    assert rate.high - rate.low > 0.1


def test_labels_without_verdict_are_left_out_where_all_traffic_has_one() -> None:
    truth, verdicts = traffic()
    at = verdicts[:100].copy()
    at[:7] = np.nan

    rate = corrected_rate(
        judged=verdicts, labels=truth[:100], judged_at_labels=at, label_design="random"
    )

    assert rate.warnings[0].startswith("7 labelled items have no verdict")


def test_silence_is_no_pass_where_errors_are_carried_over() -> None:
    truth, verdicts = traffic()
    rows = half_by(truth)
    silent = np.where(np.arange(2000) % 10 == 0, np.nan, verdicts)
    failed = np.where(np.isnan(silent), 0.0, silent)

    with_gaps = rate_of(truth, silent, rows, label_design="case_control")
    without = rate_of(truth, failed, rows, label_design="case_control")

    assert (with_gaps.estimate, with_gaps.low) == (without.estimate, without.low)
    assert "counts as not passed" in with_gaps.warnings[0]


def test_missing_labels_are_dropped_and_counted() -> None:
    truth, verdicts = traffic()
    labels: list[object] = [*truth[:50], None, float("nan")]

    rate = corrected_rate(
        judged=verdicts, labels=labels, judged_at_labels=verdicts[:52], label_design="random"
    )

    assert rate.n_labels == 50
    assert rate.warnings == ("2 items without a label were left out.",)


def test_groups_widen_the_interval_and_are_counted() -> None:
    truth, verdicts = traffic()
    groups = np.arange(2000) // 100
    truth = np.where(np.isin(groups, (3, 7, 11)), 0.0, truth)
    rows = some(200)

    alone = rate_of(truth, verdicts, rows, label_design="random")
    grouped = rate_of(
        truth,
        verdicts,
        rows,
        label_design="random",
        cluster=groups[rows],
        judged_cluster=groups,
    )

    assert grouped.high - grouped.low > 1.3 * (alone.high - alone.low)
    assert grouped.estimate == pytest.approx(alone.estimate)
    assert grouped.n_groups == 20


def test_groups_widen_what_is_carried_over_too() -> None:
    truth, verdicts = traffic()
    groups = np.arange(2000) // 50
    verdicts = np.where(groups % 8 == 0, 1.0, verdicts)
    rows = half_by(truth, 100)

    alone = rate_of(truth, verdicts, rows, label_design="case_control")
    grouped = rate_of(
        truth,
        verdicts,
        rows,
        label_design="case_control",
        cluster=groups[rows],
        judged_cluster=groups,
    )

    assert grouped.high - grouped.low > 1.1 * (alone.high - alone.low)
    assert grouped.estimate == pytest.approx(alone.estimate)


def test_groups_of_one_change_nothing() -> None:
    rows = some()
    alone = rate_of(*traffic(), rows, label_design="random")
    grouped = rate_of(
        *traffic(), rows, label_design="random", cluster=rows, judged_cluster=np.arange(2000)
    )

    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high))


def test_groups_of_the_traffic_that_are_not_given_are_mentioned() -> None:
    rate = rate_of(*traffic(), some(), label_design="random", cluster=some() // 50)

    assert "groups were not given" in rate.warnings[0]


def test_traffic_judged_with_unequal_chances_counts_by_them() -> None:
    truth, verdicts = traffic(20_000)
    rng = np.random.default_rng(4)
    chance = np.where(verdicts == 1, 0.1, 0.5)
    judged = np.flatnonzero(rng.random(20_000) < chance)
    labelled = rng.choice(judged, 400, replace=False)

    rate = corrected_rate(
        judged=verdicts[judged],
        labels=truth[labelled],
        judged_at_labels=verdicts[labelled],
        label_design="stratified",
        weights=chance[labelled] * 400 / len(judged),
        judged_weights=chance[judged],
    )

    assert rate.judge_raw == pytest.approx(verdicts.mean(), abs=0.02)
    assert rate.low < 0.8 < rate.high
    assert not rate.warnings


def test_numbers_are_power_tuned() -> None:
    truth, verdicts = traffic()
    values = 0.3 + 0.3 * verdicts + 0.1 * np.random.default_rng(5).random(2000)

    rate = rate_of(truth, values, some(), label_design="random")

    assert rate.estimator == "PPI++, power-tuned"
    assert rate.low < 0.8 < rate.high
    assert rate.high - rate.low < rate.labels_only.high - rate.labels_only.low


def test_a_judge_without_worth_leaves_the_labels_alone() -> None:
    truth, _ = traffic()
    noise = np.random.default_rng(6).random(2000)

    rate = rate_of(truth, noise, some(), label_design="random")

    assert rate.estimate == pytest.approx(truth[some()].mean())
    assert "labels stand alone" in rate.warnings[0]


def test_numbers_balanced_by_the_verdict_are_split_at_one_half() -> None:
    truth, verdicts = traffic()
    values = np.abs(verdicts - 0.2 * np.random.default_rng(7).random(2000))

    rate = rate_of(truth, values, half_by(verdicts), label_design="random")

    assert rate.estimator == "stratified PPI++, by verdict"
    assert rate.low < 0.8 < rate.high


def test_means_of_several_people_narrow_the_interval() -> None:
    truth, verdicts = traffic()
    rows = some()
    soft = np.clip(truth[rows] * 0.6 + 0.2, 0, 1)
    hard = corrected_rate(
        judged=verdicts,
        labels=truth[rows],
        judged_at_labels=verdicts[rows],
        label_design="random",
    )
    mild = corrected_rate(
        judged=verdicts, labels=soft, judged_at_labels=verdicts[rows], label_design="random"
    )

    assert mild.high - mild.low < 0.8 * (hard.high - hard.low)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_labels_all_alike_give_an_interval_that_ends_there(answer: float) -> None:
    _, verdicts = traffic()

    rate = corrected_rate(
        judged=verdicts,
        labels=[answer] * 30,
        judged_at_labels=verdicts[:30],
        label_design="random",
    )

    assert rate.estimate == answer
    assert answer in {rate.low, rate.high}
    assert 0.02 < rate.high - rate.low < 0.2


def test_a_judge_that_runs_backwards_is_mentioned() -> None:
    truth, verdicts = traffic()

    rate = rate_of(truth, 1 - verdicts, some(), label_design="random")

    assert "runs the other way" in rate.warnings[0]
    assert rate.low < 0.8 < rate.high


def test_a_judge_hardly_better_than_chance_gives_a_wide_interval_and_says_so() -> None:
    rate = corrected_rate(
        judged=[1] * 600 + [0] * 400,
        labels=[1] * 30 + [0] * 30,
        judged_at_labels=[1] * 19 + [0] * 11 + [1] * 16 + [0] * 14,
        label_design="case_control",
    )

    assert rate.high - rate.low > 0.9
    assert "hardly tell apart" in rate.warnings[-1]


def test_an_estimate_beyond_one_is_held_and_mentioned() -> None:
    rate = corrected_rate(
        judged=[1] * 930 + [0] * 70,
        labels=[1] * 50 + [0] * 50,
        judged_at_labels=[1] * 45 + [0] * 5 + [1] * 10 + [0] * 40,
        label_design="other_period",
    )

    assert rate.estimate == rate.high == 1.0
    assert "held within 0 and 1" in rate.warnings[0]


def test_a_seed_gives_the_same_interval_again() -> None:
    one, same, other = (
        rate_of(*traffic(), some(), label_design="random", seed=n) for n in (1, 1, 2)
    )

    assert one == same
    assert other.low == pytest.approx(one.low, abs=0.003)
