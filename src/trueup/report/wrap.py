"""Text from outside as lines of a width: made visible, and broken between words where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from trueup.report.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAB = 4


def wrapped(text: str, width: int) -> list[str]:
    """Return text as lines of at most `width` cells; its own breaks and indentation are kept.

    Control characters are written out. Wide characters take two cells. A word that is longer
    than a line is broken where the line ends.
    """
    flat = text.replace("\r\n", "\n").expandtabs(_TAB)
    return [part for line in flat.split("\n") for part in _broken(visible(line), max(width, 2))]


def limited(lines: list[str], most: int) -> list[str]:
    """Return the first lines, the last of them marked where there are more."""
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    cut = last[:-1] if cell_len(last) > 1 else ""
    return [*lines[: most - 1], f"{cut.rstrip()}\u2026"]


def _broken(line: str, width: int) -> Iterator[str]:
    while True:
        cut = _fitting(line, width)
        if cut == len(line):
            yield line
            return
        indent = len(line) - len(line.lstrip(" "))
        space = line.rfind(" ", 0, cut + 1)
        if space > indent:
            yield line[:space].rstrip(" ")
            line = line[space:].lstrip(" ")
        else:
            yield line[:cut]
            line = line[cut:]


def _fitting(line: str, width: int) -> int:
    """Return how many characters fit into a width."""
    if line[: width + 1].isascii():
        return min(len(line), width)
    cells = 0
    for at, char in enumerate(line):
        cells += cell_len(char)
        if cells > width:
            return max(at, 1)
    return len(line)
