"""Declarations of values as a command line writes them: `thumbs:up=1,down=0`, `stars:1..5`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trueup.errors import ConfigError
from trueup.signal.value import checked_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.signal.value import Values

_EXAMPLE = "Write for example --values thumbs:up=1,down=0 or --values stars:1..5"


def parse_values(declarations: Iterable[str]) -> dict[str, Values]:
    """Return what the cells of signals mean, by signal.

    A word with nothing after its `=` says that the user was asked, and answered nothing. Words may
    be spread over several declarations of one signal.

    Args:
        declarations: Each of one signal: its name, a colon, and words with their numbers or the
            two ends of a scale.

    Raises:
        ConfigError: One is written otherwise, or holds what is no finite number.
    """
    found: dict[str, Values] = {}
    for text in declarations:
        name, colon, rest = (part.strip() for part in text.partition(":"))
        if not colon or not name or not rest:
            raise ConfigError(f"--values wants NAME:WORD=NUMBER, not '{text}'", mend=_EXAMPLE)
        own = _scale(rest, text) if ".." in rest and "=" not in rest else _words(rest, text)
        before = found.get(name)
        if before is not None:
            if isinstance(before, tuple) or isinstance(own, tuple):
                what = f"--values says twice what '{name}' means"
                raise ConfigError(what, mend="Give it words or one scale")
            own = {**before, **own}
        found[name] = own
    return {name: checked_values(values) for name, values in found.items()}


def _scale(rest: str, text: str) -> tuple[float, float]:
    low, _, high = rest.partition("..")
    return _number(low, text), _number(high, text)


def _words(rest: str, text: str) -> dict[str, float | None]:
    found = {}
    for part in rest.split(","):
        word, equals, value = (piece.strip() for piece in part.rpartition("="))
        if not equals or not word:
            what = f"'{part.strip()}' in --values '{text}' is no word with its number"
            raise ConfigError(what, mend=_EXAMPLE)
        found[word] = _number(value, text) if value else None
    return found


def _number(written: str, text: str) -> float:
    try:
        found = float(written)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        what = f"'{written.strip()}' in --values '{text}' is no number"
        raise ConfigError(what, mend=_EXAMPLE)
    return found
