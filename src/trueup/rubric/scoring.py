"""Scores: what a rubric makes of the values of its criteria.

    raw   = sum of weight * value over the applicable criteria
    score = clip(raw / sum of the applicable positive weights, 0, 1); 0 where a gate is unmet

Nothing is guessed: a criterion without a value takes its worst and its best one, and the score
becomes an interval that holds the true score whatever the missing values turn out to be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.rubric.model import Criterion, Rubric

Status: TypeAlias = Literal["scored", "not_applicable", "incomplete"]


@dataclass(frozen=True, slots=True)
class Score:
    """What a rubric makes of one verdict."""

    value: float | None
    """In [0, 1]; None where the values that are missing could move it."""
    low: float | None
    high: float | None
    status: Status
    """`scored` has a value, `incomplete` only bounds, `not_applicable` nothing at all."""


_NOT_APPLICABLE = Score(None, None, None, "not_applicable")
_GATED = Score(0.0, 0.0, 0.0, "scored")


class _Term(NamedTuple):
    """One criterion, with everything that scoring needs worked out once."""

    id: str
    weight: float
    bar: float
    """The value that passes the gate; below every value where the criterion is no gate."""
    gate: bool
    can_fail: bool
    """Whether some level fails the gate."""
    worst: float
    """The smallest share of the sum that this criterion can bring while it has no value."""
    best: float


class Tally:
    """Score many verdicts against one rubric; everything about the rubric is worked out once."""

    __slots__ = ("_missing_gates_only", "_terms")

    def __init__(self, rubric: Rubric) -> None:
        self._terms = tuple(_term(criterion) for criterion in rubric.criteria)
        self._missing_gates_only = rubric.missing == "renormalise"

    def score(
        self, values: Mapping[str, float | None], *, not_applicable: Collection[str] = ()
    ) -> Score:
        """Return the score of one verdict; see `score`."""
        shares: list[float] = []
        weights: list[float] = []
        missing: list[_Term] = []
        for term in self._terms:
            name, weight, bar, _, _, _, _ = term
            if name in not_applicable:
                continue
            value = values.get(name)
            if value is None:
                missing.append(term)
                continue
            if not 0.0 <= value <= 1.0:
                msg = f"the value of criterion {name!r} lies in [0, 1], not {value!r}"
                raise ValueError(msg)
            if value < bar:
                return _GATED  # nothing that is missing can lift it
            shares.append(weight * value)
            if weight > 0.0:
                weights.append(weight)
        if missing:
            return self._bounds(shares, weights, missing)
        if not weights:
            return _NOT_APPLICABLE
        value = _clip(math.fsum(shares), math.fsum(weights))
        return Score(value, value, value, "scored")

    def _bounds(self, shares: list[float], weights: list[float], missing: list[_Term]) -> Score:
        counted = missing
        if self._missing_gates_only:
            kept = [term for term in missing if term.gate]
            # Where dropping leaves nothing that could earn a point, the rubric does apply and is
            # merely unanswered: the bounds of all that is missing say so.
            if weights or any(term.weight > 0.0 for term in kept):
                counted = kept
        positive = weights + [term.weight for term in counted if term.weight > 0.0]
        if not positive:
            return _NOT_APPLICABLE
        total = math.fsum(positive)
        high = _clip(math.fsum(shares + [term.best for term in counted]), total)
        if any(term.can_fail for term in counted):
            low = 0.0
        else:
            low = _clip(math.fsum(shares + [term.worst for term in counted]), total)
        if low == high:
            return Score(low, low, low, "scored")
        return Score(None, low, high, "incomplete")


def score(
    rubric: Rubric, values: Mapping[str, float | None], *, not_applicable: Collection[str] = ()
) -> Score:
    """Return what a rubric makes of the values of its criteria.

    A known unmet gate makes the score 0, whatever else is missing or does not apply. Else, where
    no applicable criterion has a positive weight, there is no score. A gate that does not apply
    does not fail. Where nothing can settle a missing value, `low` and `high` bound the score of
    every completion that has one; with `missing: renormalise` the missing criteria that are no
    gates are left out instead, their weights too.

    Args:
        rubric: The rubric; to score many verdicts against it, keep a `Tally`.
        values: Criterion id -> value in [0, 1], None or absent where there is none. Ids that the
            rubric does not know are passed over, so that old verdicts can be scored again.
        not_applicable: Ids of the criteria whose condition did not hold; a value beside it
            counts for nothing. A set is fastest.

    Raises:
        ValueError: A value is outside [0, 1] or not a number.
    """
    return Tally(rubric).score(values, not_applicable=not_applicable)


def _term(criterion: Criterion) -> _Term:
    weight = criterion.weight
    lowest, highest = min(criterion.values.values()), max(criterion.values.values())
    bar = criterion.bar
    if criterion.when is not None:
        # A missing criterion with a condition may also turn out not to apply, and then leaves
        # the sum and the weights. The bounds count it in, with the values 0 and 1 instead of its
        # lowest and highest level, and still hold. Let R be the sum and P > 0 the positive
        # weights of the others in some completion; since values are at most 1, R <= P.
        #   weight w > 0: counted in at 1, (R + w) / (P + w) >= R / P, because R <= P;
        #                 counted in at 0, R / (P + w) <= max(R / P, 0), the same after clipping.
        #   weight w < 0: leaves only the sum, as the value 0 would; its worst is at most 0.
        # So each criterion that drops out can be counted in again, one after another, without
        # leaving the interval. P = 0 has no score to bound, and a gate that does not apply
        # scores between one that fails (0) and one that is met at 1.
        lowest = 0.0
        if weight > 0.0:
            highest = 1.0
    worst, best = (lowest, highest) if weight >= 0.0 else (highest, lowest)
    return _Term(
        id=criterion.id,
        weight=weight,
        bar=bar,
        gate=criterion.gate is not None,
        can_fail=min(criterion.values.values()) < bar,
        worst=weight * worst,
        best=weight * best,
    )


def _clip(raw: float, total: float) -> float:
    return min(max(raw / total, 0.0), 1.0)
