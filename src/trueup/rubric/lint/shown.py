"""Rules on what a judge is shown: the material it needs, the task, examples, stray protocol."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from trueup.item.model import Item
from trueup.rubric.check import run_check
from trueup.rubric.lint.clause import main_verb
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import (
    EXAMPLE_CHARACTERS,
    FEWEST_BALANCED,
    MOST_EXAMPLES,
    ONE_ANSWER,
)
from trueup.rubric.lint.words import either
from trueup.rubric.model import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.rule import Severity
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion, Example, Rubric

_EXCERPT = 60


@Rule(
    "needs-evidence",
    "warn",
    otherwise="error on a gate; where another criterion declares the material, warn on a gate "
    "and info elsewhere",
    detects="Accurate, correct, the policy, the source, a tool result, with no such `needs`.",
    mend="Declare `needs` and name the field.",
)
def needs_evidence(reading: Reading) -> Iterator[Remark]:
    """Find questions that no judge can answer from the output alone and that declare no needs."""
    declared = frozenset().union(*(_needs(question) for question in reading.questions))
    for question in reading.questions:
        found = _evidence(question, reading.words)
        if found and not _needs(question) & found[1]:
            hit, enough = found
            # A sibling that declares it makes it likely that the judge is shown the material.
            milder: Severity = "warn" if question.gate else "info"
            severity = milder if declared & enough else question.severity
            why = "Without the material, a judge answers from what it believes, and never abstains."
            mend = f"Declare `needs: [{min(enough)}]` or the like, and name the field."
            yield Remark(question.criterion, hit, why, mend, severity)


def _needs(question: Question) -> frozenset[str]:
    return frozenset(need.split(".")[0] for need in question.criterion.needs)


_POINTING = r"(?:the|this|that|these|those|our|its|your|given|supplied|provided|attached)"
_ANYTHING = frozenset({"input", "context", "reference", "history", "tools", "metadata"})


def _evidence(question: Question, words: Words) -> tuple[Hit, frozenset[str]] | None:
    """Return what a question rests on beside the output, and which needs would do."""
    described = rf"(?:(?!{words.either('output_words')})[\w-]+\s+){{0,2}}?"
    material = words.either("evidence_fields")
    hit = question.find(re.compile(rf"{_POINTING}\s+{described}{material}"))
    if hit:
        named = re.findall(material, hit.span.lower())[-1]
        return hit, frozenset(words.table("evidence_fields")[" ".join(named.split())])
    corrects = main_verb(question.ask, words, "judging_verbs")
    corrects_it = corrects is not None and corrects.verb == "correct"
    match = words.pattern("truth_words").search(question.ask.text)
    if match is None or corrects_it or question.find(words.pattern("self_evident")):
        return None
    return Hit("ask", question.ask.span(match)), _ANYTHING


@Rule(
    "generic",
    "info",
    detects="A criterion that shares no word with the task, its examples or its `needs`.",
    mend="Name the product's own failure, or mark the criterion `generic: true`.",
)
def generic(reading: Reading) -> Iterator[Remark]:
    """Find criteria that would fit any task."""
    for question in reading.questions:
        criterion = question.criterion
        needs = re.findall(r"[^\W_]+", " ".join(criterion.needs).lower())
        shown = (reading.content(reading.read(e.output)) for e in criterion.examples)
        about = reading.task.union(needs, *shown)
        said = [prose for _, prose in question.fields()] + [question.when]
        own = any(reading.content(prose) & about for prose in said)
        if reading.task and not criterion.generic and not own:
            why = "It shares no word with the task, so it may miss the failures of this product."
            yield Remark(criterion, Hit("ask"), why)


@Rule(
    "examples",
    "warn",
    detects="Examples of one answer, none that marks the border with a `why`, more than "
    "eight, over-long ones, and ones that contradict each other or the check.",
    mend="Balance them, and add a borderline one with a `why`.",
    words=False,
)
def examples(reading: Reading) -> Iterator[Remark]:
    """Find examples that mislead a judge: one-sided, easy, too many, too long, contradictory."""
    for criterion in reading.rubric.criteria:
        if criterion.examples:
            flaws = (*_as_a_set(criterion.examples), *_one_by_one(criterion))
            for span, why, mend in flaws:
                yield Remark(criterion, Hit("examples", span), why, mend)


def _as_a_set(shown: tuple[Example, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield words, why and mend of what is wrong with the choice of examples."""
    answer, most = Counter(example.answer for example in shown).most_common(1)[0]
    several = len(shown) > 1 and most == len(shown)
    if several or (len(shown) >= FEWEST_BALANCED and most > ONE_ANSWER * len(shown)):
        why = f"{most} of {len(shown)} examples are '{answer}', which pulls a judge that way."
        yield answer, why, "Balance the answers."
    if not any(example.why for example in shown):
        why = "No example says why it falls on its side, so none marks the border."
        yield "", why, "Add a borderline example with a `why`."
    if len(shown) > MOST_EXAMPLES:
        why = f"{len(shown)} examples cost more than they teach."
        mend = f"Keep at most {MOST_EXAMPLES}, the borderline ones first."
        yield str(len(shown)), why, mend


