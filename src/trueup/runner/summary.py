"""The summary of a run: counts of every outcome, means with intervals, cost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from trueup.agreement.mean import MeanSum
from trueup.judge.verdict import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion
    from trueup.runner.result import Scores


def summarise(scores: Scores) -> dict[str, Any]:
    """Return a run's summary as plain data, in one pass over its items.

    Intervals respect groups: items of one user or conversation are not independent.
    """
    sums = {c.id: _CriterionSum(c, scores.judges[scores.instruments[c.id]],
                                scores.instruments[c.id].hex()[:16])
            for c in scores.rubric.criteria}  # fmt: skip
    overall = MeanSum()
    outcomes: Counter[str] = Counter()
    lows, highs, total = 0.0, 0.0, 0
    for judged in scores.judged():
        group = judged.known.get("group")
        for (criterion, _), finding in judged.findings.items():
            sums[criterion].count(finding)
        for criterion, part in sums.items():
            part.add(judged.values_of(criterion), group)
        score, outcome = scores.score_of(judged)
        outcomes[outcome] += 1
        if score.value is not None:
            overall.add(score.value, group)
        if score.low is not None and score.high is not None:
            lows, highs, total = lows + score.low, highs + score.high, total + 1
    row = scores.row
    return {
        "run": scores.run,
        "status": row["status"],
        "rubric": {"name": scores.rubric.name, "version": scores.rubric.version,
                   "scoring": scores.rubric.scoring, "validated": scores.rubric.validated},
        "judge": row["judge"],
        "occasion": row["occasion"],
        "source": row["source"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"],
        "store": scores.store.where,
        "items": {"n": sum(outcomes.values()), "outcomes": _ordered(outcomes)},
        "score": {**_figure(overall), "low_bound": lows / total if total else None,
                  "high_bound": highs / total if total else None},
        "criteria": [part.to_dict() for part in sums.values()],
        "calibration": "uncalibrated",
        "cost": scores.cost,
    }  # fmt: skip


class _CriterionSum:
    """Counts and sums of one criterion over a run."""

    def __init__(self, criterion: Criterion, judge: str, instrument: str) -> None:
        self._criterion = criterion
        self._judge = judge
        self._instrument = instrument
        self._outcomes: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()
        self._unavailable: Counter[str] = Counter()
        self._sum = MeanSum()

    def count(self, finding: Finding) -> None:
        self._outcomes[finding.outcome] += 1
        self._unavailable.update(finding.detail.get("unavailable", ()))
        if finding.value is None:
            self._reasons[f"{finding.outcome}: {finding.reason}"] += 1
        elif finding.level is not None:
            self._levels[finding.level] += 1

    def add(self, values: Sequence[float], group: str | None) -> None:
        """Add one item: its replicates are one value, since they are not independent."""
        if values:
            self._sum.add(sum(values) / len(values), group)

    def to_dict(self) -> dict[str, Any]:
        criterion = self._criterion
        return {
            "id": criterion.id,
            "kind": criterion.kind,
            "weight": criterion.weight,
            "gate": criterion.gate is not None,
            "judge": self._judge,
            "instrument": self._instrument,
            "question": criterion.question,
            "mean": _figure(self._sum),
            "outcomes": _ordered(self._outcomes),
            "reasons": dict(self._reasons.most_common()),
            "levels": dict(self._levels.most_common()),
            "unavailable": dict(self._unavailable.most_common()),
        }


def _figure(sums: MeanSum) -> dict[str, Any]:
    found = sums.estimate()
    if found is None:
        return {"estimate": None, "low": None, "high": None, "n": 0, "n_groups": 0, "method": None}
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "n_groups": found.n_groups,
        "method": found.method,
    }


def _ordered(counts: Counter[str]) -> dict[str, int]:
    names = [*OUTCOMES, *(name for name in counts if name not in OUTCOMES)]
    return {name: counts[name] for name in names if counts[name]}
