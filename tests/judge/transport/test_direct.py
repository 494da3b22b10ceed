"""What is peculiar to the transport over plain HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import traceback
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import JudgeError
from trueup.judge.transport.base import (
    Call,
    Endpoint,
    Forbidden,
    RateLimited,
    Rejected,
    Reply,
    ServerFault,
    TransportFault,
    Unreachable,
)
from trueup.judge.transport.direct import DirectTransport
from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.judge.transport.base import Rung

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"answer": {"type": "boolean"}}}
BODY = json.dumps({"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}).encode()


def call_of(endpoint: Endpoint, **options: Any) -> Call:
    options = {"schema": SCHEMA, "messages": ({"role": "user", "content": "?"},), **options}
    return Call(criteria=("a",), endpoint=endpoint, **options)


def ask(endpoint: Endpoint, *, rung: Rung = "schema", **options: Any) -> Reply:
    async def attempt() -> Reply:
        transport = DirectTransport(endpoint)
        try:
            return await transport.send(
                call_of(endpoint, **options), rung=rung, drop=frozenset(), timeout=10
            )
        finally:
            await transport.close()

    return asyncio.run(attempt())


def ask_for(answer: Answer | str, **options: Any) -> Reply:
    with FaultServer(answer=lambda _: answer) as server:
        return ask(Endpoint(model="openai/m", api_base=server.url), **options)


def recorded(
    change: Callable[[str], str] = str,
    *,
    key_env: str | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return the request headers that the server saw; it hashes the key."""
    with FaultServer() as server:
        ask(
            Endpoint(
                model="openai/m",
                api_base=change(server.url),
                api_key_env=key_env,
                headers=headers or {},
            )
        )
        return dict(server.log[-1].headers)


def test_a_local_server_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-everyone")

    assert "authorization" not in recorded()


def test_the_named_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-key")

    assert recorded(key_env="SOME_VARIABLE")["authorization"].startswith("Bearer ")


def test_credentials_in_the_address_are_sent_as_a_header() -> None:
    headers = recorded(lambda url: url.replace("://", "://user:pass-word@"))

    assert headers["authorization"].startswith("Basic ")


def test_declared_headers_are_sent() -> None:
    assert recorded(headers={"X-Team": "evaluation"})["x-team"] == "evaluation"


def test_a_missing_key_ends_the_run_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SOME_VARIABLE", raising=False)

    with FaultServer() as server:
        with pytest.raises(Forbidden, match="SOME_VARIABLE"):
            ask(Endpoint(model="m", api_base=server.url, api_key_env="SOME_VARIABLE"))
        assert server.requests == 0


def test_no_credential_shows_anywhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-secret-key")
    echo = Answer(status=401, content="no: Bearer the-secret-key, the-secret-key, http://u:pw-pw@h")
    shown = []

    with caplog.at_level(logging.DEBUG), FaultServer(answer=lambda _: echo) as server:
        base = server.url.replace("://", "://someone:pass-word@")
        for url in (base, base.replace(str(server.url.split(":")[2].split("/")[0]), "9")):
            endpoint = Endpoint(model="m", api_base=url, api_key_env="SOME_VARIABLE")
            shown.append(repr(DirectTransport(endpoint)))
            with pytest.raises(TransportFault) as caught:
                ask(endpoint)
            shown.append("".join(traceback.format_exception(caught.value)))

    # the caller's own frames are shown by source line, which holds no value
    for secret in ("the-secret-key", "pass-word", "pw-pw"):
        assert secret not in "".join(shown) + caplog.text


def test_a_redirect_is_not_followed() -> None:
    with FaultServer() as target:
        there = Answer(status=307, headers={"Location": f"{target.url}/chat/completions"})
        with pytest.raises(Rejected, match="307"):
            ask_for(there)
        assert target.requests == 0


def test_a_compressed_reply_is_unpacked() -> None:
    packed = Answer(raw=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})

    assert ask_for(packed).text == "yes"


def test_a_small_reply_that_unpacks_to_an_enormous_one_is_refused() -> None:
    bomb = gzip.compress(b" " * 30_000_000)

    with pytest.raises(ServerFault, match="larger than 10 MB"):
        ask_for(Answer(raw=bomb, headers={"Content-Encoding": "gzip"}))


def test_a_reply_that_cannot_be_unpacked_is_a_server_fault() -> None:
    with pytest.raises(ServerFault):
        ask_for(Answer(raw=BODY, headers={"Content-Encoding": "gzip"}))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<html>hello</html>", "no JSON"),
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (BODY[:-9], "no JSON"),
        (b"[]", "no chat completion"),
        (b'{"object": "list"}', "no chat completion"),
    ],
    ids=["html", "empty", "deep", "half", "list", "other"],
)
def test_a_success_without_a_completion_is_a_server_fault(raw: bytes, words: str) -> None:
    with pytest.raises(ServerFault, match=words):
        ask_for(Answer(raw=raw))


