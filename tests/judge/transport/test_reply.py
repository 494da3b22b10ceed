"""What is read out of a chat completion, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.judge.transport.base import Reply, ServerFault
from trueup.judge.transport.reply import concealed, reply_from


def body_of(content: Any = "yes", **message: Any) -> dict[str, Any]:
    return {
        "model": "m-2026",
        "system_fingerprint": "fp_1",
        "choices": [{"message": {"content": content, **message}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    }


def test_a_completion_is_read_whole() -> None:
    reply = reply_from(body_of(), rung="object", dropped=("seed",))

    assert reply == Reply(
        text="yes",
        rung="object",
        model="m-2026",
        fingerprint="fp_1",
        input_tokens=9,
        output_tokens=2,
        dropped=("seed",),
    )


def test_nothing_but_a_message_will_do() -> None:
    assert reply_from({"choices": [{"message": {}}]}, rung="text") == Reply(text="", rung="text")


def test_content_in_parts_is_put_together() -> None:
    parts = [{"type": "text", "text": "ye"}, {"type": "image"}, {"type": "text", "text": "s"}]

    assert reply_from(body_of(parts), rung="text").text == "yes"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<think>hmm</think>{"a": 1}', '{"a": 1}'),
        ('\n<thinking>\nhmm\n</thinking>\n\n{"a": 1}', '\n\n{"a": 1}'),
        ("<think></think>yes", "yes"),
        ("<think>one</think>two</think>three", "two</think>three"),
        ("<think>one</think><think>two</think>yes", "<think>two</think>yes"),
        ("<think>never closed", "<think>never closed"),
        ("hmm</think>yes", "hmm</think>yes"),
        ("First <think>hmm</think>yes", "First <think>hmm</think>yes"),
        ("<thinker>hmm</thinker>yes", "<thinker>hmm</thinker>yes"),
        ([{"text": "<think>hm"}, {"text": "m</think>yes"}], "yes"),
    ],
)
def test_reasoning_before_the_answer_is_no_answer(content: Any, text: str) -> None:
    assert reply_from(body_of(content), rung="schema").text == text


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["<think>", '"answer": "A"', "</think>", "{", '"answer": "', "B"], 3),
        (["\n<th", "ink>", "A</", 'think>{"', "B"], 4),
        (["<think>", "A"], 0),
        (["{", "<think>A</think>"], 0),
        (["<think>A</think>"], 1),
        ([], 0),
    ],
)
def test_the_tokens_of_the_reasoning_go_with_it(words: list[str], left: int) -> None:
    body = body_of()
    tokens = [{"token": word} for word in words]
    body["choices"][0]["logprobs"] = {"content": tokens}

    assert list(reply_from(body, rung="schema").logprobs) == tokens[left:]


def test_lone_surrogates_become_something_that_can_be_stored() -> None:
    text = reply_from(body_of("a\ud83d\ude00b\ud800c"), rung="text").text

    assert text == "a\U0001f600b\ufffdc"
    assert text.encode()


def test_an_empty_list_of_choices_is_no_choice() -> None:
    reply = reply_from({"choices": [], "usage": None}, rung="schema")

    assert (reply.has_choice, reply.text) == (False, "")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        7,
        {},
        {"choices": "abc"},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {"content": 5}}]},
        {"choices": [{"message": {"content": {"a": 1}}}]},
        {"choices": [{"message": {"content": ["a"]}}]},
        {"choices": [{"message": {"content": [{"text": 5}]}}]},
        {"choices": [{"message": {"refusal": True}}]},
        {"choices": [{"message": {}, "logprobs": {"content": ["a"]}}]},
        {"choices": [{"message": {}}], "usage": [1]},
        {"choices": {"0": {}}},
    ],
)
def test_what_is_no_completion_is_a_server_fault(body: Any) -> None:
    with pytest.raises(ServerFault):
        reply_from(body, rung="schema")


@pytest.mark.parametrize("count", [None, "9", -3, 2.5])
def test_tokens_that_are_no_number_count_as_none(count: Any) -> None:
    usage = {"prompt_tokens": count, "prompt_tokens_details": {"cached_tokens": count}}

    reply = reply_from({**body_of(), "usage": usage}, rung="schema")

    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens) == (0, 0, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "text", "usage", "logprobs", "refusal"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_json_is_a_reply_or_a_server_fault(body: Any) -> None:
    try:
        reply = reply_from(body, rung="schema")
    except ServerFault:
        return
    assert isinstance(reply.text, str)
    assert reply.text.encode() is not None


KEY = "sk-4Xq8/1LwPz+R77"


def test_a_key_that_comes_back_is_taken_out_of_everything_that_is_kept() -> None:
    reply = reply_from(
        {
            "model": f"m-{KEY}",
            "system_fingerprint": KEY,
            "choices": [
                {
                    "message": {"content": f"a {KEY} b {KEY}", "refusal": f"Bearer {KEY}"},
                    "finish_reason": KEY,
                    "logprobs": {"content": [{"token": "a", "top_logprobs": [{"token": KEY}]}]},
                }
            ],
        },
        rung="schema",
    )

    kept = concealed(reply, (KEY,))

    assert KEY not in repr(kept)
    assert (kept.text, kept.refusal, kept.model) == ("a *** b ***", "Bearer ***", "m-***")
    assert kept.logprobs == ()


@pytest.mark.parametrize("key", [KEY, 'quo"ted\\key', "plainkey123"])
@pytest.mark.parametrize("escape", [False, True], ids=["as it is", "with slashes escaped"])
def test_a_key_that_comes_back_inside_json_is_taken_out_and_leaves_json(
    key: str, *, escape: bool
) -> None:
    text = json.dumps({"answer": "met", "explanation": f"The key is {key}."})
    reply = Reply(text=text.replace("/", "\\/") if escape else text)

    kept = concealed(reply, (key,))

    assert json.loads(kept.text) == {"answer": "met", "explanation": "The key is ***."}


def test_the_longer_of_two_keys_goes_first() -> None:
    assert concealed(Reply(text="abcdefgh-ij"), ("abcdefgh-ij", "abcdefgh")).text == "***"


@pytest.mark.parametrize("secrets", [(), (KEY,)])
def test_a_reply_without_a_key_is_the_same_reply(secrets: tuple[str, ...]) -> None:
    reply = Reply(text="sk-4Xq8", logprobs=({"token": "sk-4Xq8"},))

    assert concealed(reply, secrets) is reply
