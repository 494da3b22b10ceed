"""An HTTP client for the tests of the fault server."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

if TYPE_CHECKING:
    from trueup.testing.faultserver import FaultServer


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def choice(self) -> Any:
        return self.json["choices"][0]

    @property
    def content(self) -> Any:
        return self.choice["message"]["content"]


def ask(text: str = "Is the reply grounded?", **fields: Any) -> dict[str, Any]:
    return {"model": "judge", "messages": [{"role": "user", "content": text}], **fields}


async def send(url: str, *bodies: dict[str, Any], **options: Any) -> list[Response]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(body: dict[str, Any]) -> Response:
            async with session.post(f"{url}/chat/completions", json=body, **options) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status, headers, await response.read())

        return await asyncio.gather(*(one(body) for body in bodies))


def post(server: FaultServer, body: dict[str, Any] | None = None, **options: Any) -> Response:
    [response] = asyncio.run(send(server.url, body or ask(), **options))
    return response
