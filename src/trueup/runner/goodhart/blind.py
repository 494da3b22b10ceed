"""Blind: a judge that is not told when an output was made, nor by which version of what.

A judge behind an API is shown text alone. One that is a function is handed the whole item, and
could know a late one from an early one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trueup.item.names import squash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Capabilities, Judge, Request
    from trueup.judge.verdict import Verdict
    from trueup.rubric.model import Rubric

_HIDDEN: dict[str, Any] = dict.fromkeys(
    ("timestamp", "version", "arm", "session_id", "trace_id", "p_logged", "p_judged")
)
TELLING = frozenset(
    map(squash, ("timestamp", "time", "date", "created_at", "day", "week", "version", "release",
                 "deployment", "build", "commit", "arm", "variant", "experiment"))
)  # fmt: skip
"""Names of metadata that tell a late output from an early one."""


class Blind:
    """A judge behind a screen; everything but what it is asked about passes through.

    Args:
        judge: Who judges.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.name = judge.name
        self.version = judge.version
        self.capabilities: Capabilities = judge.capabilities

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the judge has
        if name.startswith("_"):
            raise AttributeError(name)  # copying asks for these before there is a judge
        if name == "connect":
            connect = self._judge.connect  # type: ignore[attr-defined] # raises where there is none
            return lambda calls: Blind(connect(calls))
        return getattr(self._judge, name)

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return the judge's own instrument: what it is not told it did not go by."""
        return self._judge.instrument(rubric, criterion)

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield the judge's verdicts on what is left of the items."""
        screened = [
            replace(
                request,
                candidates=tuple(screen(c, request.rubric.metadata) for c in request.candidates),
            )
            for request in requests
        ]
        async for answer in self._judge.judge(screened):
            yield answer


def screen(item: Item, shown: Collection[str] = ()) -> Item:
    """Return an item without what says when and by which version it was made.

    Args:
        item: What is judged.
        shown: Keys of metadata that the rubric asks for: these stay, whatever they tell.
    """
    kept = {
        key: value
        for key, value in item.metadata.items()
        if key in shown or squash(str(key)) not in TELLING
    }
    metadata = item.metadata if len(kept) == len(item.metadata) else kept
    return replace(item, metadata=metadata, **_HIDDEN)


def telling(rubric: Rubric) -> list[str]:
    """Return the metadata that a rubric shows its judge and that tells late from early by name."""
    return sorted(key for key in rubric.metadata if squash(key) in TELLING)
