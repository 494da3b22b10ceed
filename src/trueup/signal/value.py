"""Values: what a cell of feedback is as a number, by a declared mapping or by plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from trueup.errors import DataError, did_you_mean
from trueup.item.names import squash
from trueup.item.plain import excerpt, name_text, plain
from trueup.label.cells import NUMBER
from trueup.signal.declare import scale_as, words_as

Values: TypeAlias = Mapping[str, float | None] | tuple[float, float]
"""What a signal's cells mean: text -> number, or the ends of a scale that become 0 and 1.

A word may stand for None: that the user was asked, and answered nothing."""

_WORDS = {
    1.0: """up thumbsup thumbup 👍 like liked positive good helpful true yes y accept accepted
        copied resolved met pass passed upvote upvoted""",
    0.0: """down thumbsdown thumbdown 👎 dislike disliked negative bad unhelpful nothelpful false no
        n reject rejected notcopied unresolved unmet fail failed downvote downvoted""",
}
_PLAIN = {word: value for value, words in _WORDS.items() for word in words.split()}


def number(raw: object, values: Values | None = None, *, name: str = "thumbs") -> float | None:
    """Return a cell as a number; None where it is empty.

    Without a mapping numbers are themselves, true and false are 1 and 0, and so are the common
    words for good and bad, as `up` and `down`.

    Args:
        raw: The cell.
        values: What the signal's cells mean, where that is declared.
        name: The signal, for messages.

    Raises:
        DataError: The cell is no number and no known word, or outside the declared scale.
    """
    if type(raw) is float and values is None and math.isfinite(raw):
        return raw
    value = plain(raw)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(values, Mapping):
        return _mapped(value, values)
    found = _plain(value, name)
    if isinstance(values, tuple):
        return _scaled(found, *values, name=name)
    return found


def _plain(value: object, name: str) -> float:
    if isinstance(value, (bool, int, float)):
        return _finite(value)
    text = (name_text(value) or "").strip()
    if NUMBER.fullmatch(text):
        return _finite(text)
    known = _PLAIN.get(squash(text))
    if known is None:
        what = f"'{excerpt(text)}' is no number, and no word that is known to stand for one"
        raise DataError(what, mend=f"Declare what it means, as {words_as(excerpt(name))}")
    return known


def _mapped(value: object, values: Mapping[str, float | None]) -> float | None:
    text = (name_text(value) or "").strip()
    for name, meant in values.items():
        if name == text or squash(name) == squash(text):
            return None if meant is None else float(meant)
    what = f"'{excerpt(text)}' is not among the declared values"
    raise DataError(what, mend=did_you_mean(text, values))


def _scaled(value: float, low: float, high: float, *, name: str) -> float:
    least, most = min(low, high), max(low, high)
    if not least <= value <= most:
        what = f"{value:g} is outside the declared scale from {low:g} to {high:g}"
        raise DataError(what, mend=f"Declare the scale they are on, as {scale_as(excerpt(name))}")
    return (value - low) / (high - low)


def _finite(value: float | str) -> float:
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise DataError(f"'{excerpt(str(value))}' is no finite number", mend="Leave it empty")
    return found


def checked_values(values: Values) -> Values:
    """Return declared values after looking at them.

    Raises:
        DataError: A number is not finite, the ends of a scale are equal, or there is no value.
    """
    every = list(values.values()) if isinstance(values, Mapping) else list(values)
    numbers = [one for one in every if one is not None]
    if not numbers or not all(math.isfinite(one) for one in numbers):
        mend = f"Write for example {words_as()}"
        raise DataError("the declared values are no finite numbers", mend=mend)
    if isinstance(values, tuple) and values[0] == values[1]:
        what = f"the declared scale begins and ends at {values[0]:g}"
        mend = f"Write the value that is worst and the value that is best: {scale_as()}"
        raise DataError(what, mend=mend)
    return values
