"""Votes: how the findings of several judges about one criterion become one finding.

    aggregate   over     result                                                 where it fails
    mean        values   the mean                                               -
    median      values   the median; the mean of the middle two                 -
    weighted    values   the weighted mean                                      -
    majority    levels   the level with the most votes                          tie
    unanimous   levels   the level that all votes name                          no_consensus

The last column is the reason of an abstention. A vote is a finding that is `scored` or
`not_applicable`; where more than half of the votes (of the weights) are `not_applicable`, so is
the result. Under mean, median and weighted the level is the one nearest to the value, but for
choices, which have no order, the one with the most votes; their mean is still that of the values
that the rubric gives them, so it says more about the score than about what happened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from math import fsum
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from trueup.judge.reading import at_level, nearest_level
from trueup.judge.verdict import Finding, unscored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.judge.verdict import DecidedBy, Outcome
    from trueup.rubric.model import Criterion

Aggregate: TypeAlias = Literal["mean", "median", "majority", "weighted", "unanimous"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)

UNAVAILABLE = "unavailable"
"""Reason of a `failed` finding of a member that cannot be asked at all for now."""

NOT_CONCERNED = frozenset({"no_rule", "not_fitted", "kind_not_answered", "no_member"})
"""Reasons of an abstention that say that a judge was not made for this criterion."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One member's finding."""

    member: str
    finding: Finding
    weight: float = 1.0

    @property
    def concerned(self) -> bool:
        """Whether the member was made for this criterion at all."""
        finding = self.finding
        return not (finding.outcome == "abstained" and finding.reason in NOT_CONCERNED)

    @property
    def counts(self) -> bool:
        """Whether this is a vote."""
        return self.finding.outcome in ("scored", "not_applicable")


def decide(
    criterion: Criterion, votes: Sequence[Vote], *, aggregate: Aggregate, quorum: int | None
) -> Finding:
    """Return the one finding that the votes make, with every vote in its detail.

    `detail` has `members` (name, outcome, reason, value, level and explanation of each),
    `votes` (how many counted), `aggregate`, and `disagreement` (see `disagreement`); where
    members were `unavailable`, their names under that word, those of an inner panel after it.

    Args:
        criterion: What was asked.
        votes: Every member's finding, votes or not.
        aggregate: How votes become one.
        quorum: How many votes it takes; None for more than half of the members that were made
            for this criterion. With fewer, the result is `failed` where a member can be asked
            again (`not_attempted` where it was not asked yet), else `abstained`, each with the
            reason `quorum`.
    """
    concerned = [vote for vote in votes if vote.concerned]
    counted = [vote for vote in concerned if vote.counts]
    if not concerned:
        found = unscored("abstained", "no_member")
    elif len(counted) < votes_needed(len(concerned), quorum):
        found = unscored(_without_quorum(concerned), "quorum")
    elif aggregate in ("majority", "unanimous"):
        found = _by_level(criterion, counted, aggregate=aggregate)
    else:
        found = _by_value(criterion, counted, aggregate=aggregate)
    detail: dict[str, Any] = {
        "aggregate": aggregate,
        "members": [_kept(vote) for vote in votes],
        "votes": len(counted),
        "disagreement": disagreement(criterion, [vote.finding for vote in counted]),
    }
    away = [name for vote in votes for name in _away(vote)]
    if away:
        detail[UNAVAILABLE] = away
    return Finding(
        outcome=found.outcome,
        value=found.value,
        level=found.level,
        reason=found.reason,
        explanation=_only(counted, away) or _told(criterion, votes),
        decided_by=_decided_by(counted),
        detail=detail,
    )


def votes_needed(concerned: int, quorum: int | None) -> int:
    """Return how many votes a finding takes, of so many members that were made for a criterion."""
    return concerned // 2 + 1 if quorum is None else quorum


def disagreement(criterion: Criterion, findings: Sequence[Finding]) -> float:
    """Return how far apart votes are, in [0, 1]: the mean over all pairs of votes.

    Two values are as far apart as their absolute difference; two choices 0 where they are the
    same, else 1, for they have no order; a vote that the criterion does not apply is 1 from
    any value. 0 where there are fewer than two votes.
    """
    pairs = list(combinations(findings, 2))
    return fsum(_apart(criterion, a, b) for a, b in pairs) / len(pairs) if pairs else 0.0


def _apart(criterion: Criterion, a: Finding, b: Finding) -> float:
    if a.value is None or b.value is None:
        return float(a.outcome != b.outcome)
    if criterion.kind == "choices":
        return float(_level(criterion, a) != _level(criterion, b))
    return abs(a.value - b.value)


