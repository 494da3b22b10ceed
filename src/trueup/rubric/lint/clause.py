"""Where the main clause of a question has its verb, and whether it is negated.

No parser: a question in a rubric has one of three frames ("Does the reply name ...?", "The reply
names ...", "Names ..."), and a rule only asks for the verbs that it knows.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from trueup.rubric.lint.words import Words, either

if TYPE_CHECKING:
    from trueup.rubric.lint.prose import Prose

_AUXILIARY = r"(?:does|do|did|can|could|will|would|shall|should|must)(?:n't)?"
_NAME = r"(?!(?:to|and|or|that|which|not|never|by)\b)[\w'-]+"
_DETERMINED = r"(?:the|this|that|these|each|every|any|all|an?|its|both|no)"
_SUBJECT = (
    rf"(?:it|they|{_DETERMINED}\s+(?:{_NAME}\s+){{0,3}}?{_NAME}|{_NAME}(?:\s+{_NAME}){{0,2}}?)"
)
_ADVERB = r"(?:(?:\w+ly|also|then|not|never)\s+)*"

_HEAD_END = re.compile(
    r"[,;:.?!]|(?<![\w-])(?:that|which|who|whose|whether|what|how|because|if|when|where|why|than"
    r"|with no|or no|unless|to|for)(?![\w-])"
)
_ATTRIBUTE = re.compile(
    r"\s+(?:\w+ed|given|found|shown|in|on|at|from|part|about|present|there|true|known)(?![\w-])"
)
_CONTRACTED = re.compile(r"^\w+n't\b")


class Main(NamedTuple):
    """The main verb of a question."""

    verb: str
    """Base form."""
    start: int
    end: int
    """Offsets of the verb in the text."""


@cache
def _frames(words: Words, name: str) -> tuple[re.Pattern[str], ...]:
    verbs = words.verbs(name)
    base = either(set(verbs.values()))
    any_form = either(verbs)
    modal = r"(?:(?:should|must|will|can|may|shall)\s+)?"
    return (
        re.compile(rf"^{_AUXILIARY}\s+{_SUBJECT}\s+{_ADVERB}(?P<verb>{base})"),
        re.compile(
            rf"^(?:it|they|{_DETERMINED}\s+{_SUBJECT})\s+{modal}{_ADVERB}(?P<verb>{any_form})"
        ),
        re.compile(rf"^(?:{_NAME}ly\s+)?(?P<verb>{any_form})"),
    )


def main_verb(prose: Prose, words: Words, name: str) -> Main | None:
    """Return the main verb of a question where it is in a list."""
    verbs = words.verbs(name)
    for frame in _frames(words, name):
        match = frame.match(prose.text)
        if match:
            form = " ".join(match["verb"].split())
            return Main(verbs[form], match.start("verb"), match.end("verb"))
    return None


@cache
def _negator(words: Words) -> re.Pattern[str]:
    limit = r"(?:\w+er|more|less)\s+than"
    return re.compile(rf"{words.either('negators')}(?!\s+(?:only|to|{limit})\b)|\b\w+n't\b")


def negation(prose: Prose, words: Words) -> re.Match[str] | None:
    """Return the negation of the main clause.

    An attribute is none: "without a date", or "facts not found in the source" after Does.
    """
    head_end = _HEAD_END.search(prose.text)
    end = head_end.start() if head_end else len(prose.text)
    asks_do = re.match(_AUXILIARY, prose.text) is not None
    for match in _negator(words).finditer(prose.text):
        if match.start() >= end:
            break
        if not (asks_do and match.group() == "not" and _ATTRIBUTE.match(prose.text, match.end())):
            return match
    return _CONTRACTED.match(prose.text)


def negations(clause: str, words: Words) -> list[str]:
    """Return every negation in one clause, `without` among them."""
    found = [match.group() for match in _negator(words).finditer(clause)]
    return found + re.findall(r"\bwithout\b", clause)
