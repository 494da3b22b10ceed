"""Which fault an error amounts to, in the envelopes and words of many providers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.judge.transport.base import (
    Filtered,
    Forbidden,
    RateLimited,
    Rejected,
    ServerFault,
    TimedOut,
    TooLong,
    TransportFault,
    Unsupported,
)
from trueup.judge.transport.problem import (
    Problem,
    clean,
    error_inside,
    fault_from,
    problem_from,
    retry_after,
)

SENT = frozenset(
    {"temperature", "top_p", "seed", "max_tokens", "reasoning_effort", "logprobs", "top_logprobs"}
    | {"response_format"}
)


def openai(message: str, *, code: Any = None, param: str | None = None, kind: str = "") -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def fault(status: int, body: Any, *, sent: frozenset[str] = SENT, **options: Any) -> TransportFault:
    return fault_from(problem_from(status, body, **options), sent=sent)


STATUSES = [
    (400, Rejected),
    (401, Forbidden),
    (402, Forbidden),
    (403, Forbidden),
    (404, Rejected),
    (405, Rejected),
    (408, TimedOut),
    (409, ServerFault),
    (413, TooLong),
    (422, Rejected),
    (425, ServerFault),
    (429, RateLimited),
    (500, ServerFault),
    (502, ServerFault),
    (503, ServerFault),
    (504, TimedOut),
    (529, ServerFault),
    (301, Rejected),
    (307, Rejected),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_without_words_has_one_meaning(status: int, kind: type[TransportFault]) -> None:
    assert type(fault(status, None)) is kind


WORDS = [
    # the prompt was filtered
    (400, openai("The response was filtered", code="content_filter"), Filtered),
    (
        400,
        {
            "error": {
                "message": "no",
                "code": None,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        Filtered,
    ),
    (400, openai("Your request was rejected by our safety system"), Filtered),
    (403, openai("the input was flagged by the model's moderation"), Filtered),
    (400, {"error": {"code": "data_inspection_failed", "message": "inappropriate"}}, Filtered),
    # the request is too long
    (400, openai("too long", code="context_length_exceeded"), TooLong),
    (400, openai("This model's maximum context length is 4096 tokens (max_tokens)"), TooLong),
    (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": ""}}, TooLong),
    (400, {"type": "error", "error": {"message": "prompt is too long: 9 > 8 tokens"}}, TooLong),
    (400, [{"error": {"message": "The input token count (9) exceeds the maximum"}}], TooLong),
    (429, openai("Request too large for gpt on tokens per min", code="tokens"), TooLong),
    # waiting does not help
    (429, openai("You exceeded your quota", code="insufficient_quota"), Forbidden),
    (429, {"error": {"message": "stop", "type": "insufficient_quota"}}, Forbidden),
    (402, {"error": {"message": "Insufficient Balance"}}, Forbidden),
    # Gemini says so, too, where a minute's requests are used up
    (429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "exceeded quota"}}, RateLimited),
    # anything else
    (404, openai("The model `x` does not exist", code="model_not_found"), Rejected),
    (400, openai("temperature must be between 0 and 2", param="temperature"), Rejected),
    (400, openai("'messages' must not be empty"), Rejected),
    (400, {"error": "model not loaded"}, Rejected),
    (400, "plain words", Rejected),
]


@pytest.mark.parametrize(("status", "body", "kind"), WORDS)
def test_words_and_codes_count(status: int, body: Any, kind: type[TransportFault]) -> None:
    assert type(fault(status, body)) is kind


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_is_told_without_a_remedy_which_is_the_runs_to_give(status: int) -> None:
    message = fault(status, openai("Incorrect key")).message

    assert f"answered {status}: Incorrect key" in message
    assert not re.search(r"api_key_env|; (?:give|use|set|add)\b", message)


LACKING = [
    (openai("This model does not support json_schema"), "response_format"),
    (openai("Invalid schema for response_format 'x'", param="response_format"), "response_format"),
    (openai("Failed to parse grammar"), "response_format"),
    (openai("guided decoding is not enabled"), "response_format"),
    (openai("Structured outputs are not available here"), "response_format"),
    (openai("bad", param="response_format.json_schema"), "response_format"),
    (
        {
            "detail": [
                {"loc": ["body", "response_format", "type"], "msg": "Extra inputs", "input": 1}
            ]
        },
        "response_format",
    ),
    (
        openai(
            "Unsupported value: 'temperature' does not support 0.0 with this model. "
            "Only the default (1) value is supported.",
            code="unsupported_value",
            param="temperature",
        ),
        "temperature",
    ),
    (
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            code="unsupported_parameter",
            param="max_tokens",
        ),
        "max_tokens",
    ),
    (openai("Unrecognized request argument supplied: seed"), "seed"),
    (openai("`top_p` is deprecated for this model"), "top_p"),
    (openai("You are not allowed to request logprobs from this model"), "logprobs"),
    (openai("unknown parameter", param="top_logprobs"), "logprobs"),
    (
        openai("reasoning_effort is not supported with json_schema", param="reasoning_effort"),
        "reasoning_effort",
    ),
    (
        {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        "seed",
    ),
    (
        {"error": {"message": "`temperature` and `top_p` cannot both be specified"}},
        "temperature",
    ),
]


@pytest.mark.parametrize(("body", "parameter"), LACKING)
@pytest.mark.parametrize("status", [400, 422])
def test_the_parameter_that_an_endpoint_lacks_is_named(
    status: int, body: Any, parameter: str
) -> None:
    caught = fault(status, body)

    assert isinstance(caught, Unsupported)
    assert caught.parameter == parameter


@pytest.mark.parametrize(("body", "parameter"), LACKING)
def test_a_parameter_that_was_not_sent_is_never_unsupported(body: Any, parameter: str) -> None:
    sent = SENT - {parameter, f"top_{parameter}"}

    caught = fault(400, body, sent=sent)

    assert not isinstance(caught, Unsupported) or caught.parameter != parameter


def test_nothing_sent_means_nothing_to_leave_out() -> None:
    assert isinstance(fault(400, LACKING[0][0], sent=frozenset()), Rejected)


def test_a_word_inside_another_word_is_no_parameter() -> None:
    assert isinstance(fault(400, openai("unknown field: reseed_top_patch")), Rejected)


def test_an_error_under_status_200_is_found_with_its_own_status() -> None:
    outer = error_inside({"error": {"code": 429, "message": "slow down"}})
    inner = error_inside({"choices": [{"error": {"code": 502, "message": "upstream"}}]})
    vague = error_inside({"error": "something", "choices": []})

    assert outer == Problem(429, "slow down")
    assert inner == Problem(502, "upstream")
    assert vague == Problem(500, "something")


@pytest.mark.parametrize(
    "body", [{"choices": []}, {"error": None, "choices": [{"message": {}}]}, [], None, 3, "error"]
)
def test_a_body_without_an_error_has_none(body: Any) -> None:
    assert error_inside(body) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 -0000"}, 0.0),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_come_is_the_seconds_until_then() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    seconds = retry_after({"retry-after": date})

    assert seconds is not None
    assert 3500 < seconds <= 3600


def test_only_faults_that_may_pass_carry_the_wait() -> None:
    headers = {"retry-after": "5"}

    waits = [fault(status, None, headers=headers).retry_after for status in (429, 500, 503, 400)]

    assert waits == [5.0, 5.0, 5.0, None]


def test_a_message_is_one_short_line_without_control_characters() -> None:
    said = clean("first\n\tsecond \x1b[31mred\x07 \u202eevil\u2028 \ud800" + "x" * 900)

    assert said.startswith("first second \\x1b[31mred\\x07 \\u202eevil \\ud800xxx")
    assert said.isprintable()
    assert len(said) == 300


def test_a_page_of_html_is_shown_as_its_words() -> None:
    page = "<!DOCTYPE html><html><head><title>503</title></head>\n<body>No <b>back</b> end</body>"

    assert clean(page) == "503 No back end"


def test_what_is_no_markup_stays() -> None:
    assert clean("want 1 < 2 > 1, <|end|>, List<str>!") == "want 1 < 2 > 1, <|end|>, List !"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcd1234*****9xyz.",
        "Authorization: Bearer abcdef0123456789 was refused",
        "see http://someone:abcdef0123456789@host/v1",
        "API key AIzaabcdef0123456789 not valid",
        "the key is hunter2-hunter2",
    ],
)
def test_keys_never_enter_a_message(text: str) -> None:
    said = clean(text, secrets=["hunter2-hunter2"])

    assert "***" in said
    for secret in ("abcd1234", "9xyz", "abcdef0123456789", "hunter2"):
        assert secret not in said


def test_a_secret_too_short_to_be_one_garbles_nothing() -> None:
    assert clean("abba", secrets=["", "b"]) == "abba"


def test_the_input_that_a_validation_error_repeats_is_left_out() -> None:
    detail = [{"loc": ["body", "messages"], "msg": "Field required", "input": "private words"}]

    assert "private" not in fault(422, {"detail": detail}).message
    assert "Field required" in fault(422, {"detail": detail}).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "code", "type", "param", "detail", "loc", "choices"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(status=st.integers(300, 599), body=JSON, text=st.text(max_size=50))
def test_every_error_amounts_to_some_fault(status: int, body: Any, text: str) -> None:
    caught = fault_from(problem_from(status, body, text=text), sent=SENT, secrets=["secret"])
    inside = error_inside(body)

    assert isinstance(caught, TransportFault)
    assert caught.message.isprintable()
    assert len(caught.message) < 500
    assert inside is None or isinstance(fault_from(inside), TransportFault)
