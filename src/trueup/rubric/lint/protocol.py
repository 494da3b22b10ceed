"""Rules on text that is aimed at the judge instead of describing the output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import LintFinding
    from trueup.rubric.lint.reading import Reading
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion, Rubric

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""C0 and C1 but tab and line ends, zero-width space, bidi overrides and isolates, tag characters.

Joiners stay: some scripts and emoji need them.
"""

_TEMPLATE = re.compile(
    r"<\|[\w-]+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|</?think>|\\boxed\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"`{3,}|~{3,}|={5,}|-{5,}|#{4,}|\{\{\s*[\w.]+\s*\}\}")


def judge_talk(reading: Reading) -> Iterator[LintFinding]:
    """Find protocol words, template marks and hidden characters in what a judge is shown."""
    for about, field, text in _shown(reading.rubric):
        found = _CONTROL.search(text)
        if found:
            yield reading.finding(
                "judge-talk",
                "error",
                about,
                field=field,
                span=f"U+{ord(found.group()):04X}",
                why="A hidden character reaches the judge and no reader sees it.",
                mend="Delete the character.",
            )
        if field == "examples":  # an example may show what an attack looks like
            continue
        found = _TEMPLATE.search(text)
        if found:
            yield reading.finding(
                "judge-talk",
                "error",
                about,
                field=field,
                span=found.group(),
                why="A mark of a chat template can end the judge's instructions early.",
                mend="Delete the mark.",
            )
            continue
        found = _FENCE.search(text) or _phrase(text, reading.words)
        if found:
            yield reading.finding(
                "judge-talk",
                "warn",
                about,
                field=field,
                span=found.group(),
                why="It speaks to the judge's protocol, which belongs to the judge's template.",
                mend="Delete it, and describe the output instead.",
            )


def _phrase(text: str, words: Words | None) -> re.Match[str] | None:
    if words is None:
        return None
    scores = rf"{words.either('score_verbs')}\s+(?:\w+\s+){{0,3}}?{words.either('score_nouns')}"
    pattern = re.compile(rf"{words.either('protocol_phrases')}|{scores}")
    return pattern.search(words.read(text).text)


def _shown(rubric: Rubric) -> Iterator[tuple[Criterion | None, str, str]]:
    """Yield criterion, field and text of everything that a judge is shown."""
    yield None, "task", rubric.task
    for criterion in rubric.judged:
        yield criterion, "ask", criterion.ask
        for level in criterion.levels:
            yield criterion, level.key, level.text
        yield criterion, "when", criterion.when or ""
        for example in criterion.examples:
            for text in (example.input, example.context, example.output, example.why):
                yield criterion, "examples", text or ""
