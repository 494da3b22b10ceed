"""`# trueup: ignore[rule] reason` comments of a rubric file."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from trueup.rubric.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MARK = re.compile(r"(?:^|(?<=\s))#[ \t]*trueup:[ \t]*(.*)$", re.MULTILINE)
_IGNORE = re.compile(r"ignore[ \t]*\[([^\]\n]*)\][ \t]*(.*)")
_RULE = re.compile(r"[a-z][a-z0-9-]*")
_FORM = "Write `# trueup: ignore[rule] reason`"


def read_ignores(
    text: str, spans: Sequence[tuple[int, int]]
) -> tuple[dict[int, Mapping[str, str]], list[Problem]]:
    """Return line -> rule -> reason, and the comments that cannot be understood.

    Several rules may share a comment: `ignore[vague, length] reason`.

    Args:
        text: The file's text.
        spans: First and last offset of each scalar, in order: a mark inside one is text.
    """
    found: dict[int, Mapping[str, str]] = {}
    problems: list[Problem] = []
    for mark in _MARK.finditer(text):
        if _is_text(text, mark.start(), spans):
            continue
        line = text.count("\n", 0, mark.start()) + 1
        column = mark.start() - text.rfind("\n", 0, mark.start())
        order = _IGNORE.fullmatch(mark[1].strip())
        if order is None:
            what = f"the comment '# trueup: {mark[1].strip()[:40]}' is not understood"
            problems.append(Problem(line, column, what, _FORM))
            continue
        rules, reason = [rule.strip() for rule in order[1].split(",")], order[2].strip()
        unnamed = [rule for rule in rules if not _RULE.fullmatch(rule)]
        if unnamed:
            what = f"{unnamed[0]!r} is no name of a lint rule"
            problems.append(Problem(line, column, what, _FORM))
        elif not reason:
            what = f"ignore[{order[1].strip()}] has no reason"
            problems.append(Problem(line, column, what, f"{_FORM}: a colleague will ask"))
        else:
            found[line] = dict.fromkeys(rules, reason)
    return found, problems


def _is_text(text: str, offset: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Tell whether an offset is inside a scalar, and not on the head line of a block scalar."""
    place = bisect_right(spans, (offset, len(text) + 1)) - 1
    if place < 0:
        return False
    start, end = spans[place]
    if text[start : start + 1] in {"|", ">"}:
        start = text.find("\n", start)
    return start <= offset < end
