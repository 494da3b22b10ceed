"""How long until a stream can be decided, and what would help most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.weekly.decision import Tested
    from trueup.goodhart.weekly.stream import Weekly

FURTHEST = 104
CHANCE = 0.84
"""Normal quantile of the power to plan for: 80 %."""
MOSTLY = 0.5


def until_decided(weekly: Weekly, tested: Tested, known: Posterior | None = None) -> str:
    """Return in how many periods a decision is likely if things stay as they are.

    The contrast keeps its size, and its error shrinks as more periods come in (A.4's planning
    formula on the spread seen so far).
    """
    evidence = tested.evidence
    if evidence is None:
        return ""
    c = weekly.history.spec.c
    rise, gain = float(evidence.rise().delta), float(evidence.contrast(0.0).delta)
    if rise <= 0:
        return ""
    worth, least = (1.0, evidence.low) if known is None else known.ratio()[:2]
    low, high = c * least * rise, c * evidence.high * rise
    distance = low - gain if gain < (low + high) / 2 else gain - high
    share = c * (least if gain < (low + high) / 2 else evidence.high)
    now = evidence.contrast(share)
    if distance <= 0 and known is not None and gain > c * worth * rise:
        return (
            f"by past tests users got about {gain / rise / worth:.0%} of the gain to be expected, "
            f"but an improvement rests on records, by which it is {gain / rise:.0%}"
        )
    if distance <= 0 or float(now.error) <= 0:
        return (
            f"users got about {gain / rise / worth:.0%} of the gain to be expected, which is too "
            f"near the limit of {c:.0%} for more data to decide soon"
        )
    end = weekly.horizon or FURTHEST
    scatter = float(now.error) / np.sqrt(1 / now.after + 1 / now.before)
    for after in range(now.after + 1, end - tested.start + 1):
        error = scatter * np.sqrt(1 / after + 1 / now.before)
        later = replace(now, after=after, freedom=now.before + after - 2)
        critical = float(weekly.boundary.critical(tested.start, later))
        if distance >= (critical + CHANCE) * error:
            more = after - now.after
            return f"about {more} more period{'s' if more > 1 else ''} if things stay as they are"
    return f"more than this horizon's periods: {_what_helps(weekly, tested, scatter)}"


def _what_helps(weekly: Weekly, tested: Tested, scatter: float) -> str:
    evidence = tested.evidence
    sampled = evidence.floor_composite if evidence else 0.0
    if sampled < MOSTLY * scatter**2:
        return (
            "weeks differ by more than their records explain, so more traffic cannot help; a "
            "holdback of users on the old version would"
        )
    if tested.composite is None:
        return "more feedback would help"
    best = tested.composite.used[int(np.argmax(tested.composite.parts))]
    return f"more feedback would help, of {weekly.history.spec.signals[best].said} most"
