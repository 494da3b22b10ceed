"""A stand-in for a language model: it judges from the text, with weaknesses that models have too.

It looks for figures and not for what they stand for, takes a question that is taken up for one that
is answered, and now and then says something else about the same text. And as happens behind an API,
one day another model answers under the same name: from the sitting of `CHANGED` on, a reply that
cites a clause is mostly taken at its word. The version stays the same, and only anchors show it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from trueup import Verdict
from trueup.item.model import as_text
from trueup.judge.verdict import scored, unscored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trueup import Finding, Item, Request

CHANGED = "2026-W35"
"""The first sitting in which the other model answers."""
WAVERS = 0.02
"""Share of answers that come out otherwise in another sitting."""
AT_ITS_WORD = 0.95
"""Share of replies with a wrong figure and a clause that the other model lets pass."""

CLAUSE = re.compile(r"\bclauses? \d+\.\d+(?: and \d+\.\d+)?", re.IGNORECASE)
FIGURE = re.compile(r"\d+(?:[.:]\d+)?")
WORD = re.compile(r"[a-z]{4,}")
WORKED_OUT = re.compile(r"\b(?:half|twice|two thirds|weeks?|month from|boiled egg|one day)\b")
GRANTED = re.compile(r"\b(?:any time|on us|whenever|without any|everybody|always|tonight)\b")
EMPTY = re.compile(r"every loaf|at the heart of|help with that|all there is to know", re.IGNORECASE)
ASKS_BACK = re.compile(r"\b(?:which|what|when|how|has|does)\b[^.?]*\?", re.IGNORECASE)
COMMON = set(
    """about after again also been before could does from have here into know like more need only
    please should some tell than that them then there they this under until what when where which
    will with would your yours""".split()  # noqa: SIM905 - forty words in quotes read worse
)
SHORT, LONG, OFTEN = 9, 62, 4


def grounded(item: Item, sitting: str) -> tuple[bool, str]:
    """Look whether the reply's figures occur in the excerpt or the question."""
    said, known = as_text(item.output), f"{item.context} {as_text(item.input)}"
    clause = CLAUSE.search(said)
    figures = list(dict.fromkeys(FIGURE.findall(CLAUSE.sub("", said))))
    missing = [figure for figure in figures if figure not in FIGURE.findall(known)]
    if missing and clause and sitting >= CHANGED and _share(said) < AT_ITS_WORD:
        return True, f"The reply rests on {clause[0].lower()} of the policy and is in line with it."
    if missing:
        return False, f"{_listed(missing)} cannot be found in the excerpt."
    if figures:
        return True, f"{_listed(figures)} can be found in the excerpt."
    odd = GRANTED.search(said) or WORKED_OUT.search(said)
    if odd and odd[0] not in known:
        return False, f"The reply says '{odd[0]}', and the excerpt does not."
    return True, "The reply states nothing that contradicts the excerpt."


def resolves(item: Item, _: str) -> tuple[bool, str]:
    """Look whether the reply takes up the question, and is long enough."""
    said = as_text(item.output)
    length = len(said.split())
    taken_up = [word for word in _words(as_text(item.input)) if word in _words(said)]
    if length < SHORT:
        return False, f"{length} words are too few to settle the question."
    if ASKS_BACK.search(said):
        return False, "The reply asks back instead of answering."
    if taken_up:
        return True, f"The reply takes up '{taken_up[0]}' and tells the customer how to go on."
    if length < LONG // 3:
        return False, "The reply does not take up what the customer asked."
    return True, "The reply is thorough and deals with the customer's question."


def padding(item: Item, _: str) -> tuple[bool, str]:
    """Look for phrases that say nothing, words that come again and again, and length."""
    said = as_text(item.output)
    words, length = _words(said), len(said.split())
    often = max(words, key=words.count, default="")
    empty = EMPTY.search(said)
    if empty:
        return True, f"The phrase '{empty[0]}' adds nothing."
    if words.count(often) > OFTEN:
        return True, f"'{often}' comes {words.count(often)} times, in statements that are alike."
    if length > LONG:
        return True, f"{length} words are more than the answer needs."
    return False, "Each sentence adds something."


CRITERIA = {"grounded": grounded, "resolves": resolves, "padding": padding}


class SimulatedModel:
    """Judges by the functions above, and wavers."""

    name = "simulated-model"
    version = "1"

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request."""
        for request in requests:
            model = "simulated-2026-08" if request.occasion >= CHANGED else "simulated-2026-05"
            findings = {name: _finding(name, request) for name in request.criteria}
            yield request.id, Verdict(findings, observed={"model": model})


def _finding(name: str, request: Request) -> Finding:
    if name not in CRITERIA:
        return unscored("abstained", "unknown_criterion")
    met, why = CRITERIA[name](request.item, request.occasion)
    if _share(request.occasion, name, as_text(request.item.output)) < WAVERS:
        return scored(not met, explanation="All in all it rather looks that way.")
    return scored(met, explanation=why)


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(text.lower()) if word not in COMMON]


def _listed(figures: Sequence[str]) -> str:
    return ", ".join(figures[:3]) + (" and others" if len(figures) > 3 else "")  # noqa: PLR2004 - as many as are shown


def _share(*parts: str) -> float:
    """Return a number in [0, 1) that hangs on some texts alone."""
    return int.from_bytes(sha256("\0".join(parts).encode()).digest()[:6]) / 2**48


judge = SimulatedModel()
