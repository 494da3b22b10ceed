"""What incomplete verdicts give: an abstention, unless something else was declared."""

from __future__ import annotations

import pytest

from trueup.judge.verdict import Finding, Usage, scored, unscored
from trueup.reward import Abstain, Reward, Trust
from trueup.reward.value import PARTIAL, Partial, Whose, reward_of
from trueup.rubric.load import parse_rubric
from trueup.rubric.scoring import Tally

RUBRIC = parse_rubric("""
name: r
task: t
criteria:
  - {id: polite, ask: 'Is it polite?', weight: 3}
  - {id: brief, ask: 'Is it brief?'}
""")
GATED = parse_rubric("""
name: r
task: t
criteria:
  - {id: safe, ask: 'Is it safe?', gate: true}
  - {id: brief, ask: 'Is it brief?'}
""")
WHOSE = Whose(id="a", group="g", usage=Usage(calls=2), trust=Trust())
MET, UNMET = scored(value=True), scored(value=False)
FAILED = unscored("failed", "rate_limited", "429, three times")
ABSTAINED = unscored("abstained", "too_little_material")


def given(partial: Partial, rubric: object = RUBRIC, **findings: Finding) -> Reward | Abstain:
    assert rubric in (RUBRIC, GATED)
    chosen = RUBRIC if rubric is RUBRIC else GATED
    return reward_of(findings, chosen, Tally(chosen), partial, WHOSE)


def test_a_whole_verdict_is_its_score() -> None:
    found = given("abstain", polite=MET, brief=UNMET)

    assert isinstance(found, Reward)
    assert (found.id, found.group, found.usage.calls) == ("a", "g", 2)
    assert (found.value, found.low, found.high) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize(("partial", "value"), [("abstain", None), ("low", 0.75), ("mean", 1.0)])
def test_of_an_incomplete_verdict_the_policy_decides(partial: Partial, value: float | None) -> None:
    found = given(partial, polite=MET, brief=FAILED)

    assert (found.value if isinstance(found, Reward) else None) == value
    assert (found.low, found.high) == (0.75, 1.0)
    assert found.values == {"polite": 1.0, "brief": None}


def test_an_abstention_says_which_criterion_and_why() -> None:
    found = given("abstain", polite=ABSTAINED, brief=FAILED)

    assert isinstance(found, Abstain)
    assert found.reason == "rate_limited"
    assert found.message == "failed: polite, brief (429, three times)"
    with pytest.raises(TypeError):
        float(found)  # type: ignore[arg-type] # it is no number


@pytest.mark.parametrize("partial", PARTIAL)
@pytest.mark.parametrize("finding", [FAILED, ABSTAINED, unscored("refused", "refusal")])
def test_where_nothing_was_answered_no_policy_makes_a_number(
    partial: Partial, finding: Finding
) -> None:
    found = given(partial, polite=finding, brief=finding)

    assert isinstance(found, Abstain)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize("partial", PARTIAL)
def test_an_unmet_gate_is_a_score_whatever_is_missing(partial: Partial) -> None:
    found = given(partial, GATED, safe=UNMET, brief=FAILED)

    assert isinstance(found, Reward)
    assert found.value == 0.0


def test_a_gate_that_nobody_answered_is_an_abstention_unless_declared() -> None:
    assert isinstance(given("abstain", GATED, safe=FAILED, brief=MET), Abstain)
    low = given("low", GATED, safe=FAILED, brief=MET)
    assert isinstance(low, Reward)
    assert low.value == 0.0


@pytest.mark.parametrize("partial", PARTIAL)
def test_where_no_criterion_applies_there_is_no_reward(partial: Partial) -> None:
    none = unscored("not_applicable", "condition_false")
    found = given(partial, polite=none, brief=none)

    assert isinstance(found, Abstain)
    assert found.reason == "not_applicable"
