"""Bare litellm: the requests that trueup sends, carried by litellm; keeps nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import litellm

from benchmarks.clients.work import Work, drain, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

litellm.suppress_debug_info = True


async def main() -> None:
    """Ask about every item."""
    work = Work.given()

    async def ask(body: dict[str, Any]) -> bool:
        request = {**body, "model": "openai/bench", "api_base": work.url, "api_key": "none"}
        reply = await litellm.acompletion(**request)
        return bool(json.loads(reply.choices[0].message.content)["answer"] == "met")

    async def ask_all(jobs: Sequence[dict[str, Any]]) -> Callable[[], int]:
        answered = await drain(jobs, ask, in_flight=work.in_flight)
        return lambda: answered

    await measure(work, work.bodies(), ask_all)


asyncio.run(main())
