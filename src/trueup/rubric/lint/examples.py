"""The rule on labelled examples."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trueup.item.model import Item
from trueup.rubric.check import run_check
from trueup.rubric.lint.thresholds import (
    CONTRADICTIONS_SHOWN,
    EXAMPLE_CHARACTERS,
    FEWEST_BALANCED,
    MOST_EXAMPLES,
    ONE_ANSWER,
)
from trueup.rubric.model import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.reading import Reading
    from trueup.rubric.model import Criterion, Example


def examples(reading: Reading) -> Iterator[LintFinding]:
    """Find examples that mislead a judge: one-sided, easy, too many, too long, contradictory."""
    for criterion in reading.rubric.criteria:
        for span, why, mend in _flaws(criterion):
            yield reading.finding(
                "examples", "warn", criterion, field="examples", span=span, why=why, mend=mend
            )


def _flaws(criterion: Criterion) -> Iterator[tuple[str, str, str]]:
    shown = criterion.examples
    if not shown:
        return
    counts = Counter(example.answer for example in shown)
    answer, most = counts.most_common(1)[0]
    if len(shown) > 1 and (
        len(counts) == 1 or (len(shown) >= FEWEST_BALANCED and most > ONE_ANSWER * len(shown))
    ):
        yield (
            answer,
            f"{most} of {len(shown)} examples are '{answer}', which pulls a judge that way.",
            "Balance the answers.",
        )
    if not any(example.why for example in shown):
        yield (
            "",
            "No example says why it falls on its side, so none marks the border.",
            "Add a borderline example with a `why`.",
        )
    if len(shown) > MOST_EXAMPLES:
        yield (
            str(len(shown)),
            f"{len(shown)} examples cost more than they teach.",
            f"Keep at most {MOST_EXAMPLES}, the borderline ones first.",
        )
    yield from (flaw for example in shown for flaw in _each(criterion, example))
    answers: dict[tuple[str | None, ...], str] = {}
    for example in shown:
        text = (squeeze(example.input), squeeze(example.context), squeeze(example.output))
        if answers.setdefault(text, example.answer) != example.answer:
            yield (
                _short(example),
                "The same example is given two different answers.",
                "Keep the answer that is right.",
            )


def _each(criterion: Criterion, example: Example) -> Iterator[tuple[str, str, str]]:
    size = max(len(text or "") for text in (example.output, example.input, example.context))
    if size > EXAMPLE_CHARACTERS:
        yield (
            _short(example),
            f"An example of {size} characters crowds out the item that is judged.",
            "Cut it to the part that decides.",
        )
    decided = _decided(criterion, example)
    if decided is not None and decided != example.answer:
        yield (
            _short(example),
            f"The example says '{example.answer}', the criterion's own check says '{decided}'.",
            "Correct the answer, or the check.",
        )


def _decided(criterion: Criterion, example: Example) -> str | None:
    """Return what the check makes of an example; None where it cannot tell."""
    if criterion.check is None:
        return None
    item = Item(
        id="example",
        output=example.output,
        input=example.input or "",
        context=example.context,
    )
    met = run_check(criterion.check, item).met
    return None if met is None else "met" if met else "unmet"


def _short(example: Example) -> str:
    text = " ".join(example.output.split())
    return text if len(text) <= CONTRADICTIONS_SHOWN else text[: CONTRADICTIONS_SHOWN - 3] + "..."
