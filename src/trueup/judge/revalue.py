"""revalued: a finding as today's rubric values its level; a verdict may be older than that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion


def revalued(finding: Finding, criterion: Criterion) -> Finding:
    """Return a finding with the value that a criterion gives its level.

    What a level is worth is scoring and not question: it may change without a new verdict. A value
    that is more than its level's, such as the mean of a panel, stays as it is.
    """
    if finding.outcome != "scored" or finding.level is None or "continuous" in finding.detail:
        return finding
    values = criterion.values
    shares = finding.detail.get("distribution")
    if shares and shares.keys() <= values.keys():
        value = sum(values[level] * share for level, share in shares.items())
    elif finding.level in values:
        value = values[finding.level]
    else:
        return finding
    return finding if value == finding.value else replace(finding, value=min(value, 1.0))
