"""Verdict: a judge's whole answer about one request, a finding for each criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome: TypeAlias = Literal[
    "scored",
    "not_applicable",
    "abstained",
    "refused",
    "filtered",
    "truncated",
    "unparsable",
    "failed",
    "not_attempted",
    "skipped",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""Every way in which a criterion's question can end, best known first."""

ASK_AGAIN: frozenset[Outcome] = frozenset({"failed", "truncated", "unparsable", "not_attempted"})
"""The outcomes that a later run asks again; no other is."""

DecidedBy: TypeAlias = Literal["judge", "rule", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict's answer for one criterion.

    Only a `scored` finding has a value; every other says in `reason` why there is none.
    """

    outcome: Outcome
    value: float | None = None
    """In [0, 1]: met 1, unmet 0, a level as the rubric declares."""
    level: str | None = None
    """The level key that was answered; the most frequent one over several samples."""
    explanation: str = ""
    reason: str = ""
    """A short name such as `missing_input`, `rate_limited`, `wrong_shape`."""
    evidence: tuple[str, ...] = ()
    decided_by: DecidedBy = "judge"
    detail: Mapping[str, Any] = field(default_factory=dict)
    """JSON-plain extras: `distribution`, `samples`, `members`, `disagreement`, ..."""

    def __post_init__(self) -> None:
        """Refuse findings that say two things at once."""
        if self.outcome not in OUTCOMES:
            msg = f"unknown outcome {self.outcome!r}; one of {', '.join(OUTCOMES)}"
            raise ValueError(msg)
        if (self.outcome == "scored") != (self.value is not None):
            msg = f"a finding has a value exactly where it is scored, not {self.outcome!r}"
            raise ValueError(msg)
        if self.value is not None and not (math.isfinite(self.value) and 0 <= self.value <= 1):
            msg = f"a finding's value lies in [0, 1], not {self.value!r}"
            raise ValueError(msg)

    @property
    def retryable(self) -> bool:
        """Whether a later run asks again."""
        return self.outcome in ASK_AGAIN

    def by(self, who: DecidedBy) -> Finding:
        """Return the same finding, decided by somebody else."""
        return replace(self, decided_by=who)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What asking cost: tokens, money, and how often."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    dollars: float | None = 0.0
    """None where a price, or what a call used, is unknown."""
    unmetered: int = 0
    """Calls whose endpoint did not say what they used; the sums lack their tokens."""

    def __add__(self, other: Usage) -> Usage:
        """Return the sum; an unknown price stays unknown."""
        known = self.dollars is not None and other.dollars is not None
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            dollars=(self.dollars or 0.0) + (other.dollars or 0.0) if known else None,
            unmetered=self.unmetered + other.unmetered,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's whole answer about one request."""

    findings: Mapping[str, Finding]
    """Criterion id -> finding, for every criterion that was asked."""
    usage: Usage = field(default_factory=Usage)
    observed: Mapping[str, Any] = field(default_factory=dict)
    """What the endpoint said of itself: returned model, system fingerprint, rung.

    Of `model` and `fingerprint`, where they are text, the store keeps by run which there were, and
    a calibration tells a new one. A judge that asks several may give name -> what each observed.
    """


def scored(value: float | bool, level: str | None = None, explanation: str = "") -> Finding:  # noqa: FBT001 - met(True) reads as it is meant
    """Return a scored finding; True is met, False is unmet."""
    if isinstance(value, bool):
        return Finding(
            outcome="scored",
            value=float(value),
            level=level or ("met" if value else "unmet"),
            explanation=explanation,
        )
    return Finding(outcome="scored", value=float(value), level=level, explanation=explanation)


def unscored(outcome: Outcome, reason: str, explanation: str = "") -> Finding:
    """Return a finding without a value, and why."""
    return Finding(outcome=outcome, reason=reason, explanation=explanation)
