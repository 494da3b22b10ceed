"""What is peculiar to the transport through litellm and instructor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import traceback
from typing import Any

import pytest

from trueup.judge.transport import providers
from trueup.judge.transport.base import (
    Call,
    Endpoint,
    Filtered,
    Forbidden,
    RateLimited,
    Rejected,
    Reply,
    ServerFault,
    TooLong,
    TransportFault,
    Unreachable,
    Unsupported,
)
from trueup.judge.transport.providers import LitellmTransport
from trueup.testing.faultserver import Fault, FaultServer, concealed
from trueup.testing.faultserver import Reply as Answer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "boolean"}},
    "required": ["answer"],
    "additionalProperties": False,
}


def call_of(endpoint: Endpoint, **options: Any) -> Call:
    options = {"messages": ({"role": "user", "content": "?"},), **options}
    return Call(criteria=("a",), schema=SCHEMA, endpoint=endpoint, **options)


def ask(endpoint: Endpoint, *, times: int = 1, rung: Any = "schema", **options: Any) -> Reply:
    """Ask several times through one transport, and return the last reply."""

    async def attempts() -> Reply:
        transport = LitellmTransport(endpoint)
        try:
            for number in range(times):
                reply = await transport.send(
                    call_of(endpoint, **options), rung=rung, drop=frozenset(), timeout=10 + number
                )
        finally:
            await transport.close()
        return reply

    return asyncio.run(attempts())


def loaded() -> Any:
    """Return what the transport uses of litellm and instructor."""
    return providers._load()


def litellm() -> Any:
    loaded()
    return sys.modules["litellm"]


def test_a_parameter_that_litellm_knows_to_be_unsupported_is_named() -> None:
    endpoint = Endpoint(model="anthropic/claude-3-haiku-20240307")

    with pytest.raises(Unsupported) as caught:
        ask(endpoint, sampling={"temperature": 0, "seed": 1})

    assert caught.value.parameter == "seed"


@pytest.mark.parametrize("model", ["no-provider", "no-such-provider/m"])
def test_a_model_without_a_provider_is_rejected_with_words(model: str) -> None:
    with pytest.raises(Rejected, match="Provider NOT provided"):
        ask(Endpoint(model=model))


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-3-haiku-20240307"])
def test_a_provider_without_a_key_ends_the_run(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)

    with pytest.raises(Forbidden, match="API_KEY"):
        ask(Endpoint(model=model))


ROUTES: dict[Fault, type[TransportFault]] = {
    Fault.RATE_LIMIT: RateLimited,
    Fault.UNAUTHORIZED: Forbidden,
    Fault.FORBIDDEN: Forbidden,
    Fault.NOT_FOUND: Rejected,
    Fault.SERVER_ERROR: ServerFault,
    Fault.UNAVAILABLE: ServerFault,
    Fault.BAD_PROMPT: Filtered,
    Fault.CONTEXT_LENGTH: TooLong,
    Fault.NO_JSON_SCHEMA: Unsupported,
    Fault.CUT_BODY: ServerFault,
    Fault.CUT_EARLY: ServerFault,
    Fault.MALFORMED: ServerFault,
}


@pytest.mark.parametrize(("fault", "kind"), ROUTES.items(), ids=str)
def test_another_route_of_litellm_gives_the_same_faults(
    fault: Fault, kind: type[TransportFault]
) -> None:
    with FaultServer() as server, pytest.raises(TransportFault) as caught:
        ask(Endpoint(model=f"hosted_vllm/fault-{fault}", api_base=server.url))

    assert type(caught.value) is kind


def test_another_route_of_litellm_is_unreachable_too() -> None:
    with FaultServer() as server:
        url = server.url

    with pytest.raises(Unreachable):
        ask(Endpoint(model="hosted_vllm/m", api_base=url))


def authorization(
    key_env: str | None = None, *, user: str = "", model: str = "openai/m"
) -> str | None:
    with FaultServer() as server:
        url = server.url.replace("://", f"://{user}")
        ask(Endpoint(model=model, api_base=url, api_key_env=key_env))
        return server.log[-1].headers.get("authorization")


@pytest.mark.parametrize("model", ["openai/m", "gpt-4o-mini"])
def test_the_openai_key_is_not_sent_to_another_server(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-everyone")

    assert authorization(model=model) == f"Bearer {concealed('none')}"


def test_the_named_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-key")

    assert authorization("SOME_VARIABLE") == f"Bearer {concealed('the-key')}"


def test_credentials_in_the_address_are_sent_as_a_header() -> None:
    sent = authorization(user="user:pass-word@")

    assert sent == f"Basic {concealed('dXNlcjpwYXNzLXdvcmQ=')}"


def test_no_credential_shows_anywhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-secret-key")
    echo = Answer(status=401, content="no: the-secret-key, http://u:pass-word@h")

    with caplog.at_level(logging.WARNING), FaultServer(answer=lambda _: echo) as server:
        url = server.url.replace("://", "://someone:pass-word@")
        endpoint = Endpoint(model="openai/m", api_base=url, api_key_env="SOME_VARIABLE")
        with pytest.raises(Forbidden) as caught:
            ask(endpoint)

    shown = "".join(traceback.format_exception(caught.value)) + repr(LitellmTransport(endpoint))
    for secret in ("the-secret-key", "pass-word"):
        assert secret not in shown + caplog.text


def test_the_schema_rung_goes_through_instructor_and_no_other_does() -> None:
    seen: list[Any] = []
    client = loaded().client

    def note(response: Any) -> None:
        seen.append(response)

    client.on("completion:response", note)
    try:
        with FaultServer() as server:
            endpoint = Endpoint(model="openai/m", api_base=server.url)
            counts = []
            for rung in ("schema", "object", "text"):
                ask(endpoint, rung=rung)
                counts.append(len(seen))
    finally:
        client.off("completion:response", note)

    assert counts == [1, 1, 1]


@pytest.mark.parametrize("fault", [Fault.WRONG_SCHEMA, Fault.REFUSAL, Fault.NO_CHOICES, "500"])
def test_instructor_never_asks_twice(fault: str) -> None:
    with FaultServer() as server:
        with contextlib.suppress(ServerFault):
            ask(Endpoint(model=f"openai/fault-{fault}", api_base=server.url))
        assert server.requests == 1


def test_a_question_put_again_is_asked_again_whatever_litellm_has_cached() -> None:
    library = litellm()
    library.cache = library.Cache()
    try:
        with FaultServer() as server:
            ask(Endpoint(model="openai/m", api_base=server.url), times=3)
            assert server.requests == 3
    finally:
        library.cache = None


def clients_in_cache() -> int:
    return len(litellm().in_memory_llm_clients_cache.cache_dict)


def test_timeouts_do_not_multiply_clients_and_closing_forgets_them() -> None:
    counts = []

    async def several(url: str) -> None:
        endpoint = Endpoint(model="openai/only-here", api_base=url)
        transport = LitellmTransport(endpoint)
        for timeout in (5.0, 5.5, 6.25, 7.0, 7.75):
            await transport.send(
                call_of(endpoint), rung="schema", drop=frozenset(), timeout=timeout
            )
            counts.append(clients_in_cache())
        await transport.close()
        counts.append(clients_in_cache())

    with FaultServer() as server:
        asyncio.run(several(server.url))

    assert len(set(counts[:5])) == 1
    assert counts[5] == counts[0] - 1


def test_two_transports_for_one_endpoint_do_not_disturb_each_other() -> None:
    async def both(url: str) -> list[str]:
        endpoint = Endpoint(model="openai/m", api_base=url)
        one, two = LitellmTransport(endpoint), LitellmTransport(endpoint)
        texts = []
        for transport in (one, two):
            reply = await transport.send(
                call_of(endpoint), rung="text", drop=frozenset(), timeout=10
            )
            texts.append(reply.text)
        await one.close()
        reply = await two.send(call_of(endpoint), rung="text", drop=frozenset(), timeout=10)
        await two.close()
        return [*texts, reply.text]

    with FaultServer() as server:
        assert asyncio.run(both(server.url)) == ["{}", "{}", "{}"]


def test_instructor_still_logs_what_others_ask() -> None:
    log = logging.getLogger("instructor.v2.retry")
    loaded()
    record = log.makeRecord(log.name, logging.ERROR, "file", 1, "words", (), None)

    assert log.filter(record)
    token = providers._asking.set(True)
    try:
        assert not log.filter(record)
    finally:
        providers._asking.reset(token)


def test_litellm_is_imported_with_the_first_call_and_not_before() -> None:
    code = (
        "import sys, os; from trueup.judge.transport.providers import LitellmTransport; "
        "from trueup.judge.transport.base import Endpoint; "
        "LitellmTransport(Endpoint(model='openai/m')); "
        "print({'litellm', 'instructor', 'openai'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert done.stdout.strip() == "set()"


def test_what_takes_long_to_import_is_imported_before_a_call_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = loaded()
    loads: list[str] = []

    def load() -> Any:
        loads.append("loaded")
        monkeypatch.setattr(providers, "_library", library)
        return library

    monkeypatch.setattr(providers, "_library", None)
    monkeypatch.setattr(providers, "_load", load)

    async def readied(endpoint: Endpoint) -> list[str]:
        transport = LitellmTransport(endpoint)
        await transport.ready()
        before = [*loads]
        await transport.send(call_of(endpoint), rung="schema", drop=frozenset(), timeout=10)
        await transport.close()
        return before

    with FaultServer() as server:
        before = asyncio.run(readied(Endpoint(model="openai/m", api_base=server.url)))

    assert before == loads == ["loaded"]


@pytest.mark.parametrize("rung", ["schema", "text"])
@pytest.mark.parametrize("route", ["openai", "hosted_vllm"])
def test_what_a_caller_is_handling_is_not_taken_for_the_cause(route: str, rung: str) -> None:
    with FaultServer() as server:
        url = server.url

    try:
        int("something else")
    except ValueError:
        with pytest.raises(Unreachable) as caught:
            ask(Endpoint(model=f"{route}/m", api_base=url), rung=rung)

    assert caught.value.__cause__ is None


def test_a_key_that_litellm_found_by_itself_is_taken_out_of_a_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "hv-4Xq81LwPzR77aaVdGm20")

    with FaultServer(answer=lambda _: "it was hv-4Xq81LwPzR77aaVdGm20") as server:
        endpoint = Endpoint(model="hosted_vllm/m", api_base=server.url)
        reply = ask(endpoint, rung="text")
        sent = server.log[-1].headers.get("authorization")

    assert sent == f"Bearer {concealed('hv-4Xq81LwPzR77aaVdGm20')}"
    assert reply.text == "it was ***"


def test_the_price_list_is_never_fetched() -> None:
    loaded()

    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
