"""What trainers hold as prompts and completions, as an item holds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueup.item.model import Text


def as_said(value: Any) -> Text:
    """Return a text as it is, and chat messages as messages."""
    return value if isinstance(value, str) else tuple(dict(message) for message in value)


def as_answer(value: Any) -> Text:
    """Return the text of a completion that is a single plain answer, else its messages."""
    messages = as_said(value)
    if isinstance(messages, str) or len(messages) != 1:
        return messages
    content = messages[0].get("content")
    plain = isinstance(content, str) and not messages[0].get("tool_calls")
    return str(content) if plain else messages


def as_text_or_none(value: Any) -> str | None:
    """Return text as it is, None as None, and anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
