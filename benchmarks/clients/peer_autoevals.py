"""autoevals: a classifier with reasons over the same items; keeps nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoevals import LLMClassifier  # type: ignore[import-not-found] # in an environment of its own
from openai import AsyncOpenAI

from benchmarks.clients.work import CRITERION, Work, drain, items, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PROMPT = f"{CRITERION}\n[Question]: {{{{input}}}}\n[Reply]: {{{{output}}}}"


async def main() -> None:
    """Ask about every item."""
    work = Work.given()
    classifier = LLMClassifier(
        name="order",
        prompt_template=_PROMPT,
        choice_scores={"met": 1, "unmet": 0},
        use_cot=True,
        model="bench",
        client=AsyncOpenAI(base_url=work.url, api_key="none"),
    )

    async def ask(item: dict[str, str]) -> bool:
        result = await classifier.eval_async(output=item["output"], input=item["input"])
        return result.score is not None

    async def ask_all(jobs: Sequence[dict[str, str]]) -> Callable[[], int]:
        answered = await drain(jobs, ask, in_flight=work.in_flight)
        return lambda: answered

    await measure(work, items(work.count), ask_all)


asyncio.run(main())
