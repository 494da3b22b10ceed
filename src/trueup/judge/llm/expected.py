"""Expected values: the mean over what the model would have answered, from token probabilities.

The judge answers with a single letter for each level, so that one token decides, and the
probabilities of the letters at that token give the value. Where an endpoint gives none, or too
little of the probability lies on letters that were offered, there is no value: nothing falls
back to the stated answer in silence. Where no less of it says `cannot_tell` than all levels
together, the judge abstains, whichever of them was drawn.

Source: the mean of a judge's distribution agrees with people better than its mode (arXiv
2503.03064).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.judge.llm.answer import CANNOT_TELL
from trueup.judge.verdict import unscored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.judge.transport.base import Reply
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion

READING = "2"
"""Raised with every change in what probabilities are taken to mean; part of the instrument."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LEAST_MASS = 0.8
_ROUNDING = 0.01


def expected(finding: Finding, reply: Reply, criterion: Criterion, keys: Sequence[str]) -> Finding:
    """Return the finding with its value replaced by the expectation over the levels.

    Args:
        finding: What was read from the reply; anything but `scored` comes back as it is.
        reply: The reply with token log-probabilities.
        criterion: Whose levels were offered.
        keys: The letter of each level.
    """
    if finding.outcome != "scored":
        return finding
    if not reply.logprobs:
        return unscored("failed", "no_logprobs", "The endpoint returned no token probabilities.")
    alternatives = _at_answer(reply)
    if alternatives is None:
        return unscored("unparsable", "answer_token_not_found", finding.explanation)
    mass = {key: alternatives.get(key, 0.0) for key in keys}
    total, unsure = math.fsum(mass.values()), alternatives.get(CANNOT_TELL, 0.0)
    if total + unsure < _LEAST_MASS:
        return unscored("unparsable", "probability_elsewhere", finding.explanation)
    if unsure > total or math.isclose(unsure, total):
        return unscored("abstained", CANNOT_TELL, finding.explanation)
    # a smaller part that says cannot_tell is no vote for any level, nor held against them
    shares = {
        level.key: mass[key] / total for level, key in zip(criterion.levels, keys, strict=True)
    }
    value = math.fsum(criterion.values[level] * share for level, share in shares.items())
    mode = max(shares, key=lambda level: shares[level])
    detail = {**finding.detail, "distribution": shares}
    return replace(finding, value=min(max(value, 0.0), 1.0), level=mode, detail=detail)


def _at_answer(reply: Reply) -> Mapping[str, float] | None:
    """Return token -> probability where the value of `answer` begins."""
    seen = ""
    for entry in reply.logprobs:
        token = str(entry.get("token", ""))
        head = seen.replace(" ", "").replace("\n", "")
        if head.endswith(('"answer":"', '"answer":')) and token.strip(' "'):
            return _sum_by_letter(entry)
        seen += token
    return None


def _sum_by_letter(entry: Mapping[str, object]) -> dict[str, float]:
    top = entry.get("top_logprobs")
    found: dict[str, float] = {}
    for part in top if isinstance(top, list) and top else [entry]:
        name, probability = _alternative(part)
        if CANNOT_TELL.startswith(name) and len(name) > 1:
            name = CANNOT_TELL
        if name:
            found[name] = found.get(name, 0.0) + probability
    return found


def _alternative(part: object) -> tuple[str, float]:
    """Return a token and its probability; 0 for what is none, whoever sent it."""
    token = part.get("token") if isinstance(part, dict) else None
    logprob = part.get("logprob") if isinstance(part, dict) else None
    if not isinstance(token, str) or not isinstance(logprob, int | float):
        return "", 0.0
    known = logprob <= _ROUNDING  # false for NaN
    return token.strip(' "'), math.exp(min(logprob, 0.0)) if known else 0.0
