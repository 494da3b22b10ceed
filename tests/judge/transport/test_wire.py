"""What goes out and what comes back, the same through every transport."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.judge.transport.base import Call, Reply, Rung, Transport


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def test_dropped_parameters_are_left_out_and_recorded(
    server: FaultServer, kind: Any, ask: Callable[..., Reply]
) -> None:
    model = f"fault-{Fault.NO_TEMPERATURE}"

    reply = ask(
        kind, server.url, model, drop=frozenset({"temperature", "logprobs", "seed"}), logprobs=2
    )

    assert reply.text
    assert reply.dropped == ("logprobs", "temperature")
    assert "logprobs" not in server.log[-1].body
    assert "top_logprobs" not in server.log[-1].body


SAMPLINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0, "top_p": 0.5, "seed": 7, "max_tokens": 64},
    {"reasoning_effort": "low", "max_completion_tokens": 99, "stop": ["\n"]},
    {"top_k": 20, "min_p": 0.1},
]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda sampling: "+".join(sampling) or "none")
@pytest.mark.parametrize("rung", ["schema", "object", "text"])
def test_every_transport_puts_the_same_request_on_the_wire(
    server: FaultServer,
    rung: Rung,
    sampling: dict[str, Any],
    ask: Callable[..., Reply],
    kinds: list[Any],
) -> None:
    bodies = []
    for kind in kinds:
        ask(kind, server.url, rung=rung, sampling=sampling, logprobs=3)
        bodies.append(server.log[-1].body)

    assert bodies[0] == bodies[1]


def test_the_schema_goes_out_as_it_is_and_strict(
    server: FaultServer, kind: Any, ask: Callable[..., Reply], call_to: Callable[..., Call]
) -> None:
    call = call_to(server.url)

    ask(kind, server.url, schema_name="finding")

    body = server.log[-1].body
    assert body["messages"] == list(call.messages)
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "finding", "strict": True, "schema": call.schema},
    }


LOGPROBS = {
    "content": [
        {
            "token": "met",
            "logprob": -0.25,
            "bytes": [109, 101, 116],
            "top_logprobs": [
                {"token": "met", "logprob": -0.25, "bytes": [109, 101, 116]},
                {"token": "un", "logprob": -1.5, "bytes": None},
            ],
        }
    ],
    "refusal": None,
}


def test_log_probabilities_come_back(kind: Any, ask: Callable[..., Reply]) -> None:
    answer = Answer(content="met", logprobs=LOGPROBS)

    with FaultServer(answer=lambda _: answer) as server:
        reply = ask(kind, server.url, logprobs=2)
        body = server.log[-1].body

    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)
    (token,) = reply.logprobs
    assert (token["token"], token["logprob"]) == ("met", -0.25)
    assert [each["token"] for each in token["top_logprobs"]] == ["met", "un"]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "prompt_tokens": 90,
                "completion_tokens": 8,
                "total_tokens": 98,
                "prompt_tokens_details": {"cached_tokens": 64},
            },
            (90, 8, 64),
        ),
        (
            {
                "prompt_tokens": 90,
                "completion_tokens": 8,
                "total_tokens": 98,
                "prompt_cache_hit_tokens": 32,
            },
            (90, 8, 32),
        ),
        ({"prompt_tokens": 90, "completion_tokens": 8, "total_tokens": 98}, (90, 8, 0)),
        ({}, (0, 0, 0)),
    ],
    ids=["details", "cache-hits", "plain", "none"],
)
def test_tokens_are_counted(
    kind: Any, usage: dict[str, Any], expected: tuple[int, int, int], ask: Callable[..., Reply]
) -> None:
    answer = Answer(content="met", usage=usage)

    with FaultServer(answer=lambda _: answer) as server:
        reply = ask(kind, server.url)

    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens) == expected


def test_new_schemas_without_end_do_no_harm(
    server: FaultServer, kind: Any, monkeypatch: pytest.MonkeyPatch, call_to: Callable[..., Call]
) -> None:
    module = sys.modules[kind.__module__]
    monkeypatch.setattr(module, "_SHARED" if kind.name == "direct" else "_SCHEMAS", 2)
    calls = [
        call_to(server.url, schema={"type": "object", "title": f"number {number}"})
        for number in range(5)
    ]

    async def several() -> None:
        transport: Transport = kind(calls[0].endpoint)
        for call in calls:
            await transport.send(call, rung="schema", drop=frozenset(), timeout=20)
        await transport.close()

    asyncio.run(several())

    sent = [request.body["response_format"]["json_schema"] for request in server.log[-5:]]
    assert [each["schema"]["title"] for each in sent] == [f"number {n}" for n in range(5)]
