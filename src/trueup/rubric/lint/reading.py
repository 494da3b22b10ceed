"""Reading: a rubric as the linter reads it, shared by all rules of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trueup.rubric.lint.prose import Prose, content, read
from trueup.rubric.lint.rule import Hit

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from trueup.rubric.lint.rule import Severity
    from trueup.rubric.lint.words import Words
    from trueup.rubric.model import Criterion, Rubric


@dataclass(frozen=True)
class Question:
    """A judged criterion with its texts read."""

    criterion: Criterion
    ask: Prose
    levels: tuple[tuple[str, Prose], ...]
    """Level key and text, in the order of the levels."""
    when: Prose

    def level(self, key: str) -> Prose:
        """Return a level's text; empty where there is none."""
        return dict(self.levels).get(key, Prose("", ""))

    @property
    def anchored(self) -> bool:
        """Whether every possible answer is described."""
        return all(text for _, text in self.levels)

    @property
    def gate(self) -> bool:
        """Whether one wrong answer makes the score 0."""
        return self.criterion.gate is not None

    @property
    def severity(self) -> Severity:
        """What a flaw is that makes the score 0 on a gate."""
        return "error" if self.gate else "warn"

    def fields(self) -> Iterator[tuple[str, Prose]]:
        """Yield the name and text of the question and of each described answer."""
        yield "ask", self.ask
        yield from ((key, text) for key, text in self.levels if text)

    def find(self, pattern: re.Pattern[str]) -> Hit | None:
        """Return the first words of the question, or else of an answer, that match."""
        hits = ((key, text, pattern.search(text.text)) for key, text in self.fields())
        return next((Hit(key, text.span(match)) for key, text, match in hits if match), None)


@dataclass(frozen=True)
class Reading:
    """A rubric with its judged criteria read, and what the rules need beside it."""

    rubric: Rubric
    words: Words
    """Empty where the rubric's language has no word lists."""
    previous: Rubric | None

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The judged criteria."""
        return tuple(
            Question(
                criterion=criterion,
                ask=self.read(criterion.ask),
                levels=tuple((level.key, self.read(level.text)) for level in criterion.levels),
                when=self.read(criterion.when),
            )
            for criterion in self.rubric.judged
        )

    @cached_property
    def positive_weight(self) -> float:
        """The sum of the positive weights."""
        return sum(c.weight for c in self.rubric.criteria if c.weight > 0)

    @cached_property
    def task(self) -> frozenset[str]:
        """The words of the task that carry meaning."""
        return self.content(self.read(self.rubric.task))

    def read(self, text: str | None) -> Prose:
        """Return a text as the rules read it."""
        return read(text, self.words.fixed)

    def content(self, prose: Prose) -> frozenset[str]:
        """Return the words of a text that carry meaning and do not name the output."""
        return content(prose, self.words.stop | self.words.of("output_words"))
