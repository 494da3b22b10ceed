"""Which direction of a signal is good for users, as far as its name says so."""

from __future__ import annotations

import re
from typing import Literal

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_GOOD_LOWER = """
    retry retries retried regenerate regenerated regeneration regenerations edit edits edited
    dislike dislikes disliked downvote downvotes reject rejects rejected rejection rejections
    abandon abandoned abandonment escalate escalated escalation escalations churn churned
    complaint complaints reopened undo undone deleted bounce bounced
    """
_GOOD_HIGHER = """
    thumb thumbs thumbsup like likes liked upvote upvotes copy copies copied accept accepts
    accepted acceptance resolve resolved resolution csat nps satisfaction satisfied kept stars
    converted conversion conversions purchased purchase returned
    """
_LOWER, _HIGHER = (frozenset(words.split()) for words in (_GOOD_LOWER, _GOOD_HIGHER))
_DOWN = frozenset({"down", "negative", "not", "un", "dis"})


def better_of(name: str) -> Literal["higher", "lower"] | None:
    """Return which direction is good; None where the name says nothing, or two things.

    >>> better_of("retries"), better_of("thumbs"), better_of("thumbs_down"), better_of("minutes")
    ('lower', 'higher', 'lower', None)
    """
    words = {word.lower() for word in _WORD.findall(name)}
    low, high = bool(words & _LOWER), bool(words & _HIGHER)
    if low == high:
        return None
    if high and words & _DOWN:
        return "lower"
    return "lower" if low else "higher"
