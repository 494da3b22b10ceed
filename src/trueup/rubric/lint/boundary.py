"""Rules on the boundary between met and unmet: whether it is there, and whether it can be seen."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb
from trueup.rubric.lint.prose import content, jaccard, stem
from trueup.rubric.lint.thresholds import HEAVY_SHARE, SAME_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words

# ---------------------------------------------------------------------------------------- vague


@cache
def _vague(words: Words) -> tuple[re.Pattern[str], re.Pattern[str]]:
    adjectives = words.either("vague_adjectives")
    adverbs = words.either("empty_adverbs")
    return (
        # "engaging with", "good at": the adjective is a verb or a phrase of its own.
        re.compile(rf"{adjectives}(?!\s+(?:with|faith)(?![\w-]))"),
        re.compile(rf"(?<!as )(?<!as\n){adverbs}(?!\s+as\b|-)"),
    )


def vague(reading: Reading) -> Iterator[LintFinding]:
    """Find words that every reader fills in differently."""
    adjective, adverb = _vague(reading.lists)
    for question in reading.questions:
        found = _vague_adjective(question, adjective)
        if found is not None:
            field, span = found
            yield reading.finding(
                "vague",
                "info" if question.anchored else "warn",
                question.criterion,
                field=field,
                span=span,
                why=f"Nobody says where '{span}' begins, so each reader draws the line elsewhere.",
                mend="Say what a reader would see in the output.",
            )
        for field, prose in question.fields():
            match = adverb.search(prose.text)
            if match:
                yield reading.finding(
                    "vague",
                    "info",
                    question.criterion,
                    field=field,
                    span=prose.span(match),
                    why=f"'{prose.span(match)}' adds a judgement without a boundary.",
                    mend="Delete the adverb, or say what it means.",
                )
                break


def _vague_adjective(question: Question, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """Return where a vague adjective is left undefined.

    Where every answer is described in other words, the descriptions define the question's.
    """
    named = {word for need in question.criterion.needs for word in need.lower().split(".")}
    for field, prose in question.fields():
        if field == "ask" and question.anchored:
            continue
        match = pattern.search(prose.text)
        if match and match.group() not in named:
            return field, prose.span(match)
    return None


# ----------------------------------------------------------------------------------- no-anchors


def no_anchors(reading: Reading) -> Iterator[LintFinding]:
    """Find binaries whose boundary is never stated."""
    for question in reading.questions:
        criterion = question.criterion
        if criterion.kind != "binary":
            continue
        flaw = _anchor_flaw(question, reading)
        if flaw is None:
            continue
        field, why = flaw
        positive = reading.positive_weight
        heavy = positive > 0 and criterion.weight >= HEAVY_SHARE * positive
        yield reading.finding(
            "no-anchors",
            "error" if criterion.gate is not None or heavy else "warn",
            criterion,
            field=field,
            why=why,
            mend="Write what a reader sees in either case, and put the hard case in `unmet`.",
        )


def _anchor_flaw(question: Question, reading: Reading) -> tuple[str, str] | None:
    met, unmet = question.level("met"), question.level("unmet")
    if not met or not unmet:
        missing = " and ".join(f"`{k}`" for k, t in (("met", met), ("unmet", unmet)) if not t)
        verb = "are" if not met and not unmet else "is"
        return "ask", f"{missing} {verb} missing, so the boundary is the judge's to invent."
    if reading.words is None:
        return None
    stop = reading.lists.stop
    if jaccard(content(met, stop), content(question.ask, stop)) >= SAME_TEXT:
        return "met", "`met` only repeats the question, so it states no boundary."
    if _without_negation(unmet) == _without_negation(met):
        return "unmet", "`unmet` is only `met` with a not, so it states no boundary."
    return None


_NEGATING = frozenset(
    {"not", "no", "never", "does", "do", "is", "are", "has", "have", "cannot", "can", "fail"}
)


def _without_negation(prose: Prose) -> tuple[str, ...]:
    """Return the words in order, free of negation and of what negation does to a verb."""
    words = (stem(word.removesuffix("n't")) for word in prose.words)
    return tuple(w for w in words if w not in _NEGATING and w not in {"doe", "to", "any", "a"})


# --------------------------------------------------------------------------------------- hedged


def hedged(reading: Reading) -> Iterator[LintFinding]:
    """Find boundaries that are left open."""
    words = reading.lists
    hedge = re.compile(words.either("hedges"))
    open_end = re.compile(rf"{words.either('open_ends')}|(?<!\w)etc\.")
    about_the_world = re.compile(rf"{words.either('reporting_words')}[^,;:.?]*$")
    for question in reading.questions:
        for field, prose in question.fields():
            match = open_end.search(prose.text)
            if match:
                yield reading.finding(
                    "hedged",
                    "warn",
                    question.criterion,
                    field=field,
                    span=prose.span(match),
                    why="What else belongs to the list is left to the reader.",
                    mend="Write the whole list, or name what its members have in common.",
                )
                break
            match = next(
                (
                    found
                    for found in hedge.finditer(prose.text)
                    if not prose.raw[found.start()].isupper()
                    and not about_the_world.search(prose.text[: found.start()])
                ),
                None,
            )
            if match:
                yield reading.finding(
                    "hedged",
                    "info",
                    question.criterion,
                    field=field,
                    span=prose.span(match),
                    why="A boundary that may or may not hold gives no definite answer.",
                    mend="Decide, and say so.",
                )
                break


# --------------------------------------------------------------------------------- example-list


def example_list(reading: Reading) -> Iterator[LintFinding]:
    """Find lists of examples that do not say whether all are needed."""
    words = reading.lists
    opener = re.compile(words.either("example_openers"))
    parts = re.compile(words.either("any_parts"))
    for question in reading.questions:
        fields = list(question.fields())
        if any(parts.search(prose.text) for _, prose in fields):
            continue
        for field, prose in fields:
            match = opener.search(prose.text)
            if match:
                yield reading.finding(
                    "example-list",
                    "info",
                    question.criterion,
                    field=field,
                    span=prose.span(match),
                    why="It is not said whether one of the listed things is enough or all are due.",
                    mend="Write 'any of' or 'all of'.",
                )
                break


# -------------------------------------------------------------------------------- unfalsifiable


_TO_WHOM = re.compile(r"\s+to\s+the\s+(?:user|customer|question|request|prompt)\s*[.?]?$")


@cache
def _low_bar(words: Words) -> re.Pattern[str]:
    given = r"(?:contains?|includes?|gives?|provides?|mentions?|offers?|has|have)"
    some = r"(?:at least some|some|any)"
    return re.compile(
        rf"{given}\s+{some}\s+(?:\w+\s+)?{words.either('any_information')}"
        r"|^(?:is|are)\s+(?:the\s+\w+|it)\s+(?:\w+\s+)?(?:related to|not empty|non-empty)"
        r"|^(?:the\s+\w+|it)\s+(?:is|are)\s+(?:related to|not empty|non-empty)"
    )


def unfalsifiable(reading: Reading) -> Iterator[LintFinding]:
    """Find bars so low that every output clears them."""
    words = reading.lists
    for question in reading.questions:
        criterion = question.criterion
        if criterion.guard or criterion.weight <= 0:
            continue
        span = _clears_all(question.ask, words)
        if span is None:
            continue
        yield reading.finding(
            "unfalsifiable",
            "warn",
            criterion,
            field="ask",
            span=span,
            why="Nearly every output clears this bar, so it tells no two outputs apart.",
            mend="Raise the bar, drop it, or mark it `guard: true` where it guards a regression.",
        )


def _clears_all(ask: Prose, words: Words) -> str | None:
    low = _low_bar(words).search(ask.text)
    if low:
        return ask.span(low)
    effort = main_verb(ask, words, "effort_verbs")
    if effort:
        return ask.raw[effort.start : effort.end]
    responds = main_verb(ask, words, "responding_verbs")
    if responds and _TO_WHOM.match(ask.text, responds.end):
        return ask.raw[responds.start :]
    return None
