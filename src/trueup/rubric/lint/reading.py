"""Reading: a rubric as the linter reads it, shared by all rules of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trueup.rubric.lint.finding import LintFinding, Severity
from trueup.rubric.lint.locate import locate
from trueup.rubric.lint.prose import Prose, content, read
from trueup.rubric.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        return next((text for name, text in self.levels if name == key), _NOTHING)

    @cached_property
    def anchored(self) -> bool:
        """Whether every possible answer is described."""
        return all(text for _, text in self.levels)

    def fields(self) -> Iterator[tuple[str, Prose]]:
        """Yield the name and text of the question and of each described answer."""
        yield "ask", self.ask
        for key, text in self.levels:
            if text:
                yield key, text

    def wanted(self) -> Iterator[tuple[str, Prose]]:
        """Yield what the best output does: the question and the best answer."""
        yield "ask", self.ask
        key, text = self.levels[-1]
        if text and self.criterion.kind != "choices":
            yield key, text


_NOTHING = Prose("", "")


@dataclass(frozen=True)
class Reading:
    """A rubric with its judged criteria read, and what the rules need beside it."""

    rubric: Rubric
    words: Words | None
    """None where the rubric's language has no word lists."""
    previous: Rubric | None
    source: str | None

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The judged criteria."""
        return tuple(self._question(criterion) for criterion in self.rubric.judged)

    @cached_property
    def lists(self) -> Words:
        """The word lists; only rules that say that they need words may ask for them."""
        if self.words is None:
            msg = f"no word lists for language {self.rubric.language!r}"
            raise LookupError(msg)
        return self.words

    @cached_property
    def positive_weight(self) -> float:
        """The sum of the positive weights."""
        return sum(c.weight for c in self.rubric.criteria if c.weight > 0)

    @cached_property
    def file(self) -> str | None:
        """The file's name as the criteria know it; None for a rubric made in code."""
        places = (criterion.place for criterion in self.rubric.criteria)
        return next((place.file for place in places if place), self.rubric.path)

    def read(self, text: str | None) -> Prose:
        """Return a text as the rules read it."""
        return self.words.read(text) if self.words else read(text)

    def content(self, prose: Prose) -> frozenset[str]:
        """Return the words of a text that carry meaning and do not name the output."""
        return content(prose, self.lists.stop | self.lists.of("output_words"))

    def finding(
        self,
        rule: str,
        severity: Severity,
        about: Criterion | None,
        *,
        why: str,
        mend: str,
        span: str = "",
        field: str = "",
    ) -> LintFinding:
        """Return a remark, placed as closely as the source allows."""
        return LintFinding(
            rule=rule,
            severity=severity,
            criterion=about.id if about else None,
            place=self._place(about, field, span),
            span=span,
            why=why,
            mend=mend,
        )

    def last_line(self, criterion: Criterion) -> int | None:
        """Return the last line of a criterion in its file; None where it is the last one."""
        if criterion.place is None:
            return None
        starts = [c.place.line for c in self.rubric.criteria if c.place is not None]
        later = [line for line in starts if line > criterion.place.line]
        return min(later) - 1 if later else None

    def _place(self, about: Criterion | None, field: str, span: str) -> Place | None:
        if about is None:
            place = Place(self.file, 1, 1) if self.file else None
            last = None
        else:
            place, last = about.place, self.last_line(about)
        if place is None or self.source is None or not field:
            return place
        return locate(self.source, place, last_line=last, field=field, span=span)

    def _question(self, criterion: Criterion) -> Question:
        return Question(
            criterion=criterion,
            ask=self.read(criterion.ask),
            levels=tuple((level.key, self.read(level.text)) for level in criterion.levels),
            when=self.read(criterion.when),
        )
