"""Text from outside for Markdown: it stays text on GitHub and GitLab, and calls nobody."""

from __future__ import annotations

import re

from trueup.report.safe import one_line, visible

_BREAK = "&#8203;"
"""A zero-width space: across it no mention, reference, emoji or link is found."""
_SPECIAL = re.compile(r"[&<>\"`*_{}\[\]#|~$\\@!]")
_CALLS = re.compile(r"[@#!$~&^:](?=\S)")
_WWW = re.compile(r"(?<=www)\.", re.IGNORECASE)
_START = re.compile(r"\d*[^\w\s]?")


def inline(text: str, width: int = 400) -> str:
    """Return text for a sentence or a table cell, on one line."""
    return _inert(one_line(text, width))


def block(text: str, width: int = 600) -> str:
    """Return text as preformatted HTML, which Markdown leaves alone; newlines stay."""
    shown = visible(text)
    if len(shown) > width:
        shown = f"{shown[:width]}\u2026 ({len(text):,} characters)"
    # browsers drop the newline after the tag, so that the text's own first one stays
    return "\n".join(["<pre>", *map(_inert, shown.split("\n")), "</pre>"])


def slug(text: str) -> str:
    """Return a name of letters, digits and hyphens, which no comment minds."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"


def _inert(line: str) -> str:
    """Return a line with its special characters as numbers, and what calls somebody cut."""
    start = _START.match(line)
    opening = start.end() if start else 0
    out = []
    for at, char in enumerate(line):
        special = _SPECIAL.match(char) or (at < opening and not char.isalnum())
        before = _BREAK if _WWW.match(line, at) else ""
        after = _BREAK if _CALLS.match(line, at) else ""
        out.append(f"{before}{f'&#{ord(char)};' if special else char}{after}")
    return "".join(out)
