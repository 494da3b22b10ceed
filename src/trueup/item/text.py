"""Text of an item: what a cell holds as text or chat messages, kept as it came in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from trueup.item.model import Message, Text, as_text
from trueup.item.plain import plain

Role: TypeAlias = Literal["user", "assistant"]

_ROLES = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "function",
    # as LangChain, ShareGPT and Gemini write them
    "human": "user",
    "ai": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}

_PASSAGE_KEYS = ("page_content", "content", "text")
"""Where retrievers keep the text of a passage."""

_PART_TYPES = frozenset(
    {
        *("text", "input_text", "output_text", "refusal", "thinking"),
        *("image", "image_url", "input_image", "audio", "input_audio", "file", "input_file"),
    }
)


def read_text(raw: object, *, role: Role, parse: bool = False) -> Text | None:
    """Return an input or output as text or as a tuple of chat messages; None for an empty cell.

    Messages and a mapping with a single text in it are recognised; other mappings and lists
    become compact JSON. Null entries of messages are left out.

    Args:
        raw: One cell.
        role: Whose words they are, where content parts come without a message around them.
        parse: Whether JSON text of a list of messages is taken for messages.
    """
    value = raw if type(raw) is str else plain(raw)
    if isinstance(value, str):
        return (as_messages(value, parse=True) or value) if parse else value
    return None if value is None or value in ([], {}) else _text(value, role)


def read_string(raw: object, *, parse: bool = False) -> str | None:
    """Return a reference or context as one string; None for an empty cell.

    Lists are joined with blank lines.

    Args:
        raw: One cell.
        parse: Whether JSON text of a list of strings is taken for a list.
    """
    value = plain(raw)
    if isinstance(value, str) and parse:
        value = json_strings(value) or value
    if value is None or value in ([], {}, ""):
        return None
    if isinstance(value, list) and as_messages(value) is None:
        return "\n\n".join(_passage(part) for part in value)
    return as_text(_text(value, "user"))


def as_messages(value: object, *, parse: bool = False) -> tuple[Message, ...] | None:
    """Return a list of chat messages in the OpenAI form; None where the value is no such list.

    Args:
        value: One cell, or JSON text where `parse` is set.
        parse: Whether JSON text is taken.
    """
    if parse and isinstance(value, str):
        value = _parsed_list(value)
    value = plain(value)
    if not isinstance(value, list) or not value:
        return None
    messages = tuple(found for found in map(_message, value) if found is not None)
    return messages if len(messages) == len(value) else None


def json_strings(text: str) -> list[str] | None:
    """Return a JSON list of strings; None where the text is none."""
    value = _parsed_list(text)
    return value if value and all(isinstance(part, str) for part in value) else None


class Split(NamedTuple):
    """A conversation, parted at the last message of the assistant."""

    before: tuple[Message, ...]
    output: Text | None
    after: tuple[Message, ...]


def split_conversation(messages: Sequence[Message]) -> Split:
    """Part a conversation at the last message of the assistant, which is the output."""
    every = tuple(messages)
    answers = [place for place, message in enumerate(every) if message["role"] == "assistant"]
    if not answers:
        return Split(every, None, ())
    last = every[answers[-1]]
    content = last.get("content")
    bare = isinstance(content, str) and not last.get("tool_calls")
    return Split(every[: answers[-1]], content if bare else (last,), every[answers[-1] + 1 :])


def _parsed_list(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


_FORMS = (("role", "content"), ("type", "content"), ("from", "value"))
"""Where a message says who speaks and what: OpenAI, LangChain, ShareGPT."""


def _message(entry: object) -> Message | None:
    """Return one chat message in the OpenAI form; None where the entry is none."""
    if not isinstance(entry, Mapping):
        return None
    speaker, said = next((form for form in _FORMS if form[0] in entry), ("", ""))
    role = _ROLES.get(str(entry.get(speaker)))
    if role is None or (speaker != "role" and said not in entry):
        return None
    if "tool_calls" in entry and not _are_calls(entry["tool_calls"]):
        return None
    if isinstance(entry.get("parts"), list) and said not in entry:  # OpenTelemetry, Gemini
        said = "parts"
    rest = {key: part for key, part in entry.items() if key not in {speaker, said}}
    content = {"content": _content(entry[said], said)} if said in entry else {}
    return {"role": role, **content, **rest}


def _content(content: Any, said: str) -> str | list[Any]:  # noqa: ANN401 - a JSON value
    """Return a message's content as text or as a list of parts, each of them a mapping."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and said == "parts":
        return "\n".join(map(_passage, content))
    if isinstance(content, list):
        return [
            part if isinstance(part, dict) else {"type": "text", "text": _passage(part)}
            for part in content
        ]
    return _compact(content)


def _are_calls(calls: object) -> bool:
    return isinstance(calls, list) and all(
        isinstance(call, dict) and isinstance(call.get("function", call), dict) for call in calls
    )


def _text(value: Any, role: Role) -> Text:  # noqa: ANN401 - a JSON value
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        messages = as_messages(value)
        if messages is not None:
            return messages
        if value and all(isinstance(p, dict) and p.get("type") in _PART_TYPES for p in value):
            return ({"role": role, "content": value},)
    message = _message(value) if isinstance(value, dict) and "role" in value else None
    if message is not None and len(message) > 1:
        return (message,)
    entries = list(value.values()) if isinstance(value, dict) else value
    only = entries[0] if isinstance(entries, list) and len(entries) == 1 else None
    if isinstance(only, str) or as_messages(only) is not None:
        return _text(only, role)
    return _compact(value)


def _passage(part: Any) -> str:  # noqa: ANN401 - a JSON value
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        for key in _PASSAGE_KEYS:
            if isinstance(part.get(key), str):
                return str(part[key])
    return _compact(part)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
