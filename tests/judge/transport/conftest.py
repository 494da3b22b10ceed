"""What the tests of all transports share: each transport, and one attempt through it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import Call, Endpoint
from trueup.judge.transport.direct import DirectTransport
from trueup.judge.transport.providers import LitellmTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.judge.transport.base import Reply, Rung, Transport

SCHEMA = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "answer": {"type": "string", "enum": ["met", "unmet", "cannot_tell"]},
    },
    "required": ["explanation", "answer"],
    "additionalProperties": False,
}
MESSAGES = (
    {"role": "system", "content": "Judge {{ item }} by one criterion.\n\tNo %s, no {0}."},
    {"role": "user", "content": 'Grüße \u2028 \U0001f600 <b>&amp;</b> \\ "quoted" {% raw %}'},
)


@pytest.fixture
def kinds() -> list[Any]:
    """All transports."""
    return [DirectTransport, LitellmTransport]


@pytest.fixture(params=[DirectTransport, LitellmTransport], ids=lambda kind: str(kind.name))
def kind(request: pytest.FixtureRequest) -> Any:
    """Each transport in turn."""
    return request.param


@pytest.fixture
def call_to() -> Callable[..., Call]:
    """Make a call to a model at an address."""

    def make(
        url: str,
        model: str = "judge",
        *,
        provider: str = "openai",
        key_env: str | None = None,
        **options: Any,
    ) -> Call:
        options = {"sampling": {"temperature": 0, "max_tokens": 50}, **options}
        endpoint = Endpoint(model=f"{provider}/{model}", api_base=url, api_key_env=key_env)
        options = {"messages": MESSAGES, "schema": SCHEMA, **options}
        return Call(criteria=("grounded",), endpoint=endpoint, **options)

    return make


@pytest.fixture
def ask(call_to: Callable[..., Call]) -> Callable[..., Reply]:
    """Make one attempt through a transport of its own, and close it."""

    def attempt(
        kind: Any,
        url: str,
        model: str = "judge",
        *,
        rung: Rung = "schema",
        drop: frozenset[str] = frozenset(),
        timeout: float = 20,
        **options: Any,
    ) -> Reply:
        call = call_to(url, model, **options)

        async def once() -> Reply:
            transport: Transport = kind(call.endpoint)
            try:
                return await transport.send(call, rung=rung, drop=drop, timeout=timeout)
            finally:
                await transport.close()

        return asyncio.run(once())

    return attempt
