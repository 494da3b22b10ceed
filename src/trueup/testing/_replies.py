"""Turn what a test wants answered into the JSON body of a chat completion."""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

JsonObject = dict[str, Any]
Answer = Callable[[JsonObject], "str | Mapping[str, Any] | Reply"]
"""What a caller may pass as `answer`: from the parsed request to the text, object or reply."""

_BLOCK = 64  # characters, about 16 tokens: the grain at which inference servers share prefixes
_MAX_BLOCKS = 65_536
_MAX_CHOICES = 128
_BODY_STATUSES = frozenset(range(200, 600)) - {204, 205, 304}
_HEADER = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+: [ -~]*")
_FINGERPRINT = "fp_trueup_fault_server"

_ids = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer in full control of the test."""

    content: str | None = None
    """The message's content."""
    finish_reason: str | None = "stop"
    """`stop`, `length`, `content_filter`, ..."""
    refusal: str | None = None
    """The message's refusal, as OpenAI sends it beside a null content."""
    logprobs: Mapping[str, Any] | None = None
    """The choice's `logprobs`, sent as it is."""
    usage: Mapping[str, Any] | None = None
    """The body's `usage`; None counts about four characters a token, an empty one sends null."""
    model: str | None = None
    """The model that says it answered; None repeats the one asked for."""
    system_fingerprint: str | None = _FINGERPRINT
    """The body's `system_fingerprint`."""
    status: int = 200
    """The HTTP status; from 400 on the content becomes the message of an error body."""
    headers: Mapping[str, str] | None = None
    """HTTP headers to add, or to put in place of the content type."""
    raw: bytes | None = None
    """The whole HTTP body, in place of everything above but status and headers."""

    def __post_init__(self) -> None:
        # Refused is what would break the connection rather than the answer.
        if self.status not in _BODY_STATUSES:
            raise ValueError(f"Reply: no body goes with status {self.status}; take another one.")
        if self.raw is not None and not isinstance(self.raw, bytes):
            raise TypeError(f"Reply: raw is {type(self.raw).__name__}; encode it to bytes.")
        for name, value in (self.headers or {}).items():
            if not _HEADER.fullmatch(f"{name}: {value}"):
                raise ValueError(f"Reply: header {name!r} cannot be sent; use printable ASCII.")


def prompt_text(request: Mapping[str, Any]) -> str:
    """Join the roles and texts of a request's messages, whatever form their contents have."""
    parts = []
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        if isinstance(content, list):
            content = "\n".join(_part_text(part) for part in content)
        parts.append(f"{message.get('role')}\n{content or ''}\n")
    return "".join(parts)


def _part_text(part: object) -> str:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    return json.dumps(part, sort_keys=True)


class PrefixCache:
    """Say how many leading characters of a prompt were seen lately, in bounded memory.

    Prompts are cut into blocks and each block is kept under a hash of all text up to its end, so
    the longest common prefix with any remembered prompt is found in time linear in the prompt.
    The least recently used blocks are forgotten first.
    """

    def __init__(self) -> None:
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def seen(self, model: str, text: str) -> int:
        """Return the length in characters of the known prefix, and remember this prompt."""
        blocks = self._blocks
        known, so_far, broken = 0, hash(model), False
        for start in range(0, len(text) - _BLOCK + 1, _BLOCK):
            so_far = hash((so_far, text[start : start + _BLOCK]))
            broken = broken or so_far not in blocks
            if not broken:
                known = start + _BLOCK
            blocks[so_far] = None
            blocks.move_to_end(so_far)
        while len(blocks) > _MAX_BLOCKS:
            blocks.popitem(last=False)
        return known


def completion_body(
    request: Mapping[str, Any],
    text: str,
    reply: Reply,
    *,
    cached: int | None = None,
    choices: bool = True,
) -> bytes:
    """Render the body of a chat completion, with as many equal choices as `n` asks for.

    Args:
        request: the parsed request.
        text: its prompt.
        reply: the answer.
        cached: characters of the prompt that were cached; None leaves that out of the usage.
        choices: whether there are any.
    """
    wanted = request.get("n")
    number = min(wanted, _MAX_CHOICES) if isinstance(wanted, int) and wanted > 0 else 1
    choice = {
        "message": {"role": "assistant", "content": reply.content, "refusal": reply.refusal},
        "logprobs": reply.logprobs,
        "finish_reason": reply.finish_reason,
    }
    usage = _usage(text, reply, cached) if reply.usage is None else dict(reply.usage) or None
    body = {
        "id": f"chatcmpl-{next(_ids)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": reply.model or request.get("model"),
        "system_fingerprint": reply.system_fingerprint,
        "choices": [{"index": index, **choice} for index in range(number if choices else 0)],
        "usage": usage,
    }
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _usage(text: str, reply: Reply, cached: int | None) -> JsonObject:
    """Count about four characters a token."""
    prompt = max(1, len(text) // 4)
    completion = len(reply.content or reply.refusal or "") // 4
    usage: JsonObject = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cached is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": min(prompt, cached // 4)}
    return usage


def error_body(
    message: str, kind: str, *, code: str | None = None, param: str | None = None
) -> bytes:
    """Render an error in the envelope OpenAI uses."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json.dumps({"error": error}, separators=(",", ":")).encode("ascii")
