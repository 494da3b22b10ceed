"""Line: a line of text that is edited key by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST = 2000
"""Characters that a line takes; what is pasted beyond is left out."""


@dataclass(slots=True)
class Line:
    """A line of text with a cursor."""

    text: str = ""
    at: int = 0
    """The character that the cursor stands before."""

    @classmethod
    def of(cls, text: str) -> Line:
        """Return a line with the cursor at its end."""
        return cls(text, len(text))

    def press(self, key: str) -> None:
        """Edit by a key; one that edits nothing changes nothing."""
        if key in _MOVES:
            self.at = _MOVES[key](self)
        elif key in _CUTS:
            start, end = _CUTS[key](self)
            self.text = self.text[:start] + self.text[end:]
            self.at = start
        elif len(key) == 1 and key.isprintable():
            self.insert(key)

    def insert(self, text: str) -> None:
        """Put text in at the cursor, on one line."""
        flat = " ".join(text.split()) if len(text) > 1 else text
        flat = flat[: max(LONGEST - len(self.text), 0)]
        self.text = self.text[: self.at] + flat + self.text[self.at :]
        self.at += len(flat)


def _word_start(text: str, at: int) -> int:
    return text[:at].rstrip().rfind(" ") + 1


_MOVES: Mapping[str, Callable[[Line], int]] = {
    "left": lambda line: max(line.at - 1, 0),
    "right": lambda line: min(line.at + 1, len(line.text)),
    "home": lambda _: 0,
    "end": lambda line: len(line.text),
}
_CUTS: Mapping[str, Callable[[Line], tuple[int, int]]] = {
    "backspace": lambda line: (max(line.at - 1, 0), line.at),
    "delete": lambda line: (line.at, line.at + 1),
    "ctrl-u": lambda line: (0, line.at),
    "ctrl-k": lambda line: (line.at, len(line.text)),
    "ctrl-w": lambda line: (_word_start(line.text, line.at), line.at),
}
