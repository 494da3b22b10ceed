"""A judge behind HTTP: the JSON of OpenRLHF's remote reward, for whatever can post it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeGuard

from trueup.errors import DataError, TrueupError
from trueup.integrations.messages import as_text_or_none
from trueup.item.model import Item
from trueup.reward import Reward, Scorer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from trueup.reward import Abstain, Partial
    from trueup.rubric.model import Rubric

ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "</s>", "<eos>")
"""What chat templates close an answer with; a query is decoded with them."""
MOST_BYTES = 32 * 1024 * 1024
_BAD, _TOO_LARGE, _BROKEN, _UNAVAILABLE = 400, 413, 500, 503


class RewardApp:
    """An ASGI application; make one with `http_app`.

    Attributes:
        scorer: Scores the outputs; closed when the server shuts down.
    """

    def __init__(self, scorer: Scorer, ends: Sequence[str]) -> None:
        self.scorer, self._ends = scorer, tuple(end for end in ends if end)

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request, or the server's own signs of life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            status, answer = await self._answered(scope, receive)
            await _send(send, status, answer)

    async def _live(
        self,
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.scorer.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answered(
        self, scope: Mapping[str, Any], receive: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> tuple[int, dict[str, Any]]:
        if scope["method"] != "POST":
            return 200, {"rubric": self.scorer.rubric.name, "ask": "POST query, prompts, labels"}
        body = await _body(receive)
        if body is None:
            return _TOO_LARGE, {"error": f"The request is larger than {MOST_BYTES} bytes."}
        try:
            items = _items(body, self._ends)
        except DataError as error:
            return _BAD, {"error": str(error)}
        try:
            results = await self.scorer.ascore_batch(items)
        except TrueupError as error:
            return _BROKEN, {"error": str(error)}
        return _reply(results)


def http_app(
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    deadline: float = 30.0,
    partial: Partial = "abstain",
    ends: Sequence[str] = ENDS,
) -> RewardApp:
    """Return an ASGI application that rewards what is posted to it; serve it with any ASGI server.

    It takes `{"query": [...], "prompts": [...], "labels": [...]}`, as OpenRLHF posts to
    `--reward.remote_url`: prompt and answer in one, the prompts alone, and references. `prompts`
    and `labels` may be left out. It answers `{"rewards": [...], "scores": [...], "extra_logs":
    {"low": [...], "high": [...]}, "values": [{criterion: value}, ...]}`.

    A batch in which the judge gave no score of some output is answered with status 503 and says
    which and why: OpenRLHF asks again, and leaves the output out if that does not help. A request
    that cannot be read gets 400, a judge that no waiting mends 500.

    Args:
        rubric: As of `Scorer`.
        judge: As of `Scorer`.
        deadline: As of `Scorer`, for each request.
        partial: As of `Scorer`.
        ends: Taken off the end of an answer, as often as they stand there.

    Raises:
        TrueupError: As of `Scorer`.
    """
    return RewardApp(Scorer(rubric, judge, deadline=deadline, partial=partial), ends)


async def _body(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> bytes | None:
    """Return the body, None where it is too large."""
    parts, size = [], 0
    while True:
        event = await receive()
        part = event.get("body", b"")
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        if event["type"] == "http.disconnect" or not event.get("more_body", False):
            return b"".join(parts) if size <= MOST_BYTES else None


def _items(body: bytes, ends: tuple[str, ...]) -> list[Item]:
    """Return the items of a request.

    Raises:
        DataError: It is not of the shape.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        what = f"the request is no JSON: {error}"
        raise DataError(what, mend='Post {"query": [...], "prompts": [...]}') from error
    queries = given.get("query") if isinstance(given, dict) else None
    if not _texts(queries):
        what = "`query` is no list of texts"
        raise DataError(what, mend='Post {"query": [...], "prompts": [...], "labels": [...]}')
    count = len(queries)
    prompts, labels = given.get("prompts"), given.get("labels")
    for name, values in (("prompts", prompts), ("labels", labels)):
        if values is not None and (not isinstance(values, list) or len(values) != count):
            what = f"`{name}` is no list of {count}, as `query` is"
            raise DataError(what, mend="Give one for each query, or leave it out")
    if prompts is not None and not _texts(prompts):
        raise DataError("`prompts` holds something that is no text", mend="Give texts")
    return [
        Item(
            id=str(place),
            output=_answer(query, prompts[place] if prompts else "", place, ends),
            input=prompts[place] if prompts else "",
            reference=as_text_or_none(labels[place]) or None if labels else None,
        )
        for place, query in enumerate(queries)
    ]


def _texts(values: object) -> TypeGuard[list[str]]:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _answer(query: str, prompt: str, place: int, ends: tuple[str, ...]) -> str:
    """Return what stands behind the prompt, which special tokens may stand before."""
    if prompt not in query:
        what = f"`query` {place} does not hold its prompt, so that nothing tells where it ends"
        raise DataError(what, mend="Post the very prompt, or leave `prompts` out")
    answer = query.partition(prompt)[2] if prompt else query
    while (cut := answer.rstrip()).endswith(ends):
        answer = next(cut.removesuffix(end) for end in ends if cut.endswith(end))
    return answer


def _reply(results: Sequence[Reward | Abstain]) -> tuple[int, dict[str, Any]]:
    known = [one for one in results if isinstance(one, Reward)]
    if len(known) == len(results):
        rewards = [one.value for one in known]
        bounds = {"low": [one.low for one in known], "high": [one.high for one in known]}
        values = [dict(one.values) for one in known]
        return 200, {"rewards": rewards, "scores": rewards, "extra_logs": bounds, "values": values}
    lost = [
        {"index": place, "reason": one.reason, "message": one.message}
        for place, one in enumerate(results)
        if not isinstance(one, Reward)
    ]
    said = f"The judge gave no score of {len(lost)} of {len(results)} outputs."
    return _UNAVAILABLE, {"error": said, "abstained": lost}


async def _send(
    send: Callable[[dict[str, Any]], Awaitable[None]], status: int, answer: dict[str, Any]
) -> None:
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status == _UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
