"""What a judge answers: every request once, in findings that fit the rubric."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from trueup.judge.protocol import Request
from trueup.judge.verdict import DecidedBy, Finding, Usage, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Judge
    from trueup.rubric.model import Criterion, Rubric

    Work: TypeAlias = Coroutine[Any, Any, list[str]]

_PAIR = 2


async def unkept(
    judge: Judge,
    rubric: Rubric,
    items: Sequence[Item],
    odd: Mapping[str, Item],
    *,
    seconds: float,
) -> list[str]:
    """Return a sentence for each rule that the answers break."""
    asked = asked_of(judge, rubric)
    requests = [_request(rubric, item, asked) for item in items]
    size = judge.capabilities.batch
    parts = [requests[start : start + size] for start in range(0, len(requests), size)]
    tests: list[tuple[str, Work]] = [("an empty batch", _empty(judge))]
    tests += [("ordinary items", _batch(judge, part)) for part in parts]
    tests += [(name, _batch(judge, [_request(rubric, item, asked)])) for name, item in odd.items()]
    tests += [
        ("one criterion alone", _batch(judge, [_request(rubric, items[0], (name,))]))
        for name in asked
    ]
    tests += [
        ("two batches at once", _interleaved(judge, requests[:size], requests[-size:])),
        ("a batch that is left early", _left(judge, requests[:size])),
    ]
    found = []
    for name, test in tests:
        try:
            async with asyncio.timeout(seconds):
                found += [f"{problem} ({name})" for problem in await test]
        except TimeoutError:
            found.append(f"each batch comes to an end: none within {seconds:g} seconds ({name})")
        except Exception as error:  # noqa: BLE001 - what the judge under test does is the finding
            said = f"{type(error).__name__}: {error}"
            found.append(f"what goes wrong with an item is a finding, not a raised {said} ({name})")
    return found


def _request(
    rubric: Rubric, item: Item, asked: tuple[str, ...], *, prefix: str = "request"
) -> Request:
    return Request(id=f"{prefix}/{item.id}", rubric=rubric, criteria=asked, candidates=(item,))


async def _empty(judge: Judge) -> list[str]:
    said = [answer async for answer in judge.judge([])]
    return ["no request, no verdict"] if said else []


async def _batch(judge: Judge, requests: Sequence[Request]) -> list[str]:
    return list(_told(requests, [answer async for answer in judge.judge(requests)]))


async def _interleaved(judge: Judge, one: Sequence[Request], two: Sequence[Request]) -> list[str]:
    """Hear two batches in turns; neither may get what belongs to the other."""
    batches = [
        [_request(r.rubric, r.item, r.criteria, prefix=prefix) for r in part]
        for prefix, part in (("one", one), ("two", two))
    ]
    said: list[list[object]] = [[], []]
    streams: list[AsyncIterator[object]] = [judge.judge(batch) for batch in batches]
    running = {0, 1}
    while running:
        for number in sorted(running):
            try:
                said[number].append(await anext(streams[number]))
            except StopAsyncIteration:
                running.discard(number)
    return [problem for number in (0, 1) for problem in _told(batches[number], said[number])]


async def _left(judge: Judge, requests: Sequence[Request]) -> list[str]:
    """Leave after the first verdict, and ask again: nothing may be stuck or missing."""
    stream = judge.judge(requests)
    await anext(stream)
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()
    return await _batch(judge, requests)


def _told(requests: Sequence[Request], said: Sequence[object]) -> Iterator[str]:
    """Yield what is wrong with the answers to a batch."""
    waiting = {request.id: request for request in requests}
    for answer in said:
        if not (isinstance(answer, tuple) and len(answer) == _PAIR):
            yield f"a judge yields (request id, verdict), not {type(answer).__name__}"
            continue
        request = waiting.pop(answer[0], None)
        if request is None:
            yield f"each request is answered once, and no other: {answer[0]!r}"
        else:
            yield from _verdict(answer[1], request)
    if waiting:
        yield f"each request is answered: {len(waiting)} of {len(requests)} were not"


def _verdict(verdict: object, request: Request) -> Iterator[str]:
    if not isinstance(verdict, Verdict):
        yield f"a verdict is a Verdict, not {type(verdict).__name__}"
        return
    if set(verdict.findings) != set(request.criteria):
        odd = set(verdict.findings) ^ set(request.criteria)
        yield f"a verdict has a finding for what was asked, and no other: {sorted(map(str, odd))}"
    if not isinstance(verdict.usage, Usage):
        yield "a verdict's usage is a Usage"
    if as_json(verdict.observed) is None:
        yield "what a verdict observed is a mapping of plain JSON values"
    for name, finding in verdict.findings.items():
        criterion = request.rubric.by_id.get(name)
        if criterion is not None:
            yield from _finding(finding, criterion)


def _finding(finding: object, criterion: Criterion) -> Iterator[str]:
    if not isinstance(finding, Finding):
        yield f"a finding is a Finding, not {type(finding).__name__}"
        return
    if finding.level is not None and finding.level not in criterion.values:
        yield f"a level is one of the criterion's: {finding.level!r} of {criterion.id!r}"
    if finding.value is not None and type(finding.value) is not float:
        yield f"a value is a float, not {type(finding.value).__name__}"
    if finding.outcome != "scored" and not finding.reason:
        yield f"a finding that is not scored says why: {finding.outcome} without a reason"
    if not (isinstance(finding.explanation, str) and isinstance(finding.reason, str)):
        yield "explanation and reason are texts"
    if finding.decided_by not in get_args(DecidedBy):
        yield f"decided_by is one of {get_args(DecidedBy)}, not {finding.decided_by!r}"
    if as_json(finding.detail) is None:
        yield "a finding's detail is a mapping of plain JSON values"


def asked_of(judge: Judge, rubric: Rubric) -> tuple[str, ...]:
    """Return the criteria that a judge can be asked about."""
    return tuple(c.id for c in rubric.judged if c.kind in judge.capabilities.kinds)


def as_json(value: Any) -> str | None:  # noqa: ANN401 - whatever a judge returns
    """Return a mapping of plain JSON values as text; None where it is none."""
    try:
        return json.dumps(dict(value), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError):
        return None
