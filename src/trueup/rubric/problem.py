"""Problem: one thing that is wrong in a rubric file, and all of them as one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trueup.errors import RubricError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Problem(NamedTuple):
    """One thing that is wrong in a rubric file; problems sort by where they are."""

    line: int
    """From 1; 0 where the problem is about the whole file."""
    column: int
    what: str
    """One sentence without its full stop."""
    mend: str = ""

    def where(self, file: str) -> str:
        """Return file:line:column, or the file alone."""
        return f"{file}:{self.line}:{self.column}" if self.line else file


class RubricProblems(RubricError):
    """All that is wrong in one rubric file.

    Args:
        file: The file's name as it was given.
        found: At least one problem.

    Attributes:
        problems: One sentence for each problem, with its place, in the order of the file.
    """

    def __init__(self, file: str, found: Iterable[Problem]) -> None:
        ordered = sorted(set(found))
        first = ordered[0]
        super().__init__(first.what, where=first.where(file), mend=first.mend or None)
        self._file = file
        self._found = tuple(ordered)
        self.problems = tuple(
            str(RubricError(p.what, where=p.where(file), mend=p.mend or None)) for p in ordered
        )
        self.args = ("\n".join(self.problems),)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the arguments that this class is made from."""
        return (type(self), (self._file, self._found))
