"""Item: one output to be judged, with what is known about it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Message: TypeAlias = "Mapping[str, Any]"
"""One chat message in the OpenAI form: role, content, and where present name, tool_calls."""

Text: TypeAlias = "str | tuple[Message, ...]"
"""What a person or a model wrote: plain text, or chat messages."""

Fault: TypeAlias = Literal["missing_output", "invalid_utf8"]
"""Why an item cannot be judged at all; code checks and judges are not asked."""

TEXTS = ("input", "output", "reference", "context")
"""The fields of an item that are text: what a judge is shown."""

Purpose: TypeAlias = Literal["eval", "prod", "probe", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One output to be judged.

    Items compare by value. Text is kept as it came in; nothing is trimmed or rewritten.
    """

    id: str
    output: Text
    input: Text = ""
    reference: str | None = None
    """One acceptable answer, not the only one."""
    context: str | None = None
    """The material that the output should rest on, for example a policy excerpt."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timestamp: datetime | None = None
    """When the output was made; UTC."""
    product: str | None = None
    version: str | None = None
    """Version of the system that is judged."""
    arm: str | None = None
    segment: str | None = None
    group: str | None = None
    """User or conversation: items of one group are not independent."""
    session_id: str | None = None
    trace_id: str | None = None
    purpose: Purpose | None = None
    p_logged: float | None = None
    """Probability with which production logged this item."""
    p_judged: float | None = None
    """Probability with which this item was drawn to be judged."""
    fault: Fault | None = None
    """Set by the reader where the item's text cannot be used."""

    def present(self) -> frozenset[str]:
        """Return the names of the material that this item carries, in the words of `needs`.

        `history` is there where the input is a conversation of more than one message, `tools`
        where any message calls a tool, `metadata.KEY` for each metadata key with a value. Empty
        text is no value, in metadata as elsewhere.
        """
        # compared by type as well: a value may be an array, and equal to text cell by cell
        names = {
            f"metadata.{key}"
            for key, value in self.metadata.items()
            if value is not None and not (isinstance(value, str) and not value)
        }
        if self.input:
            names.add("input")
        if self.context:
            names.add("context")
        if self.reference:
            names.add("reference")
        if isinstance(self.input, tuple) and len(self.input) > 1:
            names.add("history")
        if _calls_tools(self.input) or _calls_tools(self.output):
            names.add("tools")
        return frozenset(names)

    def body(self, metadata: Sequence[str] | None = ()) -> str:
        """Return, as ASCII JSON, all that a judge can see of this item.

        Args:
            metadata: The metadata keys that the judge is shown; None for all of them.
        """
        keys = self.metadata if metadata is None else metadata
        shown = {key: self.metadata[key] for key in keys if key in self.metadata}
        return _encode([self.input, self.output, self.context, self.reference, shown, self.fault])

    def content(self, metadata: Sequence[str] | None = ()) -> bytes:
        """Return the 16-byte hash of `body`: equal contents share calls and verdicts."""
        return content_hash(self.body(metadata))


_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, default=str).encode


def content_hash(body: str) -> bytes:
    """Return the 16-byte hash of an item's body; ids, groups and times are not part of it."""
    return hashlib.sha256(body.encode("ascii")).digest()[:16]


def as_text(value: Text) -> str:
    """Return text as it is, and messages as one block a message, tool calls included."""
    if isinstance(value, str):
        return value
    return "\n\n".join(_message_text(message) for message in value)


def _message_text(message: Message) -> str:
    (role, said), *calls = message_parts(message)
    return "\n".join([f"{role}: {said}".rstrip(), *(f"[{who} {what}]" for who, what in calls)])


def message_parts(message: Message) -> list[tuple[str, str]]:
    """Return who said what in one message, and after it `calls` and each call of a tool."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(
            part["text"] if isinstance(part.get("text"), str) else f"[{part.get('type', 'part')}]"
            for part in content
        )
    parts = [(str(message.get("role", "unknown")), str(content or ""))]
    for call in message.get("tool_calls") or ():
        function = call.get("function", call)
        parts.append(("calls", f"{function.get('name')}({function.get('arguments', '')})"))
    return parts


def _calls_tools(value: Text) -> bool:
    if isinstance(value, str):
        return False
    return any(m.get("tool_calls") or m.get("role") == "tool" for m in value)
