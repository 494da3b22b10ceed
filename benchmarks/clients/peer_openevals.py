"""openevals: an LLM as a judge with reasoning, over the OpenAI client; keeps nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from openai import AsyncOpenAI
from openevals.llm import (  # type: ignore[import-not-found] # in an environment of its own
    create_async_llm_as_judge,
)

from benchmarks.clients.work import CRITERION, Work, drain, items, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PROMPT = f"{CRITERION}\n<input>{{inputs}}</input>\n<output>{{outputs}}</output>"


async def main() -> None:
    """Ask about every item."""
    work = Work.given()
    judge = create_async_llm_as_judge(
        prompt=_PROMPT,
        feedback_key="order",
        judge=AsyncOpenAI(base_url=work.url, api_key="none"),
        model="bench",
    )

    async def ask(item: dict[str, str]) -> bool:
        result = await judge(inputs=item["input"], outputs=item["output"])
        return result["score"] is not None

    async def ask_all(jobs: Sequence[dict[str, str]]) -> Callable[[], int]:
        answered = await drain(jobs, ask, in_flight=work.in_flight)
        return lambda: answered

    await measure(work, items(work.count), ask_all)


asyncio.run(main())
