"""Markdown that is short enough to be posted as a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 60_000
"""GitHub takes 65,536 characters."""


def fitted(parts: Iterable[str]) -> str:
    """Return paragraphs as one text, as many as there is room for."""
    out: list[str] = []
    room = MOST
    for part in parts:
        if len(part) + 2 > room:
            out.append("The rest is in the HTML report.")
            break
        out.append(part)
        room -= len(part) + 2
    return "\n\n".join(out) + "\n"
