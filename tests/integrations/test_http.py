"""The reward server, asked as an ASGI server hands requests on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.reward.conftest import TWO, judge_at
from tests.runner.conftest import honest
from trueup.integrations import http, http_app
from trueup.testing import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.integrations.http import RewardApp


@pytest.fixture
def app() -> Iterator[RewardApp]:
    with FaultServer(answer=honest, retry_after=0.01) as server:
        found = http_app(rubric=TWO, judge=judge_at(server), deadline=10)
        yield found
        found.scorer.close()


def answered(app: RewardApp, body: Any, method: str = "POST") -> tuple[int, Any, dict[str, str]]:
    """Return status, JSON and headers; the body comes in two parts."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    events: list[dict[str, Any]] = [
        {"type": "http.request", "body": raw[:5], "more_body": True},
        {"type": "http.request", "body": raw[5:]},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    asyncio.run(app({"type": "http", "method": method, "path": "/any"}, receive, send))
    start, rest = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert int(headers["content-length"]) == len(rest["body"])
    return start["status"], json.loads(rest["body"]), headers


def test_a_posted_batch_is_rewarded(app: RewardApp) -> None:
    status, got, _ = answered(
        app,
        {
            "query": ["<bos>Is it? Yes, good.<|im_end|>\n", "So? No.</s><|endoftext|>"],
            "prompts": ["Is it?", "So?"],
            "labels": ["yes", {"answer": 4}],
        },
    )

    assert status == 200
    assert got == {
        "rewards": [1.0, 0.0],
        "scores": [1.0, 0.0],
        "extra_logs": {"low": [1.0, 0.0], "high": [1.0, 0.0]},
        "values": [{"polite": 1.0, "brief": 1.0}, {"polite": 0.0, "brief": 0.0}],
    }


def test_prompt_special_tokens_and_label_are_taken_apart() -> None:
    body = {
        "query": ["<bos>Is it? Is it? Yes.</s><|im_end|>\n"], "prompts": ["Is it?"],
        "labels": [{"answer": 4}],
    }  # fmt: skip
    (item,) = http._items(json.dumps(body).encode(), http.ENDS)
    (bare,) = http._items(b'{"query": ["Yes."]}', http.ENDS)

    assert (item.input, item.output, item.reference) == ("Is it?", " Is it? Yes.", '{"answer": 4}')
    assert (bare.input, bare.output, bare.reference) == ("", "Yes.", None)


def test_an_outage_is_a_503_and_no_number() -> None:
    app = http_app(rubric=TWO, judge=judge_at("http://127.0.0.1:9"), deadline=5)
    status, got, headers = answered(app, {"query": ["a", "b"]})
    app.scorer.close()

    assert status == 503
    assert headers["retry-after"] == "1"
    assert got["error"] == "The judge gave no score of 2 of 2 outputs."
    assert [one["index"] for one in got["abstained"]] == [0, 1]
    assert "rewards" not in got


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ([1], "`query` is no list of texts"),
        ({"query": "text"}, "`query` is no list of texts"),
        ({"query": [1]}, "`query` is no list of texts"),
        ({"query": ["a"], "prompts": []}, "`prompts` is no list of 1"),
        ({"query": ["a"], "prompts": [1]}, "is no text"),
        ({"query": ["a"], "labels": "x"}, "`labels` is no list of 1"),
        ({"query": ["a"], "prompts": ["b"]}, "`query` 0 does not hold its prompt"),
    ],
)
def test_a_request_that_cannot_be_read_is_a_400(app: RewardApp, body: Any, said: str) -> None:
    status, got, _ = answered(app, body)

    assert status == 400
    assert said in got["error"]


def test_a_request_that_is_too_large_is_a_413(
    app: RewardApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 20)

    assert answered(app, {"query": ["much too much"]})[0] == 413


def test_a_refused_key_is_a_500() -> None:
    with FaultServer(answer=honest) as server:
        app = http_app(rubric=TWO, judge=judge_at(server, model="fault-401"), deadline=5)
        status, got, _ = answered(app, {"query": ["a"]})
        app.scorer.close()

    assert status == 500
    assert "key" in got["error"]


def test_whoever_only_looks_is_told_what_to_post(app: RewardApp) -> None:
    status, got, _ = answered(app, b"", method="GET")

    assert (status, got["rubric"]) == (200, "r")


def test_the_server_s_shutdown_closes_the_scorer(app: RewardApp) -> None:
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
