"""LintFinding: what the linter has to say about one place of a rubric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from trueup.rubric.model import Place

Severity: TypeAlias = Literal["error", "warn", "info"]
"""`error` fails `trueup check`, `warn` fails it under --strict, `info` never does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One remark of the linter; not to be confused with a `Finding`, which a judge makes."""

    rule: str
    severity: Severity
    criterion: str | None
    """The id of the criterion; None where the remark is about the whole rubric."""
    place: Place | None
    span: str
    """The text that matched; empty where the remark is about something that is missing."""
    why: str
    """One sentence: what goes wrong if it stays."""
    mend: str
    """One sentence: what to do about it."""
    ignored: str | None = None
    """The reason given in a `# trueup: ignore[rule] reason` comment; such a remark never fails."""
