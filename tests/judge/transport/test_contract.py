"""What holds for every transport: the same answers give the same replies, the same faults."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import (
    Call,
    Endpoint,
    Filtered,
    Forbidden,
    RateLimited,
    Rejected,
    Reply,
    ServerFault,
    TimedOut,
    TooLong,
    TransportFault,
    Unreachable,
    Unsupported,
)
from trueup.judge.transport.direct import DirectTransport
from trueup.judge.transport.providers import LitellmTransport
from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.judge.transport.base import Rung, Transport

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
TRANSPORTS = [DirectTransport, LitellmTransport]
NOTHING: frozenset[str] = frozenset()

FAULTS: dict[Fault, type[TransportFault]] = {
    Fault.RATE_LIMIT: RateLimited,
    Fault.RATE_LIMIT_DATE: RateLimited,
    Fault.RATE_LIMIT_BARE: RateLimited,
    Fault.SERVER_ERROR: ServerFault,
    Fault.UNAVAILABLE: ServerFault,
    Fault.UNAUTHORIZED: Forbidden,
    Fault.FORBIDDEN: Forbidden,
    Fault.NOT_FOUND: Rejected,
    Fault.BAD_PROMPT: Filtered,
    Fault.CONTEXT_LENGTH: TooLong,
    Fault.NO_JSON_SCHEMA: Unsupported,
    Fault.NO_JSON_MODE: Unsupported,
    Fault.NO_TEMPERATURE: Unsupported,
    Fault.CUT_BODY: ServerFault,
    Fault.CUT_EARLY: ServerFault,
    Fault.HANG: TimedOut,
    Fault.DRIP: TimedOut,
    Fault.MALFORMED: ServerFault,
    Fault.INVALID_UTF8: ServerFault,
    Fault.HUGE: ServerFault,
}
"""The faults that leave no reply; all others are replies, for whoever reads them to judge."""

CONTENT = '{"explanation": "It says so.", "answer": "met"}'
OK = Reply(text=CONTENT, fingerprint="fp_trueup_fault_server", input_tokens=30, output_tokens=11)
REPLIES: dict[Fault, Reply] = {
    Fault.TRUNCATED: replace(OK, text=CONTENT[: len(CONTENT) // 2], finish_reason="length"),
    Fault.WRONG_SCHEMA: replace(OK, text='{"unexpected_field":"unexpected value"}'),
    Fault.PROSE: replace(OK, text=f"This is what I found:\n\n{CONTENT}\n\nAnything else?"),
    Fault.FENCED: replace(OK, text=f"```json\n{CONTENT}\n```"),
    Fault.REFUSAL: replace(OK, text="", refusal="I will not help with this request."),
    Fault.CONTENT_FILTER: replace(OK, text="", finish_reason="content_filter"),
    Fault.NO_CHOICES: replace(OK, text="", has_choice=False),
    Fault.EMPTY_CONTENT: replace(OK, text=""),
    Fault.NULL_CONTENT: replace(OK, text=""),
    Fault.WRONG_TYPE: OK,
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer(
        answer=lambda _: CONTENT, drip_seconds=20, retry_after=7, huge_megabytes=12
    ) as running:
        yield running


@pytest.fixture(params=TRANSPORTS, ids=lambda kind: str(kind.name))
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def endpoint_of(url: str, model: str = "judge", **options: Any) -> Endpoint:
    return Endpoint(model=f"openai/{model}", api_base=url, **options)


def call_of(endpoint: Endpoint, **options: Any) -> Call:
    options = {"sampling": {"temperature": 0, "max_tokens": 50}, **options}
    return Call(
        criteria=("grounded",), messages=MESSAGES, schema=SCHEMA, endpoint=endpoint, **options
    )


def ask(
    kind: Any,
    endpoint: Endpoint,
    *,
    rung: Rung = "schema",
    drop: frozenset[str] = NOTHING,
    timeout: float = 20,
    **options: Any,
) -> Reply:
    """Make one attempt with a transport of its own, and close it."""

    async def attempt() -> Reply:
        transport: Transport = kind(endpoint)
        try:
            return await transport.send(
                call_of(endpoint, **options), rung=rung, drop=drop, timeout=timeout
            )
        finally:
            await transport.close()

    return asyncio.run(attempt())


def test_every_fault_of_the_server_is_expected_here() -> None:
    assert FAULTS.keys() | REPLIES.keys() == set(Fault)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_the_same_through_every_transport(
    server: FaultServer, kind: Any, fault: Fault
) -> None:
    slow = fault in {Fault.HANG, Fault.DRIP}
    before = server.requests

    with pytest.raises(TransportFault) as caught:
        ask(kind, endpoint_of(server.url, f"fault-{fault}"), timeout=0.7 if slow else 20)

    assert type(caught.value) is FAULTS[fault]
    assert server.requests == before + 1
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("fault", REPLIES, ids=str)
def test_a_reply_is_the_same_through_every_transport(
    server: FaultServer, kind: Any, fault: Fault
) -> None:
    model = f"fault-{fault}"
    before = server.requests

    reply = ask(kind, endpoint_of(server.url, model))

    expected = REPLIES[fault]
    assert server.requests == before + 1
    assert reply.input_tokens > 0
    assert reply.output_tokens >= bool(reply.text)
    assert reply == replace(
        expected,
        model=model,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
    )


@pytest.mark.parametrize("fault", REPLIES, ids=str)
def test_usage_is_the_same_through_every_transport(server: FaultServer, fault: Fault) -> None:
    replies = [ask(kind, endpoint_of(server.url, f"fault-{fault}")) for kind in TRANSPORTS]

    assert replies[0] == replies[1]


@pytest.mark.parametrize(
    ("fault", "low", "high"),
    [(Fault.RATE_LIMIT, 7, 7), (Fault.RATE_LIMIT_DATE, 1, 8)],
    ids=["seconds", "date"],
)
def test_retry_after_is_read(
    server: FaultServer, kind: Any, fault: Fault, low: float, high: float
) -> None:
    with pytest.raises(RateLimited) as caught:
        ask(kind, endpoint_of(server.url, f"fault-{fault}"))

    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after <= high


def test_retry_after_of_a_busy_server_is_read(kind: Any) -> None:
    busy = Answer(status=503, content="starting", headers={"Retry-After": "2.5"})

    with FaultServer(answer=lambda _: busy) as server, pytest.raises(ServerFault) as caught:
        ask(kind, endpoint_of(server.url))

    assert caught.value.retry_after == 2.5


def test_no_retry_after_is_none(server: FaultServer, kind: Any) -> None:
    with pytest.raises(RateLimited) as caught:
        ask(kind, endpoint_of(server.url, "fault-429-bare"))

    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("fault", "parameter"),
    [
        (Fault.NO_JSON_SCHEMA, "response_format"),
        (Fault.NO_JSON_MODE, "response_format"),
        (Fault.NO_TEMPERATURE, "temperature"),
    ],
    ids=str,
)
def test_an_unsupported_parameter_is_named(
    server: FaultServer, kind: Any, fault: Fault, parameter: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        ask(kind, endpoint_of(server.url, f"fault-{fault}"))

    assert caught.value.parameter == parameter


def test_the_ladder_leads_to_an_answer(server: FaultServer, kind: Any) -> None:
    lacking_schema = endpoint_of(server.url, f"fault-{Fault.NO_JSON_SCHEMA}")
    lacking_json = endpoint_of(server.url, f"fault-{Fault.NO_JSON_MODE}")

    assert ask(kind, lacking_schema, rung="object").rung == "object"
    with pytest.raises(Unsupported):
        ask(kind, lacking_json, rung="object")
    assert ask(kind, lacking_json, rung="text").text == CONTENT


def test_dropped_parameters_are_left_out_and_recorded(server: FaultServer, kind: Any) -> None:
    endpoint = endpoint_of(server.url, f"fault-{Fault.NO_TEMPERATURE}")

    reply = ask(kind, endpoint, drop=frozenset({"temperature", "logprobs", "seed"}), logprobs=2)

    assert reply.text == CONTENT
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
    server: FaultServer, rung: Rung, sampling: dict[str, Any]
) -> None:
    bodies = []
    for kind in TRANSPORTS:
        ask(kind, endpoint_of(server.url), rung=rung, sampling=sampling, logprobs=3)
        bodies.append(server.log[-1].body)

    assert bodies[0] == bodies[1]


def test_the_schema_goes_out_as_it_is_and_strict(server: FaultServer, kind: Any) -> None:
    ask(kind, endpoint_of(server.url), schema_name="finding")

    body = server.log[-1].body
    assert body["messages"] == list(MESSAGES)
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "finding", "strict": True, "schema": SCHEMA},
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


def test_log_probabilities_come_back(kind: Any) -> None:
    answer = Answer(content="met", logprobs=LOGPROBS)

    with FaultServer(answer=lambda _: answer) as server:
        reply = ask(kind, endpoint_of(server.url), logprobs=2)
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
    kind: Any, usage: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    answer = Answer(content="met", usage=usage)

    with FaultServer(answer=lambda _: answer) as server:
        reply = ask(kind, endpoint_of(server.url))

    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens) == expected


def test_an_address_without_a_server_is_unreachable(kind: Any) -> None:
    with FaultServer() as server:
        url = server.url

    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        ask(kind, endpoint_of(url))


def test_an_unknown_host_is_unreachable(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Unreachable, match="no-such-host"):
        ask(kind, endpoint_of("http://no-such-host.invalid/v1"))


def test_a_used_up_quota_is_no_matter_of_waiting(kind: Any) -> None:
    body = b'{"error":{"message":"You exceeded it","type":"q","code":"insufficient_quota"}}'
    answer = Answer(status=429, raw=body)

    with FaultServer(answer=lambda _: answer) as server, pytest.raises(Forbidden, match="quota"):
        ask(kind, endpoint_of(server.url))


def test_one_transport_serves_many_calls_at_once(server: FaultServer, kind: Any) -> None:
    endpoint = endpoint_of(server.url)

    async def many() -> list[Reply]:
        transport: Transport = kind(endpoint)
        try:
            return await asyncio.gather(
                *(
                    transport.send(
                        call_of(endpoint), rung="schema", drop=NOTHING, timeout=5 + number
                    )
                    for number in range(20)
                )
            )
        finally:
            await transport.close()

    assert {reply.text for reply in asyncio.run(many())} == {CONTENT}


def test_a_transport_outlives_its_event_loop(server: FaultServer, kind: Any) -> None:
    endpoint = endpoint_of(server.url)
    transport: Transport = kind(endpoint)

    async def once(*, last: bool) -> str:
        reply = await transport.send(call_of(endpoint), rung="text", drop=NOTHING, timeout=20)
        if last:
            await transport.close()
        return reply.text

    with warnings.catch_warnings():
        # The first loop ends with its connections open, of which the standard library warns.
        warnings.simplefilter("ignore", ResourceWarning)
        texts = [asyncio.run(once(last=False)), asyncio.run(once(last=True))]
        gc.collect()

    assert texts == [CONTENT, CONTENT]


def test_another_loop_takes_over_and_the_first_one_closes_what_it_had(
    server: FaultServer, kind: Any
) -> None:
    endpoint = endpoint_of(server.url)
    transport: Transport = kind(endpoint)

    async def once() -> str:
        reply = await transport.send(call_of(endpoint), rung="text", drop=NOTHING, timeout=20)
        return reply.text

    async def elsewhere() -> str:
        text = await once()
        await transport.close()
        return text

    async def both() -> list[str]:
        return [await once(), await asyncio.to_thread(asyncio.run, elsewhere())]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        texts = asyncio.run(both())
        gc.collect()

    assert texts == [CONTENT, CONTENT]
    assert [str(warning.message) for warning in caught] == []


def test_new_schemas_without_end_do_no_harm(
    server: FaultServer, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[kind.__module__], "_SCHEMAS", 2)
    endpoint = endpoint_of(server.url)

    async def several() -> None:
        transport: Transport = kind(endpoint)
        for number in range(5):
            schema = {**SCHEMA, "title": f"number {number}"}
            call = replace(call_of(endpoint), schema=schema)
            await transport.send(call, rung="schema", drop=NOTHING, timeout=20)
        await transport.close()

    asyncio.run(several())

    sent = [request.body["response_format"]["json_schema"] for request in server.log[-5:]]
    assert [each["schema"]["title"] for each in sent] == [f"number {n}" for n in range(5)]


def test_a_closed_transport_opens_again(server: FaultServer, kind: Any) -> None:
    endpoint = endpoint_of(server.url)

    async def twice() -> list[str]:
        transport: Transport = kind(endpoint)
        texts = []
        for _ in range(2):
            reply = await transport.send(call_of(endpoint), rung="schema", drop=NOTHING, timeout=20)
            texts.append(reply.text)
            await transport.close()
        return texts

    assert asyncio.run(twice()) == [CONTENT, CONTENT]


def test_closing_leaves_nothing_open(server: FaultServer, kind: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for fault in ("none", Fault.CUT_BODY, Fault.SERVER_ERROR, Fault.NOT_FOUND):
            model = "judge" if fault == "none" else f"fault-{fault}"
            try:
                ask(kind, endpoint_of(server.url, model))
            except TransportFault:
                continue
        gc.collect()

    assert [str(warning.message) for warning in caught] == []


def test_cancelling_a_call_is_no_fault(server: FaultServer, kind: Any) -> None:
    endpoint = endpoint_of(server.url, "fault-hang")

    async def cancelled() -> None:
        transport: Transport = kind(endpoint)
        task = asyncio.create_task(
            transport.send(call_of(endpoint), rung="schema", drop=NOTHING, timeout=30)
        )
        while not server.in_flight:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.02)
        task.cancel()
        try:
            await task
        finally:
            await transport.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_nothing_is_printed(server: FaultServer, kind: Any, capfd: Any) -> None:
    for fault in (Fault.SERVER_ERROR, Fault.UNAUTHORIZED, Fault.NO_CHOICES, Fault.TRUNCATED):
        try:
            ask(kind, endpoint_of(server.url, f"fault-{fault}"))
        except TransportFault:
            continue

    assert capfd.readouterr() == ("", "")