def _one_by_one(criterion: Criterion) -> Iterator[tuple[str, str, str]]:
    """Yield words, why and mend of what is wrong with an example, beside those before it."""
    answers: dict[tuple[str | None, ...], str] = {}
    for example in criterion.examples:
        texts = (example.input, example.context, example.output)
        short = squeeze(example.output) or ""
        short = short if len(short) <= _EXCERPT else f"{short[: _EXCERPT - 3]}..."
        size = max(len(text or "") for text in texts)
        if size > EXAMPLE_CHARACTERS:
            why = f"An example of {size} characters crowds out the item that is judged."
            yield short, why, "Cut it to the part that decides."
        decided = _decided(criterion, example)
        if decided not in {None, example.answer}:
            why = (
                f"The example says '{example.answer}', the criterion's own check says '{decided}'."
            )
            yield short, why, "Correct the answer, or the check."
        if answers.setdefault(tuple(map(squeeze, texts)), example.answer) != example.answer:
            why = "The same example is given two different answers."
            yield short, why, "Keep the answer that is right."


def _decided(criterion: Criterion, example: Example) -> str | None:
    """Return what the check makes of an example; None where it cannot tell."""
    if criterion.check is None:
        return None
    text, given = example.output, example.input or ""
    item = Item(id="example", output=text, input=given, context=example.context)
    met = run_check(criterion.check, item).met
    return None if met is None else "met" if met else "unmet"


_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""C0 and C1 but tab and line ends, zero-width space, bidi overrides and isolates, tag characters.

Joiners stay: some scripts and emoji need them.
"""
_TEMPLATE = re.compile(
    r"<\|[\w-]+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|</?think>|\\boxed\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"`{3,}|~{3,}|={5,}|-{5,}|#{4,}|\{\{\s*[\w.]+\s*\}\}")


@Rule(
    "judge-talk",
    "warn",
    otherwise="error for hidden characters and marks of chat templates",
    detects="Scores, verdict formats, fences and 'you are a judge' in what a judge is shown.",
    mend="Delete it, and describe the output instead.",
    words=False,
)
def judge_talk(reading: Reading) -> Iterator[Remark]:
    """Find protocol words, template marks and hidden characters in what a judge is shown."""
    words = reading.words
    scores = rf"{words.either('score_verbs')}\s+(?:\w+\s+){{0,3}}?{words.either('score_nouns')}"
    rewards = either(words.verbs("reward_verbs"))
    shares = rf"{words.either('shares')}\s+{words.either('score_nouns')}"
    given = rf"{rewards}\s+(?:{shares}|(?:(?:an?|the)\s+)?score\s+of\b)"
    phrase = re.compile(rf"{words.either('protocol_phrases')}|{scores}|{given}")
    for about, field, text in _shown(reading.rubric):
        found = _HIDDEN.search(text)
        if found:
            hit = Hit(field, f"U+{ord(found.group()):04X}")
            why = "A hidden character reaches the judge and no reader sees it."
            yield Remark(about, hit, why, "Delete the character.", "error")
        if field == "examples":  # an example may show what an attack looks like
            continue
        found = _TEMPLATE.search(text)
        if found:
            why = "A mark of a chat template can end the judge's instructions early."
            yield Remark(about, Hit(field, found.group()), why, "Delete the mark.", "error")
            continue
        found = _FENCE.search(text) or phrase.search(reading.read(text).text)
        if found:
            why = "It speaks to the judge's protocol, which belongs to the judge's template."
            yield Remark(about, Hit(field, found.group()), why)


def _shown(rubric: Rubric) -> Iterator[tuple[Criterion | None, str, str]]:
    """Yield criterion, field and text of everything that a judge is shown."""
    yield None, "task", rubric.task
    for criterion in rubric.judged:
        yield criterion, "ask", criterion.ask
        for level in criterion.levels:
            yield criterion, level.key, level.text
        yield criterion, "when", criterion.when or ""
        for example in criterion.examples:
            for text in (example.input, example.context, example.output, example.why):
                yield criterion, "examples", text or ""
