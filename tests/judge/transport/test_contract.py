"""The contract: the same answers give the same replies, the same failures the same faults."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from trueup.judge.transport.base import (
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
from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def test_every_fault_of_the_server_is_expected_here() -> None:
    assert FAULTS.keys() | REPLIES.keys() == set(Fault)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_the_same_through_every_transport(
    server: FaultServer, kind: Any, fault: Fault, ask: Callable[..., Reply]
) -> None:
    slow = fault in {Fault.HANG, Fault.DRIP}
    before = server.requests

    with pytest.raises(TransportFault) as caught:
        ask(kind, server.url, f"fault-{fault}", timeout=0.7 if slow else 20)

    assert type(caught.value) is FAULTS[fault]
    assert server.requests == before + 1
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("fault", REPLIES, ids=str)
def test_a_reply_is_the_same_through_every_transport(
    server: FaultServer, kind: Any, fault: Fault, ask: Callable[..., Reply]
) -> None:
    model = f"fault-{fault}"
    before = server.requests

    reply = ask(kind, server.url, model)

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
def test_usage_is_the_same_through_every_transport(
    server: FaultServer, fault: Fault, ask: Callable[..., Reply], kinds: list[Any]
) -> None:
    replies = [ask(kind, server.url, f"fault-{fault}") for kind in kinds]

    assert replies[0] == replies[1]


@pytest.mark.parametrize("rung", ["schema", "text"])
@pytest.mark.parametrize("space", ["", "\n"], ids=["at once", "after a line"])
@pytest.mark.parametrize("tag", ["think", "thinking"])
def test_reasoning_before_the_answer_is_left_out_by_every_transport(
    kind: Any, tag: str, space: str, rung: str, ask: Callable[..., Reply]
) -> None:
    said = f"{space}<{tag}>He wrote {CONTENT}.</{tag}>\n{CONTENT}"

    with FaultServer(answer=lambda _: said) as server:
        assert ask(kind, server.url, rung=rung).text == f"\n{CONTENT}"


@pytest.mark.parametrize(
    ("fault", "bounds"),
    [(Fault.RATE_LIMIT, (7, 7)), (Fault.RATE_LIMIT_DATE, (1, 8))],
    ids=["seconds", "date"],
)
def test_retry_after_is_read(
    server: FaultServer,
    kind: Any,
    fault: Fault,
    bounds: tuple[float, float],
    ask: Callable[..., Reply],
) -> None:
    with pytest.raises(RateLimited) as caught:
        ask(kind, server.url, f"fault-{fault}")

    assert caught.value.retry_after is not None
    assert bounds[0] <= caught.value.retry_after <= bounds[1]


def test_retry_after_of_a_busy_server_is_read(kind: Any, ask: Callable[..., Reply]) -> None:
    busy = Answer(status=503, content="starting", headers={"Retry-After": "2.5"})

    with FaultServer(answer=lambda _: busy) as server, pytest.raises(ServerFault) as caught:
        ask(kind, server.url)

    assert caught.value.retry_after == 2.5


def test_no_retry_after_is_none(server: FaultServer, kind: Any, ask: Callable[..., Reply]) -> None:
    with pytest.raises(RateLimited) as caught:
        ask(kind, server.url, "fault-429-bare")

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
    server: FaultServer, kind: Any, fault: Fault, parameter: str, ask: Callable[..., Reply]
) -> None:
    with pytest.raises(Unsupported) as caught:
        ask(kind, server.url, f"fault-{fault}")

    assert caught.value.parameter == parameter


def test_the_ladder_leads_to_an_answer(
    server: FaultServer, kind: Any, ask: Callable[..., Reply]
) -> None:
    lacking_schema = f"fault-{Fault.NO_JSON_SCHEMA}"
    lacking_json = f"fault-{Fault.NO_JSON_MODE}"

    assert ask(kind, server.url, lacking_schema, rung="object").rung == "object"
    with pytest.raises(Unsupported):
        ask(kind, server.url, lacking_json, rung="object")
    assert ask(kind, server.url, lacking_json, rung="text").text == CONTENT


def test_an_address_without_a_server_is_unreachable(kind: Any, ask: Callable[..., Reply]) -> None:
    with FaultServer() as server:
        url = server.url

    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        ask(kind, url)


def test_an_unknown_host_is_unreachable(
    kind: Any, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., Reply]
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Unreachable, match="no-such-host"):
        ask(kind, "http://no-such-host.invalid/v1")


def test_a_used_up_quota_is_no_matter_of_waiting(kind: Any, ask: Callable[..., Reply]) -> None:
    body = b'{"error":{"message":"You exceeded it","type":"q","code":"insufficient_quota"}}'
    answer = Answer(status=429, raw=body)

    with FaultServer(answer=lambda _: answer) as server, pytest.raises(Forbidden, match="quota"):
        ask(kind, server.url)


@pytest.mark.parametrize("rung", ["schema", "text"])
def test_a_key_that_a_good_reply_sends_back_is_taken_out(
    kind: Any, rung: str, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., Reply]
) -> None:
    key = "an-unshaped-but-secret-word-77"
    said = f'{{"explanation": "They sent {key}.", "answer": "met"}}'
    monkeypatch.setenv("SOME_VARIABLE", key)

    with FaultServer(answer=lambda _: said) as server:
        reply = ask(kind, server.url, rung=rung, key_env="SOME_VARIABLE")

    assert reply.text == '{"explanation": "They sent ***.", "answer": "met"}'


def test_nothing_is_printed(
    server: FaultServer, kind: Any, capfd: Any, ask: Callable[..., Reply]
) -> None:
    for fault in (Fault.SERVER_ERROR, Fault.UNAUTHORIZED, Fault.NO_CHOICES, Fault.TRUNCATED):
        try:
            ask(kind, server.url, f"fault-{fault}")
        except TransportFault:
            continue

    assert capfd.readouterr() == ("", "")