def test_an_error_under_status_200_is_an_error() -> None:
    raw = b'{"error": {"code": 429, "message": "the upstream is busy"}}'

    with pytest.raises(RateLimited, match="busy"):
        ask_for(Answer(raw=raw))


def test_an_error_page_is_shown_as_its_words() -> None:
    with pytest.raises(ServerFault, match="No backend is up") as caught, FaultServer() as server:
        ask(Endpoint(model="openai/fault-503", api_base=server.url))

    assert "<" not in caught.value.message


def test_each_schema_goes_out_as_itself() -> None:
    other = {"type": "object", "properties": {"level": {"type": "integer"}}}
    endpoints = []

    async def several(url: str) -> None:
        endpoint = Endpoint(model="openai/m", api_base=url)
        transport = DirectTransport(endpoint)
        for schema, name in [(SCHEMA, "a"), (other, "a"), (SCHEMA, "b"), (dict(other), "a")]:
            await transport.send(
                call_of(endpoint, schema=schema, schema_name=name),
                rung="schema",
                drop=frozenset(),
                timeout=10,
            )
            endpoints.append((schema, name))
        await transport.close()

    with FaultServer() as server:
        asyncio.run(several(server.url))
        sent = [request.body["response_format"]["json_schema"] for request in server.log]

    assert [(each["schema"], each["name"]) for each in sent] == endpoints


def test_any_mapping_and_any_text_can_be_sent() -> None:
    message = MappingProxyType({"role": "user", "content": "lone \ud800, nul \x00, \U0001f600"})

    with FaultServer() as server:
        endpoint = Endpoint(model="openai/m", api_base=server.url)
        reply = ask(endpoint, schema=MappingProxyType(SCHEMA), messages=(message,))
        assert server.log[-1].body["messages"] == [dict(message)]

    assert json.loads(reply.text).keys() == {"answer"}


def test_the_query_of_an_address_is_kept() -> None:
    with FaultServer() as server:
        reply = ask(Endpoint(model="openai/m", api_base=f"{server.url}/?api-version=2026"))

    assert reply.model == "m"


def test_a_proxy_is_taken_from_the_environment_but_never_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    raw = Answer(raw=BODY)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with FaultServer(answer=lambda _: raw) as proxy:
        host = proxy.url.removesuffix("/v1")
        monkeypatch.setenv("http_proxy", host)
        away = ask(Endpoint(model="openai/m", api_base="http://judge.example/v1"))
        near = ask(Endpoint(model="openai/m", api_base=proxy.url))
        monkeypatch.setenv("no_proxy", "judge.example")
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(Unreachable, match=r"judge\.example"):
            ask(Endpoint(model="openai/m", api_base="http://judge.example/v1"))

    assert (away.text, near.text) == ("yes", "yes")


def test_an_address_that_is_none_is_refused_when_the_transport_is_made() -> None:
    with pytest.raises(JudgeError, match="api_base"):
        DirectTransport(Endpoint(model="openai/m", api_base="localhost:8000"))


def test_no_more_connections_than_allowed_are_opened() -> None:
    async def many(url: str) -> None:
        endpoint = Endpoint(model="openai/m", api_base=url)
        transport = DirectTransport(endpoint, connections=3)
        await asyncio.gather(
            *(
                transport.send(call_of(endpoint), rung="text", drop=frozenset(), timeout=20)
                for _ in range(12)
            )
        )
        await transport.close()

    with FaultServer(latency=0.03) as server:
        asyncio.run(many(server.url))
        assert server.requests == 12
        assert server.peak_in_flight == 3


def test_a_cut_connection_does_not_spoil_the_next_call() -> None:
    async def both(url: str) -> str:
        endpoint = Endpoint(model="openai/m", api_base=url)
        transport = DirectTransport(endpoint, connections=1)
        for _ in range(3):
            with pytest.raises(ServerFault):
                await transport.send(call_of(endpoint), rung="text", drop=frozenset(), timeout=9)
        reply = await transport.send(call_of(endpoint), rung="text", drop=frozenset(), timeout=9)
        await transport.close()
        return reply.text

    def first_three(_: Any, before: int) -> Fault | None:
        return [Fault.CUT_BODY, Fault.HUGE, Fault.CUT_EARLY, None][before]

    with FaultServer(faults=first_three, huge_megabytes=11) as server:
        assert asyncio.run(both(server.url)) == "{}"
