"""litellm with instructor in its JSON-schema mode: the same prompts, a pydantic answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import instructor
import litellm
from pydantic import BaseModel

from benchmarks.clients.work import Work, drain, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

litellm.suppress_debug_info = True


class Answer(BaseModel):
    """What trueup asks for, as a pydantic model."""

    evidence: list[str]
    explanation: str
    answer: Literal["met", "unmet", "cannot_tell"]
    cannot_tell_reason: Literal[
        "none", "needed_material_absent", "output_unreadable", "undecidable"
    ]


async def main() -> None:
    """Ask about every item."""
    work = Work.given()
    client = instructor.from_litellm(litellm.acompletion, mode=instructor.Mode.JSON_SCHEMA)

    async def ask(body: dict[str, Any]) -> bool:
        reply = await client.create(
            response_model=Answer,
            model="openai/bench",
            messages=body["messages"],
            temperature=body["temperature"],
            max_tokens=body["max_tokens"],
            api_base=work.url,
            api_key="none",
        )
        return bool(reply.answer == "met")

    async def ask_all(jobs: Sequence[dict[str, Any]]) -> Callable[[], int]:
        answered = await drain(jobs, ask, in_flight=work.in_flight)
        return lambda: answered

    await measure(work, work.bodies(), ask_all)


asyncio.run(main())
