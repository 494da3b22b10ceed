"""Rules on how a question is put: one thing, yes or no, the right way round, unconditional."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb, negation, negations
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.words import Words, either, gerund, third

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading


@Rule(
    "compound",
    "warn",
    otherwise="error on a gate",
    detects="Two questions in one: a second question mark, a coordinator followed by a verb of "
    "judging, three adjectives in a row, 'not only', a second demand in `met`.",
    mend="Split it in two criteria, or say in `met` that all parts are required.",
)
def compound(reading: Reading) -> Iterator[Remark]:
    """Find criteria that ask two things at once."""
    all_parts = reading.words.pattern("all_parts")
    for question in reading.questions:
        span = _second_question(question, reading.words)
        if span is not None and not all_parts.search(question.level("met").text):
            why = "Two things are asked at once, so an output that does one of them has no answer."
            yield Remark(question.criterion, Hit("ask", span), why, severity=question.severity)


@cache
def _joined_verb(words: Words) -> re.Pattern[str]:
    """Coordinator, perhaps an adverb, a verb of judging; nouns in disguise need an object."""
    verbs, doubtful = words.of("judging_verbs"), words.of("noun_like")
    sure = verbs - doubtful
    forms = either(sure | {third(verb) for verb in sure})
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
def _content_ahead(words: Words) -> re.Pattern[str]:
    """What the output tells somebody to do, or what "steps that support X" do, is content."""
    verbs = words.of("instructing")
    forms = either(verbs | {third(verb) for verb in verbs} | {gerund(verb) for verb in verbs})
    return re.compile(
        rf"{forms}[^,;]*(?<![\w-])to\s+(?!{words.either('determiners')})\w+[^,;]*$"
        rf"|(?<![\w-])(?:that|which|who)\s+{words.either('judging_verbs')}[^,;]*$"
    )


_ADVERB_LEFT = re.compile(r"\w+ly\s+$")
_ADVERB_RIGHT = re.compile(r"^\w+\s+\w+ly\s")
_SECOND_DEMAND = re.compile(
    r"^(?:(?:it|they|the \w+) (?:must |should )?(?:also|additionally)\b"
    r"|also\b|in addition\b|additionally\b|furthermore\b|moreover\b)",
    re.IGNORECASE,
)


def _second_question(question: Question, words: Words) -> str | None:
    ask = question.ask
    first, mark, rest = ask.text.partition("?")
    if mark and "?" in rest:
        return ask.raw[len(first) + 1 :].strip()
    for match in _joined_verb(words).finditer(ask.text):
        before = ask.text[: match.start()]
        adverbs = _ADVERB_LEFT.search(before) and _ADVERB_RIGHT.search(match.group())
        if not adverbs and not _content_ahead(words).search(before):
            return ask.span(match)
    one = words.either("judged_adjectives", "vague_adjectives")
    for pattern in (rf"{one},\s+{one},?\s+(?:and|&)\s+{one}", r"(?<![\w-])not only(?![\w-])"):
        found = re.search(pattern, ask.text)
        if found:
            return ask.span(found)
    later = question.level("met").sentences[1:]
    return next((sentence for sentence in later if _SECOND_DEMAND.match(sentence)), None)


@Rule(
    "open-question",
    "error",
    detects="'How well', 'To what extent', 'Rate the' on a binary.",
    mend="Begin with Does, Is or Are, or give the criterion a `scale` or `choices`.",
)
def open_question(reading: Reading) -> Iterator[Remark]:
    """Find binaries that ask for a degree."""
    words = reading.words
    degree = re.compile(
        rf"^(?:{words.either('degree_questions')}"
        rf"|{words.either('grading_verbs')}\s+(?:the|this|its|each|how|whether|if|on)(?![\w-]))"
    )
    for question in reading.questions:
        match = degree.match(question.ask.text)
        if match and question.criterion.kind == "binary":
            hit = Hit("ask", question.ask.span(match))
            why = "The question asks for a degree or a fact, but the answers are met and unmet."
            yield Remark(question.criterion, hit, why)


@Rule(
    "polarity",
    "error",
    otherwise="warn for a double negation or points for something bad, info for a negated "
    "question with a positive weight",
    detects="A penalty that is worded as an absence, points for a failure, two negations.",
    mend="State the bad thing itself, as in 'Does the reply invent a fee?'.",
)
def polarity(reading: Reading) -> Iterator[Remark]:
    """Find wordings that disagree with the sign of the weight, and double negations."""
    for question in reading.questions:
        remark = _polarity(question, reading.words)
        if remark is not None:
            yield remark


def _polarity(question: Question, words: Words) -> Remark | None:
    ask, criterion = question.ask, question.criterion
    twice = next((raw for text, raw in ask.clauses() if len(negations(text, words)) > 1), None)
    if twice is not None:
        why = "Two negations in one clause are misread by people and by models."
        return Remark(criterion, Hit("ask", twice), why, "Say it positively.", "warn")
    negated = negation(ask, words)
    bad = _bad(ask, words) if criterion.kind == "binary" else None
    if bad and negated and negated.start() < bad[0]:
        bad = None  # "never misleads" asks for something good
    if bad is not None and not criterion.penalty:
        hit = Hit("ask", ask.raw[slice(*bad)])
        why = "The weight is positive, so points are given for something bad."
        mend = "Make the weight negative, or ask for the good thing."
        return Remark(criterion, hit, why, mend, "warn")
    if negated is None or bad is not None or question.gate:  # a gate can only ask for what holds
        return None
    hit = Hit("ask", ask.span(negated))
    if criterion.penalty:
        why = "A penalty is met where the question is answered yes, so this charges good outputs."
        return Remark(criterion, hit, why)
    why = "A question that is answered yes for an absence is easily answered the wrong way round."
    mend = "Ask for the good thing, or make it a penalty that names the bad thing."
    return Remark(criterion, hit, why, mend, "info")


def _bad(ask: Prose, words: Words) -> tuple[int, int] | None:
    """Return where the words stand that make yes the bad answer."""
    verb = main_verb(ask, words, "bad_verbs")
    if verb is not None:
        return verb.start, verb.end
    verb = main_verb(ask, words, "bad_done_to")
    if verb is not None:
        things = words.table("bad_done_to")[verb.verb]
        done_to = either({*things, *map(third, things)})  # a plural is formed alike
        thing = re.compile(rf"\s+(?:(?!(?:for|in|of|that|to)\s)[\w'-]+\s+){{0,3}}?{done_to}")
        return (verb.start, verb.end) if thing.match(ask.text, verb.end) else None
    said_of_it = re.match(
        rf"(?:is|are)\s+(?:it|they|(?:the|this|any|each)\s+(?:[\w-]+\s+)?{words.either('output_words')})"
        rf"\s+(?:[^,;:?]*\s)?(?P<bad>{words.either('bad_adjectives')})"
        r"(?=\s*(?:[?.]|$)|\s+(?:or|and|to|towards)\s)",
        ask.text,
    )
    return said_of_it.span("bad") if said_of_it else None


@Rule(
    "hidden-condition",
    "warn",
    detects="'If applicable', 'where needed', 'if the customer asks' without a `when`.",
    mend="Move the condition to `when`.",
)
def hidden_condition(reading: Reading) -> Iterator[Remark]:
    """Find conditions inside the question of a criterion that has no `when`."""
    for question in reading.questions:
        hit = None if question.criterion.when else _hidden(question, reading.words)
        if hit:
            why = "Where the condition is false, the answer is unmet instead of not applicable."
            yield Remark(question.criterion, hit, why)


def _hidden(question: Question, words: Words) -> Hit | None:
    word = words.either("condition_words")
    stated = re.compile(rf"{words.either('conditions_anywhere')}|^{word}\s[^?]*,")
    trailing = re.compile(rf"{word}\s+{words.either('condition_subjects')}")
    # "... checks if the order is paid" asks whether; "says that, if it is paid, ..." is content.
    content = re.compile(rf"{words.either('asking_verbs')}\s*$|{words.either('reporting_words')}")
    for field, prose in (("ask", question.ask), ("met", question.level("met"))):
        found = stated.search(prose.text)
        if found:
            return Hit(field, prose.span(found))
        for match in trailing.finditer(prose.text):
            if not content.search(re.split(r"[;:.?!]", prose.text[: match.start()])[-1]):
                return Hit(field, prose.span(match))
    exception = words.pattern("exception_words").search(question.ask.text)
    if exception is None:
        return None
    # "no fee unless it is listed" asks for listed fees; what somebody is told to do is content
    before = question.ask.text[: exception.start()]
    said = content.search(before) or _content_ahead(words).search(before)
    return None if said or negations(before, words) else Hit("ask", question.ask.span(exception))
