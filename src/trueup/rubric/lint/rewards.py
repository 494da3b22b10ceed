"""Rules on what a criterion rewards: a topic named, an amount, or a thing that code can count."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb
from trueup.rubric.lint.prose import LITERAL, stem
from trueup.rubric.lint.thresholds import AT_LEAST_FROM, AT_LEAST_UP_TO, PRESENCE_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion

# -------------------------------------------------------------------------------- presence-only


def presence_only(reading: Reading) -> Iterator[LintFinding]:
    """Find criteria that are met by mentioning a topic, whatever is said of it."""
    weight = 0.0
    for question in reading.questions:
        span = _topic_only(question, reading)
        if span is None:
            continue
        weight += question.criterion.weight
        yield reading.finding(
            "presence-only",
            "warn",
            question.criterion,
            field="ask",
            span=span,
            why="Naming the topic is enough, even where what is said of it is wrong.",
            mend="Name the fact ('states that the refund takes 14 days'), add a penalty for wrong "
            "content, or use a `check` where the literal is required.",
        )
    if weight > PRESENCE_SHARE * reading.positive_weight > 0:
        yield reading.finding(
            "presence-only",
            "error",
            None,
            span=f"{weight / reading.positive_weight:.0%} of the positive weight",
            why="Most points are for naming topics, so a list of topics scores high.",
            mend="Ask for facts, or gate on their correctness.",
        )


def _topic_only(question: Question, reading: Reading) -> str | None:
    """Return the words that only ask for a topic; None where something is asked of it."""
    criterion, words = question.criterion, reading.lists
    if criterion.weight <= 0 or criterion.kind != "binary":
        return None
    verb = main_verb(question.ask, words, "presence_verbs")
    if verb is None:
        return None
    adverb = question.ask.text[: verb.start].split()[-1:]
    said = question.ask.text[verb.end :]
    # "Provides a plan" asks for the thing itself, "provides information on plans" for a topic.
    absence = re.match(r"\s+no\s", said) is not None
    delivers = verb.verb == "provide" and not re.search(words.either("provided_topics"), said)
    asked = (*adverb, said, question.level("met").text)
    if absence or delivers or any(_fact(words).search(text) for text in asked):
        return None
    topics = frozenset(stem(word) for word in re.findall(r"[^\W\d_]+", said)) - words.stop
    if any(_guards(other, topics, reading) for other in reading.rubric.criteria):
        return None
    return question.ask.raw[verb.start :].strip()


@cache
def _fact(words: Words) -> re.Pattern[str]:
    """A number, a literal, a word of correctness, or a field that the topic is compared with."""
    field = rf"(?:from|in|of|by|with|to)\s+(?:\w+\s+){{0,3}}?{words.either('field_words')}"
    numbers = words.either("numbers")
    return re.compile(rf"\d|{LITERAL}|{words.either('fact_words')}|{field}|{numbers}")


def _guards(other: Criterion, topics: frozenset[str], reading: Reading) -> bool:
    """Tell whether a gate or penalty punishes wrong content on the same topic."""
    if other.gate is None and not other.penalty:
        return False
    words = reading.lists
    text = " ".join([other.ask, *(level.text for level in other.levels)]).lower()
    if not re.search(words.either("correctness_words"), text):
        return False
    about = reading.content(reading.read(text))
    return bool(about & topics) or bool(re.search(words.either("everything_words"), text))


# --------------------------------------------------------------------------------------- length


@cache
def _amount(words: Words) -> re.Pattern[str]:
    number = rf"(?P<n>\d+|{words.either('numbers')})"
    return re.compile(
        rf"(?P<word>{words.either('length_words')})"
        rf"|(?<![\w-])at least\s+{number}\s+(?P<noun>[\w-]+(?:\s+[\w-]+)?)"
    )


def length(reading: Reading) -> Iterator[LintFinding]:
    """Find criteria that are easier to meet the more is written."""
    words = reading.lists
    topped = re.compile(r"at most|no more than|not more than|up to|between|maximum|fewer than")
    limited = _limits_length(reading)
    for question in reading.questions:
        if question.criterion.weight <= 0:
            continue
        for field, prose in question.wanted():
            match = next(
                (m for m in _amount(words).finditer(prose.text) if _rewards(m, prose, reading)),
                None,
            )
            if match is None or (match["n"] and topped.search(prose.text)):
                continue
            yield reading.finding(
                "length",
                "info" if limited else "warn",
                question.criterion,
                field=field,
                span=prose.span(match),
                why="Writing more is the safest way to meet this, needed or not.",
                mend="List what must be there; add a penalty for padding or a `max_words` check.",
            )
            break


def _rewards(match: re.Match[str], prose: Prose, reading: Reading) -> bool:
    words = reading.lists
    if match["n"]:
        number = int(words.table("numbers").get(match["n"], match["n"]))
        measured = any(noun in words.of("measures") for noun in match["noun"].split())
        return AT_LEAST_FROM <= number <= AT_LEAST_UP_TO and not measured
    before = prose.text[: match.start()].split()[-2:]
    if any(word in words.of("too_much") for word in before):
        return False
    after = re.findall(r"[\w-]+", prose.text[match.end() :])[:2]
    task = reading.content(reading.read(reading.rubric.task))
    return not any(stem(word) in task for word in after)


def _limits_length(reading: Reading) -> bool:
    limits = re.compile(reading.lists.either("length_limits"))
    for criterion in reading.rubric.criteria:
        if criterion.penalty and limits.search(f"{criterion.ask} {criterion.met}".lower()):
            return True
        check = criterion.check or {}
        count = check.get("count")
        if "max_words" in check or (isinstance(count, dict) and "max" in count):
            return True
    return False


# ------------------------------------------------------------------------------ code-can-decide


@cache
def _countable(words: Words) -> re.Pattern[str]:
    n = rf"(?:\d+|{words.either('numbers')})"
    units = words.either("code_units")
    return re.compile(
        rf"(?<![\w-])(?:(?P<low>at least|no fewer than|not fewer than|a minimum of)\s+(?P<min>{n})"
        rf"|(?P<over>more than|over)\s+(?P<above>{n})"
        rf"|(?P<high>at most|no more than|not more than|up to|a maximum of|within)\s+(?P<max>{n})"
        rf"|(?P<under>fewer than|less than|under|below)\s+(?P<beneath>{n})"
        rf"|(?P<just>exactly|precisely)\s+(?P<exactly>{n})"
        rf"|between\s+(?P<from>{n})\s+and\s+(?P<to>{n}))\s+(?P<unit>{units})"
    )


@cache
def _absent(words: Words) -> re.Pattern[str]:
    things = words.either("code_absent")
    return re.compile(
        rf"(?:free of|free from|without|no|avoid|avoids)\s+(?:any\s+)?(?P<thing>{things})"
    )


_MARKUP = re.compile(
    r"(?:valid|well-formed|parsable|parseable)\s+(?P<format>json|xml|yaml|csv|html)"
)
_EXACT = re.compile(
    rf"(?:exact|literal)\s+(?:phrase|words?|text|sentence|string)\s+(?P<text>{LITERAL}+)"
)


@cache
def _framed(words: Words) -> re.Pattern[str]:
    return re.compile(
        rf"(?:{words.either('output_words')}|it)\s+(?:\w+ly\s+)?(?P<end>start|begin|end)s?\s+with\s+"
        rf"(?:the\s+\w+\s+)?(?P<text>{LITERAL}+)"
    )


def code_can_decide(reading: Reading) -> Iterator[LintFinding]:
    """Find questions that a check answers without a judge, and propose the check."""
    for question in reading.questions:
        if question.criterion.kind != "binary":
            continue
        found = _proposal(question.ask, reading.lists)
        if found is None:
            continue
        match, check = found
        yield reading.finding(
            "code-can-decide",
            "warn",
            question.criterion,
            field="ask",
            span=question.ask.span(match),
            why="Judges count badly, and code answers this for nothing.",
            mend=f"Use `check: {check}`." if check else "Decide it in a rule judge in judges/.",
        )


def _proposal(ask: Prose, words: Words) -> tuple[re.Match[str], str] | None:
    """Return what code can decide, and the check that does; the check is empty where none fits."""
    text = ask.text
    match = _countable(words).search(text)
    if match and not re.search(words.either("part_counts"), text):
        return match, _count_check(match, words)
    match = _absent(words).search(text)
    if match and not re.match(r"\s+(?:to|in|of|from|about|that|which)\b", text[match.end() :]):
        unit = words.table("code_absent")[" ".join(match["thing"].split())]
        return match, f"{{count: {{unit: {unit}, exactly: 0}}}}"
    match = _MARKUP.search(text)
    if match:
        return match, "{json: true}" if match["format"] == "json" else ""
    match = _framed(words).search(text)
    if match:
        key = "ends_with" if match["end"] == "end" else "starts_with"
        return match, f"{{{key}: {_literal(ask, match)}}}"
    match = _EXACT.search(text)
    if match:
        return match, f"{{contains: {_literal(ask, match)}}}"
    return None


def _literal(ask: Prose, match: re.Match[str]) -> str:
    """Return the masked literal as YAML, in single quotes."""
    text = ask.raw[match.start("text") : match.end("text")].strip(
        "\"'`\u201c\u201d\u00ab\u00bb\u201e"
    )
    return "'" + text.replace("'", "''") + "'"


def _count_check(match: re.Match[str], words: Words) -> str:
    numbers = words.table("numbers")

    def value(group: str) -> int:
        return int(numbers.get(match[group], match[group]))

    if match["min"]:
        bound = f"min: {value('min')}"
    elif match["above"]:
        bound = f"min: {value('above') + 1}"
    elif match["max"]:
        bound = f"max: {value('max')}"
    elif match["beneath"]:
        bound = f"max: {value('beneath') - 1}"
    elif match["exactly"]:
        bound = f"exactly: {value('exactly')}"
    else:
        bound = f"min: {value('from')}, max: {value('to')}"
    unit = words.table("code_units")[" ".join(match["unit"].split())]
    return f"{{count: {{unit: {unit}, {bound}}}}}"
