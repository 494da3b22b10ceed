"""How several findings about one criterion become one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.judge.verdict import Finding, unscored
from trueup.judge.vote import AGGREGATES, Vote, decide, disagreement
from trueup.rubric.model import Criterion, Level

if TYPE_CHECKING:
    from trueup.judge.vote import Aggregate

BINARY = Criterion("b", "Is it?", (Level("unmet", "", 0.0), Level("met", "", 1.0)))
SCALE = Criterion(
    "s",
    "How?",
    (Level("1", "", 0.0), Level("2", "", 0.5), Level("3", "", 1.0)),
    kind="scale",
)
CHOICES = Criterion(
    "c",
    "What?",
    (Level("done", "", 1.0), Level("half", "", 0.5), Level("not", "", 0.0)),
    kind="choices",
)
NOT_APPLICABLE = unscored("not_applicable", "condition_false")
FAILED = unscored("failed", "rate_limited")
ABSTAINED = unscored("abstained", "cannot_tell")
NO_RULE = unscored("abstained", "no_rule")


def said(answer: object, criterion: Criterion) -> Finding:
    if isinstance(answer, Finding):
        return answer
    if isinstance(answer, str):
        return Finding(outcome="scored", value=criterion.values[answer], level=answer)
    assert isinstance(answer, float)
    return Finding(outcome="scored", value=answer)


def count(
    criterion: Criterion,
    *answers: object,
    aggregate: Aggregate = "majority",
    quorum: int | None = None,
    weights: tuple[float, ...] | None = None,
) -> Finding:
    votes = [
        Vote(f"m{n}", said(answer, criterion), weights[n] if weights else 1.0)
        for n, answer in enumerate(answers)
    ]
    return decide(criterion, votes, aggregate=aggregate, quorum=quorum)


def result(finding: Finding) -> tuple[str, Any, Any]:
    return finding.outcome, finding.value, finding.level or finding.reason


@pytest.mark.parametrize(
    ("criterion", "answers", "expected"),
    [
        (BINARY, ["met", "unmet", "met"], ("scored", 1.0, "met")),
        (BINARY, ["met"], ("scored", 1.0, "met")),
        (BINARY, [0.6, 0.9, 0.1], ("scored", 1.0, "met")),
        (BINARY, ["met", "unmet"], ("abstained", None, "tie")),
        (SCALE, ["3", "1", "2", "3"], ("scored", 1.0, "3")),
        (SCALE, ["3", "1", "2"], ("abstained", None, "tie")),
        (CHOICES, ["half", "half", "not"], ("scored", 0.5, "half")),
        (BINARY, [NOT_APPLICABLE, NOT_APPLICABLE, "met"], ("not_applicable", None, "majority")),
        (BINARY, [NOT_APPLICABLE, "met"], ("abstained", None, "tie")),
        (BINARY, ["met", "met", ABSTAINED], ("scored", 1.0, "met")),
    ],
)
def test_majority_takes_the_level_with_the_most_votes(
    criterion: Criterion, answers: list[object], expected: tuple[str, Any, Any]
) -> None:
    assert result(count(criterion, *answers)) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["met", "met"], ("scored", 1.0, "met")),
        ([0.6, "met", 0.9], ("scored", 1.0, "met")),
        (["met", "unmet", "met"], ("abstained", None, "no_consensus")),
        (["met", NOT_APPLICABLE], ("abstained", None, "no_consensus")),
        ([NOT_APPLICABLE, NOT_APPLICABLE], ("not_applicable", None, "unanimous")),
        (["met", "met", ABSTAINED], ("scored", 1.0, "met")),
    ],
)
def test_unanimous_takes_the_level_that_all_votes_name(
    answers: list[object], expected: tuple[str, Any, Any]
) -> None:
    assert result(count(BINARY, *answers, aggregate="unanimous")) == expected


@pytest.mark.parametrize(
    ("aggregate", "criterion", "answers", "value", "level"),
    [
        ("mean", BINARY, ["met", "unmet", "met", "met"], 0.75, "met"),
        ("mean", BINARY, ["met", "unmet"], 0.5, "unmet"),
        ("mean", SCALE, ["1", "3", "3"], 2 / 3, "2"),
        ("median", SCALE, ["1", "3", "3"], 1.0, "3"),
        ("median", SCALE, [0.2, 0.4], 0.3, "2"),
        ("mean", BINARY, ["met", NOT_APPLICABLE], 1.0, "met"),
        ("mean", CHOICES, ["done", "not", "not"], 1 / 3, "not"),
        ("mean", CHOICES, ["done", "done", "not", "not"], 0.5, "done"),
        ("mean", CHOICES, ["done", "not", "not", "half", "half"], 0.4, "half"),
    ],
)
def test_values_are_averaged_and_the_level_follows(
    aggregate: Aggregate, criterion: Criterion, answers: list[object], value: float, level: str
) -> None:
    found = count(criterion, *answers, aggregate=aggregate)

    assert found.value == pytest.approx(value)
    assert found.level == level


def test_weights_count_in_the_mean_in_the_plurality_and_in_what_does_not_apply() -> None:
    heavy = count(BINARY, "met", "unmet", aggregate="weighted", weights=(3.0, 1.0))
    choice = count(CHOICES, "done", "not", "not", aggregate="weighted", weights=(3.0, 1.0, 1.0))
    absent = count(
        BINARY, NOT_APPLICABLE, "met", "met", aggregate="weighted", weights=(3.0, 1.0, 1.0)
    )

    assert result(heavy) == ("scored", 0.75, "met")
    assert choice.level == "done"
    assert result(absent) == ("not_applicable", None, "weighted")


def test_too_few_votes_fail_where_a_member_can_be_asked_again() -> None:
    assert result(count(BINARY, "met", FAILED, FAILED)) == ("failed", None, "quorum")
    assert result(count(BINARY, "met", FAILED, ABSTAINED)) == ("failed", None, "quorum")
    assert result(count(BINARY, "met", ABSTAINED, ABSTAINED)) == ("abstained", None, "quorum")
    assert result(count(BINARY, "met", "met", FAILED)) == ("scored", 1.0, "met")


def test_too_few_votes_are_not_attempted_where_the_others_were_not_asked_yet() -> None:
    left = unscored("not_attempted", "budget")

    assert result(count(BINARY, "met", left, left)) == ("not_attempted", None, "quorum")
    assert result(count(BINARY, "met", left, FAILED)) == ("failed", None, "quorum")


def test_a_quorum_may_be_smaller_or_larger_than_half() -> None:
    assert result(count(BINARY, "met", ABSTAINED, ABSTAINED, quorum=1)) == ("scored", 1.0, "met")
    assert result(count(BINARY, "met", "met", FAILED, quorum=3)) == ("failed", None, "quorum")


def test_members_made_for_other_criteria_take_no_part() -> None:
    assert result(count(BINARY, "met", NO_RULE, NO_RULE)) == ("scored", 1.0, "met")
    assert result(count(BINARY, "met", NO_RULE, ABSTAINED)) == ("abstained", None, "quorum")
    nobody = count(BINARY, NO_RULE, unscored("abstained", "not_fitted"))
    assert result(nobody) == ("abstained", None, "no_member")


def test_a_panel_that_has_no_member_for_a_criterion_takes_no_part_in_another_panel() -> None:
    nobody = count(BINARY, NO_RULE)

    assert result(count(BINARY, "met", nobody, nobody)) == ("scored", 1.0, "met")


def test_every_vote_is_kept_with_its_reason_and_the_votes_of_its_own_members() -> None:
    inner = count(BINARY, "met", "met")
    found = count(BINARY, inner, "met", FAILED)

    members = found.detail["members"]
    assert [m["name"] for m in members] == ["m0", "m1", "m2"]
    assert [m["outcome"] for m in members] == ["scored", "scored", "failed"]
    assert members[2]["reason"] == "rate_limited"
    assert [m["level"] for m in members[0]["members"]] == ["met", "met"]
    assert (found.detail["votes"], found.detail["aggregate"]) == (2, "majority")
    assert json.loads(json.dumps(found.detail)) == found.detail


def test_the_explanation_says_who_answered_what() -> None:
    found = count(BINARY, "met", "unmet", "met", FAILED, 0.7, NOT_APPLICABLE)

    assert found.explanation == (
        "met: m0, m2; unmet: m1; failed (rate_limited): m3; met 0.70: m4; "
        "not_applicable (condition_false): m5"
    )


@pytest.mark.parametrize(
    ("criterion", "answers", "apart"),
    [
        (BINARY, [], 0.0),
        (BINARY, ["met"], 0.0),
        (BINARY, ["met", "met"], 0.0),
        (BINARY, ["met", "unmet"], 1.0),
        (BINARY, ["met", "unmet", "met"], 2 / 3),
        (SCALE, ["1", "2", "3"], 2 / 3),
        (BINARY, [0.2, 0.5], 0.3),
        (CHOICES, ["done", "half"], 1.0),
        (CHOICES, ["half", "half"], 0.0),
        (BINARY, ["unmet", NOT_APPLICABLE], 1.0),
        (BINARY, [NOT_APPLICABLE, NOT_APPLICABLE], 0.0),
    ],
)
def test_disagreement_is_the_mean_distance_of_all_pairs(
    criterion: Criterion, answers: list[object], apart: float
) -> None:
    findings = [said(answer, criterion) for answer in answers]

    assert disagreement(criterion, findings) == pytest.approx(apart)


def test_rules_alone_decide_as_rules_and_a_mixed_panel_as_a_judge() -> None:
    met = said("met", BINARY)

    assert count(BINARY, met.by("rule"), met.by("rule")).decided_by == "rule"
    assert count(BINARY, met.by("rule"), met).decided_by == "judge"
    assert count(BINARY, NO_RULE).decided_by == "judge"


ANSWERS = st.lists(
    st.one_of(
        st.sampled_from([NOT_APPLICABLE, FAILED, ABSTAINED, NO_RULE]),
        st.sampled_from(["done", "half", "not"]),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=7,
)


@given(ANSWERS, st.sampled_from(AGGREGATES), st.randoms())
def test_the_result_hangs_on_the_votes_and_not_on_their_order(
    answers: list[object], aggregate: Aggregate, rng: Any
) -> None:
    found = count(CHOICES, *answers, aggregate=aggregate)
    shuffled = list(answers)
    rng.shuffle(shuffled)
    again = count(CHOICES, *shuffled, aggregate=aggregate)

    assert (found.outcome, found.level, found.reason) == (again.outcome, again.level, again.reason)
    assert found.value == pytest.approx(again.value)
    assert found.detail["disagreement"] == pytest.approx(again.detail["disagreement"])
    assert 0 <= found.detail["disagreement"] <= 1
