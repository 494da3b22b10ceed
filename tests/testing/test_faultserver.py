"""The fault server as a caller uses it: answers, the log, changes while it runs, its life."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.testing.client import ask, post, send
from trueup.testing._replies import PrefixCache
from trueup.testing.faultserver import Fault, FaultServer, Reply, UnknownFault, concealed

SCHEMA = {
    "type": "object",
    "properties": {
        "quotes": {"type": "array", "items": {"type": "string"}},
        "answer": {"enum": ["met", "unmet", "cannot_tell"]},
        "form": {"const": 1},
    },
    "required": ["quotes", "answer", "form"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": SCHEMA}}


def test_default_answer_is_an_empty_object_without_a_schema() -> None:
    with FaultServer() as server:
        response = post(server)

    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == "{}"
    assert response.choice["finish_reason"] == "stop"
    assert response.json["model"] == "judge"
    assert response.json["usage"]["prompt_tokens"] > 0


def test_default_answer_fills_the_schema_and_differs_between_items_but_not_between_runs() -> None:
    def answers() -> list[str]:
        with FaultServer() as server:
            bodies = [ask(f"item {number}", response_format=FORM) for number in range(20)]
            return [response.content for response in asyncio.run(send(server.url, *bodies))]

    first = answers()

    assert first == answers()
    assert {json.loads(text)["answer"] for text in first} == {"met", "unmet", "cannot_tell"}
    assert all(json.loads(text)["form"] == 1 for text in first)


@pytest.mark.parametrize(
    ("answer", "content"),
    [("yes", "yes"), ({"answer": "met"}, '{"answer": "met"}'), (Reply(content="no"), "no")],
)
def test_an_answer_may_be_text_an_object_or_a_reply(answer: Any, content: str) -> None:
    with FaultServer(answer=lambda _: answer) as server:
        assert post(server).content == content


def test_an_answer_sees_the_parsed_request() -> None:
    def echo(request: dict[str, Any]) -> str:
        return str(request["messages"][-1]["content"]).upper()

    with FaultServer(answer=echo) as server:
        assert post(server, ask("nonce: ab12")).content == "NONCE: AB12"


def test_a_reply_controls_every_field() -> None:
    logprobs = {"content": [{"token": "met", "logprob": -0.1, "top_logprobs": []}]}
    reply = Reply(
        content="met",
        finish_reason="length",
        refusal="no",
        logprobs=logprobs,
        usage={"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
        model="other",
        system_fingerprint="fp_1",
        headers={"X-Request-Id": "r1"},
    )
    with FaultServer(answer=lambda _: reply) as server:
        response = post(server)

    assert response.headers["x-request-id"] == "r1"
    assert response.json["model"] == "other"
    assert response.json["system_fingerprint"] == "fp_1"
    assert response.json["usage"]["total_tokens"] == 9
    assert response.choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "met", "refusal": "no"},
        "logprobs": logprobs,
        "finish_reason": "length",
    }


def test_a_reply_may_be_an_error_or_raw_bytes_and_is_counted_by_its_status() -> None:
    replies = iter([Reply(status=418, content="short and stout"), Reply(status=207, raw=b"raw")])
    with FaultServer(answer=lambda _: next(replies)) as server:
        error, raw = post(server), post(server)

        assert server.counts == {"418": 1, "207": 1}
    assert (error.status, error.json["error"]["message"]) == (418, "short and stout")
    assert (raw.status, raw.body) == (207, b"raw")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda request: request["missing"], "KeyError('missing')"),
        (lambda _: 3, "answer returned int"),
        (lambda _: Reply(logprobs={"a": object()}), "not JSON serializable"),
        (lambda _: Reply(status=204), "no body goes with status 204"),
        (lambda _: Reply(headers={"X": "a\r\nb"}), "header 'X' cannot be sent"),
        (lambda _: Reply(raw="text"), "encode it to bytes"),  # type: ignore[arg-type]  # on purpose
    ],
)
def test_an_answer_that_fails_is_a_500_and_the_server_goes_on(
    answer: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultServer(answer=answer) as server:
        first, second = post(server), post(server)

        assert server.counts == {"answer-error": 2}
    assert first.status == second.status == 500
    assert message in first.json["error"]["message"]
    assert "answer or fault rule failed" in caplog.text


def test_a_fault_rule_that_fails_is_a_500() -> None:
    with FaultServer(faults=lambda *_: "sunspots") as server:  # type: ignore[arg-type]  # on purpose
        assert post(server).status == 500
        assert server.counts == {"answer-error": 1}


def test_the_memory_of_prefixes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trueup.testing._replies._MAX_BLOCKS", 20)
    cache = PrefixCache()
    for letter in "abc":
        cache.seen("judge", letter * 640)

    assert [cache.seen("judge", letter * 640) for letter in "cba"] == [640, 640, 0]


def test_n_gives_as_many_choices_and_streaming_is_refused() -> None:
    with FaultServer() as server:
        assert [choice["index"] for choice in post(server, ask(n=3)).json["choices"]] == [0, 1, 2]
        assert post(server, ask(stream=True)).status == 400


def test_cached_tokens_count_the_prefix_shared_with_an_earlier_prompt() -> None:
    shared = "The item comes first and is long. " * 30
    with FaultServer(prefix_cache=True) as server:
        usages = [post(server, ask(shared + end)).json["usage"] for end in ("one?", "two?")]
        other = post(server, ask("z" + shared)).json["usage"]
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in [*usages, other]]

    assert cached[0] == cached[2] == 0
    assert len(shared) // 4 - 20 <= cached[1] <= len(shared) // 4 + 2
    with FaultServer() as server:
        assert "prompt_tokens_details" not in post(server).json["usage"]


def test_a_model_named_after_no_fault_is_a_404_that_lists_the_faults() -> None:
    with FaultServer() as server:
        response = post(server, ask(model="fault-sunspots"))

        assert server.counts == {"bad-request": 1}
    assert response.status == 404
    assert "cut-body" in response.json["error"]["message"]


def test_models_lists_one_model_per_fault() -> None:
    async def names(url: str) -> set[str]:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/models") as response:
            return {entry["id"] for entry in (await response.json())["data"]}

    with FaultServer() as server:
        assert {f"fault-{fault}" for fault in Fault} < asyncio.run(names(server.url))


def test_log_keeps_the_latest_requests_and_conceals_keys() -> None:
    with FaultServer(log_limit=2, faults={Fault.SERVER_ERROR: 1.0}) as server:
        for text in ("one", "two", "two"):
            post(server, ask(text), headers={"Authorization": "Bearer sk-secret"})
        log = server.log

    assert [entry.body["messages"][0]["content"] for entry in log] == ["two", "two"]
    assert [entry.before for entry in log] == [0, 1]
    assert [entry.fate for entry in log] == ["500", "500"]
    assert log[0].headers["authorization"] == f"Bearer {concealed('sk-secret')}"
    assert "sk-secret" not in repr(log)
    with FaultServer(record=False) as server:
        post(server)
        assert server.log == []
        assert server.requests == 1


def test_configure_changes_what_the_next_request_gets_and_reset_forgets() -> None:
    with FaultServer() as server:
        post(server)
        server.configure(faults={Fault.SERVER_ERROR: 1.0})
        assert post(server).status == 500
        server.reset()

        assert (server.requests, server.counts, server.log) == (0, {}, [])
        with pytest.raises(ValueError, match="sum"):
            server.configure(faults={Fault.HANG: 0.6, Fault.DRIP: 0.6})
        with pytest.raises(TypeError, match="port"):
            server.configure(port=80)
        assert post(server).status == 500


def test_200_concurrent_requests_are_each_answered_with_their_own_answer() -> None:
    with FaultServer(answer=lambda request: request["messages"][0]["content"]) as server:
        bodies = [ask(f"item {number}") for number in range(200)]
        responses = asyncio.run(send(server.url, *bodies))

        assert server.counts == {"ok": 200}
        assert server.in_flight == 0
    assert [response.content for response in responses] == [f"item {n}" for n in range(200)]


def test_async_with_leaves_the_callers_loop_free() -> None:
    async def scenario() -> int:
        async with FaultServer(latency=0.01) as server:
            [response] = await send(server.url, ask())
            return response.status

    assert asyncio.run(scenario()) == 200


def test_the_server_has_no_url_when_closed_and_starts_again() -> None:
    server = FaultServer()
    with server:
        post(server)
        with pytest.raises(RuntimeError, match="running already"):
            server.start()
    server.close()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    with server:
        post(server)
        assert server.requests == 2


def test_a_port_that_is_taken_is_an_error() -> None:
    with FaultServer() as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(OSError, match="address already in use"):
            FaultServer(port=port).start()
    with pytest.raises(OverflowError):
        FaultServer(port=99_999).start()


@pytest.mark.parametrize("option", ["latency", "retry_after", "drip_seconds", "huge_megabytes"])
def test_negative_sizes_and_times_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=option):
        FaultServer().configure(**{option: -1})


def test_an_unknown_fault_is_refused_at_once() -> None:
    with pytest.raises(UnknownFault, match="sunspots"):
        FaultServer(faults={"sunspots": 0.1})