def _without_quorum(votes: Sequence[Vote]) -> Outcome:
    """Return the outcome of too few votes: what the members that can be asked again ended in."""
    again = {vote.finding.outcome for vote in votes if vote.finding.retryable}
    if not again:
        return "abstained"
    return "not_attempted" if again == {"not_attempted"} else "failed"


def _by_level(criterion: Criterion, votes: Sequence[Vote], *, aggregate: Aggregate) -> Finding:
    counts = Counter(_level(criterion, vote.finding) for vote in votes)
    if aggregate == "unanimous" and len(counts) > 1:
        return unscored("abstained", "no_consensus")
    (level, most), *others = counts.most_common()
    if others and others[0][1] == most:
        return unscored("abstained", "tie")
    return unscored("not_applicable", aggregate) if level is None else at_level(criterion, level)


def _by_value(criterion: Criterion, votes: Sequence[Vote], *, aggregate: Aggregate) -> Finding:
    weighted = aggregate == "weighted"
    pairs = [(vote.finding, vote.weight if weighted else 1.0) for vote in votes]
    total = fsum(weight for _, weight in pairs)
    scored = [(finding, weight, finding.value) for finding, weight in pairs
              if finding.value is not None]  # fmt: skip
    known = fsum(weight for _, weight, _ in scored)
    if 2 * (total - known) > total:
        return unscored("not_applicable", aggregate)
    if aggregate == "median":
        value = median(value for _, _, value in scored)
    else:
        value = fsum(weight * value for _, weight, value in scored) / known
    value = min(max(value, 0.0), 1.0)
    level = nearest_level(criterion, value)
    if criterion.kind == "choices":
        level = _plurality(criterion, ((f, weight) for f, weight, _ in scored), value)
    return Finding(outcome="scored", value=value, level=level)


def _plurality(
    criterion: Criterion, findings: Iterable[tuple[Finding, float]], value: float
) -> str:
    """Return the level with the most votes; of several, the one nearest to the value."""
    weights = dict.fromkeys(criterion.values, 0.0)
    for finding, weight in findings:
        weights[_level(criterion, finding) or ""] += weight
    most = max(weights.values())
    first = [level for level, weight in weights.items() if weight == most]
    return min(first, key=lambda level: abs(criterion.values[level] - value))


def _level(criterion: Criterion, finding: Finding) -> str | None:
    """Return what a vote says: a level, or None where it says that the criterion does not apply."""
    if finding.value is None:
        return None
    return finding.level or nearest_level(criterion, finding.value)


def _kept(vote: Vote) -> dict[str, Any]:
    finding = vote.finding
    kept: dict[str, Any] = {
        "name": vote.member,
        "outcome": finding.outcome,
        "reason": finding.reason,
        "value": finding.value,
        "level": finding.level,
        "explanation": finding.explanation,
    }
    if "members" in finding.detail:
        kept["members"] = finding.detail["members"]
    return kept


def _away(vote: Vote) -> list[str]:
    """Return who could not be asked: the member itself, or members of it where it is a panel."""
    if vote.finding.outcome == "failed" and vote.finding.reason == UNAVAILABLE:
        return [vote.member]
    return [f"{vote.member}/{name}" for name in vote.finding.detail.get(UNAVAILABLE, ())]


def _only(counted: Sequence[Vote], away: Sequence[str]) -> str:
    """Return why the only vote was cast; empty where there are several, or no reason is given."""
    if len(counted) != 1 or not counted[0].finding.explanation:
        return ""
    alone = f" (unavailable: {', '.join(away)})" if away else ""
    return f"{counted[0].member}{alone}: {counted[0].finding.explanation}"


def _told(criterion: Criterion, votes: Sequence[Vote]) -> str:
    """Return one line that says who answered what."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for vote in votes:
        said[_answer(criterion, vote.finding)].append(vote.member)
    return "; ".join(f"{answer}: {', '.join(names)}" for answer, names in said.items())


def _answer(criterion: Criterion, finding: Finding) -> str:
    level = _level(criterion, finding)
    if level is None or finding.value is None:
        return f"{finding.outcome} ({finding.reason})" if finding.reason else finding.outcome
    return level if finding.value == criterion.values[level] else f"{level} {finding.value:.2f}"


def _decided_by(votes: Sequence[Vote]) -> DecidedBy:
    """Return who decided, where all votes are of one kind; a mixed panel is a judge."""
    kinds = {vote.finding.decided_by for vote in votes}
    return kinds.pop() if len(kinds) == 1 else "judge"
