"""What each feature is called in an explanation, and which ones made a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.judge.features.surface import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 3
_LEAST = 0.005
"""A part that rounds to 0.00 explains nothing."""

PHRASES: dict[str, str] = {
    "log_words": "the number of words",
    "mean_word_length": "the length of words",
    "word_variety": "the variety of words",
    "top_word_share": "how often the commonest word occurs",
    "repeated_bigrams": "repeated word pairs",
    "log_sentences": "the number of sentences",
    "log_lines": "the number of lines",
    "log_questions": "question marks",
    "log_exclamations": "exclamation marks",
    "punctuation_share": "the share of punctuation",
    "input_overlap": "words shared with the input",
    "input_copying": "wording copied from the input",
    "context_overlap": "words shared with the context",
    "context_copying": "wording copied from the context",
    "reference_overlap": "words shared with the reference",
    "reference_recall": "words of the reference that are covered",
    "log_unfound_numbers": "numbers found nowhere in the material",
}
"""Feature -> its name in a sentence; every feature has one."""


def named(parts: NDArray[np.float64]) -> str:
    """Return the two or three features that moved a score most, in words.

    Args:
        parts: What each feature added to the score of an average labelled item, shape (d,).
    """
    order = np.argsort(-np.abs(parts), kind="stable")[:_SHOWN]
    moved = [(FEATURES[i], float(parts[i])) for i in order if abs(parts[i]) >= _LEAST]
    if not moved:
        return "close to an average labelled item in every feature"
    return "mostly from " + ", ".join(f"{PHRASES[name]} ({part:+.2f})" for name, part in moved)
