"""Rubric and Criterion: what a rubric file means, free of how it was written.

Three hashes keep apart what may change without ending what: the question hash of a criterion
(labels and the ledger hang on it), the judge's rendered instrument (verdicts hang on it), and
the scoring hash (changing it costs nothing: scores are computed again from verdicts).
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["binary", "scale", "choices", "check"]
Missing: TypeAlias = Literal["bound", "renormalise"]


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return file:line:column."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Level:
    """One possible answer to a criterion."""

    key: str
    """What judges and labels say: `met`, `unmet`, a level of a scale, a choice."""
    text: str
    """What a reader sees where this answer is right; may be empty."""
    value: float
    """In [0, 1]; part of the scoring, not of the question."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled example that the judge is shown with the criterion."""

    output: str
    answer: str
    """A level key."""
    input: str | None = None
    context: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Criterion:
    """One question about an item.

    A binary criterion's levels are `unmet` and `met`. A scale's levels run from worst to best.
    A criterion with a `check` is decided by code, as a binary.
    """

    id: str
    ask: str
    levels: tuple[Level, ...]
    kind: Kind = "binary"
    weight: float = 1.0
    gate: str | None = None
    """The lowest level key that passes the gate; None where the criterion is no gate."""
    when: str | None = None
    needs: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    check: Mapping[str, Any] | None = None
    if_empty: str | None = None
    """The level that code gives an item whose output is empty; None: abstained."""
    implicit: bool = False
    """Whether what the output only implies counts as said."""
    generic: bool = False
    guard: bool = False
    place: Place | None = field(default=None, compare=False)

    @property
    def met(self) -> str:
        """The text of the `met` level; empty where there is none."""
        return self._text("met")

    @property
    def unmet(self) -> str:
        """The text of the `unmet` level; empty where there is none."""
        return self._text("unmet")

    def _text(self, key: str) -> str:
        return next((level.text for level in self.levels if level.key == key), "")

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Value of each level key."""
        return {level.key: level.value for level in self.levels}

    @property
    def penalty(self) -> bool:
        """Whether `met` costs points."""
        return self.weight < 0

    @cached_property
    def bar(self) -> float:
        """The least value that passes this gate; below every value where it is no gate.

        A value between two levels, such as a mean of several answers, passes where the level
        that passes is the nearer one; half-way fails.
        """
        if self.gate is None:
            return -1.0
        passing = self.values[self.gate]
        failing = [value for value in self.values.values() if value < passing]
        return math.nextafter((passing + max(failing)) / 2, math.inf) if failing else passing

    @cached_property
    def question(self) -> str:
        """The question hash: 16 hexadecimal digits over everything that changes what is asked.

        Weights, gates, level values, white space and key order are not part of it.
        """
        examples = [[squeeze(e.input), squeeze(e.output), squeeze(e.context), e.answer,
                     squeeze(e.why)] for e in self.examples]  # fmt: skip
        levels = [[level.key, squeeze(level.text)] for level in self.levels]
        if self.kind == "choices":  # nominal: the order in which they are written means nothing
            levels.sort()
        return short_hash(
            {
                "kind": self.kind,
                "ask": squeeze(self.ask),
                "levels": levels,
                "when": squeeze(self.when),
                "examples": examples,
                "check": self.check,
                "implicit": self.implicit,
            }
        )


@dataclass(frozen=True)
class Rubric:
    """A rubric: criteria about one task, and how their values make a score."""

    name: str
    task: str
    criteria: tuple[Criterion, ...]
    version: str = "1"
    missing: Missing = "bound"
    language: str = "en"
    validated: str = "not validated"
    """What this rubric's verdicts were compared with people on."""
    pass_bar: float | None = None
    """The score from which a team calls an output good; used by `check` and gates."""
    path: str | None = field(default=None, compare=False)
    ignores: Mapping[int, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """Line -> rule -> reason of every `# trueup: ignore[rule] reason`."""
    description: str = ""
    """For readers; no judge is shown it."""

    @cached_property
    def by_id(self) -> Mapping[str, Criterion]:
        """Criteria by id."""
        return {criterion.id: criterion for criterion in self.criteria}

    @cached_property
    def judged(self) -> tuple[Criterion, ...]:
        """The criteria that need a judge."""
        return tuple(c for c in self.criteria if c.check is None)

    @cached_property
    def metadata(self) -> tuple[str, ...]:
        """The metadata keys that any criterion needs, sorted: only these are shown to a judge."""
        prefix = "metadata."
        keys = {n.removeprefix(prefix) for c in self.criteria for n in c.needs if n[:9] == prefix}
        return tuple(sorted(keys))

    @cached_property
    def scoring(self) -> str:
        """The scoring hash: weights, gates, level values and what is done with missing ones."""
        criteria = {c.id: [c.weight, c.gate, sorted(c.values.items())] for c in self.criteria}
        return short_hash({"criteria": criteria, "missing": self.missing})


def squeeze(text: str | None) -> str | None:
    """Return text with runs of white space made one blank."""
    return None if text is None else " ".join(text.split())


def short_hash(value: object) -> str:
    """Return 16 hexadecimal digits over a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
