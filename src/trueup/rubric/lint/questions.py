"""Rules on how a question is put: one thing, yes or no, the right way round."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb, negation, negations
from trueup.rubric.lint.words import Words, either, gerund, third

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding, Severity
    from trueup.rubric.lint.reading import Question, Reading

# ------------------------------------------------------------------------------------- compound


@cache
def _joined_verb(words: Words) -> re.Pattern[str]:
    """Coordinator, perhaps an adverb, a verb of judging; nouns in disguise need an object."""
    verbs = words.of("judging_verbs")
    sure = verbs - words.of("noun_like")
    forms = either(sure | {third(verb) for verb in sure})
    doubtful = words.of("noun_like")
    doubtful_forms = either(doubtful | {third(verb) for verb in doubtful})
    object_ahead = rf"(?=\s+(?:{words.either('determiners')}|\u00a4))"
    gerunds = either(gerund(verb) for verb in verbs)
    joins, alongside = words.either("coordinators"), words.either("alongside")
    return re.compile(
        rf"{joins}\s+(?:(?:\w+ly|also|then|not|never)\s+)?(?:{forms}|{doubtful_forms}{object_ahead})"
        rf"|{alongside}\s+(?:also\s+)?{gerunds}"
        r"|(?<![\w-])and\s+(?:is|are|does|do|has|have)\s+(?:it|they|the|there)(?![\w-])"
    )


@cache
def _three_adjectives(words: Words) -> re.Pattern[str]:
    one = words.either("judged_adjectives", "vague_adjectives")
    return re.compile(rf"{one},\s+{one},?\s+(?:and|&)\s+{one}")


@cache
def _content_ahead(words: Words) -> re.Pattern[str]:
    """What the output tells somebody to do: the verbs after it are content."""
    verbs = words.of("instructing")
    forms = either(verbs | {third(verb) for verb in verbs} | {gerund(verb) for verb in verbs})
    return re.compile(rf"{forms}[^,;]*(?<![\w-])to\s+(?!{words.either('determiners')})\w+[^,;]*$")


@cache
def _relative(words: Words) -> re.Pattern[str]:
    """Inside "steps that support X", a second verb belongs to the steps."""
    return re.compile(rf"(?<![\w-])(?:that|which|who)\s+{words.either('judging_verbs')}[^,;]*$")


_ADVERB_LEFT = re.compile(r"\w+ly\s+$")
_ADVERB_RIGHT = re.compile(r"^\w+\s+\w+ly\s")
_NOT_ONLY = re.compile(r"(?<![\w-])not only(?![\w-])")
_SECOND_DEMAND = re.compile(
    r"^(?:(?:it|they|the \w+) (?:must |should )?(?:also|additionally)\b"
    r"|also\b|in addition\b|additionally\b|furthermore\b|moreover\b)",
    re.IGNORECASE,
)


def compound(reading: Reading) -> Iterator[LintFinding]:
    """Find criteria that ask two things at once."""
    words = reading.lists
    for question in reading.questions:
        met = question.level("met")
        if re.search(words.either("all_parts"), met.text):
            continue
        span = _second_question(question, words)
        if span is None:
            continue
        gate = question.criterion.gate is not None
        yield reading.finding(
            "compound",
            "error" if gate else "warn",
            question.criterion,
            field="ask",
            span=span,
            why="Two things are asked at once, so an output that does one of them has no answer.",
            mend="Split it in two criteria, or say in `met` that all parts are required.",
        )


def _second_question(question: Question, words: Words) -> str | None:
    ask = question.ask
    marks = [match.start() for match in re.finditer(r"\?", ask.text)]
    if len(marks) > 1:
        return ask.raw[marks[0] + 1 :].strip()
    for match in _joined_verb(words).finditer(ask.text):
        before = ask.text[: match.start()]
        if not any(p.search(before) for p in (_content_ahead(words), _relative(words))):
            if _ADVERB_LEFT.search(before) and _ADVERB_RIGHT.search(match.group()):
                continue
            return ask.span(match)
    for pattern in (_three_adjectives(words), _NOT_ONLY):
        found = pattern.search(ask.text)
        if found:
            return ask.span(found)
    for sentence in question.level("met").sentences[1:]:
        if _SECOND_DEMAND.match(sentence):
            return sentence
    return None


# -------------------------------------------------------------------------------- open-question


@cache
def _degree(words: Words) -> re.Pattern[str]:
    grading = words.either("grading_verbs")
    aim = r"\s+(?:the|this|its|each|how|whether|if|on)(?![\w-])"
    return re.compile(rf"^(?:{words.either('degree_questions')}|{grading}{aim})")


def open_question(reading: Reading) -> Iterator[LintFinding]:
    """Find binaries that ask for a degree."""
    for question in reading.questions:
        match = _degree(reading.lists).match(question.ask.text)
        if match and question.criterion.kind == "binary":
            yield reading.finding(
                "open-question",
                "error",
                question.criterion,
                field="ask",
                span=question.ask.span(match),
                why="The question asks for a degree or a fact, but the answers are met and unmet.",
                mend="Begin with Does, Is or Are, or give the criterion a `scale` or `choices`.",
            )


# ------------------------------------------------------------------------------------- polarity


def polarity(reading: Reading) -> Iterator[LintFinding]:
    """Find wordings that disagree with the sign of the weight, and double negations."""
    for question in reading.questions:
        remark = _polarity(question, reading.lists)
        if remark is not None:
            severity, span, why, mend = remark
            yield reading.finding(
                "polarity", severity, question.criterion, field="ask", span=span, why=why, mend=mend
            )


def _polarity(question: Question, words: Words) -> tuple[Severity, str, str, str] | None:
    ask = question.ask
    twice = next((raw for c, raw in ask.clauses() if len(negations(c, words)) > 1), None)
    if twice is not None:
        return (
            "warn",
            twice,
            "Two negations in one clause are misread by people and by models.",
            "Say it positively.",
        )
    negated = negation(ask, words)
    bad = main_verb(ask, words, "bad_verbs")
    if question.criterion.penalty:
        if negated is None or bad is not None:
            return None
        return (
            "error",
            ask.span(negated),
            "A penalty is met where the question is answered yes, so this charges good outputs.",
            "State the bad thing itself, as in 'Does the reply invent a fee?'.",
        )
    if bad is not None:
        return (
            "warn",
            ask.raw[bad.start : bad.end],
            "The weight is positive, so points are given for something bad.",
            "Make the weight negative, or ask for the good thing.",
        )
    if negated is None or question.criterion.gate is not None:  # a gate can only ask for what holds
        return None
    return (
        "info",
        ask.span(negated),
        "A question that is answered yes for an absence is easily answered the wrong way round.",
        "Ask for the good thing, or make it a penalty that names the bad thing.",
    )


# ----------------------------------------------------------------------------- hidden-condition


@cache
def _condition(words: Words) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    word = words.either("condition_words")
    return (
        re.compile(words.either("conditions_anywhere")),
        re.compile(rf"^{word}\s[^?]*,"),
        re.compile(rf"{word}\s+{words.either('condition_subjects')}"),
    )


def hidden_condition(reading: Reading) -> Iterator[LintFinding]:
    """Find conditions inside the question of a criterion that has no `when`."""
    for question in reading.questions:
        if question.criterion.when:
            continue
        found = _hidden(question, reading.lists)
        if found is not None:
            field, span = found
            yield reading.finding(
                "hidden-condition",
                "warn",
                question.criterion,
                field=field,
                span=span,
                why="Where the condition is false, the answer is unmet instead of not applicable.",
                mend="Move the condition to `when`.",
            )


def _hidden(question: Question, words: Words) -> tuple[str, str] | None:
    anywhere, opening, trailing = _condition(words)
    reporting = re.compile(words.either("reporting_words"))
    for field, prose in question.fields():
        if field not in {"ask", "met"}:
            continue
        found = anywhere.search(prose.text) or opening.match(prose.text)
        if found:
            return field, prose.span(found)
        for match in trailing.finditer(prose.text):
            before = re.split(r"[;:.?!]", prose.text[: match.start()])[-1]
            asks_whether = before.split()[-1:] and before.split()[-1] in words.of("asking_verbs")
            if not asks_whether and not reporting.search(before):
                return field, prose.span(match)
    return None
