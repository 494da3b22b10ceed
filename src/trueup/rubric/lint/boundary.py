"""Rules on the boundary between met and unmet: whether it is there, and whether it can be seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.rubric.lint.clause import main_verb
from trueup.rubric.lint.prose import content, jaccard, stem
from trueup.rubric.lint.rule import Hit, Remark, Rule
from trueup.rubric.lint.thresholds import HEAVY_SHARE, SAME_TEXT
from trueup.rubric.lint.words import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.prose import Prose
    from trueup.rubric.lint.reading import Question, Reading
    from trueup.rubric.lint.words import Words


@Rule(
    "vague",
    "warn",
    otherwise="info where every answer is described, and for empty adverbs",
    detects="Words without a boundary (helpful, appropriate, relevant; effectively, clearly).",
    mend="Say what a reader would see in the output.",
)
def vague(reading: Reading) -> Iterator[Remark]:
    """Find words that every reader fills in differently."""
    words = reading.words
    # "engaging with", "good at": the adjective is a verb or a phrase of its own.
    adjective = re.compile(
        rf"{words.either('vague_adjectives')}(?!\s+(?:with|faith)(?![\w-]))|{_manner(words)}"
    )
    adverb = re.compile(rf"(?<!as )(?<!as\n){words.either('empty_adverbs')}(?!\s+as\b|-)")
    for question in reading.questions:
        hit = _vague_adjective(question, adjective)
        if hit:
            why = f"Nobody says where '{hit.span}' begins, so each reader draws the line elsewhere."
            yield Remark(
                question.criterion, hit, why, severity="info" if question.anchored else "warn"
            )
        hit = question.find(adverb)
        if hit:
            why = f"'{hit.span}' adds a judgement without a boundary."
            mend = "Delete the adverb, or say what it means."
            yield Remark(question.criterion, hit, why, mend, severity="info")


def _manner(words: Words) -> str:
    """Return what "sounds natural" and "a professional tone" are found by, but not natural gas."""
    vague = words.either("vague_manners")
    said = rf"(?:(?:is|are)|{either(words.verbs('manner_verbs'))})\s+(?:\w+ly\s+)?"
    asked = r"^(?:is|are)\s[^,;:?]*?(?<!\ba)(?<!\ban)(?<!\bthe)\s"
    return (
        rf"(?:{said}|{asked})(?P<manner>{vague})(?=\s*(?:[?.,;]|$)|\s+(?:and|or|enough)\s)"
        rf"|{vague}\s+{words.either('manners')}"
    )


def _vague_adjective(question: Question, pattern: re.Pattern[str]) -> Hit | None:
    """Return where a vague adjective is left undefined.

    Where every answer is described in other words, the descriptions define the question's.
    """
    named = {word for need in question.criterion.needs for word in need.lower().split(".")}
    for field, prose in question.fields():
        match = pattern.search(prose.text)
        defined = field == "ask" and question.anchored
        if match and not defined and match.group() not in named:
            return Hit(field, prose.raw[slice(*match.span("manner" if match["manner"] else 0))])
    return None


@Rule(
    "no-anchors",
    "warn",
    otherwise="error on a gate and on half of the positive weight",
    detects="A binary without `met` and `unmet`, or with anchors that only repeat or negate.",
    mend="Write what a reader sees in either case, and put the hard case in `unmet`.",
    words=False,
)
def no_anchors(reading: Reading) -> Iterator[Remark]:
    """Find binaries whose boundary is never stated."""
    for question in reading.questions:
        criterion = question.criterion
        flaw = _anchor_flaw(question, reading) if criterion.kind == "binary" else None
        if flaw:
            positive = reading.positive_weight
            heavy = positive > 0 and criterion.weight >= HEAVY_SHARE * positive
            yield Remark(criterion, *flaw, severity="error" if heavy else question.severity)


def _anchor_flaw(question: Question, reading: Reading) -> tuple[Hit, str] | None:
    met, unmet = question.level("met"), question.level("unmet")
    if not met or not unmet:
        missing = " and ".join(f"`{k}`" for k, t in (("met", met), ("unmet", unmet)) if not t)
        verb = "is" if met or unmet else "are"
        return Hit("ask"), f"{missing} {verb} missing, so the boundary is the judge's to invent."
    stop = reading.words.stop
    if jaccard(content(met, stop), content(question.ask, stop)) >= SAME_TEXT:
        return Hit("met"), "`met` only repeats the question, so it states no boundary."
    if _without_negation(unmet) == _without_negation(met):
        return Hit("unmet"), "`unmet` is only `met` with a not, so it states no boundary."
    return None


_NEGATING = frozenset(
    {"not", "no", "never", "does", "do", "is", "are", "has", "have", "cannot", "can", "fail",
     "doe", "to", "any", "a"}
)  # fmt: skip


def _without_negation(prose: Prose) -> list[str]:
    """Return the words in order, free of negation and of what negation does to a verb."""
    words = (stem(word.removesuffix("n't")) for word in prose.words)
    return [word for word in words if word not in _NEGATING]


@Rule(
    "hedged",
    "info",
    otherwise="warn for 'etc.' and 'and/or'",
    detects="May, could, ideally, usually, 'etc.', 'and/or' in the boundary.",
    mend="Decide, and say so.",
)
def hedged(reading: Reading) -> Iterator[Remark]:
    """Find boundaries that are left open."""
    words = reading.words
    hedge = words.pattern("hedges")
    open_end = re.compile(rf"{words.either('open_ends')}|(?<!\w)etc\.")
    about_the_world = re.compile(rf"{words.either('reporting_words')}[^,;:.?]*$")
    for question in reading.questions:
        hit = question.find(open_end)
        if hit:
            why = "What else belongs to the list is left to the reader."
            mend = "Write the whole list, or name what its members have in common."
            yield Remark(question.criterion, hit, why, mend, severity="warn")
            continue
        hedges = (
            Hit(field, prose.span(match))
            for field, prose in question.fields()
            for match in hedge.finditer(prose.text)
            if not prose.raw[match.start()].isupper()
            and not about_the_world.search(prose.text[: match.start()])
        )
        hit = next(hedges, None)
        if hit:
            why = "A boundary that may or may not hold gives no definite answer."
            yield Remark(question.criterion, hit, why)


@Rule(
    "example-list",
    "info",
    detects="'Such as' or 'including' without saying whether one or all are needed.",
    mend="Write 'any of' or 'all of'.",
)
def example_list(reading: Reading) -> Iterator[Remark]:
    """Find lists of examples that do not say whether all are needed."""
    for question in reading.questions:
        hit = question.find(reading.words.pattern("example_openers"))
        if hit and not question.find(reading.words.pattern("any_parts")):
            why = "It is not said whether one of the listed things is enough or all are due."
            yield Remark(question.criterion, hit, why)


@Rule(
    "unfalsifiable",
    "warn",
    detects="A bar that every output clears: attempts, some information, responds to the user.",
    mend="Raise the bar, drop it, or mark it `guard: true` where it guards a regression.",
)
def unfalsifiable(reading: Reading) -> Iterator[Remark]:
    """Find bars so low that every output clears them."""
    for question in reading.questions:
        criterion = question.criterion
        span = _clears_all(question.ask, reading.words)
        if span and not criterion.guard and criterion.weight > 0:
            why = "Nearly every output clears this bar, so it tells no two outputs apart."
            yield Remark(criterion, Hit("ask", span), why)


_TO_WHOM = re.compile(r"\s+to\s+the\s+(?:user|customer|question|request|prompt)\s*[.?]?$")


def _clears_all(ask: Prose, words: Words) -> str | None:
    low_bar = re.compile(
        r"(?:contains?|includes?|gives?|provides?|mentions?|offers?|has|have)"
        rf"\s+(?:at least some|some|any)\s+(?:\w+\s+)?{words.either('any_information')}"
        r"|^(?:is|are)\s+(?:the\s+\w+|it)\s+(?:\w+\s+)?(?:related to|not empty|non-empty)"
        r"|^(?:the\s+\w+|it)\s+(?:is|are)\s+(?:related to|not empty|non-empty)"
    )
    low = low_bar.search(ask.text)
    if low:
        return ask.span(low)
    effort = main_verb(ask, words, "effort_verbs")
    if effort:
        return ask.raw[effort.start : effort.end]
    responds = main_verb(ask, words, "responding_verbs")
    if responds and _TO_WHOM.match(ask.text, responds.end):
        return ask.raw[responds.start :]
    return None
