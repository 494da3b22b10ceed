"""Discipline: what becomes of a judge's answers, whatever the judge does.

Every judge is heard through `disciplined`, so that a run gets one whole verdict for each request
it makes. What a judge gets wrong becomes a finding with a reason, never a value and never the
end of the run:

    reason                what the judge did                          outcome
    judge_raised          raised an exception on this request         failed
    no_verdict            never answered this request                 failed
    no_finding            left out a criterion                        failed
    wrong_type            answered with something that is no finding  unparsable
    value_out_of_range    gave a value outside [0, 1], or NaN         unparsable
    unknown_level         gave a level that the criterion lacks       unparsable
    kind_not_answered     declares that it answers no such criteria   abstained

All but the last are asked again by a later run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.errors import TrueupError
from trueup.item.plain import excerpt
from trueup.judge.blame import place_of
from trueup.judge.reading import not_a_level
from trueup.judge.secret import conceal
from trueup.judge.verdict import Finding, Verdict, unscored
from trueup.judge.vote import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from trueup.errors import JudgeUnavailable
    from trueup.judge.protocol import Judge, Request
    from trueup.rubric.model import Criterion

_SHOWN = 500
_PAIR = 2
_NO_VERDICT = unscored("failed", "no_verdict", "the judge did not answer this request")
_NO_FINDING = unscored("failed", "no_finding", "the verdict leaves this criterion out")
_NOT_ITS_KIND = unscored("abstained", "kind_not_answered", "the judge answers no such criteria")


async def disciplined(
    judge: Judge, requests: Sequence[Request], *, breaches: Counter[str] | None = None
) -> AsyncGenerator[tuple[str, Verdict], None]:
    """Yield (request id, verdict) exactly once for each request, each verdict whole.

    Where a judge raises in the middle of a batch, the requests that it had not answered are put
    to it one by one, so that only those to blame fail. Of two answers to one request the first
    counts. Criteria that were not asked are dropped.

    Args:
        judge: Who is asked.
        requests: What is asked, under ids that differ.
        breaches: Counts what the judge got wrong, by reason; beside the reasons above
            `unknown_request`, `answered_twice` and `unknown_criterion`.

    Raises:
        TrueupError: The judge's own, for what no single request can be blamed for.
    """
    counts: Counter[str] = Counter() if breaches is None else breaches
    kinds = judge.capabilities.kinds
    whole = {request.id: request for request in requests}
    sent = [part for request in requests if (part := _answerable(request, kinds)).criteria]
    if len(sent) < len(whole):
        answerable = {request.id for request in sent}
        for request in requests:
            if request.id not in answerable:
                yield request.id, Verdict(dict.fromkeys(request.criteria, _NOT_ITS_KIND))
    if len(sent) == 1:
        request, verdict = await _alone(judge, sent[0], counts)
        yield request.id, _complete(verdict, request, whole[request.id])
        return
    async with aclosing(_answers(judge, sent, counts)) as answers:
        async for request, verdict in answers:
            yield request.id, _complete(verdict, request, whole[request.id])


def _complete(verdict: Verdict, sent: Request, asked: Request) -> Verdict:
    """Return a verdict on all that was asked, of which perhaps not everything was sent."""
    if len(sent.criteria) == len(asked.criteria):
        return verdict
    every = {c: verdict.findings.get(c, _NOT_ITS_KIND) for c in asked.criteria}
    return replace(verdict, findings=every)


def raised(request: Request, error: Exception) -> Verdict:
    """Return the verdict on a request that made a judge raise."""
    return Verdict(dict.fromkeys(request.criteria, raised_finding(error)))


def raised_finding(error: Exception) -> Finding:
    """Return the finding about a question that made a judge raise.

    The exception's text may quote what was judged, or a key: control characters are escaped and
    keys are taken out.
    """
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    finding = unscored("failed", "judge_raised", excerpt(conceal(said), _SHOWN))
    return replace(finding, detail={"raised": type(error).__name__, "at": place_of(error)})


def unavailable(judge: Judge, request: Request, error: JudgeUnavailable) -> Verdict:
    """Return the verdict on a request to a judge that cannot be asked at all for now."""
    finding = unscored("failed", UNAVAILABLE, excerpt(conceal(str(error)), _SHOWN))
    by_id, kinds = request.rubric.by_id, judge.capabilities.kinds
    return Verdict(
        {c: finding if by_id[c].kind in kinds else _NOT_ITS_KIND for c in request.criteria}
    )


def _answerable(request: Request, kinds: frozenset[str]) -> Request:
    by_id = request.rubric.by_id
    criteria = tuple(c for c in request.criteria if by_id[c].kind in kinds)
    return (
        request if len(criteria) == len(request.criteria) else replace(request, criteria=criteria)
    )


async def _answers(
    judge: Judge, requests: Sequence[Request], counts: Counter[str]
) -> AsyncGenerator[tuple[Request, Verdict], None]:
    """Yield a verdict for each request; where the batch breaks, ask for the rest one by one."""
    if not requests:
        return
    batch = _Batch(judge, requests, counts)
    try:
        async for answer in batch:
            yield answer
    finally:
        await batch.aclose()
    left = list(batch.waiting.values())
    if batch.error is None:
        for request in left:
            yield request, batch.unanswered(request)
        return
    tasks = [asyncio.ensure_future(_alone(judge, request, counts)) for request in left]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()


async def _alone(judge: Judge, request: Request, counts: Counter[str]) -> tuple[Request, Verdict]:
    batch = _Batch(judge, [request], counts)
    try:
        found = [answer async for answer in batch]
    finally:
        await batch.aclose()
    return found[0] if found else (request, batch.unanswered(request))


class _Batch:
    """One call of a judge: what is still to be answered, and what it raised."""

    def __init__(self, judge: Judge, requests: Sequence[Request], counts: Counter[str]) -> None:
        self._judge = judge
        self._requests = requests
        self._counts = counts
        self._names = frozenset(request.id for request in requests)
        self.waiting = {request.id: request for request in requests}
        self.error: Exception | None = None
        self._said: AsyncIterator[tuple[str, Verdict]] | None = None

    def __aiter__(self) -> _Batch:
        return self

    async def __anext__(self) -> tuple[Request, Verdict]:
        """Return the next answer, each request's once; an exception ends it and is kept."""
        try:
            if self._said is None:
                self._said = aiter(self._judge.judge(self._requests))
            while True:
                answer = await anext(self._said)
                request = self._claim(answer)
                if request is not None:
                    return request, held(answer[1], request, self._counts)
        except (TrueupError, StopAsyncIteration):
            raise
        except Exception as error:  # noqa: BLE001 - a judge is anybody's code; its fault is named
            self.error = error
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Let go of the judge's answers."""
        close = getattr(self._said, "aclose", None)
        if close is not None:
            await close()

    def unanswered(self, request: Request) -> Verdict:
        """Return the verdict on a request that got no answer."""
        if self.error is not None:
            self._counts["judge_raised"] += 1
            return raised(request, self.error)
        self._counts["no_verdict"] += 1
        return Verdict(dict.fromkeys(request.criteria, _NO_VERDICT))

    def _claim(self, answer: object) -> Request | None:
        """Return the request that an answer is the first one to."""
        if not (isinstance(answer, tuple) and len(answer) == _PAIR and isinstance(answer[0], str)):
            self._counts["wrong_type"] += 1
            return None
        request = self.waiting.pop(answer[0], None)
        if request is None:
            known = answer[0] in self._names
            self._counts["answered_twice" if known else "unknown_request"] += 1
        return request


