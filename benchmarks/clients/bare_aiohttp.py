"""Bare aiohttp: the floor. Sends the very requests that trueup sends, and keeps nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.clients.work import Work, drain, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


async def main() -> None:
    """Ask about every item."""
    work = Work.given()
    url = f"{work.url}/chat/completions"

    async def ask_all(jobs: Sequence[dict[str, Any]]) -> Callable[[], int]:
        connector = aiohttp.TCPConnector(limit=work.in_flight)
        headers = {"Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def ask(body: dict[str, Any]) -> bool:
                async with session.post(url, data=json.dumps(body).encode()) as response:
                    reply = json.loads(await response.read())
                verdict = json.loads(reply["choices"][0]["message"]["content"])
                return bool(verdict["answer"] == "met")

            answered = await drain(jobs, ask, in_flight=work.in_flight)
        return lambda: answered

    await measure(work, work.bodies(), ask_all)


asyncio.run(main())
