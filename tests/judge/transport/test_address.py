"""Where an endpoint is, which key opens it, and that no credential is ever shown."""

from __future__ import annotations

import base64
import dataclasses

import pytest

from trueup.errors import JudgeError
from trueup.judge.transport.address import OPENAI, address_of, keys_of_environment
from trueup.judge.transport.base import Endpoint, Forbidden

BASE = "http://user:p%40ss-word@host:8000/v1?api-version=2026&key=query-secret#part"


def endpoint(api_base: str | None, key_env: str | None = None, **headers: str) -> Endpoint:
    return Endpoint(model="openai/m", api_base=api_base, api_key_env=key_env, headers=headers)


def test_an_endpoint_without_an_address_is_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-padded\n")

    address = address_of(endpoint(None))

    assert (str(address.url), address.where, address.key()) == (OPENAI, OPENAI, "sk-padded")


@pytest.mark.parametrize(
    "base",
    ["http://localhost:8000/v1", "https://gateway.example/v1", "http://api.openai.com.evil/v1"],
)
def test_the_openai_key_goes_to_openai_alone(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")

    assert address_of(endpoint(base)).key() == ""


def test_a_key_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    address = address_of(endpoint("http://host/v1", "SOME_VARIABLE"))

    monkeypatch.setenv("SOME_VARIABLE", "first-key")
    assert address.key() == "first-key"
    monkeypatch.setenv("SOME_VARIABLE", "second-key")
    assert address.key() == "second-key"


@pytest.mark.parametrize("value", [None, "", "  ", "clé", "two\nlines"])
def test_a_missing_or_impossible_key_ends_the_run(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("SOME_VARIABLE", raising=False)
    else:
        monkeypatch.setenv("SOME_VARIABLE", value)

    with pytest.raises(Forbidden, match="SOME_VARIABLE") as caught:
        address_of(endpoint("http://host/v1", "SOME_VARIABLE")).key()
    words = (value or "").strip()
    assert not words or words not in caught.value.message


def test_credentials_in_an_address_become_a_header_and_leave_the_address() -> None:
    address = address_of(endpoint(BASE))

    assert str(address.url) == "http://host:8000/v1?api-version=2026&key=query-secret"
    assert address.where == "http://host:8000/v1"
    assert address.basic == "Basic " + base64.b64encode(b"user:p@ss-word").decode()


def test_every_credential_is_known_as_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-declared-key")
    monkeypatch.setenv("ACME_API_KEY", "the-provider-key")
    monkeypatch.setenv("DEBUG_TOKEN", "1")
    headers = {"X-Api-Key": "header-secret", "X-Team": "evaluation"}

    secrets = address_of(endpoint(BASE, "SOME_VARIABLE", **headers)).secrets()

    wanted = {"p@ss-word", "query-secret", "header-secret"}
    assert wanted | {"the-declared-key", "the-provider-key"} <= set(secrets)
    assert not {"evaluation", "1"} & set(secrets)


def test_what_a_request_carries_is_exact_and_long_enough_to_be_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "the-declared-key")
    monkeypatch.setenv("ACME_API_KEY", "the-provider-key-1")
    base = "http://user:pw@host/v1?api-version=2024-02-01&key=query-secret"
    headers = {"Authorization": "Bearer header-secret", "X-Key": "short", "X-Team": "evaluation"}

    carried = address_of(endpoint(base, "SOME_VARIABLE", **headers)).carried()

    wanted = {"the-declared-key", "query-secret", "header-secret", "Bearer header-secret"}
    assert set(carried) == wanted | {"dXNlcjpwdw=="}
    assert list(carried) == sorted(carried, key=len, reverse=True)


def test_a_request_without_a_credential_carries_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine-and-nobody-elses-1")
    monkeypatch.delenv("SOME_VARIABLE", raising=False)

    assert address_of(endpoint("http://host/v1?api-version=2024-02-01")).carried() == ()
    assert address_of(endpoint("http://host/v1", "SOME_VARIABLE")).carried() == ()


def test_only_what_looks_like_a_key_is_one_of_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACME_API_KEY", " the-provider-key-1\n")
    monkeypatch.setenv("SORT_KEY", "customer-identifier")
    monkeypatch.setenv("SHORT_KEY", "customer1")

    keys = keys_of_environment()

    assert "the-provider-key-1" in keys
    assert not {"customer-identifier", "customer1"} & set(keys)


def test_an_address_shows_no_credential() -> None:
    address = address_of(endpoint(BASE, **{"X-Api-Key": "header-secret"}))

    assert "secret" not in repr(address) + str(dataclasses.replace(address).where)
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    "base",
    ["localhost:8000/v1", "ftp://host/v1", "/v1", "http://", "http://host:port/v1", "http://:80"],
)
def test_what_is_no_address_is_refused_at_once(base: str) -> None:
    with pytest.raises(JudgeError, match=r"openai/m: .*http://host:port/v1"):
        address_of(endpoint(base))


def test_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(JudgeError) as caught:
        address_of(endpoint("http//user:p@ss-word@host/v1"))

    assert "p@ss" not in str(caught.value)
