"""Rules on what a judge must see, and on whether the criterion is about this task at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding, Severity
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words

_POINTING = r"(?:the|this|that|these|those|our|its|your|given|supplied|provided|attached)"
_ANYTHING = frozenset({"input", "context", "reference", "history", "tools", "metadata"})


def needs_evidence(reading: Reading) -> Iterator[LintFinding]:
    """Find questions that no judge can answer from the output alone and that declare no needs."""
    declared = frozenset().union(*(_needs(question) for question in reading.questions))
    for question in reading.questions:
        found = _evidence(question, reading.lists)
        if found is None:
            continue
        field, span, enough = found
        if _needs(question) & enough:
            continue
        yield reading.finding(
            "needs-evidence",
            _severity(elsewhere=bool(declared & enough), gate=question.criterion.gate is not None),
            question.criterion,
            field=field,
            span=span,
            why="Without the material, a judge answers from what it believes, and never abstains.",
            mend=f"Declare `needs: [{min(enough)}]` or the like, and name the field.",
        )


def _severity(*, elsewhere: bool, gate: bool) -> Severity:
    """A sibling that declares the material makes it likely that the judge is shown it."""
    if gate:
        return "warn" if elsewhere else "error"
    return "info" if elsewhere else "warn"


def _needs(question: Question) -> frozenset[str]:
    return frozenset(need.split(".")[0] for need in question.criterion.needs)


def _evidence(question: Question, words: Words) -> tuple[str, str, frozenset[str]] | None:
    """Return field, words and what would be enough, where a question rests on other material."""
    table = words.table("evidence_fields")
    described = rf"(?:(?!{words.either('output_words')})[\w-]+\s+){{0,2}}?"
    what = words.either("evidence_fields")
    pointed = re.compile(rf"{_POINTING}\s+{described}(?P<what>{what})")
    for field, prose in question.fields():
        match = pointed.search(prose.text)
        if match:
            named = " ".join(match["what"].split())
            return field, prose.span(match), frozenset(table[named])
    self_evident = re.compile(words.either("self_evident"))
    if any(self_evident.search(prose.text) for _, prose in question.fields()):
        return None
    corrects = main_verb(question.ask, words, "judging_verbs")
    if corrects is not None and corrects.verb == "correct":
        return None
    truth = re.compile(words.either("truth_words"))
    match = truth.search(question.ask.text)
    return ("ask", question.ask.span(match), _ANYTHING) if match else None


def generic(reading: Reading) -> Iterator[LintFinding]:
    """Find criteria that would fit any task."""
    task = reading.content(reading.read(reading.rubric.task))
    if not task:
        return
    for question in reading.questions:
        criterion = question.criterion
        if criterion.generic:
            continue
        shown = [reading.read(example.output) for example in criterion.examples]
        about = task.union(*(reading.content(prose) for prose in shown)).union(
            word for need in criterion.needs for word in re.findall(r"[^\W_]+", need.lower())
        )
        said = [prose for _, prose in question.fields()] + [question.when]
        own = frozenset().union(*(reading.content(prose) for prose in said))
        if own & about:
            continue
        yield reading.finding(
            "generic",
            "info",
            criterion,
            field="ask",
            why="It shares no word with the task, so it may miss the failures of this product.",
            mend="Name the product's own failure, or mark the criterion `generic: true`.",
        )
