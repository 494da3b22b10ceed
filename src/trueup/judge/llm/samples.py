"""Samples: several answers to one question make one finding."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.judge.verdict import Finding


def combine(samples: Sequence[Finding], *, shown: Sequence[Sequence[str]] = ()) -> Finding:
    """Return one finding from several answers to the same question.

    A failed sample makes the whole `failed`, so that a later run asks for it again. Otherwise
    the most frequent outcome decides, and among scored samples the mean; all are kept.

    Args:
        samples: What was answered each time.
        shown: The level keys each time, in the order shown; empty where it never changed.
    """
    failed = next((s for s in samples if s.retryable), None)
    if failed is not None:
        return failed
    outcome = Counter(s.outcome for s in samples).most_common(1)[0][0]
    same = [s for s in samples if s.outcome == outcome]
    kept = [_kept(sample) for sample in samples]
    for sample, order in zip(kept, shown, strict=False):
        sample["shown"] = list(order)
    detail: dict[str, Any] = {**same[0].detail, "samples": kept}
    if outcome != "scored":
        return replace(same[0], detail=detail)
    values = [s.value for s in same if s.value is not None]
    level = Counter(s.level for s in same).most_common(1)[0][0]
    detail["distribution"] = _mean_distribution(same)
    return replace(same[0], value=sum(values) / len(values), level=level, detail=detail)


def _kept(sample: Finding) -> dict[str, Any]:
    kept: dict[str, Any] = {name: getattr(sample, name) for name in ("outcome", "value", "level")}
    if "distribution" in sample.detail:
        kept["distribution"] = sample.detail["distribution"]
    return kept


def _mean_distribution(samples: Sequence[Finding]) -> dict[str, float]:
    """Return each level's share: of the answers, or of the probability where that is known."""
    total: Counter[str] = Counter()
    for sample in samples:
        total.update(sample.detail.get("distribution", {str(sample.level): 1.0}))
    return {level: share / len(samples) for level, share in total.items()}
