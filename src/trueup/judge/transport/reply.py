"""Read a chat completion as an OpenAI-compatible endpoint sends it.

Shared by all transports, so that the same answer gives the same reply through each of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from trueup.judge.transport.base import Reply, ServerFault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.judge.transport.base import Rung

MAX_BYTES = 10_000_000
"""The largest body that is read; a verdict has some kilobytes."""

TOO_LARGE = f"the reply is larger than {MAX_BYTES // 1_000_000} MB, so it was not read"

_SAID = ("text", "refusal", "model", "fingerprint", "finish_reason")
_REASONING = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_ESCAPED = frozenset('"\\/')

Json: TypeAlias = Any
"""What json.loads returns: checked where it is used."""


def reply_from(body: Json, *, rung: Rung, dropped: tuple[str, ...] = ()) -> Reply:
    """Read a chat completion.

    Args:
        body: The parsed JSON of the whole body, in which `error_inside` found no error.
        rung: How the answer's shape was asked for.
        dropped: The sampling parameters that were left out.

    Raises:
        ServerFault: The body has not the shape of a chat completion.
    """
    try:
        choices = body["choices"]
        choice = choices[0] if choices else {"message": {}}
        message = choice["message"]
        usage = body.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return Reply(
            text=_answer(_text(message.get("content"))),
            finish_reason=_word(choice.get("finish_reason")) or "stop",
            refusal=_text(message.get("refusal")),
            rung=rung,
            model=_word(body.get("model")),
            fingerprint=_word(body.get("system_fingerprint")),
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
            cached_tokens=_count(
                details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")
            ),
            logprobs=_answered(_tokens(choice.get("logprobs"))),
            dropped=dropped,
            has_choice=bool(choices),
        )
    except (KeyError, TypeError, AttributeError):
        msg = "the reply is JSON, but no chat completion"
        raise ServerFault(msg) from None


def concealed(reply: Reply, secrets: Collection[str]) -> Reply:
    """Return a reply without the keys that the endpoint has sent back in it.

    What an endpoint says is kept and shown, and a key must be neither. An answer in which none
    stands is returned as it is.

    Args:
        reply: As it came.
        secrets: What `Address.carried` gives: the longest first.
    """
    if not secrets:
        return reply
    said = {name: getattr(reply, name) for name in _SAID}
    tokens = str(reply.logprobs) if reply.logprobs else ""
    found = [word for secret in secrets for word in _spellings(secret)
             if word in tokens or any(word in text for text in said.values())]  # fmt: skip
    if not found:
        return reply
    for word in found:
        said = {name: text.replace(word, "***") for name, text in said.items()}
    return replace(reply, **said, logprobs=())  # tokens would spell what the text said


def _spellings(secret: str) -> tuple[str, ...]:
    """Return a key as it stands in plain text, and as JSON may write it inside a text."""
    if _ESCAPED.isdisjoint(secret):
        return (secret,)
    quoted = json.dumps(secret)[1:-1]
    return tuple(dict.fromkeys((secret, quoted, quoted.replace("/", "\\/"))))


def _text(content: Json) -> str:
    """Return a message's content, given as text or in parts, fit for any store.

    Lone surrogates, which JSON can spell and UTF-8 cannot, become U+FFFD.
    """
    if content is None:
        return ""
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content)
    if not isinstance(content, str):
        raise TypeError
    try:
        content.encode()
    except UnicodeEncodeError:
        return content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return content


def _answer(text: str) -> str:
    """Return what is said after a block of reasoning at the very beginning.

    Some servers leave a model's reasoning in front of its answer, and litellm takes most of it
    out. The block ends at the first closing tag: whatever follows is read as the answer.
    """
    thought = _REASONING.match(text)
    return text[thought.end() :] if thought else text


def _answered(tokens: tuple[Mapping[str, Json], ...]) -> tuple[Mapping[str, Json], ...]:
    """Return the tokens after the reasoning, which may spell answers that were only weighed."""
    words = [str(token.get("token", "")) for token in tokens]
    thought = _REASONING.match("".join(words))
    left = thought.end() if thought else 0
    for at, word in enumerate(words):
        if left <= 0:
            return tokens[at:]
        left -= len(word)
    return ()


def _tokens(logprobs: Json) -> tuple[Mapping[str, Json], ...]:
    tokens = (logprobs.get("content") or ()) if logprobs else ()
    if not all(isinstance(token, dict) for token in tokens):
        raise TypeError
    return tuple(tokens)


def _word(value: Json) -> str:
    return _text(value) if isinstance(value, str) else ""


def _count(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0