def held(verdict: object, request: Request, counts: Counter[str]) -> Verdict:
    """Return a verdict that answers exactly what was asked; the same object where it does."""
    if not (isinstance(verdict, Verdict) and isinstance(verdict.findings, Mapping)):
        counts["wrong_type"] += 1
        why = f"a verdict is no {excerpt(type(verdict).__name__)}"
        return Verdict(dict.fromkeys(request.criteria, unscored("unparsable", "wrong_type", why)))
    findings, by_id = verdict.findings, request.rubric.by_id
    kept: dict[str, Finding] = {}
    same = len(findings) == len(request.criteria)
    for name in request.criteria:
        said = findings.get(name)
        finding = _held(said, by_id[name], counts)
        same = same and finding is said
        kept[name] = finding
    if len(findings) > len(kept):
        counts["unknown_criterion"] += sum(name not in by_id for name in findings)
    return verdict if same else replace(verdict, findings=kept)


def _held(said: object, criterion: Criterion, counts: Counter[str]) -> Finding:
    if said is None:
        counts["no_finding"] += 1
        return _NO_FINDING
    if not isinstance(said, Finding):
        counts["wrong_type"] += 1
        why = f"a finding is no {excerpt(type(said).__name__)}"
        return unscored("unparsable", "wrong_type", why)
    if said.level is not None and said.level not in criterion.values:
        counts["unknown_level"] += 1
        return unscored("unparsable", "unknown_level", not_a_level(said.level, criterion))
    if said.value is not None and type(said.value) is not float:
        return replace(said, value=float(said.value))
    return said
