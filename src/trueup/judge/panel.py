"""Panel: several judges answer, one finding comes out, every vote is kept."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol, cast

from trueup.errors import JudgeError, did_you_mean
from trueup.judge.adapt import as_judge
from trueup.judge.discipline import disciplined
from trueup.judge.protocol import Capabilities
from trueup.judge.verdict import Usage, Verdict
from trueup.judge.vote import AGGREGATES, Vote, decide
from trueup.rubric.model import short_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from trueup.judge.protocol import Calls, Judge, Request
    from trueup.judge.vote import Aggregate
    from trueup.rubric.model import Rubric

_VERSION = "1"
"""Raised with every change in how votes become a finding."""


class _Connects(Protocol):
    def connect(self, calls: Calls) -> Judge: ...


class Panel:
    """A judge that asks several judges and counts their votes.

    A member that abstains because it was not made for a criterion (`no_rule`, `not_fitted`)
    takes no part there. Members may be panels.

    Args:
        name: The name that reports show.
        members: Judges, or whatever `as_judge` takes; their names must differ.
        aggregate: `mean`, `median`, `majority`, `weighted` or `unanimous`; see `judge.vote`.
        weights: Member name -> weight above 0, for every member; with `weighted` only.
        quorum: How many votes a finding takes; None for more than half of those concerned.

    Raises:
        JudgeError: Members, weights or quorum do not fit together.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[object],
        *,
        aggregate: Aggregate = "majority",
        weights: Mapping[str, float] | None = None,
        quorum: int | None = None,
    ) -> None:
        self.name = name
        self.members: tuple[Judge, ...] = tuple(as_judge(member) for member in members)
        self.aggregate = aggregate
        self.quorum = quorum
        self.weights = dict(weights or {})
        self._check()
        declared = [[member.name, member.version] for member in self.members]
        self.version = f"{_VERSION}+{short_hash(declared)[:8]}"
        parts = [member.capabilities for member in self.members]
        self.capabilities = Capabilities(
            batch=min(part.batch for part in parts),
            kinds=frozenset[str]().union(*(part.kinds for part in parts)),
            all_metadata=any(part.all_metadata for part in parts),
            by_id=any(part.by_id for part in parts),
            calls=any(part.calls for part in parts),
        )

    def connect(self, calls: Calls) -> Panel:
        """Return this panel with every member that asks models asking through the given door."""
        return Panel(
            self.name,
            [_connected(member, calls) for member in self.members],
            aggregate=self.aggregate,
            weights=self.weights,
            quorum=self.quorum,
        )

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return how votes are counted, and the instruments of the members that may vote.

        The members' names and their order are no part of it.
        """
        kind = rubric.by_id[criterion].kind
        members = [
            [self.weights.get(member.name, 1.0), dict(member.instrument(rubric, criterion))]
            for member in self.members
            if kind in member.capabilities.kinds
        ]
        return {
            "kind": "panel",
            "version": _VERSION,
            "aggregate": self.aggregate,
            "quorum": self.quorum,
            "members": sorted(members, key=lambda m: json.dumps(m, sort_keys=True)),
        }

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request once all members have answered the batch."""
        asked = [asyncio.ensure_future(_all(member, requests)) for member in self.members]
        try:
            answers = await asyncio.gather(*asked)
        finally:
            for task in asked:
                task.cancel()
        for request in requests:
            yield request.id, self._count(request, [answer[request.id] for answer in answers])

    def _count(self, request: Request, verdicts: Sequence[Verdict]) -> Verdict:
        named = list(zip((member.name for member in self.members), verdicts, strict=True))
        findings = {}
        for criterion in request.criteria:
            votes = [
                Vote(name, verdict.findings[criterion], self.weights.get(name, 1.0))
                for name, verdict in named
            ]
            findings[criterion] = decide(
                request.rubric.by_id[criterion],
                votes,
                aggregate=self.aggregate,
                quorum=self.quorum,
            )
        usage = sum((verdict.usage for verdict in verdicts), Usage())
        observed = {name: dict(verdict.observed) for name, verdict in named if verdict.observed}
        return Verdict(findings, usage=usage, observed=observed)

    def _check(self) -> None:
        names = Counter(member.name for member in self.members)
        if not names:
            raise JudgeError("a panel has no members", where=self.name, mend="Name some judges")
        twice = next((name for name, times in names.items() if times > 1), None)
        if twice is not None:
            what = f"two members are called '{twice}'"
            raise JudgeError(what, where=self.name, mend="Give each a name of its own: name: ...")
        if self.aggregate not in AGGREGATES:
            what = f"aggregate {self.aggregate!r} is not known"
            mend = did_you_mean(str(self.aggregate), AGGREGATES)
            raise JudgeError(what, where=self.name, mend=mend)
        if self.quorum is not None and not 1 <= self.quorum <= len(names):
            what = f"the quorum is {self.quorum}, of {len(names)} members"
            mend = f"Write a whole number from 1 to {len(names)}"
            raise JudgeError(what, where=self.name, mend=mend)
        self._check_weights(names)

    def _check_weights(self, names: Counter[str]) -> None:
        if (self.aggregate == "weighted") != bool(self.weights):
            what = "weights and `aggregate: weighted` belong together"
            raise JudgeError(what, where=self.name, mend="Give both or neither")
        for name, weight in self.weights.items():
            if name not in names:
                what = f"the weight of '{name}' belongs to no member"
                raise JudgeError(what, where=self.name, mend=did_you_mean(name, names))
            if not 0 < weight < float("inf"):
                what = f"the weight of '{name}' is {weight!r}"
                raise JudgeError(what, where=self.name, mend="Write a number above 0")
        lacking = [name for name in names if self.weights and name not in self.weights]
        if lacking:
            what = f"there is no weight for '{lacking[0]}'"
            raise JudgeError(what, where=self.name, mend="Weigh every member")


async def _all(member: Judge, requests: Sequence[Request]) -> dict[str, Verdict]:
    return {name: verdict async for name, verdict in disciplined(member, requests)}


def _connected(member: Judge, calls: Calls) -> Judge:
    if not hasattr(member, "connect"):
        return member
    return cast("_Connects", member).connect(calls)
