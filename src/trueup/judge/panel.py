"""Panel: several judges answer, one finding comes out, every vote is kept.

A member that becomes unavailable costs its votes and not the run: from then on its findings are
`failed`, `unavailable`, and the quorum decides. What the quorum has decided is settled, as it is
where a member fails on one item; what it has not is `failed` and asked again by a later run, which
asks every member anew. The run ends where no criterion can get its quorum any more.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol, cast

from trueup.errors import JudgeError, JudgeUnavailable, did_you_mean
from trueup.judge.adapt import as_judge
from trueup.judge.discipline import disciplined, unavailable
from trueup.judge.protocol import Capabilities
from trueup.judge.verdict import Usage, Verdict
from trueup.judge.vote import AGGREGATES, Vote, decide, votes_needed
from trueup.rubric.model import short_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from trueup.judge.protocol import Calls, Judge, Request
    from trueup.judge.vote import Aggregate
    from trueup.rubric.model import Criterion, Rubric

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
        self._unavailable: dict[str, JudgeUnavailable] = {}
        """By name, the members that are asked no more. Each `connect` begins without any."""
        self._not_concerned: set[tuple[str, str]] = set()
        """Members and the criteria that they were found not to be made for."""
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
        """Yield a verdict for each request once all members have answered the batch.

        Raises:
            JudgeUnavailable: So many members are unavailable that nothing can be decided.
        """
        asked = [asyncio.ensure_future(self._hear(member, requests)) for member in self.members]
        try:
            answers = await asyncio.gather(*asked)
        finally:
            for task in asked:
                task.cancel()
        for request in requests:
            verdict = self._count(request, [answer[request.id] for answer in answers])
            if self._unavailable and self._lost(request.rubric, verdict):
                raise self._ended()
            yield request.id, verdict

    async def _hear(self, member: Judge, requests: Sequence[Request]) -> dict[str, Verdict]:
        """Return a member's verdicts; where it is unavailable, those that say so."""
        found: dict[str, Verdict] = {}
        error = self._unavailable.get(member.name)
        if error is None:
            try:
                async for name, verdict in disciplined(member, requests):
                    found[name] = verdict  # noqa: PERF403 - what came before it raises counts
            except JudgeUnavailable as raised:
                error = self._unavailable.setdefault(member.name, raised)
        if error is not None:
            for request in requests:
                found.setdefault(request.id, unavailable(member, request, error))
        return found

    def _lost(self, rubric: Rubric, verdict: Verdict) -> bool:
        """Tell whether a verdict lacks votes, and no criterion can get enough any more."""
        short = any(finding.reason == "quorum" for finding in verdict.findings.values())
        return short and not any(self._decidable(criterion) for criterion in rubric.judged)

    def _decidable(self, criterion: Criterion) -> bool:
        concerned = [
            member.name
            for member in self.members
            if criterion.kind in member.capabilities.kinds
            and (member.name, criterion.id) not in self._not_concerned
        ]
        there = sum(name not in self._unavailable for name in concerned)
        return bool(concerned) and there >= votes_needed(len(concerned), self.quorum)

    def _ended(self) -> JudgeUnavailable:
        """Return the error that ends the run: the only member's, or one that names them all."""
        errors = list(self._unavailable.values())
        if len(errors) == 1:
            return errors[0]
        each = "; ".join(f"{error.where}: {error.what}" if error.where else error.what
                         for error in errors)  # fmt: skip
        what = f"{len(errors)} members are unavailable, too many for a quorum ({each})"
        return JudgeUnavailable(what, where=self.name, mend=errors[0].mend)

    def _count(self, request: Request, verdicts: Sequence[Verdict]) -> Verdict:
        named = list(zip((member.name for member in self.members), verdicts, strict=True))
        findings = {}
        for criterion in request.criteria:
            votes = [
                Vote(name, verdict.findings[criterion], self.weights.get(name, 1.0))
                for name, verdict in named
            ]
            self._not_concerned.update((v.member, criterion) for v in votes if not v.concerned)
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


def _connected(member: Judge, calls: Calls) -> Judge:
    if not hasattr(member, "connect"):
        return member
    return cast("_Connects", member).connect(calls)
