"""How long until a stream can be decided, and what would help most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trueup.goodhart.slope import UNKNOWN

if TYPE_CHECKING:
    from trueup.goodhart.ledger.posterior import Posterior
    from trueup.goodhart.weekly.decision import Tested
    from trueup.goodhart.weekly.shift import Shift
    from trueup.goodhart.weekly.stream import Weekly

FURTHEST = 104
MOSTLY = 0.5


def until_decided(weekly: Weekly, tested: Tested, known: Posterior | None = None) -> str:
    """Return in how many periods a decision is as likely as not if things stay as they are.

    The contrast keeps its size, and its error shrinks as more periods come in (A.4's planning
    formula on the spread seen so far).
    """
    evidence = tested.evidence
    if evidence is None or float(evidence.rise().delta) <= 0:
        return ""
    c = weekly.history.spec.c
    rise, gain = float(evidence.rise().delta), float(evidence.contrast(0.0).delta)
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
    if gain >= (low + high) / 2 and weekly.history.trust.value is None:
        return UNKNOWN
    scatter = float(now.error) / np.sqrt(1 / now.after + 1 / now.before)
    if more := _periods(weekly, tested, now, distance / scatter):
        return f"about {more} more period{'s' if more > 1 else ''} if things stay as they are"
    left = f"more than {FURTHEST} periods" if weekly.horizon is None else "more than this horizon"
    return f"by what is seen so far, {left}: {_what_helps(weekly, tested, scatter)}"


def _periods(weekly: Weekly, tested: Tested, now: Shift, distance: float) -> int | None:
    """Return after how many more periods a contrast would be told, its size in weeks' scatter."""
    end = weekly.horizon or FURTHEST
    for after in range(now.after + 1, end - tested.start + 1):
        error = np.sqrt(1 / after + 1 / now.before)
        later = replace(now, after=after, freedom=now.before + after - 2)
        if distance >= float(weekly.boundary.critical(tested.start, later)) * error:
            return after - now.after
    return None


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
