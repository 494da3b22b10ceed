"""Rules on weights, gates and sizes: whether anything can be lost, and whether it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import (
    ASK_WORDS,
    FEWEST_JUDGED,
    GATE_ERROR,
    HEAVIEST_SHARE,
    MOST_GATES,
    MOST_JUDGED,
    PENALTIES_SHARE,
    PENALTY_SHARE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.reading import Reading
    from trueup.rubric.model import Criterion, Rubric


@Rule(
    "penalty-toothless",
    "error",
    otherwise="warn where all penalties weigh under 15 % of the positive weight, or one under 3 %",
    detects="A rubric that an output passes with every penalty met, computed exactly.",
    mend="Raise the penalties, or make the worst of them a gate.",
    words=False,
)
def penalty_toothless(reading: Reading) -> Iterator[Remark]:
    """Find penalties that cannot change what becomes of an output."""
    rubric, positive = reading.rubric, reading.positive_weight
    penalties = [c for c in rubric.criteria if c.penalty]
    if not penalties or positive <= 0:
        return
    best, bar = best_with_all_penalties(rubric), rubric.pass_bar
    if bar is not None and best >= bar:
        why = f"An output with every penalty still scores {best:.3f} and clears the bar of {bar:g}."
        yield Remark(None, Hit("", f"{best:.3f} >= {bar:g}"), why)
    share = sum(-c.weight for c in penalties) / positive
    if share < PENALTIES_SHARE:
        why = f"All penalties together weigh {share:.0%} of the positive weight."
        yield Remark(None, Hit("", f"{share:.0%}"), why, severity="warn")
    for criterion in penalties:
        share = -criterion.weight / positive
        if share < PENALTY_SHARE:
            hit = Hit("weight", f"{criterion.weight:g}")
            why = f"It weighs {share:.1%} of the positive weight."
            yield Remark(criterion, hit, why, "Raise it, or drop it.", "warn")


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
    return max(criterion.values.values())


@Rule(
    "no-downside",
    "warn",
    detects="Neither a penalty nor a gate on content.",
    mend="Add the two commonest real failures as penalties, or a gate.",
    words=False,
)
def no_downside(reading: Reading) -> Iterator[Remark]:
    """Find rubrics in which nothing can be lost."""
    downside = any(
        c.penalty or (c.gate is not None and not _only_asks_for_text(c))
        for c in reading.rubric.criteria
    )
    if reading.rubric.judged and not downside:
        why = "There is neither a penalty nor a gate on content, so scores crowd at the top."
        yield Remark(None, Hit(""), why)


def _only_asks_for_text(criterion: Criterion) -> bool:
    return criterion.check is not None and set(criterion.check) <= {"not_empty", "where"}


@Rule(
    "gate-risk",
    "warn",
    detects="A gate that never closes, a gate on undescribed choices, more than three judged "
    "gates.",
    mend="Use fewer gates, and name the lowest level that passes.",
    words=False,
)
def gate_risk(reading: Reading) -> Iterator[Remark]:
    """Find gates that throw away good outputs, or let everything through."""
    gates = [question for question in reading.questions if question.gate]
    for question in gates:
        criterion = question.criterion
        if min(criterion.values.values()) >= criterion.bar:
            hit = Hit("gate", criterion.gate or "")
            why = "The gate passes at the worst answer, so it never closes."
            mend = "Name the lowest level that passes: `gate: {min: LEVEL}`."
            yield Remark(criterion, hit, why, mend)
        if criterion.kind == "choices" and not question.anchored:
            why = "One wrong answer makes the score 0, and the answers are not described."
            yield Remark(criterion, Hit("gate"), why, "Describe each choice, with the hard case.")
    if len(gates) > MOST_GATES:
        kept = (1 - GATE_ERROR) ** len(gates)
        why = (
            f"With {len(gates)} judged gates that are wrong in {GATE_ERROR:.0%} of the good items "
            f"each, only {kept:.0%} of the good items keep a score."
        )
        span = ", ".join(question.criterion.id for question in gates)
        yield Remark(None, Hit("", span), why, "Use fewer gates, or ask each of them three times.")


@Rule(
    "wording-size",
    "info",
    detects="Questions over 40 words, fewer than 2 or more than 15 judged criteria, one "
    "weight over 60 % of the positive weight.",
    mend="Split it, or drop what never varies.",
    words=False,
)
def wording_size(reading: Reading) -> Iterator[Remark]:
    """Find long questions, rubrics of the wrong size, and weights that decide alone."""
    for question in reading.questions:
        count = len(question.ask.raw.split())
        if count > ASK_WORDS:
            why = f"A question of {count} words hides what it asks."
            mend = "Move the boundary to `met` and `unmet`, or split the criterion."
            yield Remark(question.criterion, Hit("ask", f"{count} words"), why, mend)
    judged = len(reading.questions)
    if 0 < judged < FEWEST_JUDGED:
        why = "A single judged criterion is one opinion."
        yield Remark(None, Hit("", str(judged)), why, "Ask for its parts.")
    if judged > MOST_JUDGED:
        why = f"{judged} judged criteria cost as many answers, and few of them will move."
        mend = "Drop those that never vary, or let code decide them."
        yield Remark(None, Hit("", str(judged)), why, mend)
    positive = [c for c in reading.rubric.criteria if c.weight > 0]
    for criterion in positive:
        share = criterion.weight / reading.positive_weight
        if len(positive) > 1 and share > HEAVIEST_SHARE:
            hit = Hit("weight", f"{criterion.weight:g}")
            why = f"It holds {share:.0%} of the positive weight, so the others hardly count."
            yield Remark(criterion, hit, why, "Split it, or make it a gate.")
