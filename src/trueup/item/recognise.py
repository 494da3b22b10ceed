"""Columns that are no part of an item, known by their names: labels, judge scores, signals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_WORDS = {
    "judge": "judge judgement judgment llm grader verdict",
    "signal": """
        thumb thumbs feedback like likes liked dislike dislikes disliked upvote upvotes downvote
        downvotes edit edits edited retry retries retried regenerate regenerated regeneration
        regenerations copy copied accept accepted acceptance reject rejected abandon abandoned
        abandonment escalate escalated escalation resolve resolved csat nps satisfaction dwell
        click clicks clicked churn churned converted conversion reopened""",
    "person": """
        human expert oracle label labels labeller labeler annotation annotations annotator
        annotators rater raters rating ratings met""",
    "score": "score scores scored grade grades eval evals evaluation reward",
    "user": "user customer visitor",
}
_JUDGE, _SIGNAL, _PERSON, _SCORE, _USER = (frozenset(words.split()) for words in _WORDS.values())


class Recognised(NamedTuple):
    """Columns by what their names say they hold."""

    labels: tuple[str, ...]
    judge_scores: tuple[str, ...]
    signals: tuple[str, ...]


def recognise(columns: Iterable[str]) -> Recognised:
    """Sort the columns that people's answers, judges' answers or users' reactions seem to be in.

    Names alone decide, so this is a hint for people and nothing is computed from it.
    """
    labels, scores, signals = [], [], []
    for column in columns:
        words = {word.lower() for word in _WORD.findall(column)}
        if words & _JUDGE:
            scores.append(column)
        elif words & _SIGNAL or (words & _USER and words & (_SCORE | _PERSON)):
            signals.append(column)
        elif words & _PERSON:
            labels.append(column)
        elif words & _SCORE:
            scores.append(column)
    return Recognised(tuple(labels), tuple(scores), tuple(signals))
