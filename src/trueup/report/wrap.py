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
    start = 0
    indent = len(line) - len(line.lstrip(" "))
    while True:
        end = _fitting(line, start, width)
        if end == len(line):
            yield line[start:]
            return
        space = line.rfind(" ", start, end + 1)
        if space > max(start, indent):
            yield line[start:space].rstrip(" ")
            start = space
            while line[start : start + 1] == " ":
                start += 1
            if start == len(line):
                return
        else:
            yield line[start:end]
            start = end


def _fitting(line: str, start: int, width: int) -> int:
    """Return how far a line goes on from a start until its width is used up."""
    if line[start : start + width + 1].isascii():
        return min(len(line), start + width)
    cells = 0
    for at in range(start, len(line)):
        cells += cell_len(line[at])
        if cells > width:
            return max(at, start + 1)
    return len(line)
