"""Reward and Abstain: what a training loop gets for one output, a value or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from trueup.judge.verdict import ASK_AGAIN, OUTCOMES, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.verdict import Finding, Outcome
    from trueup.reward.trust import Trust
    from trueup.rubric.model import Rubric
    from trueup.rubric.scoring import Tally

Partial: TypeAlias = Literal["abstain", "low", "mean"]
"""What an output gets of whose criteria only some were answered."""
PARTIAL: tuple[Partial, ...] = ("abstain", "low", "mean")

_ANSWERED = ("scored", "not_applicable")
_BEST_KNOWN = {outcome: place for place, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """The judge's score of one output.

    Attributes:
        id: The item's.
        value: In [0, 1].
        values: Criterion -> its value in [0, 1]; None where there is none.
        low: The least that the score may be, whatever the missing values turn out to be.
        high: The most.
        group: The item's group, as completions of one prompt are.
        usage: What asking cost; a text that stands in a batch more than once is paid by the first.
        trust: What is known of the judge.
        findings: Criterion -> what was found, with its explanation.
    """

    id: str
    value: float
    values: Mapping[str, float | None]
    low: float
    high: float
    group: str | None = None
    usage: Usage = field(default_factory=Usage)
    trust: Trust
    findings: Mapping[str, Finding] = field(default_factory=dict, repr=False)

    def __float__(self) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstain:
    """There is no score for one output, and this is why. It is no number, and never a 0.

    Attributes:
        id: The item's.
        reason: A short name: `deadline`, `unavailable`, `incomplete`, `not_applicable`, or the
            reason of the finding that most needs doing something about, such as `rate_limited`.
        message: The same in words.
        values: As of `Reward`.
        low: As of `Reward`; 0 where nothing is known.
        high: As of `Reward`; 1 where nothing is known.
        group: As of `Reward`.
        usage: As of `Reward`.
        trust: As of `Reward`.
        findings: As of `Reward`.
    """

    id: str
    reason: str
    message: str
    values: Mapping[str, float | None] = field(default_factory=dict)
    low: float = 0.0
    high: float = 1.0
    group: str | None = None
    usage: Usage = field(default_factory=Usage)
    trust: Trust
    findings: Mapping[str, Finding] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The item that a reward is of."""

    id: str
    group: str | None
    usage: Usage
    trust: Trust


def reward_of(
    findings: Mapping[str, Finding], rubric: Rubric, tally: Tally, partial: Partial, whose: Whose
) -> Reward | Abstain:
    """Return what an output gets.

    Where some criteria have no value, `partial` decides: `abstain`, the `low` bound of the score,
    or the `mean` of the criteria that have one, held within the bounds. Where no criterion has a
    value there is nothing to go by, and it is an abstention in any case.

    Args:
        findings: Criterion -> finding, of all criteria.
        rubric: What was asked.
        tally: Of the same rubric.
        partial: For incomplete verdicts.
        whose: The item.
    """
    values = {c.id: findings[c.id].value for c in rubric.criteria}
    absent = [c for c, finding in findings.items() if finding.outcome == "not_applicable"]
    score = tally.score(values, not_applicable=absent)
    if score.low is None or score.high is None:
        why = "no criterion of the rubric applies to this output"
        return Abstain(
            id=whose.id, reason="not_applicable", message=why, values=values, group=whose.group,
            usage=whose.usage, trust=whose.trust, findings=findings,
        )  # fmt: skip
    value = score.value
    if value is None and partial != "abstain" and any(v is not None for v in values.values()):
        missing = [c for c, v in values.items() if v is None]
        mean = tally.score(values, not_applicable={*absent, *missing}).value
        value = score.low if partial == "low" or mean is None else mean
        value = min(max(value, score.low), score.high)
    if value is not None:
        return Reward(
            id=whose.id, value=value, values=values, low=score.low, high=score.high,
            group=whose.group, usage=whose.usage, trust=whose.trust, findings=findings,
        )  # fmt: skip
    lacking = [f for f in findings.values() if f.outcome not in _ANSWERED]
    worst = max(lacking, key=lambda f: (f.outcome in ASK_AGAIN, _BEST_KNOWN[f.outcome]))
    return Abstain(
        id=whose.id, reason=worst.reason or worst.outcome, message=_said(findings, worst),
        values=values, low=score.low, high=score.high, group=whose.group, usage=whose.usage,
        trust=whose.trust, findings=findings,
    )  # fmt: skip


def _said(findings: Mapping[str, Finding], worst: Finding) -> str:
    """Return which criteria have no value, and what became of the one that says most."""
    names = [c for c, f in findings.items() if f.outcome not in _ANSWERED]
    said = worst.explanation or worst.reason or _words(worst.outcome)
    return f"{_words(worst.outcome)}: {', '.join(names)} ({said})"


def _words(outcome: Outcome) -> str:
    return outcome.replace("_", " ")
