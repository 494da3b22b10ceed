"""Every fault as an HTTP client sees it, except those that need a raw socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.testing.client import ask, post
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from tests.testing.client import Response

FORM = {"type": "json_schema", "json_schema": {"name": "v", "schema": {"enum": ["met"]}}}

STATUSES = {
    Fault.RATE_LIMIT: 429,
    Fault.RATE_LIMIT_DATE: 429,
    Fault.RATE_LIMIT_BARE: 429,
    Fault.SERVER_ERROR: 500,
    Fault.UNAUTHORIZED: 401,
    Fault.FORBIDDEN: 403,
    Fault.NOT_FOUND: 404,
    Fault.BAD_PROMPT: 400,
    Fault.CONTEXT_LENGTH: 400,
}


def post_fault(fault: Fault, **options: Any) -> Response:
    with FaultServer(**options) as server:
        response = post(server, ask(model=f"fault-{fault}", response_format=FORM, temperature=0))
        assert server.counts == {fault: 1}
    return response


@pytest.mark.parametrize(("fault", "status"), STATUSES.items())
def test_status_faults_send_their_status_with_a_json_error(fault: Fault, status: int) -> None:
    response = post_fault(fault)

    assert response.status == status
    assert response.json["error"]["message"]


def test_429_asks_to_wait_in_seconds_or_by_date_or_says_nothing() -> None:
    seconds = post_fault(Fault.RATE_LIMIT, retry_after=0.25).headers["retry-after"]
    date = post_fault(Fault.RATE_LIMIT_DATE, retry_after=3600).headers["retry-after"]
    wait = parsedate_to_datetime(date) - datetime.now(UTC)

    assert seconds == "0.25"
    assert post_fault(Fault.RATE_LIMIT, retry_after=100_000).headers["retry-after"] == "100000"
    assert 3000 < wait.total_seconds() <= 3601
    assert "retry-after" not in post_fault(Fault.RATE_LIMIT_BARE).headers


def test_503_has_an_html_body() -> None:
    response = post_fault(Fault.UNAVAILABLE)

    assert response.status == 503
    assert response.headers["content-type"] == "text/html"
    assert response.body.startswith(b"<html>")


def test_400_says_by_its_code_what_was_wrong_with_the_prompt() -> None:
    assert post_fault(Fault.BAD_PROMPT).json["error"]["code"] == "content_filter"
    error = post_fault(Fault.CONTEXT_LENGTH).json["error"]
    assert error["code"] == "context_length_exceeded"
    assert "maximum context length" in error["message"]


def test_an_endpoint_without_json_schema_takes_json_objects() -> None:
    with FaultServer(lacks={Fault.NO_JSON_SCHEMA}) as server:
        refused = post(server, ask(response_format=FORM))

        assert refused.status == 400
        assert "response_format" in refused.json["error"]["message"]
        assert "json_schema" in refused.json["error"]["message"]
        assert post(server, ask(response_format={"type": "json_object"})).status == 200
        assert post(server, ask()).status == 200
        assert server.counts == {Fault.NO_JSON_SCHEMA: 1, "ok": 2}


def test_an_endpoint_without_json_mode_takes_plain_text_only() -> None:
    with FaultServer(lacks={Fault.NO_JSON_MODE}) as server:
        assert post(server, ask(response_format=FORM)).status == 400
        assert post(server, ask(response_format={"type": "json_object"})).status == 400
        assert post(server, ask(response_format={"type": "text"})).status == 200


def test_an_endpoint_without_temperature_rejects_requests_that_set_it() -> None:
    with FaultServer(lacks={Fault.NO_TEMPERATURE}) as server:
        error = post(server, ask(temperature=0)).json["error"]

        assert post(server, ask()).status == 200
    assert (error["param"], error["code"]) == ("temperature", "unsupported_parameter")


@pytest.mark.parametrize(
    ("fault", "content", "refusal", "finish_reason"),
    [
        (Fault.TRUNCATED, '{"answer"', None, "length"),
        (Fault.WRONG_SCHEMA, '{"unexpected_field":"unexpected value"}', None, "stop"),
        (Fault.FENCED, '```json\n{"answer": "unmet"}\n```', None, "stop"),
        (Fault.REFUSAL, None, "I will not help with this request.", "stop"),
        (Fault.CONTENT_FILTER, "", None, "content_filter"),
        (Fault.EMPTY_CONTENT, "", None, "stop"),
        (Fault.NULL_CONTENT, None, None, "stop"),
    ],
)
def test_content_faults_change_the_message_and_nothing_else(
    fault: Fault, content: str | None, refusal: str | None, finish_reason: str
) -> None:
    response = post_fault(fault, answer=lambda _: {"answer": "unmet"})

    assert response.status == 200
    assert response.choice["message"] == {
        "role": "assistant",
        "content": content,
        "refusal": refusal,
    }
    assert response.choice["finish_reason"] == finish_reason


def test_prose_surrounds_the_json() -> None:
    content = post_fault(Fault.PROSE, answer=lambda _: {"answer": "met"}).content

    assert '{"answer": "met"}' in content
    assert not content.startswith("{")
    assert not content.endswith("}")


def test_no_choices_is_an_empty_list() -> None:
    assert post_fault(Fault.NO_CHOICES).json["choices"] == []


def test_malformed_body_is_whole_http_and_no_json() -> None:
    response = post_fault(Fault.MALFORMED)

    assert response.status == 200
    assert int(response.headers["content-length"]) == len(response.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.body)


def test_invalid_utf8_sits_inside_the_content() -> None:
    body = post_fault(Fault.INVALID_UTF8, answer=lambda _: "met").body

    with pytest.raises(UnicodeDecodeError):
        body.decode()
    replaced = json.loads(body.decode(errors="replace"))
    assert replaced["choices"][0]["message"]["content"].endswith("met")


def test_wrong_type_is_the_right_body_called_html() -> None:
    response = post_fault(Fault.WRONG_TYPE, answer=lambda _: "met")

    assert response.headers["content-type"] == "text/html"
    assert response.content == "met"


def test_huge_body_is_as_large_as_asked_for() -> None:
    body = post_fault(Fault.HUGE, huge_megabytes=3).body

    assert 3_000_000 <= len(body) < 3_100_000
    assert len(json.loads(body)["choices"][0]["message"]["content"]) >= 3_000_000
