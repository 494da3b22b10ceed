"""The rule on size: of a question, of a rubric, of one weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.rubric.lint.thresholds import ASK_WORDS, FEWEST_JUDGED, HEAVIEST_SHARE, MOST_JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.reading import Reading


def wording_size(reading: Reading) -> Iterator[LintFinding]:
    """Find long questions, rubrics of the wrong size, and weights that decide alone."""
    yield from _long_questions(reading)
    rubric = reading.rubric
    judged = len(rubric.judged)
    if judged and judged < FEWEST_JUDGED:
        yield reading.finding(
            "wording-size",
            "info",
            None,
            span=str(judged),
            why="A single judged criterion is one opinion.",
            mend="Ask for its parts.",
        )
    if judged > MOST_JUDGED:
        yield reading.finding(
            "wording-size",
            "info",
            None,
            span=str(judged),
            why=f"{judged} judged criteria cost as many answers, and few of them will move.",
            mend="Drop those that never vary, or let code decide them.",
        )
    positive = [c for c in rubric.criteria if c.weight > 0]
    for criterion in positive:
        share = criterion.weight / reading.positive_weight
        if len(positive) > 1 and share > HEAVIEST_SHARE:
            yield reading.finding(
                "wording-size",
                "info",
                criterion,
                field="weight",
                span=f"{criterion.weight:g}",
                why=f"It holds {share:.0%} of the positive weight, so the others hardly count.",
                mend="Split it, or make it a gate.",
            )


def _long_questions(reading: Reading) -> Iterator[LintFinding]:
    for question in reading.questions:
        count = len(question.ask.raw.split())
        if count > ASK_WORDS:
            yield reading.finding(
                "wording-size",
                "info",
                question.criterion,
                field="ask",
                span=f"{count} words",
                why=f"A question of {count} words hides what it asks.",
                mend="Move the boundary to `met` and `unmet`, or split the criterion.",
            )
