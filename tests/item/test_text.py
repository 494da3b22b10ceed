"""Cells as text and messages."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trueup.item.model import as_text
from trueup.item.plain import excerpt, mended, name_text, plain
from trueup.item.read import open_items
from trueup.item.text import as_messages, read_string, read_text, split_conversation

CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]


@pytest.mark.parametrize("value", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, [], {}])
def test_nothing_is_missing_and_never_the_text_nan(value: object) -> None:
    assert read_text(value, role="assistant") is None
    assert read_string(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  kept as it is \n", "  kept as it is \n"),
        ("", ""),
        (42, "42"),
        (0.5, "0.5"),
        (True, "true"),
        (np.int64(7), "7"),
        ({"answer": "Paid."}, "Paid."),
        ({"answer": "Paid.", "sources": None}, "Paid."),
        ({"answer": "Paid.", "ok": True}, '{"answer":"Paid.","ok":true}'),
        (["only"], "only"),
        (["a", "ü"], '["a","ü"]'),
        ({"content": "x", "role": "boss"}, '{"content":"x","role":"boss"}'),
        (b"bytes", "bytes"),
    ],
)
def test_a_cell_becomes_text(value: object, text: str) -> None:
    assert read_text(value, role="assistant") == text


@pytest.mark.parametrize("value", ["a\ud800b", b"a\xffb", {"answer": "a\udc80b"}, ["a\ud800b"]])
def test_what_is_no_utf8_is_replaced_and_said(value: object) -> None:
    [item] = open_items([{"output": value, "context": value}])

    assert (item.output, item.context) == ("a\ufffdb", "a\ufffdb")
    assert item.fault == "invalid_utf8"


def test_messages_are_kept_as_a_tuple() -> None:
    assert read_text(CHAT, role="user") == tuple(CHAT)
    assert read_text(np.array(CHAT, dtype=object), role="user") == tuple(CHAT)


def test_null_entries_of_messages_are_left_out() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call | {"index": None}]}

    assert read_text([message], role="assistant") == ({"role": "assistant", "tool_calls": [call]},)


def test_a_single_message_is_a_tuple_of_one() -> None:
    message = {"role": "assistant", "content": "Yes"}

    assert read_text(message, role="assistant") == (message,)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "human", "content": "Hi"},
        {"from": "human", "value": "Hi"},
        {"role": "human", "content": "Hi"},
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
        {"role": "user", "parts": [{"text": "Hi"}]},
    ],
)
def test_other_forms_of_messages_get_the_openai_form(entry: dict[str, Any]) -> None:
    assert as_messages([entry]) == ({"role": "user", "content": "Hi"},)


def test_content_parts_without_a_message_are_put_into_one() -> None:
    parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "x"}}]

    assert read_text(parts, role="user") == ({"role": "user", "content": parts},)


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "admin", "content": "x"}],
        [{"role": "user", "content": "x"}, "text"],
        [{"name": "x"}],
        [{"role": "assistant", "tool_calls": "f()"}],
        [{"role": "assistant", "tool_calls": [{"function": "f"}]}],
        [{"type": "human"}],
    ],
)
def test_lists_of_other_things_are_no_messages(value: list[Any]) -> None:
    assert as_messages(value) is None
    assert isinstance(read_text(value, role="user"), str)


@pytest.mark.parametrize(
    "content", ["text", None, ["a", {"type": "text", "text": "b"}], {"a": 1}, 3, [1, [2]]]
)
def test_every_message_that_is_read_can_be_shown(content: object) -> None:
    calls = [{"name": "f", "args": {}}, {"function": {"name": "g", "arguments": "{}"}}]
    text = read_text(
        [{"role": "assistant", "content": content, "tool_calls": calls}], role="assistant"
    )

    assert isinstance(text, tuple)
    assert as_text(text).startswith("assistant:")


def test_json_text_is_taken_for_messages_only_where_that_is_asked_for() -> None:
    text = '[{"role": "user", "content": "Hi"}]'

    assert read_text(text, role="user") == text
    assert read_text(text, role="user", parse=True) == ({"role": "user", "content": "Hi"},)
    assert read_text("[no", role="user", parse=True) == "[no"


def test_broken_characters_inside_json_text_are_replaced() -> None:
    [item] = open_items([{"output": r'[{"role": "user", "content": "a\ud800"}]'}])

    assert item.output == ({"role": "user", "content": "a\ufffd"},)
    assert item.fault == "invalid_utf8"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", "b"], "a\n\nb"),
        (("a", "b"), "a\n\nb"),
        (np.array(["a", "b"]), "a\n\nb"),
        ([{"page_content": "a"}, {"text": "b"}, {"x": 1}], 'a\n\nb\n\n{"x":1}'),
        (CHAT, "user: Hi\n\nassistant: Yes"),
        ({"doc": "a"}, "a"),
        ({"doc": "a", "n": 2}, '{"doc":"a","n":2}'),
    ],
)
def test_a_list_is_joined_with_blank_lines(value: object, text: str) -> None:
    assert read_string(value) == text


def test_empty_references_and_contexts_are_missing() -> None:
    assert read_string("") is None


def test_json_text_of_strings_is_joined_where_that_is_asked_for() -> None:
    assert read_string('["a", "b"]', parse=True) == "a\n\nb"
    assert read_string('["a", "b"]') == '["a", "b"]'
    assert read_string("[1]", parse=True) == "[1]"


def test_a_conversation_is_parted_at_the_last_answer() -> None:
    later = {"role": "user", "content": "Thanks"}

    assert split_conversation([*CHAT, later]) == ((CHAT[0],), "Yes", (later,))


def test_an_answer_that_calls_a_tool_stays_a_message() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]}

    assert split_conversation([CHAT[0], call]).output == (call,)


def test_a_conversation_without_an_answer_has_no_output() -> None:
    assert split_conversation(CHAT[:1]) == ((CHAT[0],), None, ())


@pytest.mark.parametrize(
    ("value", "name"),
    [(7, "7"), (7.0, "7"), (1.5, "1.5"), ("x", "x"), ("", None), (None, None), (True, "true"),
     (float("nan"), None), (pd.NA, None), ("a\ud800", "a\ufffd"), (np.int64(3), "3")],
)  # fmt: skip
def test_names_become_text(value: object, name: str | None) -> None:
    assert name_text(value) == name


def test_plain_values_are_json_values() -> None:
    cell = {
        "when": dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
        "day": dt.date(2026, 1, 5),
        "price": decimal.Decimal("1.50"),
        "tags": {"a"},
        "none": None,
        "key": uuid.UUID(int=0),
        "word": np.str_("x"),
        1: np.bool_(True),  # noqa: FBT003 - a cell
        "gap": [None, float("nan")],
    }

    assert plain(cell) == {
        "when": "2026-01-05T00:00:00+00:00",
        "day": "2026-01-05",
        "price": 1.5,
        "tags": ["a"],
        "key": "00000000-0000-0000-0000-000000000000",
        "word": "x",
        "1": True,
        "gap": [None, None],
    }


def test_mending_reaches_keys_and_lists() -> None:
    assert mended({"k\ud800": ["\udcff", 1]}) == {"k\ufffd": ["\ufffd", 1]}


def test_excerpts_escape_what_cannot_be_seen() -> None:
    assert excerpt("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\\n"
    assert excerpt("x" * 61) == "x" * 60 + "..."
