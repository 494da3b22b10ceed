"""What can be seen in a text without understanding it: four rules, free and certain.

Give a criterion of your rubric one of these ids, and this judge answers it:

    not-cut-off        met: the reply comes to an end
    no-placeholder     met: no [name], {{field}}, TODO or lorem ipsum was left in
    no-machine-marks   met: no chat-template token and no thinking tag was left in
    repeats            met: a whole sentence stands there twice

A rule answers only what it is sure of. Whether a text repeats itself in other words, or whether
one that ends in the middle of a line is finished, it cannot tell; then it abstains, and in a
panel the others decide.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from trueup.item.model import as_text
from trueup.judge.rules import Rules

if TYPE_CHECKING:
    from trueup.item.model import Item

judge = Rules("surface-rules", version="1")

_ENDED = re.compile(r"""[.!?\u2026\u3002\uff01\uff1f\u061f\u0964]["'\u201d\u2019\u00bb)\]*_`]*$""")
_CUT = re.compile(r"[,(\[{\u2013\u2014\uff0c\u3001]$|\w-$")
_PLACEHOLDER = re.compile(
    r"\[(?:your|insert|customer|company|recipient|first|last)?[ _-]?(?:name|date|address|email|link"
    r"|number|amount|company|order|here)[^\]\n]{0,20}\](?!\()"
    r"|\{\{[^{}\n]{1,40}\}\}|<insert[^>\n]{0,40}>|\bTODO\b|\blorem ipsum\b",
    re.IGNORECASE,
)
_MARKS = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|</?(?:think|thinking|tool_call|start_of_turn|end_of_turn)>"
    r"|\[/?INST\]|<</?SYS>>",
)
_SENTENCE = re.compile(r"[^.!?\n\u3002\uff01\uff1f]+")
_WORDS_OF_A_SENTENCE = 5
_END = 40


@judge.rule("not-cut-off")
def not_cut_off(item: Item) -> tuple[bool | None, str]:
    """Tell a text that ends from one that breaks off; a list or a bare word may be either."""
    text = as_text(item.output).rstrip()
    if text.count("```") % 2:
        return False, "a code block is never closed"
    if text.endswith("```"):
        return True, ""
    end = text[-_END:]
    if _CUT.search(end):
        return False, f"it breaks off after {end!r}"
    return (True, "") if _ENDED.search(end) else (None, "no sentence ends it, which proves nothing")


@judge.rule("no-placeholder")
def no_placeholder(item: Item) -> tuple[bool, str]:
    """Look for what a template left to be filled in."""
    return _without(_PLACEHOLDER, item)


@judge.rule("no-machine-marks")
def no_machine_marks(item: Item) -> tuple[bool, str]:
    """Look for tokens that a serving stack should have removed."""
    return _without(_MARKS, item)


@judge.rule("repeats")
def repeats(item: Item) -> tuple[bool | None, str]:
    """Find a sentence of five words or more that stands there twice."""
    sentences = (
        " ".join(part.split()).casefold() for part in _SENTENCE.findall(as_text(item.output))
    )
    counts = Counter(s for s in sentences if len(s.split()) >= _WORDS_OF_A_SENTENCE)
    twice = next((sentence for sentence, count in counts.items() if count > 1), None)
    if twice is None:
        return None, "no sentence stands there twice, which proves nothing"
    return True, f"{counts[twice]} times: {twice[:80]}"


def _without(pattern: re.Pattern[str], item: Item) -> tuple[bool, str]:
    found = pattern.search(as_text(item.output))
    return (True, "") if found is None else (False, f"it holds {found[0]!r}")
