"""Secrets: recognised in files, taken out of messages."""

from __future__ import annotations

import pytest

from trueup.judge.secret import conceal, holds_secret, names_secret, no_variable


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "API-KEY", "x-api-key", "Authorization", "proxy-authorization", "token",
     "access_token", "client.secret", "password", "OPENAI_API_KEY", "Cookie", "X-Goog-Api-Key"],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    ["api_key_env", "max_tokens", "tokens_per_minute", "monkey", "author", "keys", "model", "name"],
)
def test_names_of_other_things_are_not(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    "text",
    ["sk-proj-abcdefghijklmnop123", "sk_live_abcdefghijklmn0p", "hf_abcdefghijklmn0pqrst",
     "AKIAABCDEFGHIJKLMNOP", "Bearer abcdefgh12345678", "Basic dXNlcjpwYXNz",
     "https://user:pass@host/v1", "https://host/v1?api_key=abc&x=1"],
)  # fmt: skip
def test_texts_that_carry_a_key_are_known(text: str) -> None:
    assert holds_secret(text)
    assert conceal(text) != text


@pytest.mark.parametrize(
    "text",
    ["openai/gpt-4o-mini", "http://127.0.0.1:8000/v1", "claude-haiku-4-5", "risk-averse",
     "hosted_vllm/Qwen/Qwen3-8B", "sk-learned-forest-classifier", "skateboarding-lessons-2",
     "https://host/v1?version=2", "a: b@c", ""],
)  # fmt: skip
def test_ordinary_texts_are_left_alone(text: str) -> None:
    assert not holds_secret(text)
    assert conceal(text) == text


def test_values_of_secret_variables_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", "plainword99")
    monkeypatch.setenv("SHORT_KEY", "on")
    monkeypatch.setenv("EDITOR_NAME", "ordinary-word")

    assert conceal("plainword99 on ordinary-word") == "*** on ordinary-word"


def test_what_stands_around_a_key_stays() -> None:
    assert conceal("at https://user:pass@host/v1?a=1") == "at https://***@host/v1?a=1"
    assert conceal("at https://host/?key=abc&b=2") == "at https://host/?***&b=2"


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "KEY", "_key2", "AZURE_KEY_EASTUS2", "AWSBEDROCKEUWEST1KEY", "openaiKey",
     "MY_SERVICE_2026_KEY", "hf_token", "sk_key_of_the_team"],
)  # fmt: skip
def test_names_of_variables_are_names(name: str) -> None:
    assert not no_variable(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sk-abcdefghijklmnopqrstuv", "no name of an environment variable"),
        ("my-key", "no name of an environment variable"),
        ("$OPENAI_API_KEY", "no name of an environment variable"),
        ("7KEY", "no name of an environment variable"),
        ("", "no name of an environment variable"),
        ("KEY\n", "no name of an environment variable"),
        ("sk-proj-abcdefghijklmnop123", "looks like a key"),
        ("sk_abcdefghijklmnopqrst", "looks like a key"),
        ("gsk_Abcdefghijklmnopqrst", "looks like a key"),
        ("a8f5f167f44f4964e6c998dee827110c", "looks like a key"),
        ("Zx81kQmTrPwLsYdFgHjK", "looks like a key"),
        ("AKIAABCDEFGHIJKLMNOP", "looks like a key"),
    ],
)
def test_what_cannot_name_a_variable_or_looks_like_a_key_is_none(name: str, why: str) -> None:
    said = no_variable(name)

    assert why in said
    assert not name or name not in said
