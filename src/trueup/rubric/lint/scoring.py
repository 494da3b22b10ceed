"""Rules on what the weights do: whether anything can be lost, and whether it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.rubric.lint.thresholds import (
    GATE_ERROR,
    MOST_GATES,
    PENALTIES_SHARE,
    PENALTY_SHARE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.reading import Reading
    from trueup.rubric.model import Criterion, Rubric

# ---------------------------------------------------------------------------- penalty-toothless


def best_with_all_penalties(rubric: Rubric) -> float:
    """Return the highest score that an output reaches while every penalty is fully met.

    Exact: a score is (sum of w v - penalties) / (sum of w) over the applicable positive criteria.
    A criterion with a `when` can be left out by not applying. The best choice of those is a
    prefix of them by falling value, since leaving one out raises a ratio exactly where its value
    lies below the ratio.
    """
    lost = sum(-c.weight * _best(c) for c in rubric.criteria if c.penalty)
    positive = [c for c in rubric.criteria if c.weight > 0]
    fixed = [c for c in positive if not c.when]
    optional = sorted((c for c in positive if c.when), key=_best, reverse=True)
    best = 0.0
    for count in range(len(optional) + 1):
        chosen = fixed + optional[:count]
        weight = sum(c.weight for c in chosen)
        if weight > 0:
            best = max(best, (sum(c.weight * _best(c) for c in chosen) - lost) / weight)
    return min(best, 1.0)


def _best(criterion: Criterion) -> float:
    return max(criterion.values.values(), default=1.0)


def penalty_toothless(reading: Reading) -> Iterator[LintFinding]:
    """Find penalties that cannot change what becomes of an output."""
    rubric, positive = reading.rubric, reading.positive_weight
    penalties = [c for c in rubric.criteria if c.penalty]
    if not penalties or positive <= 0:
        return
    best = best_with_all_penalties(rubric)
    if rubric.pass_bar is not None and best >= rubric.pass_bar:
        yield reading.finding(
            "penalty-toothless",
            "error",
            None,
            span=f"{best:.3f} >= {rubric.pass_bar:g}",
            why=f"An output with every penalty still scores {best:.3f} and clears the bar of "
            f"{rubric.pass_bar:g}.",
            mend="Raise the penalties, or make the worst of them a gate.",
        )
    total = sum(-c.weight for c in penalties)
    if total < PENALTIES_SHARE * positive:
        yield reading.finding(
            "penalty-toothless",
            "warn",
            None,
            span=f"{total / positive:.0%}",
            why=f"All penalties together weigh {total / positive:.0%} of the positive weight.",
            mend="Raise the penalties, or make the worst of them a gate.",
        )
    for criterion in penalties:
        if -criterion.weight < PENALTY_SHARE * positive:
            yield reading.finding(
                "penalty-toothless",
                "warn",
                criterion,
                field="weight",
                span=f"{criterion.weight:g}",
                why=f"It weighs {-criterion.weight / positive:.1%} of the positive weight.",
                mend="Raise it, or drop it.",
            )


# ---------------------------------------------------------------------------------- no-downside


def no_downside(reading: Reading) -> Iterator[LintFinding]:
    """Find rubrics in which nothing can be lost."""
    rubric = reading.rubric
    if not rubric.judged or any(c.penalty for c in rubric.criteria):
        return
    if any(c.gate is not None and not _only_asks_for_text(c) for c in rubric.criteria):
        return
    yield reading.finding(
        "no-downside",
        "warn",
        None,
        why="There is neither a penalty nor a gate on content, so scores crowd at the top.",
        mend="Add the two commonest real failures as penalties, or a gate.",
    )


def _only_asks_for_text(criterion: Criterion) -> bool:
    return criterion.check is not None and set(criterion.check) <= {"not_empty", "where"}


# ------------------------------------------------------------------------------------ gate-risk


def gate_risk(reading: Reading) -> Iterator[LintFinding]:
    """Find gates that throw away good outputs, or let everything through."""
    gates = [question for question in reading.questions if question.criterion.gate is not None]
    for question in gates:
        criterion = question.criterion
        if min(criterion.values.values()) >= criterion.bar:
            yield reading.finding(
                "gate-risk",
                "warn",
                criterion,
                field="gate",
                span=criterion.gate or "",
                why="The gate passes at the worst answer, so it never closes.",
                mend="Name the lowest level that passes: `gate: {min: LEVEL}`.",
            )
        if criterion.kind == "choices" and not question.anchored:
            yield reading.finding(
                "gate-risk",
                "warn",
                criterion,
                field="gate",
                why="One wrong answer makes the score 0, and the answers are not described.",
                mend="Describe each choice, with the hard case.",
            )
    if len(gates) > MOST_GATES:
        kept = (1 - GATE_ERROR) ** len(gates)
        yield reading.finding(
            "gate-risk",
            "warn",
            None,
            span=", ".join(question.criterion.id for question in gates),
            why=f"With {len(gates)} judged gates that are wrong in {GATE_ERROR:.0%} of the good "
            f"items each, only {kept:.0%} of the good items keep a score.",
            mend="Use fewer gates, or ask each of them three times.",
        )
