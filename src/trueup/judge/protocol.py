"""The contract between trueup and anything that judges.

A judge turns requests into verdicts, in any order, one for each request. It raises only for
what no single item can be blamed for (a wrong key, a broken configuration); whatever goes wrong
with one item is a finding with a named outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.transport.base import Call, Reply
    from trueup.judge.verdict import Finding, Usage, Verdict
    from trueup.rubric.model import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to judge: one rubric, some of its criteria, one or more candidates."""

    id: str
    rubric: Rubric
    criteria: tuple[str, ...]
    """The criterion ids that are asked; code has already decided the others."""
    candidates: tuple[Item, ...]
    """One item for pointwise judging; several for pairwise and listwise."""
    replicate: int = 0
    occasion: str = ""
    """The sitting; a new one asks everything again."""

    @property
    def item(self) -> Item:
        """The only candidate, or the first."""
        return self.candidates[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a judge can do and what it looks at."""

    batch: int = 1
    """How many requests it likes to get at once."""
    kinds: frozenset[str] = frozenset({"binary", "scale", "choices"})
    """The kinds of criteria that it answers."""
    all_metadata: bool = False
    """Whether it looks at all of an item's metadata, not only at what the rubric needs."""
    by_id: bool = False
    """Whether it answers by the item's id, as a recording does, so that verdicts are not shared."""
    calls: bool = False
    """Whether it asks a model through `Calls`, and so has `connect`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one call: what was read from it, and what it cost."""

    findings: Mapping[str, Finding]
    """One finding for each criterion of the call."""
    usage: Usage
    observed: Mapping[str, Any]
    fresh: bool
    """False where the answer came from the store."""


class Calls(Protocol):
    """The door through which judges ask models: cached, paced, retried, budgeted, recorded."""

    async def ask(self, call: Call, read: Callable[[Reply], Mapping[str, Finding]]) -> Answered:
        """Return what `read` makes of the reply, asking only where nothing usable is stored.

        A stored reply of which any finding would be asked again is asked again. A call that
        never got a reply gives findings `failed`, `filtered`, `truncated` or `not_attempted`.
        """
        ...

    @property
    def secret(self) -> bytes:
        """The store's secret, under which fences are keyed."""
        ...


@runtime_checkable
class Judge(Protocol):
    """Anything that turns requests into verdicts."""

    @property
    def name(self) -> str:
        """The name that reports show."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same request may get another verdict."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this judge can do."""
        ...

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return, JSON-plain, all that decides how this criterion is measured.

        Verdicts are reused exactly where this is equal.
        """
        ...

    def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield (request id, verdict) once for each request, in any order."""
        ...
