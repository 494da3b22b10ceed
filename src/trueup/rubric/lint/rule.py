"""Rule: what one rule of the linter looks for, and what it has to say where it finds it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.rubric.lint.reading import Reading
    from trueup.rubric.model import Criterion, Place

    Search: TypeAlias = "Callable[[Reading], Iterator[Remark]]"

Severity: TypeAlias = Literal["error", "warn", "info"]
"""`error` fails `trueup check`, `warn` fails it under --strict, `info` never does."""


class Hit(NamedTuple):
    """Words of a criterion."""

    field: str
    """The key that they stand under."""
    span: str = ""
    """The words; empty where the remark is about something that is missing."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule says; what it leaves open, the rule says of itself."""

    about: Criterion | None
    """None where the remark is about the whole rubric."""
    hit: Hit
    why: str
    """One sentence: what goes wrong if it stays."""
    mend: str = ""
    """One sentence: what to do about it."""
    severity: Severity | None = None


def _nothing(_: Reading) -> Iterator[Remark]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Rule:
    """One lint rule; it decorates the function that searches for what it detects."""

    id: str
    severity: Severity
    """What it usually is."""
    _: KW_ONLY
    detects: str
    """One line for `trueup check --rules` and the reference page."""
    mend: str
    otherwise: str = ""
    """When it is more or less severe than usual."""
    words: bool = True
    """Whether it needs word lists; the others run in every language."""
    search: Search = _nothing

    def __call__(self, search: Search) -> Rule:
        """Return the rule with its search."""
        return replace(self, search=search)

    @property
    def severities(self) -> str:
        """The severity with its exceptions."""
        return f"{self.severity}; {self.otherwise}" if self.otherwise else self.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One remark of the linter; not to be confused with a `Finding`, which a judge makes."""

    rule: str
    severity: Severity
    criterion: str | None
    """The id of the criterion; None where the remark is about the whole rubric."""
    place: Place | None
    span: str
    why: str
    mend: str
    ignored: str | None = None
    """The reason given in a `# trueup: ignore[rule] reason` comment; such a remark never fails."""
