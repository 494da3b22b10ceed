"""Rules on what a criterion rewards: a topic named, an amount, or a thing that code can count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb
from trueup.rubric.lint.prose import LITERAL, stem
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import AT_LEAST_FROM, AT_LEAST_UP_TO, PRESENCE_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion


@Rule(
    "presence-only",
    "warn",
    otherwise="error for the rubric where over half of the positive weight is such",
    detects="A positive criterion that is met by mentioning a topic, with no fact named and "
    "no gate or penalty on its correctness.",
    mend="Name the fact, add a penalty for wrong content, or use a `check` for a literal.",
)
def presence_only(reading: Reading) -> Iterator[Remark]:
    """Find criteria that are met by mentioning a topic, whatever is said of it."""
    weight = 0.0
    for question in reading.questions:
        span = _topic_only(question, reading)
        if span is not None:
            weight += question.criterion.weight
            why = "Naming the topic is enough, even where what is said of it is wrong."
            mend = (
                "Name the fact ('states that the refund takes 14 days'), add a penalty for wrong "
                "content, or use a `check` where the literal is required."
            )
            yield Remark(question.criterion, Hit("ask", span), why, mend)
    if weight > PRESENCE_SHARE * reading.positive_weight > 0:
        span = f"{weight / reading.positive_weight:.0%} of the positive weight"
        why = "Most points are for naming topics, so a list of topics scores high."
        mend = "Ask for facts, or gate on their correctness."
        yield Remark(None, Hit("", span), why, mend, "error")


def _topic_only(question: Question, reading: Reading) -> str | None:
    """Return the words that only ask for a topic; None where something is asked of it."""
    criterion, words, ask = question.criterion, reading.words, question.ask
    verb = main_verb(ask, words, "presence_verbs")
    if verb is None or criterion.weight <= 0 or criterion.kind != "binary":
        return None
    adverb, said = ask.text[: verb.start].split()[-1:], ask.text[verb.end :]
    # "Provides a plan" asks for the thing itself, "provides information on plans" for a topic.
    delivers = verb.verb == "provide" and not words.pattern("provided_topics").search(said)
    if delivers or re.match(r"\s+no\s", said):
        return None
    # A number, a literal, a word of correctness, or a field that the topic is compared with.
    fact = re.compile(
        rf"\d|{LITERAL}|{words.either('fact_words')}|{words.either('numbers')}"
        rf"|(?:from|in|of|by|with|to)\s+(?:\w+\s+){{0,3}}?{words.either('field_words')}"
    )
    if any(fact.search(text) for text in (*adverb, said, question.level("met").text)):
        return None
    topics = frozenset(stem(word) for word in re.findall(r"[^\W\d_]+", said)) - words.stop
    if any(_guards(other, topics, reading) for other in reading.rubric.criteria):
        return None
    return ask.raw[verb.start :].strip()


def _guards(other: Criterion, topics: frozenset[str], reading: Reading) -> bool:
    """Tell whether a gate or penalty punishes wrong content on the same topic."""
    text = " ".join([other.ask, *(level.text for level in other.levels)]).lower()
    punishes = other.gate is not None or other.penalty
    if not punishes or not reading.words.pattern("correctness_words").search(text):
        return False
    about = reading.content(reading.read(text))
    return bool(about & topics or reading.words.pattern("everything_words").search(text))


@Rule(
    "length",
    "warn",
    otherwise="info where the rubric limits length",
    detects="A reward for amount: comprehensive, thorough, 'at least three' with an open top.",
    mend="List what must be there; add a penalty for padding or a `max_words` check.",
)
def length(reading: Reading) -> Iterator[Remark]:
    """Find criteria that are easier to meet the more is written."""
    limited = _limits_length(reading)
    for question in reading.questions:
        hit = _amount(question, reading) if question.criterion.weight > 0 else None
        if hit:
            why = "Writing more is the safest way to meet this, needed or not."
            yield Remark(question.criterion, hit, why, severity="info" if limited else "warn")


def _amount(question: Question, reading: Reading) -> Hit | None:
    """Return where the question or its best answer asks for an amount."""
    words = reading.words
    amount = re.compile(
        rf"{words.either('length_words')}"
        r"|(?<![\w-])as\s+(?:many|much)\s+(?:[\w'-]+\s+){0,6}?as\s+possible(?![\w-])"
        rf"|(?<![\w-])at least\s+(?P<n>\d+|{words.either('numbers')})"
        r"\s+(?P<noun>[\w-]+(?:\s+[\w-]+)?)"
    )
    topped = re.compile(r"at most|no more than|not more than|up to|between|maximum|fewer than")
    wanted = [("ask", question.ask)]
    if question.criterion.kind != "choices":
        wanted.append(question.levels[-1])
    for field, prose in wanted:
        rewarded = (m for m in amount.finditer(prose.text) if _rewards(m, prose, reading))
        match = next(rewarded, None)
        if match and not (match["n"] and topped.search(prose.text)):
            return Hit(field, prose.span(match))
    return None


def _rewards(match: re.Match[str], prose: Prose, reading: Reading) -> bool:
    words = reading.words
    if match["n"]:
        number = int(words.table("numbers").get(match["n"], match["n"]))
        measured = words.of("measures") & {*match["noun"].split()}
        return AT_LEAST_FROM <= number <= AT_LEAST_UP_TO and not measured
    before = prose.text[: match.start()].split()[-2:]
    after = re.findall(r"[\w-]+", prose.text[match.end() :])[:2]
    return not (words.of("too_much") & {*before} or reading.task & {stem(word) for word in after})


def _limits_length(reading: Reading) -> bool:
    limits = reading.words.pattern("length_limits")
    return any(
        (c.penalty and limits.search(f"{c.ask} {c.met}".lower()))
        or (c.check and ("max_words" in c.check or "max" in c.check.get("count", {})))
        for c in reading.rubric.criteria
    )


@Rule(
    "code-can-decide",
    "warn",
    detects="Counts of words, sentences, bullets and the like, formats and literals.",
    mend="Use the `check` that the remark proposes.",
)
def code_can_decide(reading: Reading) -> Iterator[Remark]:
    """Find questions that a check answers without a judge, and propose the check."""
    for question in reading.questions:
        ask = question.ask
        found = _proposal(ask, reading.words) if question.criterion.kind == "binary" else None
        if found:
            match, check = found
            why = "Judges count badly, and code answers this for nothing."
            mend = f"Use `check: {check}`." if check else "Decide it in a rule judge in judges/."
            yield Remark(question.criterion, Hit("ask", ask.span(match)), why, mend)


_EXACT = re.compile(
    rf"(?:exact|literal)\s+(?:phrase|words?|text|sentence|string)\s+(?P<text>{LITERAL}+)"
)


def _proposal(ask: Prose, words: Words) -> tuple[re.Match[str], str] | None:
    """Return what code can decide, and the check that does; the check is empty where none fits."""
    text = ask.text
    match = _counted(text, words)
    if match:
        return match, _count_check(match, words)
    absent = (
        r"(?:free of|free from|without|no|avoid|avoids)\s+(?:any\s+)?"
        rf"(?P<thing>{words.either('code_absent')})(?!\s+(?:to|in|of|from|about|that|which)\b)"
    )
    match = re.search(absent, text)
    if match:
        unit = words.table("code_absent")[" ".join(match["thing"].split())]
        return match, f"{{count: {{unit: {unit}, exactly: 0}}}}"
    match = _markup(words).search(text)
    if match:
        json = "json" in match.group()
        return match, "{json: true}" if json else ""
    framed = (
        rf"(?:{words.either('output_words')}|it)\s+(?:\w+ly\s+)?(?P<end>start|begin|end)s?\s+with\s+"
        rf"(?:(?:the\s+\w+\s+)?(?P<text>{LITERAL}+)|an?\s+(?P<sign>{words.either('signs')}))"
    )
    match = re.search(framed, text)
    if match:
        key = "ends_with" if match["end"] == "end" else "starts_with"
        sign = words.table("signs").get(" ".join((match["sign"] or "").split()))
        return match, f"{{{key}: {repr(sign) if sign else _literal(ask, match)}}}"
    match = _EXACT.search(text)
    return (match, f"{{contains: {_literal(ask, match)}}}") if match else None


def _markup(words: Words) -> re.Pattern[str]:
    """Return what a format is found by: valid anywhere, or said of the whole output."""
    outputs, formats = words.either("output_words"), words.either("formats")
    return re.compile(
        rf"(?:valid|well-formed|parsable|parseable)\s+{formats}"
        rf"|^(?:is|are)\s+(?:it|(?:the|this)\s+(?:[\w-]+\s+)?{outputs})\s+"
        rf"(?:(?:\w+ly|\w+ed|given|sent|written)\s+){{0,2}}(?:in|as)\s+(?:an?\s+)?{formats}"
    )


def _literal(ask: Prose, match: re.Match[str]) -> str:
    """Return the masked literal as YAML, in single quotes."""
    text = ask.raw[match.start("text") : match.end("text")]
    text = text.strip("\"'`\u201c\u201d\u00ab\u00bb\u201e")
    return "'" + text.replace("'", "''") + "'"


def _counted(text: str, words: Words) -> re.Match[str] | None:
    """Return a limit on the count of something in the whole output."""
    n, units = rf"(?:\d+|{words.either('numbers')})", words.either("code_units")
    match = re.search(
        rf"(?:(?P<limit>{words.either('limits')})\s+(?P<n>{n})|(?<![\w-])between\s+(?P<low>{n})\s+and\s+(?P<high>{n})"
        rf"|(?<![\w-])(?P<just>{n})(?=\s+{units}\s+long(?![\w-])))\s+(?P<unit>{units})",
        text,
    )
    # "says that a password needs at least 12 characters": the number is content
    told = match and words.pattern("reporting_words").search(text, 0, match.start())
    return None if told or words.pattern("part_counts").search(text) else match


def _count_check(match: re.Match[str], words: Words) -> str:
    numbers = words.table("numbers")
    unit = words.table("code_units")[" ".join(match["unit"].split())]
    if match["n"]:
        bound, more = words.table("limits")[" ".join(match["limit"].split())]
        bounds = f"{bound}: {int(numbers.get(match['n'], match['n'])) + more}"
    elif match["just"]:
        bounds = f"exactly: {numbers.get(match['just'], match['just'])}"
    else:
        low, high = (numbers.get(match[name], match[name]) for name in ("low", "high"))
        bounds = f"min: {low}, max: {high}"
    return f"{{count: {{unit: {unit}, {bounds}}}}}"
